/*
 * cmd_list: `list` and its shorter verbs: ls, show, rejects, rm. The longer ones have files of
 * their own (list_*.c).
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/crypt.h"
#include "zhanchi/intake.h"
#include "zhanchi/json.h"
#include "lists.h"

#define DAY_MS INT64_C(86400000)

/* ---- shared ---- */

int lists_encoding(const char *name, struct table_opts *out, struct err *e)
{
    if (name && table_encoding_parse(name, &out->encoding))
        return err_set(e, ERR_USAGE, _("auto, utf-8, gb18030 (also gbk), utf-16le or utf-16be"),
                       _("unknown encoding: %.40s"), name);
    return 0;
}

int lists_day(const char *text, int32_t *day, struct err *e)
{
    if (text && civil_parse(text, strlen(text), day))
        return err_set(e, ERR_USAGE, _("write it as 2026-03-01"), _("not a date: %.40s"), text);
    return 0;
}

int32_t lists_today(const struct cli *c)
{
    return civil_local_day(clock_now_ms(), c->zone_min);
}

const char *lists_reason(enum verdict_reason r)
{
    static const char *const texts[] = {
        [VERDICT_OK] = N_("every condition is met"),
        [VERDICT_NO_RULE] = N_("no rule is in force for this region and date"),
        [VERDICT_NO_REGION] = N_("the region is missing, or the policy does not know it"),
        [VERDICT_NO_DATE] = N_("the date of issue is missing"),
        [VERDICT_NO_LEVEL] = N_("the skill level is missing"),
        [VERDICT_NO_MONTHS] = N_("the number of paid months is missing"),
        [VERDICT_MONTHS] = N_("too few paid months"),
        [VERDICT_LEVEL] = N_("this level is outside the rule"),
        [VERDICT_ISSUED_EARLY] = N_("issued before the rule's first day"),
        [VERDICT_ISSUED_LATE] = N_("issued after the rule's last day"),
        [VERDICT_EXPIRED] = N_("the last day to apply has passed"),
        [VERDICT_FUTURE] = N_("issued after the day of judgement"),
        [VERDICT_CLAIMED] = N_("already claimed for this occupation and level"),
        [VERDICT_HIGHER] = N_("a higher level of this occupation is held or was paid"),
        [VERDICT_YEARLY] = N_("the yearly number of payments is reached"),
        [VERDICT_BENEFIT] = N_("draws unemployment benefit, which the rule does not include"),
        [VERDICT_GROUP] = N_("of a group of people that the rule leaves out"),
    };

    return (size_t)r < sizeof texts / sizeof texts[0] && texts[r] ? _(texts[r])
                                                                  : verdict_reason_name(r);
}

struct table_out *lists_rejects(const struct cli *c)
{
    static const char *const keys[] = {"line",   "column",  "header", "value",
                                       "reason", "meaning", "remedy", NULL};
    static const char *const titles[] = {N_("LINE"),   N_("COLUMN"),  N_("HEADER"), N_("VALUE"),
                                         N_("REASON"), N_("MEANING"), N_("REMEDY"), NULL};

    return tout_new(c, keys, titles);
}

void lists_reject(struct table_out *t, const struct list_reject *r)
{
    tout_int(t, r->line);
    tout_int(t, r->column);
    tout_text(t, r->header);
    tout_text(t, r->masked);
    tout_text(t, r->reason);
    tout_text(t, _(intake_reason_text(r->reason)));
    tout_text(t, _(intake_reason_remedy(r->reason)));
}

int lists_line(const char *text, int64_t *line, struct err *e)
{
    char *end = NULL;

    *line = text ? strtoll(text, &end, 10) : 0;
    if (!text || *end || *line < 1)
        return err_set(e, ERR_USAGE, _("say --row N"), _("which line of the file?"));
    return 0;
}

void lists_columns(struct json_w *w, const char *columns)
{
    struct err ignored;
    struct json *all = json_parse(columns, strlen(columns), &ignored);
    static const char *const members[] = {"header", "field"};
    char tmp[40];

    json_w_open(w, '[');
    for (size_t i = 0; all && i < json_count(all); i++) {
        json_w_open(w, '{');
        for (size_t k = 0; k < 2; k++) {
            const struct json *text = json_get(json_item(all, i), members[k]);
            json_w_key(w, members[k]);
            json_w_str(w, text ? json_text(text, tmp) : "");
        }
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    json_free(all);
}

/* ---- ls ---- */

static int ls_one(void *ctx, const struct list_info *l)
{
    struct table_out *t = ctx;

    tout_text(t, l->name);
    tout_int(t, l->rows);
    tout_int(t, l->rejects);
    tout_text(t, l->file);
    tout_text(t, l->encoding);
    tout_when(t, l->imported_at);
    tout_text(t, l->imported_by);
    return 0;
}

static int run_ls(struct cli *c, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"name",     "rows",     "rejected",    "file",
                                       "encoding", "imported", "imported_by", NULL};
    static const char *const titles[] = {N_("LIST"),     N_("ROWS"),     N_("REJECTED"), N_("FILE"),
                                         N_("ENCODING"), N_("IMPORTED"), N_("BY"),       NULL};

    (void)a;
    if (cli_store(c, STORE_RO, e))
        return -1;
    struct table_out *t = tout_new(c, keys, titles);
    int rc = store_list_each(c->store, ls_one, t, e);
    tout_end(t);
    return rc;
}

/* ---- show ---- */

#define OVERLAPS_MAX 64

struct showing {
    struct list_info list;
    struct list_counts counts;
    struct policy_info policy; /* id 0: never screened */
    int32_t as_of;
    struct verdict_count verdicts[32];
    size_t n_verdicts;
    int64_t unscreened; /* rows without a verdict */
    struct overlap {
        char name[64];
        int64_t persons;
    } overlaps[OVERLAPS_MAX];
    size_t n_overlaps;
};

static int keep_overlap(void *ctx, const char *name, int64_t persons)
{
    struct showing *s = ctx;

    if (s->n_overlaps == OVERLAPS_MAX)
        return 1;
    snprintf(s->overlaps[s->n_overlaps].name, sizeof s->overlaps[0].name, "%s", name);
    s->overlaps[s->n_overlaps++].persons = persons;
    return 0;
}

static int keep_count(void *ctx, const struct verdict_count *v)
{
    struct showing *s = ctx;

    if (s->n_verdicts < sizeof s->verdicts / sizeof s->verdicts[0])
        s->verdicts[s->n_verdicts++] = *v;
    return 0;
}

static int load(struct cli *c, const char *name, struct showing *s, struct err *e)
{
    int64_t policy_id;

    if (cli_store(c, STORE_RO, e) || cli_list(c, name, &s->list, e) ||
        store_list_counts(c->store, s->list.id, &s->counts, e) ||
        (s->counts.elsewhere > 0 && store_list_overlaps(c->store, s->list.id, keep_overlap, s, e)))
        return -1;
    int screened = store_list_screened(c->store, s->list.id, &policy_id, &s->as_of, e);
    if (screened <= 0)
        return screened;
    if (store_policy_by_id(c->store, policy_id, &s->policy, e) < 0 ||
        store_list_unscreened(c->store, s->list.id, policy_id, &s->unscreened, e))
        return -1;
    return store_verdict_counts(c->store, s->list.id, policy_id, keep_count, s, e);
}

static void show_json(const struct showing *s)
{
    char hex[65], day[11];
    struct buf out;
    struct json_w w;

    buf_init(&out, 1 << 20);
    json_w_init(&w, &out);
    json_w_open(&w, '{');
#define TEXT(key, value) (json_w_key(&w, key), json_w_str(&w, value))
#define NUMBER(key, value) (json_w_key(&w, key), json_w_int(&w, value))
    TEXT("name", s->list.name);
    TEXT("file", s->list.file);
    crypt_hex(s->list.digest, sizeof s->list.digest, hex);
    TEXT("sha256", hex);
    TEXT("encoding", s->list.encoding);
    json_w_key(&w, "columns");
    lists_columns(&w, s->list.columns);
    NUMBER("rows", s->list.rows);
    NUMBER("rejected", s->list.rejects);
    NUMBER("persons", s->counts.persons);
    NUMBER("numbers", s->counts.addresses);
    NUMBER("shared_numbers", s->counts.shared_addresses);
    NUMBER("review", s->counts.review);
    NUMBER("duplicates", s->counts.duplicates);
    NUMBER("elsewhere", s->counts.elsewhere);
    json_w_key(&w, "overlaps");
    json_w_open(&w, '[');
    for (size_t i = 0; i < s->n_overlaps; i++) {
        json_w_open(&w, '{');
        TEXT("list", s->overlaps[i].name);
        NUMBER("persons", s->overlaps[i].persons);
        json_w_close(&w, '}');
    }
    json_w_close(&w, ']');
    TEXT("imported_by", s->list.imported_by);
    NUMBER("imported_at_ms", s->list.imported_at);
    if (s->policy.id) {
        TEXT("policy", s->policy.name);
        TEXT("policy_version", s->policy.version);
        TEXT("as_of", civil_format(s->as_of, day));
        NUMBER("unscreened", s->unscreened);
        json_w_key(&w, "verdicts");
        json_w_open(&w, '[');
        for (size_t i = 0; i < s->n_verdicts; i++) {
            json_w_open(&w, '{');
            TEXT("outcome", verdict_outcome_name(s->verdicts[i].outcome));
            TEXT("reason", verdict_reason_name(s->verdicts[i].reason));
            NUMBER("rows", s->verdicts[i].n);
            json_w_close(&w, '}');
        }
        json_w_close(&w, ']');
    }
#undef TEXT
#undef NUMBER
    json_w_close(&w, '}');
    puts(buf_cstr(&out));
    buf_fini(&out);
}

static void show_columns(const struct list_info *l)
{
    struct err ignored;
    struct json *columns = json_parse(l->columns, strlen(l->columns), &ignored);
    char tmp[40];

    for (size_t i = 0; columns && i < json_count(columns); i++) {
        const struct json *header = json_get(json_item(columns, i), "header");
        const struct json *field = json_get(json_item(columns, i), "field");
        const char *name = field ? json_text(field, tmp) : "";
        printf("%s%s", i ? ", " : "", header ? json_text(header, tmp) : "");
        if (name && name[0] != '\0')
            printf(" = %s", name);
    }
    puts("");
    json_free(columns);
}

static void show_verdicts(const struct cli *c, const struct showing *s)
{
    static const char *const keys[] = {"outcome", "reason", "rows", "meaning", NULL};
    static const char *const titles[] = {N_("VERDICT"), N_("REASON"), N_("ROWS"), N_("MEANING"),
                                         NULL};
    char day[11];

    printf(_("screened:  %s (version %s) as of %s\n"), s->policy.name, s->policy.version,
           civil_format(s->as_of, day));
    struct table_out *t = tout_new(c, keys, titles);
    for (size_t i = 0; i < s->n_verdicts; i++) {
        tout_text(t, verdict_outcome_name(s->verdicts[i].outcome));
        tout_text(t, verdict_reason_name(s->verdicts[i].reason));
        tout_int(t, s->verdicts[i].n);
        tout_text(t, lists_reason(s->verdicts[i].reason));
    }
    tout_end(t);
}

/* What somebody should look at, where there is anything. */
static void show_queue(const struct showing *s)
{
    char n[32];

    if (s->counts.review > 0)
        printf(_("review:    %s rows wait for a decision: `zhanchi list review %s`\n"),
               cli_number(s->counts.review, n), s->list.name);
    if (s->counts.duplicates > 0)
        printf(_("repeated:  %s rows are about a certificate that another row has\n"),
               cli_number(s->counts.duplicates, n));
    for (size_t i = 0; i < s->n_overlaps; i++)
        printf(_("elsewhere: %s persons are in list %s, too\n"),
               cli_number(s->overlaps[i].persons, n), s->overlaps[i].name);
    if (s->unscreened > 0)
        printf(_("changed:   %s rows since the screening: screen it again\n"),
               cli_number(s->unscreened, n));
}

static void show_text(const struct cli *c, const struct showing *s)
{
    char a[32], b[32], d[32], when[32];

    civil_format_instant(s->list.imported_at, c->zone_min, when);
    printf(_("list:      %s\n"), s->list.name);
    printf(_("file:      %s, %s\n"), s->list.file, s->list.encoding);
    printf(_("imported:  %s by %s\n"), when, s->list.imported_by);
    printf(_("rows:      %s, rejected %s\n"), cli_number(s->list.rows, a),
           cli_number(s->list.rejects, b));
    printf(_("persons:   %s\n"), cli_number(s->counts.persons, a));
    printf(_("numbers:   %s, %s of them shared by several persons\n"),
           cli_number(s->counts.addresses, b), cli_number(s->counts.shared_addresses, d));
    show_queue(s);
    fputs(_("columns:   "), stdout);
    show_columns(&s->list);
    if (s->policy.id)
        show_verdicts(c, s);
    else
        puts(_("screened:  never"));
}

static int run_show(struct cli *c, const struct cli_args *a, struct err *e)
{
    static const struct showing none;
    struct showing s = none;

    if (load(c, a->rest[0], &s, e))
        return -1;
    if (c->json)
        show_json(&s);
    else
        show_text(c, &s);
    return 0;
}

/* ---- rejects ---- */

static int reject_row(void *ctx, const struct list_reject *r)
{
    lists_reject(ctx, r);
    return 0;
}

static const char *translate(const char *text)
{
    return _(text);
}

struct written {
    struct cli *cli;
    const struct list_info *list;
};

/* The file names people. */
static int audit_rejects(void *ctx, int64_t rows, struct err *e)
{
    const struct written *w = ctx;
    char object[128], detail[64];

    snprintf(object, sizeof object, "list %s", w->list->name);
    snprintf(detail, sizeof detail, "rows %lld", (long long)rows);
    return cli_audit(w->cli, "list.rejects", object, detail, e);
}

static int write_rejects(struct cli *c, const char *name, const char *path, struct err *e)
{
    struct list_info l;
    struct written w = {c, &l};
    struct intake_rejects o = {
        .path = path, .translate = translate, .record = audit_rejects, .ctx = &w};

    if (cli_keyring(c, e) || cli_audit_ready(c, e) || cli_list(c, name, &l, e))
        return -1;
    return intake_rejects(c->store, c->keyring, &l, &o, e);
}

static int run_rejects(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct list_info l;

    if (a->value[0])
        return write_rejects(c, a->rest[0], a->value[0], e);
    if (cli_store(c, STORE_RO, e) || cli_list(c, a->rest[0], &l, e))
        return -1;
    struct table_out *t = lists_rejects(c);
    int rc = store_list_rejects_each(c->store, l.id, reject_row, t, e);
    tout_end(t);
    return rc;
}

/* ---- rm ---- */

struct removal {
    struct cli *cli;
    const struct list_info *list;
};

static int audit_removal(void *ctx, struct err *e)
{
    const struct removal *r = ctx;
    char object[128], detail[64];

    snprintf(object, sizeof object, "list %s", r->list->name);
    snprintf(detail, sizeof detail, "rows %lld", (long long)r->list->rows);
    return cli_audit(r->cli, "list.rm", object, detail, e);
}

static int remove_locked(struct cli *c, const struct list_info *l, struct err *e)
{
    struct removal r = {c, l};
    int fd;

    if (store_lock_jobs(c->store, &fd, e))
        return -1;
    int rc = store_list_remove(c->store, l->id, audit_removal, &r, e);
    close(fd);
    return rc;
}

static int remove_one(struct cli *c, const char *name, bool yes, struct err *e)
{
    struct list_info l;
    char question[256];

    if (cli_list(c, name, &l, e))
        return -1;
    snprintf(question, sizeof question,
             _("Delete the personal data of list %s (%lld rows) for good?"), l.name,
             (long long)l.rows);
    if (!cli_confirm(yes, question))
        return err_set(e, ERR_USAGE, _("say --yes where nobody can be asked"),
                       _("list %s was not removed"), l.name);
    if (remove_locked(c, &l, e))
        return -1;
    if (!c->json)
        printf(_("List %s is removed.\n"), l.name);
    return 0;
}

#define EXPIRED_MAX 256 /* a run; the next one goes on */
struct expiry {
    int64_t before_ms;
    struct list_info *list;
    size_t n;
};

static int expired(void *ctx, const struct list_info *l)
{
    struct expiry *x = ctx;

    if (l->imported_at < x->before_ms && x->n < EXPIRED_MAX)
        x->list[x->n++] = *l;
    return 0;
}

/* A list that is still needed is kept and named; the next run sees it again. */
static int remove_expired(struct cli *c, struct expiry *x, struct err *e)
{
    static const char *const keys[] = {"list", "imported", "rows", "removed", "because", NULL};
    static const char *const titles[] = {N_("LIST"),    N_("IMPORTED"), N_("ROWS"),
                                         N_("REMOVED"), N_("BECAUSE"),  NULL};
    int rc = store_list_each(c->store, expired, x, e);
    struct table_out *t = tout_new(c, keys, titles);

    for (size_t i = 0; i < x->n && rc == 0; i++) {
        struct err why = {0};
        bool kept = remove_locked(c, &x->list[i], &why) != 0;
        if (kept && why.kind != ERR_TEMP) {
            *e = why;
            rc = -1;
        }
        tout_text(t, x->list[i].name);
        tout_when(t, x->list[i].imported_at);
        tout_int(t, x->list[i].rows);
        tout_text(t, kept ? "no" : "yes");
        tout_text(t, kept ? why.what : "");
    }
    tout_end(t);
    return rc;
}

static int run_expired(struct cli *c, bool yes, struct err *e)
{
    int64_t days = conf_int(c->conf, "retention.lists_days");
    char question[256];

    if (days == 0)
        return err_set(e, ERR_CONFIG, _("set retention.lists_days"),
                       _("nothing says after how many days lists expire"));
    snprintf(question, sizeof question,
             _("Delete the personal data of all lists older than %lld days for good?"),
             (long long)days);
    if (!cli_confirm(yes, question))
        return err_set(e, ERR_USAGE, _("say --yes where nobody can be asked"),
                       _("no list was removed"));
    struct expiry x = {.before_ms = clock_now_ms() - days * DAY_MS};
    x.list = calloc(EXPIRED_MAX, sizeof *x.list);
    if (!x.list)
        panic("out of memory");
    int rc = remove_expired(c, &x, e);
    free(x.list);
    return rc;
}

enum { RM_YES, RM_EXPIRED };
static int run_rm(struct cli *c, const struct cli_args *a, struct err *e)
{
    bool yes = a->value[RM_YES] != NULL;

    if ((a->n_rest == 1) == (a->value[RM_EXPIRED] != NULL))
        return err_set(e, ERR_USAGE, _("name one, or say --expired"), _("which lists?"));
    if (cli_store(c, STORE_RW, e))
        return -1;
    return a->n_rest == 1 ? remove_one(c, a->rest[0], yes, e) : run_expired(c, yes, e);
}

/* ---- the command ---- */

static const struct cli_option rejects_options[] = {
    {"output", "FILE", N_("write the rows to FILE, for repair in a spreadsheet (names people)")},
    CLI_END};
static const struct cli_option rm_options[] = {
    {"yes", NULL, N_("do not ask")},
    {"expired", NULL, N_("all lists older than retention.lists_days")},
    CLI_END};

static const struct command list_ls = {
    .name = "ls", .args = "", .help = N_("shows all lists"), .run = run_ls};
static const struct command list_show = {.name = "show",
                                         .args = "L",
                                         .help = N_("shows a list and its newest screening"),
                                         .min_rest = 1,
                                         .max_rest = 1,
                                         .run = run_show};
static const struct command list_rejects = {.name = "rejects",
                                            .args = "L [--output FILE]",
                                            .help =
                                                N_("shows what was rejected, why, and what to do"),
                                            .options = rejects_options,
                                            .min_rest = 1,
                                            .max_rest = 1,
                                            .run = run_rejects};
static const struct command list_rm = {.name = "rm",
                                       .args = "L|--expired [--yes]",
                                       .help = N_("deletes a list's personal data"),
                                       .options = rm_options,
                                       .min_rest = 0,
                                       .max_rest = 1,
                                       .run = run_rm};

static const struct command *const verbs[] = {
    &list_import, &list_ls,      &list_show,       &list_rejects, &list_review,
    &list_fix,    &list_drop,    &list_duplicates, &list_screen,  &list_explain,
    &list_ledger, &list_convert, &list_rm,         NULL};

const struct command cmd_list = {
    .name = "list",
    .args =
        "import|ls|show|rejects|review|fix|drop|duplicates|screen|explain|ledger|convert|rm ...",
    .help = N_("lists of people: import, reasons, screening"),
    .verbs = verbs};
