/*
 * store_epoch: a restored backup must not send again.
 *
 * The database carries a tag, an epoch (part of every client reference) and a counter of the
 * transactions that claimed or settled: a copy from before a settlement believes that the message
 * is still on its way. The same three stand in a small file outside the work directory
 * (EPOCH_DIR/<tag>.epoch, mapped: it survives SIGKILL), written after each such transaction is
 * durable, before a byte leaves and before marks are freed. Where the database is behind that file, or the file is missing, the
 * database may be an old copy: dispatch refuses, everything queued and what is planned for a
 * time that has come becomes `unknown`, a new epoch begins. A database ahead of the file is what a power cut leaves: nothing was sent that the
 * database does not know.
 */
#ifndef ZHANCHI_STORE_EPOCH_H
#define ZHANCHI_STORE_EPOCH_H

#include <stdbool.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/message.h"

struct store;
struct epoch;

struct epoch_info {
    uint32_t tag, epoch;
    int64_t claims;
};

/* Makes tag, first epoch and the outside file: for `init`. */
int epoch_create(struct store *s, const char *epoch_dir, int64_t now_ms, struct err *e);

enum epoch_finding {
    EPOCH_AGREES,
    EPOCH_BEHIND /* an old copy */,
    EPOCH_NO_FILE,
    EPOCH_DOUBT /* a receipt bore a reference never issued */
};
/* Maps the outside file and compares. An outside file that is behind its database (a power cut)
 * agrees and is brought up. NULL only on errors. */
struct epoch *epoch_open(struct store *s, const char *epoch_dir, enum epoch_finding *finding,
                         struct err *e);
void epoch_close(struct epoch *ep);
const struct epoch_info *epoch_info(const struct epoch *ep);
/* After the commit of a claim or a settlement: raises the counter outside, never lowers it. Call before a byte
 * leaves, and before the marks of what was settled are freed. */
void epoch_note_claim(struct epoch *ep, int64_t claims);
/* The counter that the last commit of this connection wrote. */
int64_t store_claims(struct store *s);

/* Compares only: writes nothing, also where epoch_open would bring the file up. True also beside a
 * dispatcher at work. */
int epoch_look(struct store *s, const char *epoch_dir, enum epoch_finding *finding, struct err *e);

/* Begins a new epoch, in the database and outside; clears the doubt. Call after store_doubt_all. */
int epoch_renew(struct store *s, const char *epoch_dir, int64_t now_ms, struct err *e);
/* The same in two steps, for a copy that is not the database yet: in the copy alone, its number above
 * all that it or the file has used; and outside, once the copy has taken the database's place. In
 * between, the copy is ahead of the file, which agrees. */
int epoch_begin(struct store *s, const char *epoch_dir, int64_t now_ms, struct epoch_info *out,
                struct err *e);
int epoch_publish(const char *epoch_dir, const struct epoch_info *info, struct err *e);

/* What a reference in a receipt means to this database. */
enum ref_finding {
    REF_OURS, /* the attempt was issued here */
    REF_LOST, /* issued in an epoch that has ended, by a lost timeline, for a message that stood here
                 already: what it says of the message is true here, too */
    REF_FOREIGN, /* another database's, no reference of ours, or of a lost timeline's own messages:
                    no reason for doubt */
    REF_NEVER_ISSUED /* of the epoch that we write now, but this database never issued it: the
                        caller raises the doubt */
};
enum ref_finding store_ref_check(struct store *s, const struct msg_ref *r,
                                 struct err *e); /* -1 on error */
int store_doubt_raise(struct store *s, const char *why, struct err *e);
/* 1 a doubt was raised (and no new epoch has begun since), 0 none, -1. */
int store_doubted(struct store *s, struct err *e);

#endif
