/*
 * sqlite_measure: counts for reports; no personal data, no key. A breakdown is one pass over the campaign's members; the funnel is read from the tally.
 *
 * A claim counts when it is of the member's person, on or after the first day and through the last one. Members that were excluded before anything was
 * drawn (arm 4) are nobody's denominator.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/store_measure.h"
#include "internal.h"
#include "sqlite.h"

#define CLAIMED                                                                                    \
    "EXISTS (SELECT 1 FROM response q WHERE q.person_id = k.person_id AND q.day BETWEEN ?2 AND "   \
    "?3)"
#define REFUSED "EXISTS (SELECT 1 FROM optout o WHERE o.address_id = k.address_id AND o.at >= ?4)"
#define CELLS                                                                                      \
    " count(*), sum(m.state IN (4, 6, 7, 8)), sum(m.state = 7), sum(" CLAIMED "), sum(" REFUSED    \
    ")"                                                                                            \
    " FROM member k JOIN message m ON m.member_id = k.id"
#define OF_CAMPAIGN " WHERE k.campaign_id = ?1 AND k.arm IN (1, 3)"

/* Of message m: its last attempt that left. */
#define LAST_HANDED                                                                                \
    "(SELECT max(o.id) FROM outcome o WHERE o.id BETWEEN (m.id << 24) + 1"                         \
    " AND (m.id << 24) + m.attempts AND o.handed_at IS NOT NULL)"

static const char sql_tally[] =
    "SELECT state, cause, n FROM tally WHERE campaign_id = ?1 AND n <> 0"
    " ORDER BY state, cause";
static const char sql_recount[] =
    "SELECT m.state, m.cause, count(*) FROM member k JOIN message m ON m.member_id = k.id"
    " WHERE k.campaign_id = ?1 GROUP BY 1, 2 ORDER BY 1, 2";
static const char sql_by_variant[] = "SELECT k.variant," CELLS OF_CAMPAIGN " GROUP BY 1 ORDER BY 1";
static const char sql_by_region[] = "SELECT k.region," CELLS OF_CAMPAIGN " GROUP BY 1 ORDER BY 1";
static const char sql_by_level[] =
    "SELECT k.level," CELLS OF_CAMPAIGN " GROUP BY 1 ORDER BY 1 DESC";
static const char sql_by_hour[] =
    "SELECT printf('%02d', (h.handed_at / 60000 + ?5) % 1440 / 60)," CELLS
    " CROSS JOIN outcome h ON h.id = " LAST_HANDED OF_CAMPAIGN " GROUP BY 1 ORDER BY 1";
static const char sql_arms[] =
    "SELECT k.arm, count(*), sum(" CLAIMED "), sum(m.segments), sum(" REFUSED ")"
    " FROM member k JOIN message m ON m.member_id = k.id"
    " WHERE k.campaign_id = ?1 AND k.arm < 4 GROUP BY 1 ORDER BY 1";
static const char sql_export[] =
    "SELECT k.pseudonym, k.arm, k.variant, k.level, m.attempts, m.segments, k.region, m.state, "
    "m.cause,"
    " (SELECT h.handed_at FROM outcome h WHERE h.id = " LAST_HANDED "),"
    " (SELECT min(q.day) FROM response q WHERE q.person_id = k.person_id AND q.day >= ?2), m.id"
    " FROM member k JOIN message m ON m.member_id = k.id WHERE k.campaign_id = ?1 ORDER BY "
    "k.pseudonym";

static int each_counter(struct store *s, const char *sql, int64_t campaign_id, tally_each each,
                        void *ctx, struct err *e)
{
    struct stmt *q = stmt_open(s, sql, e);
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

int sqlite_tally(struct store *s, int64_t campaign_id, tally_each each, void *ctx, struct err *e)
{
    return each_counter(s, sql_tally, campaign_id, each, ctx, e);
}

int sqlite_tally_recount(struct store *s, int64_t campaign_id, tally_each each, void *ctx,
                         struct err *e)
{
    return each_counter(s, sql_recount, campaign_id, each, ctx, e);
}

static int64_t start_of(const struct campaign_info *c)
{
    return c->started_at != 0 ? c->started_at : INT64_MAX;
}

int sqlite_measure(struct store *s, const struct campaign_info *c, enum measure_by by,
                   int32_t from_day, int32_t through_day, measure_each each, void *ctx,
                   struct err *e)
{
    static const char *const queries[] = {[BY_VARIANT] = sql_by_variant,
                                          [BY_REGION] = sql_by_region,
                                          [BY_LEVEL] = sql_by_level,
                                          [BY_HOUR] = sql_by_hour};
    struct stmt *q = stmt_open(s, queries[by], e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, c->id);
    stmt_bind_int(q, 2, from_day);
    stmt_bind_int(q, 3, through_day);
    stmt_bind_int64(q, 4, start_of(c));
    if (by == BY_HOUR)
        stmt_bind_int(q, 5, c->schedule.zone_min);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct measure_cell m = {.members = stmt_int64(q, 1),
                                 .sent = stmt_int64(q, 2),
                                 .delivered = stmt_int64(q, 3),
                                 .claimed = stmt_int64(q, 4),
                                 .optouts = stmt_int64(q, 5)};
        stmt_copy_text(q, 0, m.key, sizeof m.key);
        if ((rc = each(ctx, &m)) != 0)
            break;
    }
    return stmt_end(q, rc);
}

int sqlite_measure_arms(struct store *s, int64_t campaign_id, int32_t from_day, int32_t through_day,
                        measure_arm_each each, void *ctx, struct err *e)
{
    struct campaign_info c;
    int found = store_campaign_by_id(s, campaign_id, &c, e);
    struct stmt *q = found == 1 ? stmt_open(s, sql_arms, e) : NULL;
    if (!q)
        return found < 0 ? -1 : 0;
    stmt_bind_int64(q, 1, campaign_id);
    stmt_bind_int(q, 2, from_day);
    stmt_bind_int(q, 3, through_day);
    stmt_bind_int64(q, 4, start_of(&c));
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct measure_arm a = {.arm = (enum member_arm)stmt_int(q, 0),
                                .members = stmt_int64(q, 1),
                                .claimed = stmt_int64(q, 2),
                                .segments = stmt_int64(q, 3),
                                .optouts = stmt_int64(q, 4)};
        if ((rc = each(ctx, &a)) != 0)
            break;
    }
    return stmt_end(q, rc);
}

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
