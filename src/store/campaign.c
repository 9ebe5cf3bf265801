/*
 * campaign: campaigns as rows; their states. Administration only: what moves many messages stands
 * in sqlite_*.c.
 *
 * `finished` is not stored: a running campaign of which nothing waits, is on its way or is in doubt
 * any more. Callers: campaign, dispatch (intent), measure, the commands.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "internal.h"

#define CAMPAIGN_COLUMNS                                                                           \
    "c.id, c.name, c.topic, g.name, c.state, c.list_id, coalesce(c.policy_id, 0), c.window_from,"  \
    " c.window_to, c.zone_min, c.not_before, c.not_after, c.holdout_permille, c.holdout_until,"    \
    " c.holdout_margin_days, c.seed, c.priority, c.pause_reason, c.created_at,"                    \
    " coalesce(c.started_at, 0), c.created_by,"                                                    \
    " EXISTS (SELECT 1 FROM tally t WHERE t.campaign_id = c.id AND t.n > 0"                        \
    " AND (t.state <= 3 OR t.state = 5)), c.routing, c.failover,"                                  \
    " coalesce((SELECT t.channel FROM campaign_variant v JOIN template t ON t.id = v.template_id"  \
    " WHERE v.campaign_id = c.id ORDER BY v.no LIMIT 1), 'sms'), c.shared"

static const char sql_create[] =
    "INSERT INTO campaign (name, topic, state, list_id, policy_id, gateway_id, window_from,"
    " window_to, zone_min, not_before, not_after, holdout_permille, holdout_until,"
    " holdout_margin_days, seed, priority, created_at, created_by, routing, failover, shared)"
    " VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
    " ?19, ?20)";
static const char sql_variant_add[] =
    "INSERT INTO campaign_variant (campaign_id, no, template_id, weight) VALUES (?1, ?2, ?3, ?4)";
static const char sql_variants[] =
    "SELECT template_id, weight FROM campaign_variant WHERE campaign_id = ?1 ORDER BY no";
static const char sql_gateway_add[] =
    "INSERT INTO campaign_gateway (campaign_id, no, gateway_id) VALUES (?1, ?2, ?3)";
static const char sql_gateways[] =
    "SELECT g.name FROM campaign_gateway x JOIN gateway g ON g.id = x.gateway_id"
    " WHERE x.campaign_id = ?1 ORDER BY x.no";
static const char sql_by_name[] = "SELECT " CAMPAIGN_COLUMNS " FROM campaign c"
                                  " JOIN gateway g ON g.id = c.gateway_id WHERE c.name = ?1";
static const char sql_by_id[] = "SELECT " CAMPAIGN_COLUMNS " FROM campaign c"
                                " JOIN gateway g ON g.id = c.gateway_id WHERE c.id = ?1";
static const char sql_all[] = "SELECT " CAMPAIGN_COLUMNS " FROM campaign c"
                              " JOIN gateway g ON g.id = c.gateway_id ORDER BY c.id";
static const char sql_move[] =
    "UPDATE campaign SET state = ?3, pause_reason = ?4 WHERE id = ?1 AND state = ?2";
static const char sql_started[] =
    "UPDATE campaign SET state = 4, started_at = coalesce(started_at, ?2)"
    " WHERE id = ?1 AND (state = 3 OR (state = 4 AND started_at IS NULL))";

static const char *const names[] = {"?",       "draft",  "submitted", "approved",
                                    "running", "paused", "cancelled", "finished"};

const char *campaign_state_name(enum campaign_state s)
{
    return (size_t)s < sizeof names / sizeof names[0] ? names[s] : "?";
}

bool campaign_is_email(const struct campaign_info *c)
{
    return strcmp(c->channel, "email") == 0;
}

static const char *const shared_names[] = {"?", "each", "first", "review"};

const char *campaign_shared_name(enum campaign_shared s)
{
    return (size_t)s < sizeof shared_names / sizeof shared_names[0] ? shared_names[s] : "?";
}

int campaign_shared_parse(const char *name, enum campaign_shared *out)
{
    for (int i = SHARED_EACH; i <= SHARED_REVIEW; i++)
        if (strcmp(shared_names[i], name) == 0) {
            *out = (enum campaign_shared)i;
            return 0;
        }
    return -1;
}

/* ---- reading ---- */

static void read_row(struct stmt *q, struct campaign_info *c)
{
    memset(c, 0, sizeof *c);
    c->id = stmt_int64(q, 0);
    stmt_copy_text(q, 1, c->name, sizeof c->name);
    stmt_copy_text(q, 2, c->topic, sizeof c->topic);
    stmt_copy_text(q, 3, c->gateway, sizeof c->gateway);
    c->state = (enum campaign_state)stmt_int(q, 4);
    c->list_id = stmt_int64(q, 5);
    c->policy_id = stmt_int64(q, 6);
    c->schedule.window_from = stmt_int(q, 7);
    c->schedule.window_to = stmt_int(q, 8);
    c->schedule.zone_min = stmt_int(q, 9);
    c->schedule.not_before_ms = stmt_int64(q, 10);
    c->schedule.not_after_ms = stmt_int64(q, 11);
    c->holdout_permille = stmt_int(q, 12);
    c->holdout_until = stmt_null(q, 13) ? CIVIL_NONE : stmt_int(q, 13);
    c->holdout_margin_days = stmt_int(q, 14);
    c->seed = (uint64_t)stmt_int64(q, 15);
    c->priority = stmt_int(q, 16);
    stmt_copy_text(q, 17, c->pause_reason, sizeof c->pause_reason);
    c->created_at = stmt_int64(q, 18);
    c->started_at = stmt_int64(q, 19);
    stmt_copy_text(q, 20, c->created_by, sizeof c->created_by);
    if (c->state == CAMPAIGN_RUNNING && !stmt_int(q, 21))
        c->state = CAMPAIGN_FINISHED;
    stmt_copy_text(q, 22, c->routing, sizeof c->routing);
    c->failover = stmt_int(q, 23) != 0;
    stmt_copy_text(q, 24, c->channel, sizeof c->channel);
    c->shared = (enum campaign_shared)stmt_int(q, 25);
}

static int read_gateways(struct store *s, struct campaign_info *c, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_gateways, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, c->id);
    int rc;
    while ((rc = stmt_step(q, e)) == 1 && c->n_gateways < ROUTE_GATEWAYS)
        stmt_copy_text(q, 0, c->gateways[c->n_gateways++], sizeof c->gateways[0]);
    memcpy(c->gateway, c->gateways[0], sizeof c->gateway); /* what is sent over is what is signed */
    return stmt_end(q, rc);
}

static int read_variants(struct store *s, struct campaign_info *c, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_variants, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, c->id);
    int rc;
    while ((rc = stmt_step(q, e)) == 1 && c->n_variants < CAMPAIGN_VARIANTS) {
        c->variants[c->n_variants].template_id = stmt_int64(q, 0);
        c->variants[c->n_variants++].weight = stmt_int(q, 1);
    }
    return stmt_end(q, rc);
}

/* With the counters as the open transaction has changed them: `finished` depends on them. */
static struct stmt *open_query(struct store *s, const char *sql, struct err *e)
{
    if (s->in_tx && tally_flush(s, e))
        return NULL;
    return stmt_open(s, sql, e);
}

static int find(struct store *s, struct stmt *q, struct campaign_info *out, struct err *e)
{
    int rc = stmt_step(q, e);
    if (rc == 1)
        read_row(q, out);
    stmt_close(q);
    if (rc == 1 && (read_variants(s, out, e) || read_gateways(s, out, e)))
        return -1;
    return rc;
}

int store_campaign_find(struct store *s, const char *name, struct campaign_info *out, struct err *e)
{
    struct stmt *q = open_query(s, sql_by_name, e);
    if (!q)
        return -1;
    stmt_bind_text(q, 1, name);
    return find(s, q, out, e);
}

int store_campaign_by_id(struct store *s, int64_t id, struct campaign_info *out, struct err *e)
{
    struct stmt *q = open_query(s, sql_by_id, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, id);
    return find(s, q, out, e);
}

int store_campaign_each(struct store *s, int (*each)(void *ctx, const struct campaign_info *c),
                        void *ctx, struct err *e)
{
    struct stmt *q = open_query(s, sql_all, e);
    if (!q)
        return -1;
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct campaign_info c;
        read_row(q, &c);
        if (read_variants(s, &c, e) || read_gateways(s, &c, e)) {
            rc = -1;
            break;
        }
        if ((rc = each(ctx, &c)) != 0)
            break;
    }
    return stmt_end(q, rc);
}

/* ---- writing ---- */

static int add_variants(struct store *s, const struct campaign_info *c, struct err *e)
{
    struct stmt *add = stmt_open(s, sql_variant_add, e);
    if (!add)
        return -1;
    int rc = 0;
    stmt_bind_int64(add, 1, c->id);
    for (int i = 0; i < c->n_variants && rc == 0; i++) {
        stmt_bind_int(add, 2, i);
        stmt_bind_int64(add, 3, c->variants[i].template_id);
        stmt_bind_int(add, 4, c->variants[i].weight);
        rc = stmt_run(add, e);
    }
    return stmt_end(add, rc);
}

static int add_gateways(struct store *s, struct campaign_info *c, struct err *e)
{
    struct stmt *add = NULL;
    int64_t id;
    for (int i = 0; i < c->n_gateways; i++) {
        if (store_gateway_id(s, c->gateways[i], &id, e) ||
            !(add = stmt_open(s, sql_gateway_add, e)))
            return -1;
        stmt_bind_int64(add, 1, c->id);
        stmt_bind_int(add, 2, i);
        stmt_bind_int64(add, 3, id);
        if (stmt_end(add, stmt_run(add, e)))
            return -1;
    }
    return 0;
}

/* Who names one gateway need not name it twice. */
static void set_gateways(struct campaign_info *c)
{
    if (c->n_gateways == 0) {
        memcpy(c->gateways[0], c->gateway, sizeof c->gateway);
        c->n_gateways = 1;
    }
    memcpy(c->gateway, c->gateways[0], sizeof c->gateway);
    if (c->n_gateways == 1)
        c->routing[0] = '\0';
}

static int insert_campaign(struct store *s, struct campaign_info *c, struct err *e)
{
    struct campaign_info other;
    int64_t gateway_id;
    int found = store_campaign_find(s, c->name, &other, e);
    if (found == 1)
        return err_set(e, ERR_DATA, "choose another name; names are never used twice",
                       "there is a campaign %s already", c->name);
    set_gateways(c);
    if (found < 0 || store_gateway_id(s, c->gateway, &gateway_id, e))
        return -1;
    struct stmt *add = stmt_open(s, sql_create, e);
    if (!add)
        return -1;
    stmt_bind_text(add, 1, c->name);
    stmt_bind_text(add, 2, c->topic);
    stmt_bind_int64(add, 3, c->list_id);
    stmt_bind_int64_or_null(add, 4, c->policy_id != 0, c->policy_id);
    stmt_bind_int64(add, 5, gateway_id);
    stmt_bind_int(add, 6, c->schedule.window_from);
    stmt_bind_int(add, 7, c->schedule.window_to);
    stmt_bind_int(add, 8, c->schedule.zone_min);
    stmt_bind_int64(add, 9, c->schedule.not_before_ms);
    stmt_bind_int64(add, 10, c->schedule.not_after_ms);
    stmt_bind_int(add, 11, c->holdout_permille);
    stmt_bind_int64_or_null(add, 12, c->holdout_until != CIVIL_NONE, c->holdout_until);
    stmt_bind_int(add, 13, c->holdout_margin_days);
    stmt_bind_int64(add, 14, (int64_t)c->seed);
    stmt_bind_int(add, 15, c->priority);
    stmt_bind_int64(add, 16, c->created_at);
    stmt_bind_text(add, 17, c->created_by);
    stmt_bind_text(add, 18, c->routing);
    stmt_bind_int(add, 19, c->failover);
    stmt_bind_int(add, 20, c->shared ? (int)c->shared : SHARED_EACH);
    int rc = stmt_end(add, stmt_run(add, e));
    c->id = stmt_last_id(s);
    c->state = CAMPAIGN_DRAFT;
    return rc || add_variants(s, c, e) || add_gateways(s, c, e) ? -1 : 0;
}

int store_campaign_create(struct store *s, struct campaign_info *c, struct err *e)
{
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    return tx_leave(s, own, insert_campaign(s, c, e), e);
}

int store_campaign_move(struct store *s, int64_t id, enum campaign_state from,
                        enum campaign_state to, const char *reason, struct err *e)
{
    if (to == CAMPAIGN_FINISHED)
        panic("no campaign is moved to finished: it is");
    if (from == CAMPAIGN_FINISHED)
        from = CAMPAIGN_RUNNING;
    struct stmt *st = stmt_open(s, sql_move, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, id);
    stmt_bind_int(st, 2, (int)from);
    stmt_bind_int(st, 3, (int)to);
    stmt_bind_text(st, 4, reason ? reason : "");
    if (stmt_end(st, stmt_run(st, e)))
        return -1;
    if (stmt_changes(s) == 1)
        return 0;
    return err_set(e, ERR_TEMP, "look at it again with `zhanchi campaign show`",
                   "the campaign is not %s any more", campaign_state_name(from));
}

int store_campaign_started(struct store *s, int64_t id, int64_t now_ms, struct err *e)
{
    struct stmt *st = stmt_open(s, sql_started, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, id);
    stmt_bind_int64(st, 2, now_ms);
    return stmt_end(st, stmt_run(st, e));
}
