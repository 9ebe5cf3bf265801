/*
 * world: a work directory with one running campaign, for tests of what happens to messages after they are frozen.
 *
 * Person i has the number 1380000 and i in four digits, and one queued message.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "../contract/contract.h"
#include "zhanchi/message.h"

#define WORLD_MAX 1000

struct world {
    struct contract *c;
    int64_t campaign_id, wave_id, gateway_id;
    size_t n;
    int64_t message[WORLD_MAX]; /* by person */
};

struct world *world_begin(size_t n);
struct world *world_begin_mail(size_t n); /* person i has the address p<i>@x.cn instead */
void world_end(struct world *w);
void world_claim(struct world *w, size_t n); /* the first n become `sending`, attempt 1 */
/* The answer to person i's first attempt: OK or UNKNOWN. */
void world_settle(struct world *w, size_t i, enum msg_class class, const char *provider_id);
enum msg_state world_state(struct world *w, size_t i);
enum msg_cause world_cause(struct world *w, size_t i);
void world_ref(struct world *w, size_t i, int attempt, char out[MESSAGE_REF_MAX]);
void world_phone(size_t i, char out[12]);

#endif
