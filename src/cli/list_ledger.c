/*
 * list_ledger: `list ledger` shows what became of the persons of a list: who holds a certificate, is
 * eligible, was reached, has claimed, was paid, and the coverage that the notice asks for. Needs no
 * key, but for the names of employers, which are unsealed from a row of each and audited.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/columns.h"
#include "zhanchi/fsio.h"
#include "zhanchi/json.h"
#include "zhanchi/measure.h"
#include "lists.h"

#define OUT_MAX (256u << 20)
#define ROW_MAX (1u << 20)

enum { LEDGER_OPT_BY, LEDGER_OPT_NAMES, LEDGER_OPT_FORMAT, LEDGER_OPT_OUTPUT };
static const struct cli_option ledger_options[] = {
    {"by", "region|employer|none", N_("a line for each region (default) or employer, or none")},
    {"names", NULL, N_("with --by employer: their names; needs the key, and is audited")},
    {"format", "text|json|csv", N_("text (default), json or csv")},
    {"output", "FILE", N_("write to FILE, also -o (csv with a byte order mark, for spreadsheets)")},
    CLI_END};

/* ---- names of employers ---- */

struct naming {
    struct cli *cli;
    char **names; /* one a line of the ledger; NULL: none */
    size_t n;
};

static const char *name_of(void *ctx, size_t i)
{
    return ((struct naming *)ctx)->names[i];
}

/* NULL where the row's data were deleted, or on an error. */
static char *unseal_name(struct cli *c, int64_t row_id, struct err *e)
{
    struct list_row row;
    struct buf plain;
    char tmp[40], *name = NULL;

    if (store_list_row_by_id(c->store, row_id, &row, e) != 1 || row.sealed_len == 0)
        return NULL;
    buf_init(&plain, ROW_MAX);
    if (keyring_unseal(c->keyring, row.key_id, SEAL_ROW, row.id, row.revision, row.sealed,
                       row.sealed_len, &plain, e) == 0) {
        struct json *j = json_parse(plain.data, plain.len, e);
        const struct json *text = j ? json_get(j, column_field_name(COLUMN_EMPLOYER)) : NULL;
        if (text)
            name = strdup(json_text(text, tmp));
        json_free(j);
    }
    buf_fini(&plain);
    return name;
}

/* The act stands in the audit before anybody has seen a name. */
static int name_lines(struct naming *n, const struct measure_ledger *r, struct err *e)
{
    char object[128];

    n->names = calloc(r->n + 1, sizeof *n->names);
    if (!n->names)
        panic("out of memory");
    n->n = r->n;
    snprintf(object, sizeof object, "list %s", r->list.name);
    if (cli_audit(n->cli, "list.ledger", object, "names of employers", e))
        return -1;
    for (size_t i = 0; i < r->n; i++) {
        *e = (struct err){0};
        if (r->lines[i].row_id != 0 && r->lines[i].key[0] != '\0')
            n->names[i] = unseal_name(n->cli, r->lines[i].row_id, e);
        if (e->what[0] != '\0')
            return -1;
    }
    return 0;
}

static void naming_fini(struct naming *n)
{
    for (size_t i = 0; i < n->n; i++)
        free(n->names[i]);
    free(n->names);
}

/* ---- text ---- */

static void text_of(const struct measure_ledger *r, const struct ledger_line *l, const char *name,
                    struct table_out *t)
{
    const int64_t counts[] = {l->persons, l->certified, l->eligible, l->undetermined, l->expired,
                              l->other,   l->reached,   l->claimed,  l->paid};
    const double ratios[] = {l->coverage, l->claim_rate, l->paid_rate};
    char text[32];

    tout_text(t, name);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (l->withheld)
            tout_text(t, "*");
        else if (i >= 7 && !r->claims_known)
            tout_text(t, "");
        else
            tout_int(t, counts[i]);
    for (size_t i = 0; i < sizeof ratios / sizeof ratios[0]; i++) {
        snprintf(text, sizeof text, "%.1f %%", 100 * ratios[i]);
        tout_text(t, l->withheld || ratios[i] < 0 ? "" : text);
    }
}

static void about(const struct measure_ledger *r)
{
    char day[11], n[32];

    printf(_("List %s, screened by %s (version %s) as of %s; persons\n"), r->list.name,
           r->policy.name, r->policy.version, civil_format(r->as_of, day));
    if (r->unscreened > 0)
        printf(_("%s rows were repaired or added since, and count as undetermined: screen the list "
                 "again.\n"),
               cli_number(r->unscreened, n));
    if (!r->claims_known)
        puts(
            _("No claims file has been imported (response import): nothing is said about claims."));
    else if (r->complete_day != CIVIL_NONE)
        printf(_("Claims are complete through %s.\n"), civil_format(r->complete_day, day));
    puts("");
}

static const char *line_name(const struct measure_ledger *r, const struct ledger_names *names,
                             size_t i, char tmp[80])
{
    const char *key = r->lines[i].key, *name = names ? names->name(names->ctx, i) : NULL;

    if (name)
        return name;
    if (key[0] == '\0')
        return r->by == LEDGER_REGION ? _("(no region)") : _("(no employer)");
    snprintf(tmp, 80, r->by == LEDGER_REGION ? "%s" : _("employer %s"), key);
    return tmp;
}

static void ledger_text(const struct cli *c, const struct measure_ledger *r,
                        const struct ledger_names *names)
{
    static const char *const keys[] = {
        "line",    "persons", "certified", "eligible", "undetermined", "expired",   "other",
        "reached", "claimed", "paid",      "coverage", "claim_rate",   "paid_rate", NULL};
    static const char *const titles[] = {"",
                                         N_("PERSONS"),
                                         N_("CERTIFIED"),
                                         N_("ELIGIBLE"),
                                         N_("UNDETERMINED"),
                                         N_("EXPIRED"),
                                         N_("OTHER"),
                                         N_("REACHED"),
                                         N_("CLAIMED"),
                                         N_("PAID"),
                                         N_("COVERAGE"),
                                         N_("CLAIM RATE"),
                                         N_("PAID RATE"),
                                         NULL};
    struct table_out *t = tout_new(c, keys, titles);
    char tmp[80];

    about(r);
    for (size_t i = 0; i < r->n; i++)
        text_of(r, &r->lines[i], line_name(r, names, i, tmp), t);
    text_of(r, &r->total, _("all"), t);
    tout_end(t);
    bool withheld = r->total.withheld;
    for (size_t i = 0; i < r->n; i++)
        withheld = withheld || r->lines[i].withheld;
    if (withheld)
        printf(_("  * withheld: fewer than %d people, or a difference from the total would tell "
                 "of fewer\n"),
               MEASURE_SMALL);
    puts(_(
        "\nCoverage: of the eligible, those to whom a message was delivered. Eligible: now, or has "
        "claimed."));
}

/* ---- the command ---- */

static int one_of(const char *given, const char *const *words, int def, const char *what, int *out,
                  struct err *e)
{
    *out = def;
    for (int i = 0; given != NULL && words[i] != NULL; i++)
        if (strcmp(words[i], given) == 0) {
            *out = i;
            return 0;
        }
    return given == NULL ? 0 : err_set(e, ERR_USAGE, what, _("no such choice: %.40s"), given);
}

static int write_out(const struct buf *out, const char *path, struct err *e)
{
    if (out->failed)
        return err_set(e, ERR_DATA, _("ask for fewer lines with --by"),
                       _("the ledger is too long"));
    if (path)
        return fs_write_atomic(path, 0600, buf_cstr(out), out->len, e);
    fwrite(buf_cstr(out), 1, out->len, stdout);
    return 0;
}

enum { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV };

static int render(const struct cli *c, const struct measure_ledger *r,
                  const struct ledger_names *names, int format, const char *path, struct err *e)
{
    struct buf out;

    if (format == FORMAT_TEXT) {
        ledger_text(c, r, names);
        return 0;
    }
    buf_init(&out, OUT_MAX);
    if (format == FORMAT_JSON) {
        measure_ledger_json(r, names, &out);
        buf_addc(&out, '\n');
    } else {
        if (path)
            buf_adds(&out, "\xEF\xBB\xBF");
        measure_ledger_csv(r, names, &out);
    }
    int rc = write_out(&out, path, e);
    buf_fini(&out);
    return rc;
}

static int parse(const struct cli *c, const struct cli_args *a, enum ledger_by *by, int *format,
                 struct err *e)
{
    static const char *const formats[] = {"text", "json", "csv", NULL};
    static const char *const bys[] = {"none", "region", "employer", NULL};
    int which;

    if (one_of(a->value[LEDGER_OPT_BY], bys, LEDGER_REGION, _("region, employer or none"), &which,
               e) ||
        one_of(a->value[LEDGER_OPT_FORMAT], formats, c->json ? FORMAT_JSON : FORMAT_TEXT,
               _("text, json or csv"), format, e))
        return -1;
    *by = (enum ledger_by)which;
    if (a->value[LEDGER_OPT_NAMES] && *by != LEDGER_EMPLOYER)
        return err_set(e, ERR_USAGE, _("add --by employer, or leave --names away"),
                       _("--names are those of employers"));
    if (a->value[LEDGER_OPT_OUTPUT] && *format == FORMAT_TEXT)
        return err_set(e, ERR_USAGE, _("say --format csv or --format json"),
                       _("a file needs a format"));
    return 0;
}

static int run_ledger(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct list_info l;
    struct measure_ledger r;
    struct naming naming = {.cli = c};
    struct ledger_names names = {name_of, &naming};
    enum ledger_by by;
    int format;
    bool named = a->value[LEDGER_OPT_NAMES] != NULL;

    if (parse(c, a, &by, &format, e) || (named ? cli_keyring(c, e) : cli_store(c, STORE_RO, e)) ||
        (named && cli_audit_ready(c, e)) || cli_list(c, a->rest[0], &l, e) ||
        measure_ledger(c->store, &l, by, &r, e))
        return -1;
    int rc = named ? name_lines(&naming, &r, e) : 0;
    if (rc == 0)
        rc = render(c, &r, named ? &names : NULL, format, a->value[LEDGER_OPT_OUTPUT], e);
    naming_fini(&naming);
    measure_ledger_fini(&r);
    return rc;
}

const struct command list_ledger = {
    .name = "ledger",
    .args = "L [--by region|employer|none] [--names] [--format text|json|csv] [-o FILE]",
    .help = N_("what became of its people: eligible, reached, claimed, paid; coverage"),
    .options = ledger_options,
    .min_rest = 1,
    .max_rest = 1,
    .run = run_ledger};
