/*
 * store: the database of a work directory. The only room that knows SQL.
 *
 * One connection an object; an object belongs to one thread. Main database: DIR/zhanchi.db (SQLite,
 * WAL, synchronous=FULL). No write transaction holds the lock over 50 ms: callers work in chunks
 * (store_chunk tells how large), and what an interrupted job left is removed by store_sweep.
 *
 * Subjects have headers of their own: store_list.h store_campaign.h store_queue.h store_report.h
 * store_people.h store_measure.h store_audit.h; keys: keyring.h; raw reports: inbox.h; epoch:
 * store_epoch.h.
 *
 * Two levels: a thin statement layer (src/store/stmt.h) for administration, and the batch
 * operations (marked "batch" in the headers), which go through `struct store_driver`
 * (src/store/driver.h) so that another database can give each its own best SQL.
 *
 * Errors: ERR_IO (disk full, corrupt: says which file and what to do), ERR_TEMP (busy longer than
 * 10 s). A full disk leaves the connection usable: what was committed stands, and the same call may
 * be made again.
 *
 * Callbacks (`each`): 0 goes on; > 0 stops, and the walk returns 0; < 0 stops, and the walk returns
 * -1 (the callback has filled in the caller's struct err through its ctx). What they are given is
 * valid during the call only. They may use the store, the same function included.
 */
#ifndef ZHANCHI_STORE_H
#define ZHANCHI_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"

struct store;

/* Creates DIR/zhanchi.db with the newest schema. ERR_CANTCREAT if it is there already. */
int store_create(const char *dir, int64_t now_ms, struct err *e);

enum store_mode { STORE_RW, STORE_RO };
/* Opens, checks the schema version (older: migrates in RW mode, ERR_CONFIG in RO mode; newer:
 * ERR_CONFIG). ERR_NOINPUT if there is no database, ERR_CONFIG if the file is somebody else's. */
struct store *store_open(const char *dir, enum store_mode mode, struct err *e);
void store_close(struct store *s); /* NULL is fine; rolls back */
const char *store_path(const struct store *s);

/* Explicit transaction (BEGIN IMMEDIATE). Batch operations join an open one, else make their own.
 * Tally deltas are written at commit. */
int store_begin(struct store *s, struct err *e);
int store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);
/* Calls `fn` once when the open transaction has ended, telling whether it was committed; at once
 * (true) where none is open. In the order in which they were given. It must not use the store. */
void store_after(struct store *s, void (*fn)(void *ctx, bool committed), void *ctx);

/* Rows that a chunk may have so that its transaction stays under 50 ms (at most 8192): adapts to
 * what was measured. */
size_t store_chunk(const struct store *s);
void store_chunk_took(struct store *s, size_t rows, int64_t us);
/* Between two chunks of a job that can wait: where somebody else had the database since the last
 * call when this store wanted it, sleeps `us`, so that others have it half of the time. */
void store_chunk_rest(struct store *s, int64_t us);

/* The kernel lock under which lists are loaded or removed and waves frozen: one such job at a time,
 * so that what is half-done under a free lock is a dead job's. 0 and the descriptor (close it to
 * unlock), or ERR_TEMP if another job has it. Does not wait. */
int store_lock_jobs(struct store *s, int *fd, struct err *e);
/* Removes what interrupted imports, freezes and removals left, in chunks; *removed counts the lists
 * and waves, for the log. Only call with store_lock_jobs held, and outside a transaction. */
int store_sweep(struct store *s, int64_t *removed, struct err *e);

/* WAL checkpoint (passive); its own thread calls it with its own connection. */
int store_checkpoint(struct store *s, struct err *e);

/* Everything that the log holds into the database's file, and the log empty; ERR_IO where that cannot
 * be done, ERR_TEMP where another connection is in the way. Before the file alone is carried away. */
int store_merge(struct store *s, struct err *e);

/* ERR_IO with SQLite's finding if the file is damaged or a foreign key dangles. */
int store_integrity(struct store *s, struct err *e);

/* A consistent copy of the live database (SQLite's backup interface) into `path`, which must not
 * exist. progress may be NULL. */
int store_backup(struct store *s, const char *path,
                 void (*progress)(void *ctx, int64_t done, int64_t total), void *ctx,
                 struct err *e);

/* Small facts by name. get: 1 found, 0 not, -1 error. */
int store_meta_get(struct store *s, const char *name, char *out, size_t cap, struct err *e);
int store_meta_set(struct store *s, const char *name, const char *value, struct err *e);

/* gateway name -> small id, made on first use */
int store_gateway_id(struct store *s, const char *name, int64_t *id, struct err *e);

#endif
