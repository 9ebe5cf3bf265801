/*
 * ledger: see ledger.h. Called by submit.c on the server's threads, by main at start and for --summary.
 *
 * All lines of a request go out in one write(2) on a descriptor in append mode, so that lines of different threads do not mix. A torn
 * last line (power cut, full disk) is ended at the next start and does not count.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ledger.h"
#include "zhanchi/buf.h"
#include "zhanchi/crypt.h"
#include "zhanchi/json.h"

#define FIRST_ID                                                                                   \
    INT64_C(1000000000000000001) /* beyond 2^53: readers that use doubles shall fail here */
#define REQUEST_MAX (64U << 20)

struct ledger {
    int fd; /* -1: none */
    bool texts;
    atomic_llong next_id;
};

#define DIGITS 18 /* of an id, which carry the sandbox's own number */

struct line {
    int64_t id;
    char *ref, *number, *digest;
};

/* The sandbox's own number in a provider's id: the end of its last long run of digits. 0 if there is none. */
static int64_t own_number(const char *id)
{
    for (size_t end = strlen(id), n; end >= DIGITS; end -= n ? n : 1) {
        for (n = 0; n < end && isdigit((unsigned char)id[end - n - 1]);)
            n++;
        if (n >= DIGITS) {
            char digits[DIGITS + 1];
            memcpy(digits, id + end - DIGITS, DIGITS);
            digits[DIGITS] = '\0';
            return FIRST_ID - 1 + strtoll(digits, NULL, 10);
        }
    }
    return 0;
}

/* Cuts a line in place. */
static bool split(char *line, struct line *f)
{
    char *at[6], *save = NULL;

    for (size_t i = 0; i < 6; i++)
        if ((at[i] = strtok_r(i ? NULL : line, "\t\n", &save)) == NULL)
            return false;
    f->id = own_number(at[1]);
    f->ref = at[2];
    f->number = at[3];
    f->digest = at[4];
    return f->id >= FIRST_ID && strlen(f->digest) == 64;
}

/* Reads the file line by line; whole lines only. */
static int each_line(const char *path, void (*fn)(void *ctx, const struct line *f), void *ctx,
                     bool *torn, struct err *e)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    struct line f;

    *torn = false;
    if (file == NULL)
        return err_errno(e, ERR_NOINPUT, NULL, "cannot read ledger %s", path);
    while ((n = getline(&line, &cap, file)) > 0) {
        *torn = line[n - 1] != '\n';
        if (!*torn && split(line, &f))
            fn(ctx, &f);
    }
    free(line);
    fclose(file);
    return 0;
}

static void note_id(void *ctx, const struct line *f)
{
    struct ledger *l = ctx;

    if (f->id >= atomic_load(&l->next_id))
        atomic_store(&l->next_id, f->id + 1);
}

static int take_up(struct ledger *l, const char *path, struct err *e)
{
    bool torn = false;

    if (access(path, F_OK) == 0 && each_line(path, note_id, l, &torn, e) != 0)
        return -1;
    l->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (l->fd < 0 || (torn && write(l->fd, "\n", 1) != 1))
        return err_errno(e, ERR_CANTCREAT, NULL, "cannot write ledger %s", path);
    return 0;
}

struct ledger *ledger_open(const char *path, bool texts, struct err *e)
{
    struct ledger *l = calloc(1, sizeof *l);

    if (l == NULL)
        panic("out of memory");
    l->fd = -1;
    l->texts = texts;
    atomic_init(&l->next_id, FIRST_ID);
    if (path && take_up(l, path, e) != 0) {
        ledger_close(l);
        return NULL;
    }
    return l;
}

void ledger_close(struct ledger *l)
{
    if (l == NULL)
        return;
    if (l->fd >= 0)
        close(l->fd);
    free(l);
}

int64_t ledger_reserve(struct ledger *l, size_t n)
{
    return atomic_fetch_add(&l->next_id, (long long)n);
}

static void add_text(struct buf *b, const char *s)
{
    for (; *s; s++) {
        if (*s == '\t' || *s == '\n' || *s == '\r' || *s == '\\')
            buf_addf(b, "\\%02x", (unsigned)*s);
        else
            buf_addc(b, *s);
    }
}

static void add_line(const struct ledger *l, struct buf *b, const struct ledger_line *v)
{
    uint8_t digest[CRYPT_HASH_BYTES];
    char hex[2 * CRYPT_HASH_BYTES + 1];

    crypt_sha256(v->text, strlen(v->text), digest);
    crypt_hex(digest, sizeof digest, hex);
    buf_addf(b, "%lld\t%s\t", (long long)v->at_ms, v->id);
    add_text(b, v->ref && *v->ref ? v->ref : "-");
    buf_addc(b, '\t');
    add_text(b, v->number);
    buf_addf(b, "\t%s\t%s", hex, v->verdict);
    if (l->texts) {
        buf_addc(b, '\t');
        add_text(b, v->text);
    }
    buf_addc(b, '\n');
}

int ledger_put(struct ledger *l, const struct ledger_line *lines, size_t n, struct err *e)
{
    struct buf b;

    if (l->fd < 0 || n == 0)
        return 0;
    buf_init(&b, REQUEST_MAX);
    for (size_t i = 0; i < n; i++)
        add_line(l, &b, &lines[i]);
    ssize_t done = b.failed ? -1 : write(l->fd, b.data, b.len);
    bool whole = done == (ssize_t)b.len;
    buf_fini(&b);
    if (whole)
        return 0;
    if (done >= 0)
        errno = ENOSPC;
    return err_errno(e, ERR_IO, "make room on the disk", "cannot write the ledger");
}

/* ---- summary: sorted digests tell what is there twice ---- */

struct key {
    uint8_t digest[16];
};
struct keys {
    struct key *v;
    size_t n, cap;
};
struct tally {
    size_t lines;
    struct keys refs, texts;
};

static void keys_add(struct keys *k, const char *a, const char *b)
{
    uint8_t digest[CRYPT_HASH_BYTES];
    struct buf text;

    if (k->n == k->cap) {
        k->cap = k->cap ? k->cap * 2 : 1024;
        k->v = realloc(k->v, k->cap * sizeof *k->v);
        if (k->v == NULL)
            panic("out of memory");
    }
    buf_init(&text, 4096);
    buf_addf(&text, "%s\t%s", a, b);
    crypt_sha256(buf_cstr(&text), text.len, digest);
    buf_fini(&text);
    memcpy(k->v[k->n++].digest, digest, sizeof k->v[0].digest);
}

static void note_line(void *ctx, const struct line *f)
{
    struct tally *t = ctx;

    t->lines++;
    if (strcmp(f->ref, "-") != 0)
        keys_add(&t->refs, f->ref, f->number);
    keys_add(&t->texts, f->number, f->digest);
}

static int compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct key));
}

/* Sorts; how many distinct keys, and how many of them are there more than once. */
static void count_keys(struct keys *k, int64_t *distinct, int64_t *repeated)
{
    size_t run = 0;

    *distinct = *repeated = 0;
    if (k->n)
        qsort(k->v, k->n, sizeof *k->v, compare_keys);
    for (size_t i = 0; i < k->n; i++) {
        run = i > 0 && compare_keys(&k->v[i - 1], &k->v[i]) == 0 ? run + 1 : 1;
        *distinct += run == 1;
        *repeated += run == 2;
    }
    free(k->v);
}

int ledger_summary(const char *path, struct err *e)
{
    struct tally t = {0};
    int64_t refs, refs_twice, texts, texts_twice;
    bool torn;

    if (each_line(path, note_line, &t, &torn, e) != 0)
        return -1;
    count_keys(&t.refs, &refs, &refs_twice);
    count_keys(&t.texts, &texts, &texts_twice);
    printf("{\"accepted\":%zu,\"refs\":%lld,\"refs_twice\":%lld,\"texts\":%lld,\"texts_twice\":%"
           "lld,\"torn\":%s}\n",
           t.lines, (long long)refs, (long long)refs_twice, (long long)texts,
           (long long)texts_twice, torn ? "true" : "false");
    return 0;
}
