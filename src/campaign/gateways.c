/*
 * gateways: what a campaign's gateways can carry and cost, and which one a message gets. The rules
 * are route.h's; here its question is put together from a person, a text and the profiles. Callers:
 * freeze.c, forecast.c, submit.c, approve.c.
 */
#include <string.h>
#include "zhanchi/phone.h"
#include "zhanchi/store_approval.h"
#include "internal.h"

int gateways_open(struct store *s, const struct campaign_info *c, struct gateway *const *list,
                  size_t max_units, struct gateways *out, struct err *e)
{
    memset(out, 0, sizeof *out);
    out->max_units[0] = max_units;
    if (list == NULL)
        return 0;
    out->list = list;
    out->n = c->n_gateways;
    if (route_parse(c->routing, c->gateways, c->n_gateways, &out->route, e) != 0)
        return err_prefix(e, "campaign %s", c->name);
    for (int i = 0; i < out->n; i++) {
        const struct gw_limits *l = gateway_limits(list[i]);
        size_t theirs = l->text_units > 0 ? (size_t)l->text_units : max_units;
        out->max_units[i] = theirs < max_units ? theirs : max_units;
        out->price[i] = l->price_microyuan;
        if (out->n > 1 && store_gateway_id(s, c->gateways[i], &out->id[i], e) != 0)
            return -1;
    }
    return 0;
}

void gateways_digest(const struct campaign_info *c, struct gateway *const *list, uint8_t out[32])
{
    uint8_t each[ROUTE_GATEWAYS][32];

    for (int i = 0; i < c->n_gateways; i++)
        gateway_digest(list[i], each[i]);
    approval_gateways((const uint8_t(*)[32])each, c->n_gateways, out);
}

static enum route_class class_of(const char *phone)
{
    struct phone p;

    if (!phone_parse(phone, strlen(phone), &p))
        return ROUTE_ANY;
    return p.class == PHONE_VIRTUAL     ? ROUTE_VIRTUAL
           : p.class == PHONE_DATA_CARD ? ROUTE_DATA
                                        : ROUTE_BASIC;
}

/* The gateway over which this number was written to before, if people keep that one. */
static int kept(const struct gateways *w, int64_t gateway_id)
{
    for (int i = 0; i < w->n && gateway_id != 0; i++)
        if (w->id[i] == gateway_id)
            return gateway_sticky(w->list[i]) ? i : -1;
    return -1;
}

/* Where there is no choice a text without number at the carrier is the profile's affair. */
static bool can_carry(const struct gateways *w, int i, const struct letter *l)
{
    return l->units <= w->max_units[i] &&
           (w->n == 1 || l->carrier_template[0] != '\0' || !gateway_filed_only(w->list[i]));
}

enum msg_cause gateways_pick(const struct gateways *w, const struct campaign_info *c,
                             const struct letter *l, int *route, unsigned *carriers)
{
    bool short_enough = false;
    struct route_question q = {.region = l->k->row.region,
                               .cell = l->cell,
                               .topic = c->topic,
                               .chance = assign_route_chance(c, l->k->row.address_id),
                               .price = w->price,
                               .keep = kept(w, l->k->known_gateway_id)};

    *route = 0;
    *carriers = 1;
    if (w->n == 0)
        return l->units <= w->max_units[0] ? CAUSE_NONE : CAUSE_TOO_LONG;
    if (w->n > 1)
        q.class = class_of(l->phone);
    for (int i = 0; i < w->n; i++) {
        short_enough = short_enough || l->units <= w->max_units[i];
        q.able |= can_carry(w, i, l) ? 1u << i : 0;
    }
    int at = route_decide(&w->route, &q);
    if (at < 0)
        return short_enough && l->carrier_template[0] == '\0' && q.able == 0 ? CAUSE_MISSING_VALUE
                                                                             : CAUSE_TOO_LONG;
    *route = at;
    *carriers = q.able;
    return CAUSE_NONE;
}

int64_t gateways_finish(const struct gateways *w, const struct campaign_info *c, int64_t now_ms,
                        const int64_t now[ROUTE_GATEWAYS], struct wave_gateway sums[ROUTE_GATEWAYS])
{
    int64_t last = 0;

    for (int i = 0; i < w->n; i++) {
        double rate = gateway_limits(w->list[i])->rate;
        int64_t need = rate > 0 ? (int64_t)((double)now[i] / rate * 1000.0) : 0;
        sums[i].no = i;
        sums[i].cost_microyuan = sums[i].segments * w->price[i];
        sums[i].finish_ms = pace_schedule_finish(&c->schedule, now_ms, need);
        if (now[i] == 0 && w->n > 1)
            continue;
        last = last < 0 || sums[i].finish_ms < 0 ? -1
               : sums[i].finish_ms > last        ? sums[i].finish_ms
                                                 : last;
    }
    return last;
}
