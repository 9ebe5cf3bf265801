/*
 * judge: see judge.h.
 *
 * A byte order mark decides. Without one the file is UTF-8 if all of it is valid UTF-8, else
 * GB18030 if all of it is valid GB18030, else it is refused with the place where the better of both
 * readings ends. A few lines are no proof: the GBK bytes of some names (毛强) are valid UTF-8, and
 * short texts in UTF-8 are often valid GB18030. What is valid as both is UTF-8 unless that shows
 * signs of misreading (misread.h).
 * Whatever was decided or said is checked to the last byte, so that an import refuses a damaged
 * file before it has stored anything. A NUL byte is refused: no text has it, and cells end with
 * one.
 *
 * Candidates are checked in step with the reading. GB18030 becomes one with the first byte that is not ASCII; a list in UTF-8 is
 * no valid GB18030 for long, so that this costs next to nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/utf8.h"
#include "decode.h"
#include "judge.h"
#include "misread.h"

struct candidate {
    struct decoder decoder;
    bool on;
    bool failed;
    int64_t at; /* offset of tail[0]: everything before is valid */
    size_t n_tail;
    char tail[8]; /* the beginning of a character */
};

struct judge {
    const char *path;
    int fd;
    enum table_encoding want;
    int64_t mark;
    int64_t size;             /* bytes seen */
    int64_t ascii;            /* so many bytes at the beginning are ASCII */
    int64_t nul;              /* offset of the first NUL byte, -1 */
    struct candidate one, gb; /* gb: the second reading of a file without mark */
    struct misread misread;   /* of the first, as long as both are valid */
    char scratch[SOURCE_BLOCK * 3];
};

static const struct {
    enum table_encoding encoding;
    size_t len;
    unsigned char bytes[4];
} marks[] = {
    {TABLE_UTF8, 3, {0xEF, 0xBB, 0xBF}},
    {TABLE_GB18030, 4, {0x84, 0x31, 0x95, 0x33}},
    {TABLE_UTF16LE, 2, {0xFF, 0xFE}},
    {TABLE_UTF16BE, 2, {0xFE, 0xFF}},
};

static void find_mark(struct judge *j, const unsigned char *head, size_t len)
{
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        bool fits = len >= marks[i].len && memcmp(head, marks[i].bytes, marks[i].len) == 0;
        if (fits && (j->want == TABLE_AUTO || j->want == marks[i].encoding)) {
            j->want = marks[i].encoding;
            j->mark = (int64_t)marks[i].len;
            return;
        }
    }
}

static int candidate_begin(struct candidate *c, enum table_encoding encoding, int64_t at,
                           struct err *e)
{
    if (decoder_init(&c->decoder, encoding, e))
        return -1;
    c->on = true;
    c->at = at;
    return 0;
}

struct judge *judge_new(const char *path, int fd, enum table_encoding want,
                        const unsigned char *head, size_t len, struct err *e)
{
    struct judge *j = calloc(1, sizeof *j);

    if (!j)
        panic("out of memory");
    j->path = path;
    j->fd = fd;
    j->want = want;
    j->nul = -1;
    find_mark(j, head, len);
    enum table_encoding first = j->want == TABLE_AUTO ? TABLE_UTF8 : j->want;
    if (candidate_begin(&j->one, first, 0, e)) {
        free(j);
        return NULL;
    }
    return j;
}

void judge_free(struct judge *j)
{
    if (!j)
        return;
    if (j->one.on)
        decoder_fini(&j->one.decoder);
    if (j->gb.on)
        decoder_fini(&j->gb.decoder);
    free(j);
}

/* ---- one candidate ---- */

/* Decodes as far as it goes; what is left of the input (less than a character) is returned. */
static size_t check(struct candidate *c, char *scratch, size_t cap, const char *s, size_t len)
{
    enum charset_status status;

    do {
        char *out = scratch;
        size_t room = cap, before = len;
        status = decoder_run(&c->decoder, &s, &len, &out, &room);
        c->at += (int64_t)(before - len);
    } while (status == CHARSET_FULL);
    c->failed = status == CHARSET_BAD;
    return len;
}

/* Lets the tail grow byte by byte until it is a character, or none. */
static size_t finish_tail(struct candidate *c, char *scratch, size_t cap, const char *s, size_t len)
{
    size_t used = 0;

    while (c->n_tail > 0 && used < len && !c->failed) {
        c->tail[c->n_tail++] = s[used++];
        size_t left = check(c, scratch, cap, c->tail, c->n_tail);
        if (left < c->n_tail)
            memmove(c->tail, c->tail + c->n_tail - left, left);
        c->n_tail = left;
    }
    return used;
}

static void candidate_add(struct candidate *c, char *scratch, size_t cap, const char *s, size_t len)
{
    if (c->failed)
        return;
    size_t used = finish_tail(c, scratch, cap, s, len);
    if (c->failed || used == len)
        return;
    size_t left = check(c, scratch, cap, s + used, len - used);
    if (!c->failed) {
        c->n_tail = left;
        memcpy(c->tail, s + len - left, left);
    }
}

static bool candidate_valid(const struct candidate *c)
{
    return c->on && !c->failed && c->n_tail == 0;
}

/* ---- the whole file ---- */

static size_t leading_ascii(const char *s, size_t len)
{
    size_t i = 0;

    while (i < len && (unsigned char)s[i] < 0x80)
        i++;
    return i;
}

/* GB18030 begins: it reads what came before the current block, unless that is ASCII. */
static void catch_up(struct judge *j)
{
    struct err ignored;
    char *block = j->scratch + SOURCE_BLOCK; /* the second third; the checks get the first */
    size_t cap = SOURCE_BLOCK;

    if (candidate_begin(&j->gb, TABLE_GB18030, j->ascii, &ignored))
        return;
    for (int64_t at = j->ascii; at < j->size && !j->gb.failed;) {
        size_t want = j->size - at < SOURCE_BLOCK ? (size_t)(j->size - at) : SOURCE_BLOCK;
        ssize_t n = pread(j->fd, block, want, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            j->gb.failed = true;
            return;
        }
        candidate_add(&j->gb, j->scratch, cap, block, (size_t)n);
        at += n;
    }
}

static bool is_wide(const struct judge *j)
{
    return j->want == TABLE_UTF16LE || j->want == TABLE_UTF16BE;
}

/* Pieces of a file begin at even offsets: only the last one is short. */
static const char *wide_nul(const char *data, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        if (data[i] == '\0' && data[i + 1] == '\0')
            return data + i;
    return NULL;
}

void judge_add(struct judge *j, const char *data, size_t len)
{
    const char *nul = j->nul >= 0 ? NULL : is_wide(j) ? wide_nul(data, len) : memchr(data, 0, len);

    if (nul)
        j->nul = j->size + (nul - data);
    candidate_add(&j->one, j->scratch, sizeof j->scratch, data, len);
    if (j->want == TABLE_AUTO && !j->gb.on && leading_ascii(data, len) < len)
        catch_up(j);
    if (j->gb.on)
        candidate_add(&j->gb, j->scratch, sizeof j->scratch, data, len);
    if (j->gb.on && !j->gb.failed && !j->one.failed)
        misread_add(&j->misread, data, len);
    if (j->ascii == j->size)
        j->ascii += (int64_t)leading_ascii(data, len);
    j->size += (int64_t)len;
}

/* No cell can hold one. */
static int refuse_nul(const struct judge *j, struct err *e)
{
    return err_set(e, ERR_DATA,
                   "the file is no text, or UTF-16 without its mark: save it as \"CSV UTF-8\"",
                   "%s, line %lld, byte offset %lld: a NUL %s", j->path,
                   (long long)source_line(j->fd, j->one.decoder.encoding, j->nul),
                   (long long)j->nul, is_wide(j) ? "character" : "byte");
}

static int refuse_one(const struct judge *j, const struct candidate *c, struct err *e)
{
    return err_set(e, ERR_DATA,
                   "save the file again as \"CSV UTF-8\", or leave out --encoding if it was given",
                   "%s, line %lld, byte offset %lld: not valid %s", j->path,
                   (long long)source_line(j->fd, c->decoder.encoding, c->at), (long long)c->at,
                   table_encoding_name(c->decoder.encoding));
}

static int refuse_both(const struct judge *j, struct err *e)
{
    const struct candidate *far = j->gb.on && j->gb.at > j->one.at ? &j->gb : &j->one;
    const struct candidate *near = far == &j->gb ? &j->one : &j->gb;

    return err_set(e, ERR_DATA,
                   "repair that place, or save the list again from its source as \"CSV UTF-8\"",
                   "%s, line %lld, byte offset %lld: not valid %s (nor is the file %s: byte offset "
                   "%lld)",
                   j->path, (long long)source_line(j->fd, far->decoder.encoding, far->at),
                   (long long)far->at, table_encoding_name(far->decoder.encoding),
                   table_encoding_name(near->decoder.encoding), (long long)near->at);
}

int judge_end(struct judge *j, enum table_encoding *encoding, int64_t *mark, struct err *e)
{
    *mark = j->mark;
    if (j->nul >= 0)
        return refuse_nul(j, e);
    if (candidate_valid(&j->one) && !(candidate_valid(&j->gb) && misread_signs(&j->misread)))
        *encoding = j->one.decoder.encoding;
    else if (candidate_valid(&j->gb))
        *encoding = TABLE_GB18030;
    else if (j->want == TABLE_AUTO)
        return refuse_both(j, e);
    else
        return refuse_one(j, &j->one, e);
    return 0;
}
