/*
 * segment: see segment.h. Table of 3GPP TS 23.038, default alphabet and its extension; parts with
 * an 8-bit concatenation reference (153 septets, 67 units).
 *
 * A character of two units (an extension character, a surrogate pair) is never cut, so a part may
 * end one unit early and plain division undercounts. Characters that belong together otherwise
 * (base and accent, flags) may be cut: the receiving telephone joins the parts before it shows
 * them.
 *
 * Called by campaign (cost, length), template previews and `zhanchi text count`.
 */
#include "zhanchi/segment.h"
#include "zhanchi/utf8.h"

#define ESCAPE 0x1B

static const struct {
    uint16_t cp;
    uint8_t septet;
} other[] = {{'@', 0},      {0x00A3, 1},  {'$', 2},     {0x00A5, 3},   {0x00E8, 4},   {0x00E9, 5},
             {0x00F9, 6},   {0x00EC, 7},  {0x00F2, 8},  {0x00C7, 9},   {'\n', 10},    {0x00D8, 11},
             {0x00F8, 12},  {'\r', 13},   {0x00C5, 14}, {0x00E5, 15},  {0x0394, 16},  {'_', 17},
             {0x03A6, 18},  {0x0393, 19}, {0x039B, 20}, {0x03A9, 21},  {0x03A0, 22},  {0x03A8, 23},
             {0x03A3, 24},  {0x0398, 25}, {0x039E, 26}, {0x00C6, 28},  {0x00E6, 29},  {0x00DF, 30},
             {0x00C9, 31},  {0x00A4, 36}, {0x00A1, 64}, {0x00C4, 91},  {0x00D6, 92},  {0x00D1, 93},
             {0x00DC, 94},  {0x00A7, 95}, {0x00BF, 96}, {0x00E4, 123}, {0x00F6, 124}, {0x00F1, 125},
             {0x00FC, 126}, {0x00E0, 127}};

static const struct {
    uint16_t cp;
    uint8_t septet;
} extension[] = {{0x000C, 10}, {'^', 20}, {'{', 40}, {'}', 41}, {'\\', 47},
                 {'[', 60},    {'~', 61}, {']', 62}, {'|', 64}, {0x20AC, 101}};

/* Characters whose septet is their ASCII code. */
static bool same_as_ascii(uint32_t cp)
{
    return (cp >= ' ' && cp <= '?' && cp != '$') || (cp >= 'A' && cp <= 'Z') ||
           (cp >= 'a' && cp <= 'z');
}

int segment_gsm7(uint32_t cp, uint8_t septets[2])
{
    if (same_as_ascii(cp)) {
        septets[0] = (uint8_t)cp;
        return 1;
    }
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        if (other[i].cp == cp) {
            septets[0] = other[i].septet;
            return 1;
        }
    for (size_t i = 0; i < sizeof extension / sizeof extension[0]; i++)
        if (extension[i].cp == cp) {
            septets[0] = ESCAPE;
            septets[1] = extension[i].septet;
            return 2;
        }
    return 0;
}

static size_t width_of(uint32_t cp, bool gsm7)
{
    uint8_t septets[2];

    if (gsm7)
        return (size_t)segment_gsm7(cp, septets);
    return cp > 0xFFFF ? 2 : 1;
}

static uint32_t first_outside(const char *text, size_t len)
{
    uint8_t septets[2];

    for (size_t i = 0; i < len;) {
        uint32_t cp = utf8_next(text, len, &i);
        if (segment_gsm7(cp, septets) == 0)
            return cp;
    }
    return 0;
}

static size_t total_units(const char *text, size_t len, bool gsm7)
{
    size_t units = 0;

    for (size_t i = 0; i < len;)
        units += width_of(utf8_next(text, len, &i), gsm7);
    return units;
}

static void note_part(struct segments *out, uint16_t *part_units, size_t cap, size_t units)
{
    if (part_units != NULL && out->parts < cap)
        part_units[out->parts] = (uint16_t)units;
    out->parts++;
}

void segment_count(const char *text, size_t len, enum segment_mode mode, struct segments *out,
                   uint16_t *part_units, size_t cap)
{
    *out = (struct segments){.forces_ucs2 = first_outside(text, len)};
    out->gsm7 = mode == SEGMENT_GSM && out->forces_ucs2 == 0;
    out->units = total_units(text, len, out->gsm7);
    size_t single = out->gsm7 ? 160 : 70, each = out->gsm7 ? 153 : 67, used = 0;

    if (out->units == 0)
        return;
    if (out->units <= single) {
        note_part(out, part_units, cap, out->units);
        return;
    }
    for (size_t i = 0; i < len;) {
        size_t w = width_of(utf8_next(text, len, &i), out->gsm7);
        if (used + w > each) { /* a character of two units goes whole into the next part */
            note_part(out, part_units, cap, used);
            used = 0;
        }
        used += w;
    }
    note_part(out, part_units, cap, used);
}

/* ---- what makes a text dear ---- */

static bool is_dear(uint32_t cp, enum segment_dear what, bool gsm7)
{
    uint8_t septets[2];

    if (what == SEGMENT_FORCING)
        return segment_gsm7(cp, septets) == 0;
    return width_of(cp, gsm7) == 2;
}

/* Where cp stands among the first n, or n. */
static size_t place_of(uint32_t cp, const struct segment_char *out, size_t n)
{
    size_t i = 0;

    while (i < n && out[i].cp != cp)
        i++;
    return i;
}

/* For a text of one person, on demand: distinct ones are looked for one after the other. */
size_t segment_dear(const char *text, size_t len, enum segment_dear what, bool gsm7,
                    struct segment_char *out, size_t cap)
{
    size_t n = 0, at = 0;

    for (size_t i = 0; i < len;) {
        uint32_t cp = utf8_next(text, len, &i);
        at++;
        if (!is_dear(cp, what, gsm7))
            continue;
        size_t place = place_of(cp, out, n);
        if (place < n) {
            out[place].times++;
        } else if (n < cap) {
            out[n++] = (struct segment_char){.cp = cp, .times = 1, .at = at};
        }
    }
    return n;
}
