/*
 * outline: what a program consists of, in order, for who examines a text without values (lint).
 */
#include "internal.h"

void template_each(const struct template *t, void (*each)(void *ctx, const struct template_part *p),
                   void *ctx)
{
    static const enum template_piece pieces[] = {
        [OP_TEXT] = TEMPLATE_LITERAL, [OP_VAR] = TEMPLATE_VALUE,     [OP_RAW] = TEMPLATE_VALUE,
        [OP_SECTION] = TEMPLATE_OPEN, [OP_INVERTED] = TEMPLATE_OPEN, [OP_END] = TEMPLATE_CLOSE};

    for (size_t i = 0; i < t->n; i++) {
        const struct ins *in = &t->code[i];
        struct template_part p = {.piece = pieces[in->op],
                                  .text = in->text,
                                  .len = in->len,
                                  .inverted = in->op == OP_INVERTED,
                                  .line = in->line,
                                  .column = in->column};
        each(ctx, &p);
    }
}
