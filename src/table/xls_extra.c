/*
 * xls_extra: see xls_extra.h. The records of [MS-XLS] in a stream of [MS-CFB]; every offset is checked against what there is.
 * Runs in the process of xls_child.c, like freexl itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "zhanchi/charset.h"
#include "zhanchi/err.h"
#include "zhanchi/utf8.h"
#include "numbers.h"
#include "xls_extra.h"

#define SHEETS 1024
#define CELLS_MAX (8u << 20)

enum record {
    R_FORMULA = 0x0006,
    R_EOF = 0x000A,
    R_CONTINUE = 0x003C,
    R_CODEPAGE = 0x0042,
    R_BOUNDSHEET = 0x0085,
    R_BOOLERR = 0x0205,
    R_STRING = 0x0207,
    R_BOF = 0x0809,
};

struct extra_cell {
    uint16_t row, column;
    uint32_t text; /* offset */
};

struct xls_extra {
    const unsigned char *file;
    size_t size;
    size_t sector; /* bytes */
    uint32_t *fat;
    size_t n_fat;
    unsigned char *stream; /* the workbook */
    size_t stream_len;
    bool biff8;
    unsigned codepage;
    struct {
        uint32_t at;
        bool hidden;
    } sheets[SHEETS];
    size_t n_sheets;
    struct extra_cell *cells;
    size_t n_cells, cap_cells;
    struct buf text;
};

static uint32_t little(const unsigned char *p, int n)
{
    uint32_t v = 0;

    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

/* ---- the container ---- */

static const unsigned char *sector_at(const struct xls_extra *x, uint32_t i)
{
    size_t at = ((size_t)i + 1) * x->sector;

    return at + x->sector <= x->size ? x->file + at : NULL;
}

/* The whole table of chains: its sectors are named in the header, then in a chain of their own. */
static bool load_fat(struct xls_extra *x)
{
    size_t per = x->sector / 4, most = x->size / x->sector;
    uint32_t next = little(x->file + 0x44, 4);
    const unsigned char *names = x->file + 0x4C;
    size_t n_names = 109;

    x->fat = calloc(most + per, sizeof *x->fat);
    if (!x->fat)
        return false;
    for (size_t rounds = 0; rounds <= most; rounds++) {
        for (size_t i = 0; i < n_names; i++) {
            const unsigned char *s = sector_at(x, little(names + 4 * i, 4));
            if (!s)
                continue;
            for (size_t k = 0; k < per && x->n_fat < most; k++)
                x->fat[x->n_fat++] = little(s + 4 * k, 4);
        }
        names = sector_at(x, next);
        if (!names)
            return true;
        n_names = per - 1;
        next = little(names + 4 * n_names, 4);
    }
    return false;
}

/* A chain of sectors, copied; len: at most so much, SIZE_MAX: all. */
static unsigned char *chain(const struct xls_extra *x, uint32_t first, size_t len, size_t *got)
{
    size_t most = x->size / x->sector, n = 0;
    unsigned char *out = NULL;

    *got = 0;
    for (uint32_t i = first; n < most && i < x->n_fat && *got < len; i = x->fat[i], n++) {
        const unsigned char *s = sector_at(x, i);
        unsigned char *more = s ? realloc(out, *got + x->sector) : NULL;
        if (!more)
            break;
        out = more;
        memcpy(out + *got, s, x->sector);
        *got += x->sector;
    }
    if (len < *got)
        *got = len;
    return out;
}

/* Of the short streams, which share one long one (the root's) in pieces of 64 bytes. */
static unsigned char *short_chain(const struct xls_extra *x, const unsigned char *root,
                                  uint32_t first, size_t len, size_t *got)
{
    size_t n_all, n_next, n = 0;
    unsigned char *all = chain(x, little(root + 116, 4), SIZE_MAX, &n_all);
    unsigned char *next = chain(x, little(x->file + 0x3C, 4), SIZE_MAX, &n_next);
    unsigned char *out = malloc(len + 64);

    *got = 0;
    for (uint32_t i = first; out && all && next && *got < len && n++ <= n_all / 64;
         i = little(next + 4 * (size_t)i, 4)) {
        if (((size_t)i + 1) * 64 > n_all || ((size_t)i + 1) * 4 > n_next)
            break;
        memcpy(out + *got, all + (size_t)i * 64, 64);
        *got += 64;
    }
    if (len < *got)
        *got = len;
    free(all);
    free(next);
    return out;
}

static bool named(const unsigned char *entry, const char *name)
{
    for (size_t i = 0; i <= strlen(name); i++)
        if (little(entry + 2 * i, 2) != (unsigned char)name[i])
            return false;
    return true;
}

static bool load_stream(struct xls_extra *x)
{
    size_t len, cutoff = little(x->file + 0x38, 4);
    unsigned char *directory = chain(x, little(x->file + 0x30, 4), SIZE_MAX, &len);

    for (size_t at = 0; directory && at + 128 <= len && !x->stream; at += 128) {
        const unsigned char *entry = directory + at;
        if (!named(entry, "Workbook") && !named(entry, "Book"))
            continue;
        uint32_t first = little(entry + 116, 4);
        size_t size = little(entry + 120, 4);
        if (size > x->size)
            size = x->size;
        x->stream = size < cutoff ? short_chain(x, directory, first, size, &x->stream_len)
                                  : chain(x, first, size, &x->stream_len);
    }
    free(directory);
    return x->stream != NULL;
}

/* ---- records ---- */

struct record_at {
    unsigned type, len;
    const unsigned char *data;
    size_t next;
};

static bool record_at(const struct xls_extra *x, size_t at, struct record_at *r)
{
    if (at + 4 > x->stream_len)
        return false;
    r->type = little(x->stream + at, 2);
    r->len = little(x->stream + at + 2, 2);
    r->data = x->stream + at + 4;
    r->next = at + 4 + r->len;
    return r->next <= x->stream_len;
}

static bool load_globals(struct xls_extra *x)
{
    struct record_at r;

    for (size_t at = 0; record_at(x, at, &r) && r.type != R_EOF; at = r.next) {
        if (r.type == R_BOF && r.len >= 2)
            x->biff8 = little(r.data, 2) == 0x0600;
        else if (r.type == R_CODEPAGE && r.len >= 2)
            x->codepage = little(r.data, 2);
        else if (r.type == R_BOUNDSHEET && r.len >= 6 && x->n_sheets < SHEETS) {
            x->sheets[x->n_sheets].at = little(r.data, 4);
            x->sheets[x->n_sheets++].hidden = (r.data[4] & 3) != 0;
        }
    }
    return x->n_sheets > 0;
}

/* ---- texts ---- */

static void keep(struct xls_extra *x, const unsigned char *cell, const char *text, size_t len)
{
    if (x->n_cells == x->cap_cells) {
        x->cap_cells = x->cap_cells ? 2 * x->cap_cells : 256;
        x->cells = reallocarray(x->cells, x->cap_cells, sizeof *x->cells);
        if (!x->cells || x->n_cells >= CELLS_MAX)
            panic("out of memory");
    }
    x->cells[x->n_cells++] = (struct extra_cell){
        (uint16_t)little(cell, 2), (uint16_t)little(cell + 2, 2), (uint32_t)x->text.len};
    if (buf_add(&x->text, text, len) || buf_addc(&x->text, '\0'))
        panic("out of memory");
}

static const char *error_name(unsigned code)
{
    switch (code) {
    case 0x00:
        return "#NULL!";
    case 0x07:
        return "#DIV/0!";
    case 0x0F:
        return "#VALUE!";
    case 0x17:
        return "#REF!";
    case 0x1D:
        return "#NAME?";
    case 0x24:
        return "#NUM!";
    default:
        return "#N/A";
    }
}

static void keep_boolerr(struct xls_extra *x, const unsigned char *cell, unsigned value, bool error)
{
    const char *text = error ? error_name(value) : value ? "TRUE" : "FALSE";

    keep(x, cell, text, strlen(text));
}

/* Characters of a STRING record and its continuations; each piece says anew how wide they are. */
static void keep_string(struct xls_extra *x, const unsigned char *cell, size_t at)
{
    struct record_at r;
    struct buf raw, text;
    struct err ignored;
    char name[16];
    bool wide = false;

    buf_init(&raw, 1 << 20);
    buf_init(&text, 4 << 20);
    if (!record_at(x, at, &r) || r.len < 2)
        r.len = 0;
    size_t left = r.len ? little(r.data, 2) : 0, skip = 2;
    while (left > 0 && r.len > skip) {
        const unsigned char *p = r.data + skip, *end = r.data + r.len;
        wide = x->biff8 && (*p++ & 1);
        if (!x->biff8)
            p = r.data + skip;
        for (; left > 0 && p + (wide ? 2 : 1) <= end; left--, p += wide ? 2 : 1) {
            buf_addc(&raw, (char)p[0]);
            if (x->biff8)
                buf_addc(&raw, wide ? (char)p[1] : '\0');
        }
        skip = 0;
        if (!record_at(x, r.next, &r) || r.type != R_CONTINUE)
            break;
    }
    snprintf(name, sizeof name, "CP%u", x->codepage);
    if (charset_decode(x->biff8 ? "UTF-16LE" : name, buf_cstr(&raw), raw.len, &text, &ignored))
        buf_adds(&text, "\xEF\xBF\xBD"); /* somebody must look */
    keep(x, cell, buf_cstr(&text), strlen(buf_cstr(&text)));
    buf_fini(&raw);
    buf_fini(&text);
}

static void keep_formula(struct xls_extra *x, const struct record_at *r)
{
    const unsigned char *result = r->data + 6;
    struct record_at string;
    struct buf text;
    char raw[40];
    double v;

    if (result[6] != 0xFF || result[7] != 0xFF) {
        memcpy(&v, result, sizeof v);
        snprintf(raw, sizeof raw, "%.17g", v);
        buf_init(&text, 128);
        number_text(raw, strlen(raw), 0, false, &text);
        keep(x, r->data, buf_cstr(&text), text.len);
        buf_fini(&text);
    } else if (result[0] == 1 || result[0] == 2) {
        keep_boolerr(x, r->data, result[2], result[0] == 2);
    } else if (result[0] == 0) {
        size_t at = r->next; /* an array's or a shared formula may stand between */
        while (record_at(x, at, &string) && string.type != R_STRING && string.type != R_FORMULA &&
               string.type != R_EOF)
            at = string.next;
        if (string.type == R_STRING)
            keep_string(x, r->data, at);
    }
}

/* ---- sheets ---- */

static int by_place(const void *a, const void *b)
{
    const struct extra_cell *p = a, *q = b;

    return p->row != q->row ? (int)p->row - (int)q->row : (int)p->column - (int)q->column;
}

bool xls_extra_select(struct xls_extra *x, size_t sheet)
{
    struct record_at r = {0};
    int depth = 0;

    x->n_cells = 0;
    buf_reset(&x->text);
    if (sheet >= x->n_sheets)
        return false;
    for (size_t at = x->sheets[sheet].at; record_at(x, at, &r); at = r.next) {
        if (r.type == R_BOF)
            depth++;
        else if (r.type == R_EOF && --depth <= 0)
            break;
        else if (depth == 1 && (r.type & 0xF9FF) == R_FORMULA && r.len >= 14)
            keep_formula(x, &r);
        else if (depth == 1 && r.type == R_BOOLERR && r.len >= 8)
            keep_boolerr(x, r.data, r.data[6], r.data[7] != 0);
    }
    if (x->n_cells > 0)
        qsort(x->cells, x->n_cells, sizeof *x->cells, by_place);
    return r.type == R_EOF;
}

const char *xls_extra_text(const struct xls_extra *x, unsigned row, unsigned column)
{
    const struct extra_cell key = {(uint16_t)row, (uint16_t)column, 0};
    const struct extra_cell *c =
        x->n_cells > 0 ? bsearch(&key, x->cells, x->n_cells, sizeof key, by_place) : NULL;

    return c ? x->text.data + c->text : NULL;
}

bool xls_extra_hidden(const struct xls_extra *x, size_t sheet)
{
    return sheet < x->n_sheets && x->sheets[sheet].hidden;
}

/* ---- life ---- */

struct xls_extra *xls_extra_load(int fd)
{
    struct xls_extra *x = calloc(1, sizeof *x);
    struct stat st;

    if (!x || fstat(fd, &st))
        panic("out of memory");
    buf_init(&x->text, 512u << 20);
    x->size = (size_t)st.st_size;
    void *map = x->size >= 512 ? mmap(NULL, x->size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    if (map != MAP_FAILED) {
        x->file = map;
        x->sector = (size_t)1 << (little(x->file + 0x1E, 2) & 15);
    }
    if (map == MAP_FAILED || x->sector < 512 || !load_fat(x) || !load_stream(x) ||
        !load_globals(x)) {
        xls_extra_free(x);
        return NULL;
    }
    return x;
}

void xls_extra_free(struct xls_extra *x)
{
    if (!x)
        return;
    if (x->file)
        munmap((void *)(uintptr_t)x->file, x->size);
    free(x->fat);
    free(x->stream);
    free(x->cells);
    buf_fini(&x->text);
    free(x);
}
