/*
 * jsonl: JSON lines: one record a line, in any encoding that texts may have.
 *
 * Records are objects, whose keys are the columns in the order in which the file first uses them: a row of these names, which stands in
 * no line (0), comes first. To know them all the file is read once before. Or records are arrays of cells, or objects {"line", "cells"} as `list convert`
 * prints them: then nothing is added and the file's own header is found as in any other.
 *
 * Strings give their text, null nothing; numbers, true and false, objects and arrays inside give the text of the file. No tree
 * is built: a line costs its own length, whatever it nests. A line that is no such record is a row with the fault "json".
 *
 * Callers: table.c only.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/json.h"
#include "zhanchi/utf8.h"
#include "lines.h"
#include "reader.h"
#include "rowbuf.h"

#define SLOTS 32768u /* a power of two above TABLE_CELLS_MAX */

static const char fault_json[] = "json";
static const char one_a_line[] = "write one JSON object a line (from an array: jq -c '.[]' FILE)";

enum records { RECORDS_OBJECTS, RECORDS_ARRAYS, RECORDS_CELLS };

struct slice {
    const char *p;
    size_t len;
};

struct keys {
    struct buf text; /* names, a NUL behind each */
    size_t at[TABLE_CELLS_MAX], n;
    uint16_t slot[SLOTS]; /* index + 1 */
};

struct jsonl {
    struct reader_input in;
    struct lines lines;
    int64_t line; /* of lines.pos */
    enum records records;
    bool header_due;
    struct keys *keys;
    struct slice *values; /* by key */
    struct rowbuf row;
    struct buf scratch;
};

/* ---- walking over what json_valid has let through ---- */

static const char *blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
        p++;
    return p;
}

/* Behind the string at p. */
static const char *skip_string(const char *p)
{
    for (p++; *p != '"'; p++)
        p += *p == '\\';
    return p + 1;
}

/* Behind the value at p, which a comma, a closing bracket or the end follows. */
static const char *skip(const char *p, const char *end)
{
    for (int depth = 0; p < end;) {
        if (*p == '"') {
            p = skip_string(p);
            continue;
        }
        if (depth == 0 && (*p == ',' || *p == '}' || *p == ']'))
            break;
        depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
        p++;
    }
    return p;
}

/* The next value of an array or member of an object (key.p NULL: of an array); *p stands behind the opening bracket or the last one. */
static bool each(const char **p, const char *end, bool object, struct slice *key,
                 struct slice *value)
{
    const char *at = blanks(*p, end);

    if (at < end && *at == ',')
        at = blanks(at + 1, end);
    if (at == end || *at == '}' || *at == ']')
        return false;
    if (object) {
        key->p = at;
        at = skip_string(at);
        key->len = (size_t)(at - key->p);
        at = blanks(blanks(at, end) + 1, end); /* the colon */
    }
    value->p = at;
    *p = at = skip(at, end);
    while (at > value->p && blanks(at - 1, at) == at)
        at--;
    value->len = (size_t)(at - value->p);
    return true;
}

static uint32_t hex4(const char *p)
{
    char text[5] = "";

    memcpy(text, p, 4);
    return (uint32_t)strtoul(text, NULL, 16);
}

/* The character of the escape whose backslash is at p; NUL for \u0000, which no cell can hold. */
static uint32_t escape(const char **p)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    char c = (*p)[1];
    const char *known = strchr(from, c);

    *p += 2;
    if (c != 'u')
        return known && c != '\0' ? (uint32_t)to[known - from] : (uint32_t)c;
    uint32_t unit = hex4(*p);
    *p += 4;
    if (unit < 0xD800 || unit > 0xDFFF)
        return unit;
    uint32_t low = unit < 0xDC00 && (*p)[0] == '\\' && (*p)[1] == 'u' ? hex4(*p + 2) : 0;
    if (low < 0xDC00 || low > 0xDFFF)
        return 0xFFFD;
    *p += 6;
    return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

/* The text of a value; false if it holds a NUL. */
static bool text_of(struct slice v, struct buf *out)
{
    buf_reset(out);
    if (v.p[0] != '"') {
        if (v.len != 4 || memcmp(v.p, "null", 4) != 0)
            buf_add(out, v.p, v.len);
        return true;
    }
    for (const char *p = v.p + 1, *end = v.p + v.len - 1; p < end;) {
        const char *back = memchr(p, '\\', (size_t)(end - p));
        char put[4];
        buf_add(out, p, (size_t)((back ? back : end) - p));
        if (!back)
            break;
        uint32_t cp = escape(&back);
        if (cp == 0)
            return false;
        buf_add(out, put, (size_t)utf8_put(put, cp));
        p = back;
    }
    return true;
}

/* ---- keys ---- */

/* Index of a key, TABLE_CELLS_MAX if it is not known and may not be added. */
static size_t key_index(struct keys *k, const char *name, size_t len, bool add)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)name[i]) * 16777619u;
    uint32_t s = hash % SLOTS;
    for (; k->slot[s] != 0; s = (s + 1) % SLOTS) {
        const char *known = k->text.data + k->at[k->slot[s] - 1];
        if (strlen(known) == len && memcmp(known, name, len) == 0)
            return k->slot[s] - 1u;
    }
    if (!add || k->n == TABLE_CELLS_MAX || k->text.len + len + 1 > TABLE_ROW_MAX)
        return TABLE_CELLS_MAX;
    k->at[k->n] = k->text.len;
    buf_add(&k->text, name, len);
    buf_addc(&k->text, '\0');
    k->slot[s] = (uint16_t)(k->n + 1);
    return k->n++;
}

/* ---- lines ---- */

/* A line with something on it, without its end: 1, 0 at the end, 2: too long, -1. */
static int next_line(struct jsonl *j, struct slice *line, int64_t *number, struct err *e)
{
    struct lines *l = &j->lines;
    size_t len;

    for (;;) {
        l->from = l->pos;
        int rc = lines_find(l, &len, e);
        if (rc <= 0)
            return rc;
        *number = j->line++;
        if (rc == 2)
            return lines_skip(l, e) ? -1 : 2;
        const char *end = l->text + l->pos + len, *p = blanks(l->text + l->pos, end);
        l->pos += len;
        while (end > p && blanks(end - 1, end) == end)
            end--;
        *line = (struct slice){p, (size_t)(end - p)};
        if (line->len > 0)
            return 1;
    }
}

static bool is_record(struct slice line, char bracket)
{
    return line.p[0] == bracket && json_valid(line.p, line.len);
}

/* The cells of {"line": ..., "cells": [...]}, with a fault perhaps; false if it is something else. */
static bool cells_of(struct slice line, struct slice *cells)
{
    const char *p = line.p + 1, *end = line.p + line.len;
    struct slice key, value;
    bool found = false;

    while (each(&p, end, true, &key, &value)) {
        if (key.len == 7 && memcmp(key.p, "\"cells\"", 7) == 0 && value.p[0] == '[') {
            *cells = value;
            found = true;
        } else if (!(key.len == 6 && memcmp(key.p, "\"line\"", 6) == 0) &&
                   !(key.len == 7 && memcmp(key.p, "\"fault\"", 7) == 0)) {
            return false;
        }
    }
    return found;
}

/* ---- rows ---- */

static bool read_array(struct jsonl *j, struct slice array)
{
    const char *p = array.p + 1, *end = array.p + array.len;
    struct slice key, value;

    while (each(&p, end, false, &key, &value)) {
        if (!text_of(value, &j->scratch))
            return false;
        rowbuf_add(&j->row, buf_cstr(&j->scratch), j->scratch.len);
    }
    return true;
}

/* A key that stands twice is no record: nobody knows which value counts. */
static bool collect(struct jsonl *j, struct slice line)
{
    const char *p = line.p + 1, *end = line.p + line.len;
    struct slice key, value;

    while (each(&p, end, true, &key, &value)) {
        if (!text_of(key, &j->scratch))
            return false;
        size_t i = key_index(j->keys, buf_cstr(&j->scratch), j->scratch.len, false);
        if (i == TABLE_CELLS_MAX || j->values[i].p)
            return false;
        j->values[i] = value;
    }
    return true;
}

static bool read_object(struct jsonl *j, struct slice line)
{
    memset(j->values, 0, j->keys->n * sizeof *j->values);
    if (!collect(j, line))
        return false;
    for (size_t i = 0; i < j->keys->n; i++) {
        buf_reset(&j->scratch);
        if (j->values[i].p && !text_of(j->values[i], &j->scratch))
            return false;
        rowbuf_add(&j->row, buf_cstr(&j->scratch), j->scratch.len);
    }
    return true;
}

static bool read_record(struct jsonl *j, struct slice line)
{
    struct slice cells;

    if (j->records == RECORDS_ARRAYS)
        return is_record(line, '[') && read_array(j, line);
    if (!is_record(line, '{'))
        return false;
    if (j->records == RECORDS_OBJECTS)
        return read_object(j, line);
    return cells_of(line, &cells) && read_array(j, cells);
}

static void give_keys(struct jsonl *j, struct table_row *row)
{
    for (size_t i = 0; i < j->keys->n; i++) {
        const char *name = j->keys->text.data + j->keys->at[i];
        rowbuf_add(&j->row, name, strlen(name));
    }
    j->header_due = false;
    rowbuf_give(&j->row, 0, row);
}

static int jsonl_next(void *r, struct table_row *row, struct err *e)
{
    struct jsonl *j = r;
    struct slice line;
    int64_t number;

    rowbuf_reset(&j->row);
    if (j->header_due) {
        give_keys(j, row);
        return 1;
    }
    int rc = next_line(j, &line, &number, e);
    if (rc <= 0)
        return rc;
    if (rc == 2)
        j->row.fault = rowbuf_long;
    else if (!read_record(j, line))
        j->row.fault = fault_json;
    rowbuf_give(&j->row, number, row);
    return 1;
}

/* ---- before the first row ---- */

static int add_keys(struct jsonl *j, struct slice line, int64_t number, struct err *e)
{
    const char *p = line.p + 1, *end = line.p + line.len;
    struct slice key, value;

    while (each(&p, end, true, &key, &value))
        if (text_of(key, &j->scratch) &&
            key_index(j->keys, buf_cstr(&j->scratch), j->scratch.len, true) == TABLE_CELLS_MAX)
            return err_set(e, ERR_DATA, "use the same keys on every line",
                           "%s, line %lld: more different keys than columns are read (%u)",
                           j->in.path, (long long)number, TABLE_CELLS_MAX);
    return 0;
}

/* The first record says what all are. */
static int first_record(struct jsonl *j, struct slice line, int64_t number, struct err *e)
{
    struct slice cells;

    if (is_record(line, '['))
        j->records = RECORDS_ARRAYS;
    else if (!is_record(line, '{'))
        return err_set(e, ERR_DATA, one_a_line,
                       "%s, line %lld is no JSON object or array by itself", j->in.path,
                       (long long)number);
    else if (cells_of(line, &cells))
        j->records = RECORDS_CELLS;
    return 0;
}

static int look(struct jsonl *j, struct err *e)
{
    struct slice line;
    int64_t number;
    bool first = true;
    int rc;

    while ((rc = next_line(j, &line, &number, e)) > 0) {
        if (first && rc == 1 && first_record(j, line, number, e))
            return -1;
        first = first && rc != 1;
        if (!first && j->records != RECORDS_OBJECTS)
            return 0;
        if (rc == 1 && is_record(line, '{') && add_keys(j, line, number, e))
            return -1;
    }
    return rc;
}

static int begin(struct jsonl *j, struct err *e)
{
    j->line = 1;
    return lines_init(&j->lines, &j->in, e);
}

static void jsonl_close(void *r)
{
    struct jsonl *j = r;

    lines_fini(&j->lines);
    rowbuf_fini(&j->row);
    buf_fini(&j->scratch);
    buf_fini(&j->keys->text);
    free(j->keys);
    free(j->values);
    free(j);
}

static void *jsonl_open(const struct reader_input *in, const struct table_opts *opts, struct err *e)
{
    struct jsonl *j = calloc(1, sizeof *j);

    (void)opts;
    if (!j || !(j->keys = calloc(1, sizeof *j->keys)))
        panic("out of memory");
    j->in = *in;
    rowbuf_init(&j->row);
    buf_init(&j->scratch, TABLE_ROW_MAX);
    buf_init(&j->keys->text, TABLE_ROW_MAX);
    int rc = begin(j, e) || look(j, e) ? -1 : 0;
    if (rc == 0) {
        lines_fini(&j->lines);
        rc = begin(j, e);
    }
    j->header_due = j->records == RECORDS_OBJECTS && j->keys->n > 0;
    j->values = calloc(j->keys->n + 1, sizeof *j->values);
    if (!j->values)
        panic("out of memory");
    if (rc) {
        jsonl_close(j);
        return NULL;
    }
    return j;
}

static int64_t jsonl_done(const void *r)
{
    const struct jsonl *j = r;

    return source_done(&j->lines.source);
}

/* ---- the format ---- */

/* The next byte of a beginning that may be UTF-16. */
static int next_byte(const unsigned char *head, size_t len, size_t *i)
{
    while (*i < len && (head[*i] == '\0' || strchr(" \t\r\n", head[*i])))
        ++*i;
    return *i < len ? head[(*i)++] : -1;
}

/* {"key" ... or {} ; ["cell" ..., [[ and [{ : what no table of cells begins with. A lone [ before a digit may be a remark. */
static bool jsonl_knows(const unsigned char *head, size_t len)
{
    static const char *const marks[] = {"\xEF\xBB\xBF", "\xFF\xFE", "\xFE\xFF"};
    size_t i = 0;

    for (size_t m = 0; m < sizeof marks / sizeof marks[0]; m++)
        if (len >= strlen(marks[m]) && memcmp(head, marks[m], strlen(marks[m])) == 0)
            i = strlen(marks[m]);
    int first = next_byte(head, len, &i), second = next_byte(head, len, &i);
    if (first == '{')
        return second == '"' || second == '}';
    return first == '[' && (second == '"' || second == '[' || second == '{' || second == ']');
}

const struct reader reader_jsonl = {
    .name = "jsonl",
    .form = "JSONL",
    .knows = jsonl_knows,
    .text = true,
    .open = jsonl_open,
    .next = jsonl_next,
    .done = jsonl_done,
    .close = jsonl_close,
};
