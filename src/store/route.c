/*
 * route: what stands beside waves and campaigns about their gateways. Administration only; what
 * moves messages stands in sqlite_failover.c. Callers: campaign (submit), the commands.
 */
#include "zhanchi/store_route.h"
#include "internal.h"

static const char sql_put[] =
    "INSERT INTO wave_gateway (wave_id, no, messages, segments, cost_microyuan, finish_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char sql_of_wave[] =
    "SELECT no, messages, segments, cost_microyuan, coalesce(finish_at, -1) FROM wave_gateway"
    " WHERE wave_id = ?1 ORDER BY no";
static const char sql_failovers[] =
    "SELECT from_no, to_no, n FROM failover WHERE campaign_id = ?1 ORDER BY 1, 2";
static const char sql_loads[] =
    "WITH handed AS (SELECT a.gateway_id AS id, count(DISTINCT a.message_id) AS n"
    "  FROM outcome o JOIN attempt a ON a.id = o.id WHERE o.handed_at >= ?1 GROUP BY 1),"
    " waiting AS (SELECT k.gateway_id AS id, count(*) AS n FROM campaign c"
    "  JOIN campaign_gateway k ON k.campaign_id = c.id"
    "  JOIN message m ON m.campaign_id = c.id AND m.state = 2 AND m.route = k.no"
    "  WHERE c.state IN (3, 4, 5) AND m.due_at IS NOT NULL GROUP BY 1)"
    " SELECT g.name, coalesce(handed.n, 0), coalesce(waiting.n, 0) FROM gateway g"
    " LEFT JOIN handed ON handed.id = g.id LEFT JOIN waiting ON waiting.id = g.id ORDER BY g.name";

static int put_one(struct store *s, int64_t wave_id, const struct wave_gateway *g, struct err *e)
{
    struct stmt *st = stmt_open(s, sql_put, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, wave_id);
    stmt_bind_int(st, 2, g->no);
    stmt_bind_int64(st, 3, g->messages);
    stmt_bind_int64(st, 4, g->segments);
    stmt_bind_int64(st, 5, g->cost_microyuan);
    stmt_bind_int64_or_null(st, 6, g->finish_ms >= 0, g->finish_ms);
    return stmt_end(st, stmt_run(st, e));
}

int store_wave_gateways_put(struct store *s, int64_t wave_id, const struct wave_gateway *g, int n,
                            struct err *e)
{
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    int rc = 0;
    for (int i = 0; i < n && rc == 0; i++)
        rc = put_one(s, wave_id, &g[i], e);
    return tx_leave(s, own, rc, e);
}

int store_wave_gateways_each(struct store *s, int64_t wave_id,
                             int (*each)(void *ctx, const struct wave_gateway *g), void *ctx,
                             struct err *e)
{
    struct stmt *q = stmt_open(s, sql_of_wave, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, wave_id);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct wave_gateway g = {.no = stmt_int(q, 0),
                                 .messages = stmt_int64(q, 1),
                                 .segments = stmt_int64(q, 2),
                                 .cost_microyuan = stmt_int64(q, 3),
                                 .finish_ms = stmt_int64(q, 4)};
        if ((rc = each(ctx, &g)) != 0)
            break;
    }
    return stmt_end(q, rc);
}

int store_failovers_each(struct store *s, int64_t campaign_id,
                         int (*each)(void *ctx, int from, int to, int64_t n), void *ctx,
                         struct err *e)
{
    struct stmt *q = stmt_open(s, sql_failovers, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, campaign_id);
    int rc;
    while ((rc = stmt_step(q, e)) == 1)
        if ((rc = each(ctx, stmt_int(q, 0), stmt_int(q, 1), stmt_int64(q, 2))) != 0)
            break;
    return stmt_end(q, rc);
}

int store_gateway_loads(struct store *s, int64_t since_ms,
                        int (*each)(void *ctx, const struct gateway_load *l), void *ctx,
                        struct err *e)
{
    struct stmt *q = stmt_open(s, sql_loads, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, since_ms);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct gateway_load l = {
            .name = stmt_text(q, 0), .handed = stmt_int64(q, 1), .waiting = stmt_int64(q, 2)};
        if ((rc = each(ctx, &l)) != 0)
            break;
    }
    return stmt_end(q, rc);
}
