/*
 * cmd_message: single messages, and a person's word on those that nobody can know about.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/clock.h"
#include "zhanchi/crypt.h"
#include "zhanchi/mask.h"
#include "zhanchi/store_approval.h"
#include "zhanchi/track.h"
#include "zhanchi/utf8.h"
#include "messages.h"
#include "reports.h"

const char *const message_arms[] = {"", "send", "holdout", "always", "excluded"};

/* ---- ls ---- */

enum { L_STATE, L_REGION };

static const struct cli_option ls_options[] = {
    {"state", "S", N_("only this state: queued, unknown, delivered ...")},
    {"region", "R", N_("only this region")},
    CLI_END};

static int list_one(void *ctx, const struct message_info *m)
{
    struct table_out *t = ctx;
    char pseudonym[17];

    crypt_hex(m->pseudonym, 8, pseudonym);
    tout_int(t, m->id);
    tout_text(t, pseudonym);
    tout_text(t, message_state_name(m->state));
    tout_text(t, m->cause != CAUSE_NONE ? message_cause_name(m->cause) : "");
    tout_text(t, message_arms[m->arm]);
    tout_int(t, m->variant + 1);
    tout_text(t, m->region);
    tout_int(t, m->attempts);
    tout_int(t, m->segments);
    tout_when(t, m->due_ms);
    return 0;
}

static int run_ls(struct cli *c, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"id",     "pseudonym", "state",    "cause", "arm", "variant",
                                       "region", "attempts",  "segments", "due",   NULL};
    static const char *const titles[] = {
        N_("message"), N_("pseudonym"), N_("state"),    N_("cause"), N_("arm"), N_("variant"),
        N_("region"),  N_("attempts"),  N_("segments"), N_("due"),   NULL};
    struct campaign_info k;
    enum msg_state state = (enum msg_state)0;

    if (a->value[L_STATE] != NULL && message_state_parse(a->value[L_STATE], &state) != 0)
        return err_set(e, ERR_USAGE,
                       _("states: planned queued sending accepted unknown unconfirmed delivered "
                         "undelivered rejected suppressed "
                         "cancelled lapsed"),
                       _("there is no state %.40s"), a->value[L_STATE]);
    if (cli_store(c, STORE_RO, e) != 0 || cli_campaign(c, a->rest[0], &k, e) != 0)
        return -1;
    struct table_out *t = tout_new(c, keys, titles);
    int rc = store_messages_each(c->store, k.id, (int)state, a->value[L_REGION], list_one, t, e);
    tout_end(t);
    return rc;
}

/* ---- show ---- */

struct showing {
    struct cli *c;
    bool text; /* as it was sent: it names a person */
};

static const struct cli_option show_options[] = {
    {"text", NULL, N_("the text as it was sent: it names a person, and the look is audited")},
    CLI_END};

static void show_payload(struct cli *c, const struct message_info *m, bool text)
{
    struct err e = {0};
    struct payload p;
    struct buf plain;
    char masked[MASK_MAX];

    buf_init(&plain, PAYLOAD_MAX_BYTES);
    if (m->payload != NULL &&
        keyring_unseal(c->keyring, m->key_id, SEAL_PAYLOAD, m->id, m->wave_id, m->payload,
                       m->payload_len, &plain, &e) == 0 &&
        payload_unpack(plain.data, plain.len, &p, &e) == 0) {
        mask_address(p.phone, strlen(p.phone), masked);
        printf(_("to       %s\n"), masked);
        if (text && p.subject[0] != '\0')
            printf(_("subject  %s\n"), p.subject);
        if (text)
            printf(_("text     %s\n"), p.text);
        else
            printf(_("text     %zu characters (--text shows it)\n"),
                   utf8_count(p.text, strlen(p.text)));
    } else if (m->payload != NULL) {
        printf(_("text     %s\n"), e.what);
    }
    buf_fini(&plain);
}

static int show_one(void *ctx, const struct message_info *m)
{
    struct showing *x = ctx;
    char pseudonym[17];

    crypt_hex(m->pseudonym, 8, pseudonym);
    printf(_("message  %lld (%s%s%s), arm %s, variant %d, %d segments\n"), (long long)m->id,
           message_state_name(m->state), m->cause != CAUSE_NONE ? ", " : "",
           m->cause != CAUSE_NONE ? message_cause_name(m->cause) : "", message_arms[m->arm],
           m->variant + 1, m->segments);
    printf(_("person   %s, region %s, level %d\n"), pseudonym, m->region, m->level);
    show_payload(x->c, m, x->text);
    return 0;
}

static int attempt_one(void *ctx, const struct attempt_info *a)
{
    struct table_out *t = ctx;

    tout_int(t, a->no);
    tout_when(t, a->claimed_at);
    tout_when(t, a->handed_at);
    tout_when(t, a->settled_at);
    tout_text(t, a->class != 0 ? message_class_name((enum msg_class)a->class) : "");
    tout_text(t, a->code);
    tout_text(t, a->provider_id);
    tout_text(t, a->gateway);
    return 0;
}

static int run_show(struct cli *c, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"attempt", "claimed",     "handed",  "settled", "class",
                                       "code",    "provider_id", "gateway", NULL};
    static const char *const titles[] = {N_("attempt"),       N_("claimed at"), N_("handed over"),
                                         N_("settled"),       N_("class"),      N_("code"),
                                         N_("provider's id"), N_("gateway"),    NULL};
    int64_t id = strtoll(a->rest[0], NULL, 10);
    struct showing x = {c, a->value[0] != NULL};
    char object[64];

    snprintf(object, sizeof object, "message %lld", (long long)id);
    if (cli_keyring(c, e) != 0 || (x.text && cli_audit(c, "message.read", object, "", e) != 0))
        return -1;
    if (c->json)
        return messages_show_json(c, id, x.text, e);
    int found = store_message_get(c->store, id, show_one, &x, e);
    if (found == 0)
        return err_set(e, ERR_NOINPUT, _("see `zhanchi message ls C`"),
                       _("there is no message %lld"), (long long)id);
    if (found < 0)
        return -1;
    struct table_out *t = tout_new(c, keys, titles);
    int rc = store_attempts_each(c->store, id, attempt_one, t, e);
    tout_end(t);
    return rc;
}

/* ---- resolve ---- */

static const struct cli_option resolve_options[] = {
    {"unknown", "resend|drop",
     N_("send all unknown messages of the campaign again, or give them up")},
    {"yes", NULL, N_("do not ask")},
    CLI_END};

/* One chunk and its record: a transaction. How many; a chunk of none writes no record. */
static int64_t resolve_chunk(struct cli *c, const struct campaign_info *k, bool resend,
                             struct err *e)
{
    char object[128], detail[64];

    if (store_begin(c->store, e) != 0)
        return -1;
    int64_t n =
        store_resolve_chunk(c->store, k->id, resend, clock_now_ms(), store_chunk(c->store), e);
    snprintf(object, sizeof object, "campaign %s", k->name);
    snprintf(detail, sizeof detail, "%s %lld unknown messages", resend ? "resend" : "drop",
             (long long)n);
    if (n >= 0 && (n == 0 || cli_audit(c, "message.resolve", object, detail, e) == 0))
        return store_commit(c->store, e) == 0 ? n : -1;
    store_rollback(c->store);
    return -1;
}

static int run_resolve(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct campaign_info k;
    int64_t n, total = 0;

    bool resend = a->value[0] != NULL && strcmp(a->value[0], "resend") == 0;
    if (!resend && (a->value[0] == NULL || strcmp(a->value[0], "drop") != 0))
        return err_set(e, ERR_USAGE, _("write --unknown resend or --unknown drop"),
                       _("what shall become of the unknown messages?"));
    if (cli_store(c, STORE_RW, e) != 0 || cli_campaign(c, a->rest[0], &k, e) != 0)
        return -1;
    if (resend && k.state == CAMPAIGN_CANCELLED)
        return err_set(e, ERR_USAGE, _("write --unknown drop"),
                       _("campaign %s is cancelled: nothing of it is sent again"), k.name);
    if (!cli_confirm(a->value[1] != NULL,
                     resend ? _("some of these may have arrived; send them again?")
                            : _("some of these may not have arrived; give them up?")))
        return err_set(e, ERR_USAGE, _("add --yes"), _("nothing was changed"));
    do {
        n = resolve_chunk(c, &k, resend, e);
        if (n < 0)
            return -1;
        total += n;
    } while (n > 0);
    printf(_("%lld messages %s\n"), (long long)total,
           resend ? _("wait to be sent again") : _("are given up"));
    return 0;
}

/* ---- query ---- */

static const struct cli_option query_options[] = {
    {"state", "unknown|unconfirmed", N_("only messages in this state (default: both)")}, CLI_END};

static int query_state(struct cli *c, struct reports *r, int64_t campaign_id, enum msg_state state,
                       struct err *e)
{
    struct query_opts o = {.gateways = r->gateways.list,
                           .n_gateways = r->gateways.n,
                           .campaign_id = campaign_id,
                           .state = state,
                           .stop = c->stop};
    struct query_stats st = {0};
    struct bar bar;

    o.progress = bar_begin(&bar, c, _("asking"));
    int rc = track_query(c->store, c->keyring, r->inbox, &o, &st, e);
    bar_end(&bar);
    printf(_("%s: %lld asked about, %lld known to the provider, %lld not answered\n"),
           message_state_name(state), (long long)st.asked, (long long)st.known,
           (long long)st.failed);
    if (st.not_askable > 0)
        printf(
            _("%lld cannot be asked about: never handed over, text removed, or the gateway knows "
              "no such question\n"),
            (long long)st.not_askable);
    return rc;
}

/* What was answered is applied whatever came then. */
static int query(struct cli *c, struct reports *r, int64_t campaign_id, enum msg_state only,
                 struct err *e)
{
    struct err why;
    int rc = 0;

    if (only != MSG_UNCONFIRMED)
        rc = query_state(c, r, campaign_id, MSG_UNKNOWN, e);
    if (rc == 0 && only != MSG_UNKNOWN)
        rc = query_state(c, r, campaign_id, MSG_UNCONFIRMED, e);
    int applied = reports_apply(c, r, rc == 0 ? e : &why);
    return rc != 0 || applied != 0 ? -1 : 0;
}

static int run_query(struct cli *c, const struct cli_args *a, struct err *e)
{
    enum msg_state only = (enum msg_state)0;
    struct campaign_info k;
    struct reports r;

    if (a->value[0] != NULL && (message_state_parse(a->value[0], &only) != 0 ||
                                (only != MSG_UNKNOWN && only != MSG_UNCONFIRMED)))
        return err_set(e, ERR_USAGE, _("write --state unknown or --state unconfirmed"),
                       _("nothing is asked about messages that are %.40s"), a->value[0]);
    if (reports_open(c, NULL, &r, e) != 0)
        return -1;
    int rc = cli_campaign(c, a->rest[0], &k, e);
    if (rc == 0)
        rc = query(c, &r, k.id, only, e);
    reports_close(&r);
    return rc;
}

static const struct command query_command = {
    "query",
    "C [--state unknown|unconfirmed]",
    N_("Ask the gateway what became of messages that nobody has reported on."),
    query_options,
    1,
    1,
    run_query,
    NULL};
static const struct command ls = {"ls",
                                  "C [--state S] [--region R]",
                                  N_("Messages of a campaign, pseudonymous."),
                                  ls_options,
                                  1,
                                  1,
                                  run_ls,
                                  NULL};
static const struct command show = {
    "show",   "ID [--text]", N_("One message with its attempts, masked."), show_options, 1, 1,
    run_show, NULL};
static const struct command resolve = {"resolve",
                                       "C --unknown resend|drop",
                                       N_("Decide on messages that nobody can know about."),
                                       resolve_options,
                                       1,
                                       1,
                                       run_resolve,
                                       NULL};
static const struct command *const verbs[] = {&ls, &show, &query_command, &resolve, NULL};

const struct command cmd_message = {
    "message", "VERB ...", N_("Single messages; settling the unknown ones."), NULL, 0, 0,
    NULL,      verbs};
