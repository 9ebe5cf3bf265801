/*
 * fuzz_template: somebody's text, its partials and what it is rendered with: byte 0 says how, then pieces that are parted by NUL: the text, and the
 * partials a, b, c ... With the highest bit of byte 0 the first piece is a whole template file.
 *
 * What must hold: a text that compiles renders the same twice, and the same again from its packed partials; nothing leaves its bounds; an error has a kind, a place
 * or a variable; what is counted of the result adds up, and no part is longer than a part may be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "zhanchi/segment.h"
#include "zhanchi/template.h"
#include "zhanchi/utf8.h"

#define PIECES 8
#define OUT_MAX 20000
#define PARTS 512

static const char data_json[] =
    "{\"name\":\"张三\",\"deadline\":\"2027年2月28日\",\"amount\":\"1,500元\",\"empty\":\"\","
    "\"yes\":true,\"no\":false,"
    "\"nothing\":null,\"n\":3,\"html\":\"<a "
    "href=\\\"x\\\">&'\",\"emoji\":\"𠮷😀\",\"map\":{\"a\":\"x\",\"deep\":{\"b\":\"y\"}},"
    "\"certificates\":[{\"occupation\":\"焊工\"},{\"occupation\":\"钳工\",\"amount\":\"1,000元\"}],"
    "\"list\":[1,2,[3,[]]],\"none\":[]}";

struct pieces {
    char *text[PIECES];
    int n;
};

static const struct tv *values(void)
{
    static struct tv root;
    static struct arena *arena;
    static struct json *data;
    struct err e;

    if (arena == NULL) {
        arena = arena_new(4096);
        data = json_parse(data_json, sizeof data_json - 1, &e);
        fuzz_check(data != NULL);
        root = template_value(arena, data);
    }
    return &root;
}

/* Parted by NUL; every piece of exactly its size. */
static struct pieces part(const uint8_t *data, size_t size)
{
    struct pieces p = {.n = 0};

    while (p.n < PIECES) {
        const uint8_t *end = memchr(data, 0, size);
        size_t len = end != NULL ? (size_t)(end - data) : size;
        p.text[p.n] = malloc(len + 1);
        memcpy(p.text[p.n], data, len);
        p.text[p.n++][len] = '\0';
        if (end == NULL)
            break;
        data += len + 1;
        size -= len + 1;
    }
    return p;
}

static int load(void *ctx, const char *name, struct buf *out, struct err *e)
{
    const struct pieces *p = ctx;
    int i = name[0] - 'a' + 1;
    (void)e;

    if (name[1] != '\0' || i < 1 || i >= p->n)
        return 0;
    buf_adds(out, p->text[i]);
    return 1;
}

static void check_error(const struct err *e)
{
    fuzz_check(e->kind == ERR_DATA);
    fuzz_check(e->what[0] != '\0');
}

/* ---- counting ---- */

static void check_count(const struct buf *text, enum segment_mode mode)
{
    uint16_t units[PARTS];
    struct segments s;
    struct segment_char dear[4];
    size_t sum = 0;

    segment_count(buf_cstr(text), text->len, mode, &s, units, PARTS);
    fuzz_check((s.parts == 0) == (text->len == 0));
    fuzz_check(s.gsm7 || s.units == utf8_utf16_units(buf_cstr(text), text->len));
    for (size_t i = 0; i < s.parts && i < PARTS; i++) {
        fuzz_check(units[i] > 0 && units[i] <= (s.parts > 1 ? s.gsm7 ? 153 : 67
                                                : s.gsm7    ? 160
                                                            : 70));
        /* A part that is not the last is full, or one short of it for a character of two units. */
        fuzz_check(i + 1 == s.parts || units[i] >= (s.gsm7 ? 152 : 66));
        sum += units[i];
    }
    fuzz_check(s.parts > PARTS || sum == s.units);
    size_t n = segment_dear(buf_cstr(text), text->len, SEGMENT_FORCING, s.gsm7, dear, 4);
    fuzz_check((n == 0) == (s.forces_ucs2 == 0));
}

/* ---- rendering ---- */

static int render(const struct template *t, uint8_t how, struct buf *out)
{
    static const template_escape escapes[] = {template_escape_none, template_escape_html,
                                              template_escape_json, template_escape_url};
    struct err e = {0};

    int rc = template_render(t, values(), escapes[how & 3],
                             how & 4 ? TEMPLATE_MISSING_EMPTY : TEMPLATE_MISSING_ERROR, out, &e);
    if (rc != 0)
        check_error(&e);
    fuzz_check(out->len <= OUT_MAX);
    return rc;
}

static void check_again(const struct template *t, const char *text, uint8_t how, int rc,
                        const struct buf *first)
{
    struct buf packed, out;
    struct err e = {0};

    buf_init(&packed, 1u << 20);
    buf_init(&out, OUT_MAX);
    template_pack_partials(t, &packed);
    struct template *again = template_compile_packed(text, strlen(text), 1, buf_cstr(&packed), &e);
    fuzz_check(again != NULL);
    fuzz_check(render(again, how, &out) == rc);
    fuzz_check(out.len == first->len && memcmp(buf_cstr(&out), buf_cstr(first), out.len) == 0);
    template_free(again);
    buf_fini(&packed);
    buf_fini(&out);
}

static void check_text(const struct pieces *p, uint8_t how)
{
    const struct template_loader l = {
        .load = load, .ctx = (void *)(uintptr_t)p, .absent_is_empty = false};
    const char *const *names;
    struct err e = {0};
    struct buf out;

    struct template *t = template_compile_with(p->text[0], strlen(p->text[0]), 1, &l, &e);
    if (t == NULL) {
        check_error(&e);
        return;
    }
    if (template_check(t, template_known(), &e) != 0)
        check_error(&e);
    for (size_t n = template_names(t, &names); n > 0; n--)
        fuzz_check(names[n - 1][0] != '\0' && strlen(names[n - 1]) <= 127);
    buf_init(&out, OUT_MAX);
    int rc = render(t, how, &out);
    check_again(t, p->text[0], how, rc, &out);
    if (rc == 0) {
        check_count(&out, SEGMENT_MAINLAND);
        check_count(&out, SEGMENT_GSM);
    }
    template_free(t);
    buf_fini(&out);
}

static void check_file(const char *text)
{
    struct template_file f;
    struct template_carrier one;
    struct err e = {0};

    if (template_file_parse(text, strlen(text), &f, &e) != 0) {
        check_error(&e);
        return;
    }
    fuzz_check(f.name[0] != '\0' && f.topic[0] != '\0' && f.signature[0] != '\0');
    fuzz_check(f.text_len > 0 && f.text_len <= TEMPLATE_BODY_MAX && f.text[f.text_len] == '\0');
    const char *p = f.carrier_variables;
    int rc;
    while ((rc = template_carrier_next(&p, &one, &e)) == 1)
        fuzz_check(one.key[0] != '\0' && one.value[0] != '\0' && one.max >= 0);
    fuzz_check(rc == 0); /* the file was looked at */
    template_file_fini(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t bad;

    if (size < 2 || !utf8_valid((const char *)data + 1, size - 1, &bad))
        return 0;
    struct pieces p = part(data + 1, size - 1);
    if (data[0] & 0x80)
        check_file(p.text[0]);
    else
        check_text(&p, data[0]);
    for (int i = 0; i < p.n; i++)
        free(p.text[i]);
    return 0;
}
