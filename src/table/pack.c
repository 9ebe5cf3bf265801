/*
 * pack: see pack.h.
 *
 * libzip keeps the whole directory of an archive in memory, so that its length is looked at first: whatever
 * end-of-directory record libzip will take, none may speak of more entries than a workbook has. Sizes that the
 * archive declares are believed for nothing: what comes out is counted. Only "stored" and "deflated" are
 * read: other methods may ask for gigabytes before they give the first byte. Local headers are not held against the directory: programs that write
 * a workbook as a stream do not agree on what stands in them, and what is read is checked by its own sum.
 *
 * Callers: xlsx.c, book.c, xml.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>
#include "pack.h"

#define TAIL_BYTES                                                                                 \
    (65536 + 22 + 20) /* a comment, the record before it, and the locator before that */

struct pack {
    const char *path;
    zip_t *zip;
};

struct pack_entry {
    const char *path;
    const char *name; /* libzip's */
    zip_file_t *file;
    int64_t done, size, packed;
};

/* ---- the directory ---- */

static uint64_t little(const unsigned char *p, int n)
{
    uint64_t v = 0;

    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

/* Entries that the record at `at` speaks of; its 64-bit companion counts where there is one. */
static uint64_t entries_of(int fd, const unsigned char *tail, size_t at)
{
    uint64_t n = little(tail + at + 10, 2);
    unsigned char record[56];

    if (at < 20 || memcmp(tail + at - 20, "PK\6\7", 4) != 0)
        return n;
    int64_t offset = (int64_t)little(tail + at - 12, 8);
    if (offset < 0 || pread(fd, record, sizeof record, offset) != (ssize_t)sizeof record ||
        memcmp(record, "PK\6\6", 4) != 0)
        return n;
    uint64_t wide = little(record + 32, 8), here = little(record + 24, 8);
    return wide > here ? wide : here > n ? here : n;
}

static int check_directory(const char *path, int fd, struct err *e)
{
    off_t size = lseek(fd, 0, SEEK_END);
    size_t len = size < TAIL_BYTES ? (size_t)(size < 0 ? 0 : size) : TAIL_BYTES;
    unsigned char *tail = malloc(len + 1);
    bool found = false;
    uint64_t most = 0;

    if (!tail)
        panic("out of memory");
    ssize_t got = pread(fd, tail, len, size - (off_t)len);
    for (size_t at = 0; got == (ssize_t)len && at + 22 <= len; at++) {
        if (memcmp(tail + at, "PK\5\6", 4) != 0)
            continue;
        found = true;
        uint64_t n = entries_of(fd, tail, at);
        most = n > most ? n : most;
    }
    free(tail);
    if (!found)
        return err_set(e, ERR_DATA, "it was not copied whole: get it again from its source",
                       "%s ends too early for a workbook (its directory is missing)", path);
    if (most > PACK_ENTRIES_MAX)
        return err_set(e, ERR_DATA, "open it in a spreadsheet program and save it anew as .xlsx",
                       "%s holds %llu files, more than a workbook has", path,
                       (unsigned long long)most);
    return 0;
}

static int damaged(const char *path, const char *why, struct err *e)
{
    return err_set(
        e, ERR_DATA,
        "get it again from its source, or open it in a spreadsheet program and save it anew",
        "%s is damaged: %s", path, why);
}

static int open_zip(struct pack *p, int fd, struct err *e)
{
    zip_error_t error;
    int code = 0, own = dup(fd);

    if (own < 0)
        return err_errno(e, ERR_OS, NULL, "cannot read %s", p->path);
    p->zip = zip_fdopen(own, 0, &code);
    if (p->zip)
        return 0;
    close(own);
    zip_error_init_with_code(&error, code);
    damaged(p->path, zip_error_strerror(&error), e);
    zip_error_fini(&error);
    return -1;
}

struct pack *pack_open(const char *path, int fd, struct err *e)
{
    struct pack *p = calloc(1, sizeof *p);

    if (!p)
        panic("out of memory");
    p->path = path;
    if (check_directory(path, fd, e) || open_zip(p, fd, e)) {
        free(p);
        return NULL;
    }
    return p;
}

void pack_close(struct pack *p)
{
    if (!p)
        return;
    zip_discard(p->zip);
    free(p);
}

int64_t pack_find(const struct pack *p, const char *name)
{
    int64_t i = zip_name_locate(p->zip, name, ZIP_FL_ENC_GUESS);

    return i >= 0 ? i : zip_name_locate(p->zip, name, ZIP_FL_ENC_GUESS | ZIP_FL_NOCASE);
}

bool pack_has_folder(const struct pack *p, const char *prefix)
{
    zip_int64_t n = zip_get_num_entries(p->zip, 0);

    for (zip_int64_t i = 0; i < n; i++) {
        const char *name = zip_get_name(p->zip, (zip_uint64_t)i, ZIP_FL_ENC_GUESS);
        if (name && strncmp(name, prefix, strlen(prefix)) == 0)
            return true;
    }
    return false;
}

/* ---- entries ---- */

static int check_entry(const struct pack *p, const zip_stat_t *st, struct err *e)
{
    if ((st->valid & ZIP_STAT_ENCRYPTION_METHOD) && st->encryption_method != ZIP_EM_NONE)
        return err_set(e, ERR_DATA, "save it without a password", "%s is protected by a password",
                       p->path);
    if (st->comp_method != ZIP_CM_STORE && st->comp_method != ZIP_CM_DEFLATE)
        return err_set(e, ERR_DATA, "open it in a spreadsheet program and save it anew as .xlsx",
                       "%s is compressed in a way that no workbook is (method %u)", p->path,
                       (unsigned)st->comp_method);
    return 0;
}

struct pack_entry *pack_entry_open(struct pack *p, int64_t index, struct err *e)
{
    zip_stat_t st;

    zip_stat_init(&st);
    if (zip_stat_index(p->zip, (zip_uint64_t)index, 0, &st)) {
        damaged(p->path, zip_strerror(p->zip), e);
        return NULL;
    }
    if (check_entry(p, &st, e))
        return NULL;
    struct pack_entry *n = calloc(1, sizeof *n);
    if (!n)
        panic("out of memory");
    n->path = p->path;
    n->name = st.name ? st.name : "";
    n->size = (int64_t)(st.size & INT64_MAX);
    n->packed = (int64_t)(st.comp_size & INT64_MAX);
    n->file = zip_fopen_index(p->zip, (zip_uint64_t)index, 0);
    if (!n->file) {
        damaged(p->path, zip_strerror(p->zip), e);
        free(n);
        return NULL;
    }
    return n;
}

void pack_entry_close(struct pack_entry *n)
{
    if (!n)
        return;
    zip_fclose(n->file);
    free(n);
}

static int too_large(const struct pack_entry *n, struct err *e)
{
    return err_set(
        e, ERR_DATA,
        "open it in a spreadsheet program and save only the rows and columns that are used",
        "%s expands to more than is read (%.80s: %lld bytes out of %lld)", n->path, n->name,
        (long long)n->done, (long long)n->packed);
}

ptrdiff_t pack_entry_read(struct pack_entry *n, void *out, size_t cap, struct err *e)
{
    zip_int64_t got = zip_fread(n->file, out, cap);

    if (got < 0) {
        char why[160];
        snprintf(why, sizeof why, "%.80s: %.60s", n->name, zip_file_strerror(n->file));
        return damaged(n->path, why, e);
    }
    n->done += got;
    bool dense = n->done > PACK_RATIO_FROM && n->done / PACK_RATIO_MAX > n->packed;
    if (n->done > PACK_EXPANDED_MAX || dense)
        return too_large(n, e);
    return (ptrdiff_t)got;
}

int64_t pack_entry_done(const struct pack_entry *n)
{
    return n->done;
}

int64_t pack_entry_size(const struct pack_entry *n)
{
    return n->size;
}
