/*
 * claim: what a round of the store thread takes out of the queue for the lanes: due messages of campaigns that may send, their payloads
 * opened. And what a round has found, until its commit. On the store thread, inside its transaction.
 */
#ifndef DISPATCH_CLAIM_H
#define DISPATCH_CLAIM_H

#include "internal.h"

/* By one round, not yet committed. */
struct found {
    struct job *list[HATCH_LANES], *tail[HATCH_LANES];
    int64_t claimed, suppressed, capped, released, lapsed, waiting, next_due_ms;
    int64_t due[HATCH_LANES];
    bool refreshed, dry; /* dry: a lane wanted more than there was */
    bool chores_left;
    bool more; /* the look ended before the queue did */
    int64_t looked;
    bool doubted;
    bool moving, moving_on; /* a step of failovers; there is more */
    char why[160];
};

void found_drop(struct found *f); /* its jobs: the round was not committed */
void found_why(struct found *f, const struct brief *b,
               enum pace_reason r); /* the first one stays */

struct claims;
struct claims *claims_new(const struct hatch_opts *o, struct intent *in); /* both are borrowed */
void claims_free(struct claims *cl);
/* Takes spent jobs, to be used again, if there are none left. */
void claims_reuse(struct claims *cl, struct job **spent);
/* At most `wanted` messages of a lane into f. A payload that is not what was approved stops its campaign. */
int claims_lane(struct claims *cl, size_t lane, size_t wanted, int64_t now_ms, struct arena *a,
                struct found *f, struct err *e);
/* A running campaign is paused and the log says why; one in another state stays as it is. */
int campaign_pause(struct store *s, int64_t campaign_id, const char *why, struct err *e);

#endif
