/*
 * optout: refusals by number. Numbers come from standard input or a file, never from argv.
 *
 * Good numbers are stored even when others in the same input are bad: a refusal must not be lost
 * because of its neighbour. Each chunk is one transaction with its audit record. Bad ones are told
 * by line, and the exit status is then 65.
 */
#include <stdio.h>
#include <string.h>
#include "zhanchi/clock.h"
#include "zhanchi/columns.h"
#include "zhanchi/mask.h"
#include "zhanchi/store_people.h"
#include "zhanchi/table.h"
#include "zhanchi/track.h"
#include "cli.h"

#define LINE_MAX_BYTES 4096

enum { OPT_TOPIC, OPT_SHEET };
static const struct cli_option options[] = {
    {"topic", "T", N_("for this topic only (default: all)")}, CLI_END};

static const struct cli_option import_options[] = {
    {"topic", "T", N_("for this topic only (default: all)")},
    {"sheet", "NAME|N", N_("the sheet of a workbook (default: the only one with anything in it)")},
    CLI_END};

static const char *const origins[] = {"", "reply", "gateway", "staff", "import"};

/* An input of numbers under work. */
struct work {
    struct cli *cli;
    const char *act, *topic;
    enum optout_origin origin;
    int64_t line, in_chunk, began_us;
    int64_t done, changed, bad, suppressed; /* changed: new, or removed */
};

static int begin(struct work *w, struct cli *cli, const struct cli_args *a, const char *act,
                 struct err *e)
{
    *w = (struct work){.cli = cli,
                       .act = act,
                       .topic = a->value[OPT_TOPIC] ? a->value[OPT_TOPIC] : "",
                       .origin = OPTOUT_STAFF};
    return cli_keyring(cli, e);
}

static int end_chunk(struct work *w, int64_t changed_before, struct err *e)
{
    char object[128], detail[128];

    snprintf(object, sizeof object, w->topic[0] ? "topic %.100s" : "all topics", w->topic);
    snprintf(detail, sizeof detail, "numbers %lld, changed %lld", (long long)w->in_chunk,
             (long long)(w->changed - changed_before));
    int64_t rows = w->in_chunk;
    w->in_chunk = 0;
    if (cli_audit(w->cli, w->act, object, detail, e) != 0) {
        store_rollback(w->cli->store);
        return -1;
    }
    if (store_commit(w->cli->store, e) != 0)
        return -1;
    store_chunk_took(w->cli->store, (size_t)rows, clock_mono_us() - w->began_us);
    return 0;
}

static void bad_line(struct work *w, const char *why)
{
    w->bad++;
    fprintf(stderr, _("line %lld: %s\n"), (long long)w->line, why);
}

/* 1 changed, 0 not, -1. */
static int change(struct work *w, const char *cell, struct err *e)
{
    struct track_address to;
    int64_t suppressed = 0;

    if (strcmp(w->act, "optout.rm") != 0) {
        int rc = track_optout_add(w->cli->store, w->cli->keyring, cell, w->topic, (int)w->origin,
                                  w->cli->actor, clock_now_ms(), &suppressed, e);
        w->suppressed += suppressed;
        return rc;
    }
    if (!track_address(w->cli->keyring, cell, &to))
        return err_set(e, ERR_DATA, NULL,
                       to.email ? _("this is no mail address (%s)")
                                : _("this is no mobile number (%s)"),
                       to.reason);
    return store_optout_remove(w->cli->store, to.hash, w->topic, e);
}

/* One number of the input: chunks are begun and ended here. */
static int number(struct work *w, const char *cell, int64_t *changed_before, struct err *e)
{
    struct err why;

    if (w->in_chunk == 0) {
        if (store_begin(w->cli->store, e) != 0)
            return -1;
        *changed_before = w->changed;
        w->began_us = clock_mono_us();
    }
    int rc = change(w, cell, &why);
    if (rc < 0 && why.kind != ERR_DATA) {
        *e = why;
        store_rollback(w->cli->store);
        return -1;
    }
    w->in_chunk++;
    if (rc < 0) {
        bad_line(w, why.what);
    } else {
        w->done++;
        w->changed += rc;
    }
    return w->in_chunk >= (int64_t)store_chunk(w->cli->store) ? end_chunk(w, *changed_before, e)
                                                              : 0;
}

static int finish(struct work *w, const char *text, struct err *e)
{
    char a[32], b[32], c[32], d[32];

    if (w->cli->json)
        printf("{\"numbers\":%lld,\"changed\":%lld,\"bad\":%lld,\"suppressed\":%lld}\n",
               (long long)w->done, (long long)w->changed, (long long)w->bad,
               (long long)w->suppressed);
    else
        printf(_("%s: %s (%s); %s: %s; %s: %s\n"), text, cli_number(w->changed, a),
               cli_number(w->done, b), _("bad lines"), cli_number(w->bad, c),
               _("waiting messages stopped"), cli_number(w->suppressed, d));
    if (w->bad > 0)
        return err_set(e, ERR_DATA, _("correct those lines and give them again"),
                       _("%lld lines were not taken"), (long long)w->bad);
    return 0;
}

/* Each line of standard input that is not empty. */
static int each_line(struct work *w, struct err *e)
{
    char line[LINE_MAX_BYTES];
    int64_t before = 0;
    int rc;

    while ((rc = cli_read_line(line, sizeof line, e)) == 1) {
        w->line++;
        if (line[0] != '\0' && number(w, line, &before, e) != 0)
            return -1;
    }
    if (rc < 0) {
        if (w->in_chunk > 0)
            store_rollback(w->cli->store);
        return -1;
    }
    return w->in_chunk > 0 ? end_chunk(w, before, e) : 0;
}

static int run_add(struct cli *cli, const struct cli_args *a, struct err *e)
{
    struct work w;

    if (begin(&w, cli, a, "optout.add", e) != 0 || each_line(&w, e) != 0)
        return -1;
    return finish(&w, _("new refusals"), e);
}

static int run_rm(struct cli *cli, const struct cli_args *a, struct err *e)
{
    struct work w;

    if (begin(&w, cli, a, "optout.rm", e) != 0 || each_line(&w, e) != 0)
        return -1;
    return finish(&w, _("refusals taken back"), e);
}

/* ---- import FILE ---- */

static int each_row(struct work *w, struct table *t, size_t at, struct err *e)
{
    struct table_row row;
    int64_t before = 0;
    int rc;

    while ((rc = table_next(t, &row, e)) == 1) {
        w->line = row.line;
        if (row.fault != NULL)
            bad_line(w, row.fault);
        else if (at < row.n_cells && row.cells[at].len > 0 &&
                 number(w, row.cells[at].text, &before, e) != 0)
            return -1;
    }
    if (rc < 0) {
        if (w->in_chunk > 0)
            store_rollback(w->cli->store);
        return -1;
    }
    return w->in_chunk > 0 ? end_chunk(w, before, e) : 0;
}

/* The table behind its header, and the column of `field` in it. */
static struct table *open_column(const struct cli_args *a, enum column_field field, size_t *at,
                                 struct err *e)
{
    const enum column_field need[] = {field, COLUMN_EXTRA};
    const struct table_opts opts = {.sheet = a->value[OPT_SHEET]};
    struct columns columns;
    struct table *t = table_open(a->rest[0], &opts, e);

    if (t == NULL || columns_find(t, NULL, need, &columns, e) != 0) {
        table_close(t);
        return NULL;
    }
    *at = (size_t)columns_of(&columns, field);
    return t;
}

/* Telephones; where the file has none, mail addresses. */
static int run_import(struct cli *cli, const struct cli_args *a, struct err *e)
{
    struct work w;
    struct err why;
    size_t at;

    if (begin(&w, cli, a, "optout.import", e) != 0)
        return -1;
    w.origin = OPTOUT_IMPORT;
    struct table *t = open_column(a, COLUMN_PHONE, &at, e);
    if (t == NULL && (t = open_column(a, COLUMN_EMAIL, &at, &why)) == NULL)
        return -1;
    int rc = each_row(&w, t, at, e);
    table_close(t);
    return rc == 0 ? finish(&w, _("new refusals"), e) : -1;
}

/* ---- check, ls ---- */

static int run_check(struct cli *cli, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"line", "number", "refused", NULL};
    static const char *const titles[] = {N_("line"), N_("number"), N_("refused"), NULL};
    const char *topic = a->value[OPT_TOPIC] ? a->value[OPT_TOPIC] : "";
    char line[LINE_MAX_BYTES], masked[MASK_MAX];
    int64_t no = 0;
    int rc;

    if (cli_keyring(cli, e) != 0)
        return -1;
    struct table_out *t = tout_new(cli, keys, titles);
    while ((rc = cli_read_line(line, sizeof line, e)) == 1) {
        struct track_address to;
        int refused = 0;
        no++;
        if (line[0] == '\0')
            continue;
        bool good = track_address(cli->keyring, line, &to);
        if (good && (refused = store_optout_check(cli->store, to.hash, topic, e)) < 0) {
            rc = -1;
            break;
        }
        mask_address(to.text, strlen(to.text), masked);
        tout_int(t, no);
        tout_text(t, good ? masked : "");
        tout_text(t, !good ? to.reason : refused ? _("yes") : _("no"));
    }
    tout_end(t);
    return rc;
}

struct listing {
    struct cli *cli;
    struct table_out *t;
    struct buf number;
    struct err *e;
};

static int list_one(void *ctx, const struct optout_info *o)
{
    struct listing *l = ctx;
    char masked[MASK_MAX] = "";

    buf_reset(&l->number);
    if (o->sealed) {
        if (keyring_unseal(l->cli->keyring, o->key_id, SEAL_OPTOUT, o->id, 0, o->sealed,
                           o->sealed_len, &l->number, l->e) != 0)
            return -1;
        mask_address(buf_cstr(&l->number), l->number.len, masked);
    }
    tout_text(l->t, masked);
    tout_text(l->t, o->topic);
    tout_text(l->t, o->origin >= 1 && o->origin <= OPTOUT_IMPORT ? origins[o->origin] : "");
    tout_text(l->t, o->actor);
    tout_when(l->t, o->at_ms);
    return 0;
}

static int run_ls(struct cli *cli, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"number", "topic", "origin", "by", "at", NULL};
    static const char *const titles[] = {N_("number"), N_("topic"), N_("origin"),
                                         N_("by"),     N_("at"),    NULL};
    struct listing l = {.cli = cli, .e = e};

    (void)a;
    if (cli_keyring(cli, e) != 0)
        return -1;
    buf_init(&l.number, 512);
    l.t = tout_new(cli, keys, titles);
    int rc = store_optout_each(cli->store, list_one, &l, e);
    tout_end(l.t);
    buf_fini(&l.number);
    return rc;
}

static const struct command add = {.name = "add",
                                   .args = "[--topic T] < NUMBERS",
                                   .help = N_("take refusals, one number or mail address a line"),
                                   .options = options,
                                   .run = run_add};
static const struct command rm = {.name = "rm",
                                  .args = "[--topic T] < NUMBERS",
                                  .help = N_("take refusals back, at the recipient's wish"),
                                  .options = options,
                                  .run = run_rm};
static const struct command check = {.name = "check",
                                     .args = "[--topic T] < NUMBERS",
                                     .help = N_("who of these refuses?"),
                                     .options = options,
                                     .run = run_check};
static const struct command import = {
    .name = "import",
    .args = "FILE [--topic T] [--sheet NAME|N]",
    .help = N_("take refusals from a file with a column of phone numbers or mail addresses"),
    .options = import_options,
    .min_rest = 1,
    .max_rest = 1,
    .run = run_import};
static const struct command ls = {
    .name = "ls", .help = N_("all refusals, numbers masked"), .run = run_ls};
static const struct command *const verbs[] = {&add, &check, &rm, &import, &ls, NULL};

const struct command cmd_optout = {.name = "optout",
                                   .args = "COMMAND",
                                   .help = N_("refusals by number or mail address"),
                                   .verbs = verbs};
