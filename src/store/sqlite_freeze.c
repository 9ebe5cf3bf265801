/*
 * sqlite_freeze: who may be in a wave, and the wave's members, messages and payloads, in chunks.
 *
 * Candidates are walked in the order of person ids (the order of first appearance), so that members, messages and addresses are written where their
 * neighbours are. Of one person the eligible certificate with the nearest last day is passed; the others are counted.
 * Caller: campaign.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/store_people.h"
#include "listcols.h"
#include "move.h"
#include "sqlite.h"

static const char sql_candidates[] =
    "SELECT " LIST_ROW_COLUMNS ", v.reason, v.rule_no, v.amount_fen, v.last_day, a.optout"
    " FROM list_row r JOIN person p ON p.id = r.person_id JOIN address a ON a.id = r.address_id"
    " LEFT JOIN list_row_sealed x ON x.row_id = r.id"
    " LEFT JOIN verdict v ON v.policy_id = ?3 AND v.row_id = r.id"
    " WHERE r.list_id = ?1 AND r.person_id > ?2 AND r.current = 1"
    " AND (?3 = 0 OR v.outcome = 1) ORDER BY r.person_id, r.id";
static const char sql_refuses_topic[] = "SELECT 1 FROM optout WHERE address_id = ?1 AND topic = ?2";
/* The rule of `claimed`: the same certificate or an unnamed one, since the issue day. */
static const char sql_claimed[] =
    "SELECT 1 FROM response WHERE person_id = ?1 AND (?2 IS NULL OR day >= ?2)"
    " AND (occupation = x'' OR ?3 IS NULL OR occupation = ?3) AND (level = 0 OR ?4 = 0 OR level = "
    "?4)";
static const char sql_elsewhere[] =
    "SELECT max(k.arm = 2 AND c.holdout_until > ?4), count(*) FROM member k"
    " JOIN campaign c ON c.id = k.campaign_id JOIN wave w ON w.id = k.wave_id"
    " WHERE k.person_id = ?1 AND c.id <> ?2 AND c.topic = ?3 AND c.state <> 6 AND w.state > 0"
    " AND k.arm <> 4";
static const char sql_shared_make[] =
    "DROP TABLE IF EXISTS temp.shared;"
    "CREATE TEMP TABLE shared (address_id INTEGER PRIMARY KEY, n INTEGER NOT NULL);";
static const char sql_shared_fill[] =
    "INSERT INTO temp.shared SELECT address_id, count(DISTINCT person_id) FROM list_row"
    " WHERE list_id = ?1 AND current = 1 GROUP BY address_id HAVING count(DISTINCT person_id) > 1";
static const char sql_shared[] = "SELECT n FROM temp.shared WHERE address_id = ?1";

static const char sql_member[] = "INSERT INTO member (campaign_id, wave_id, person_id, address_id, "
                                 "row_id, arm, variant, stratum,"
                                 " region, level, last_day, pseudonym) VALUES (?1, ?2, ?3, ?4, ?5, "
                                 "?6, ?7, ?8, ?9, ?10, ?11, ?12)";
static const char sql_message[] = "INSERT INTO message (id, campaign_id, member_id, step, channel, "
                                  "state, cause, due_at, address_id,"
                                  " segments) VALUES (?1, ?2, ?3, 1, 1, ?4, ?5, ?6, ?7, ?8)";
static const char sql_payload[] =
    "INSERT INTO payload (message_id, key_id, blob) VALUES (?1, ?2, ?3)";
static const char sql_payloads[] =
    "SELECT m.id, p.key_id, p.blob FROM member k JOIN message m ON m.member_id = k.id"
    " JOIN payload p ON p.message_id = m.id WHERE k.wave_id = ?1 ORDER BY m.id";
static const char sql_to_cancel[] =
    "SELECT id, campaign_id, address_id, state, cause, attempts FROM message"
    " INDEXED BY message_waiting WHERE campaign_id = ?1 AND state IN (1, 2) AND ?2 = 0 LIMIT ?3";
static const char sql_unknown[] =
    "SELECT id, campaign_id, address_id, state, cause, attempts FROM message"
    " INDEXED BY message_unknown WHERE campaign_id = ?1 AND state = 5 AND ?2 = 0 LIMIT ?3";

/* ---- candidates ---- */

struct walk {
    struct store *s;
    const struct campaign_info *c;
    int32_t today;
    candidate_each each;
    void *ctx;
    struct candidate k; /* of the person under way */
    struct buf sealed;
    bool any, flagged_optout;
    size_t persons;
};

/* 1 a row, 0 none, -1. The statement has its parameters. */
static int exists(struct stmt *q, struct err *e)
{
    int rc = stmt_step(q, e);
    stmt_close(q);
    return rc;
}

static int refuses_topic(struct walk *w, struct err *e)
{
    struct stmt *q = stmt_open(w->s, sql_refuses_topic, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, w->k.row.address_id);
    stmt_bind_text(q, 2, w->c->topic);
    return exists(q, e);
}

static int has_claimed(struct walk *w, struct err *e)
{
    const struct list_row *r = &w->k.row;
    struct stmt *q = stmt_open(w->s, sql_claimed, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, r->person_id);
    stmt_bind_int64_or_null(q, 2, r->issued_day != CIVIL_NONE, r->issued_day);
    stmt_bind_blob(q, 3, r->has_occupation ? r->occupation : NULL, KEYRING_HASH_BYTES);
    stmt_bind_int(q, 4, r->level);
    return exists(q, e);
}

static int look_elsewhere(struct walk *w, struct err *e)
{
    struct stmt *q = stmt_open(w->s, sql_elsewhere, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, w->k.row.person_id);
    stmt_bind_int64(q, 2, w->c->id);
    stmt_bind_text(q, 3, w->c->topic);
    stmt_bind_int(q, 4, w->today);
    int rc = stmt_step(q, e);
    w->k.held_elsewhere = rc == 1 && stmt_int(q, 0) == 1;
    w->k.active_elsewhere = rc == 1 && stmt_int(q, 1) > 0;
    stmt_close(q);
    return rc < 0 ? -1 : 0;
}

static int count_sharers(struct walk *w, struct err *e)
{
    struct stmt *q = stmt_open(w->s, sql_shared, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, w->k.row.address_id);
    int rc = stmt_step(q, e);
    w->k.address_sharers = rc == 1 ? stmt_int(q, 0) : 1;
    stmt_close(q);
    return rc < 0 ? -1 : 0;
}

/* The person is complete: flags, then the caller. */
static int pass(struct walk *w, struct err *e)
{
    int rc;

    if (!w->any)
        return 0;
    w->any = false;
    if (!w->k.opted_out && w->flagged_optout) {
        if ((rc = refuses_topic(w, e)) < 0)
            return -1;
        w->k.opted_out = rc == 1;
    }
    if ((rc = has_claimed(w, e)) < 0 || look_elsewhere(w, e) || count_sharers(w, e))
        return -1;
    w->k.claimed = rc == 1;
    w->k.row.sealed = w->sealed.data;
    w->k.row.sealed_len = w->sealed.len;
    w->persons++;
    return w->each(w->ctx, &w->k);
}

/* This row becomes the person's certificate. */
static void choose(struct walk *w, struct stmt *q, const struct list_row *row)
{
    int optout = stmt_int(q, LIST_ROW_N + 4);
    int n = w->k.n_certificates;

    memset(&w->k, 0, sizeof w->k);
    w->k.row = *row;
    w->k.n_certificates = n;
    w->k.opted_out = optout == 1;
    w->flagged_optout = optout == 2;
    buf_reset(&w->sealed);
    buf_add(&w->sealed, row->sealed, row->sealed_len);
    w->k.has_verdict = w->c->policy_id != 0;
    w->k.verdict = (struct verdict_row){
        .row_id = row->id,
        .outcome = VERDICT_ELIGIBLE,
        .reason = (enum verdict_reason)stmt_int(q, LIST_ROW_N),
        .rule_no = stmt_null(q, LIST_ROW_N + 1) ? -1 : stmt_int(q, LIST_ROW_N + 1),
        .amount_fen =
            stmt_null(q, LIST_ROW_N + 2) ? POLICY_AMOUNT_NONE : stmt_int64(q, LIST_ROW_N + 2),
        .last_day = stmt_null(q, LIST_ROW_N + 3) ? CIVIL_NONE : stmt_int(q, LIST_ROW_N + 3)};
}

static bool nearer(int32_t a, int32_t b)
{
    return a != CIVIL_NONE && (b == CIVIL_NONE || a < b);
}

static void take_row(struct walk *w, struct stmt *q, const struct list_row *row)
{
    int32_t last = stmt_null(q, LIST_ROW_N + 3) ? CIVIL_NONE : stmt_int(q, LIST_ROW_N + 3);

    if (!w->any) {
        w->k.n_certificates = 1;
        choose(w, q, row);
    } else {
        w->k.n_certificates++;
        if (w->c->policy_id != 0 && nearer(last, w->k.verdict.last_day))
            choose(w, q, row);
    }
    w->any = true;
}

static int walk_rows(struct walk *w, int64_t after_person, size_t max, int64_t *last, struct err *e)
{
    struct stmt *q = stmt_open(w->s, sql_candidates, e);
    int64_t person = 0;
    int rc, stop = 0;

    if (!q)
        return -1;
    stmt_bind_int64(q, 1, w->c->list_id);
    stmt_bind_int64(q, 2, after_person);
    stmt_bind_int64(q, 3, w->c->policy_id);
    while ((rc = stmt_step(q, e)) == 1) {
        struct list_row row;
        list_row_read(q, 0, &row);
        if (row.person_id != person) {
            if ((stop = pass(w, e)) != 0 || w->persons >= max)
                break;
        }
        person = row.person_id;
        take_row(w, q, &row);
    }
    if (rc == 0)
        stop = pass(w, e);
    *last = rc == 1 ? person : 0;
    return stmt_end(q, rc < 0 || stop < 0 ? -1 : stop);
}

/* Numbers that several persons of the list share: found once, at the walk's beginning. */
static int find_shared(struct store *s, int64_t list_id, struct err *e)
{
    if (stmt_exec(s, sql_shared_make, e))
        return -1;
    struct stmt *st = stmt_open(s, sql_shared_fill, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, list_id);
    return stmt_end(st, stmt_run(st, e));
}

int sqlite_candidates(struct store *s, const struct campaign_info *c, int32_t today,
                      int64_t after_person, size_t max, candidate_each each, void *ctx,
                      int64_t *last, struct err *e)
{
    struct walk w = {.s = s, .c = c, .today = today, .each = each, .ctx = ctx};

    if (after_person == 0 && find_shared(s, c->list_id, e))
        return -1;
    buf_init(&w.sealed, 1u << 20);
    int rc = walk_rows(&w, after_person, max, last, e);
    buf_fini(&w.sealed);
    return rc;
}

/* ---- freezing ---- */

int store_reserve_messages(struct store *s, size_t n, int64_t *first, struct err *e)
{
    return reserve_ids(s, "next_message", n, first, e);
}

struct freezing {
    struct store *s;
    int64_t campaign_id, wave_id;
    struct stmt *member, *message, *payload;
};

static int put_member(struct freezing *z, const struct frozen *f, struct err *e)
{
    struct stmt *st = z->member;

    stmt_bind_int64(st, 3, f->person_id);
    stmt_bind_int64(st, 4, f->address_id);
    stmt_bind_int64(st, 5, f->row_id);
    stmt_bind_int(st, 6, f->arm);
    stmt_bind_int(st, 7, f->variant);
    stmt_bind_int(st, 8, f->stratum);
    stmt_bind_text(st, 9, f->region);
    stmt_bind_int(st, 10, f->level);
    stmt_bind_int64_or_null(st, 11, f->last_day != CIVIL_NONE, f->last_day);
    stmt_bind_blob(st, 12, f->pseudonym, sizeof f->pseudonym);
    return stmt_run(st, e);
}

static int put_message(struct freezing *z, const struct frozen *f, int64_t member_id, struct err *e)
{
    struct stmt *st = z->message;

    stmt_bind_int64(st, 1, f->message_id);
    stmt_bind_int64(st, 3, member_id);
    stmt_bind_int(st, 4, f->state);
    stmt_bind_int(st, 5, f->cause);
    stmt_bind_int64(st, 6, f->due_ms);
    stmt_bind_int64(st, 7, f->address_id);
    stmt_bind_int(st, 8, f->segments);
    if (stmt_run(st, e))
        return -1;
    tally_add(z->s, z->campaign_id, f->state, f->cause, 1);
    if (!f->payload)
        return 0;
    stmt_bind_int64(z->payload, 1, f->message_id);
    stmt_bind_int64(z->payload, 2, f->key_id);
    stmt_bind_blob(z->payload, 3, f->payload, f->payload_len);
    return stmt_run(z->payload, e);
}

static int freeze_all(struct freezing *z, const struct frozen *f, size_t n, struct err *e)
{
    if (!(z->member = stmt_open(z->s, sql_member, e)) ||
        !(z->message = stmt_open(z->s, sql_message, e)) ||
        !(z->payload = stmt_open(z->s, sql_payload, e)))
        return -1;
    stmt_bind_int64(z->member, 1, z->campaign_id);
    stmt_bind_int64(z->member, 2, z->wave_id);
    stmt_bind_int64(z->message, 2, z->campaign_id);
    for (size_t i = 0; i < n; i++)
        if (put_member(z, &f[i], e) || put_message(z, &f[i], stmt_last_id(z->s), e))
            return -1;
    return 0;
}

int sqlite_freeze_put(struct store *s, int64_t campaign_id, int64_t wave_id, const struct frozen *f,
                      size_t n, struct err *e)
{
    struct freezing z = {.s = s, .campaign_id = campaign_id, .wave_id = wave_id};
    bool own;

    if (tx_enter(s, &own, e))
        return -1;
    int rc = freeze_all(&z, f, n, e);
    stmt_close(z.member);
    stmt_close(z.message);
    stmt_close(z.payload);
    return tx_leave(s, own, rc, e);
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

/* ---- what a person decides over many messages ---- */

int64_t sqlite_cancel_chunk(struct store *s, int64_t campaign_id, size_t max, struct err *e)
{
    return message_move_found(s, sql_to_cancel, campaign_id, 0, max, IN_CANCEL, CAUSE_PERSON,
                              DUE_AS_IT_IS, e);
}

int64_t sqlite_resolve_chunk(struct store *s, int64_t campaign_id, bool resend, int64_t now_ms,
                             size_t max, struct err *e)
{
    return message_move_found(s, sql_unknown, campaign_id, 0, max, resend ? IN_RESEND : IN_DROP,
                              CAUSE_PERSON, resend ? now_ms : DUE_AS_IT_IS, e);
}
