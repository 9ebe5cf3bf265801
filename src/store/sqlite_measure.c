/*
 * sqlite_measure: counts for reports; no personal data, no key.
 *
 * Counters are read from the tally. A breakdown is one pass over the campaign's members in the
 * order in which they were made; their cells are summed here, because GROUP BY would sort all of
 * them. A member's first message has its id; with further steps the questions below are to be asked
 * of all of them.
 *
 * A claim counts when it is of the member's person, on or after the first day and through the last
 * one. Members that were excluded before anything was drawn (arm 4) are nobody's denominator.
 * Callers: measure, dispatch (tally).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/ordinal.h"
#include "internal.h"
#include "sqlite.h"

#define CLAIMED                                                                                    \
    "EXISTS (SELECT 1 FROM response q WHERE q.person_id = k.person_id AND q.day BETWEEN ?2 AND "   \
    "?3)"
#define REFUSED                                                                                    \
    "EXISTS (SELECT 1 FROM optout o WHERE o.address_id = k.address_id AND o.at >= ?4"              \
    " AND (o.topic = '' OR o.topic = ?5))"
/* Of message m: its last attempt that left. */
#define LAST_HANDED                                                                                \
    "(SELECT o.handed_at FROM outcome o WHERE o.id BETWEEN (m.id << 24) + 1"                       \
    " AND (m.id << 24) + m.attempts AND o.handed_at IS NOT NULL ORDER BY o.id DESC LIMIT 1)"
/* What every breakdown asks; the key comes first. */
#define MEMBERS(key)                                                                               \
    "SELECT " key ", k.arm, m.state, m.segments, " CLAIMED ", " REFUSED                            \
    " FROM member k CROSS JOIN message m ON m.id = k.id"                                           \
    " WHERE k.campaign_id = ?1 AND k.arm <> 4 AND k.arm <> ?6"

static const char sql_tally[] =
    "SELECT state, cause, n FROM tally WHERE campaign_id = ?1 AND n <> 0 ORDER BY state, cause";
static const char sql_recount[] =
    "SELECT m.state, m.cause FROM wave w CROSS JOIN message m"
    " ON m.id BETWEEN w.message_from AND w.message_to AND m.campaign_id = w.campaign_id"
    " WHERE w.campaign_id = ?1";
static const char sql_by_variant[] = MEMBERS("k.variant");
static const char sql_by_region[] = MEMBERS("k.region");
static const char sql_by_level[] = MEMBERS("k.level");
static const char sql_by_hour[] = MEMBERS(LAST_HANDED);
static const char sql_arms[] = MEMBERS("k.arm");
static const char sql_export[] =
    "SELECT k.pseudonym, k.arm, k.variant, k.level, m.attempts, m.segments, k.region, m.state,"
    " m.cause, " LAST_HANDED ","
    " (SELECT min(q.day) FROM response q WHERE q.person_id = k.person_id AND q.day >= ?2), m.id"
    " FROM member k CROSS JOIN message m ON m.id = k.id WHERE k.campaign_id = ?1"
    " ORDER BY k.pseudonym";

/* ---- counters ---- */

int sqlite_tally(struct store *s, int64_t campaign_id, tally_each each, void *ctx, struct err *e)
{
    if (s->in_tx && tally_flush(s, e))
        return -1;
    struct stmt *q = stmt_open(s, sql_tally, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, campaign_id);
    int rc;
    while ((rc = stmt_step(q, e)) == 1)
        if ((rc = each(ctx, (enum msg_state)stmt_int(q, 0), (enum msg_cause)stmt_int(q, 1),
                       stmt_int64(q, 2))) != 0)
            break;
    return stmt_end(q, rc);
}

#define CAUSES 64

int sqlite_tally_recount(struct store *s, int64_t campaign_id, tally_each each, void *ctx,
                         struct err *e)
{
    int64_t counts[MSG_STATES][CAUSES] = {0};
    struct stmt *q = stmt_open(s, sql_recount, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, campaign_id);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        int state = stmt_int(q, 0), cause = stmt_int(q, 1);
        if (cause < 0 || cause >= CAUSES)
            panic("a message has cause %d", cause);
        counts[state][cause]++;
    }
    rc = stmt_end(q, rc);
    for (int state = 0; state < MSG_STATES && rc == 0; state++)
        for (int cause = 0; cause < CAUSES && rc == 0; cause++)
            if (counts[state][cause])
                rc = each(ctx, (enum msg_state)state, (enum msg_cause)cause, counts[state][cause]);
    return rc < 0 ? -1 : 0;
}

/* ---- cells ---- */

struct cell {
    struct measure_cell m;
    int64_t order; /* numbers before names */
    int64_t segments;
};
struct cells {
    struct ordinals keys;
    struct cell *v; /* by the number of their key */
    size_t n, cap;
};

static struct cell *cell_get(struct cells *t, const char *key, int64_t order)
{
    size_t i = ordinal_of(&t->keys, key, NULL);
    if (i < t->n)
        return &t->v[i];
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->v = reallocarray(t->v, t->cap, sizeof *t->v);
        if (!t->v)
            panic("out of memory");
    }
    struct cell *c = &t->v[t->n++];
    *c = (struct cell){.order = order};
    memcpy(c->m.key, key, strlen(key) + 1);
    return c;
}

static void cells_fini(struct cells *t)
{
    ordinal_fini(&t->keys);
    free(t->v);
}

static int by_order(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;
    if (x->order != y->order)
        return x->order > y->order ? 1 : -1;
    return strcmp(x->m.key, y->m.key);
}

/* Whether the gateway took it, and so charges for it. */
static bool taken(int state)
{
    return state == MSG_ACCEPTED || state == MSG_UNCONFIRMED || state == MSG_DELIVERED ||
           state == MSG_UNDELIVERED;
}

static void count(struct cell *c, struct stmt *q)
{
    int state = stmt_int(q, 2);
    c->m.members++;
    c->m.sent += taken(state);
    c->m.delivered += state == MSG_DELIVERED;
    c->m.claimed += stmt_int(q, 4);
    c->m.optouts += stmt_int(q, 5);
    c->segments += taken(state) ? stmt_int64(q, 3) : 0;
}

/* The key of the member's cell; false: it has none. */
static bool key_of(struct stmt *q, enum measure_by by, int zone_min, char key[64], int64_t *order)
{
    *order = 0;
    if (stmt_null(q, 0))
        return false;
    if (by == BY_REGION) {
        stmt_copy_text(q, 0, key, 64);
        return true;
    }
    *order = by == BY_HOUR ? civil_local_minute(stmt_int64(q, 0), zone_min) / 60 : stmt_int64(q, 0);
    snprintf(key, 64, by == BY_HOUR ? "%02lld" : "%lld", (long long)*order);
    return true;
}

static int gather(struct cells *t, struct stmt *q, enum measure_by by, int zone_min, struct err *e)
{
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        char key[64];
        int64_t order;
        if (key_of(q, by, zone_min, key, &order))
            count(cell_get(t, key, order), q);
    }
    if (t->n)
        qsort(t->v, t->n, sizeof *t->v, by_order);
    return stmt_end(q, rc);
}

/* Refusals count from the first message on. */
static struct stmt *open_members(struct store *s, const char *sql, const struct campaign_info *c,
                                 int32_t from_day, int32_t through_day, int but_arm, struct err *e)
{
    struct stmt *q = stmt_open(s, sql, e);
    if (!q)
        return NULL;
    stmt_bind_int64(q, 1, c->id);
    stmt_bind_int(q, 2, from_day);
    stmt_bind_int(q, 3, through_day);
    stmt_bind_int64(q, 4, c->started_at ? c->started_at : INT64_MAX);
    stmt_bind_text(q, 5, c->topic);
    stmt_bind_int(q, 6, but_arm);
    return q;
}

int sqlite_measure(struct store *s, const struct campaign_info *c, enum measure_by by,
                   int32_t from_day, int32_t through_day, measure_each each, void *ctx,
                   struct err *e)
{
    static const char *const queries[] = {[BY_VARIANT] = sql_by_variant,
                                          [BY_REGION] = sql_by_region,
                                          [BY_LEVEL] = sql_by_level,
                                          [BY_HOUR] = sql_by_hour};
    struct cells t = {0};
    struct stmt *q = open_members(s, queries[by], c, from_day, through_day, ARM_HOLDOUT, e);
    int rc = q ? gather(&t, q, by, c->schedule.zone_min, e) : -1;
    for (size_t i = 0; i < t.n && rc == 0; i++)
        rc = each(ctx, &t.v[i].m);
    cells_fini(&t);
    return rc < 0 ? -1 : 0;
}

int sqlite_measure_arms(struct store *s, int64_t campaign_id, int32_t from_day, int32_t through_day,
                        measure_arm_each each, void *ctx, struct err *e)
{
    struct campaign_info c;
    struct cells t = {0};
    int found = store_campaign_by_id(s, campaign_id, &c, e);
    if (found <= 0)
        return found;
    struct stmt *q = open_members(s, sql_arms, &c, from_day, through_day, 0, e);
    int rc = q ? gather(&t, q, BY_VARIANT, 0, e) : -1;
    for (size_t i = 0; i < t.n && rc == 0; i++) {
        struct measure_arm a = {.arm = (enum member_arm)t.v[i].order,
                                .members = t.v[i].m.members,
                                .claimed = t.v[i].m.claimed,
                                .segments = t.v[i].segments,
                                .optouts = t.v[i].m.optouts};
        rc = each(ctx, &a);
    }
    cells_fini(&t);
    return rc < 0 ? -1 : 0;
}

/* ---- export ---- */

int store_export_each(struct store *s, int64_t campaign_id, int32_t from_day,
                      int (*each)(void *ctx, const struct export_row *r), void *ctx, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_export, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, campaign_id);
    stmt_bind_int(q, 2, from_day);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct export_row r = {.arm = (enum member_arm)stmt_int(q, 1),
                               .variant = stmt_int(q, 2),
                               .level = stmt_int(q, 3),
                               .attempts = stmt_int(q, 4),
                               .segments = stmt_int(q, 5),
                               .state = (enum msg_state)stmt_int(q, 7),
                               .cause = (enum msg_cause)stmt_int(q, 8),
                               .handed_ms = stmt_int64(q, 9),
                               .claimed_day = stmt_null(q, 10) ? CIVIL_NONE : stmt_int(q, 10),
                               .message_id = stmt_int64(q, 11)};
        stmt_copy_blob(q, 0, r.pseudonym, sizeof r.pseudonym);
        stmt_copy_text(q, 6, r.region, sizeof r.region);
        if ((rc = each(ctx, &r)) != 0)
            break;
    }
    return stmt_end(q, rc);
}
