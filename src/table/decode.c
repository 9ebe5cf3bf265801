/*
 * decode: see decode.h. glibc's iconv does GB18030 and UTF-16; UTF-8 is checked and copied.
 *
 * GB18030 is decoded before anything looks for delimiters, because the second byte of a character
 * may be 0x5C or 0x7C and four-byte codes contain ASCII digits. glibc 2.36 (Debian 12) has the
 * table of GB 18030-2022 for the 18 codes that the edition of 2022 moved out of private use (A6D9
 * is U+FE10), and goes further for six that it left there (FE51 FE52 FE53 FE6C FE76 FE91 become
 * extension B, the same shapes): names stay readable, where a private-use character would send the
 * row to a person. The single byte 80, a euro sign only in Microsoft's code page 936, is refused.
 * tests/cases/cases_gb18030.c holds this table.
 *
 * Callers: judge.c (validity of a whole file), csv.c (its text).
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/utf8.h"
#include "decode.h"

static const char *charset_name(enum table_encoding encoding)
{
    switch (encoding) {
    case TABLE_GB18030:
        return "GB18030";
    case TABLE_UTF16LE:
        return "UTF-16LE";
    case TABLE_UTF16BE:
        return "UTF-16BE";
    default:
        return NULL;
    }
}

int decoder_init(struct decoder *d, enum table_encoding encoding, struct err *e)
{
    const char *from = charset_name(encoding);

    d->encoding = encoding;
    d->charset = from ? charset_open("UTF-8", from, e) : NULL;
    return from && d->charset == NULL ? -1 : 0;
}

void decoder_fini(struct decoder *d)
{
    charset_close(d->charset);
    d->charset = NULL;
}

/* Bytes at the end of s that begin a character but do not end it. */
static size_t unfinished(const char *s, size_t len)
{
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        unsigned char c = (unsigned char)s[len - back];
        if (c < 0x80)
            return 0;
        if (c >= 0xC0) {
            size_t need = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
            return need > back ? back : 0;
        }
    }
    return 0;
}

static enum charset_status run_utf8(const char **in, size_t *in_left, char **out, size_t *out_left)
{
    size_t len = *in_left < *out_left ? *in_left : *out_left;
    size_t whole = len - unfinished(*in, len);
    size_t bad = whole;
    bool valid = utf8_valid(*in, whole, &bad);

    memcpy(*out, *in, bad);
    *in += bad;
    *in_left -= bad;
    *out += bad;
    *out_left -= bad;
    if (!valid)
        return CHARSET_BAD;
    if (*in_left == 0)
        return CHARSET_ALL;
    return len == *in_left + bad ? CHARSET_PART : CHARSET_FULL;
}

enum charset_status decoder_run(struct decoder *d, const char **in, size_t *in_left, char **out,
                                size_t *out_left)
{
    if (d->charset == NULL)
        return run_utf8(in, in_left, out, out_left);
    return charset_run(d->charset, in, in_left, out, out_left);
}

/* ---- a file, decoded ---- */

int source_init(struct source *s, const char *path, int fd, enum table_encoding encoding,
                int64_t skip, struct err *e)
{
    s->path = path;
    s->fd = fd;
    s->at = skip;
    s->raw_from = s->raw_to = 0;
    s->end = false;
    return decoder_init(&s->decoder, encoding, e);
}

void source_fini(struct source *s)
{
    decoder_fini(&s->decoder);
}

int64_t source_done(const struct source *s)
{
    return s->at - (int64_t)(s->raw_to - s->raw_from);
}

/* More bytes behind those that are left (at most three). */
static int fill(struct source *s, struct err *e)
{
    memmove(s->raw, s->raw + s->raw_from, s->raw_to - s->raw_from);
    s->raw_to -= s->raw_from;
    s->raw_from = 0;
    ssize_t n;
    do
        n = pread(s->fd, s->raw + s->raw_to, sizeof s->raw - s->raw_to, s->at);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_errno(e, ERR_IO, "check the disk that the file is on", "cannot read %s",
                         s->path);
    s->end = n == 0;
    s->raw_to += (size_t)n;
    s->at += n;
    return 0;
}

static int undecodable(const struct source *s, struct err *e)
{
    int64_t offset = source_done(s);
    enum table_encoding encoding = s->decoder.encoding;

    return err_set(e, ERR_DATA,
                   "save the file again as \"CSV UTF-8\", or name its encoding with --encoding",
                   "%s, line %lld, byte offset %lld: not valid %s", s->path,
                   (long long)source_line(s->fd, encoding, offset), (long long)offset,
                   table_encoding_name(encoding));
}

ptrdiff_t source_read(struct source *s, char *out, size_t cap, struct err *e)
{
    char *to = out;
    size_t room = cap;

    while (to == out) {
        const char *from = s->raw + s->raw_from;
        size_t left = s->raw_to - s->raw_from;
        enum charset_status status = decoder_run(&s->decoder, &from, &left, &to, &room);
        s->raw_from = s->raw_to - left;
        if (to != out)
            break;
        if (status == CHARSET_BAD || (status == CHARSET_PART && s->end))
            return undecodable(s, e);
        if (status == CHARSET_ALL && s->end)
            return 0;
        if (fill(s, e))
            return -1;
    }
    return to - out;
}

int64_t source_line(int fd, enum table_encoding encoding, int64_t offset)
{
    int unit = encoding == TABLE_UTF16LE || encoding == TABLE_UTF16BE ? 2 : 1;
    int low = encoding == TABLE_UTF16BE ? 1 : 0; /* which byte of a unit is the lower one */
    int64_t line = 1;
    unsigned char block[SOURCE_BLOCK];
    bool cr = false;

    for (int64_t at = 0; at < offset;) {
        size_t want = offset - at < SOURCE_BLOCK ? (size_t)(offset - at) : SOURCE_BLOCK;
        ssize_t n = pread(fd, block, want, at);
        if (n <= 0)
            break;
        for (ssize_t i = 0; i + unit <= n; i += unit) {
            unsigned c = block[i + low];
            if (unit == 2 && block[i + 1 - low] != 0)
                c = 'x';
            if (c == '\r' || (c == '\n' && !cr))
                line++;
            cr = c == '\r';
        }
        at += n;
    }
    return line;
}
