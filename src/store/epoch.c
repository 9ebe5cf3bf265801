/*
 * epoch: whether this database is the one that sent last. The reasoning stands in store_epoch.h.
 *
 * The outside file is replaced as a whole when an epoch begins, and written through a shared
 * mapping (one aligned 64-bit store, which only raises) at every claim and settlement. It needs no checksum: the
 * kernel keeps the mapping through SIGKILL, and what a power cut leaves of it is an older counter,
 * which the database is then ahead of, or no file at all, which is doubt.
 *
 * Order that must hold: claims and settlements commit in the database first, then epoch_note_claim,
 * then a byte may leave, and marks be freed. So the file is never ahead of its own database; where
 * it is, the database is an old copy.
 * Callers: init, dispatch, restore; track (references).
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "zhanchi/crypt.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/fsio.h"
#include "zhanchi/store_epoch.h"
#include "internal.h"

#define EPOCH_MAGIC "ZCepoch1"
#define TAG_BITS 25

struct epoch_file {
    char magic[8];
    uint32_t tag, epoch;
    _Atomic int64_t claims;
};

struct epoch {
    struct epoch_info info;
    struct epoch_file *map; /* NULL: there is no file to write to */
};

static const char sql_current[] = "SELECT epoch FROM epoch ORDER BY epoch DESC LIMIT 1";
static const char sql_epoch_add[] = "INSERT INTO epoch (epoch, began_at) VALUES (?1, ?2)";
static const char sql_epoch_end[] =
    "UPDATE epoch SET last_message = (SELECT coalesce(max(id), 0) FROM message)"
    " WHERE epoch = ?1";
static const char sql_epoch_last[] =
    "SELECT coalesce(last_message, -1) FROM epoch WHERE epoch = ?1";
static const char sql_claims[] = "SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'claims'";
static const char sql_claims_raise[] =
    "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)"
    " WHERE name = 'claims' RETURNING CAST(value AS INTEGER)";
static const char sql_tag[] = "SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'tag'";
static const char sql_undoubt[] = "DELETE FROM meta WHERE name = 'doubt'";
static const char sql_attempt[] = "SELECT epoch FROM attempt WHERE id = ?1";
static const char sql_message[] = "SELECT 1 FROM message WHERE id = ?1";

/* ---- in the database ---- */

static int must_number(struct store *s, const char *sql, const char *name, int64_t *out,
                       struct err *e)
{
    int rc = stmt_number(s, sql, out, e);
    if (rc == 0)
        return err_set(e, ERR_CONFIG,
                       "run `zhanchi init`, or bring back a backup with `zhanchi restore`",
                       "%s has no %s", s->path, name);
    return rc < 0 ? -1 : 0;
}

int epoch_current(struct store *s, uint32_t *tag, uint32_t *epoch, struct err *e)
{
    int64_t t, n;
    if (must_number(s, sql_tag, "tag", &t, e) || must_number(s, sql_current, "epoch", &n, e))
        return -1;
    *tag = (uint32_t)t;
    *epoch = (uint32_t)n;
    return 0;
}

static int read_info(struct store *s, struct epoch_info *info, struct err *e)
{
    if (epoch_current(s, &info->tag, &info->epoch, e) ||
        must_number(s, sql_claims, "claim counter", &info->claims, e))
        return -1;
    if (!s->in_tx)
        s->claims = info->claims;
    return 0;
}

int claims_raise(struct store *s, struct err *e)
{
    if (!s->in_tx)
        panic("a claim outside a transaction");
    if (s->claims_tx >= 0)
        return 0;
    struct stmt *put = stmt_open(s, sql_claims_raise, e);
    if (!put)
        return -1;
    int rc = stmt_step(put, e);
    if (rc == 1) {
        s->claims_tx = stmt_int64(put, 0);
        rc = stmt_step(put, e);
    } else if (rc == 0) {
        rc = err_set(e, ERR_CONFIG, "run `zhanchi init`", "%s has no claim counter", s->path);
    }
    return stmt_end(put, rc);
}

int64_t store_claims(struct store *s)
{
    return s->claims;
}

static int add_epoch(struct store *s, uint32_t epoch, int64_t now_ms, struct err *e)
{
    struct stmt *add = stmt_open(s, sql_epoch_add, e);
    if (!add)
        return -1;
    stmt_bind_int64(add, 1, epoch);
    stmt_bind_int64(add, 2, now_ms);
    return stmt_end(add, stmt_run(add, e));
}

static int end_epoch(struct store *s, uint32_t epoch, struct err *e)
{
    struct stmt *put = stmt_open(s, sql_epoch_end, e);
    if (!put)
        return -1;
    stmt_bind_int64(put, 1, epoch);
    return stmt_end(put, stmt_run(put, e));
}

/* ---- the outside file ---- */

static int file_path(const char *epoch_dir, uint32_t tag, char *out, size_t cap, struct err *e)
{
    char name[32];
    snprintf(name, sizeof name, "%07x.epoch", tag);
    return fs_join(epoch_dir, name, out, cap, e);
}

static int make_dir(const char *dir, struct err *e)
{
    if (mkdir(dir, 0700) == 0 || errno == EEXIST)
        return 0;
    return err_errno(e, ERR_CANTCREAT, "make the folder, or set another epoch_dir",
                     "cannot create %s", dir);
}

static int write_file(const char *epoch_dir, const struct epoch_info *info, struct err *e)
{
    char path[STORE_PATH_MAX];
    if (make_dir(epoch_dir, e) || file_path(epoch_dir, info->tag, path, sizeof path, e))
        return -1;
    struct epoch_file f;
    memset(&f, 0, sizeof f);
    memcpy(f.magic, EPOCH_MAGIC, sizeof f.magic);
    f.tag = info->tag;
    f.epoch = info->epoch;
    atomic_init(&f.claims, info->claims);
    return fs_write_atomic(path, 0600, &f, sizeof f, e);
}

/* 1 mapped, 0 there is none (or none that can be read as ours), -1. */
static int map_file(const char *epoch_dir, uint32_t tag, struct epoch_file **out, struct err *e)
{
    char path[STORE_PATH_MAX];
    struct stat st;
    if (file_path(epoch_dir, tag, path, sizeof path, e))
        return -1;
    if (stat(path, &st) != 0 && errno != ENOENT && errno != ENOTDIR)
        return err_errno(e, ERR_NOINPUT, "check owner and permissions of epoch_dir",
                         "cannot look at %s", path);
    if (stat(path, &st) != 0 || st.st_size < (off_t)sizeof **out)
        return 0;
    void *map;
    if (fs_map_shared(path, sizeof **out, &map, e))
        return -1;
    struct epoch_file *f = map;
    if (memcmp(f->magic, EPOCH_MAGIC, sizeof f->magic) != 0 || f->tag != tag) {
        fs_unmap(map, sizeof *f);
        return 0;
    }
    *out = f;
    return 1;
}

/* ---- begin, open, close ---- */

int epoch_create(struct store *s, const char *epoch_dir, int64_t now_ms, struct err *e)
{
    uint32_t random;
    char text[16];
    do {
        crypt_random(&random, sizeof random);
        random &= (1u << TAG_BITS) - 1;
    } while (random == 0);
    struct epoch_info info = {.tag = random, .epoch = 1, .claims = 0};
    snprintf(text, sizeof text, "%u", info.tag);
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    int rc = store_meta_set(s, "tag", text, e);
    if (rc == 0)
        rc = store_meta_set(s, "claims", "0", e);
    if (rc == 0)
        rc = add_epoch(s, info.epoch, now_ms, e);
    if (rc == 0)
        rc = write_file(epoch_dir, &info, e);
    return tx_leave(s, own, rc, e);
}

/* A file that is behind (a power cut, or a crash between the two writes of a new epoch) is brought
 * up. */
static int bring_up(struct epoch *ep, const char *epoch_dir, struct err *e)
{
    if (ep->map->epoch == ep->info.epoch) {
        epoch_note_claim(ep, ep->info.claims);
        return 0;
    }
    fs_unmap(ep->map, sizeof *ep->map);
    ep->map = NULL;
    if (write_file(epoch_dir, &ep->info, e))
        return -1;
    int rc = map_file(epoch_dir, ep->info.tag, &ep->map, e);
    if (rc == 0)
        return err_set(e, ERR_IO, "check epoch_dir", "the epoch file in %s vanished", epoch_dir);
    return rc < 0 ? -1 : 0;
}

static bool behind(const struct epoch_info *db, const struct epoch_info *file)
{
    return db->epoch < file->epoch || (db->epoch == file->epoch && db->claims < file->claims);
}

/* The file is read before the database: a dispatcher at work commits first and writes outside
 * afterwards, so what stood in the file is in the database by then, unless that is an old copy. */
static int compare(struct store *s, struct epoch *ep, const char *epoch_dir,
                   enum epoch_finding *finding, struct err *e)
{
    struct epoch_info file = {0};
    if (epoch_current(s, &file.tag, &file.epoch, e))
        return -1;
    int rc = map_file(epoch_dir, file.tag, &ep->map, e);
    if (rc == 1) {
        file.epoch = ep->map->epoch;
        file.claims = atomic_load(&ep->map->claims);
    }
    int doubt = rc < 0 || read_info(s, &ep->info, e) ? -1 : store_doubted(s, e);
    if (doubt < 0)
        return -1;
    if (rc == 0)
        *finding = EPOCH_NO_FILE;
    else if (behind(&ep->info, &file))
        *finding = EPOCH_BEHIND;
    else if (doubt)
        *finding = EPOCH_DOUBT;
    else
        *finding = EPOCH_AGREES;
    return 0;
}

int epoch_look(struct store *s, const char *epoch_dir, enum epoch_finding *finding, struct err *e)
{
    struct epoch ep = {.map = NULL};
    int rc = compare(s, &ep, epoch_dir, finding, e);
    fs_unmap(ep.map, sizeof *ep.map);
    return rc;
}

struct epoch *epoch_open(struct store *s, const char *epoch_dir, enum epoch_finding *finding,
                         struct err *e)
{
    struct epoch *ep = calloc(1, sizeof *ep);
    if (!ep)
        panic("out of memory");
    if (compare(s, ep, epoch_dir, finding, e) ||
        (*finding == EPOCH_AGREES && bring_up(ep, epoch_dir, e))) {
        epoch_close(ep);
        return NULL;
    }
    return ep;
}

void epoch_close(struct epoch *ep)
{
    if (!ep)
        return;
    if (ep->map) {
        msync(ep->map, sizeof *ep->map, MS_SYNC);
        fs_unmap(ep->map, sizeof *ep->map);
    }
    free(ep);
}

const struct epoch_info *epoch_info(const struct epoch *ep)
{
    return &ep->info;
}

void epoch_note_claim(struct epoch *ep, int64_t claims)
{
    if (claims > ep->info.claims)
        ep->info.claims = claims;
    if (!ep->map || sabotage("no-epoch-file"))
        return;
    int64_t there = atomic_load(&ep->map->claims);
    while (there < claims && !atomic_compare_exchange_weak(&ep->map->claims, &there, claims))
        ;
}

/* ---- a new epoch ---- */

/* Above everything that this database or its file has used. */
static int next_epoch(struct store *s, const char *epoch_dir, struct epoch_info *info,
                      uint32_t *next, struct err *e)
{
    struct epoch_file *f = NULL;
    if (read_info(s, info, e))
        return -1;
    int rc = map_file(epoch_dir, info->tag, &f, e);
    if (rc < 0)
        return -1;
    *next = info->epoch;
    if (rc == 1) {
        if (f->epoch > *next)
            *next = f->epoch;
        fs_unmap(f, sizeof *f);
    }
    (*next)++;
    return 0;
}

int epoch_begin(struct store *s, const char *epoch_dir, int64_t now_ms, struct epoch_info *out,
                struct err *e)
{
    uint32_t next = 0;
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    int rc = next_epoch(s, epoch_dir, out, &next, e);
    if (rc == 0)
        rc = end_epoch(s, out->epoch, e);
    if (rc == 0)
        rc = add_epoch(s, next, now_ms, e);
    if (rc == 0)
        rc = stmt_exec(s, sql_undoubt, e);
    out->epoch = next;
    return tx_leave(s, own, rc, e);
}

int epoch_publish(const char *epoch_dir, const struct epoch_info *info, struct err *e)
{
    return write_file(epoch_dir, info, e);
}

int epoch_renew(struct store *s, const char *epoch_dir, int64_t now_ms, struct err *e)
{
    struct epoch_info info;
    if (epoch_begin(s, epoch_dir, now_ms, &info, e))
        return -1;
    failpoint("epoch_renewed");
    return epoch_publish(epoch_dir, &info, e);
}

/* ---- references ---- */

int store_doubt_raise(struct store *s, const char *why, struct err *e)
{
    return store_meta_set(s, "doubt", why, e);
}

int store_doubted(struct store *s, struct err *e)
{
    char why[8];
    return store_meta_get(s, "doubt", why, sizeof why, e);
}

/* epoch of the attempt, 0 if it was never made, -1 error */
static int64_t attempt_epoch(struct store *s, const struct msg_ref *r, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_attempt, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, attempt_id(r->message, r->attempt));
    int rc = stmt_step(q, e);
    int64_t epoch = rc == 1 ? stmt_int64(q, 0) : 0;
    stmt_close(q);
    return rc < 0 ? -1 : epoch;
}

/* Of an epoch that has ended: another timeline may have issued it after this copy was made. The
 * message is the same one if it stood here already when the epoch ended. */
static int ended_ref(struct store *s, const struct msg_ref *r, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_epoch_last, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, r->epoch);
    int rc = stmt_step(q, e);
    bool same = rc == 1 && r->message <= stmt_int64(q, 0);
    stmt_close(q);
    if (rc < 0)
        return -1;
    if (!same)
        return REF_FOREIGN;
    q = stmt_open(s, sql_message, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, r->message);
    rc = stmt_step(q, e);
    stmt_close(q);
    if (rc < 0)
        return -1;
    return rc == 1 ? REF_LOST : REF_FOREIGN;
}

enum ref_finding store_ref_check(struct store *s, const struct msg_ref *r, struct err *e)
{
    uint32_t tag, epoch;
    if (epoch_current(s, &tag, &epoch, e))
        return (enum ref_finding) - 1;
    if (r->tag != tag)
        return REF_FOREIGN;
    int64_t issued = attempt_epoch(s, r, e);
    if (issued < 0)
        return (enum ref_finding) - 1;
    if (issued == r->epoch)
        return REF_OURS;
    if (r->epoch >= epoch)
        return REF_NEVER_ISSUED;
    return (enum ref_finding)ended_ref(s, r, e);
}
