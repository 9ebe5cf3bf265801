/*
 * outline: what a program consists of, in order, for who examines a text without values (lint). A partial stands where it is called, once
 * inside itself.
 */
#include "internal.h"

struct walk {
    const struct template *t;
    void (*each)(void *ctx, const struct template_part *p);
    void *ctx;
    bool open[TEMPLATE_PARTS_MAX];
};

static void tell(const struct walk *w, const struct ins *in, enum template_piece piece)
{
    const struct template_part p = {.piece = piece,
                                    .text = in->text,
                                    .len = in->len,
                                    .inverted = in->op == OP_INVERTED,
                                    .line = in->line,
                                    .column = in->column,
                                    .partial = w->t->part[in->part].name};
    w->each(w->ctx, &p);
}

static void walk(struct walk *w, size_t from)
{
    for (size_t i = from; i < w->t->n && w->t->code[i].op != OP_RETURN; i++) {
        const struct ins *in = &w->t->code[i];
        switch (in->op) {
        case OP_TEXT:
            tell(w, in, TEMPLATE_LITERAL);
            break;
        case OP_VAR:
        case OP_RAW:
            tell(w, in, TEMPLATE_VALUE);
            break;
        case OP_SECTION:
        case OP_INVERTED:
            tell(w, in, TEMPLATE_OPEN);
            break;
        case OP_END:
            tell(w, in, TEMPLATE_CLOSE);
            break;
        case OP_CALL:
            if (!w->open[in->target]) {
                w->open[in->target] = true;
                walk(w, in->jump);
                w->open[in->target] = false;
            }
            break;
        default: /* an indentation is blanks */
            break;
        }
    }
}

void template_each(const struct template *t, void (*each)(void *ctx, const struct template_part *p),
                   void *ctx)
{
    struct walk w = {.t = t, .each = each, .ctx = ctx};

    walk(&w, 0);
}
