/*
 * options: the sandbox's command line, from one table: name, kind, default and help stand together and nowhere else.
 *
 * Probabilities are written as 0.05 or 5%. Called once by main.
 */
#include <getopt.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dialect.h"
#include "options.h"

enum kind { KIND_HEAD, KIND_FLAG, KIND_TEXT, KIND_SETS, KIND_INT, KIND_CHANCE, KIND_SHARE };

struct row {
    const char *name;
    enum kind kind;
    size_t at;
    const char *def, *arg, *help;
};

#define AT(member) offsetof(struct options, member)

static const struct row rows[] = {
    {"Where", KIND_HEAD, 0, NULL, NULL, NULL},
    {"profile", KIND_TEXT, AT(profile), "12333", "NAME", "speak as this provider does; see below"},
    {"set", KIND_SETS, 0, NULL, "NAME=VALUE", "a further value of the profile's; may be repeated"},
    {"listen", KIND_TEXT, AT(address), "127.0.0.1", "ADDRESS", "listen there"},
    {"port", KIND_INT, AT(port), "12333", "N", "port; 0 lets the kernel choose"},
    {"port-file", KIND_TEXT, AT(port_file), NULL, "FILE", "write the port into FILE once ready"},
    {"threads", KIND_INT, AT(threads), "2", "N", "threads that serve"},
    {"app", KIND_TEXT, AT(app), "sandbox", "ID", "application id that is allowed in"},
    {"secret-file", KIND_TEXT, AT(secret_file), NULL, "FILE",
     "its secret (default: the word sandbox)"},
    {"ledger", KIND_TEXT, AT(ledger), NULL, "FILE",
     "append a line for each text taken, before the answer"},
    {"ledger-text", KIND_FLAG, AT(ledger_text), NULL, NULL,
     "the texts too, not their digests alone"},
    {"callback", KIND_TEXT, AT(callback), NULL, "URL",
     "send receipts to URL/receipt, replies to URL/reply; a * stands for the two words"},
    {"nonce-reuse", KIND_FLAG, AT(nonce_reuse), NULL, NULL,
     "a nonce may come again (a repeated request is taken twice)"},
    {"seed", KIND_INT, AT(seed), "1", "N", "the same seed makes the same choices"},
    {"summary", KIND_TEXT, AT(summary), NULL, "LEDGER",
     "print what a ledger says, as JSON, and exit"},

    {"Refusals and faults of requests (P: 0.05 or 5%)", KIND_HEAD, 0, NULL, NULL, NULL},
    {"flow", KIND_CHANCE, AT(flow), NULL, "P", "429 F01"},
    {"busy", KIND_CHANCE, AT(busy), NULL, "P", "503 F02"},
    {"rate", KIND_INT, AT(rate), "0", "N", "more than N texts a second: 429 F01"},
    {"retry-after", KIND_INT, AT(retry_after_s), "0", "S", "Retry-After of 429 and 503"},
    {"latency", KIND_INT, AT(latency_ms), "0", "MS", "answer so late"},
    {"jitter", KIND_INT, AT(jitter_ms), "0", "MS", "and up to so much later"},
    {"reset-fresh-before", KIND_CHANCE, AT(reset_fresh_before), NULL, "P",
     "reset a new connection, nothing taken"},
    {"reset-fresh-after", KIND_CHANCE, AT(reset_fresh_after), NULL, "P",
     "reset a new connection after taking"},
    {"reset-warm-before", KIND_CHANCE, AT(reset_warm_before), NULL, "P",
     "reset a used connection, nothing taken"},
    {"reset-warm-after", KIND_CHANCE, AT(reset_warm_after), NULL, "P",
     "reset a used connection after taking"},
    {"never-before", KIND_CHANCE, AT(never_before), NULL, "P", "never answer, nothing taken"},
    {"never-after", KIND_CHANCE, AT(never_after), NULL, "P", "take, never answer"},
    {"never", KIND_INT, AT(never_ms), "60000", "MS", "how long \"never\" is"},
    {"error-before", KIND_CHANCE, AT(error_before), NULL, "P", "500 without a code, nothing taken"},
    {"error-after", KIND_CHANCE, AT(error_after), NULL, "P", "take, then 502 without a code"},
    {"garbage", KIND_CHANCE, AT(garbage), NULL, "P", "take, then answer nonsense"},
    {"truncated", KIND_CHANCE, AT(truncated), NULL, "P", "take, then answer half of the JSON"},
    {"cut", KIND_CHANCE, AT(cut), NULL, "P", "take, then close in the middle of the answer"},
    {"partial", KIND_CHANCE, AT(partial), NULL, "P",
     "leave every other result out of a batch's answer"},

    {"Verdicts on texts and numbers (SHARE: 5% of the numbers, or a pattern such as 1380000*)",
     KIND_HEAD, 0, NULL, NULL, NULL},
    {"wrong", KIND_SHARE, AT(wrong), NULL, "SHARE", "N01 at submit"},
    {"vacant", KIND_SHARE, AT(vacant), NULL, "SHARE", "N02 at submit"},
    {"black", KIND_SHARE, AT(black), NULL, "SHARE", "B01 at submit"},
    {"keyword", KIND_TEXT, AT(keyword), NULL, "WORD", "C01 for texts with it"},
    {"daily-cap", KIND_INT, AT(daily_cap), "0", "N", "L01 after N texts to a number in a day"},
    {"balance", KIND_INT, AT(balance), "-1", "N", "A04 after N texts"},
    {"strict-batch", KIND_FLAG, AT(strict_batch), NULL, NULL,
     "one bad item refuses the whole batch"},
    {"undelivered", KIND_SHARE, AT(undelivered), NULL, "SHARE", "taken, then UNDELIV"},
    {"undelivered-code", KIND_TEXT, AT(undelivered_code), NULL, "CODE",
     "with this code (default: a mixture)"},
    {"rejected", KIND_SHARE, AT(rejected), NULL, "SHARE", "taken, then REJECTD"},
    {"expired", KIND_SHARE, AT(expired), NULL, "SHARE", "taken, then EXPIRED"},

    {"Receipts and replies", KIND_HEAD, 0, NULL, NULL, NULL},
    {"receipt-delay", KIND_INT, AT(receipt_delay_ms), "50", "MS", "a receipt comes so late"},
    {"receipt-jitter", KIND_INT, AT(receipt_jitter_ms), "50", "MS",
     "and up to so much later: out of order"},
    {"receipt-batch", KIND_INT, AT(receipt_batch), "100", "N",
     "receipts in a request, at most 100"},
    {"receipt-lost", KIND_CHANCE, AT(receipt_lost), NULL, "P", "never comes"},
    {"receipt-duplicate", KIND_CHANCE, AT(receipt_duplicate), NULL, "P", "comes twice"},
    {"receipt-early", KIND_CHANCE, AT(receipt_early), NULL, "P",
     "comes before the answer to the submit"},
    {"receipt-late", KIND_CHANCE, AT(receipt_late), NULL, "P", "comes very late"},
    {"receipt-late-by", KIND_INT, AT(receipt_late_ms), "5000", "MS", "how late that is"},
    {"receipt-pending", KIND_CHANCE, AT(receipt_pending), NULL, "P", "BUFFERD comes first"},
    {"retry", KIND_TEXT, AT(retry), NULL, "MS,...",
     "repeat an unacknowledged callback after (12333: 1000,5000,10000,30000; others: as the "
     "provider does)"},
    {"reply", KIND_SHARE, AT(reply), NULL, "SHARE", "these answer with something harmless"},
    {"refuse", KIND_SHARE, AT(refuse), NULL, "SHARE",
     "these answer R, T, td ... and are B01 from then on"},
    {"reply-delay", KIND_INT, AT(reply_delay_ms), "100", "MS", "after their receipt"},

    {"help", KIND_FLAG, AT(help), NULL, NULL, "this text"},
    {"version", KIND_FLAG, AT(version), NULL, NULL, "the version"},
};
#define ROWS (sizeof rows / sizeof rows[0])

static int parse_chance(const char *s, double *out)
{
    char *end;
    double v = strtod(s, &end);

    if (end == s)
        return -1;
    if (*end == '%') {
        v /= 100;
        end++;
    }
    if (*end != '\0' || !isfinite(v) || v < 0 || v > 1)
        return -1;
    *out = v;
    return 0;
}

static int parse_int(const char *s, int64_t *out)
{
    char *end;
    long long v = strtoll(s, &end, 10);

    if (end == s || *end != '\0' || v < -1 || v > 1000000000)
        return -1;
    *out = v;
    return 0;
}

static int parse_share(const char *s, struct share *out)
{
    if (strpbrk(s, "*?") || strlen(s) == 11) {
        out->pattern = s;
        return s[strspn(s, "0123456789*?")] == '\0' ? 0 : -1;
    }
    out->pattern = NULL;
    return parse_chance(s, &out->part);
}

static int set(struct options *o, const struct row *row, const char *value)
{
    void *at = (char *)o + row->at;

    switch (row->kind) {
    case KIND_HEAD:
        return -1;
    case KIND_FLAG:
        *(bool *)at = true;
        return 0;
    case KIND_TEXT:
        *(const char **)at = value;
        return 0;
    case KIND_SETS:
        if (o->n_sets == SETS_MAX)
            return -1;
        o->sets[o->n_sets++] = value;
        return 0;
    case KIND_INT:
        return parse_int(value, at);
    case KIND_CHANCE:
        return parse_chance(value, at);
    case KIND_SHARE:
        return parse_share(value, at);
    }
    return -1;
}

static int parse_retry(struct options *o, struct err *e)
{
    const char *p = o->retry ? o->retry : "";

    if (o->retry == NULL)
        memcpy(o->retry_ms, dialect_find(o->profile)->retry_ms, sizeof o->retry_ms);
    for (size_t i = 0; *p && i < RETRY_STEPS_MAX; i++) {
        char *end;
        o->retry_ms[i] = strtoll(p, &end, 10);
        if (end == p || o->retry_ms[i] <= 0 || (*end != ',' && *end != '\0'))
            return err_set(e, ERR_USAGE, "write it as --retry 1000,5000",
                           "--retry %s is no list of milliseconds", p);
        p = *end ? end + 1 : end;
    }
    return 0;
}

static int check(struct options *o, struct err *e)
{
    if (o->port < 0 || o->port > 65535 || o->threads < 1 || o->threads > 64)
        return err_set(e, ERR_USAGE, NULL, "--port is 0 to 65535, --threads 1 to 64");
    if (o->receipt_batch < 1 || o->receipt_batch > 100)
        return err_set(e, ERR_USAGE, NULL, "--receipt-batch is 1 to 100");
    if (o->callback && strncmp(o->callback, "http://", 7) != 0 &&
        strncmp(o->callback, "https://", 8) != 0)
        return err_set(e, ERR_USAGE, "write it as http://127.0.0.1:8080/12333",
                       "--callback %s is no URL", o->callback);
    if (dialect_find(o->profile) == NULL)
        return err_set(e, ERR_USAGE, "--help lists the profiles", "there is no profile %s",
                       o->profile);
    return parse_retry(o, e);
}

int options_parse(struct options *o, int argc, char **argv, struct err *e)
{
    struct option longs[ROWS + 1] = {0};
    int index, c;

    memset(o, 0, sizeof *o);
    for (size_t i = 0; i < ROWS; i++) {
        longs[i] =
            (struct option){.name = rows[i].name, .has_arg = rows[i].kind > KIND_FLAG, .val = 1};
        if (rows[i].def && set(o, &rows[i], rows[i].def) != 0)
            panic("sandbox: default of --%s", rows[i].name);
    }
    while ((c = getopt_long(argc, argv, "h", longs, &index)) != -1) {
        if (c == 'h')
            o->help = true;
        else if (c != 1)
            return err_set(e, ERR_USAGE, "see --help", "the command line is wrong");
        else if (set(o, &rows[index], optarg) != 0)
            return err_set(e, ERR_USAGE, "see --help", "--%s %s cannot be read", rows[index].name,
                           optarg);
    }
    if (optind < argc)
        return err_set(e, ERR_USAGE, "see --help", "%s is too much", argv[optind]);
    return check(o, e);
}

static void help_profiles(void)
{
    const struct dialect *d;

    puts("\nProfiles, and what --set knows there");
    for (size_t i = 0; (d = dialect_next(i)) != NULL; i++) {
        printf("  %-28s %s\n", d->name, d->about);
        for (const struct setting *s = d->settings; s && s->name; s++)
            printf("    %-26s %s%s%s%s\n", s->name, s->help, *s->def ? " (" : "", s->def,
                   *s->def ? ")" : "");
    }
}

void options_help(void)
{
    puts("Usage: zhanchi-sandbox [OPTION]...\n"
         "An SMS gateway for trying out and for tests, 12333-style or as a public provider is;\n"
         "see zhanchi-sandbox(1).");
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        char left[64];
        if (r->kind == KIND_HEAD) {
            printf("\n%s\n", r->name);
            continue;
        }
        snprintf(left, sizeof left, "--%s%s%s", r->name, r->arg ? " " : "", r->arg ? r->arg : "");
        printf("  %-28s %s", left, r->help);
        if (r->def)
            printf(" (%s)", r->def);
        putchar('\n');
    }
    help_profiles();
}
