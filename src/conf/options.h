/*
 * options: the one table of settings of zhanchi.conf.
 */
#ifndef CONF_OPTIONS_H
#define CONF_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPT_INT,
    OPT_BOOL,
    OPT_STRING,
    OPT_PATH,
    OPT_DURATION,
    OPT_MINUTE,
    OPT_ZONE,
    OPT_CHOICE,
    OPT_LIST
};

struct option_def {
    const char *name; /* "group.key" */
    enum option_type type;
    const char *def;            /* as text: "2s", "09:00", "true", "1000", "a|b" for lists */
    int64_t min, max;           /* OPT_INT; OPT_DURATION in ms */
    const char *const *choices; /* OPT_CHOICE, NULL-terminated */
    const char *help;
};

extern const struct option_def option_table[];
size_t option_count(void);
int option_index(const char *name);               /* -1 if there is none */
const char *option_type_name(enum option_type t); /* "a duration such as \"2s\"" */
/* A default or a setting's text as a number. 0 or -1. */
int option_number(const struct option_def *o, const char *text, int64_t *out);

#endif
