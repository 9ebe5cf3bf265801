/*
 * styles: see styles.h. Two short arrays, whatever the file says: formats by their number, and each cell style's
 * format number. Called by xlsx.c.
 */
#include <stdlib.h>
#include <string.h>
#include "numbers.h"
#include "styles.h"
#include "xml.h"

#define STYLES_MAX 65536 /* Excel allows 65,490 */

struct styles {
    uint8_t format[STYLES_MAX];  /* by numFmtId */
    uint16_t number[STYLES_MAX]; /* numFmtId by style */
    size_t n;
    bool in_cells; /* inside cellXfs */
    struct xml *xml;
};

static unsigned id_of(const char *text)
{
    unsigned long v = text ? strtoul(text, NULL, 10) : 0;

    return v < STYLES_MAX ? (unsigned)v : 0;
}

static void on_start(void *ctx, const char *name, const char **attributes)
{
    struct styles *s = ctx;

    if (strcmp(name, "cellXfs") == 0) {
        s->in_cells = true;
    } else if (strcmp(name, "numFmt") == 0) {
        const char *code = xml_attribute(attributes, "formatCode");
        unsigned id = id_of(xml_attribute(attributes, "numFmtId"));
        if (id > 0 && code)
            s->format[id] = number_format(code);
    } else if (s->in_cells && strcmp(name, "xf") == 0) {
        if (s->n == STYLES_MAX)
            xml_fail(s->xml, "open it in a spreadsheet program and save it anew as .xlsx",
                     "more than %d cell styles", STYLES_MAX);
        else
            s->number[s->n++] = (uint16_t)id_of(xml_attribute(attributes, "numFmtId"));
    }
}

static void on_end(void *ctx, const char *name)
{
    struct styles *s = ctx;

    if (strcmp(name, "cellXfs") == 0)
        s->in_cells = false;
}

struct styles *styles_load(const char *path, struct pack *p, int64_t index, struct err *e)
{
    static const struct xml_handlers handlers = {on_start, on_end, NULL};
    struct styles *s = calloc(1, sizeof *s);

    if (!s)
        panic("out of memory");
    for (unsigned id = 0; id < 64; id++)
        s->format[id] = number_format_builtin(id);
    if (index < 0)
        return s;
    struct pack_entry *entry = pack_entry_open(p, index, e);
    int rc = entry ? 0 : -1;
    if (entry) {
        s->xml = xml_open_take(path, entry, "styles", &handlers, s);
        rc = xml_run(s->xml, e);
        xml_close(s->xml);
    }
    if (rc) {
        styles_free(s);
        return NULL;
    }
    return s;
}

void styles_free(struct styles *s)
{
    free(s);
}

uint8_t styles_format(const struct styles *s, size_t style)
{
    return style < s->n ? s->format[s->number[style]] : 0;
}
