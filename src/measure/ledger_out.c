/*
 * ledger_out: the ledger for machines, as one JSON object and as one table of CSV. Pure.
 *
 * What is withheld, not known or has no denominator is null or empty, never zero. Ratios are fractions of one. Keys are stable: scripts read them. Called by list_ledger.c.
 */
#include <string.h>
#include "internal.h"
#include "zhanchi/json.h"
#include "zhanchi/table.h"

/* ---- the figures of a line, by one table for both ---- */

struct figure {
    const char *name;
    bool claims; /* means nothing without a claims file */
    size_t at;
};
static const struct figure counts[] = {
    {"persons", false, offsetof(struct ledger_line, persons)},
    {"certified", false, offsetof(struct ledger_line, certified)},
    {"eligible", false, offsetof(struct ledger_line, eligible)},
    {"undetermined", false, offsetof(struct ledger_line, undetermined)},
    {"expired", false, offsetof(struct ledger_line, expired)},
    {"other", false, offsetof(struct ledger_line, other)},
    {"reached", false, offsetof(struct ledger_line, reached)},
    {"claimed", true, offsetof(struct ledger_line, claimed)},
    {"paid", true, offsetof(struct ledger_line, paid)},
};
static const struct figure ratios[] = {
    {"coverage", false, offsetof(struct ledger_line, coverage)},
    {"claim_rate", true, offsetof(struct ledger_line, claim_rate)},
    {"paid_rate", true, offsetof(struct ledger_line, paid_rate)},
};
#define COUNTS (sizeof counts / sizeof counts[0])
#define RATIOS (sizeof ratios / sizeof ratios[0])

static bool known(const struct measure_ledger *r, const struct ledger_line *l,
                  const struct figure *f)
{
    return !l->withheld && (!f->claims || r->claims_known);
}

static int64_t count_at(const struct ledger_line *l, const struct figure *f)
{
    int64_t v;

    memcpy(&v, (const char *)l + f->at, sizeof v);
    return v;
}

static double ratio_at(const struct ledger_line *l, const struct figure *f)
{
    double v;

    memcpy(&v, (const char *)l + f->at, sizeof v);
    return v;
}

static const char *name_of(const struct ledger_names *names, size_t i)
{
    const char *name = names != NULL ? names->name(names->ctx, i) : NULL;

    return name != NULL ? name : "";
}

/* ---- JSON ---- */

static void figures_json(struct json_w *w, const struct measure_ledger *r,
                         const struct ledger_line *l)
{
    json_w_key(w, "withheld");
    json_w_bool(w, l->withheld);
    for (size_t i = 0; i < COUNTS; i++) {
        json_w_key(w, counts[i].name);
        if (known(r, l, &counts[i]))
            json_w_int(w, count_at(l, &counts[i]));
        else
            json_w_null(w);
    }
    for (size_t i = 0; i < RATIOS; i++) {
        json_w_key(w, ratios[i].name);
        if (known(r, l, &ratios[i]) && ratio_at(l, &ratios[i]) >= 0)
            json_w_real(w, ratio_at(l, &ratios[i]));
        else
            json_w_null(w);
    }
}

static void text_json(struct json_w *w, const char *key, const char *text)
{
    json_w_key(w, key);
    json_w_str(w, text);
}

static void day_json(struct json_w *w, const char *key, int32_t day)
{
    json_w_key(w, key);
    json_w_day(w, day);
}

void measure_ledger_json(const struct measure_ledger *r, const struct ledger_names *names,
                         struct buf *out)
{
    struct json_w w;

    json_w_init(&w, out);
    json_w_open(&w, '{');
    text_json(&w, "list", r->list.name);
    text_json(&w, "policy", r->policy.name);
    text_json(&w, "policy_version", r->policy.version);
    day_json(&w, "as_of", r->as_of);
    json_w_key(&w, "unscreened");
    json_w_int(&w, r->unscreened);
    json_w_key(&w, "claims_known");
    json_w_bool(&w, r->claims_known);
    day_json(&w, "claims_complete_through", r->complete_day);
    json_w_key(&w, "total");
    json_w_open(&w, '{');
    figures_json(&w, r, &r->total);
    json_w_close(&w, '}');
    text_json(&w, "by", measure_ledger_name(r->by));
    json_w_key(&w, "lines");
    json_w_open(&w, '[');
    for (size_t i = 0; i < r->n; i++) {
        json_w_open(&w, '{');
        text_json(&w, "key", r->lines[i].key);
        if (names != NULL)
            text_json(&w, "name", name_of(names, i));
        figures_json(&w, r, &r->lines[i]);
        json_w_close(&w, '}');
    }
    json_w_close(&w, ']');
    json_w_close(&w, '}');
}

/* ---- CSV ---- */

static void field(struct buf *out, const char *s, bool first)
{
    table_csv_field(out, s, strlen(s), first);
}

static void line_csv(const struct measure_ledger *r, const char *section,
                     const struct ledger_line *l, const char *name, struct buf *out)
{
    field(out, section, true);
    field(out, l->key, false);
    field(out, name, false);
    field(out, l->withheld ? "1" : "0", false);
    for (size_t i = 0; i < COUNTS; i++) {
        buf_addc(out, ',');
        if (known(r, l, &counts[i]))
            buf_addf(out, "%lld", (long long)count_at(l, &counts[i]));
    }
    for (size_t i = 0; i < RATIOS; i++) {
        buf_addc(out, ',');
        if (known(r, l, &ratios[i]) && ratio_at(l, &ratios[i]) >= 0)
            buf_addf(out, "%.12g", ratio_at(l, &ratios[i]));
    }
    buf_adds(out, "\r\n");
}

void measure_ledger_csv(const struct measure_ledger *r, const struct ledger_names *names,
                        struct buf *out)
{
    field(out, "section", true);
    field(out, "key", false);
    field(out, "name", false);
    field(out, "withheld", false);
    for (size_t i = 0; i < COUNTS; i++)
        field(out, counts[i].name, false);
    for (size_t i = 0; i < RATIOS; i++)
        field(out, ratios[i].name, false);
    buf_adds(out, "\r\n");
    line_csv(r, "total", &r->total, "", out);
    for (size_t i = 0; i < r->n; i++)
        line_csv(r, measure_ledger_name(r->by), &r->lines[i], name_of(names, i), out);
}
