/*
 * What the files of the store share.
 *
 *   store.c     create, open, close, transactions         stmt.c     statements and their cache,
 * SQLite's errors migrate.c   schema versions                           schema.c   the tables
 *   chunk.c     how large a chunk may be                  tally.c    counter deltas, written at
 * commit batch.c     public batch operations -> driver         driver.h   the seam sqlite_*.c  the
 * batch operations in SQLite's best SQL resolve.c   hashes of persons and addresses -> ids move.c
 * messages from state to state
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/buf.h"
#include "zhanchi/err.h"
#include "zhanchi/keyring.h"
#include "zhanchi/message.h"
#include "zhanchi/store.h"
#include "driver.h"
#include "stmt.h"

struct after;
struct feed;
struct sqlite3;
struct resolver;
struct sharers;

#define STORE_STMT_BUCKETS 64 /* of the statement cache: a power of two */
#define STORE_PATH_MAX 4096

struct tally_delta {
    int64_t campaign_id;
    int state, cause;
    int64_t n;
};

struct store {
    struct sqlite3 *db;
    const struct store_driver *driver;
    enum store_mode mode;
    char path[STORE_PATH_MAX];
    struct stmt *stmts[STORE_STMT_BUCKETS];
    bool in_tx; /* between store_begin and store_commit or store_rollback */

    struct after *after;       /* of the open transaction: what waits for its end, newest first */
    struct tally_delta *tally; /* of the open transaction */
    size_t tally_len, tally_cap;

    /* The counter of claim transactions (epoch.c) as this connection last read or wrote it, -1 =
     * not yet; and what the open transaction makes of it, -1 = it has claimed nothing. */
    int64_t claims, claims_tx;

    const struct feed *feed; /* feed.c: during a call */

    /* Spent on checkpoints and sorted runs since store_chunk_took was last told. */
    int64_t busy_since_us;
    bool contended;
    /* somebody else had the database: since the last store_chunk_rest */ /* the wait for somebody else's transaction that is under way */
    int64_t upkeep_us;
    double us_per_row;   /* chunk.c */
    int64_t index_key;   /* resolve.c: id of the key that hashes are made with; 0 = not read yet */
    int64_t next_row_id; /* list.c */
    struct buf row_blob; /* what store_list_row_at and store_held_at point into */
    struct resolver *resolver; /* sqlite_resolve.c: of the list in loading; NULL */
    struct sharers *sharers;   /* sqlite_candidates.c: of the list that is walked; NULL */
    /* sqlite_queue.c: how far the present pass of store_receipt_timeout has come. */
    struct {
        int64_t campaign_id, message_id;
    } timeout;
};

/* ---- store.c ---- */

/* The parts of store_open, for the other database file (inbox.c): a connection that is not open
 * yet, its file made (ERR_CANTCREAT if it is there), opened, and set up. */
struct store *store_new(const char *dir, const char *name, enum store_mode mode, struct err *e);
int store_create_file(const struct store *s, struct err *e);
int store_connect(struct store *s, struct err *e);
int store_settings(struct store *s, struct err *e);

/* A batch operation joins the caller's transaction or makes its own:
 *     bool own;
 *     if (tx_enter(s, &own, e))
 *         return -1;
 *     int rc = ... ;
 *     return tx_leave(s, own, rc, e);
 * tx_leave commits an own transaction if rc >= 0, else rolls it back, and returns rc (-1 if the
 * commit failed). When the transaction is the caller's and rc < 0, the caller must roll back. */
int tx_enter(struct store *s, bool *own, struct err *e);
int tx_leave(struct store *s, bool own, int rc, struct err *e);

/* ---- meta.c ---- */

/* n ids that nobody else gets, from a counter in meta: for rows whose seal names their id before
 * they are written. Opt-outs and replies share a counter: the opt-out that a reply makes takes the
 * reply's id, because the number is sealed under it. */
#define RESERVE_PEOPLE "next_people"
int reserve_ids(struct store *s, const char *counter, size_t n, int64_t *first, struct err *e);

/* ---- stmt.c ---- */

/* Fills *e from SQLite's result code: kind, file, remedy. Returns -1. */
int store_fail(struct store *s, int rc, const char *doing, struct err *e);
void stmt_free_all(struct store *s);

/* ---- tally.c: only inside a transaction ---- */

void tally_add(struct store *s, int64_t campaign_id, int state, int cause, int64_t n);
int tally_flush(struct store *s, struct err *e); /* store_commit */
void tally_discard(struct store *s);

/* ---- epoch.c ---- */

/* Raises the database's counter of claim transactions, once a transaction: store_claim calls it
 * before it claims. */
int claims_raise(struct store *s, struct err *e);
/* The epoch that claims are written under. */
int epoch_current(struct store *s, uint32_t *tag, uint32_t *epoch, struct err *e);

/* ---- resolve.c: hash -> id ---- */

/* The id of the key that hashes are made with. */
int index_key(struct store *s, int64_t *key_id, struct err *e);

/* 1 and the id, 0 unknown, -1. */
int person_find(struct store *s, int kind, const uint8_t hash[KEYRING_HASH_BYTES], int64_t *id,
                struct err *e);
int address_find(struct store *s, const uint8_t hash[KEYRING_HASH_BYTES], int64_t *id,
                 struct err *e);
int employer_find(struct store *s, const uint8_t hash[KEYRING_HASH_BYTES], int64_t *id,
                  struct err *e);
/* Finds or makes it (in the open transaction). 1 made, 0 was there, -1. Persons and employers only
 * while no list is loading: that list's are all those from its first one on. */
int address_make(struct store *s, const uint8_t hash[KEYRING_HASH_BYTES], int64_t *id,
                 struct err *e);
int person_make(struct store *s, int kind, const uint8_t hash[KEYRING_HASH_BYTES], int64_t *id,
                struct err *e);
int employer_make(struct store *s, const uint8_t hash[KEYRING_HASH_BYTES], int64_t *id,
                  struct err *e);

/* ---- list.c ---- */

/* Line, column, header, reason, masked value: to the end of the walk, and closes it. */
struct list_reject;
int list_rejects_read(struct stmt *q, int (*each)(void *ctx, const struct list_reject *r),
                      void *ctx, struct err *e);

/* ---- sqlite_resolve.c: the same for chunks of a list in loading ---- */

/* Ids of the rows' persons, addresses, mail addresses and employers: four columns of `slice` ids
 * each, 0 where a row has none; makes what is new, in the order of the rows. In the open
 * transaction. */
int resolver_rows(struct store *s, int64_t list_id, const struct list_row *rows, size_t n,
                  size_t slice, int64_t *ids, struct err *e);
/* Room for n rows of news; else what is known goes into the hash tables first (own transactions,
 * unless one is open). */
int resolver_room(struct store *s, int64_t list_id, size_t n, struct err *e);
/* Everything goes into the hash tables: before the list becomes visible. */
int resolver_flush(struct store *s, int64_t list_id, struct err *e);
void resolver_drop(struct store *s); /* forgets; what it knew stands in the database */

/* ---- sqlite_candidates.c ---- */

void sharers_drop(struct store *s);

/* ---- attempts ---- */

/* The key of attempt `no` (from 1) of a message in tables attempt and outcome; 0, which nothing
 * has, for numbers that were never given. */
#define ATTEMPT_BITS 24
#define ATTEMPTS_MAX ((1 << ATTEMPT_BITS) - 1)
static inline int64_t attempt_id(int64_t message_id, int32_t no)
{
    if (message_id < 1 || message_id >> (63 - ATTEMPT_BITS) || no < 1 || no >> ATTEMPT_BITS)
        return 0;
    return message_id << ATTEMPT_BITS | no;
}

/* ---- people.c: in the open transaction ---- */

struct refusal {
    int64_t id; /* of the row; 0 = give one */
    int64_t address_id;
    const char *topic; /* "" = all */
    int origin;        /* enum optout_origin */
    const char *actor;
    int64_t at_ms, key_id;
    const void *sealed; /* NULL if nobody told the number */
    size_t sealed_len;
};
/* Row in optout, flag on address, waiting (planned, queued) messages of that number suppressed: all
 * of them, or those of campaigns of the topic; *suppressed (not NULL) is raised by their number. 1
 * new, 0 was there, -1. */
int optout_learn(struct store *s, const struct refusal *r, int64_t *suppressed, struct err *e);

/* move.c: a waiting message becomes suppressed. 1 done, 0 it does not wait any more, -1. */
int suppress_message(struct store *s, int64_t message_id, enum msg_cause cause, struct err *e);

#endif
