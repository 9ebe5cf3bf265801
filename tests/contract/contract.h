/*
 * contract: the frame of the store's contract tests.
 *
 * They are written against the public headers alone, so that one suite serves every driver; which
 * one comes from outside (ZHANCHI_CONTRACT_DRIVER, default "sqlite"). What only makes sense for one
 * driver asks contract_is.
 *
 * A test begins with a fresh work directory with keys and an epoch: struct contract *c =
 * contract_begin(); and ends with contract_end(c).
 */
#ifndef TESTS_CONTRACT_H
#define TESTS_CONTRACT_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "zhanchi/err.h"
#include "zhanchi/keyring.h"
#include "zhanchi/store.h"
#include "zhanchi/store_list.h"

#define CONTRACT_PATH 512

struct contract {
    char root[CONTRACT_PATH]; /* removed at the end; everything below is in it */
    char dir[CONTRACT_PATH];  /* the work directory */
    char key[CONTRACT_PATH], recovery[CONTRACT_PATH], audit_key[CONTRACT_PATH],
        epoch_dir[CONTRACT_PATH];
    struct store *store;
    struct keyring *keys;
    struct err e; /* of the last call */
};

#define CONTRACT_NOW 1700000000000 /* the instant at which tests begin */

struct contract *contract_begin(void);
void contract_end(struct contract *c);
void contract_close(struct contract *c);  /* store and keyring */
void contract_reopen(struct contract *c); /* as another process would */
bool contract_is(const char *driver);
void contract_path(const struct contract *c, const char *name,
                   char out[CONTRACT_PATH]); /* under root */

/* The call must succeed (>= 0) / must fail with this kind. */
#define OK(c, call) ck_assert_msg((call) >= 0, "%s: %s", #call, (c)->e.what)
#define FAILS(c, kind_, call)                                                                      \
    do {                                                                                           \
        memset(&(c)->e, 0, sizeof(c)->e);                                                          \
        ck_assert_msg((call) < 0, "%s did not fail", #call);                                       \
        ck_assert_msg((c)->e.kind == (kind_), "%s: kind %d: %s", #call, (int)(c)->e.kind,          \
                      (c)->e.what);                                                                \
    } while (0)

/* ---- things to put in ---- */

/* 16 bytes that depend on (kind, n) alone. */
void contract_hash(int kind, uint64_t n, uint8_t out[KEYRING_HASH_BYTES]);
/* Row `line` about person n (id number) with address a; sealed with `blob`. */
struct list_row contract_row(int64_t id, int64_t line, uint64_t person, uint64_t address,
                             int64_t key_id);
/* A list in loading; ready with persons first ... first + n - 1, each with the address of the same
 * number. */
int64_t contract_list_begin(struct contract *c, const char *name);
void contract_rows(struct contract *c, int64_t list_id, int64_t line, uint64_t first, size_t n);
int64_t contract_list(struct contract *c, const char *name, uint64_t first, size_t n);

/* Runs `job` in a child process under ZHANCHI_FAILPOINT=failpoint (NULL: none); true if the child
 * was killed by it. */
bool contract_killed(const char *failpoint, void (*job)(void *ctx), void *ctx);

/* main() of a suite: one test case with these functions. */
int contract_main(const char *name, const TTest *const *tests, size_t n);

#endif
