/*
 * wave: one freezing of one list into a campaign. A wave in freezing is invisible; its last act
 * (store_wave_submit) makes it visible together with the campaign's move to `submitted`. What an
 * interrupted freezing left is removed by store_wave_abandon (store_sweep at the next start).
 * Callers: campaign, dispatch (store_wave_of), remove.c.
 */
#include "zhanchi/clock.h"
#include "internal.h"

#define WAVE_COLUMNS                                                                               \
    "id, campaign_id, no, state, list_id, members, messages, suppressed, segments, held_out,"      \
    " always, digest, gateway_digest, approval, coalesce(submitted_at, 0),"                        \
    " coalesce(approved_at, 0), submitted_by, approved_by, allowed"

static const char sql_begin[] =
    "INSERT INTO wave (campaign_id, no, state, list_id) VALUES (?1,"
    " (SELECT coalesce(max(no), 0) + 1 FROM wave WHERE campaign_id = ?1), 0, ?2)";
static const char sql_no[] = "SELECT no FROM wave WHERE id = ?1";
static const char sql_submit[] =
    "UPDATE wave SET state = 1, members = ?2, messages = ?3, suppressed = ?4, segments = ?5,"
    " held_out = ?6, always = ?7, digest = ?8, gateway_digest = ?9, submitted_at = ?10,"
    " submitted_by = ?11, allowed = ?12 WHERE id = ?1 AND state = 0";
static const char sql_approve[] = "UPDATE wave SET state = 2, approval = ?2, approved_at = ?3,"
                                  " approved_by = ?4 WHERE id = ?1 AND state = 1";
static const char sql_of[] = "SELECT " WAVE_COLUMNS " FROM wave WHERE campaign_id = ?1"
                             " AND state > 0 ORDER BY no DESC LIMIT 1";
static const char sql_state[] = "SELECT state FROM campaign WHERE id = ?1";
static const char sql_freezing[] = "SELECT 1 FROM wave WHERE campaign_id = ?1 AND state = 0";
/* A message that was deleted takes its payload out of the digest, whatever became of that. */
static const char sql_payloads[] =
    "SELECT p.message_id, p.key_id, p.blob FROM wave w CROSS JOIN payload p"
    " ON p.message_id BETWEEN w.message_from AND w.message_to AND p.wave_id = w.id"
    " CROSS JOIN message m ON m.id = p.message_id WHERE w.id = ?1 ORDER BY p.message_id";
static const char sql_span[] =
    "SELECT campaign_id, state, coalesce(message_from, 1), coalesce(message_to, 0)"
    " FROM wave WHERE id = ?1";
static const char sql_counts[] = "SELECT m.state, m.cause, count(*) FROM member k"
                                 " CROSS JOIN message m ON m.id = k.id"
                                 " WHERE k.id BETWEEN ?2 AND ?3 AND k.wave_id = ?1 GROUP BY 1, 2";
static const char sql_del_payload[] =
    "DELETE FROM payload WHERE message_id BETWEEN ?2 AND ?3 AND wave_id = ?1";
static const char sql_del_message[] =
    "DELETE FROM message WHERE id BETWEEN ?2 AND ?3 AND EXISTS"
    " (SELECT 1 FROM member k WHERE k.id = message.id AND k.wave_id = ?1)";
static const char sql_del_member[] =
    "DELETE FROM member WHERE id BETWEEN ?2 AND ?3 AND wave_id = ?1";
static const char sql_del_wave[] = "DELETE FROM wave WHERE id = ?1 AND state = 0";

/* ---- begin, submit, approve ---- */

static int number(struct store *s, const char *sql, int64_t id, int *out, struct err *e)
{
    struct stmt *q = stmt_open(s, sql, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, id);
    int rc = stmt_step(q, e);
    *out = rc == 1 ? stmt_int(q, 0) : 0;
    stmt_close(q);
    return rc;
}

static int refuse_begin(struct store *s, int64_t campaign_id, struct err *e)
{
    int state, yes;
    int rc = number(s, sql_state, campaign_id, &state, e);
    if (rc < 0)
        return -1;
    if (rc == 0 || state != CAMPAIGN_DRAFT)
        return err_set(e, ERR_TEMP, "look at it again with `zhanchi campaign show`",
                       "the campaign is not a draft any more");
    rc = number(s, sql_freezing, campaign_id, &yes, e);
    if (rc == 1)
        return err_set(e, ERR_TEMP,
                       "wait for it; what was interrupted is removed at the next start",
                       "the campaign is being submitted already, or that was interrupted");
    return rc;
}

static int insert_wave(struct store *s, struct wave_info *w, struct err *e)
{
    struct stmt *add = stmt_open(s, sql_begin, e);
    if (!add)
        return -1;
    stmt_bind_int64(add, 1, w->campaign_id);
    stmt_bind_int64(add, 2, w->list_id);
    if (stmt_end(add, stmt_run(add, e)))
        return -1;
    w->id = stmt_last_id(s);
    w->state = WAVE_FREEZING;
    return number(s, sql_no, w->id, &w->no, e) < 0 ? -1 : 0;
}

int store_wave_begin(struct store *s, struct wave_info *w, struct err *e)
{
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    int rc = refuse_begin(s, w->campaign_id, e) || insert_wave(s, w, e) ? -1 : 0;
    return tx_leave(s, own, rc, e);
}

int store_reserve_messages(struct store *s, size_t n, int64_t *first, struct err *e)
{
    return reserve_ids(s, "next_message", n, first, e);
}

static int submit(struct store *s, const struct wave_info *w, struct err *e)
{
    struct stmt *st = stmt_open(s, sql_submit, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, w->id);
    stmt_bind_int64(st, 2, w->members);
    stmt_bind_int64(st, 3, w->messages);
    stmt_bind_int64(st, 4, w->suppressed);
    stmt_bind_int64(st, 5, w->segments);
    stmt_bind_int64(st, 6, w->held_out);
    stmt_bind_int64(st, 7, w->always);
    stmt_bind_blob(st, 8, w->digest, sizeof w->digest);
    stmt_bind_blob(st, 9, w->gateway_digest, sizeof w->gateway_digest);
    stmt_bind_int64(st, 10, w->submitted_at);
    stmt_bind_text(st, 11, w->submitted_by);
    stmt_bind_text(st, 12, w->allowed);
    if (stmt_end(st, stmt_run(st, e)))
        return -1;
    if (stmt_changes(s) != 1)
        panic("wave %lld is not freezing", (long long)w->id);
    return store_campaign_move(s, w->campaign_id, CAMPAIGN_DRAFT, CAMPAIGN_SUBMITTED, "", e);
}

int store_wave_submit(struct store *s, const struct wave_info *w, struct err *e)
{
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    return tx_leave(s, own, submit(s, w, e), e);
}

static int approve(struct store *s, const struct wave_info *w, struct err *e)
{
    struct stmt *st = stmt_open(s, sql_approve, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, w->id);
    stmt_bind_blob(st, 2, w->approval, sizeof w->approval);
    stmt_bind_int64(st, 3, w->approved_at);
    stmt_bind_text(st, 4, w->approved_by);
    if (stmt_end(st, stmt_run(st, e)))
        return -1;
    if (stmt_changes(s) != 1)
        return err_set(e, ERR_TEMP, NULL, "the wave was approved meanwhile");
    return store_campaign_move(s, w->campaign_id, CAMPAIGN_SUBMITTED, CAMPAIGN_APPROVED, "", e);
}

int store_wave_approve(struct store *s, const struct wave_info *w, struct err *e)
{
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    return tx_leave(s, own, approve(s, w, e), e);
}

int store_wave_of(struct store *s, int64_t campaign_id, struct wave_info *out, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_of, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, campaign_id);
    int rc = stmt_step(q, e);
    if (rc == 1) {
        *out = (struct wave_info){.id = stmt_int64(q, 0),
                                  .campaign_id = stmt_int64(q, 1),
                                  .no = stmt_int(q, 2),
                                  .state = (enum wave_state)stmt_int(q, 3),
                                  .list_id = stmt_int64(q, 4),
                                  .members = stmt_int64(q, 5),
                                  .messages = stmt_int64(q, 6),
                                  .suppressed = stmt_int64(q, 7),
                                  .segments = stmt_int64(q, 8),
                                  .held_out = stmt_int64(q, 9),
                                  .always = stmt_int64(q, 10),
                                  .submitted_at = stmt_int64(q, 14),
                                  .approved_at = stmt_int64(q, 15)};
        stmt_copy_blob(q, 11, out->digest, sizeof out->digest);
        stmt_copy_blob(q, 12, out->gateway_digest, sizeof out->gateway_digest);
        stmt_copy_blob(q, 13, out->approval, sizeof out->approval);
        stmt_copy_text(q, 16, out->submitted_by, sizeof out->submitted_by);
        stmt_copy_text(q, 17, out->approved_by, sizeof out->approved_by);
        stmt_copy_text(q, 18, out->allowed, sizeof out->allowed);
    }
    stmt_close(q);
    return rc;
}

int store_payloads_each(struct store *s, int64_t wave_id,
                        int (*each)(void *ctx, int64_t message_id, int64_t key_id, const void *blob,
                                    size_t len),
                        void *ctx, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_payloads, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, wave_id);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        size_t len;
        const void *blob = stmt_blob(q, 2, &len);
        if ((rc = each(ctx, stmt_int64(q, 0), stmt_int64(q, 1), blob, len)) != 0)
            break;
    }
    return stmt_end(q, rc);
}

/* ---- what an interrupted freezing left ---- */

struct leftover {
    int64_t wave_id, campaign_id, from, to;
    int state;
};

/* 1 found, 0 not. */
static int find_leftover(struct store *s, int64_t wave_id, struct leftover *out, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_span, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, wave_id);
    int rc = stmt_step(q, e);
    if (rc == 1)
        *out = (struct leftover){wave_id, stmt_int64(q, 0), stmt_int64(q, 2), stmt_int64(q, 3),
                                 stmt_int(q, 1)};
    stmt_close(q);
    return rc;
}

static struct stmt *open_between(struct store *s, const char *sql, const struct leftover *l,
                                 int64_t to, struct err *e)
{
    struct stmt *st = stmt_open(s, sql, e);
    if (!st)
        return NULL;
    stmt_bind_int64(st, 1, l->wave_id);
    stmt_bind_int64(st, 2, l->from);
    stmt_bind_int64(st, 3, to);
    return st;
}

static int uncount(struct store *s, const struct leftover *l, int64_t to, struct err *e)
{
    struct stmt *q = open_between(s, sql_counts, l, to, e);
    if (!q)
        return -1;
    int rc;
    while ((rc = stmt_step(q, e)) == 1)
        tally_add(s, l->campaign_id, stmt_int(q, 0), stmt_int(q, 1), -stmt_int64(q, 2));
    return stmt_end(q, rc);
}

static int delete_between(struct store *s, const char *sql, const struct leftover *l, int64_t to,
                          struct err *e)
{
    struct stmt *st = open_between(s, sql, l, to, e);
    return st ? stmt_end(st, stmt_run(st, e)) : -1;
}

static int delete_wave(struct store *s, int64_t wave_id, struct err *e)
{
    struct stmt *st = stmt_open(s, sql_del_wave, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, wave_id);
    return stmt_end(st, stmt_run(st, e));
}

/* In a transaction of its own; the wave goes with its last rows. */
static int abandon_chunk(struct store *s, struct leftover *l, struct err *e)
{
    int64_t n = (int64_t)store_chunk(s), began = clock_mono_us();
    int64_t to = l->to - l->from < n ? l->to : l->from + n - 1;
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    int rc = uncount(s, l, to, e) || delete_between(s, sql_del_payload, l, to, e) ||
                     delete_between(s, sql_del_message, l, to, e) ||
                     delete_between(s, sql_del_member, l, to, e) ||
                     (to == l->to && delete_wave(s, l->wave_id, e))
                 ? -1
                 : 0;
    if (tx_leave(s, own, rc, e))
        return -1;
    store_chunk_took(s, (size_t)n, clock_mono_us() - began);
    l->from = to + 1;
    return 0;
}

int store_wave_abandon(struct store *s, int64_t wave_id, struct err *e)
{
    struct leftover l = {0};
    int rc = find_leftover(s, wave_id, &l, e);
    if (rc <= 0)
        return rc;
    if (l.state != WAVE_FREEZING)
        panic("wave %lld is frozen and cannot be abandoned", (long long)wave_id);
    do {
        if (abandon_chunk(s, &l, e))
            return -1;
    } while (l.from <= l.to);
    return 0;
}
