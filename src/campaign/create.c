/*
 * create: a draft is checked as far as can be without rendering: what is wrong is said here and not on the day of sending.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "internal.h"

static int check_holdout(const struct campaign_info *c, const struct campaign_office *o,
                         struct err *e)
{
    if (c->holdout_permille == 0)
        return 0;
    if (c->holdout_until == CIVIL_NONE)
        return err_set(e, ERR_USAGE,
                       "add --holdout-until DATE: the day on which those held out are reached too",
                       "a holdout needs a day of release");
    if (c->holdout_until <= o->today)
        return err_set(e, ERR_USAGE, "choose a later day",
                       "the holdout's release is not in the future");
    if (c->policy_id == 0)
        return err_set(e, ERR_USAGE, "add --policy P",
                       "a holdout needs a policy: nobody may miss a last day by waiting");
    int64_t release = civil_at_ms(c->holdout_until, c->schedule.window_from, c->schedule.zone_min);
    if (release >= c->schedule.not_after_ms)
        return err_set(e, ERR_USAGE, "set --not-after behind the release",
                       "the campaign ends before those held out are released");
    return 0;
}

static int check_schedule(struct campaign_info *c, const struct campaign_office *o, struct err *e)
{
    struct pace_schedule *s = &c->schedule;

    if (s->window_from < 0 || s->window_to > 1440 || s->window_from >= s->window_to)
        return err_set(e, ERR_USAGE, "write --window 09:00-20:00",
                       "the window ends before it begins");
    if (s->not_after_ms == 0) {
        int64_t from = s->not_before_ms > o->now_ms ? s->not_before_ms : o->now_ms;
        int32_t day = civil_local_day(from, s->zone_min);
        if (c->holdout_permille > 0 && c->holdout_until != CIVIL_NONE && c->holdout_until > day)
            day = c->holdout_until;
        s->not_after_ms = civil_at_ms(day + 30, 0, s->zone_min);
    }
    if (s->not_after_ms <= o->now_ms || s->not_after_ms <= s->not_before_ms)
        return err_set(e, ERR_USAGE, "choose a later --not-after",
                       "the campaign ends before it begins");
    if (pace_schedule_room(s, o->now_ms) <= 0)
        return err_set(e, ERR_USAGE, "widen --window or move --not-after",
                       "the window never opens before not_after");
    return check_holdout(c, o, e);
}

static int check_template(struct store *s, const struct campaign_info *c, int i,
                          const char *const *known, struct template_info *info, struct err *e)
{
    int found = store_template_by_id(s, c->variants[i].template_id, info, e);

    if (found != 1)
        return found < 0 ? -1
                         : err_set(e, ERR_NOINPUT, "see `zhanchi template ls`",
                                   "there is no such template");
    struct template *t = template_compile(info->body, strlen(info->body), e);
    int rc = t != NULL ? template_check(t, known, e) : -1;
    template_free(t);
    return rc == 0 ? 0 : err_prefix(e, "template %s", info->name);
}

static int check_templates(struct store *s, struct campaign_info *c, const struct list_info *l,
                           struct err *e)
{
    struct arena *a = arena_new(4096);
    struct template_info *info = malloc(sizeof *info);
    const char **known = values_known(l, c->policy_id != 0, a, e);
    int rc = known != NULL ? 0 : -1;

    if (info == NULL)
        panic("out of memory");
    for (int i = 0; i < c->n_variants && rc == 0; i++) {
        rc = check_template(s, c, i, known, info, e);
        if (rc == 0 && i == 0)
            memcpy(c->topic, info->topic, sizeof c->topic);
        else if (rc == 0 && strcmp(c->topic, info->topic) != 0)
            rc = err_set(e, ERR_DATA, "compare texts of one topic",
                         "template %s has topic %s, another one has %s", info->name, info->topic,
                         c->topic);
    }
    free(info);
    free(known);
    arena_free(a);
    return rc;
}

static int check_list(struct store *s, const struct campaign_info *c, struct list_info *l,
                      struct err *e)
{
    int64_t policy_id;
    int32_t as_of;
    int found = store_list_by_id(s, c->list_id, l, e);

    if (found != 1)
        return found < 0
                   ? -1
                   : err_set(e, ERR_NOINPUT, "see `zhanchi list ls`", "there is no such list");
    if (c->policy_id == 0)
        return 0;
    found = store_list_screened(s, c->list_id, &policy_id, &as_of, e);
    if (found < 0)
        return -1;
    if (found == 0 || policy_id != c->policy_id)
        return err_set(e, ERR_DATA, "screen it first: `zhanchi list screen L --policy P`",
                       "list %s was not screened with this version of the policy", l->name);
    return 0;
}

int campaign_create(struct store *s, struct campaign_info *c, const struct campaign_office *o,
                    struct err *e)
{
    struct list_info *l = malloc(sizeof *l);

    if (l == NULL)
        panic("out of memory");
    if (c->n_variants == 0)
        err_set(e, ERR_USAGE, "add --template T", "a campaign needs a text");
    int rc = c->n_variants > 0 && check_schedule(c, o, e) == 0 && check_list(s, c, l, e) == 0 &&
                     check_templates(s, c, l, e) == 0
                 ? store_campaign_create(s, c, e)
                 : -1;
    free(l);
    return rc;
}
