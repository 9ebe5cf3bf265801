/*
 * create: a draft is checked as far as can be without rows, so that what is wrong is said to the
 * one who makes it and not on the day of sending.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/crypt.h"
#include "internal.h"

#define NOT_AFTER_DAYS 30

/* ---- when ---- */

static int check_holdout(const struct campaign_info *c, int32_t begin, struct err *e)
{
    if (c->holdout_permille == 0)
        return c->holdout_until == CIVIL_NONE
                   ? 0
                   : err_set(e, ERR_USAGE, "add --holdout 10%",
                             "a day of release without a share that is held out");
    if (c->holdout_permille < 0 || c->holdout_permille > 900)
        return err_set(e, ERR_USAGE, "write --holdout 10%",
                       "the share that is held out must be from 0.1%% to 90%%");
    if (c->holdout_until == CIVIL_NONE)
        return err_set(e, ERR_USAGE,
                       "add --holdout-until DATE: the day on which those held out are reached too",
                       "a holdout needs a day of release");
    if (c->policy_id == 0)
        return err_set(e, ERR_USAGE, "add --policy P",
                       "a holdout needs a policy: nobody may miss a last day by waiting");
    if (c->holdout_until <= begin)
        return err_set(
            e, ERR_USAGE, "choose a later --holdout-until",
            "those held out would be released on the day of the first message, or before");
    if (civil_at_ms(c->holdout_until, c->schedule.window_from, c->schedule.zone_min) >=
        c->schedule.not_after_ms)
        return err_set(e, ERR_USAGE, "set --not-after behind the release",
                       "the campaign ends before those held out are released");
    return 0;
}

static void default_end(struct campaign_info *c, int64_t begin_ms)
{
    int32_t day = civil_local_day(begin_ms, c->schedule.zone_min);

    if (c->holdout_permille > 0 && c->holdout_until != CIVIL_NONE && c->holdout_until > day)
        day = c->holdout_until;
    c->schedule.not_after_ms = civil_at_ms(day + NOT_AFTER_DAYS, 0, c->schedule.zone_min);
}

static int check_schedule(struct campaign_info *c, const struct campaign_office *o, struct err *e)
{
    struct pace_schedule *s = &c->schedule;
    int64_t begin_ms = s->not_before_ms > o->now_ms ? s->not_before_ms : o->now_ms;

    if (s->window_from < 0 || s->window_to > 1440 || s->window_from >= s->window_to)
        return err_set(e, ERR_USAGE, "write --window 09:00-20:00",
                       "the window ends before it begins");
    if (s->not_after_ms == 0)
        default_end(c, begin_ms);
    if (s->not_after_ms <= begin_ms)
        return err_set(e, ERR_USAGE, "choose a later --not-after",
                       "the campaign ends before it begins");
    struct pace_answer first = pace_schedule_admit(s, o->now_ms);
    if (first.reason == PACE_LAPSED)
        return err_set(e, ERR_USAGE, "widen --window or move --not-after",
                       "the window never opens before the campaign ends");
    begin_ms = first.reason == PACE_GO ? o->now_ms : first.not_before_ms;
    return check_holdout(c, civil_local_day(begin_ms, s->zone_min), e);
}

/* ---- to whom ---- */

static int check_list(struct store *s, const struct campaign_info *c, struct list_info *l,
                      struct err *e)
{
    int64_t policy_id;
    int32_t as_of;
    int found = store_list_by_id(s, c->list_id, l, e);

    if (found == 0)
        return err_set(e, ERR_NOINPUT, "see `zhanchi list ls`", "there is no such list");
    if (found < 0 || c->policy_id == 0)
        return found < 0 ? -1 : 0;
    found = store_list_screened(s, c->list_id, &policy_id, &as_of, e);
    if (found < 0)
        return -1;
    if (found == 0 || policy_id != c->policy_id)
        return err_set(e, ERR_DATA, "screen it first: `zhanchi list screen`",
                       "list %s was not screened with this version of the policy", l->name);
    return 0;
}

/* ---- what ---- */

static int check_shares(const struct campaign_info *c, struct err *e)
{
    if (c->n_variants < 1 || c->n_variants > CAMPAIGN_VARIANTS)
        return err_set(e, ERR_USAGE, "add --template T", "a campaign needs 1 to %d texts",
                       CAMPAIGN_VARIANTS);
    for (int i = 0; i < c->n_variants; i++) {
        if (c->variants[i].weight < 1 || c->variants[i].weight > 1000)
            return err_set(e, ERR_USAGE, "write --template NAME:WEIGHT",
                           "a text's weight must be from 1 to 1000");
        for (int j = 0; j < i; j++)
            if (c->variants[i].template_id == c->variants[j].template_id)
                return err_set(e, ERR_USAGE, "name each text once; weights say how often it goes",
                               "the same text stands there twice");
    }
    return 0;
}

static int check_gateways(const struct campaign_info *c, struct err *e)
{
    struct route r;

    if (c->n_gateways > ROUTE_GATEWAYS)
        return err_set(e, ERR_USAGE, "take fewer", "a campaign has at most %d gateways",
                       ROUTE_GATEWAYS);
    if (c->failover && c->n_gateways < 2)
        return err_set(e, ERR_USAGE, "name a second --gateway, or leave --failover away",
                       "with one gateway there is none to go over to");
    return c->n_gateways > 1 ? route_parse(c->routing, c->gateways, c->n_gateways, &r, e) : 0;
}

/* One topic, because refusals and holdouts are by topic; one signature, because a number that
 * answers must know to whom. */
static int check_alike(const struct template_info *first, const struct template_info *t,
                       struct err *e)
{
    if (strcmp(first->topic, t->topic) != 0)
        return err_set(e, ERR_DATA, "compare texts of one topic",
                       "template %s has topic %s, template %s has %s", first->name, first->topic,
                       t->name, t->topic);
    if (strcmp(first->channel, t->channel) != 0)
        return err_set(e, ERR_DATA, "compare texts of one channel",
                       "template %s is for %s, template %s is for %s", first->name, first->channel,
                       t->name, t->channel);
    if (strcmp(first->signature, t->signature) != 0)
        return err_set(e, ERR_DATA, "compare texts of one signature",
                       "template %s is signed %s, template %s is signed %s", first->name,
                       first->signature, t->name, t->signature);
    return 0;
}

static int check_channel(struct campaign_info *c, const struct template_info *t,
                         const struct list_info *l, struct err *e)
{
    if (c->channel[0] != '\0' && strcmp(c->channel, t->channel) != 0)
        return err_set(e, ERR_DATA, "name a gateway of that channel, or other texts",
                       "template %s is for %s, gateway %s is for %s", t->name, t->channel,
                       c->gateway, c->channel);
    memcpy(c->channel, t->channel, sizeof c->channel);
    if (campaign_is_email(c) && strstr(l->columns, "\"email\"") == NULL)
        return err_set(e, ERR_DATA, "import a list with a column 邮箱",
                       "list %s has no column of mail addresses", l->name);
    return 0;
}

static int check_texts(struct store *s, struct campaign_info *c, const struct list_info *l,
                       const struct campaign_office *o, struct err *e)
{
    struct texts texts;
    struct buf sample;

    if (texts_load(s, c, NULL, &texts, e) != 0)
        return -1;
    buf_init(&sample, 65536);
    int rc = 0;
    for (int i = 0; i < texts.n && rc == 0; i++) {
        const struct template_info *t = &texts.list[i].info;
        buf_reset(&sample);
        rc = check_alike(&texts.list[0].info, t, e);
        if (rc == 0)
            rc = campaign_check_text(t, l, c->policy_id != 0, o, &sample, e);
    }
    if (rc == 0)
        rc = check_channel(c, &texts.list[0].info, l, e);
    if (rc == 0)
        rc = languages_check(&texts, l->columns, e);
    if (rc == 0)
        memcpy(c->topic, texts.list[0].info.topic, sizeof c->topic);
    buf_fini(&sample);
    texts_fini(&texts);
    return rc;
}

int campaign_create(struct store *s, struct campaign_info *c, const struct campaign_office *o,
                    struct err *e)
{
    struct list_info *l = malloc(sizeof *l);

    if (l == NULL)
        panic("out of memory");
    if (c->seed == 0)
        crypt_random(&c->seed, sizeof c->seed);
    if (c->shared == 0)
        c->shared = SHARED_EACH;
    c->seed &= INT64_MAX; /* as people write it and databases keep it */
    int rc = c->name[0] != '\0'
                 ? 0
                 : err_set(e, ERR_USAGE, "give it a name", "the campaign has no name");
    if (rc == 0)
        rc = check_shares(c, e) == 0 && check_gateways(c, e) == 0 && check_schedule(c, o, e) == 0 &&
                     check_list(s, c, l, e) == 0 && check_texts(s, c, l, o, e) == 0
                 ? store_campaign_create(s, c, e)
                 : -1;
    free(l);
    return rc;
}
