/*
 * segment: how many billed SMS parts a text takes. Pure.
 */
#ifndef ZHANCHI_SEGMENT_H
#define ZHANCHI_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum segment_mode {
    SEGMENT_MAINLAND, /* every text in UCS-2: 70, or 67 a part (facts: mainland gateways count every
                         character) */
    SEGMENT_GSM       /* GSM-7 (3GPP TS 23.038) where the text allows: 160/153, else 70/67 */
};

struct segments {
    bool gsm7;            /* encoding chosen */
    size_t units;         /* septets (extension characters count 2) or UTF-16 units */
    size_t parts;         /* 0 for an empty text; a two-unit character is never cut at a border */
    uint32_t forces_ucs2; /* first code point outside GSM-7, 0 if none */
};

/* `text` is valid UTF-8. part_units may be NULL; else the units of the first `cap` parts are stored
 * there. */
void segment_count(const char *text, size_t len, enum segment_mode mode, struct segments *out,
                   uint16_t *part_units, size_t cap);
/* Septets of one code point: 1, 2 (extension table), or 0 outside. */
int segment_gsm7(uint32_t cp, uint8_t septets[2]);

/* Characters that cost more than others, each once, first appearance first. */
struct segment_char {
    uint32_t cp;
    size_t times, at; /* at: number of the first one in the text, from 1 */
};
enum segment_dear {
    SEGMENT_FORCING, /* outside GSM-7: with one of them a text is UCS-2 */
    SEGMENT_DOUBLE   /* two units in the encoding that was chosen */
};
/* Stores at most `cap` of them, the first ones; returns how many. */
size_t segment_dear(const char *text, size_t len, enum segment_dear what, bool gsm7,
                    struct segment_char *out, size_t cap);

#endif
