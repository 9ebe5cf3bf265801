/*
 * list_review: `list review`, `list fix` and `list drop`: rows that a person must decide about, and
 * what he decides. A new value comes on standard input: it is personal data.
 */
#include <string.h>
#include "zhanchi/intake.h"
#include "zhanchi/json.h"
#include "zhanchi/store_held.h"
#include "lists.h"

#define VALUE_MAX 4098 /* 4 KiB, its end, NUL */

/* ---- review ---- */

static int review_row(void *ctx, const struct list_reject *r)
{
    lists_reject(ctx, r);
    return 0;
}

static int run_review(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct list_info l;

    if (cli_store(c, STORE_RO, e) || cli_list(c, a->rest[0], &l, e))
        return -1;
    struct table_out *t = lists_rejects(c);
    int rc = store_held_reasons(c->store, l.id, 0, review_row, t, e);
    tout_end(t);
    return rc;
}

const struct command list_review = {.name = "review",
                                    .args = "L",
                                    .help = N_("shows the rows that wait for a person's decision"),
                                    .min_rest = 1,
                                    .max_rest = 1,
                                    .run = run_review};

/* ---- fix and drop ---- */

struct act {
    struct cli *cli;
    struct list_info list;
    const char *name; /* "list.fix" */
    bool accept;
};

static int audit(void *ctx, const struct intake_fixed *r, struct err *e)
{
    const struct act *act = ctx;
    char object[128], detail[256];
    int n = snprintf(detail, sizeof detail, "line %lld", (long long)r->line);

    snprintf(object, sizeof object, "list %s", act->list.name);
    if (strcmp(act->name, "list.fix") == 0)
        n += snprintf(detail + n, sizeof detail - (size_t)n, ", %s%.60s, revision %d, %s",
                      act->accept ? "as it is" : "column ", r->column, r->revision,
                      r->taken ? "taken" : "still held");
    if (r->suppressed > 0)
        snprintf(detail + n, sizeof detail - (size_t)n, ", messages suppressed %lld",
                 (long long)r->suppressed);
    return cli_audit(act->cli, act->name, object, detail, e);
}

static int open_list(struct act *act, struct cli *c, const char *name, struct err *e)
{
    act->cli = c;
    return cli_keyring(c, e) || cli_audit_ready(c, e) || cli_list(c, name, &act->list, e) ? -1 : 0;
}

static void tell_json(const struct act *act, const struct intake_fixed *r, bool dropped)
{
    struct buf out;
    struct json_w w;

    buf_init(&out, 1 << 20);
    json_w_init(&w, &out);
    json_w_open(&w, '{');
    json_w_key(&w, "list");
    json_w_str(&w, act->list.name);
    json_w_key(&w, "line");
    json_w_int(&w, r->line);
    json_w_key(&w, "state");
    json_w_str(&w, dropped ? "dropped" : r->taken ? "taken" : "held");
    json_w_key(&w, "revision");
    json_w_int(&w, r->revision);
    json_w_key(&w, "suppressed");
    json_w_int(&w, r->suppressed);
    json_w_key(&w, "reasons");
    json_w_open(&w, '[');
    for (size_t i = 0; i < r->n_rejects; i++)
        json_w_str(&w, r->rejects[i].reason);
    json_w_close(&w, ']');
    json_w_close(&w, '}');
    puts(buf_cstr(&out));
    buf_fini(&out);
}

/* What follows from an act for those who send. */
static void tell_suppressed(const struct act *act, const struct intake_fixed *r, bool dropped)
{
    struct err ignored;
    int64_t policy_id;
    int32_t as_of;

    if (store_list_screened(act->cli->store, act->list.id, &policy_id, &as_of, &ignored) == 1)
        puts(_("Screen the list again before the next campaign."));
    if (r->suppressed > 0)
        printf(
            dropped
                ? _("%lld messages that waited for this row's person are suppressed "
                    "(row-changed)\n")
                : _("%lld messages that waited for this row's person are suppressed (row-changed); "
                    "the next wave may write\n"),
            (long long)r->suppressed);
}

static void tell_fixed(const struct act *act, const struct intake_fixed *r)
{
    if (act->cli->json) {
        tell_json(act, r, false);
        return;
    }
    if (r->taken)
        printf(_("Line %lld of list %s is taken (revision %d).\n"), (long long)r->line,
               act->list.name, r->revision);
    else
        printf(_("Line %lld of list %s is repaired there, and still held:\n"), (long long)r->line,
               act->list.name);
    for (size_t i = 0; i < r->n_rejects; i++)
        printf("  %s: %s (%s)\n", r->rejects[i].header, _(intake_reason_text(r->rejects[i].reason)),
               _(intake_reason_remedy(r->rejects[i].reason)));
    tell_suppressed(act, r, false);
}

enum { FIX_ROW, FIX_COLUMN, FIX_ACCEPT, FIX_REASON };
static const struct cli_option fix_options[] = {
    {"row", "N", N_("line of the file")},
    {"column", "C", N_("header (or field name) of the cell; its new value on standard input")},
    {"accept", NULL, N_("take the row in review as it is")},
    {"reason", "CODE",
     N_("with --accept, instead of --row: all rows in review for this reason alone")},
    CLI_END};

static int audit_accepted(void *ctx, const struct intake_accepted *r, struct err *e)
{
    const struct act *act = ctx;
    char object[128], detail[160];

    snprintf(object, sizeof object, "list %s", act->list.name);
    snprintf(detail, sizeof detail, "all for %.32s as they are: taken %lld so far", act->name,
             (long long)r->taken);
    return cli_audit(act->cli, "list.fix", object, detail, e);
}

static void tell_accepted(const struct act *act, const struct intake_accepted *r)
{
    static const char *const keys[] = {"list", "taken", "left", NULL};
    static const char *const titles[] = {N_("LIST"), N_("TAKEN"), N_("STILL IN REVIEW"), NULL};
    struct intake_fixed none = {0};
    struct table_out *t = tout_new(act->cli, keys, titles);

    tout_text(t, act->list.name);
    tout_int(t, r->taken);
    tout_int(t, r->left);
    tout_end(t);
    if (!act->cli->json)
        tell_suppressed(act, &none, false);
}

static int accept_all(struct cli *c, const char *name, const char *reason, struct err *e)
{
    struct act act = {.name = reason};
    struct intake_accept o = {.reason = reason, .record = audit_accepted, .ctx = &act};
    struct intake_accepted r;
    struct bar bar;

    if (!intake_reason_review(reason))
        return err_set(e, ERR_USAGE, _("see `zhanchi list review L`"),
                       _("no row waits for a decision because of %.32s"), reason);
    if (open_list(&act, c, name, e))
        return -1;
    o.progress = bar_begin(&bar, c, _("accept"));
    int rc = intake_accept(c->store, c->keyring, &act.list, &o, &r, e);
    bar_end(&bar);
    if (rc)
        return -1;
    tell_accepted(&act, &r);
    return 0;
}

static int read_value(char value[VALUE_MAX], struct err *e)
{
    int rc = cli_read_line(value, VALUE_MAX, e);

    if (rc == 0)
        return err_set(e, ERR_USAGE,
                       _("write it on standard input: an empty line empties the cell"),
                       _("no new value"));
    return rc < 0 ? -1 : 0;
}

static int run_fix(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct act act = {.name = "list.fix", .accept = a->value[FIX_ACCEPT] != NULL};
    struct intake_fix f = {
        .column = a->value[FIX_COLUMN], .accept = act.accept, .record = audit, .ctx = &act};
    struct intake_fixed r;
    char value[VALUE_MAX];

    if (a->value[FIX_REASON]) {
        if (!f.accept || a->value[FIX_ROW] || f.column)
            return err_set(e, ERR_USAGE, _("say --accept --reason CODE alone"),
                           _("--reason is about all rows in review"));
        return accept_all(c, a->rest[0], a->value[FIX_REASON], e);
    }
    if (lists_line(a->value[FIX_ROW], &f.line, e))
        return -1;
    if ((f.column != NULL) == f.accept)
        return err_set(e, ERR_USAGE, _("say --column C, or --accept"),
                       _("what is to become of the row?"));
    if (open_list(&act, c, a->rest[0], e) || (f.column && read_value(value, e)))
        return -1;
    f.value = value;
    if (intake_fix(c->store, c->keyring, &act.list, &f, &r, e))
        return -1;
    tell_fixed(&act, &r);
    return 0;
}

const struct command list_fix = {.name = "fix",
                                 .args =
                                     "L --row N --column C|--accept, or L --accept --reason CODE",
                                 .help = N_("repairs or accepts a row: its next revision"),
                                 .options = fix_options,
                                 .min_rest = 1,
                                 .max_rest = 1,
                                 .run = run_fix};

static const struct cli_option drop_options[] = {{"row", "N", N_("line of the file")}, CLI_END};

static int run_drop(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct act act = {.name = "list.drop"};
    struct intake_fix f = {.record = audit, .ctx = &act};
    struct intake_fixed r;

    if (lists_line(a->value[0], &f.line, e) || open_list(&act, c, a->rest[0], e) ||
        intake_drop(c->store, &act.list, &f, &r, e))
        return -1;
    if (c->json) {
        tell_json(&act, &r, true);
        return 0;
    }
    printf(_("Line %lld of list %s is dropped.\n"), (long long)r.line, act.list.name);
    tell_suppressed(&act, &r, true);
    return 0;
}

const struct command list_drop = {.name = "drop",
                                  .args = "L --row N",
                                  .help = N_("takes a row out of the list"),
                                  .options = drop_options,
                                  .min_rest = 1,
                                  .max_rest = 1,
                                  .run = run_drop};
