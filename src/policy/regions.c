/*
 * regions: see region.h. A text is read from its end: every ending that is the name of a place is tried,
 * and what stands before it must be names of places above that one, in order, as far as they are
 * there. So 湖南省长沙市芙蓉区, 长沙市芙蓉区 and 芙蓉区 are one place, and 北京市芙蓉区 is none.
 *
 * 4290xx, 4690xx, 6590xx have no prefecture: their code's middle digits name none.
 * Called by region.c (policy), and by commands.
 */
#include <string.h>
#include "regions.h"

#define NAME_MAX_BYTES 96
#define FOUND_MAX 64 /* places of one name: 城关区, 东区 ... */

static const char *const units[] = {"市", "省", NULL};
/* What people write for the provinces whose names are long. */
static const struct {
    const char *text;
    uint32_t code;
} short_names[] = {{"内蒙古", 150000}, {"广西", 450000},   {"西藏", 540000},
                   {"宁夏", 640000},   {"新疆", 650000},   {"香港", 810000},
                   {"澳门", 820000},   {"恩施州", 422800}, {"湘西州", 433100}};

/* ---- by code ---- */

static size_t first_of(uint32_t code)
{
    size_t low = 0, high = regions_n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (regions[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct region *newest(uint32_t code)
{
    size_t i = first_of(code + 1);

    return i > 0 && regions[i - 1].code == code ? &regions[i - 1] : NULL;
}

const struct region *region_by_code(const char *code)
{
    uint32_t number = 0;

    for (int i = 0; i < 6; i++) {
        if (code[i] < '0' || code[i] > '9')
            return NULL;
        number = 10 * number + (uint32_t)(code[i] - '0');
    }
    return newest(number);
}

/* ---- by name ---- */

static int compare(const char *name, const char *text, size_t len)
{
    size_t n = strlen(name);
    int d = memcmp(name, text, n < len ? n : len);

    return d != 0 ? d : (n > len) - (n < len);
}

/* The first of those with this name in regions_named. */
static size_t first_named(const char *text, size_t len)
{
    size_t low = 0, high = regions_n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare(regions[regions_named[middle]].name, text, len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool ends_in(const char *text, size_t *len, const char *end)
{
    size_t n = strlen(end);

    if (n == 0 || n > *len || memcmp(text + *len - n, end, n) != 0)
        return false;
    *len -= n;
    return true;
}

/* Takes the place's name from the text's end if it stands there: any name that it had, without its
 * unit, or as it is shortened. */
static void strip_place(uint32_t code, const char *text, size_t *len)
{
    for (size_t i = first_of(code); i < regions_n && regions[i].code == code; i++) {
        const char *name = regions[i].name;
        size_t n = strlen(name);
        if (ends_in(text, len, name))
            return;
        for (const char *const *u = units; *u != NULL; u++) {
            size_t bare = n;
            if (ends_in(name, &bare, *u) && bare >= 6 && bare <= *len &&
                memcmp(text + *len - bare, name, bare) == 0) {
                *len -= bare;
                return;
            }
        }
    }
    for (size_t i = 0; i < sizeof short_names / sizeof short_names[0]; i++)
        if (short_names[i].code == code && ends_in(text, len, short_names[i].text))
            return;
}

/* Is what stands in front of a place made of the places above it? */
static bool led_by(uint32_t code, const char *text, size_t len)
{
    uint32_t prefecture = code / 100 * 100, province = code / 10000 * 10000;

    if (prefecture != code && len > 0)
        strip_place(prefecture, text, &len);
    if (province != code && len > 0)
        strip_place(province, text, &len);
    return len == 0;
}

struct found {
    const struct region *one; /* the best so far */
    bool several;
};

static void consider(struct found *f, const struct region *r)
{
    if (f->one == NULL || (r->now && !f->one->now)) {
        *f = (struct found){r, false};
        return;
    }
    if (r->now == f->one->now && r->code != f->one->code)
        f->several = true;
}

/* Every place with the name text[from ...], led by what stands before it. */
static void look(struct found *f, const char *text, size_t from, size_t len)
{
    for (size_t i = first_named(text + from, len - from);
         i < regions_n && compare(regions[regions_named[i]].name, text + from, len - from) == 0;
         i++) {
        const struct region *r = &regions[regions_named[i]];
        if (led_by(r->code, text, from))
            consider(f, r);
    }
}

static struct found look_all(const char *text, size_t len)
{
    struct found f = {NULL, false};

    for (size_t i = 0; i < len; i++)
        if (((unsigned char)text[i] & 0xC0) != 0x80)
            look(&f, text, i, len);
    return f;
}

/* 湖南长沙, 湖南: without their units. Provinces first: 吉林 is the province. */
static struct found look_short(const char *text, size_t len)
{
    static const char *const order[] = {"省", "市", NULL};
    struct found f = {NULL, false};
    char longer[NAME_MAX_BYTES + 8];

    for (size_t i = 0; i < sizeof short_names / sizeof short_names[0]; i++) {
        size_t rest = len;
        if (ends_in(text, &rest, short_names[i].text) && led_by(short_names[i].code, text, rest))
            consider(&f, newest(short_names[i].code));
    }
    for (const char *const *u = order; *u != NULL && f.one == NULL && len >= 6; u++) {
        memcpy(longer, text, len);
        memcpy(longer + len, *u, strlen(*u));
        f = look_all(longer, len + strlen(*u));
    }
    return f;
}

const struct region *region_by_name(const char *text, size_t len)
{
    char bare[NAME_MAX_BYTES];
    size_t n = 0;

    for (size_t i = 0; i < len; i++) { /* without blanks */
        if (len - i >= 3 && memcmp(text + i, "\u3000", 3) == 0) {
            i += 2;
            continue;
        }
        if (text[i] == ' ' || text[i] == '\t')
            continue;
        if (n == sizeof bare)
            return NULL;
        bare[n++] = text[i];
    }
    struct found f = look_all(bare, n);
    if (f.one == NULL)
        f = look_short(bare, n);
    return f.several || f.one == NULL ? NULL : newest(f.one->code);
}
