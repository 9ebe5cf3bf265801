/*
 * remove: what becomes of a list that shall not be there (any more), in chunks.
 *
 * store_list_abandon takes away a list in loading with everything that it brought: rows, rejects,
 * key, and the persons, addresses and employers that it made (all from person_from on are its own: one list is
 * loaded at a time). store_list_remove makes a ready list invisible first, then deletes its sealed
 * data, payloads, rejects and at last its key; facts, verdicts and counters stay. Both can be
 * repeated after a crash: store_sweep does.
 *
 * Foreign keys are not enforced meanwhile: each deleted parent would cost a scan of tables that
 * cannot refer to it. The order of deletion (children first) keeps them whole, and store_integrity
 * checks that. Callers: intake, the list commands; store_sweep at the start of every job.
 */
#include "zhanchi/clock.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/store_campaign.h"
#include "internal.h"

static const char sql_sealed_del[] =
    "DELETE FROM list_row_sealed WHERE row_id BETWEEN ?2 AND ?3 AND row_id IN"
    " (SELECT id FROM list_row WHERE list_id = ?1 AND id BETWEEN ?2 AND ?3)";
static const char sql_row_del[] =
    "DELETE FROM list_row WHERE list_id = ?1 AND id BETWEEN ?2 AND ?3";
static const char sql_reject_del[] =
    "DELETE FROM list_reject WHERE list_id = ?1 AND line BETWEEN ?2 AND ?3";
static const char sql_held_del[] =
    "DELETE FROM list_held WHERE list_id = ?1 AND line BETWEEN ?2 AND ?3";
static const char sql_payload_del[] =
    "DELETE FROM payload WHERE key_id = ?1 AND message_id BETWEEN ?2 AND ?3";
static const char sql_person_hash_del[] =
    "DELETE FROM person_hash WHERE (hash, kind, person_id) IN"
    " (SELECT hash, kind, id FROM person WHERE id BETWEEN ?2 AND ?3)";
static const char sql_person_del[] = "DELETE FROM person WHERE id BETWEEN ?2 AND ?3";
/* An address that a refusal or a reply refers to was made by them, or is needed by them. */
#define ADDRESS_FREE                                                                               \
    " id BETWEEN ?2 AND ?3 AND NOT EXISTS (SELECT 1 FROM optout o WHERE o.address_id = "           \
    "address.id)"                                                                                  \
    " AND NOT EXISTS (SELECT 1 FROM reply p WHERE p.address_id = address.id)"
static const char sql_address_hash_del[] =
    "DELETE FROM address_hash WHERE (hash, channel, address_id) IN"
    " (SELECT hash, channel, id FROM address WHERE" ADDRESS_FREE ")";
static const char sql_address_del[] = "DELETE FROM address WHERE" ADDRESS_FREE;

static const char sql_employer_hash_del[] =
    "DELETE FROM employer_hash WHERE (hash, kind, employer_id) IN"
    " (SELECT hash, kind, id FROM employer WHERE id BETWEEN ?2 AND ?3)";
static const char sql_employer_del[] = "DELETE FROM employer WHERE id BETWEEN ?2 AND ?3";

static const char sql_row_span[] = "SELECT min(id), max(id) FROM list_row WHERE list_id = ?1";
static const char sql_reject_span[] =
    "SELECT min(line), max(line) FROM (SELECT line FROM list_reject WHERE list_id = ?1"
    " UNION ALL SELECT line FROM list_held WHERE list_id = ?1)";
/* Payloads are sealed with the key of their wave's list. */
static const char sql_payload_span[] =
    "SELECT min(w.message_from), max(w.message_to) FROM list l JOIN wave w ON w.list_id = l.id"
    " WHERE l.key_id = ?1";
static const char sql_person_span[] = "SELECT l.person_from, (SELECT max(id) FROM person) FROM "
                                      "list l WHERE l.id = ?1 AND l.state = 0";
static const char sql_address_span[] = "SELECT l.address_from, (SELECT max(id) FROM address) FROM "
                                       "list l WHERE l.id = ?1 AND l.state = 0";
static const char sql_employer_span[] =
    "SELECT l.employer_from, (SELECT max(id) FROM employer) FROM list l"
    " WHERE l.id = ?1 AND l.state = 0";

static const char sql_header_del[] = "DELETE FROM list WHERE id = ?1";
static const char sql_key_off[] = "UPDATE list SET key_id = NULL WHERE id = ?1";
static const char sql_key_del[] = "DELETE FROM data_key WHERE purpose = 2 AND list_id = ?1";
static const char sql_hide[] = "UPDATE list SET state = 2, name = name || ' (removed, ' || id || "
                               "')' WHERE id = ?1 AND state = 1";
static const char sql_state[] = "SELECT state, coalesce(key_id, 0) FROM list WHERE id = ?1";
/* A running campaign is over when nothing of it can be sent any more: planned, queued, sending,
 * unknown. */
static const char sql_open_wave[] =
    "SELECT c.name FROM wave w JOIN campaign c ON c.id = w.campaign_id WHERE w.list_id = ?1 AND"
    " (w.state = 0 OR c.state IN (2, 3, 5) OR (c.state = 4 AND EXISTS (SELECT 1 FROM tally t"
    "  WHERE t.campaign_id = c.id AND t.n > 0 AND (t.state <= 3 OR t.state = 5)))) LIMIT 1";
static const char sql_unfinished[] = "SELECT id, state FROM list WHERE state = 0 OR (state = 2 AND "
                                     "key_id IS NOT NULL) ORDER BY id LIMIT 1";
static const char sql_freezing[] = "SELECT id FROM wave WHERE state = 0 ORDER BY id LIMIT 1";

/* ---- chunks ---- */

static int span(struct store *s, const char *sql, int64_t id, int64_t *from, int64_t *to,
                struct err *e)
{
    struct stmt *q = stmt_open(s, sql, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, id);
    int rc = stmt_step(q, e);
    *from = rc == 1 ? stmt_int64(q, 0) : 0;
    *to = rc == 1 && !stmt_null(q, 1) ? stmt_int64(q, 1) : -1;
    return stmt_end(q, rc);
}

static int delete_between(struct store *s, const char *sql, int64_t id, int64_t from, int64_t to,
                          struct err *e)
{
    struct stmt *del = stmt_open(s, sql, e);
    if (!del)
        return -1;
    stmt_bind_int64(del, 1, id);
    stmt_bind_int64(del, 2, from);
    stmt_bind_int64(del, 3, to);
    return stmt_end(del, stmt_run(del, e));
}

/* Runs the statements (NULL ends them) over a span of ids, a chunk a transaction. */
static int delete_span(struct store *s, const char *span_sql, const char *const *steps, int64_t id,
                       struct err *e)
{
    int64_t from, to;
    if (span(s, span_sql, id, &from, &to, e))
        return -1;
    while (from <= to) {
        int64_t n = (int64_t)store_chunk(s);
        int64_t last = to - from < n ? to : from + n - 1;
        int64_t began = clock_mono_us();
        if (store_begin(s, e))
            return -1;
        int rc = 0;
        for (size_t i = 0; steps[i] && rc == 0; i++)
            rc = delete_between(s, steps[i], id, from, last, e);
        if (tx_leave(s, true, rc, e))
            return -1;
        failpoint("remove_chunk");
        store_chunk_took(s, (size_t)(last - from + 1), clock_mono_us() - began);
        from = last + 1;
    }
    return 0;
}

static int run_on(struct store *s, const char *sql, int64_t id, struct err *e)
{
    struct stmt *st = stmt_open(s, sql, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, id);
    return stmt_end(st, stmt_run(st, e));
}

/* With foreign keys off (not possible inside a transaction). */
static int without_foreign_keys(struct store *s, int (*job)(struct store *, int64_t, struct err *),
                                int64_t id, struct err *e)
{
    if (s->in_tx)
        panic("a list removed inside a transaction");
    if (stmt_exec(s, "PRAGMA foreign_keys = OFF", e))
        return -1;
    int rc = job(s, id, e);
    struct err later;
    if (stmt_exec(s, "PRAGMA foreign_keys = ON", &later) && rc == 0) {
        *e = later;
        rc = -1;
    }
    return rc;
}

/* ---- a list in loading ---- */

static int drop_header(struct store *s, int64_t id, struct err *e)
{
    if (store_begin(s, e))
        return -1;
    int rc = run_on(s, sql_header_del, id, e) || run_on(s, sql_key_del, id, e) ? -1 : 0;
    return tx_leave(s, true, rc, e);
}

static int abandon(struct store *s, int64_t id, struct err *e)
{
    static const char *const rows[] = {sql_sealed_del, sql_row_del, NULL};
    static const char *const rejects[] = {sql_held_del, sql_reject_del, NULL};
    static const char *const persons[] = {sql_person_hash_del, sql_person_del, NULL};
    static const char *const addresses[] = {sql_address_hash_del, sql_address_del, NULL};
    static const char *const employers[] = {sql_employer_hash_del, sql_employer_del, NULL};
    if (delete_span(s, sql_row_span, rows, id, e) ||
        delete_span(s, sql_reject_span, rejects, id, e) ||
        delete_span(s, sql_person_span, persons, id, e) ||
        delete_span(s, sql_address_span, addresses, id, e) ||
        delete_span(s, sql_employer_span, employers, id, e))
        return -1;
    return drop_header(s, id, e);
}

static int list_state(struct store *s, int64_t id, int *state, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_state, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, id);
    int rc = stmt_step(q, e);
    *state = rc == 1 ? stmt_int(q, 0) : -1;
    return stmt_end(q, rc);
}

int store_list_abandon(struct store *s, int64_t id, struct err *e)
{
    int state;
    if (list_state(s, id, &state, e))
        return -1;
    if (state < 0)
        return 0;
    if (state != 0)
        panic("list %lld is ready and cannot be abandoned", (long long)id);
    resolver_drop(s);
    return without_foreign_keys(s, abandon, id, e);
}

/* ---- a ready list ---- */

static int refuse_open(struct store *s, int64_t id, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_open_wave, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, id);
    int rc = stmt_step(q, e);
    if (rc == 1)
        rc = err_set(e, ERR_TEMP, "wait until the campaign has finished, or cancel it",
                     "campaign %s still sends from this list", stmt_text(q, 0));
    return stmt_end(q, rc);
}

static int hide(struct store *s, int64_t id, int (*record)(void *ctx, struct err *e), void *ctx,
                struct err *e)
{
    if (store_begin(s, e))
        return -1;
    int rc = refuse_open(s, id, e) || run_on(s, sql_hide, id, e) ? -1 : 0;
    if (rc == 0 && record)
        rc = record(ctx, e);
    return tx_leave(s, true, rc, e);
}

static int drop_key(struct store *s, int64_t id, struct err *e)
{
    if (store_begin(s, e))
        return -1;
    int rc = run_on(s, sql_key_off, id, e) || run_on(s, sql_key_del, id, e) ? -1 : 0;
    return tx_leave(s, true, rc, e);
}

static int key_of(struct store *s, int64_t id, int64_t *key_id, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_state, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, id);
    int rc = stmt_step(q, e);
    *key_id = rc == 1 ? stmt_int64(q, 1) : 0;
    return stmt_end(q, rc);
}

/* From state 2 on. */
static int clear_removed(struct store *s, int64_t id, struct err *e)
{
    static const char *const rows[] = {sql_sealed_del, NULL};
    static const char *const rejects[] = {sql_held_del, sql_reject_del, NULL};
    static const char *const payloads[] = {sql_payload_del, NULL};
    int64_t key_id;
    if (key_of(s, id, &key_id, e) || delete_span(s, sql_row_span, rows, id, e) ||
        delete_span(s, sql_reject_span, rejects, id, e) ||
        delete_span(s, sql_payload_span, payloads, key_id, e))
        return -1;
    return drop_key(s, id, e);
}

int store_list_remove(struct store *s, int64_t id, int (*record)(void *ctx, struct err *e),
                      void *ctx, struct err *e)
{
    int state;
    if (list_state(s, id, &state, e))
        return -1;
    if (state != 1)
        return err_set(e, ERR_NOINPUT, "see `zhanchi list ls`", "there is no list %lld",
                       (long long)id);
    if (hide(s, id, record, ctx, e))
        return -1;
    failpoint("list_hidden");
    return without_foreign_keys(s, clear_removed, id, e);
}

/* ---- what was interrupted ---- */

/* 1 one was cleared, 0 there is none. */
static int sweep_list(struct store *s, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_unfinished, e);
    if (!q)
        return -1;
    int rc = stmt_step(q, e);
    int64_t id = stmt_int64(q, 0);
    bool loading = stmt_int(q, 1) == 0;
    stmt_close(q);
    if (rc == 1 && without_foreign_keys(s, loading ? abandon : clear_removed, id, e))
        return -1;
    return rc;
}

static int sweep_wave(struct store *s, struct err *e)
{
    int64_t id;
    int rc = stmt_number(s, sql_freezing, &id, e);
    if (rc == 1 && store_wave_abandon(s, id, e))
        return -1;
    return rc;
}

int store_sweep(struct store *s, int64_t *removed, struct err *e)
{
    int rc;
    *removed = 0;
    resolver_drop(s);
    while ((rc = sweep_list(s, e)) == 1 || (rc == 0 && (rc = sweep_wave(s, e)) == 1))
        (*removed)++;
    return rc;
}
