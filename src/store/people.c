/*
 * people: refusals, and what is known of responses.
 *
 * A refusal is three things in one transaction: a row in optout, the flag on address that a claim
 * looks at (1 all, 2 topics only), and the suppression of what waits for that number. So no message
 * is claimed after a refusal is committed. Taking a refusal back brings no suppressed message back.
 * Callers: track and the optout commands; settlements and replies (optout_learn); measure.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/store_people.h"
#include "internal.h"

static const char sql_optout[] =
    "SELECT id, blob IS NULL FROM optout WHERE address_id = ?1 AND topic = ?2";
static const char sql_optout_add[] =
    "INSERT INTO optout (id, address_id, topic, origin, actor, at, key_id, blob)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
/* Somebody told the number of a refusal that was known by a gateway's code only. */
static const char sql_optout_number[] =
    "UPDATE optout SET id = ?2, key_id = ?3, blob = ?4 WHERE id = ?1";
static const char sql_optout_del[] = "DELETE FROM optout WHERE address_id = ?1 AND topic = ?2";
static const char sql_optout_any[] =
    "SELECT 1 FROM optout WHERE address_id = ?1 AND (topic = '' OR topic = ?2)";
static const char sql_flag[] =
    "UPDATE address SET optout = CASE"
    " WHEN EXISTS (SELECT 1 FROM optout WHERE address_id = ?1 AND topic = '') THEN 1"
    " WHEN EXISTS (SELECT 1 FROM optout WHERE address_id = ?1) THEN 2"
    " ELSE 0 END WHERE id = ?1";
static const char sql_waiting[] =
    "SELECT m.id FROM message m JOIN campaign c ON c.id = m.campaign_id"
    " WHERE m.address_id = ?1 AND m.state IN (1, 2) AND (?2 = '' OR c.topic = ?2)";
static const char sql_optouts[] =
    "SELECT id, address_id, topic, origin, actor, at, coalesce(key_id, 0), blob FROM optout"
    " ORDER BY at, id";
static const char sql_claims_of[] =
    "SELECT occupation, level, day FROM response WHERE person_id = ?1 ORDER BY day, id";
static const char sql_file_add[] =
    "INSERT INTO response_file (file, digest, rows, added, known, unmatched, rejects, through,"
    " imported_at, imported_by, id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
static const char sql_file_set[] =
    "UPDATE response_file SET file = ?1, digest = ?2, rows = ?3, added = ?4, known = ?5,"
    " unmatched = ?6, rejects = ?7, through = ?8, imported_at = ?9, imported_by = ?10"
    " WHERE id = ?11";
static const char sql_files[] =
    "SELECT id, file, digest, rows, added, known, unmatched, rejects, through, imported_at,"
    " imported_by FROM response_file ORDER BY id";

/* ---- messages that wait ---- */

static int suppress_address(struct store *s, int64_t address_id, const char *topic,
                            int64_t *suppressed, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_waiting, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, address_id);
    stmt_bind_text(q, 2, topic);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        rc = suppress_message(s, stmt_int64(q, 0), CAUSE_OPTOUT, e);
        if (rc < 0)
            break;
        *suppressed += rc;
    }
    return stmt_end(q, rc);
}

/* ---- refusals ---- */

int store_reserve_optouts(struct store *s, size_t n, int64_t *first, struct err *e)
{
    return reserve_ids(s, RESERVE_PEOPLE, n, first, e);
}

static int run_on_address(struct store *s, const char *sql, int64_t address_id, const char *topic,
                          struct err *e)
{
    struct stmt *st = stmt_open(s, sql, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, address_id);
    if (topic)
        stmt_bind_text(st, 2, topic);
    return stmt_end(st, stmt_run(st, e));
}

static int add_number(struct store *s, int64_t old_id, const struct refusal *r, struct err *e)
{
    struct stmt *put = stmt_open(s, sql_optout_number, e);
    if (!put)
        return -1;
    stmt_bind_int64(put, 1, old_id);
    stmt_bind_int64(put, 2, r->id);
    stmt_bind_int64(put, 3, r->key_id);
    stmt_bind_blob(put, 4, r->sealed, r->sealed_len);
    return stmt_end(put, stmt_run(put, e));
}

static int insert_optout(struct store *s, const struct refusal *r, struct err *e)
{
    int64_t id = r->id;
    if (id == 0 && reserve_ids(s, RESERVE_PEOPLE, 1, &id, e))
        return -1;
    struct stmt *add = stmt_open(s, sql_optout_add, e);
    if (!add)
        return -1;
    stmt_bind_int64(add, 1, id);
    stmt_bind_int64(add, 2, r->address_id);
    stmt_bind_text(add, 3, r->topic);
    stmt_bind_int(add, 4, r->origin);
    stmt_bind_text(add, 5, r->actor);
    stmt_bind_int64(add, 6, r->at_ms);
    stmt_bind_int64_or_null(add, 7, r->sealed != NULL, r->key_id);
    stmt_bind_blob(add, 8, r->sealed, r->sealed_len);
    return stmt_end(add, stmt_run(add, e));
}

/* 1 new, 0 was there. */
static int record_optout(struct store *s, const struct refusal *r, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_optout, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, r->address_id);
    stmt_bind_text(q, 2, r->topic);
    int rc = stmt_step(q, e);
    int64_t old_id = stmt_int64(q, 0);
    bool numberless = rc == 1 && stmt_int(q, 1) == 1;
    stmt_close(q);
    if (rc < 0)
        return -1;
    if (rc == 1)
        return numberless && r->sealed && r->id ? add_number(s, old_id, r, e) : 0;
    return insert_optout(s, r, e) ? -1 : 1;
}

int optout_learn(struct store *s, const struct refusal *r, int64_t *suppressed, struct err *e)
{
    if (!s->in_tx)
        panic("a refusal outside a transaction");
    int rc = record_optout(s, r, e);
    /* Also when it was there: messages frozen meanwhile may wait. */
    if (rc < 0 || run_on_address(s, sql_flag, r->address_id, NULL, e) ||
        suppress_address(s, r->address_id, r->topic, suppressed, e))
        return -1;
    return rc;
}

int store_optout_add(struct store *s, const uint8_t address[KEYRING_HASH_BYTES],
                     const struct optout_info *o, int64_t *suppressed, struct err *e)
{
    struct refusal r = {.id = o->id,
                        .topic = o->topic,
                        .origin = (int)o->origin,
                        .actor = o->actor,
                        .at_ms = o->at_ms,
                        .key_id = o->key_id,
                        .sealed = o->sealed,
                        .sealed_len = o->sealed_len};
    int64_t n = 0;
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    int rc = address_make(s, address, &r.address_id, e);
    if (rc >= 0)
        rc = optout_learn(s, &r, &n, e);
    rc = tx_leave(s, own, rc, e);
    if (rc >= 0 && suppressed)
        *suppressed = n;
    return rc;
}

int store_optout_remove(struct store *s, const uint8_t address[KEYRING_HASH_BYTES],
                        const char *topic, struct err *e)
{
    int64_t id;
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    int rc = address_find(s, address, &id, e);
    if (rc == 1)
        rc = run_on_address(s, sql_optout_del, id, topic, e) ? -1 : (int)stmt_changes(s);
    if (rc == 1 && run_on_address(s, sql_flag, id, NULL, e))
        rc = -1;
    return tx_leave(s, own, rc, e);
}

int store_optout_check(struct store *s, const uint8_t address[KEYRING_HASH_BYTES],
                       const char *topic, struct err *e)
{
    int64_t id;
    int rc = address_find(s, address, &id, e);
    if (rc <= 0)
        return rc;
    struct stmt *q = stmt_open(s, sql_optout_any, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, id);
    stmt_bind_text(q, 2, topic);
    rc = stmt_step(q, e);
    stmt_close(q);
    return rc;
}

int store_optout_each(struct store *s, int (*each)(void *ctx, const struct optout_info *o),
                      void *ctx, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_optouts, e);
    if (!q)
        return -1;
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct optout_info o = {.id = stmt_int64(q, 0),
                                .address_id = stmt_int64(q, 1),
                                .at_ms = stmt_int64(q, 5),
                                .origin = (enum optout_origin)stmt_int(q, 3),
                                .key_id = stmt_int64(q, 6)};
        stmt_copy_text(q, 2, o.topic, sizeof o.topic);
        stmt_copy_text(q, 4, o.actor, sizeof o.actor);
        o.sealed = stmt_blob(q, 7, &o.sealed_len);
        if ((rc = each(ctx, &o)) != 0)
            break;
    }
    return stmt_end(q, rc);
}

/* ---- responses: what is known ---- */

int store_claims_of(struct store *s, int64_t person_id,
                    int (*each)(void *ctx, bool has_occupation,
                                const uint8_t occupation[KEYRING_HASH_BYTES], int level,
                                int32_t day),
                    void *ctx, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_claims_of, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, person_id);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        uint8_t occupation[KEYRING_HASH_BYTES];
        size_t len;
        stmt_blob(q, 0, &len);
        stmt_copy_blob(q, 0, occupation, sizeof occupation);
        if ((rc = each(ctx, len > 0, occupation, stmt_int(q, 1), stmt_int(q, 2))) != 0)
            break;
    }
    return stmt_end(q, rc);
}

int store_response_file_put(struct store *s, struct response_file *f, struct err *e)
{
    struct stmt *put = stmt_open(s, f->id ? sql_file_set : sql_file_add, e);
    if (!put)
        return -1;
    stmt_bind_text(put, 1, f->file);
    stmt_bind_blob(put, 2, f->digest, sizeof f->digest);
    stmt_bind_int64(put, 3, f->rows);
    stmt_bind_int64(put, 4, f->added);
    stmt_bind_int64(put, 5, f->known);
    stmt_bind_int64(put, 6, f->unmatched);
    stmt_bind_int64(put, 7, f->rejects);
    stmt_bind_int64_or_null(put, 8, f->through != CIVIL_NONE, f->through);
    stmt_bind_int64(put, 9, f->imported_at);
    stmt_bind_text(put, 10, f->imported_by);
    stmt_bind_int64_or_null(put, 11, f->id != 0, f->id);
    int rc = stmt_run(put, e);
    stmt_close(put);
    if (rc == 0 && f->id == 0)
        f->id = stmt_last_id(s);
    return rc;
}

int store_response_files_each(struct store *s,
                              int (*each)(void *ctx, const struct response_file *f), void *ctx,
                              struct err *e)
{
    struct stmt *q = stmt_open(s, sql_files, e);
    if (!q)
        return -1;
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct response_file f = {.id = stmt_int64(q, 0),
                                  .rows = stmt_int64(q, 3),
                                  .added = stmt_int64(q, 4),
                                  .known = stmt_int64(q, 5),
                                  .unmatched = stmt_int64(q, 6),
                                  .rejects = stmt_int64(q, 7),
                                  .through = stmt_null(q, 8) ? CIVIL_NONE : stmt_int(q, 8),
                                  .imported_at = stmt_int64(q, 9)};
        stmt_copy_text(q, 1, f.file, sizeof f.file);
        stmt_copy_blob(q, 2, f.digest, sizeof f.digest);
        stmt_copy_text(q, 10, f.imported_by, sizeof f.imported_by);
        if ((rc = each(ctx, &f)) != 0)
            break;
    }
    return stmt_end(q, rc);
}
