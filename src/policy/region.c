/*
 * region: what a list writes in 参保地, as a place of the policy's tree.
 *
 * Three kinds of names meet here: GB/T 2260 codes, whose parents are their leading digits (430102,
 * 4301, 43); names of the policy's own, whose parents stand in the file; and the titles that lists
 * write. Everything ends at "CN". A place's parent from the file goes before the one that its
 * digits tell: areas run directly by a province keep their code.
 *
 * What none of these knows is looked up in the standard's own table (regions.c): a list writes 长沙市,
 * the policy has a rule for 43.
 *
 * A title must be read to its end. A cell that begins with a known title and goes on with an
 * unknown word names a place that the policy may treat otherwise, so it is no region at all and its
 * people are undetermined. Called by judge.c, by intake and by conf.
 */
#include <stdio.h>
#include <string.h>
#include "zhanchi/region.h"
#include "internal.h"

#define NATION "CN"

struct place place_of(const char *region)
{
    return (struct place){region, strlen(region)};
}

bool place_is(struct place at, const char *region)
{
    return strlen(region) == at.len && memcmp(at.s, region, at.len) == 0;
}

const struct policy_region *place_entry(const struct policy *p, struct place at)
{
    for (size_t i = 0; i < p->n_regions; i++)
        if (place_is(at, p->regions[i].name))
            return &p->regions[i];
    return NULL;
}

static bool digits(struct place at)
{
    for (size_t i = 0; i < at.len; i++)
        if (at.s[i] < '0' || at.s[i] > '9')
            return false;
    return at.len > 0;
}

struct place place_above(const struct policy *p, struct place at)
{
    const struct policy_region *entry = place_entry(p, at);

    if (place_is(at, NATION))
        return (struct place){NULL, 0};
    if (entry != NULL && entry->parent != NULL && entry->parent[0] != '\0')
        return place_of(entry->parent);
    if (digits(at) && at.len > 2)
        return (struct place){at.s, at.len - 2};
    return place_of(NATION);
}

/* ---- codes ---- */

/* The first two digits of GB/T 2260. */
static bool province(const char *s)
{
    static const char codes[] = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 "
                                "50 51 52 53 54 61 62 63 64 65 71 81 82";

    for (const char *c = codes; *c != '\0'; c += c[2] == ' ' ? 3 : 2)
        if (memcmp(c, s, 2) == 0)
            return true;
    return false;
}

/* 430000 -> 43, 430100 -> 4301, 430102; the statistical codes of townships (9 and 12 digits) count
 * to the sixth digit. */
static bool code_place(struct place cell, struct place *out)
{
    *out = cell;
    if (!digits(cell) || cell.len < 2 || !province(cell.s))
        return false;
    if (cell.len == 9 || cell.len == 12)
        out->len = 6;
    if (out->len != 2 && out->len != 4 && out->len != 6)
        return false;
    while (out->len > 2 && memcmp(out->s + out->len - 2, "00", 2) == 0)
        out->len -= 2;
    return true;
}

int policy_region_code(const char *text, char out[7])
{
    struct place at;

    if (!code_place(place_of(text), &at))
        return -1;
    memcpy(out, at.s, at.len);
    out[at.len] = '\0';
    return 0;
}

/* The policy's own text for a place that it knows, by a rule or as a region. */
static const char *known(const struct policy *p, struct place at)
{
    const struct policy_region *entry = place_entry(p, at);

    if (entry != NULL)
        return entry->name;
    for (size_t i = 0; i < p->n_rules; i++)
        if (place_is(at, p->rules[i].region))
            return p->rules[i].region;
    return NULL;
}

/* ---- titles ---- */

static bool strip(struct place *text, const char *end)
{
    size_t n = strlen(end);

    if (n == 0 || text->len < n || memcmp(text->s + text->len - n, end, n) != 0)
        return false;
    text->len -= n;
    return true;
}

static void strip_blanks(struct place *text)
{
    while (strip(text, " ") || strip(text, "\t") || strip(text, "\u3000"))
        ;
}

/* Takes titles from the cell's end, the region's own first, then those above it as far as they are
 * there. */
static bool spells(const struct policy *p, const struct policy_region *r, struct place cell)
{
    struct place at = place_of(r->name);

    if (!strip(&cell, r->title))
        return false;
    for (int i = 0; i < PLACES_MAX && at.len > 0; i++) {
        at = place_above(p, at);
        const struct policy_region *above = place_entry(p, at);
        strip_blanks(&cell);
        if (above != NULL)
            strip(&cell, above->title);
    }
    return cell.len == 0;
}

/* As the policy itself writes it: by name, code or title. */
static const char *spelt(const struct policy *p, const char *cell)
{
    struct place text = place_of(cell), at;

    strip_blanks(&text);
    while (text.len > 0 && (*text.s == ' ' || *text.s == '\t')) {
        text.s++;
        text.len--;
    }
    if (text.len == 0)
        return NULL;
    const char *name = known(p, text);
    if (name != NULL)
        return name;
    if (code_place(text, &at))
        for (int i = 0; i < PLACES_MAX && at.len > 0 && name == NULL; i++) {
            name = known(p, at);
            at = place_above(p, at);
        }
    for (size_t i = 0; i < p->n_regions && name == NULL; i++)
        if (spells(p, &p->regions[i], text))
            name = p->regions[i].name;
    return name;
}

/* By the standard's table: the nearest place above it that the policy knows. */
static const char *named(const struct policy *p, const char *cell)
{
    const struct region *r = region_by_name(cell, strlen(cell));
    char code[8];
    struct place at;
    const char *name = NULL;

    if (r == NULL)
        return NULL;
    snprintf(code, sizeof code, "%06u", (unsigned)r->code);
    if (!code_place(place_of(code), &at))
        return NULL;
    for (int i = 0; i < PLACES_MAX && at.len > 0 && name == NULL; i++) {
        name = known(p, at);
        at = place_above(p, at);
    }
    return name;
}

const char *policy_region_of(const struct policy *p, const char *cell)
{
    const char *name = spelt(p, cell);

    return name != NULL ? name : named(p, cell);
}

/* ---- labels ---- */

/* Appends whole characters, as many as fit, without blanks. */
static void put(char out[POLICY_LABEL_MAX], struct place text)
{
    size_t len = strlen(out);

    while (text.len > 0) {
        size_t n = 1;
        while (n < text.len && ((unsigned char)text.s[n] & 0xC0) == 0x80)
            n++;
        bool blank =
            *text.s == ' ' || *text.s == '\t' || (n == 3 && memcmp(text.s, "\u3000", 3) == 0);
        if (!blank && len + n >= POLICY_LABEL_MAX)
            break;
        if (!blank) {
            memcpy(out + len, text.s, n);
            len += n;
        }
        text.s += n;
        text.len -= n;
    }
    out[len] = '\0';
}

static bool ends_in(struct place text, const char *const *ends)
{
    for (; *ends != NULL; ends++)
        if (strip(&text, *ends) && text.len > 0)
            return true;
    return false;
}

/* Without the province that stands in front of something below it. */
static struct place below_province(const char *text)
{
    static const char *const provinces[] = {"省", "自治区", NULL};
    static const char *const ends[] = {"市", "区", "县", "州", "盟", "旗", NULL};

    for (const char *const *p = provinces; *p != NULL; p++) {
        const char *at = strstr(text, *p);
        if (at == NULL || at == text)
            continue;
        struct place rest = place_of(at + strlen(*p));
        if (ends_in(rest, ends))
            return rest;
    }
    return place_of(text);
}

static void put_region(const struct policy *p, const char *region, char out[POLICY_LABEL_MAX])
{
    const struct policy_region *r = place_entry(p, place_of(region));

    if (r == NULL || r->title == NULL || r->title[0] == '\0')
        put(out, place_of(region));
    else
        put(out, place_of(r->title));
}

void policy_region_label(const struct policy *p, const char *cell, char out[POLICY_LABEL_MAX])
{
    char plain[POLICY_LABEL_MAX] = "";
    struct place code;

    put(plain, place_of(cell));
    out[0] = '\0';
    bool is_code = code_place(place_of(plain), &code);
    const char *region = p == NULL ? NULL : is_code ? known(p, code) : spelt(p, cell);
    if (region != NULL)
        put_region(p, region, out);
    else
        put(out, is_code ? code : below_province(plain));
}
