/*
 * approve: the checker's act. What is signed is recomputed from what is stored, not taken over from the maker. And cancel, which ends what waits.
 */
#include <stdio.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/crypt.h"
#include "zhanchi/store.h"
#include "zhanchi/store_approval.h"
#include "internal.h"

/* Messages that rest on a rule whose source text was not at hand. */
static int count_unconfirmed(void *ctx, const struct candidate *k, const struct decision *d,
                             const struct written *t)
{
    (void)k;
    if (d->state != MSG_SUPPRESSED && !t->confirmed)
        ++*(int64_t *)ctx;
    return 0;
}

static int check_unconfirmed(struct store *s, struct keyring *k, const struct campaign_info *c,
                             int64_t now_ms, const struct progress *p, struct err *e)
{
    struct campaign_office o = {
        .office = "-", .phone12333 = "-", .apply_where = "-", .now_ms = now_ms};
    struct writer w;
    int64_t n = 0;

    if (c->policy_id == 0)
        return 0;
    o.today = civil_local_day(now_ms, c->schedule.zone_min);
    int rc = writer_init(&w, s, k, c, &o, e);
    if (rc == 0)
        rc = walk(&w, count_unconfirmed, NULL, &n, p, e);
    writer_fini(&w);
    if (rc == 0 && n > 0)
        rc = err_set(e, ERR_PERM,
                     "check the document, or approve with --unconfirmed-because TEXT (audited)",
                     "%lld messages rest on rules that are not confirmed", (long long)n);
    return rc;
}

static int check_people(const struct campaign_info *c, const struct wave_info *w, const char *actor,
                        bool allow_same, struct err *e)
{
    if (allow_same || strcmp(w->submitted_by, actor) != 0)
        return 0;
    return err_set(e, ERR_PERM, "let somebody else approve it, or set people.maker_is_checker",
                   "campaign %s was submitted by %s, who may not approve it as well", c->name,
                   actor);
}

static int check_wave(struct store *s, struct keyring *k, const struct campaign_info *c,
                      const struct gateway *g, const struct wave_info *w, struct err *e)
{
    uint8_t now[32], digest[32];

    gateway_digest(g, now);
    if (!crypt_equal(now, w->gateway_digest, 32))
        return err_set(
            e, ERR_PERM, "put the old profile back, or cancel and make the campaign anew",
            "the profile or URL of gateway %s has changed since campaign %s was submitted",
            c->gateway, c->name);
    if (approval_digest(s, k, c, w, now, digest, e) != 0)
        return -1;
    if (!crypt_equal(digest, w->digest, 32))
        return err_set(e, ERR_PERM,
                       "find out who changed the database; cancel and make the campaign anew",
                       "campaign %s is not what was submitted", c->name);
    return 0;
}

int campaign_approve(struct store *s, struct keyring *k, const struct campaign_info *c,
                     const struct gateway *g, const char *actor, bool allow_same,
                     bool allow_unconfirmed, int64_t now_ms, const struct progress *p,
                     struct wave_info *out, struct err *e)
{
    if (c->state != CAMPAIGN_SUBMITTED)
        return err_set(e, ERR_DATA, "submit it first", "campaign %s is %s", c->name,
                       campaign_state_name(c->state));
    int found = store_wave_of(s, c->id, out, e);
    if (found != 1)
        return found < 0
                   ? -1
                   : err_set(e, ERR_DATA, "submit it first", "campaign %s has no wave", c->name);
    if (check_people(c, out, actor, allow_same, e) != 0 || check_wave(s, k, c, g, out, e) != 0)
        return -1;
    if (!allow_unconfirmed && check_unconfirmed(s, k, c, now_ms, p, e) != 0)
        return -1;
    out->approved_at = now_ms;
    snprintf(out->approved_by, sizeof out->approved_by, "%s", actor);
    approval_sign(k, c, out, out->approval);
    return store_wave_approve(s, out, e);
}

int campaign_cancel(struct store *s, const struct campaign_info *c, int64_t *cancelled,
                    const struct progress *p, struct err *e)
{
    enum campaign_state from = c->state == CAMPAIGN_FINISHED ? CAMPAIGN_RUNNING : c->state;
    int64_t n;

    *cancelled = 0;
    if (from == CAMPAIGN_CANCELLED)
        return err_set(e, ERR_DATA, NULL, "campaign %s is cancelled already", c->name);
    /* First the state: dispatch claims nothing more of it from this commit on. */
    if (store_campaign_move(s, c->id, from, CAMPAIGN_CANCELLED, "", e) != 0)
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
