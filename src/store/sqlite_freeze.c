/*
 * sqlite_freeze: a wave's members, messages and payloads, in chunks; and what a person decides over
 * many messages.
 *
 * A member's id is that of its first message, so a wave's rows in all three tables lie between
 * wave.message_from and message_to (with those of a campaign that freezes at the same time in
 * between). Caller: campaign.
 */
#include "zhanchi/civil.h"
#include "feed.h"
#include "move.h"
#include "sqlite.h"

static const char sql_member[] =
    "INSERT INTO member (id, campaign_id, wave_id, person_id, address_id, row_id, arm, variant,"
    " stratum, region, level, last_day, pseudonym)"
    " SELECT c0, ?1, ?2, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10 FROM feed";
static const char sql_message[] =
    "INSERT INTO message (id, campaign_id, member_id, step, channel, state, cause, due_at,"
    " address_id, segments, last_day, route)"
    " SELECT c0, ?1, c0, 1, 1, c11, c12, c13, c2, c14, c9, c17 FROM feed";
static const char sql_payload[] =
    "INSERT INTO payload (message_id, wave_id, key_id, blob, carriers)"
    " SELECT c0, ?2, c15, c16, c18 FROM feed WHERE c16 IS NOT NULL";
static const char sql_span[] =
    "UPDATE wave SET message_from = min(coalesce(message_from, ?2), ?2),"
    " message_to = max(coalesce(message_to, ?3), ?3) WHERE id = ?1 AND state = 0";
static const char sql_waiting[] =
    "SELECT " MESSAGE_ROW " FROM message m INDEXED BY message_open WHERE m.campaign_id = ?1"
    " AND m.state IN (1, 2) AND m.due_at IS NOT NULL LIMIT ?2";
static const char sql_unknown[] =
    "SELECT " MESSAGE_ROW " FROM message m INDEXED BY message_open WHERE m.campaign_id = ?1"
    " AND m.state = 5 AND m.due_at IS NOT NULL LIMIT ?2";

/* ---- freezing ---- */

static void member_cell(const struct frozen *f, int column, struct feed_cell *out)
{
    switch (column) {
    case 0:
        feed_int64(out, f->message_id);
        break;
    case 1:
        feed_int64(out, f->person_id);
        break;
    case 2:
        feed_int64(out, f->address_id);
        break;
    case 3:
        feed_int64(out, f->row_id);
        break;
    case 4:
        feed_int64(out, f->arm);
        break;
    case 5:
        feed_int64(out, f->variant);
        break;
    case 6:
        feed_int64(out, f->stratum);
        break;
    case 7:
        feed_text(out, f->region);
        break;
    case 8:
        feed_int64(out, f->level);
        break;
    case 9:
        if (f->last_day != CIVIL_NONE)
            feed_int64(out, f->last_day);
        break;
    default:
        feed_blob(out, f->pseudonym, sizeof f->pseudonym);
    }
}

static void frozen_cell(const struct feed *feed, size_t row, int column, struct feed_cell *out)
{
    const struct frozen *f = &((const struct frozen *)feed->ctx)[row];
    switch (column) {
    case 11:
        feed_int64(out, f->state);
        break;
    case 12:
        feed_int64(out, f->cause);
        break;
    case 13:
        if (f->state != MSG_SUPPRESSED)
            feed_int64(out, f->due_ms);
        break;
    case 14:
        feed_int64(out, f->segments);
        break;
    case 15:
        feed_int64(out, f->key_id);
        break;
    case 16:
        feed_blob(out, f->payload, f->payload_len);
        break;
    case 17:
        feed_int64(out, f->route);
        break;
    case 18:
        feed_int64(out, f->carriers ? f->carriers : 1u << f->route);
        break;
    default:
        member_cell(f, column, out);
    }
}

static int insert(struct store *s, const char *sql, const struct feed *f, int64_t campaign_id,
                  int64_t wave_id, struct err *e)
{
    struct stmt *st = feed_open(s, sql, f, e);
    if (!st)
        return -1;
    if (campaign_id)
        stmt_bind_int64(st, 1, campaign_id);
    if (wave_id)
        stmt_bind_int64(st, 2, wave_id);
    return feed_close(s, st, stmt_run(st, e));
}

static int widen(struct store *s, int64_t wave_id, const struct frozen *f, size_t n, struct err *e)
{
    int64_t from = f[0].message_id, to = from;
    for (size_t i = 1; i < n; i++) {
        from = f[i].message_id < from ? f[i].message_id : from;
        to = f[i].message_id > to ? f[i].message_id : to;
    }
    struct stmt *st = stmt_open(s, sql_span, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, wave_id);
    stmt_bind_int64(st, 2, from);
    stmt_bind_int64(st, 3, to);
    if (stmt_end(st, stmt_run(st, e)))
        return -1;
    if (stmt_changes(s) != 1)
        panic("wave %lld is not freezing", (long long)wave_id);
    return 0;
}

static void check_states(const struct frozen *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool waits = f[i].state == MSG_PLANNED || f[i].state == MSG_QUEUED;
        if ((!waits && f[i].state != MSG_SUPPRESSED) || waits != (f[i].payload != NULL))
            panic("message %lld cannot begin as %s %s a payload", (long long)f[i].message_id,
                  message_state_name(f[i].state), f[i].payload ? "with" : "without");
    }
}

int sqlite_freeze_put(struct store *s, int64_t campaign_id, int64_t wave_id, const struct frozen *f,
                      size_t n, struct err *e)
{
    struct feed feed = {n, frozen_cell, f};
    bool own;
    if (n == 0)
        return 0;
    check_states(f, n);
    if (tx_enter(s, &own, e))
        return -1;
    int rc = insert(s, sql_member, &feed, campaign_id, wave_id, e) ||
                     insert(s, sql_message, &feed, campaign_id, 0, e) ||
                     insert(s, sql_payload, &feed, 0, wave_id, e) || widen(s, wave_id, f, n, e)
                 ? -1
                 : 0;
    for (size_t i = 0; i < n && rc == 0; i++)
        tally_add(s, campaign_id, (int)f[i].state, (int)f[i].cause, 1);
    return tx_leave(s, own, rc, e);
}

/* ---- what a person decides over many messages ---- */

static int64_t move_chunk(struct store *s, const char *sql, int64_t campaign_id, size_t max,
                          enum msg_input in, int64_t due_ms, struct err *e)
{
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    int64_t n = -1;
    struct stmt *q = stmt_open(s, sql, e);
    if (q) {
        stmt_bind_int64(q, 1, campaign_id);
        stmt_bind_int64(q, 2, (int64_t)max);
        n = move_found(s, q, in, CAUSE_PERSON, due_ms, e);
    }
    return tx_leave(s, own, n < 0 ? -1 : 0, e) ? -1 : n;
}

int64_t sqlite_cancel_chunk(struct store *s, int64_t campaign_id, size_t max, struct err *e)
{
    return move_chunk(s, sql_waiting, campaign_id, max, IN_CANCEL, DUE_AS_IT_IS, e);
}

int64_t sqlite_resolve_chunk(struct store *s, int64_t campaign_id, bool resend, int64_t now_ms,
                             size_t max, struct err *e)
{
    return move_chunk(s, sql_unknown, campaign_id, max, resend ? IN_RESEND : IN_DROP, now_ms, e);
}
