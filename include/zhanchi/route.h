/*
 * route: over which of a campaign's gateways a message goes. Pure.
 *
 * A route is an ordered list of rules. A rule has conditions (region, topic, class of the number: all
 * that are given must hold) and names gateways with weights; the first rule that fits decides, and no
 * later one is looked at. Its choice is drawn by weight, or is the cheapest of them. Chance, prices
 * and what each gateway can carry are arguments, so that the same message has the same gateway for
 * ever, in any order and on any machine.
 */
#ifndef ZHANCHI_ROUTE_H
#define ZHANCHI_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"

#define ROUTE_GATEWAYS 8 /* of one campaign: a message stores its own as 0 to 7 */
#define ROUTE_RULES 32
#define ROUTE_TEXT_MAX 4096 /* of the text form, NUL included */

/* What a number says of its carrier since numbers can be taken to another one: its class. */
enum route_class { ROUTE_ANY, ROUTE_BASIC, ROUTE_VIRTUAL, ROUTE_DATA };

struct route_rule {
    char region[64],
        topic[64]; /* "" = any; a region of digits holds all codes that begin with it */
    enum route_class class;
    bool cheapest;
    int weight[ROUTE_GATEWAYS]; /* by gateway; 0 = not of this rule */
};

struct route {
    int n_gateways; /* 0 = none */
    char gateways[ROUTE_GATEWAYS][64];
    int n_rules;
    struct route_rule rules[ROUTE_RULES];
};

/* Index of the gateway, which is added if it is new; -1: there are ROUTE_GATEWAYS already, or the
 * name is empty or too long. */
int route_gateway(struct route *r, const char *name);
/* ERR_CONFIG: no rule, one without gateways, a weight that is none (1 to 1000), a last rule that does
 * not fit everybody, one behind a rule that does. */
int route_check(const struct route *r, struct err *e);

/* The text form, which is what is stored and approved: a rule a line, its parts behind tabs, as in
 * "region=430100" "cheapest" "a:1" "b:1". -1 if it is too long. */
int route_format(const struct route *r, char *out, size_t cap);
/* Of these gateways, in this order (a route may name fewer). "" is one rule that draws among all
 * alike. ERR_DATA. */
int route_parse(const char *text, const char (*gateways)[64], int n, struct route *out,
                struct err *e);

struct route_question {
    const char *region, *cell; /* as reports call it; as the list wrote it; "" unknown */
    const char *topic;
    enum route_class class;
    uint64_t chance;      /* of this person */
    unsigned able;        /* bit by gateway: it can carry the text */
    const int64_t *price; /* by gateway */
    int keep;             /* the gateway that the person knows already, -1 none */
};
/* The gateway, or -1 where none of the rule that decides can carry the text. One that is to be kept
 * and can carry it goes before all rules. */
int route_decide(const struct route *r, const struct route_question *q);

int route_class_parse(const char *name, enum route_class *out); /* "virtual"; 0 or -1 */

#endif
