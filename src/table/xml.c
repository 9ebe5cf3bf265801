/*
 * xml: see xml.h.
 *
 * What could make expat's memory follow the input is refused: a document type (so there are no entities but the five of
 * XML), a tag longer than 1 MiB, elements nested deeper than 64, more than 512 different names of elements and
 * attributes (expat keeps each). Character data come in pieces and are the handlers' to bound.
 *
 * Callers: book.c, styles.c, shared_strings.c, merges.c, xlsx.c.
 */
#include <expat.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "xml.h"

#define FEED_BYTES 65536
#define TAG_MAX (1 << 20)
#define DEPTH_MAX 64
#define NAMES_MAX 512
#define NAME_SLOTS 1024 /* a power of two above NAMES_MAX */

struct xml {
    const char *path, *part;
    struct pack_entry *entry;
    XML_Parser parser;
    struct xml_handlers h;
    void *ctx;
    int64_t fed;
    int depth;
    bool paused, ended, failed;
    struct err err;
    uint32_t names[NAME_SLOTS]; /* hashes, 0 = free */
    size_t n_names;
};

void xml_fail(struct xml *x, const char *remedy, const char *fmt, ...)
{
    char what[300];
    va_list ap;

    if (x->failed)
        return;
    x->failed = true;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    err_set(&x->err, ERR_DATA, remedy, "%s, %s: %s", x->path, x->part, what);
    XML_StopParser(x->parser, XML_FALSE);
}

void xml_pause(struct xml *x)
{
    if (x->failed)
        return;
    x->paused = true;
    XML_StopParser(x->parser, XML_TRUE);
}

static const char *local(const char *name)
{
    const char *colon = strrchr(name, ':');

    return colon ? colon + 1 : name;
}

const char *xml_attribute(const char **attributes, const char *name)
{
    for (; *attributes; attributes += 2)
        if (strcmp(local(*attributes), name) == 0)
            return attributes[1];
    return NULL;
}

/* ---- what expat would keep ---- */

static void count_name(struct xml *x, const char *name)
{
    uint32_t hash = 2166136261u;

    for (const char *c = name; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    hash |= hash == 0;
    size_t i = hash % NAME_SLOTS;
    while (x->names[i] != 0 && x->names[i] != hash)
        i = (i + 1) % NAME_SLOTS;
    if (x->names[i] == hash)
        return;
    if (++x->n_names > NAMES_MAX)
        xml_fail(x, "open it in a spreadsheet program and save it anew as .xlsx",
                 "more than %d different names of elements: no workbook", NAMES_MAX);
    else
        x->names[i] = hash;
}

static void on_start(void *ctx, const char *name, const char **attributes)
{
    struct xml *x = ctx;

    if (x->failed)
        return;
    if (++x->depth > DEPTH_MAX) {
        xml_fail(x, "open it in a spreadsheet program and save it anew as .xlsx",
                 "elements are nested deeper than %d: no workbook", DEPTH_MAX);
        return;
    }
    count_name(x, name);
    for (const char **a = attributes; *a; a += 2)
        count_name(x, *a);
    if (!x->failed)
        x->h.start(x->ctx, local(name), attributes);
}

static void on_end(void *ctx, const char *name)
{
    struct xml *x = ctx;

    x->depth--;
    if (!x->failed)
        x->h.end(x->ctx, local(name));
}

static void on_text(void *ctx, const char *s, int len)
{
    struct xml *x = ctx;

    if (!x->failed && x->h.text)
        x->h.text(x->ctx, s, (size_t)len);
}

static void on_doctype(void *ctx, const char *name, const char *system, const char *public,
                       int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    xml_fail(ctx, "open it in a spreadsheet program and save it anew as .xlsx",
             "a document type declaration, which no workbook has, and which is never read");
}

/* ---- life ---- */

struct xml *xml_open_take(const char *path, struct pack_entry *entry, const char *part,
                          const struct xml_handlers *h, void *ctx)
{
    struct xml *x = calloc(1, sizeof *x);

    if (!x)
        panic("out of memory");
    x->path = path;
    x->part = part;
    x->entry = entry;
    x->h = *h;
    x->ctx = ctx;
    x->parser = XML_ParserCreate(NULL);
    if (!x->parser)
        panic("out of memory");
    XML_SetUserData(x->parser, x);
    XML_SetElementHandler(x->parser, on_start, on_end);
    XML_SetCharacterDataHandler(x->parser, on_text);
    XML_SetStartDoctypeDeclHandler(x->parser, on_doctype);
    return x;
}

void xml_close(struct xml *x)
{
    if (!x)
        return;
    XML_ParserFree(x->parser);
    pack_entry_close(x->entry);
    free(x);
}

static int syntax(struct xml *x, struct err *e)
{
    if (x->failed) {
        *e = x->err;
        return -1;
    }
    return err_set(
        e, ERR_DATA,
        "get it again from its source, or open it in a spreadsheet program and save it anew",
        "%s, %s, line %lu, column %lu: %s", x->path, x->part,
        (unsigned long)XML_GetCurrentLineNumber(x->parser),
        (unsigned long)XML_GetCurrentColumnNumber(x->parser) + 1,
        XML_ErrorString(XML_GetErrorCode(x->parser)));
}

/* One more piece of the entry: expat's status, or -1 and *e. */
static int feed(struct xml *x, struct err *e)
{
    void *room = XML_GetBuffer(x->parser, FEED_BYTES);

    if (!room)
        panic("out of memory");
    ptrdiff_t n = pack_entry_read(x->entry, room, FEED_BYTES, e);
    if (n < 0)
        return -1;
    x->fed += n;
    x->ended = n == 0;
    return (int)XML_ParseBuffer(x->parser, (int)n, n == 0);
}

/* A tag that does not end is kept by expat until it does. */
static bool endless_tag(const struct xml *x)
{
    XML_Index at = XML_GetCurrentByteIndex(x->parser);

    return at >= 0 && x->fed - (int64_t)at > TAG_MAX + FEED_BYTES;
}

int xml_run(struct xml *x, struct err *e)
{
    for (;;) {
        int status;
        if (x->paused) {
            x->paused = false;
            status = (int)XML_ResumeParser(x->parser);
        } else if (x->ended) {
            return 0;
        } else {
            status = feed(x, e);
            if (status < 0)
                return -1;
        }
        if (status == XML_STATUS_ERROR || x->failed)
            return syntax(x, e);
        if (status == XML_STATUS_SUSPENDED)
            return 1;
        if (endless_tag(x)) {
            xml_fail(x, "open it in a spreadsheet program and save it anew as .xlsx",
                     "a tag of more than %d bytes", TAG_MAX);
            return syntax(x, e);
        }
    }
}

int64_t xml_done(const struct xml *x)
{
    return pack_entry_done(x->entry);
}

int64_t xml_size(const struct xml *x)
{
    return pack_entry_size(x->entry);
}
