/*
 * name: persons' names. The separator of foreign names is U+00B7 and a field holds at least 50 characters (民委发〔2016〕33号); NFC
 * through libunistring, so that one name has one key.
 */
#include <stdlib.h>
#include <uninorm.h>
#include "zhanchi/err.h"
#include "zhanchi/utf8.h"

#define NAME_MAX_BYTES 200

static uint32_t separator(uint32_t cp)
{
    switch (cp) {
    case 0x2022: /* bullet */
    case 0x30FB: /* katakana middle dot */
    case 0x2027: /* hyphenation point */
    case 0x2219: /* bullet operator */
    case 0xFF0E: /* full-width full stop */
    case 0xFF65: /* half-width katakana middle dot */
        return 0x00B7;
    default:
        return cp;
    }
}

static bool doubtful(uint32_t cp)
{
    return cp == '?' || cp == 0xFF1F || cp == 0xFFFD || (cp >= 0xE000 && cp <= 0xF8FF) ||
           cp >= 0xF0000;
}

static void clean(const char *s, size_t len, struct buf *out, bool *look)
{
    size_t end = 0;
    char bytes[4];

    for (size_t i = 0; i < len;) {
        uint32_t cp = separator(utf8_next(s, len, &i));
        if (utf8_invisible(cp) || (utf8_blank(cp) && out->len == 0))
            continue;
        *look = *look || doubtful(cp);
        buf_add(out, bytes, (size_t)utf8_put(bytes, cp == 0x3000 ? ' ' : cp));
        if (!utf8_blank(cp))
            end = out->len;
    }
    out->len = end;
}

int utf8_name(const char *s, size_t len, struct buf *out)
{
    bool look = false;
    struct buf cleaned;
    int rc = -1;

    buf_init(&cleaned, 4096);
    clean(s, len < 4096 ? len : 4095, &cleaned, &look);
    if (cleaned.len > 0) {
        size_t n = 0;
        uint8_t *nfc =
            u8_normalize(UNINORM_NFC, (const uint8_t *)cleaned.data, cleaned.len, NULL, &n);
        if (nfc == NULL)
            panic("out of memory");
        if (n <= NAME_MAX_BYTES && buf_add(out, nfc, n) == 0)
            rc = look ? 1 : 0;
        free(nfc);
    }
    buf_fini(&cleaned);
    return rc;
}
