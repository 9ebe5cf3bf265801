/*
 * approve: the checker's act, and cancel, which ends what waits. What is signed is recomputed from
 * what is stored, not taken over from the maker.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/crypt.h"
#include "zhanchi/store_approval.h"
#include "internal.h"

#define PERSONS_A_CALL 4096

/* ---- rules whose source was not at hand ---- */

struct resting {
    const struct campaign_info *c;
    bool *unconfirmed; /* by rule */
    int n_rules;
    int64_t n; /* persons who rest on one */
    int32_t today;
};

/* 1 if the policy has any, 0, or -1. */
static int find_unconfirmed(struct store *s, int64_t policy_id, struct resting *r, struct err *e)
{
    char clause[16];
    int any = 0;

    for (;;) {
        bool confirmed = true;
        int found =
            store_policy_clause(s, policy_id, r->n_rules, clause, sizeof clause, &confirmed, e);
        if (found <= 0)
            return found < 0 ? -1 : any;
        r->unconfirmed =
            reallocarray(r->unconfirmed, (size_t)r->n_rules + 1, sizeof *r->unconfirmed);
        if (r->unconfirmed == NULL)
            panic("out of memory");
        r->unconfirmed[r->n_rules++] = !confirmed;
        any |= !confirmed;
    }
}

static int count_resting(void *ctx, const struct candidate *k)
{
    struct resting *r = ctx;
    int no = k->has_verdict ? k->verdict.rule_no : -1;

    r->n += no >= 0 && no < r->n_rules && r->unconfirmed[no] &&
            candidate_cause(r->c, k, r->today) == CAUSE_NONE;
    return 0;
}

static int count_all(struct store *s, const struct campaign_info *c, struct resting *r,
                     struct err *e)
{
    int64_t last = 0;
    int any = c->policy_id != 0 ? find_unconfirmed(s, c->policy_id, r, e) : 0;

    if (any <= 0)
        return any;
    do {
        if (store_candidates(s, c, r->today, last, PERSONS_A_CALL, count_resting, r, &last, e) != 0)
            return -1;
    } while (last != 0);
    return 0;
}

static int check_rules(struct store *s, const struct campaign_info *c, int64_t now_ms,
                       struct err *e)
{
    struct resting r = {.c = c, .today = civil_local_day(now_ms, c->schedule.zone_min)};
    int rc = count_all(s, c, &r, e);

    free(r.unconfirmed);
    if (rc != 0 || r.n == 0)
        return rc;
    return err_set(e, ERR_PERM,
                   "read the document, or approve with --unconfirmed-because TEXT (it is recorded)",
                   "campaign %s: %lld persons rest on rules that are not confirmed", c->name,
                   (long long)r.n);
}

/* ---- the wave ---- */

static int check_people(const struct campaign_info *c, const struct wave_info *w, const char *actor,
                        bool allow_same, struct err *e)
{
    if (allow_same || strcmp(w->submitted_by, actor) != 0)
        return 0;
    return err_set(e, ERR_PERM, "let somebody else approve it, or set people.maker_is_checker",
                   "campaign %s was submitted by %s, who may not approve it as well", c->name,
                   actor);
}

static int check_time(const struct campaign_info *c, int64_t now_ms, struct err *e)
{
    if (pace_schedule_admit(&c->schedule, now_ms).reason != PACE_LAPSED)
        return 0;
    return err_set(e, ERR_DATA, "cancel it and make a new one with a later --not-after",
                   "campaign %s could send nothing any more: its last moment has passed", c->name);
}

static int check_wave(struct store *s, struct keyring *k, const struct campaign_info *c,
                      struct gateway *const *g, const struct wave_info *w, struct err *e)
{
    uint8_t now[32], digest[32];

    gateways_digest(c, g, now);
    if (!crypt_equal(now, w->gateway_digest, sizeof now))
        return err_set(
            e, ERR_PERM, "put the old profile back, or cancel and make the campaign anew",
            "the profile or URL of gateway %s%s has changed since campaign %s was submitted",
            c->gateway, c->n_gateways > 1 ? " or of another one of it" : "", c->name);
    if (approval_digest(s, k, c, w, now, digest, e) != 0)
        return -1;
    if (!crypt_equal(digest, w->digest, sizeof digest))
        return err_set(e, ERR_PERM,
                       "find out who changed the database; cancel and make the campaign anew",
                       "campaign %s is not what was submitted", c->name);
    return 0;
}

static int sign(struct store *s, struct keyring *k, const struct campaign_info *c,
                const struct campaign_record *r, struct wave_info *w, struct err *e)
{
    approval_sign(k, c, w, w->approval);
    if (store_begin(s, e) != 0)
        return -1;
    if (store_wave_approve(s, w, e) == 0 && (r == NULL || r->fn(r->ctx, w, e) == 0))
        return store_commit(s, e);
    store_rollback(s);
    return -1;
}

int campaign_approve(struct store *s, struct keyring *k, const struct campaign_info *c,
                     struct gateway *const *g, const char *actor, bool allow_same,
                     bool allow_unconfirmed, int64_t now_ms, const struct campaign_record *r,
                     struct wave_info *out, struct err *e)
{
    if (c->state != CAMPAIGN_SUBMITTED)
        return err_set(e, ERR_DATA,
                       c->state == CAMPAIGN_DRAFT ? "submit it first: `zhanchi campaign submit`"
                                                  : "see `zhanchi campaign show`",
                       "campaign %s is %s, not submitted", c->name, campaign_state_name(c->state));
    int found = store_wave_of(s, c->id, out, e);
    if (found != 1)
        return found < 0 ? -1
                         : err_set(e, ERR_SOFTWARE, "this is a defect: please report it",
                                   "campaign %s is submitted and has no wave", c->name);
    if (check_people(c, out, actor, allow_same, e) != 0 || check_time(c, now_ms, e) != 0 ||
        (!allow_unconfirmed && check_rules(s, c, now_ms, e) != 0) ||
        check_wave(s, k, c, g, out, e) != 0)
        return -1;
    out->approved_at = now_ms;
    snprintf(out->approved_by, sizeof out->approved_by, "%s", actor);
    return sign(s, k, c, r, out, e);
}

/* ---- the end of it ---- */

static int move_to_cancelled(struct store *s, const struct campaign_info *c,
                             const struct campaign_record *r, struct err *e)
{
    if (store_begin(s, e) != 0)
        return -1;
    if (store_campaign_move(s, c->id, c->state, CAMPAIGN_CANCELLED, "", e) == 0 &&
        (r == NULL || r->fn(r->ctx, NULL, e) == 0))
        return store_commit(s, e);
    store_rollback(s);
    return -1;
}

int campaign_cancel(struct store *s, const struct campaign_info *c, const struct campaign_record *r,
                    int64_t *cancelled, const struct progress *p, struct err *e)
{
    int64_t n;

    *cancelled = 0;
    if (c->state == CAMPAIGN_FINISHED)
        return err_set(e, ERR_DATA, NULL, "campaign %s is finished: nothing of it waits", c->name);
    /* First the state: from this commit on dispatch claims nothing more of it. A cancelled one is
     * gone over again, in case the last time was interrupted. */
    if (c->state != CAMPAIGN_CANCELLED && move_to_cancelled(s, c, r, e) != 0)
        return -1;
    do {
        n = store_cancel_chunk(s, c->id, store_chunk(s), e);
        if (n < 0)
            return -1;
        *cancelled += n;
        if (p != NULL && p->fn != NULL)
            p->fn(p->ctx, *cancelled, 0, NULL);
    } while (n > 0);
    return 0;
}
