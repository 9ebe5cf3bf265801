/*
 * table: opens a file of rows, takes its digest, decides its encoding, chooses the reader.
 *
 * The file is read once from end to end before the first row is given: digest and encoding need all
 * of it, and a damaged file is refused before anybody has stored a row. Only then is it read again,
 * as a stream. Should it change in between, the last row is followed by an error, so that the
 * digest always is that of the rows.
 *
 * Callers: intake (lists), measure (claims), track (receipt files), the convert command.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "zhanchi/crypt.h"
#include "zhanchi/table.h"
#include "decode.h"
#include "judge.h"
#include "reader.h"

/* In this order; the last one knows every file. */
static const struct reader *const readers[] = {&reader_xlsx, &reader_xls, &reader_jsonl,
                                               &reader_csv};

static const char web_remedy[] = "open it in a spreadsheet program and save it as .xlsx";

/* Formats that somebody will hand over some day; web pages named .xls are what many a system exports. */
static const struct {
    const char *magic; /* letters in either case */
    size_t len;
    const char *what, *remedy;
} strangers[] = {
    {"%PDF", 4, "a PDF", "ask for the list as a workbook or CSV"},
    {"\x1F\x8B", 2, "compressed (gzip)", "unpack it first"},
    {"Rar!", 4, "a RAR archive", "unpack it first"},
    {"7z\xBC\xAF", 4, "a 7-Zip archive", "unpack it first"},
    {"<html", 5, "a web page, whatever it is named", web_remedy},
    {"<!doctype", 9, "a web page, whatever it is named", web_remedy},
    {"<table", 6, "a web page, whatever it is named", web_remedy},
    {"<?xml", 5, "an XML file, whatever it is named", web_remedy},
};

struct table {
    char *path;
    int fd;
    struct stat at_open;
    const struct reader *reader;
    void *state;
    enum table_encoding encoding;
    uint8_t digest[CRYPT_HASH_BYTES];
    bool ended;
};

/* ---- encodings by name ---- */

static const struct {
    const char *name; /* the first of an encoding is the one shown */
    enum table_encoding encoding;
} encodings[] = {
    {"UTF-8", TABLE_UTF8},       {"utf8", TABLE_UTF8},      {"GB18030", TABLE_GB18030},
    {"gbk", TABLE_GB18030},      {"gb2312", TABLE_GB18030}, {"UTF-16LE", TABLE_UTF16LE},
    {"UTF-16BE", TABLE_UTF16BE}, {"auto", TABLE_AUTO},
};
#define N_ENCODINGS (sizeof encodings / sizeof encodings[0])

const char *table_encoding_name(enum table_encoding enc)
{
    for (size_t i = 0; i < N_ENCODINGS; i++)
        if (encodings[i].encoding == enc)
            return encodings[i].name;
    panic("encoding %d", (int)enc);
}

int table_encoding_parse(const char *name, enum table_encoding *out)
{
    for (size_t i = 0; i < N_ENCODINGS; i++) {
        if (strcasecmp(encodings[i].name, name) == 0) {
            *out = encodings[i].encoding;
            return 0;
        }
    }
    return -1;
}

/* ---- opening ---- */

static int open_file(struct table *t, const char *path, struct err *e)
{
    t->path = strdup(path);
    if (!t->path)
        panic("out of memory");
    /* O_NONBLOCK: a named pipe must be refused, not waited for. */
    t->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (t->fd < 0)
        return err_errno(e, ERR_NOINPUT, "check the path and its permissions", "cannot open %s",
                         path);
    if (fstat(t->fd, &t->at_open))
        return err_errno(e, ERR_NOINPUT, NULL, "cannot look at %s", path);
    if (!S_ISREG(t->at_open.st_mode))
        return err_set(e, ERR_NOINPUT, "write it to a file first: it is read twice",
                       "%s is not a regular file", path);
    posix_fadvise(t->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return 0;
}

/* Fills the block unless the file ends; -1 on error. */
static ptrdiff_t read_block(const struct table *t, char *block, size_t cap, int64_t at,
                            struct err *e)
{
    size_t len = 0;

    while (len < cap) {
        ssize_t n = pread(t->fd, block + len, cap - len, at + (int64_t)len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, ERR_IO, "check the disk that the file is on", "cannot read %s",
                             t->path);
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ptrdiff_t)len;
}

static int choose_reader(struct table *t, const unsigned char *head, size_t len, struct err *e)
{
    size_t i = 0;

    while (!readers[i]->knows(head, len))
        i++;
    t->reader = readers[i];
    if (!t->reader->text)
        return 0;
    if (len >= 3 && memcmp(head, "\xEF\xBB\xBF", 3) == 0) {
        head += 3;
        len -= 3;
    }
    for (; len > 0 && strchr(" \t\r\n", head[0]) && head[0] != '\0'; len--)
        head++;
    for (i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
        if (len >= strangers[i].len &&
            strncasecmp((const char *)head, strangers[i].magic, strangers[i].len) == 0)
            return err_set(e, ERR_DATA, strangers[i].remedy, "%s is %s, which is not read", t->path,
                           strangers[i].what);
    return 0;
}

/* The whole file once: digest, and for texts the encoding. */
static int read_whole(struct table *t, enum table_encoding want, struct judge **j,
                      struct crypt_digest *digest, char *block, size_t cap, struct err *e)
{
    ptrdiff_t n;

    for (int64_t at = 0;; at += n) {
        n = read_block(t, block, cap, at, e);
        if (n < 0)
            return -1;
        if (at == 0 && choose_reader(t, (const unsigned char *)block, (size_t)n, e))
            return -1;
        if (at == 0 && t->reader->text) {
            *j = judge_new(t->path, t->fd, want, (const unsigned char *)block, (size_t)n, e);
            if (!*j)
                return -1;
        }
        if (n == 0)
            break;
        crypt_digest_add(digest, block, (size_t)n);
        if (*j)
            judge_add(*j, block, (size_t)n);
    }
    crypt_digest_end(digest, t->digest);
    return 0;
}

static int look(struct table *t, enum table_encoding want, int64_t *mark, struct err *e)
{
    enum { BLOCK = 1 << 18 };
    struct judge *j = NULL;
    struct crypt_digest *digest = crypt_digest_new();
    char *block = malloc(BLOCK);

    if (!block)
        panic("out of memory");
    t->encoding = TABLE_UTF8; /* of formats that carry their own */
    int rc = read_whole(t, want, &j, digest, block, BLOCK, e);
    if (rc == 0 && j)
        rc = judge_end(j, &t->encoding, mark, e);
    judge_free(j);
    crypt_digest_free(digest);
    free(block);
    return rc;
}

/* What was said of a file that it does not fit is a mistake, and nobody should find out by the result. */
static int check_options(const struct table *t, const struct table_opts *opts, struct err *e)
{
    if (opts->sheet && !t->reader->sheet)
        return err_set(e, ERR_USAGE, "leave out --sheet", "%s is no workbook and has no sheets",
                       t->path);
    if (opts->encoding != TABLE_AUTO && !t->reader->text)
        return err_set(e, ERR_USAGE, "leave out --encoding",
                       "%s is a workbook, which says by itself how it is encoded", t->path);
    return 0;
}

struct table *table_open(const char *path, const struct table_opts *opts, struct err *e)
{
    struct table *t = calloc(1, sizeof *t);
    int64_t mark = 0;

    if (!t)
        panic("out of memory");
    t->fd = -1;
    if (open_file(t, path, e) || look(t, opts->encoding, &mark, e)) {
        table_close(t);
        return NULL;
    }
    struct reader_input in = {t->path, t->fd, t->at_open.st_size, t->encoding, mark};
    if (check_options(t, opts, e) == 0)
        t->state = t->reader->open(&in, opts, e);
    if (!t->state) {
        table_close(t);
        return NULL;
    }
    return t;
}

void table_close(struct table *t)
{
    if (!t)
        return;
    if (t->state)
        t->reader->close(t->state);
    if (t->fd >= 0)
        close(t->fd);
    free(t->path);
    free(t);
}

/* ---- rows ---- */

static int still_the_same(const struct table *t, struct err *e)
{
    struct stat now;

    if (fstat(t->fd, &now))
        return err_errno(e, ERR_IO, NULL, "cannot look at %s", t->path);
    if (now.st_size != t->at_open.st_size || now.st_mtim.tv_sec != t->at_open.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != t->at_open.st_mtim.tv_nsec)
        return err_set(e, ERR_DATA, "wait until nobody writes to it, then repeat",
                       "%s changed while it was being read", t->path);
    return 0;
}

int table_next(struct table *t, struct table_row *row, struct err *e)
{
    if (t->ended)
        return 0;
    int rc = t->reader->next(t->state, row, e);
    if (rc == 0)
        rc = still_the_same(t, e);
    t->ended = rc <= 0;
    return rc;
}

enum table_encoding table_encoding_of(const struct table *t)
{
    return t->encoding;
}

const char *table_form(const struct table *t)
{
    return t->reader->form ? t->reader->form : table_encoding_name(t->encoding);
}

const char *table_sheet(const struct table *t)
{
    return t->reader->sheet ? t->reader->sheet(t->state) : NULL;
}

int64_t table_bytes(const struct table *t)
{
    return t->at_open.st_size;
}

int64_t table_bytes_done(const struct table *t)
{
    return t->reader->done(t->state);
}

void table_digest(const struct table *t, uint8_t out[32])
{
    memcpy(out, t->digest, sizeof t->digest);
}
