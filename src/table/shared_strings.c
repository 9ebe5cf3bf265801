/*
 * shared_strings: see shared_strings.h. All strings stand one after another in one spill, their ends in another, so that a table of
 * any size costs the memory of two spills. Called by xlsx.c.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/utf8.h"
#include "reader.h"
#include "spill.h"
#include "shared_strings.h"
#include "xml.h"

struct strings {
    struct spill *text, *ends;
    size_t n;
    /* while loading */
    struct xml *xml;
    struct buf one;
    bool in_text;
    int phonetic; /* inside rPh: how a text is read aloud is no text */
    struct err err;
    bool failed;
};

/* ---- texts of cells ---- */

void text_init(struct buf *b)
{
    buf_init(b, TABLE_CELL_MAX + 16);
}

void text_add(struct buf *b, const char *s, size_t len)
{
    size_t room = TABLE_CELL_MAX + 8 - b->len;

    buf_add(b, s, len < room ? len : room);
}

/* "_x000D_" at s: the code unit, or -1. */
static long escaped(const char *s, size_t len)
{
    char hex[5] = "";

    if (len < 7 || s[0] != '_' || s[1] != 'x' || s[6] != '_')
        return -1;
    memcpy(hex, s + 2, 4);
    return strspn(hex, "0123456789abcdefABCDEF") == 4 ? strtol(hex, NULL, 16) : -1;
}

void text_unescape(struct buf *b)
{
    size_t to = 0, len = b->len;
    char *s = b->data;

    if (len < 7 || !memmem(s, len, "_x", 2))
        return;
    for (size_t i = 0; i < len;) {
        long unit = escaped(s + i, len - i);
        if (unit <= 0) { /* no cell has a NUL: that one stays as it is written */
            s[to++] = s[i++];
            continue;
        }
        i += 7;
        uint32_t cp = (uint32_t)unit;
        if (cp >= 0xD800 && cp < 0xDC00) {
            long low = escaped(s + i, len - i);
            bool pair = low >= 0xDC00 && low < 0xE000;
            cp = pair ? 0x10000 + ((cp - 0xD800) << 10) + ((uint32_t)low - 0xDC00) : 0xFFFD;
            i += pair ? 7 : 0;
        } else if (cp >= 0xDC00 && cp < 0xE000) {
            cp = 0xFFFD;
        }
        to += (size_t)utf8_put(s + to, cp);
    }
    b->len = to;
    s[to] = '\0';
}

/* ---- loading ---- */

static void on_start(void *ctx, const char *name, const char **attributes)
{
    struct strings *s = ctx;

    (void)attributes;
    if (strcmp(name, "si") == 0)
        buf_reset(&s->one);
    else if (strcmp(name, "rPh") == 0)
        s->phonetic++;
    s->in_text = strcmp(name, "t") == 0 && s->phonetic == 0;
}

static void keep(struct strings *s)
{
    uint64_t end;

    text_unescape(&s->one);
    if (s->n == STRINGS_MAX || spill_size(s->text) + s->one.len > STRINGS_BYTES_MAX) {
        xml_fail(s->xml, "divide the list into several files",
                 "more strings than are read (%u, or %llu bytes)", STRINGS_MAX,
                 (unsigned long long)STRINGS_BYTES_MAX);
        return;
    }
    if (spill_add(s->text, buf_cstr(&s->one), s->one.len, &s->err) == 0) {
        end = spill_size(s->text);
        if (spill_add(s->ends, &end, sizeof end, &s->err) == 0) {
            s->n++;
            return;
        }
    }
    s->failed = true;
    xml_fail(s->xml, NULL, "%s", s->err.what);
}

static void on_end(void *ctx, const char *name)
{
    struct strings *s = ctx;

    s->in_text = false;
    if (strcmp(name, "rPh") == 0)
        s->phonetic--;
    else if (strcmp(name, "si") == 0)
        keep(s);
}

static void on_text(void *ctx, const char *text, size_t len)
{
    struct strings *s = ctx;

    if (s->in_text)
        text_add(&s->one, text, len);
}

static int load(struct strings *s, const char *path, struct pack *p, int64_t index, struct err *e)
{
    static const struct xml_handlers handlers = {on_start, on_end, on_text};
    struct pack_entry *entry = pack_entry_open(p, index, e);

    if (!entry)
        return -1;
    s->xml = xml_open_take(path, entry, "shared strings", &handlers, s);
    int rc = xml_run(s->xml, e);
    if (s->failed)
        *e = s->err;
    xml_close(s->xml);
    return rc;
}

struct strings *strings_load(const char *path, struct pack *p, int64_t index, struct err *e)
{
    struct strings *s = calloc(1, sizeof *s);

    if (!s)
        panic("out of memory");
    text_init(&s->one);
    s->text = spill_new();
    s->ends = spill_new();
    if (index >= 0 && load(s, path, p, index, e)) {
        strings_free(s);
        return NULL;
    }
    return s;
}

void strings_free(struct strings *s)
{
    if (!s)
        return;
    spill_free(s->text);
    spill_free(s->ends);
    buf_fini(&s->one);
    free(s);
}

size_t strings_count(const struct strings *s)
{
    return s->n;
}

int strings_get(struct strings *s, size_t i, struct buf *out, struct err *e)
{
    uint64_t ends[2] = {0, 0}; /* of the string before, and its own */

    int rc = i == 0 ? spill_read(s->ends, 0, &ends[1], sizeof ends[1], e)
                    : spill_read(s->ends, (i - 1) * sizeof ends[0], ends, sizeof ends, e);
    if (rc)
        return -1;
    size_t len = (size_t)(ends[1] - ends[0]);
    buf_reset(out);
    char *room = buf_reserve(out, len);
    if (!room)
        panic("a string outgrew its buffer");
    if (spill_read(s->text, ends[0], room, len, e))
        return -1;
    out->len += len;
    out->data[out->len] = '\0';
    return 0;
}
