/*
 * migrate: which version of the schema a database has, and how it gets the newest.
 *
 * The file says whose it is by SQLite's application id, and how far it is by meta 'schema'. Each
 * migration runs in one transaction that reads the version again under the write lock, so that two
 * programs that open an old database at the same time do it once. Called by store_create and
 * store_open only.
 */
#include <stdio.h>
#include <stdlib.h>
#include "internal.h"
#include "migrate.h"
#include "schema.h"

#define APPLICATION_ID "1514366050" /* 0x5A436462, "ZCdb" */

static const char sql_schema[] = "SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'schema'";

int migrate_recognise(struct store *s, struct err *e)
{
    static const char sql_ours[] =
        "SELECT application_id = " APPLICATION_ID " FROM pragma_application_id";
    int64_t ours = 0;
    if (stmt_number(s, sql_ours, &ours, e) < 0)
        return -1;
    if (!ours)
        return err_set(e, ERR_CONFIG, "name a work directory that `zhanchi init` has made",
                       "%s is no database of this program", s->path);
    return 0;
}

static int run_migration(struct store *s, int number, struct err *e)
{
    char version[96];
    snprintf(version, sizeof version,
             "INSERT OR REPLACE INTO meta (name, value) VALUES ('schema', '%d')", number);
    if (stmt_exec(s, schema_migration(number), e) || stmt_exec(s, version, e))
        return err_prefix(e, "schema %d", number);
    return 0;
}

int migrate_create(struct store *s, int64_t now_ms, struct err *e)
{
    if (store_begin(s, e))
        return -1;
    int rc = stmt_exec(s, "PRAGMA application_id = " APPLICATION_ID, e);
    for (int i = 1; i <= schema_latest() && rc == 0; i++)
        rc = run_migration(s, i, e);
    char at[24];
    snprintf(at, sizeof at, "%lld", (long long)now_ms);
    if (rc == 0)
        rc = store_meta_set(s, "created_at", at, e);
    return tx_leave(s, true, rc, e);
}

/* 1 if a migration ran, 0 if there is nothing (more) to do. */
static int step_up(struct store *s, struct err *e)
{
    if (store_begin(s, e))
        return -1;
    int64_t have = 0;
    int rc = stmt_number(s, sql_schema, &have, e);
    if (rc == 1)
        rc = have < schema_latest() ? 1 : 0;
    if (rc == 1 && run_migration(s, (int)have + 1, e))
        rc = -1;
    return tx_leave(s, true, rc, e);
}

int migrate_open(struct store *s, struct err *e)
{
    int64_t have = 0;
    int rc = stmt_number(s, sql_schema, &have, e);
    if (rc < 0)
        return -1;
    if (rc == 0 || have < 1)
        return err_set(e, ERR_IO, "bring back the newest backup with `zhanchi restore`",
                       "%s does not say which schema it has", s->path);
    if (have > schema_latest())
        return err_set(e, ERR_CONFIG, "use the newer program that wrote it",
                       "%s has schema %lld, this program knows %d", s->path, (long long)have,
                       schema_latest());
    if (have < schema_latest() && s->mode == STORE_RO)
        return err_set(e, ERR_CONFIG, "run `zhanchi doctor`, which brings it up to date",
                       "%s has schema %lld, this program needs %d", s->path, (long long)have,
                       schema_latest());
    while (have < schema_latest()) {
        rc = step_up(s, e);
        if (rc <= 0)
            return rc;
        have++;
    }
    return 0;
}
