/*
 * meta: small facts of a database by name, and the small ids of gateways.
 *
 * Names in use: schema, created_at (migrate.c); tag, claims, doubt (epoch.c); key_check
 * (keyring.c); watermark (applied reports); passed:GATEWAY (report.c); next_people, next_key, next_message
 * (reserve_ids).
 */
#include "internal.h"

static const char sql_get[] = "SELECT value FROM meta WHERE name = ?1";
static const char sql_set[] = "INSERT INTO meta (name, value) VALUES (?1, ?2)"
                              " ON CONFLICT (name) DO UPDATE SET value = excluded.value";
static const char sql_reserve[] =
    "INSERT INTO meta (name, value) VALUES (?1, CAST(1 + ?2 AS TEXT))"
    " ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + ?2 AS TEXT)"
    " RETURNING CAST(value AS INTEGER) - ?2";
static const char sql_gateway[] = "SELECT id FROM gateway WHERE name = ?1";
static const char sql_gateway_add[] = "INSERT INTO gateway (name) VALUES (?1)";

int store_meta_get(struct store *s, const char *name, char *out, size_t cap, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_get, e);
    if (!q)
        return -1;
    stmt_bind_text(q, 1, name);
    int rc = stmt_step(q, e);
    if (rc == 1)
        stmt_copy_text(q, 0, out, cap);
    stmt_close(q);
    return rc;
}

int store_meta_set(struct store *s, const char *name, const char *value, struct err *e)
{
    struct stmt *put = stmt_open(s, sql_set, e);
    if (!put)
        return -1;
    stmt_bind_text(put, 1, name);
    stmt_bind_text(put, 2, value);
    int rc = stmt_run(put, e);
    stmt_close(put);
    return rc;
}

static int gateway_find(struct store *s, const char *name, int64_t *id, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_gateway, e);
    if (!q)
        return -1;
    stmt_bind_text(q, 1, name);
    int rc = stmt_step(q, e);
    if (rc == 1)
        *id = stmt_int64(q, 0);
    stmt_close(q);
    return rc;
}

static int gateway_add(struct store *s, const char *name, int64_t *id, struct err *e)
{
    struct stmt *add = stmt_open(s, sql_gateway_add, e);
    if (!add)
        return -1;
    stmt_bind_text(add, 1, name);
    int rc = stmt_run(add, e);
    stmt_close(add);
    if (rc == 0)
        *id = stmt_last_id(s);
    return rc;
}

int store_gateway_id(struct store *s, const char *name, int64_t *id, struct err *e)
{
    int rc = gateway_find(s, name, id, e);
    if (rc)
        return rc < 0 ? -1 : 0;
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    rc = gateway_find(s, name, id, e); /* again: another program may have added it meanwhile */
    if (rc == 0)
        rc = gateway_add(s, name, id, e);
    return tx_leave(s, own, rc < 0 ? -1 : 0, e);
}

int reserve_ids(struct store *s, const char *counter, size_t n, int64_t *first, struct err *e)
{
    struct stmt *put = stmt_open(s, sql_reserve, e);
    if (!put)
        return -1;
    stmt_bind_text(put, 1, counter);
    stmt_bind_int64(put, 2, (int64_t)n);
    int rc = stmt_step(put, e);
    if (rc == 1) {
        *first = stmt_int64(put, 0);
        rc = stmt_step(put, e); /* to its end: only then is it written */
    }
    stmt_close(put);
    return rc;
}
