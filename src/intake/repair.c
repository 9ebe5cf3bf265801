/*
 * repair: rows of a file into a list that is ready: what was not taken comes back repaired. Contract:
 * intake.h.
 *
 * Which row of the list a row of the file is: it says so itself (the line's column of a rejects
 * file; not believed of another person, or a second time: rows are copied in spreadsheets), or it stands at the line of a held row and agrees with it in every cell that was good (the list
 * itself, repaired in place). Otherwise it is new, unless the list has its certificate already.
 *
 * Every row is complete in itself, so chunks are committed as they come, each with the record of what
 * was done so far. Rows that the file has twice are found by the certificate, like those of an earlier
 * try.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/clock.h"
#include "zhanchi/store.h"
#include "internal.h"

#define CHUNK_US 25000 /* of a transaction */

struct repair {
    struct store *store;
    struct keyring *keyring;
    const struct list_info *list;
    const struct intake_opts *o;
    struct intake_result *result;
    struct table *table;
    struct columns columns; /* of the file */
    struct plan plan;
    struct reading reading;
    struct sealer *sealer;
    struct reject_file *rejects;
    struct stored_row *stored; /* the list's row at hand */
    struct buf blob;
    int64_t next_line, seen;
    int64_t first_id; /* of the list_rows of this run; 0: none yet */
    size_t in_chunk;
    int64_t chunk_began_us;
    uint64_t bad[COLUMNS_MAX / 64 + 1]; /* columns of the held row that had reasons, from 1 */
    char whole[32];                     /* the reason against all of it, or "" */
    struct buf tail;
};

/* ---- columns ---- */

static bool same_column(const struct columns *a, size_t i, const struct columns *b, size_t k)
{
    return a->col[i].field == b->col[k].field &&
           (a->col[i].field != COLUMN_EXTRA || strcmp(a->col[i].header, b->col[k].header) == 0);
}

/* The file's column for a column of the list, or -1. */
static int in_file(const struct repair *x, size_t column)
{
    for (size_t k = 0; k < x->columns.n; k++)
        if (x->columns.col[k].header[0] != '\0' &&
            same_column(&x->stored->columns, column, &x->columns, k))
            return (int)k;
    return -1;
}

/* The list's number of a column of the file, both from 1; 0 the whole row. */
static int in_list(const struct repair *x, int column)
{
    for (size_t i = 0; column > 0 && i < x->stored->columns.n; i++)
        if (in_file(x, i) == column - 1)
            return (int)i + 1;
    return 0;
}

/* A column that is missing would empty what the list has. */
static int check_columns(const struct repair *x, struct err *e)
{
    const struct columns *c = &x->stored->columns;

    for (size_t i = 0; i < c->n; i++)
        if (c->col[i].header[0] != '\0' && in_file(x, i) < 0)
            return err_set(e, ERR_DATA,
                           "repair the rejects file or the list itself, with all columns",
                           "%s has no column %s, which list %s has", x->o->path, c->col[i].header,
                           x->list->name);
    return 0;
}

/* ---- which row of the list ---- */

static int64_t line_said(const struct plan *p, const struct table_row *row)
{
    int64_t line = 0;

    if (p->line_at < 0 || (size_t)p->line_at >= row->n_cells)
        return 0;
    const struct table_cell *c = &row->cells[p->line_at];
    for (size_t i = 0; i < c->len; i++) {
        if (c->text[i] < '0' || c->text[i] > '9' || line > INT64_MAX / 100)
            return 0;
        line = 10 * line + (c->text[i] - '0');
    }
    return line;
}

static int mark_bad(void *ctx, const struct list_reject *r)
{
    struct repair *x = ctx;

    if (r->column >= 0 && r->column <= COLUMNS_MAX)
        x->bad[r->column / 64] |= 1ull << (r->column % 64);
    if (r->column == 0 && strncmp(r->reason, "row-", 4) == 0)
        memcpy(x->whole, r->reason, sizeof x->whole);
    return 0;
}

static bool is_bad(const struct repair *x, size_t column)
{
    return (x->bad[(column + 1) / 64] & 1ull << ((column + 1) % 64)) != 0;
}

static bool same_cell(struct repair *x, size_t column, const struct table_row *row)
{
    struct table_cell its = {"", 0}, mine = cell_bare(&x->stored->cells[column]);
    int at = in_file(x, column);

    if (at >= 0 && (size_t)at < row->n_cells)
        its = cell_bare(&row->cells[at]);
    if ((size_t)at + 1 != x->columns.n || !row_shifted(x->plan.columns, row))
        return its.len == mine.len && memcmp(its.text, mine.text, mine.len) == 0;
    buf_reset(&x->tail); /* as it was kept */
    row_tail(row, (size_t)at, &x->tail);
    return x->tail.len == mine.len && memcmp(buf_cstr(&x->tail), mine.text, mine.len) == 0;
}

/* Does the file's row agree with the stored one in all cells, or all that were good? */
static bool agrees(struct repair *x, const struct table_row *row, bool all)
{
    if (!x->stored->kept || (!all && x->whole[0] != '\0'))
        return false;
    for (size_t i = 0; i < x->stored->row.n_cells; i++)
        if ((all || !is_bad(x, i)) && !same_cell(x, i, row))
            return false;
    return true;
}

/* Some cell that tells who, and was good, is the same; true where there is none to tell by. */
static bool same_person(struct repair *x, const struct table_row *row)
{
    static const enum column_field telling[] = {COLUMN_NAME, COLUMN_ID, COLUMN_REF, COLUMN_PHONE};
    bool asked = false;

    if (!x->stored->kept || x->whole[0] != '\0')
        return true;
    for (size_t k = 0; k < sizeof telling / sizeof telling[0]; k++) {
        int at = x->stored->plan.at[telling[k]];
        if (at < 0 || x->stored->cells[at].len == 0 || is_bad(x, (size_t)at))
            continue;
        if (same_cell(x, (size_t)at, row))
            return true;
        asked = true;
    }
    return !asked;
}

/* Was the row at that line taken from an earlier row of this file? 1/0/-1. */
static int taken_now(struct repair *x, int64_t line, struct err *e)
{
    struct list_row row;
    int rc = store_list_row_at(x->store, x->list->id, line, &row, e);

    return rc == 1 ? x->first_id > 0 && row.id >= x->first_id : rc;
}

static int load(struct repair *x, const struct list_held *h, struct err *e)
{
    memset(x->bad, 0, sizeof x->bad);
    x->whole[0] = '\0';
    return stored_held(x->stored, x->keyring, h, e) ||
                   store_held_reasons(x->store, x->list->id, h->line, mark_bad, x, e)
               ? -1
               : 0;
}

/* 1: x->stored is the row's older revision, still held; 2: it was settled before, or is being so; 0:
 * none. */
static int find_held(struct repair *x, const struct table_row *row, struct err *e)
{
    struct list_held h;
    int64_t said = line_said(&x->plan, row), line = said ? said : row->line;
    bool as_first = false;

    int rc = store_held_first(x->store, x->list->id, line, &h, e);
    if (rc <= 0 || load(x, &h, e))
        return rc <= 0 ? rc : -1;
    as_first = agrees(x, row, true);
    bool theirs = same_person(x, row);
    if (store_held_at(x->store, x->list->id, line, &h, e) < 0 || load(x, &h, e))
        return -1;
    bool open = h.state == HELD_REVIEW || h.state == HELD_REJECTED;
    if (said && !theirs && !same_person(x, row))
        return 0;
    if (said && !open && !as_first) {
        rc = taken_now(x, line, e);
        return rc < 0 ? -1 : rc ? 0 : 2;
    }
    if (said)
        return open ? 1 : 2;
    if (as_first)
        return open && h.revision == 1 ? 1 : 2;
    return open && agrees(x, row, false) ? 1 : 0;
}

/* ---- storing ---- */

static int put_taken(struct repair *x, const struct table_row *row, bool held, struct err *e)
{
    struct list_row out;
    int64_t id, suppressed = 0;
    struct table_row at = *row;

    at.line = held ? x->stored->row.line : x->next_line;
    if (store_list_row_ids(x->store, 1, &id, e))
        return -1;
    if (x->first_id == 0)
        x->first_id = id;
    int rc = sealer_row(x->sealer, &at, &x->reading, id, held ? x->stored->revision + 1 : 1, &out,
                        &x->blob, e);
    if (rc != 0)
        return rc;
    out.sealed = buf_cstr(&x->blob);
    if (!held) {
        rc = store_row_known(x->store, x->list->id, &out, e);
        if (rc < 0)
            return -1;
        if (rc == 1) {
            x->result->known++;
            return 0;
        }
        x->next_line++;
    }
    count_taken(x->result, &x->reading);
    return x->o->dry_run ? 0 : store_row_revise(x->store, x->list->id, &out, 0, &suppressed, e);
}

static int put_bad(struct repair *x, const struct table_row *row, enum row_outcome outcome,
                   bool held, struct err *e)
{
    struct reading *r = &x->reading;
    struct list_held h;
    int64_t line = held ? x->stored->row.line : x->next_line;

    *(outcome == ROW_HELD ? &x->result->held_rows : &x->result->rejected_rows) += 1;
    for (size_t i = 0; i < r->n_rejects; i++) {
        r->rejects[i].line = line;
        r->rejects[i].column = in_list(x, r->rejects[i].column);
        count_reason(x->result, r->rejects[i].reason);
    }
    if (rejects_add(x->rejects, row, r->rejects, r->n_rejects, e))
        return -1;
    if (x->o->dry_run || (held && agrees(x, row, true)))
        return 0;
    if (!held)
        x->next_line++;
    if (sealer_held(x->sealer, row, line, held ? x->stored->revision + 1 : 1, &h, &x->blob, e))
        return -1;
    h.state = outcome == ROW_HELD ? HELD_REVIEW : HELD_REJECTED;
    h.sealed = h.sealed_len > 0 ? buf_cstr(&x->blob) : NULL;
    return store_row_hold(x->store, x->list->id, &h, r->rejects, r->n_rejects, e);
}

static int one(struct repair *x, const struct table_row *row, struct err *e)
{
    enum row_outcome outcome = row_read(&x->plan, row, &x->reading);

    if (outcome == ROW_SKIPPED) {
        x->result->skipped++;
        return 0;
    }
    x->result->rows++;
    buf_reset(&x->blob);
    int held = find_held(x, row, e);
    if (held < 0)
        return -1;
    if (held == 2) {
        x->result->known++;
        return 0;
    }
    /* Cells that had run into each other may look good in their wrong places. */
    if (held == 1 && x->whole[0] != '\0' && agrees(x, row, true)) {
        x->reading.n_rejects = 0;
        row_refuse(&x->plan, row, x->whole, &x->reading);
        outcome = ROW_REJECTED;
    }
    if (outcome == ROW_TAKEN) {
        int rc = put_taken(x, row, held == 1, e);
        if (rc <= 0)
            return rc;
        row_refuse(&x->plan, row, "row-long", &x->reading);
        outcome = ROW_REJECTED;
        buf_reset(&x->blob);
    }
    return put_bad(x, row, outcome, held == 1, e);
}

/* ---- chunks ---- */

static int end_chunk(struct repair *x, struct err *e)
{
    if (x->o->dry_run || x->in_chunk == 0)
        return 0;
    x->in_chunk = 0;
    if (!x->o->record || x->o->record(x->o->ctx, x->result, e) == 0)
        return store_commit(x->store, e);
    store_rollback(x->store);
    return -1;
}

static int stop(struct repair *x, struct err *e)
{
    const struct progress *p = &x->o->progress;

    if (p->fn && p->fn(p->ctx, table_bytes_done(x->table), table_bytes(x->table), NULL))
        return err_set(e, ERR_TEMP, "import it again: rows that were taken are recognised",
                       "the import of %s into list %s was interrupted", x->o->path, x->list->name);
    return 0;
}

static int store_one(struct repair *x, const struct table_row *row, struct err *e)
{
    if (!x->o->dry_run && x->in_chunk++ == 0) {
        x->chunk_began_us = clock_mono_us();
        if (store_begin(x->store, e))
            return -1;
    }
    if (one(x, row, e)) {
        if (!x->o->dry_run)
            store_rollback(x->store);
        x->in_chunk = 0;
        return -1;
    }
    bool full = x->in_chunk > 0 && clock_mono_us() - x->chunk_began_us > CHUNK_US;
    return full && (end_chunk(x, e) || stop(x, e)) ? -1 : 0;
}

static int rows(struct repair *x, struct err *e)
{
    struct table_row row;
    int rc;

    while ((rc = table_next(x->table, &row, e)) == 1)
        if (store_one(x, &row, e))
            return -1;
    if (rc == 0)
        return end_chunk(x, e) || stop(x, e) ? -1 : 0;
    if (x->in_chunk > 0)
        store_rollback(x->store);
    return -1;
}

static int run_locked(struct repair *x, struct err *e)
{
    if (store_list_last_line(x->store, x->list->id, &x->next_line, e))
        return -1;
    x->next_line++;
    if (rows(x, e) || rejects_finish(x->rejects, e))
        return -1;
    return store_list_counts(x->store, x->list->id, &x->result->counts, e);
}

static int run(struct repair *x, struct err *e)
{
    int fd;

    if (file_open(x->o, &x->table, &x->columns, &x->plan, e) || check_columns(x, e) ||
        rejects_open(x->o->rejects_path, x->o->translate, &x->columns, &x->rejects, e))
        return -1;
    if (x->o->header)
        x->o->header(x->o->ctx, &x->columns, x->table);
    x->sealer = sealer_new(x->keyring, &x->plan, x->list->key_id);
    if (jobs_lock(x->store, &fd, e))
        return -1;
    int rc = run_locked(x, e);
    close(fd);
    return rc;
}

int intake_repair(struct store *s, struct keyring *k, const struct list_info *l,
                  const struct intake_opts *o, struct intake_result *r, struct err *e)
{
    struct repair *x = calloc(1, sizeof *x);

    if (!x)
        panic("out of memory");
    memset(r, 0, sizeof *r);
    *x = (struct repair){.store = s, .keyring = k, .list = l, .o = o, .result = r};
    r->list_id = l->id;
    reading_init(&x->reading);
    buf_init(&x->blob, SEALED_MAX + 64);
    buf_init(&x->tail, SEALED_MAX);
    x->stored = stored_new(l, e);
    int rc = x->stored ? run(x, e) : -1;
    rejects_close(x->rejects);
    sealer_free(x->sealer);
    reading_fini(&x->reading);
    table_close(x->table);
    stored_free(x->stored);
    buf_fini(&x->blob);
    buf_fini(&x->tail);
    free(x);
    return rc;
}
