/*
 * options: every setting of zhanchi.conf with its type, range, default and help. Reading, checking,
 * the sample file and the man page's list are made from this table; a new option is one row.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/conf.h"
#include "options.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const char *const actor_sources[] = {"loginuid", "environment", NULL};
static const char *const levels[] = {"debug", "info", "warn", "error", NULL};

/* clang-format off */
const struct option_def option_table[] = {
    {"store.dir", OPT_PATH, ".", 0, 0, NULL, "work directory: databases, locks, marks"},
    {"store.epoch_dir", OPT_PATH, "", 0, 0, NULL, "folder outside the work directory where each database's epoch is kept, so that a restored backup cannot send again; empty: /var/lib/zhanchi/epoch for root, else ~/.local/state/zhanchi/epoch"},
    {"keys.file", OPT_PATH, "zhanchi.key", 0, 0, NULL, "key file (0600); keep it outside the work directory's backups"},
    {"keys.audit_file", OPT_PATH, "audit.key", 0, 0, NULL, "key of the audit chain; an auditor needs this one only"},
    {"people.actor_source", OPT_CHOICE, "loginuid", 0, 0, actor_sources, "who is acting: the login uid of the session, or ZHANCHI_ACTOR of the environment (only where the environment is under control)"},
    {"people.maker_is_checker", OPT_BOOL, "false", 0, 0, NULL, "whether the one who submitted a campaign may approve it"},
    {"office.name", OPT_STRING, "", 0, 0, NULL, "the office's name in texts that use {{office}}"},
    {"office.phone12333", OPT_STRING, "12333", 0, 0, NULL, "number for questions and complaints in texts"},
    {"office.apply_where", OPT_STRING, "参保地经办机构", 0, 0, NULL, "where people apply, in texts"},
    {"office.name_en", OPT_STRING, "", 0, 0, NULL, "the office's name in texts that are not Chinese"},
    {"office.apply_where_en", OPT_STRING, "your social insurance agency", 0, 0, NULL, "where people apply, in texts that are not Chinese"},
    {"office.zone", OPT_ZONE, "+08:00", 0, 0, NULL, "offset of the civil time"},
    {"campaign.window_from", OPT_MINUTE, "09:00", 0, 0, NULL, "a campaign's window, unless it names its own"},
    {"campaign.window_to", OPT_MINUTE, "20:00", 0, 0, NULL, "end of the window"},
    {"campaign.not_after_days", OPT_INT, "30", 1, 366, NULL, "a campaign ends so many days after its beginning, unless it names a day"},
    {"campaign.holdout_margin_days", OPT_INT, "60", 0, 366, NULL, "only people whose last day is so many days after the holdout's release are randomised"},
    {"campaign.max_units", OPT_INT, "500", 70, 2000, NULL, "longest text in UTF-16 units, signature included"},
    {"campaign.policy_dir", OPT_PATH, "policies", 0, 0, NULL, "where `--policy NAME` looks"},
    {"campaign.template_dir", OPT_PATH, "templates", 0, 0, NULL, "where `--template NAME` looks"},
    {"campaign.lint_dir", OPT_PATH, "lint", 0, 0, NULL, "where the rule sets of gateways are; what is missing there is looked for beside the program"},
    {"dispatch.claim_ttl", OPT_DURATION, "2s", 100, HOUR, NULL, "a claimed message that has not left by then goes back to the queue"},
    {"dispatch.commit_max", OPT_INT, "1000", 1, 100000, NULL, "settlements that are committed together at most"},
    {"dispatch.backoff_base", OPT_DURATION, "5s", 1, HOUR, NULL, "pause before a message's second attempt; doubled for each further one"},
    {"dispatch.backoff_cap", OPT_DURATION, "15m", 1, DAY, NULL, "longest pause between attempts"},
    {"dispatch.cap_per_day", OPT_INT, "3", 0, 1000, NULL, "messages that a number may get in a civil day over all campaigns; 0: no cap"},
    {"dispatch.breaker_failures", OPT_INT, "10", 0, 100000, NULL, "failures of a gateway in a row that pause its lane; 0: never"},
    {"dispatch.breaker_pause", OPT_DURATION, "10s", 10, HOUR, NULL, "first pause of a lane; doubled at each further one"},
    {"dispatch.content_stop", OPT_INT, "50", 0, 1000000, NULL, "texts refused in a row that pause the campaign; 0: never"},
    {"dispatch.max_runtime", OPT_DURATION, "0s", 0, 7 * DAY, NULL, "longest run of `dispatch`; 0s: until nothing is due"},
    {"receipts.timeout", OPT_DURATION, "72h", MINUTE, 31 * DAY, NULL, "an accepted message without receipt becomes unconfirmed"},
    {"serve.address", OPT_STRING, "127.0.0.1", 0, 0, NULL, "address for receipts and replies"},
    {"serve.port", OPT_INT, "18380", 0, 65535, NULL, "port for receipts and replies"},
    {"serve.optout_words", OPT_LIST, "", 0, 0, NULL, "further replies that mean a refusal, beside R T TD N 退订 ..."},
    {"retention.inbox_days", OPT_INT, "180", 1, 3660, NULL, "raw reports are kept so long (the law asks for five months)"},
    {"retention.lists_days", OPT_INT, "0", 0, 36600, NULL, "`list rm --expired` deletes the personal data of lists older than this; 0: of none"},
    {"log.level", OPT_CHOICE, "info", 0, 0, levels, "debug, info, warn or error"},
};
/* clang-format on */

size_t option_count(void)
{
    return sizeof option_table / sizeof option_table[0];
}

int option_index(const char *name)
{
    for (size_t i = 0; i < option_count(); i++)
        if (strcmp(option_table[i].name, name) == 0)
            return (int)i;
    return -1;
}

const char *option_type_name(enum option_type t)
{
    switch (t) {
    case OPT_INT:
        return "a whole number";
    case OPT_BOOL:
        return "true or false";
    case OPT_DURATION:
        return "a duration such as \"500ms\", \"2s\", \"10m\", \"72h\", \"3d\"";
    case OPT_MINUTE:
        return "a time of day such as \"09:00\"";
    case OPT_ZONE:
        return "an offset such as \"+08:00\"";
    case OPT_LIST:
        return "a list of texts such as [ \"a\", \"b\" ]";
    default:
        return "text in double quotes";
    }
}

int option_number(const struct option_def *o, const char *text, int64_t *out)
{
    int small = 0, rc = 0;

    switch (o->type) {
    case OPT_BOOL:
        *out = strcmp(text, "true") == 0;
        return 0;
    case OPT_DURATION:
        rc = conf_parse_duration(text, out);
        break;
    case OPT_MINUTE:
        rc = civil_parse_minute(text, &small);
        *out = small;
        return rc;
    case OPT_ZONE:
        rc = civil_parse_zone(text, &small);
        *out = small;
        return rc;
    default:
        *out = strtoll(text, NULL, 10);
        break;
    }
    return rc == 0 && *out >= o->min && *out <= o->max ? 0 : -1;
}
