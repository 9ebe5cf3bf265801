/*
 * names: what states, inputs, classes and causes are called in listings, logs and files. Stable.
 */
#include <string.h>
#include "zhanchi/message.h"

static const char *const states[MSG_STATES] = {
    "?",         "planned",     "queued",   "sending",    "accepted",  "unknown", "unconfirmed",
    "delivered", "undelivered", "rejected", "suppressed", "cancelled", "lapsed"};

static const char *const inputs[MSG_INPUTS] = {"release",
                                               "claim",
                                               "unclaim",
                                               "suppress",
                                               "cancel",
                                               "lapse",
                                               "receipt-timeout",
                                               "recover-handed",
                                               "recover-clean",
                                               "doubt",
                                               "resend",
                                               "drop",
                                               "answer-accepted",
                                               "answer-refused",
                                               "answer-retry",
                                               "answer-unknown",
                                               "receipt-delivered",
                                               "receipt-undelivered",
                                               "receipt-pending",
                                               "query-accepted",
                                               "query-rejected"};

static const char *const classes[] = {"?",      "OK",      "RETRY",  "LIMIT",  "NUMBER",
                                      "OPTOUT", "CONTENT", "CONFIG", "UNKNOWN"};

static const char *const causes[] = {
    "none",        "optout", "claimed",      "held-out", "not-eligible", "missing-value",
    "too-long",    "number", "content",      "limit",    "config",       "network",
    "person",      "doubt",  "crash",        "time",     "duplicate",    "no-address",
    "row-changed", "shared", "shared-review"};

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

static const char *name_of(const char *const *names, int n, int i)
{
    return i >= 0 && i < n ? names[i] : "?";
}

static int index_of(const char *const *names, int n, const char *name)
{
    for (int i = 1; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

const char *message_state_name(enum msg_state s)
{
    return name_of(states, COUNT(states), (int)s);
}

int message_state_parse(const char *name, enum msg_state *out)
{
    int i = index_of(states, COUNT(states), name);

    if (i < 0)
        return -1;
    *out = (enum msg_state)i;
    return 0;
}

const char *message_input_name(enum msg_input in)
{
    return name_of(inputs, COUNT(inputs), (int)in);
}

const char *message_class_name(enum msg_class c)
{
    return name_of(classes, COUNT(classes), (int)c);
}

int message_class_parse(const char *name, enum msg_class *out)
{
    int i = index_of(classes, COUNT(classes), name);

    if (i < 0)
        return -1;
    *out = (enum msg_class)i;
    return 0;
}

const char *message_cause_name(enum msg_cause c)
{
    return name_of(causes, COUNT(causes), (int)c);
}
