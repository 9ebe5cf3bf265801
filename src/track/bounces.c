/*
 * bounces: a mail server's notifications out of a mailbox (a Maildir) into the inbox, from where they go the way of every receipt.
 *
 * Invariants: a letter that is no notification, or none of ours (anybody may write one: ours bears our proof), is left as it lies, for people. One of ours is marked as seen only
 * when it is durable in the inbox, so that a crash reads it again; and reading it again changes nothing. Nothing is deleted.
 *
 * Called by the receipt commands.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "keep.h"
#include "zhanchi/fsio.h"
#include "zhanchi/track.h"

#define LETTER_MAX (4U << 20)
#define NAME_MAX_BYTES 256

struct reading {
    struct keyring *k;
    struct inbox *inbox;
    const struct bounce_opts *o;
    struct bounce_stats *stats;
    struct buf letter;
    int64_t ours; /* reports in it */
};

/* Those that bear our proof. */
static int count(void *ctx, const struct gw_report *r)
{
    struct reading *x = ctx;

    x->ours += keyring_proves(x->k, r->ref, r->proof);
    return 0;
}

/* ---- the mailbox ---- */

/* "123.host" and "123.host:2,F" become "123.host:2,S" and "123.host:2,FS": flags stand in their order. False: it is marked already. */
static bool seen_name(const char *name, char out[NAME_MAX_BYTES + 8])
{
    const char *info = strstr(name, ":2,");
    size_t base = info ? (size_t)(info - name) : strlen(name), n = base;
    const char *flags = info ? info + 3 : "";

    if (strchr(flags, 'S') != NULL || strlen(name) >= NAME_MAX_BYTES)
        return false;
    memcpy(out, name, base);
    n += (size_t)snprintf(out + n, 4, ":2,");
    for (; *flags != '\0' && *flags < 'S'; flags++)
        out[n++] = *flags;
    out[n++] = 'S';
    strcpy(out + n, flags);
    return true;
}

static int mark_seen(const struct reading *x, const char *from, const char *name, struct err *e)
{
    char to[PATH_MAX];

    int n = snprintf(to, sizeof to, "%s/cur/%s", x->o->path, name);
    if (n < 0 || (size_t)n >= sizeof to || rename(from, to) != 0)
        return err_errno(e, ERR_IO, "may this user write there?", "cannot mark %s as read", from);
    return 0;
}

static int read_letter(struct reading *x, const char *path, const char *seen, struct err *e)
{
    size_t others;
    struct err why;

    buf_reset(&x->letter);
    x->ours = 0;
    x->stats->letters++;
    if (fs_read_file(path, &x->letter, &why) !=
        0) { /* too large for a bounce, or taken away meanwhile */
        x->stats->unreadable++;
        return 0;
    }
    if (gateway_callback_read(x->o->gateway, GW_RECEIPT, buf_cstr(&x->letter), x->letter.len, count,
                              x, &others, &why) != 0)
        return 0;
    x->stats->foreign += x->ours == 0;
    if (x->ours == 0)
        return 0;
    if (keep_body(x->k, x->inbox, gateway_name(x->o->gateway), GW_RECEIPT, x->letter.data,
                  x->letter.len, e) != 0 ||
        (seen != NULL && mark_seen(x, path, seen, e) != 0))
        return -1;
    x->stats->bounces++;
    return 0;
}

static int read_folder(struct reading *x, const char *folder, struct err *e)
{
    char path[PATH_MAX], seen[NAME_MAX_BYTES + 8];
    struct dirent *d;
    int rc = 0;

    snprintf(path, sizeof path, "%s/%s", x->o->path, folder);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return err_errno(e, ERR_NOINPUT,
                         "name a Maildir (a folder with new and cur in it), or a file",
                         "cannot read %s", path);
    while (rc == 0 && !(x->o->stop && *x->o->stop) && (d = readdir(dir)) != NULL) {
        if (d->d_name[0] == '.' || !seen_name(d->d_name, seen))
            continue;
        int n = snprintf(path, sizeof path, "%s/%s/%s", x->o->path, folder, d->d_name);
        if (n > 0 && (size_t)n < sizeof path)
            rc = read_letter(x, path, seen, e);
    }
    closedir(dir);
    return rc;
}

int track_bounces(struct keyring *k, struct inbox *i, const struct bounce_opts *o,
                  struct bounce_stats *stats, struct err *e)
{
    struct reading x = {.k = k, .inbox = i, .o = o, .stats = stats};
    struct stat st;
    bool file = stat(o->path, &st) == 0 && S_ISREG(st.st_mode);
    int rc;

    buf_init(&x.letter, file ? TRACK_IMPORT_MAX : LETTER_MAX);
    if (file)
        rc = read_letter(&x, o->path, NULL, e);
    else
        rc = read_folder(&x, "new", e) != 0 ? -1 : read_folder(&x, "cur", e);
    buf_fini(&x.letter);
    return rc;
}
