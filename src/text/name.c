/*
 * name: persons' names. The separator of foreign names is U+00B7 and a field holds at least 50
 * characters (民委发〔2016〕33号); NFC through libunistring, so that one name has one key.
 *
 * Repair is only what leaves the same name: nothing is transliterated, no variant of a character is
 * exchanged for another. A name that holds traces of a lossy conversion is kept and reported: a
 * person must look, because 张? may be anybody.
 *
 * Called by intake and measure for each row.
 */
#include <stdlib.h>
#include <unictype.h>
#include <uninorm.h>
#include "zhanchi/err.h"
#include "zhanchi/utf8.h"

#define NAME_MAX_BYTES 200
#define CELL_MAX 4096

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

/* No name holds these: a lossy conversion made them, or a cell of two lines. */
static bool doubtful(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == '?' || cp == 0xFF1F || cp == 0xFFFD ||
           (cp >= 0xE000 && cp <= 0xF8FF) || cp >= 0xF0000;
}

/* Copies what is visible. Blanks wait until a character follows: those at the ends vanish, and so
 * do those between two Han characters, where they only align short names with long ones (张　三).
 */
static void clean(const char *s, size_t len, struct buf *out, bool *look)
{
    uint32_t last = 0, blank = 0;
    char bytes[4];

    for (size_t i = 0; i < len;) {
        uint32_t cp = separator(utf8_next(s, len, &i));
        if (utf8_invisible(cp))
            continue;
        if (utf8_blank(cp)) {
            blank = blank != 0 && blank < 0x20 ? blank : cp; /* a line break outweighs a space */
            continue;
        }
        if (blank != 0 && last != 0 &&
            !(uc_is_property_ideographic(last) && uc_is_property_ideographic(cp))) {
            buf_addc(out, ' ');
            *look = *look || doubtful(blank);
        }
        *look = *look || doubtful(cp);
        buf_add(out, bytes, (size_t)utf8_put(bytes, cp));
        last = cp;
        blank = 0;
    }
}

int utf8_name(const char *s, size_t len, struct buf *out)
{
    bool look = false;
    struct buf cleaned;
    int rc = -1;

    buf_init(&cleaned, CELL_MAX);
    if (len <= CELL_MAX && utf8_valid(s, len, NULL))
        clean(s, len, &cleaned, &look);
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
