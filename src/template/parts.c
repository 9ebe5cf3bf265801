/*
 * parts: the partials of a program as one JSON object, name -> text, and back: what a text depends on goes with it, so that a stored
 * version stays the same when a file in the folder changes.
 */
#include <string.h>
#include "internal.h"

void template_pack_partials(const struct template *t, struct buf *out)
{
    struct json_w w;

    if (t->n_parts < 2)
        return;
    json_w_init(&w, out);
    json_w_open(&w, '{');
    for (int i = 1; i < t->n_parts; i++) {
        json_w_key(&w, t->part[i].name);
        json_w_strn(&w, t->part[i].source, t->part[i].len);
    }
    json_w_close(&w, '}');
}

static int load_packed(void *ctx, const char *name, struct buf *out, struct err *e)
{
    const struct json *text = json_get(ctx, name);
    (void)e;

    if (text == NULL || json_type_of(text) != J_STRING)
        return 0;
    buf_adds(out, json_text(text, NULL));
    return 1;
}

struct template *template_compile_packed(const char *text, size_t len, int first_line,
                                         const char *packed, struct err *e)
{
    struct json *all = NULL;

    if (packed[0] == '\0')
        return template_compile_with(text, len, first_line, NULL, e);
    if ((all = json_parse(packed, strlen(packed), e)) == NULL)
        return NULL;
    const struct template_loader l = {.load = load_packed, .ctx = all};
    struct template *t = template_compile_with(text, len, first_line, &l, e);
    json_free(all);
    return t;
}
