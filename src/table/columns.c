/*
 * columns: finds the header of a list and says which column is what.
 *
 * The header is the first row, under any title rows, that names at least two fields, or one where
 * the job needs no more; with a mapping file it is the row that has every header that the file
 * names. The mapping file decides for the columns it names; the others go by their names
 * (headers.c).
 *
 * A field that stands twice is an error that the mapping file resolves: nobody can guess which of
 * two telephone columns is meant. A row of a file without header is personal data, so that error
 * shows masked cells.
 *
 * Callers: intake (lists), measure (claims).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/columns.h"
#include "zhanchi/json.h"
#include "zhanchi/mask.h"
#include "zhanchi/utf8.h"
#include "headers.h"
#include "mapping.h"

#define HEADER_WITHIN 20 /* rows */

/* ---- one row as a header ---- */

static bool needed(const enum column_field *need, enum column_field f)
{
    for (; *need != COLUMN_EXTRA; need++)
        if (*need == f)
            return true;
    return false;
}

struct trial {           /* what a row would say if it were the header */
    unsigned recognised; /* cells with a known name */
    uint64_t mapped;     /* entries of the mapping that were met */
};

static void read_header(const struct mapping *m, const struct table_row *row, struct columns *out,
                        struct trial *t)
{
    struct buf key, shown;

    buf_init(&key, HEADER_KEY_MAX - 1);
    buf_init(&shown, 1024);
    *t = (struct trial){0};
    out->header_line = row->line;
    out->width = row->n_cells;
    out->n = row->n_cells < COLUMNS_MAX ? row->n_cells : COLUMNS_MAX;
    for (size_t i = 0; i < out->n; i++) {
        size_t len = row->cells[i].len < 512 ? row->cells[i].len : 0; /* no header is that long */
        buf_reset(&key);
        buf_reset(&shown);
        header_key(row->cells[i].text, len, &key);
        utf8_fold(row->cells[i].text, len, &shown);
        header_copy(out->col[i].header, sizeof out->col[i].header, buf_cstr(&shown), shown.len);
        size_t entry = mapping_find(m, buf_cstr(&key));
        enum column_field f = header_field(buf_cstr(&key));
        t->recognised += f != COLUMN_EXTRA;
        if (entry < m->n) {
            t->mapped |= UINT64_C(1) << entry;
            f = m->entry[entry].field;
        } else if (mapping_names(m, f)) {
            f = COLUMN_EXTRA; /* another column is that field */
        }
        out->col[i].field = f;
    }
    buf_fini(&key);
    buf_fini(&shown);
}

static bool is_header(const struct mapping *m, const struct trial *t, const enum column_field *need)
{
    if (m->n > 0 && t->mapped == mapping_all(m))
        return true;
    return t->recognised >= 2 ||
           (t->recognised == 1 && need[0] != COLUMN_EXTRA && need[1] == COLUMN_EXTRA);
}

/* ---- errors ---- */

/* Headers one after another, as far as they fit. */
static void list_headers(const struct columns *c, char *out, size_t cap)
{
    struct buf b;

    buf_init(&b, cap - 1);
    for (size_t i = 0; i < c->n; i++) {
        size_t before = b.len;
        if (c->col[i].header[0] == '\0')
            continue;
        if (buf_adds(&b, before ? ", " : "") || buf_adds(&b, c->col[i].header)) {
            b.len = before;
            break;
        }
    }
    header_copy(out, cap, buf_cstr(&b), b.len);
    buf_fini(&b);
}

static int no_header(const struct mapping *m, const struct columns *first, struct err *e)
{
    char seen[200] = "", masked[MASK_MAX];
    size_t len = 0;

    if (first->n == 0)
        return err_set(e, ERR_DATA,
                       "look whether it is the right file, and the right sheet of a workbook",
                       "nothing stands in the first %d rows", HEADER_WITHIN);

    for (size_t i = 0; i < first->n && i < 4; i++) {
        mask_cell(first->col[i].header, strlen(first->col[i].header), masked);
        len += (size_t)snprintf(seen + len, sizeof seen - len, "%s%s", i ? ", " : "", masked);
        if (len >= sizeof seen)
            break;
    }
    if (m->n > 0)
        return err_set(e, ERR_DATA, "write the mapping's headers as they stand in the list",
                       "no row within the first %d has the headers that %s names (the first one: "
                       "%zu columns, %s)",
                       HEADER_WITHIN, m->path, first->n, seen);
    return err_set(e, ERR_DATA,
                   "the list needs a row of column names, such as 姓名 and 手机号码; other names "
                   "can be given with --columns",
                   "no header within the first %d rows (the first one: %zu columns, %s)",
                   HEADER_WITHIN, first->n, seen);
}

static int missing_field(const struct columns *c, enum column_field f, struct err *e)
{
    char seen[320], remedy[160];

    list_headers(c, seen, sizeof seen);
    snprintf(remedy, sizeof remedy,
             "say which column it is: --columns FILE with a line \"%s = ...\"",
             column_field_name(f));
    return err_set(e, ERR_DATA, remedy, "no column for %s in line %lld, which has: %s",
                   column_field_name(f), (long long)c->header_line, seen);
}

static int missing_header(const struct mapping *m, const struct trial *t, const struct columns *c,
                          struct err *e)
{
    char seen[320];
    size_t i = 0;

    while (t->mapped >> i & 1)
        i++;
    list_headers(c, seen, sizeof seen);
    return err_set(e, ERR_DATA, "correct the mapping file",
                   "%s, line %d: line %lld of the list has no column \"%s\"; it has: %s", m->path,
                   m->entry[i].line, (long long)c->header_line, m->entry[i].header, seen);
}

static int twice(const struct columns *c, size_t a, size_t b, struct err *e)
{
    char remedy[192];

    snprintf(remedy, sizeof remedy,
             "say which one counts: --columns FILE with a line \"%s = %s\" (or the other)",
             column_field_name(c->col[a].field), c->col[a].header);
    return err_set(e, ERR_DATA, remedy, "columns %zu (%s) and %zu (%s) of line %lld are both %s",
                   a + 1, c->col[a].header, b + 1, c->col[b].header, (long long)c->header_line,
                   column_field_name(c->col[a].field));
}

/* ---- after the header was found ---- */

static size_t find_from(const struct columns *c, enum column_field f, size_t i)
{
    while (i < c->n && c->col[i].field != f)
        i++;
    return i;
}

/* A field twice is an error; of the fields of claims files only where the job needs them (lists
 * have several dates). */
static int settle_doubles(struct columns *c, const enum column_field *need, struct err *e)
{
    for (int f = COLUMN_EXTRA + 1; f < COLUMN_FIELDS; f++) {
        enum column_field field = (enum column_field)f;
        size_t a = find_from(c, field, 0), b = find_from(c, field, a + 1);
        if (b >= c->n)
            continue;
        if (field < COLUMN_DATE || needed(need, field))
            return twice(c, a, b, e);
        for (size_t i = a; i < c->n; i = find_from(c, field, i + 1))
            c->col[i].field = COLUMN_EXTRA;
    }
    return 0;
}

/* Whether a further column's name is taken by a field or by a column before it. */
static bool name_taken(const struct columns *c, size_t column, const char *name)
{
    enum column_field f = header_field_named(name);

    if (f != COLUMN_FIELDS)
        return true;
    for (size_t i = 0; i < column; i++)
        if (c->col[i].field == COLUMN_EXTRA && strcmp(c->col[i].header, name) == 0)
            return true;
    return false;
}

/* Further columns are kept under their header, so each needs one of its own: 备注, 备注 2. */
static void settle_names(struct columns *c)
{
    for (size_t i = 0; i < c->n; i++) {
        char name[64], plain[53];
        if (c->col[i].field != COLUMN_EXTRA || c->col[i].header[0] == '\0')
            continue;
        header_copy(plain, sizeof plain, c->col[i].header, strlen(c->col[i].header));
        header_copy(name, sizeof name, c->col[i].header, strlen(c->col[i].header));
        for (int n = 2; name_taken(c, i, name); n++)
            snprintf(name, sizeof name, "%s %d", plain, n);
        memcpy(c->col[i].header, name, sizeof name);
    }
}

static int settle(struct columns *c, const struct table_row *row, const struct mapping *m,
                  const struct trial *t, const enum column_field *need, struct err *e)
{
    for (size_t i = COLUMNS_MAX; i < row->n_cells; i++)
        if (row->cells[i].len > 0)
            return err_set(e, ERR_DATA, "remove the columns that nobody needs",
                           "the header in line %lld has more than %d columns",
                           (long long)c->header_line, COLUMNS_MAX);
    while (c->n > 0 && c->col[c->n - 1].header[0] == '\0')
        c->n--;
    if (t->mapped != mapping_all(m))
        return missing_header(m, t, c, e);
    if (settle_doubles(c, need, e))
        return -1;
    for (; *need != COLUMN_EXTRA; need++)
        if (columns_of(c, *need) < 0)
            return missing_field(c, *need, e);
    settle_names(c);
    return 0;
}

int columns_find(struct table *t, const char *map_path, const enum column_field *need,
                 struct columns *out, struct err *e)
{
    struct mapping *m = malloc(sizeof *m);
    struct columns *first = calloc(1, sizeof *first);
    struct table_row row;
    struct trial trial;
    bool found = false;

    if (!m || !first)
        panic("out of memory");
    int rc = mapping_load(map_path, m, e);
    for (int i = 0; i < HEADER_WITHIN && rc == 0 && !found; i++) {
        rc = table_next(t, &row, e);
        if (rc <= 0)
            break;
        rc = 0;
        read_header(m, &row, out, &trial);
        if (first->n == 0)
            *first = *out;
        found = !row.fault && is_header(m, &trial, need);
    }
    if (found)
        rc = settle(out, &row, m, &trial, need, e);
    else if (rc == 0)
        rc = no_header(m, first, e);
    free(m);
    free(first);
    return rc;
}

int columns_of(const struct columns *c, enum column_field f)
{
    size_t i = find_from(c, f, 0);

    return i < c->n ? (int)i : -1;
}

int columns_json(const struct columns *c, struct buf *out)
{
    struct json_w w;

    json_w_init(&w, out);
    json_w_open(&w, '[');
    for (size_t i = 0; i < c->n; i++) {
        enum column_field f = c->col[i].field;
        json_w_open(&w, '{');
        json_w_key(&w, "header");
        json_w_str(&w, c->col[i].header);
        json_w_key(&w, "field");
        json_w_str(&w, f == COLUMN_EXTRA ? "" : column_field_name(f));
        json_w_close(&w, '}');
    }
    json_w_close(&w, ']');
    return out->failed ? -1 : 0;
}

static enum column_field field_of(const char *name)
{
    for (int f = COLUMN_EXTRA + 1; f < COLUMN_FIELDS; f++)
        if (strcmp(column_field_name((enum column_field)f), name) == 0)
            return (enum column_field)f;
    return COLUMN_EXTRA;
}

int columns_parse(const char *json, struct columns *out, struct err *e)
{
    struct json *all = json_parse(json, strlen(json), e);
    char tmp[40];

    if (!all)
        return err_prefix(e, "the columns of a list");
    memset(out, 0, sizeof *out);
    out->n = json_count(all) < COLUMNS_MAX ? json_count(all) : COLUMNS_MAX;
    out->width = out->n;
    for (size_t i = 0; i < out->n; i++) {
        const struct json *header = json_get(json_item(all, i), "header");
        const struct json *field = json_get(json_item(all, i), "field");
        const char *text = header ? json_text(header, tmp) : NULL;
        snprintf(out->col[i].header, sizeof out->col[i].header, "%s", text ? text : "");
        text = field ? json_text(field, tmp) : NULL;
        out->col[i].field = field_of(text ? text : "");
    }
    json_free(all);
    return 0;
}
