/*
 * wave: one freezing of one list into a campaign. A wave in freezing is invisible; its last act (store_wave_submit) makes it visible together with the
 * campaign's move to `submitted`.
 */
#include <string.h>
#include "internal.h"

#define WAVE_COLUMNS                                                                               \
    "id, campaign_id, no, state, list_id, members, messages, suppressed, segments, held_out,"      \
    " always, digest, gateway_digest, approval, coalesce(submitted_at, 0),"                        \
    " coalesce(approved_at, 0), submitted_by, approved_by"

static const char sql_begin[] =
    "INSERT INTO wave (campaign_id, no, state, list_id) VALUES (?1,"
    " (SELECT coalesce(max(no), 0) + 1 FROM wave WHERE campaign_id = ?1), 0, ?2)";
static const char sql_no[] = "SELECT no FROM wave WHERE id = ?1";
static const char sql_submit[] =
    "UPDATE wave SET state = 1, members = ?2, messages = ?3, suppressed = ?4, segments = ?5,"
    " held_out = ?6, always = ?7, digest = ?8, gateway_digest = ?9, submitted_at = ?10,"
    " submitted_by = ?11 WHERE id = ?1 AND state = 0";
static const char sql_approve[] = "UPDATE wave SET state = 2, approval = ?2, approved_at = ?3,"
                                  " approved_by = ?4 WHERE id = ?1 AND state = 1";
static const char sql_of[] = "SELECT " WAVE_COLUMNS " FROM wave WHERE campaign_id = ?1"
                             " AND state > 0 ORDER BY no DESC LIMIT 1";
static const char sql_leftover[] =
    "SELECT m.id, k.id, m.campaign_id, m.state, m.cause FROM member k"
    " JOIN message m ON m.member_id = k.id WHERE k.wave_id = ?1 LIMIT ?2";
static const char sql_del_payload[] = "DELETE FROM payload WHERE message_id = ?1";
static const char sql_del_message[] = "DELETE FROM message WHERE id = ?1";
static const char sql_del_member[] = "DELETE FROM member WHERE id = ?1";
static const char sql_del_wave[] = "DELETE FROM wave WHERE id = ?1 AND state = 0";

int store_wave_begin(struct store *s, struct wave_info *w, struct err *e)
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
    struct stmt *q = stmt_open(s, sql_no, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, w->id);
    int rc = stmt_step(q, e);
    w->no = stmt_int(q, 0);
    stmt_close(q);
    return rc == 1 ? 0 : -1;
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
    }
    stmt_close(q);
    return rc;
}

/* ---- what an interrupted freezing left ---- */

struct leftover {
    int64_t message_id, member_id, campaign_id;
    int state, cause;
};

static int delete_by_id(struct store *s, const char *sql, int64_t id, struct err *e)
{
    struct stmt *st = stmt_open(s, sql, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, id);
    return stmt_end(st, stmt_run(st, e));
}

static int find_leftovers(struct store *s, int64_t wave_id, struct leftover *out, size_t max,
                          size_t *n, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_leftover, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, wave_id);
    stmt_bind_int64(q, 2, (int64_t)max);
    int rc;
    while ((rc = stmt_step(q, e)) == 1)
        out[(*n)++] = (struct leftover){stmt_int64(q, 0), stmt_int64(q, 1), stmt_int64(q, 2),
                                        stmt_int(q, 3), stmt_int(q, 4)};
    return stmt_end(q, rc);
}

/* 1 more may be there, 0 done. */
static int abandon_chunk(struct store *s, int64_t wave_id, struct err *e)
{
    struct leftover l[500];
    size_t n = 0;
    if (find_leftovers(s, wave_id, l, sizeof l / sizeof l[0], &n, e))
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (delete_by_id(s, sql_del_payload, l[i].message_id, e) ||
            delete_by_id(s, sql_del_message, l[i].message_id, e) ||
            delete_by_id(s, sql_del_member, l[i].member_id, e))
            return -1;
        tally_add(s, l[i].campaign_id, l[i].state, l[i].cause, -1);
    }
    if (n > 0)
        return 1;
    return delete_by_id(s, sql_del_wave, wave_id, e);
}

int store_wave_abandon(struct store *s, int64_t wave_id, struct err *e)
{
    int rc;
    do {
        bool own;
        if (tx_enter(s, &own, e))
            return -1;
        rc = tx_leave(s, own, abandon_chunk(s, wave_id, e), e);
    } while (rc == 1);
    return rc;
}
