/*
 * sqlite_candidates: who may be in a wave: the persons of a list, one after the other, with what
 * speaks against writing to them.
 *
 * The walk follows person ids (the order of first appearance), so that members, messages and
 * numbers are written where their neighbours are. Of one person the eligible certificate with the
 * nearest last day is passed; the others are counted. Memory: one row, and the numbers that several
 * persons of the list share (24 bytes each), which are found once at the beginning of a walk. What
 * concerns the number alone is asked once for each of these: an agency enters its own phone for
 * thousands of people.
 * Caller: campaign.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "covers.h"
#include "internal.h"
#include "listcols.h"
#include "sqlite.h"

#define SEALED_MAX (1u << 24)
#define KNOWN_DAYS 3 /* 72 h and the day under way: answers come within them */

static const char sql_walk[] =
    "SELECT " LIST_ROW_COLUMNS ", v.outcome, v.reason, v.rule_no, v.amount_fen, v.last_day,"
    " a.optout, v.region, a.id, ?4 AND r.email_id IS NULL"
    " FROM list_row r CROSS JOIN person p ON p.id = r.person_id"
    " CROSS JOIN address a ON a.id = iif(?4, coalesce(r.email_id, r.address_id), r.address_id)"
    " LEFT JOIN list_row_sealed x ON x.row_id = r.id"
    " LEFT JOIN verdict v ON v.policy_id = ?3 AND v.row_id = r.id"
    " WHERE r.list_id = ?1 AND r.person_id > ?2 AND r.current = 1"
    " AND (?3 = 0 OR v.outcome = 1) ORDER BY r.person_id, r.id";
static const char sql_refuses[] = "SELECT 1 FROM optout WHERE address_id = ?1 AND topic = ?2";
static const char sql_claimed[] =
    "SELECT 1 FROM list_row r JOIN response p ON " RESPONSE_COVERS_ROW " WHERE r.id = ?1";
/* Waves in freezing are invisible; members of arm 4 were never written to,
 * nor were those whose row was repaired or dropped while they waited (10, 18): they are offered
 * again. A holdout holds a phone,
 * not a person: another list may know the same phone by another name, id number or reference. The
 * members of a phone are found through its messages, which have an index already: one more on
 * member would cost each freezing a random insert a member. */
#define OF_PERSON "SELECT id FROM member WHERE person_id = ?5"
#define OF_NUMBER                                                                                  \
    "SELECT member_id AS id FROM message INDEXED BY message_address WHERE address_id = ?1"
#define ELSEWHERE(members)                                                                         \
    "SELECT coalesce(max(k.arm = 2 AND c.holdout_until > ?4), 0), count(*)"                        \
    " FROM (" members ") x CROSS JOIN member k ON k.id = x.id"                                     \
    " CROSS JOIN campaign c ON c.id = k.campaign_id CROSS JOIN wave w ON w.id = k.wave_id"         \
    " WHERE c.id <> ?2 AND c.topic = ?3 AND c.state <> 6 AND w.state > 0 AND k.arm <> 4"           \
    " AND NOT EXISTS (SELECT 1 FROM message m WHERE m.member_id = k.id AND m.state = 10"           \
    "  AND m.cause = 18)"
static const char sql_elsewhere[] = ELSEWHERE(OF_PERSON " UNION ALL " OF_NUMBER);
static const char sql_elsewhere_person[] = ELSEWHERE(OF_PERSON);
static const char sql_elsewhere_number[] = ELSEWHERE(OF_NUMBER);
/* The gateway of the first message that this number may have got (accepted, or nobody knows) from a
 * campaign of the topic: within the time in which people answer, or while that campaign runs. */
static const char sql_known[] =
    "SELECT a.gateway_id FROM message m INDEXED BY message_address"
    " CROSS JOIN campaign c ON c.id = m.campaign_id"
    " CROSS JOIN attempt a ON a.id BETWEEN (m.id << 24) + 1 AND (m.id << 24) + m.attempts"
    " CROSS JOIN outcome o ON o.id = a.id"
    " WHERE m.address_id = ?1 AND m.attempts > 0 AND c.id <> ?2 AND c.topic = ?3"
    " AND o.handed_at IS NOT NULL AND o.class IN (1, 8)"
    " AND (o.handed_at >= ?4 OR (c.state = 4 AND EXISTS (SELECT 1 FROM tally t"
    "  WHERE t.campaign_id = c.id AND t.n > 0 AND (t.state <= 3 OR t.state = 5))))"
    " ORDER BY o.handed_at, a.id LIMIT 1";
static const char sql_numbers[] =
    "SELECT iif(?2, email_id, address_id), person_id FROM list_row"
    " WHERE list_id = ?1 AND current = 1 AND NOT (?2 AND email_id IS NULL) ORDER BY 1, 2";

/* ---- numbers that several persons share ---- */

struct sharer {
    int64_t address_id, known_gateway_id;
    int persons;
    bool known_asked, elsewhere_asked, held, active; /* elsewhere */
};
struct sharers {
    int64_t list_id, campaign_id;
    bool email;
    struct sharer *v;
    size_t n, cap;
};

void sharers_drop(struct store *s)
{
    if (s->sharers)
        free(s->sharers->v);
    free(s->sharers);
    s->sharers = NULL;
}

static void sharers_add(struct sharers *h, struct sharer number)
{
    if (number.persons < 2)
        return;
    if (h->n == h->cap) {
        h->cap = h->cap ? 2 * h->cap : 256;
        h->v = reallocarray(h->v, h->cap, sizeof *h->v);
        if (!h->v)
            panic("out of memory");
    }
    h->v[h->n++] = number;
}

static int sharers_read(struct store *s, struct sharers *h, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_numbers, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, h->list_id);
    stmt_bind_int(q, 2, h->email);
    struct sharer number = {.persons = 0};
    int64_t person = 0;
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        if (stmt_int64(q, 0) != number.address_id) {
            sharers_add(h, number);
            number = (struct sharer){.address_id = stmt_int64(q, 0)};
            person = 0;
        }
        number.persons += stmt_int64(q, 1) != person;
        person = stmt_int64(q, 1);
    }
    sharers_add(h, number);
    return stmt_end(q, rc);
}

static int sharers_find(struct store *s, const struct campaign_info *c, struct err *e)
{
    sharers_drop(s);
    s->sharers = calloc(1, sizeof *s->sharers);
    if (!s->sharers)
        panic("out of memory");
    s->sharers->list_id = c->list_id;
    s->sharers->campaign_id = c->id;
    s->sharers->email = campaign_is_email(c);
    if (sharers_read(s, s->sharers, e)) {
        sharers_drop(s);
        return -1;
    }
    return 0;
}

static int by_number(const void *a, const void *b)
{
    const struct sharer *x = a, *y = b;
    return (x->address_id > y->address_id) - (x->address_id < y->address_id);
}

/* NULL: it is one person's. */
static struct sharer *sharer_of(const struct sharers *h, int64_t address_id)
{
    struct sharer key = {.address_id = address_id};
    return h->n ? bsearch(&key, h->v, h->n, sizeof *h->v, by_number) : NULL;
}

/* ---- the walk ---- */

struct walk {
    struct store *s;
    const struct campaign_info *c;
    int32_t today;
    candidate_each each;
    void *ctx;
    struct err *e;
    struct candidate k; /* of the person under way; id 0: of nobody */
    struct buf sealed;
    int optout; /* flag of the number */
    int64_t known_since_ms;
    size_t passed;
};

/* 1 a row, 0 none, -1. Closes. */
static int exists(struct stmt *q, struct err *e)
{
    int rc = stmt_step(q, e);
    stmt_close(q);
    return rc;
}

static int find_refusal(struct walk *w)
{
    w->k.opted_out = w->optout == 1;
    if (w->optout != 2)
        return 0;
    struct stmt *q = stmt_open(w->s, sql_refuses, w->e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, w->k.row.address_id);
    stmt_bind_text(q, 2, w->c->topic);
    int rc = exists(q, w->e);
    w->k.opted_out = rc == 1;
    return rc < 0 ? -1 : 0;
}

static int find_claim(struct walk *w)
{
    struct stmt *q = stmt_open(w->s, sql_claimed, w->e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, w->k.row.id);
    int rc = exists(q, w->e);
    w->k.claimed = rc == 1;
    return rc < 0 ? -1 : 0;
}

static int ask_elsewhere(struct walk *w, const char *sql, bool *held, bool *active)
{
    struct stmt *q = stmt_open(w->s, sql, w->e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, w->k.row.address_id);
    stmt_bind_int64(q, 2, w->c->id);
    stmt_bind_text(q, 3, w->c->topic);
    stmt_bind_int(q, 4, w->today);
    if (sql != sql_elsewhere_number)
        stmt_bind_int64(q, 5, w->k.row.person_id);
    int rc = stmt_step(q, w->e);
    *held = rc == 1 && stmt_int(q, 0) == 1;
    *active = rc == 1 && stmt_int(q, 1) > 0;
    return stmt_end(q, rc);
}

static int find_elsewhere(struct walk *w, struct sharer *shared)
{
    struct candidate *k = &w->k;
    if (!shared)
        return ask_elsewhere(w, sql_elsewhere, &k->held_elsewhere, &k->active_elsewhere);
    if (!shared->elsewhere_asked &&
        ask_elsewhere(w, sql_elsewhere_number, &shared->held, &shared->active))
        return -1;
    shared->elsewhere_asked = true;
    if (ask_elsewhere(w, sql_elsewhere_person, &k->held_elsewhere, &k->active_elsewhere))
        return -1;
    k->held_elsewhere = k->held_elsewhere || shared->held;
    k->active_elsewhere = k->active_elsewhere || shared->active;
    return 0;
}

static int find_known_gateway(struct walk *w, struct sharer *shared)
{
    w->k.known_gateway_id = 0;
    if (w->c->n_gateways < 2)
        return 0;
    if (shared && shared->known_asked) {
        w->k.known_gateway_id = shared->known_gateway_id;
        return 0;
    }
    struct stmt *q = stmt_open(w->s, sql_known, w->e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, w->k.row.address_id);
    stmt_bind_int64(q, 2, w->c->id);
    stmt_bind_text(q, 3, w->c->topic);
    stmt_bind_int64(q, 4, w->known_since_ms);
    int rc = stmt_step(q, w->e);
    if (rc == 1)
        w->k.known_gateway_id = stmt_int64(q, 0);
    if (shared && rc >= 0) {
        shared->known_gateway_id = w->k.known_gateway_id;
        shared->known_asked = true;
    }
    return stmt_end(q, rc);
}

/* The person is complete: passed on. What the callback returned. */
static int pass(struct walk *w)
{
    if (w->k.row.id == 0)
        return 0;
    struct sharer *shared = sharer_of(w->s->sharers, w->k.row.address_id);
    if (find_refusal(w) || find_claim(w) || find_elsewhere(w, shared) ||
        find_known_gateway(w, shared))
        return -1;
    w->k.address_sharers = shared ? shared->persons : 1;
    w->k.row.sealed = w->sealed.len ? w->sealed.data : NULL;
    w->k.row.sealed_len = w->sealed.len;
    w->passed++;
    int rc = w->each(w->ctx, &w->k);
    w->k.row.id = 0;
    return rc;
}

static bool nearer(int32_t a, int32_t b)
{
    return a != CIVIL_NONE && (b == CIVIL_NONE || a < b);
}

static struct verdict_row verdict_read(struct stmt *q, int64_t row_id)
{
    const int at = LIST_ROW_N;
    return (struct verdict_row){
        .row_id = row_id,
        .outcome = (enum verdict_outcome)stmt_int(q, at),
        .reason = (enum verdict_reason)stmt_int(q, at + 1),
        .rule_no = stmt_null(q, at + 2) ? -1 : stmt_int(q, at + 2),
        .amount_fen = stmt_null(q, at + 3) ? POLICY_AMOUNT_NONE : stmt_int64(q, at + 3),
        .last_day = stmt_null(q, at + 4) ? CIVIL_NONE : stmt_int(q, at + 4)};
}

/* One more certificate of the person under way. */
static void take_row(struct walk *w, struct stmt *q, const struct list_row *row)
{
    bool first = w->k.row.id == 0, has_verdict = w->c->policy_id != 0;
    int n = first ? 1 : w->k.n_certificates + 1;
    struct verdict_row v = verdict_read(q, row->id);
    if (first || (has_verdict && nearer(v.last_day, w->k.verdict.last_day))) {
        w->k = (struct candidate){.row = *row, .has_verdict = has_verdict};
        if (has_verdict)
            w->k.verdict = v;
        w->optout = stmt_int(q, LIST_ROW_N + 5);
        if (!stmt_null(q, LIST_ROW_N + 6))
            stmt_copy_text(q, LIST_ROW_N + 6, w->k.row.region, sizeof w->k.row.region);
        w->k.row.address_id = stmt_int64(q, LIST_ROW_N + 7);
        w->k.no_address = stmt_int(q, LIST_ROW_N + 8) != 0;
        buf_reset(&w->sealed);
        if (buf_add(&w->sealed, row->sealed, row->sealed_len))
            panic("a sealed row of %zu bytes", row->sealed_len);
    }
    w->k.n_certificates = n;
}

static int walk(struct walk *w, int64_t after_person, size_t max, int64_t *last)
{
    struct stmt *q = stmt_open(w->s, sql_walk, w->e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, w->c->list_id);
    stmt_bind_int64(q, 2, after_person);
    stmt_bind_int64(q, 3, w->c->policy_id);
    stmt_bind_int(q, 4, campaign_is_email(w->c));
    int64_t person = 0;
    int rc, stop = 0;
    while ((rc = stmt_step(q, w->e)) == 1) {
        struct list_row row;
        list_row_read(q, 0, &row);
        if (row.person_id != person && ((stop = pass(w)) != 0 || w->passed >= max))
            break;
        person = row.person_id;
        take_row(w, q, &row);
    }
    stmt_close(q);
    if (rc == 0)
        stop = pass(w);
    *last = rc == 1 ? person : 0;
    return rc < 0 || stop < 0 ? -1 : 0;
}

int sqlite_candidates(struct store *s, const struct campaign_info *c, int32_t today,
                      int64_t after_person, size_t max, candidate_each each, void *ctx,
                      int64_t *last, struct err *e)
{
    struct walk w = {.s = s, .c = c, .today = today, .each = each, .ctx = ctx, .e = e};
    w.known_since_ms = civil_at_ms(today - KNOWN_DAYS, 0, c->schedule.zone_min);
    bool begins = after_person == 0 || !s->sharers || s->sharers->list_id != c->list_id ||
                  s->sharers->campaign_id != c->id;
    if (begins && sharers_find(s, c, e))
        return -1;
    buf_init(&w.sealed, SEALED_MAX);
    int rc = walk(&w, after_person, max, last);
    buf_fini(&w.sealed);
    return rc;
}
