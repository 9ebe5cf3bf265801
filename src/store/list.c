/*
 * list: lists as headers, their visibility, removal, and looking at single rows. Rows go in and out
 * by the driver (sqlite_list.c).
 *
 * Invariants: a list in state 0 is seen by nobody but store_list_finish, store_list_abandon and
 * store_sweep; only store_list_finish, the last transaction of an import, makes it ready. Removal
 * goes in chunks, the header last, so that an interrupted removal can be repeated.
 * Callers: intake, measure, the list commands.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/failpoint.h"
#include "internal.h"
#include "listcols.h"

#define LIST_COLUMNS                                                                               \
    "id, name, file, digest, encoding, columns, coalesce(key_id, 0), rows, rejects, imported_at, " \
    "imported_by, state, changed"

static const char sql_begin[] = "INSERT INTO list (name, file, digest, state, encoding, columns, "
                                "key_id, imported_at, imported_by,"
                                " person_from, person_indexed, address_from, address_indexed,"
                                " employer_from, employer_indexed)"
                                " SELECT ?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, p.n, p.n, a.n, a.n,"
                                " f.n, f.n"
                                " FROM (SELECT coalesce(max(id), 0) + 1 AS n FROM person) p, "
                                "(SELECT coalesce(max(id), 0) + 1 AS n FROM address) a, "
                                "(SELECT coalesce(max(id), 0) + 1 AS n FROM employer) f";
static const char sql_name_state[] = "SELECT state FROM list WHERE name = ?1";
static const char sql_loading[] = "SELECT id FROM list WHERE state = 0";
static const char sql_set_key[] = "UPDATE list SET key_id = ?2 WHERE id = ?1 AND state = 0";
static const char sql_finish[] =
    "UPDATE list SET state = 1, rows = ?2, rejects = ?3 WHERE id = ?1 AND state = 0";
static const char sql_find[] = "SELECT " LIST_COLUMNS " FROM list WHERE name = ?1 AND state = 1";
static const char sql_by_id[] = "SELECT " LIST_COLUMNS " FROM list WHERE id = ?1 AND state = 1";
static const char sql_by_digest[] =
    "SELECT " LIST_COLUMNS " FROM list WHERE digest = ?1 AND state = 1";
static const char sql_each[] = "SELECT " LIST_COLUMNS " FROM list WHERE state = 1 ORDER BY id";
static const char sql_max_row[] = "SELECT coalesce(max(id), 0) FROM list_row";
#define LIST_ROW_FROM                                                                              \
    "SELECT " LIST_ROW_COLUMNS " FROM list_row r"                                                  \
    " JOIN person p ON p.id = r.person_id JOIN address a ON a.id = r.address_id"                   \
    " LEFT JOIN list_row_sealed x ON x.row_id = r.id"
static const char sql_row_at[] =
    LIST_ROW_FROM " WHERE r.list_id = ?1 AND r.line = ?2 AND r.current = 1";
static const char sql_row_by_id[] = LIST_ROW_FROM " WHERE r.id = ?1";
static const char sql_rejects[] =
    "SELECT line, column_no, header, reason, masked FROM list_reject r WHERE list_id = ?1"
    " AND closed = 0 AND NOT EXISTS (SELECT 1 FROM list_held h WHERE h.list_id = ?1"
    "  AND h.line = r.line AND h.state = 1) ORDER BY line, column_no";
static const char sql_counts[] =
    "SELECT coalesce(sum(rows), 0), (SELECT count(*) FROM (SELECT DISTINCT person_id FROM list_row"
    "  WHERE list_id = ?1 AND current = 1)), count(*), coalesce(sum(first <> last), 0)"
    " FROM (SELECT count(*) AS rows, min(person_id) AS first, max(person_id) AS last FROM list_row"
    "  WHERE list_id = ?1 AND current = 1 GROUP BY address_id)";

#define PERSONS "SELECT DISTINCT person_id FROM list_row WHERE list_id = ?1 AND current = 1"
/* Only persons of several rows are looked at row by row. */
static const char sql_duplicates[] =
    "SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n"
    " FROM (SELECT person_id FROM list_row WHERE list_id = ?1 AND current = 1 GROUP BY person_id"
    "  HAVING count(*) > 1) m"
    " CROSS JOIN list_row r ON r.list_id = ?1 AND r.person_id = m.person_id AND r.current = 1"
    " GROUP BY r.person_id, r.occupation, r.level, r.issued_day)";
/* Who was first seen with this list can only be in a later one. */
static const char sql_elsewhere[] =
    "SELECT count(*) FROM (" PERSONS ") p WHERE (p.person_id <"
    " (SELECT person_from FROM list WHERE id = ?1) OR EXISTS (SELECT 1 FROM list WHERE id > ?1"
    "  AND state = 1)) AND EXISTS (SELECT 1 FROM list l CROSS JOIN list_row r ON r.list_id = l.id"
    "  AND r.person_id = p.person_id AND r.current = 1 WHERE l.state = 1 AND l.id <> ?1)";
static const char sql_overlaps[] =
    "SELECT l.name, (SELECT count(*) FROM (" PERSONS ") p WHERE EXISTS (SELECT 1 FROM list_row r"
    "  WHERE r.list_id = l.id AND r.person_id = p.person_id AND r.current = 1))"
    " FROM list l WHERE l.state = 1 AND l.id <> ?1 ORDER BY l.id";
static const char sql_repeats[] =
    "SELECT r.line, (SELECT min(f.line) FROM list_row f WHERE f.list_id = ?1 AND f.current = 1"
    "  AND f.person_id = r.person_id AND f.occupation IS r.occupation AND f.level IS r.level"
    "  AND f.issued_day IS r.issued_day) AS first"
    " FROM (SELECT person_id FROM list_row WHERE list_id = ?1 AND current = 1 GROUP BY person_id"
    "  HAVING count(*) > 1) m"
    " CROSS JOIN list_row r ON r.list_id = ?1 AND r.person_id = m.person_id AND r.current = 1"
    " WHERE first < r.line ORDER BY r.line";
static const char sql_common[] =
    "SELECT r.line, (SELECT min(f.line) FROM list_row f WHERE f.list_id = ?2 AND f.current = 1"
    "  AND f.person_id = r.person_id) AS first"
    " FROM list_row r WHERE r.list_id = ?1 AND r.current = 1 AND first IS NOT NULL ORDER BY r.line";
static const char sql_in_review[] =
    "SELECT count(*) FROM list_held WHERE list_id = ?1 AND state = 1";

/* ---- loading ---- */

static int refuse_taken(struct store *s, const char *name, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_name_state, e);
    if (!q)
        return -1;
    stmt_bind_text(q, 1, name);
    int rc = stmt_step(q, e);
    bool ready = rc == 1 && stmt_int(q, 0) == 1;
    stmt_close(q);
    if (ready)
        return err_set(e, ERR_DATA,
                       "give it another name, or remove the old one with `zhanchi list rm`",
                       "there is a list named %s already", name);
    return rc < 0 ? -1 : 0;
}

static int refuse_loading(struct store *s, struct err *e)
{
    int64_t id;
    int rc = stmt_number(s, sql_loading, &id, e);
    if (rc == 1)
        return err_set(e, ERR_TEMP, "wait until that import has ended",
                       "another list is being imported into %s, or its import was interrupted",
                       s->path);
    return rc;
}

static int insert_list(struct store *s, const struct list_info *l, int64_t *id, struct err *e)
{
    struct stmt *add = stmt_open(s, sql_begin, e);
    if (!add)
        return -1;
    stmt_bind_text(add, 1, l->name);
    stmt_bind_text(add, 2, l->file);
    stmt_bind_blob(add, 3, l->digest, sizeof l->digest);
    stmt_bind_text(add, 4, l->encoding);
    stmt_bind_text(add, 5, l->columns);
    stmt_bind_int64_or_null(add, 6, l->key_id != 0, l->key_id);
    stmt_bind_int64(add, 7, l->imported_at);
    stmt_bind_text(add, 8, l->imported_by);
    int rc = stmt_run(add, e);
    stmt_close(add);
    *id = stmt_last_id(s);
    return rc;
}

int store_list_begin(struct store *s, const struct list_info *l, int64_t *id, struct err *e)
{
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    int rc = 0;
    if (refuse_taken(s, l->name, e) || refuse_loading(s, e) || insert_list(s, l, id, e))
        rc = -1;
    return tx_leave(s, own, rc, e);
}

int store_list_set_key(struct store *s, int64_t id, int64_t key_id, struct err *e)
{
    struct stmt *put = stmt_open(s, sql_set_key, e);
    if (!put)
        return -1;
    stmt_bind_int64(put, 1, id);
    stmt_bind_int64(put, 2, key_id);
    int rc = stmt_run(put, e);
    stmt_close(put);
    return rc;
}

static int make_ready(struct store *s, int64_t id, int64_t rows, int64_t rejects, struct err *e)
{
    struct stmt *put = stmt_open(s, sql_finish, e);
    if (!put)
        return -1;
    stmt_bind_int64(put, 1, id);
    stmt_bind_int64(put, 2, rows);
    stmt_bind_int64(put, 3, rejects);
    int rc = stmt_run(put, e);
    stmt_close(put);
    if (rc == 0 && stmt_changes(s) != 1)
        panic("list %lld is not being loaded", (long long)id);
    return rc;
}

int store_list_flush(struct store *s, int64_t id, struct err *e)
{
    return s->driver->list_flush(s, id, e);
}

int store_list_finish(struct store *s, int64_t id, int64_t rows, int64_t rejects, struct err *e)
{
    if (!s->in_tx && store_list_flush(s, id, e))
        return -1;
    failpoint("list_finish");
    return make_ready(s, id, rows, rejects, e);
}

int store_list_row_ids(struct store *s, size_t n, int64_t *first, struct err *e)
{
    int64_t top;
    if (stmt_number(s, sql_max_row, &top, e) < 0)
        return -1;
    /* One list is loaded at a time, so what this connection has given out and what stands in the
     * table is all there is. */
    if (s->next_row_id <= top)
        s->next_row_id = top + 1;
    *first = s->next_row_id;
    s->next_row_id += (int64_t)n;
    return 0;
}

/* ---- headers ---- */

static void read_list(struct stmt *q, struct list_info *out)
{
    out->id = stmt_int64(q, 0);
    stmt_copy_text(q, 1, out->name, sizeof out->name);
    stmt_copy_text(q, 2, out->file, sizeof out->file);
    stmt_copy_blob(q, 3, out->digest, sizeof out->digest);
    stmt_copy_text(q, 4, out->encoding, sizeof out->encoding);
    stmt_copy_text(q, 5, out->columns, sizeof out->columns);
    out->key_id = stmt_int64(q, 6);
    out->rows = stmt_int64(q, 7);
    out->rejects = stmt_int64(q, 8);
    out->imported_at = stmt_int64(q, 9);
    stmt_copy_text(q, 10, out->imported_by, sizeof out->imported_by);
    out->ready = stmt_int(q, 11) == 1;
    out->changed = stmt_int64(q, 12);
}

/* One list, then the statement is given back. */
static int take_list(struct stmt *q, struct list_info *out, struct err *e)
{
    int rc = stmt_step(q, e);
    if (rc == 1)
        read_list(q, out);
    stmt_close(q);
    return rc;
}

int store_list_find(struct store *s, const char *name, struct list_info *out, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_find, e);
    if (!q)
        return -1;
    stmt_bind_text(q, 1, name);
    return take_list(q, out, e);
}

int store_list_by_id(struct store *s, int64_t id, struct list_info *out, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_by_id, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, id);
    return take_list(q, out, e);
}

int store_list_by_digest(struct store *s, const uint8_t digest[32], struct list_info *out,
                         struct err *e)
{
    struct stmt *q = stmt_open(s, sql_by_digest, e);
    if (!q)
        return -1;
    stmt_bind_blob(q, 1, digest, 32);
    return take_list(q, out, e);
}

int store_list_each(struct store *s, int (*each)(void *ctx, const struct list_info *l), void *ctx,
                    struct err *e)
{
    struct stmt *q = stmt_open(s, sql_each, e);
    if (!q)
        return -1;
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct list_info l;
        read_list(q, &l);
        if ((rc = each(ctx, &l)) != 0)
            break;
    }
    return stmt_end(q, rc);
}

/* ---- rows for people to look at ---- */

void list_row_read(struct stmt *q, int first, struct list_row *out)
{
    memset(out, 0, sizeof *out);
    out->id = stmt_int64(q, first);
    out->line = stmt_int64(q, first + 1);
    out->revision = stmt_int(q, first + 2);
    out->person_kind = stmt_int(q, first + 3);
    stmt_copy_blob(q, first + 4, out->person, sizeof out->person);
    stmt_copy_blob(q, first + 5, out->address, sizeof out->address);
    out->person_id = stmt_int64(q, first + 6);
    out->address_id = stmt_int64(q, first + 7);
    stmt_copy_text(q, first + 8, out->region, sizeof out->region);
    out->employer_id = stmt_int64(q, first + 9);
    out->has_employer = out->employer_id != 0;
    out->has_occupation = !stmt_null(q, first + 10);
    stmt_copy_blob(q, first + 10, out->occupation, sizeof out->occupation);
    out->level = stmt_int(q, first + 11);
    out->issued_day = stmt_null(q, first + 12) ? CIVIL_NONE : stmt_int(q, first + 12);
    out->months = stmt_null(q, first + 13) ? -1 : stmt_int(q, first + 13);
    out->key_id = stmt_int64(q, first + 14);
    out->sealed = stmt_blob(q, first + 15, &out->sealed_len);
    out->months_day = stmt_null(q, first + 16) ? CIVIL_NONE : stmt_int(q, first + 16);
    out->benefit = stmt_int(q, first + 17) != 0;
    out->has_group = !stmt_null(q, first + 18);
    stmt_copy_blob(q, first + 18, out->group, sizeof out->group);
}

const void *sealed_keep(struct store *s, const void *sealed, size_t len)
{
    buf_reset(&s->row_blob);
    if (buf_add(&s->row_blob, sealed, len))
        panic("a sealed row of %zu bytes", len);
    return len > 0 ? s->row_blob.data : NULL;
}

/* Takes the row of q, if it has one, and closes q. */
static int take_row(struct store *s, struct stmt *q, struct list_row *out, struct err *e)
{
    int rc = stmt_step(q, e);
    if (rc == 1) {
        list_row_read(q, 0, out);
        out->sealed = sealed_keep(s, out->sealed, out->sealed_len);
    }
    stmt_close(q);
    return rc;
}

int store_list_row_at(struct store *s, int64_t list_id, int64_t line, struct list_row *out,
                      struct err *e)
{
    struct stmt *q = stmt_open(s, sql_row_at, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    stmt_bind_int64(q, 2, line);
    return take_row(s, q, out, e);
}

int store_list_row_by_id(struct store *s, int64_t row_id, struct list_row *out, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_row_by_id, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, row_id);
    return take_row(s, q, out, e);
}

int list_rejects_read(struct stmt *q, int (*each)(void *ctx, const struct list_reject *r),
                      void *ctx, struct err *e)
{
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct list_reject r = {.line = stmt_int64(q, 0), .column = stmt_int(q, 1)};
        stmt_copy_text(q, 2, r.header, sizeof r.header);
        stmt_copy_text(q, 3, r.reason, sizeof r.reason);
        stmt_copy_text(q, 4, r.masked, sizeof r.masked);
        if ((rc = each(ctx, &r)) != 0)
            break;
    }
    return stmt_end(q, rc);
}

int store_list_rejects_each(struct store *s, int64_t list_id,
                            int (*each)(void *ctx, const struct list_reject *r), void *ctx,
                            struct err *e)
{
    struct stmt *q = stmt_open(s, sql_rejects, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    return list_rejects_read(q, each, ctx, e);
}

/* One number of a list. */
static int list_number(struct store *s, const char *sql, int64_t list_id, int64_t *out,
                       struct err *e)
{
    struct stmt *q = stmt_open(s, sql, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    int rc = stmt_step(q, e);
    *out = rc == 1 ? stmt_int64(q, 0) : 0;
    return stmt_end(q, rc);
}

int store_list_counts(struct store *s, int64_t list_id, struct list_counts *out, struct err *e)
{
    memset(out, 0, sizeof *out);
    struct stmt *q = stmt_open(s, sql_counts, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    int rc = stmt_step(q, e);
    if (rc == 1) {
        out->rows = stmt_int64(q, 0);
        out->persons = stmt_int64(q, 1);
        out->addresses = stmt_int64(q, 2);
        out->shared_addresses = stmt_int64(q, 3);
    }
    if (stmt_end(q, rc))
        return -1;
    return list_number(s, sql_duplicates, list_id, &out->duplicates, e) ||
                   list_number(s, sql_elsewhere, list_id, &out->elsewhere, e) ||
                   list_number(s, sql_in_review, list_id, &out->review, e)
               ? -1
               : 0;
}

int store_list_repeats(struct store *s, int64_t list_id, int64_t other_id,
                       int (*each)(void *ctx, int64_t line, int64_t first_line), void *ctx,
                       struct err *e)
{
    struct stmt *q = stmt_open(s, other_id == list_id ? sql_repeats : sql_common, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    if (other_id != list_id)
        stmt_bind_int64(q, 2, other_id);
    int rc;
    while ((rc = stmt_step(q, e)) == 1)
        if ((rc = each(ctx, stmt_int64(q, 0), stmt_int64(q, 1))) != 0)
            break;
    return stmt_end(q, rc);
}

int store_list_overlaps(struct store *s, int64_t list_id,
                        int (*each)(void *ctx, const char *name, int64_t persons), void *ctx,
                        struct err *e)
{
    struct stmt *q = stmt_open(s, sql_overlaps, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        int64_t n = stmt_int64(q, 1);
        if (n > 0 && (rc = each(ctx, stmt_text(q, 0), n)) != 0)
            break;
    }
    return stmt_end(q, rc);
}
