/*
 * mapping: see mapping.h. A line says "field = header"; empty lines and lines that begin with # say
 * nothing. Called by columns.c.
 */
#include <stdio.h>
#include <string.h>
#include "zhanchi/buf.h"
#include "zhanchi/fsio.h"
#include "zhanchi/nearest.h"
#include "zhanchi/utf8.h"
#include "headers.h"
#include "mapping.h"

#define MAPPING_BYTES 65536

static int unknown_field(const char *path, int line, const char *name, struct err *e)
{
    const char *names[COLUMN_FIELDS + 1] = {NULL};
    char remedy[128];

    for (int f = 0; f < COLUMN_FIELDS; f++)
        names[f] = column_field_name((enum column_field)f);
    const char *near = nearest(name, names);
    snprintf(remedy, sizeof remedy, "did you mean %s?", near ? near : "phone, name, id or extra");
    return err_set(e, ERR_DATA, remedy, "%s, line %d: there is no field \"%.40s\"", path, line,
                   name);
}

/* One line of the file, trimmed: "field = header". */
static int map_line(struct mapping *m, char *text, int line, struct err *e)
{
    char *equals = strchr(text, '=');
    struct buf key;

    if (text[0] == '\0' || text[0] == '#')
        return 0;
    if (!equals || m->n == MAPPING_MAX)
        return err_set(e, ERR_DATA, "write one \"field = header\" a line, at most 64",
                       "%s, line %d: %s", m->path, line, equals ? "too many lines" : "no \"=\"");
    char *end = equals;
    while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *end = '\0';
    enum column_field field = header_field_named(text);
    if (field == COLUMN_FIELDS)
        return unknown_field(m->path, line, text, e);
    const char *header = equals + 1 + strspn(equals + 1, " \t");
    buf_init(&key, HEADER_KEY_MAX - 1);
    header_key(header, strlen(header), &key);
    bool bad = key.failed || key.len == 0;
    if (!bad) {
        m->entry[m->n].field = field;
        m->entry[m->n].line = line;
        header_copy(m->entry[m->n].key, HEADER_KEY_MAX, key.data, key.len);
        header_copy(m->entry[m->n].header, 64, header, strlen(header));
        m->n++;
    }
    buf_fini(&key);
    return bad ? err_set(e, ERR_DATA, "write one \"field = header\" a line",
                         "%s, line %d: the header is empty or too long", m->path, line)
               : 0;
}

static int refuse_double(const struct mapping *m, struct err *e)
{
    for (size_t i = 0; i < m->n; i++)
        for (size_t k = 0; k < i; k++)
            if ((m->entry[i].field == m->entry[k].field && m->entry[i].field != COLUMN_EXTRA) ||
                strcmp(m->entry[i].key, m->entry[k].key) == 0)
                return err_set(e, ERR_DATA, "keep one of them",
                               "%s, lines %d and %d name the same field or the same header",
                               m->path, m->entry[k].line, m->entry[i].line);
    return 0;
}

static int map_text(struct mapping *m, char *text, struct err *e)
{
    int line = 0;

    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3;
    while (text) {
        char *next = strchr(text, '\n');
        if (next)
            *next++ = '\0';
        text += strspn(text, " \t");
        size_t len = strlen(text);
        while (len > 0 && strchr(" \t\r", text[len - 1]))
            text[--len] = '\0';
        if (map_line(m, text, ++line, e))
            return -1;
        text = next;
    }
    return refuse_double(m, e);
}

int mapping_load(const char *path, struct mapping *m, struct err *e)
{
    struct buf text;
    int rc;

    m->path = path;
    m->n = 0;
    if (!path)
        return 0;
    buf_init(&text, MAPPING_BYTES);
    rc = fs_read_file(path, &text, e);
    if (rc == 0 && !utf8_valid(buf_cstr(&text), text.len, NULL))
        rc = err_set(e, ERR_DATA, "save it as UTF-8", "%s is not valid UTF-8", path);
    if (rc == 0 && text.len > 0)
        rc = map_text(m, text.data, e);
    buf_fini(&text);
    return rc;
}

size_t mapping_find(const struct mapping *m, const char *key)
{
    size_t i = 0;

    while (i < m->n && strcmp(m->entry[i].key, key) != 0)
        i++;
    return i;
}

bool mapping_names(const struct mapping *m, enum column_field f)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->entry[i].field == f)
            return true;
    return false;
}

uint64_t mapping_all(const struct mapping *m)
{
    return m->n == 64 ? UINT64_MAX : (UINT64_C(1) << m->n) - 1;
}
