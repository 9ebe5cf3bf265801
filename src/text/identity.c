/*
 * identity: see identity.h. The forms are chosen so that two cells that a person would read as the same give the same bytes, and no more: nothing is left
 * out that could tell two persons, occupations or employers apart.
 *
 * Called by intake for each row of a list and by measure for each row of a claims file.
 */
#include <stdlib.h>
#include <uninorm.h>
#include "zhanchi/err.h"
#include "zhanchi/identity.h"
#include "zhanchi/utf8.h"

#define TEXT_MAX 200

int identity_phone_name(const struct phone *p, const char *name, size_t len, struct buf *out)
{
    buf_adds(out, p->number);
    buf_addc(out, '\n');
    return buf_add(out, name, len);
}

static void squeeze(const struct buf *in, struct buf *out)
{
    char bytes[4];

    for (size_t i = 0; i < in->len;) {
        uint32_t cp = utf8_next(in->data, in->len, &i);
        if (utf8_blank(cp))
            continue;
        if (cp >= 'a' && cp <= 'z')
            cp -= 'a' - 'A';
        buf_add(out, bytes, (size_t)utf8_put(bytes, cp));
    }
}

int identity_text(const char *cell, size_t len, struct buf *out)
{
    struct buf folded, text;
    int rc = -1;

    if (len > 16 * TEXT_MAX || !utf8_valid(cell, len, NULL))
        return -1;
    buf_init(&folded, 16 * TEXT_MAX);
    buf_init(&text, 16 * TEXT_MAX);
    utf8_fold(cell, len, &folded);
    squeeze(&folded, &text);
    if (text.len > 0) {
        size_t n = 0;
        uint8_t *nfc = u8_normalize(UNINORM_NFC, (const uint8_t *)text.data, text.len, NULL, &n);
        if (nfc == NULL)
            panic("out of memory");
        if (n <= TEXT_MAX)
            rc = buf_add(out, nfc, n);
        free(nfc);
    }
    buf_fini(&folded);
    buf_fini(&text);
    return rc;
}
