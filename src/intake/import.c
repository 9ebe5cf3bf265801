/*
 * import: a file of rows -> a list, in chunks.
 *
 *   open the file, find the header ─ begin a loading list with a key of its own ─ [ read a chunk, clean, seal, store ]* ─ finish
 *
 * The list is invisible until store_list_finish, its last commit. When anything fails, or somebody interrupts, everything is removed again; what a SIGKILL leaves is
 * removed by the next import. The lock of jobs is held all the while: what is half-done under it is ours, or a dead job's.
 *
 * Two chunks: while one is stored by a thread of its own, the other is read, cleaned and sealed. The store belongs to that thread while it runs and to the
 * caller's between two of them: ids are reserved, and errors looked at, only then. So nothing of it needs a lock.
 *
 * Memory: two chunks of rows (bounded in rows and bytes), whatever the size of the file.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/log.h"
#include "zhanchi/store.h"
#include "zhanchi/utf8.h"
#include "internal.h"

#define CHUNK_ROWS 2048 /* there are two chunks: twice as many rows are 4 % faster and 2 MiB */
#define CHUNK_BYTES (4u << 20)
#define CHUNK_REJECTS 4096

struct chunk { /* rows and rejects that wait for their transaction */
    struct list_row *rows;
    size_t n, cap, want;
    int64_t first_id;
    struct buf blobs;
    struct list_reject *rejects;
    size_t n_rejects, cap_rejects;
    struct list_held *held; /* the rows that the rejects are about */
    size_t n_held, cap_held;
    struct buf held_blobs;
};

struct import {
    struct store *store;
    struct keyring *keyring;
    const struct intake_opts *o;
    struct intake_result *result;
    struct table *table;
    struct columns columns;
    struct plan plan;
    struct reading reading;
    struct sealer *sealer;
    struct reject_file *rejects;
    struct chunk chunks[2], *chunk; /* chunk: that one of them which is read into */
    pthread_t writer;               /* stores the other one */
    bool writing;
    int written; /* what came of it: 0, or -1 and its error */
    struct err write_err;
    int64_t seen; /* rows of the file, for progress */
};

/* ---- counting ---- */

void count_reason(struct intake_result *r, const char *code)
{
    size_t i = 0;

    while (i < r->n_reasons && strcmp(r->reasons[i].code, code) != 0)
        i++;
    if (i == INTAKE_REASONS)
        return;
    if (i == r->n_reasons) {
        r->reasons[i].code = reason_constant(code);
        r->n_reasons++;
    }
    r->reasons[i].n++;
}

void count_taken(struct intake_result *r, const struct reading *row)
{
    r->taken++;
    r->repaired += reading_repaired(row);
    r->rare_names += reading_rare(row);
    r->no_regions += row->text[COLUMN_REGION].len > 0 && !row->region_like;
}

/* ---- chunks ---- */

static void *room(void *array, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return array;
    *cap = *cap ? 2 * *cap : 256;
    array = reallocarray(array, *cap, size);
    if (!array)
        panic("out of memory");
    return array;
}

static void chunk_init(struct chunk *c)
{
    buf_init(&c->blobs, CHUNK_BYTES + SEALED_MAX + 64);
    buf_init(&c->held_blobs, CHUNK_BYTES + SEALED_MAX + 64);
}

static void chunk_fini(struct chunk *c)
{
    buf_fini(&c->blobs);
    buf_fini(&c->held_blobs);
    free(c->held);
    free(c->rows);
    free(c->rejects);
}

/* Row ids are reserved first, because a row is sealed together with its id. */
static int chunk_begin(struct import *im, struct err *e)
{
    struct chunk *c = im->chunk;

    c->n = c->n_rejects = c->n_held = 0;
    buf_reset(&c->blobs);
    buf_reset(&c->held_blobs);
    if (im->o->dry_run)
        return 0;
    c->want = store_chunk(im->store);
    if (c->want > CHUNK_ROWS)
        c->want = CHUNK_ROWS;
    return store_list_row_ids(im->store, c->want, &c->first_id, e);
}

static bool chunk_full(const struct chunk *c)
{
    return c->n >= c->want || c->blobs.len >= CHUNK_BYTES || c->held_blobs.len >= CHUNK_BYTES ||
           c->n_rejects >= CHUNK_REJECTS;
}

static int chunk_store(struct store *s, int64_t list, struct chunk *c, struct err *e)
{
    const char *blob = buf_cstr(&c->blobs);

    for (size_t i = 0; i < c->n; i++) {
        c->rows[i].sealed = blob;
        blob += c->rows[i].sealed_len;
    }
    int64_t began = clock_mono_us();
    if (c->n > 0 && store_list_rows(s, list, c->rows, c->n, e))
        return -1;
    store_chunk_took(s, c->n, clock_mono_us() - began);
    failpoint("import_chunk");
    blob = buf_cstr(&c->held_blobs);
    for (size_t i = 0; i < c->n_held; i++) {
        c->held[i].sealed = c->held[i].sealed_len > 0 ? blob : NULL;
        blob += c->held[i].sealed_len;
    }
    if (c->n_held > 0 && store_held_put(s, list, c->held, c->n_held, e))
        return -1;
    if (c->n_rejects > 0 && store_list_rejects(s, list, c->rejects, c->n_rejects, e))
        return -1;
    store_chunk_rest(s, clock_mono_us() - began);
    return 0;
}

static void *writer_main(void *arg)
{
    struct import *im = arg;
    struct chunk *full = im->chunk == &im->chunks[0] ? &im->chunks[1] : &im->chunks[0];

    im->written = chunk_store(im->store, im->result->list_id, full, &im->write_err);
    return NULL;
}

/* From here on the store is the caller's again. */
static int writer_wait(struct import *im, struct err *e)
{
    if (!im->writing)
        return 0;
    pthread_join(im->writer, NULL);
    im->writing = false;
    if (im->written)
        *e = im->write_err;
    return im->written;
}

/* The chunk goes to the writer, once that has done with the one before; unless it is the last one, the other one begins. */
static int chunk_put(struct import *im, bool last, struct err *e)
{
    if (im->o->dry_run)
        return last ? 0 : chunk_begin(im, e);
    if (writer_wait(im, e))
        return -1;
    im->chunk = im->chunk == &im->chunks[0] ? &im->chunks[1] : &im->chunks[0];
    if (!last && chunk_begin(im, e))
        return -1;
    int rc = pthread_create(&im->writer, NULL, writer_main, im);
    if (rc)
        return err_set(e, ERR_OS, NULL, "cannot start a thread: %s", strerror(rc));
    im->writing = true;
    return 0;
}

/* ---- rows ---- */

static int take(struct import *im, const struct table_row *row, struct err *e)
{
    struct chunk *c = im->chunk;

    if (im->o->dry_run)
        return 0;
    c->rows = room(c->rows, c->n, &c->cap, sizeof *c->rows);
    int rc = sealer_row(im->sealer, row, &im->reading, c->first_id + (int64_t)c->n, 1,
                        &c->rows[c->n], &c->blobs, e);
    c->n += rc == 0;
    return rc;
}

/* The row's cells, for whoever repairs it. A row whose cells cannot be trusted is kept as it was read. */
static int keep_cells(struct import *im, const struct table_row *row, enum row_outcome outcome,
                      struct err *e)
{
    struct chunk *c = im->chunk;

    c->held = room(c->held, c->n_held, &c->cap_held, sizeof *c->held);
    struct list_held *h = &c->held[c->n_held];
    if (sealer_held(im->sealer, row, row->line, 1, h, &c->held_blobs, e))
        return -1;
    h->state = outcome == ROW_HELD ? HELD_REVIEW : HELD_REJECTED;
    c->n_held++;
    return 0;
}

static int keep_rejects(struct import *im, const struct table_row *row, enum row_outcome outcome,
                        struct err *e)
{
    struct chunk *c = im->chunk;
    const struct reading *r = &im->reading;

    *(outcome == ROW_HELD ? &im->result->held_rows : &im->result->rejected_rows) += 1;
    for (size_t i = 0; i < r->n_rejects; i++)
        count_reason(im->result, r->rejects[i].reason);
    if (rejects_add(im->rejects, row, r->rejects, r->n_rejects, e))
        return -1;
    if (im->o->dry_run)
        return 0;
    for (size_t i = 0; i < r->n_rejects; i++) {
        c->rejects = room(c->rejects, c->n_rejects, &c->cap_rejects, sizeof *c->rejects);
        c->rejects[c->n_rejects++] = r->rejects[i];
    }
    return keep_cells(im, row, outcome, e);
}

static int keep_row(struct import *im, const struct table_row *row, struct err *e)
{
    struct reading *r = &im->reading;
    enum row_outcome outcome = row_read(&im->plan, row, r);

    if (outcome == ROW_SKIPPED) {
        im->result->skipped++;
        return 0;
    }
    im->result->rows++;
    if (outcome == ROW_TAKEN) {
        int rc = take(im, row, e);
        if (rc < 0)
            return -1;
        if (rc == 0) {
            count_taken(im->result, r);
            return 0;
        }
        row_refuse(&im->plan, row, "row-long", r);
        outcome = ROW_REJECTED;
    }
    return keep_rejects(im, row, outcome, e);
}

static int interrupted(struct import *im, struct err *e)
{
    const struct progress *p = &im->o->progress;

    if (p->fn && p->fn(p->ctx, table_bytes_done(im->table), table_bytes(im->table), NULL))
        return err_set(e, ERR_TEMP, "import it again when there is time",
                       "the import of %s was interrupted; nothing of it remains", im->o->path);
    return 0;
}

static int read_rows(struct import *im, struct err *e)
{
    struct err ignored = {0};
    struct table_row row;
    int rc = chunk_begin(im, e);

    while (rc == 0 && (rc = table_next(im->table, &row, e)) == 1) {
        rc = keep_row(im, &row, e);
        if (rc == 0 && ++im->seen % 1024 == 0)
            rc = interrupted(im, e);
        if (rc == 0 && chunk_full(im->chunk))
            rc = chunk_put(im, false, e);
    }
    if (rc == 0)
        rc = chunk_put(im, true, e);
    int stored = writer_wait(
        im, rc == 0 ? e : &ignored); /* also behind an error: it is the first one that counts */
    if (rc == 0)
        rc = stored;
    return rc == 0 ? interrupted(im, e) : rc;
}

/* ---- before the first row ---- */

static int check_name(const char *name, struct err *e)
{
    size_t len = strlen(name);
    bool bad = len == 0 || len >= sizeof((struct list_info *)0)->name || name[0] == '-' ||
               !utf8_valid(name, len, NULL);

    for (size_t i = 0; i < len; i++)
        bad = bad || (unsigned char)name[i] < 0x20 || name[i] == 0x7F;
    return bad ? err_set(e, ERR_USAGE, "take a short name such as 2026-spring",
                         "\"%.80s\" cannot be the name of a list", bad && len ? name : "")
               : 0;
}

/* Something must say who a row is about; of claims files' columns a list keeps the text. */
static int check_columns(struct columns *c, struct err *e)
{
    if (columns_of(c, COLUMN_ID) < 0 && columns_of(c, COLUMN_REF) < 0 &&
        columns_of(c, COLUMN_NAME) < 0)
        return err_set(e, ERR_DATA,
                       "name a column with --columns: id, ref (the office's own reference) or name",
                       "no column says who a row is about (line %lld)", (long long)c->header_line);
    for (size_t i = 0; i < c->n; i++)
        if (c->col[i].field >= COLUMN_DATE)
            c->col[i].field = COLUMN_EXTRA;
    return 0;
}

/* What a rejects file has behind the list's own columns is no data of the list. */
static void forget_bookkeeping(struct columns *c)
{
    for (size_t i = 0; i < c->n; i++)
        for (size_t k = 0; k < REJECTS_HEADERS; k++)
            if (strcmp(c->col[i].header, rejects_headers[k]) == 0)
                c->col[i].header[0] = '\0';
    while (c->n > 0 && c->col[c->n - 1].header[0] == '\0')
        c->n--;
}

int file_open(const struct intake_opts *o, struct table **t, struct columns *c, struct plan *p,
              struct err *e)
{
    static const enum column_field need[] = {COLUMN_PHONE, COLUMN_EXTRA};

    *t = table_open(o->path, &o->table, e);
    if (!*t)
        return -1;
    if (columns_find(*t, o->map_path, need, c, e) || check_columns(c, e))
        return err_prefix(e, "%s", o->path);
    plan_init(p, c);
    p->months_day = o->months_day ? *o->months_day : civil_local_day(o->now_ms, o->zone_min);
    forget_bookkeeping(c);
    return 0;
}

static int refuse_known(struct import *im, struct err *e)
{
    struct list_info known;
    uint8_t digest[32];

    if (im->o->again || !im->store)
        return 0;
    table_digest(im->table, digest);
    int rc = store_list_by_digest(im->store, digest, &known, e);
    if (rc <= 0)
        return rc;
    return err_set(
        e, ERR_DATA,
        im->o->table.sheet ? "use that list; for another sheet of the same file say --again"
                           : "use that list, or import the file --again under another name",
        "%s is list %s already, imported by %s", im->o->path, known.name, known.imported_by);
}

static int describe(struct import *im, struct list_info *l, struct err *e)
{
    const char *slash = strrchr(im->o->path, '/');
    struct buf columns;

    *l = (struct list_info){.imported_at = im->o->now_ms};
    snprintf(l->name, sizeof l->name, "%s", im->o->name);
    snprintf(l->file, sizeof l->file, "%s", slash ? slash + 1 : im->o->path);
    snprintf(l->encoding, sizeof l->encoding, "%s", table_form(im->table));
    snprintf(l->imported_by, sizeof l->imported_by, "%s", im->o->actor);
    table_digest(im->table, l->digest);
    buf_init(&columns, sizeof l->columns - 1);
    int rc = columns_json(&im->columns, &columns);
    memcpy(l->columns, buf_cstr(&columns), columns.len + 1);
    buf_fini(&columns);
    return rc ? err_set(e, ERR_DATA, "remove the columns that nobody needs",
                        "%s has too many columns, or too long headers", im->o->path)
              : 0;
}

/* ---- the list ---- */

static int begin(struct import *im, struct err *e)
{
    struct list_info l;
    int64_t key_id;

    if (describe(im, &l, e) || store_list_begin(im->store, &l, &im->result->list_id, e))
        return -1;
    if (keyring_new_list_key(im->keyring, im->store, im->result->list_id, im->o->now_ms, &key_id,
                             e) ||
        store_list_set_key(im->store, im->result->list_id, key_id, e))
        return -1;
    im->sealer = sealer_new(im->keyring, &im->plan, key_id);
    return 0;
}

/* A list of nothing is a mistake; its rejects tell which. Rows that wait for a decision are something. */
static int refuse_empty(struct import *im, struct err *e)
{
    const struct intake_result *r = im->result;

    if (r->taken > 0 || r->held_rows > 0)
        return 0;
    if (rejects_finish(im->rejects, e))
        return -1;
    if (r->rejected_rows == 0)
        return err_set(e, ERR_DATA, "look at it with `zhanchi list convert`",
                       "%s has a header in line %lld and no row under it", im->o->path,
                       (long long)im->columns.header_line);
    return err_set(
        e, ERR_DATA, im->rejects ? "see the rejects file" : "see the rows with --rejects FILE",
        "no row of %s can be used (%lld were rejected)", im->o->path, (long long)r->rejected_rows);
}

/* The last transaction: the list can be seen, and the act is recorded. */
static int finish(struct import *im, struct err *e)
{
    struct intake_result *r = im->result;

    if (store_list_flush(im->store, r->list_id, e) ||
        store_list_counts(im->store, r->list_id, &r->counts, e) || store_begin(im->store, e))
        return -1;
    if (store_list_finish(im->store, r->list_id, r->taken, r->rejected_rows, e) == 0 &&
        (!im->o->record || im->o->record(im->o->ctx, r, e) == 0))
        return store_commit(im->store, e);
    store_rollback(im->store);
    return -1;
}

static int load(struct import *im, struct err *e)
{
    struct err ignored = {0};
    struct intake_result *r = im->result;

    if (begin(im, e) == 0 && read_rows(im, e) == 0 && refuse_empty(im, e) == 0 &&
        finish(im, e) == 0)
        return 0;
    /* The first error is the one to tell; what cannot be removed now goes with the next import. */
    if (r->list_id && store_list_abandon(im->store, r->list_id, &ignored))
        log_warn("intake", "the rows of the failed import wait for the next one: %s", ignored.what);
    r->list_id = 0;
    return -1;
}

static int load_locked(struct import *im, struct err *e)
{
    int fd;

    if (jobs_lock(im->store, &fd, e))
        return -1;
    int rc = load(im, e);
    close(fd);
    return rc;
}

static int run(struct import *im, struct err *e)
{
    const struct intake_opts *o = im->o;

    if (check_name(o->name, e) || file_open(o, &im->table, &im->columns, &im->plan, e) ||
        refuse_known(im, e) ||
        rejects_open(o->rejects_path, o->translate, &im->columns, &im->rejects, e))
        return -1;
    if (o->header)
        o->header(o->ctx, &im->columns, im->table);
    if (o->dry_run)
        return read_rows(im, e) || rejects_finish(im->rejects, e) ? -1 : 0;
    if (load_locked(im, e))
        return -1;
    if (rejects_finish(im->rejects, e))
        return err_prefix(e, "list %s was imported, but", o->name);
    return 0;
}

int intake_import(struct store *s, struct keyring *k, const struct intake_opts *o,
                  struct intake_result *r, struct err *e)
{
    struct import *im = calloc(1, sizeof *im);

    if (!im)
        panic("out of memory");
    memset(r, 0, sizeof *r);
    *im = (struct import){.store = s, .keyring = k, .o = o, .result = r};
    reading_init(&im->reading);
    im->chunk = &im->chunks[0];
    chunk_init(&im->chunks[0]);
    chunk_init(&im->chunks[1]);
    int rc = run(im, e);
    rejects_close(im->rejects);
    sealer_free(im->sealer);
    reading_fini(&im->reading);
    table_close(im->table);
    chunk_fini(&im->chunks[0]);
    chunk_fini(&im->chunks[1]);
    free(im);
    return rc;
}
