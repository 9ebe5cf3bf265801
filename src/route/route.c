/*
 * route: see route.h. The text form is read and written here and nowhere else; conf reads the same
 * rules from zhanchi.conf. Callers: conf, campaign (create, freeze), the commands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/route.h"

#define WEIGHT_MAX 1000

static const char *const classes[] = {"", "basic", "virtual", "data"};

int route_class_parse(const char *name, enum route_class *out)
{
    for (size_t i = 1; i < sizeof classes / sizeof classes[0]; i++)
        if (strcmp(classes[i], name) == 0) {
            *out = (enum route_class)i;
            return 0;
        }
    return -1;
}

int route_gateway(struct route *r, const char *name)
{
    size_t len = strlen(name);

    for (int i = 0; i < r->n_gateways; i++)
        if (strcmp(r->gateways[i], name) == 0)
            return i;
    if (r->n_gateways == ROUTE_GATEWAYS || len == 0 || len >= sizeof r->gateways[0])
        return -1;
    memcpy(r->gateways[r->n_gateways], name, len + 1);
    return r->n_gateways++;
}

/* ---- checks ---- */

static bool fits_all(const struct route_rule *u)
{
    return u->region[0] == '\0' && u->topic[0] == '\0' && u->class == ROUTE_ANY;
}

static int check_rule(const struct route *r, int no, struct err *e)
{
    const struct route_rule *u = &r->rules[no];
    bool any = false;

    for (int g = 0; g < ROUTE_GATEWAYS; g++) {
        if (u->weight[g] < 0 || u->weight[g] > WEIGHT_MAX ||
            (u->weight[g] > 0 && g >= r->n_gateways))
            return err_set(e, ERR_CONFIG, "write NAME:WEIGHT", "a weight must be from 1 to %d",
                           WEIGHT_MAX);
        any = any || u->weight[g] > 0;
    }
    if (!any)
        return err_set(e, ERR_CONFIG, "name a gateway", "rule %d names no gateway", no + 1);
    if (fits_all(u) && no + 1 < r->n_rules)
        return err_set(e, ERR_CONFIG, "put it last",
                       "rule %d fits every message: what stands behind it is never looked at",
                       no + 1);
    return 0;
}

int route_check(const struct route *r, struct err *e)
{
    if (r->n_rules < 1)
        return err_set(e, ERR_CONFIG, "add a rule", "the route has no rules");
    for (int i = 0; i < r->n_rules; i++)
        if (check_rule(r, i, e) != 0)
            return -1;
    if (!fits_all(&r->rules[r->n_rules - 1]))
        return err_set(e, ERR_CONFIG, "end it with a rule without conditions",
                       "the route says nothing of messages that fit none of its rules");
    return 0;
}

/* ---- the text form ---- */

int route_format(const struct route *r, char *out, size_t cap)
{
    size_t n = 0;

#define PUT(...)                                                                                   \
    do {                                                                                           \
        n += (size_t)snprintf(out + n, cap - n, __VA_ARGS__);                                      \
        if (n >= cap)                                                                              \
            return -1;                                                                             \
    } while (0)
    if (cap == 0)
        return -1;
    out[0] = '\0';
    for (int i = 0; i < r->n_rules; i++) {
        const struct route_rule *u = &r->rules[i];
        const char *sep = "";
        if (i > 0)
            PUT("\n");
        if (u->region[0] != '\0') {
            PUT("region=%s", u->region);
            sep = "\t";
        }
        if (u->topic[0] != '\0') {
            PUT("%stopic=%s", sep, u->topic);
            sep = "\t";
        }
        if (u->class != ROUTE_ANY) {
            PUT("%scarrier=%s", sep, classes[u->class]);
            sep = "\t";
        }
        if (u->cheapest) {
            PUT("%scheapest", sep);
            sep = "\t";
        }
        for (int g = 0; g < r->n_gateways; g++)
            if (u->weight[g] > 0) {
                PUT("%s%s:%d", sep, r->gateways[g], u->weight[g]);
                sep = "\t";
            }
    }
#undef PUT
    return 0;
}

static int bad(const char *part, size_t len, struct err *e)
{
    return err_set(e, ERR_DATA, "make the campaign anew", "a route has a part that is none: %.*s",
                   len > 80 ? 80 : (int)len, part);
}

static bool value_of(const char *part, size_t len, const char *key, char out[64])
{
    size_t k = strlen(key);

    if (len <= k || strncmp(part, key, k) != 0 || len - k >= 64)
        return false;
    memcpy(out, part + k, len - k);
    out[len - k] = '\0';
    return true;
}

/* "a:3"; a name may have a colon of its own. */
static int parse_target(const struct route *r, const char *part, size_t len, struct route_rule *u,
                        struct err *e)
{
    size_t colon = len;
    int weight = 0;

    while (colon > 0 && part[colon - 1] != ':')
        colon--;
    for (size_t i = colon; i < len && weight <= WEIGHT_MAX; i++)
        weight = part[i] >= '0' && part[i] <= '9' ? weight * 10 + part[i] - '0' : WEIGHT_MAX + 1;
    for (int g = 0; colon > 0 && weight >= 1 && weight <= WEIGHT_MAX && g < r->n_gateways; g++)
        if (strlen(r->gateways[g]) == colon - 1 && memcmp(r->gateways[g], part, colon - 1) == 0) {
            u->weight[g] = weight;
            return 0;
        }
    return bad(part, len, e);
}

static int parse_part(const struct route *r, const char *part, size_t len, struct route_rule *u,
                      struct err *e)
{
    char class[64];

    if (value_of(part, len, "region=", u->region) || value_of(part, len, "topic=", u->topic))
        return 0;
    if (value_of(part, len, "carrier=", class))
        return route_class_parse(class, &u->class) == 0 ? 0 : bad(part, len, e);
    if (len == 8 && memcmp(part, "cheapest", 8) == 0) {
        u->cheapest = true;
        return 0;
    }
    return parse_target(r, part, len, u, e);
}

static int parse_rules(struct route *r, const char *text, struct err *e)
{
    struct route_rule *u = NULL;

    if (*text == '\0')
        return 0;
    for (;;) {
        size_t len = strcspn(text, "\t\n");
        if (u == NULL && r->n_rules == ROUTE_RULES)
            return bad("too many rules", 14, e);
        if (u == NULL)
            u = &r->rules[r->n_rules++];
        if (parse_part(r, text, len, u, e) != 0)
            return -1;
        if (text[len] == '\0')
            return 0;
        if (text[len] == '\n')
            u = NULL;
        text += len + 1;
    }
}

int route_parse(const char *text, const char (*gateways)[64], int n, struct route *out,
                struct err *e)
{
    memset(out, 0, sizeof *out);
    for (int i = 0; i < n; i++)
        if (route_gateway(out, gateways[i]) != i)
            return bad(gateways[i], strnlen(gateways[i], 64), e);
    if (parse_rules(out, text, e) != 0)
        return -1;
    if (out->n_rules == 0) {
        out->n_rules = 1;
        for (int i = 0; i < n; i++)
            out->rules[0].weight[i] = 1;
    }
    if (route_check(out, e) == 0)
        return 0;
    e->kind = ERR_DATA;
    return -1;
}

/* ---- the decision ---- */

/* A code holds the codes that begin with it: 4301 is all of 430102. */
static bool in_region(const char *rule, const char *region)
{
    size_t n = strlen(rule);

    if (strcmp(rule, region) == 0)
        return true;
    return strspn(rule, "0123456789") == n && strspn(region, "0123456789") == strlen(region) &&
           strncmp(rule, region, n) == 0;
}

static bool fits(const struct route_rule *u, const struct route_question *q)
{
    return (u->region[0] == '\0' || in_region(u->region, q->region) ||
            in_region(u->region, q->cell)) &&
           (u->topic[0] == '\0' || strcmp(u->topic, q->topic) == 0) &&
           (u->class == ROUTE_ANY || u->class == q->class);
}

static bool may(const struct route_rule *u, const struct route_question *q, int g)
{
    return u->weight[g] > 0 && (q->able & 1u << g) != 0;
}

/* Of equal price: the first. */
static int cheapest(const struct route *r, const struct route_rule *u,
                    const struct route_question *q)
{
    int best = -1;

    for (int g = 0; g < r->n_gateways; g++)
        if (may(u, q, g) && (best < 0 || q->price[g] < q->price[best]))
            best = g;
    return best;
}

/* The bias of % is below 1 in 2^50: weights are small. */
static int drawn(const struct route *r, const struct route_rule *u, const struct route_question *q)
{
    unsigned total = 0;

    for (int g = 0; g < r->n_gateways; g++)
        total += may(u, q, g) ? (unsigned)u->weight[g] : 0;
    if (total == 0)
        return -1;
    unsigned at = (unsigned)(q->chance % total);
    for (int g = 0; g < r->n_gateways; g++) {
        if (!may(u, q, g))
            continue;
        if (at < (unsigned)u->weight[g])
            return g;
        at -= (unsigned)u->weight[g];
    }
    return -1;
}

int route_decide(const struct route *r, const struct route_question *q)
{
    if (q->keep >= 0 && q->keep < r->n_gateways && (q->able & 1u << q->keep) != 0)
        return q->keep;
    for (int i = 0; i < r->n_rules; i++) {
        const struct route_rule *u = &r->rules[i];
        if (fits(u, q))
            return u->cheapest ? cheapest(r, u, q) : drawn(r, u, q);
    }
    return -1;
}
