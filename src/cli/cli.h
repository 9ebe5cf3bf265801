/*
 * cli: what commands share.
 *
 * To add a command: write cmd_NAME.c that exports one `const struct command cmd_NAME` and list it
 * in commands.c. A command with verbs (`list import`) points to a table of further commands; `run`
 * is then NULL. Options are getopt_long's, one table a command, each with its help; the frame
 * prints --help from it and takes -h and --json everywhere.
 */
#ifndef CLI_H
#define CLI_H

#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "zhanchi/conf.h"
#include "zhanchi/err.h"
#include "zhanchi/gateway.h"
#include "zhanchi/i18n.h"
#include "zhanchi/keyring.h"
#include "zhanchi/progress.h"
#include "zhanchi/store.h"
#include "zhanchi/store_campaign.h"
#include "zhanchi/store_list.h"

struct cli {
    const char *conf_path; /* as given, or the one found */
    bool json;
    bool level_given;        /* -v or -q: stands above log.level */
    struct conf *conf;       /* after cli_conf */
    struct store *store;     /* after cli_store */
    struct keyring *keyring; /* after cli_keyring */
    int zone_min;
    char actor[64];                    /* after cli_conf */
    const volatile sig_atomic_t *stop; /* SIGINT, SIGTERM */
    const char *language_missing;      /* of language_begin() */
};

struct cli_option {
    const char *name; /* "policy" */
    const char *arg;  /* "P", or NULL for a flag */
    const char *help; /* N_() */
};

/* Values of a command's options, in the order of its table. Flags hold "". NULL: not given. */
struct cli_args {
    const char *value[24];
    const char
        *more[24][9]; /* a repeated option: all values, in order, NULL-terminated when fewer */
    int n_more[24];
    char **rest; /* arguments that are no options */
    int n_rest;
};

struct command {
    const char *name;
    const char *args;                 /* "FILE --name L [--columns MAP]" */
    const char *help;                 /* one line, N_() */
    const struct cli_option *options; /* ended by a NULL name; may be NULL */
    int min_rest, max_rest;           /* arguments */
    int (*run)(struct cli *cli, const struct cli_args *a,
               struct err *e);          /* exit status, or -1 and *e */
    const struct command *const *verbs; /* NULL-terminated */
};

extern const struct command *const commands[]; /* commands.c, NULL-terminated */

/* Index of an option in a command's table is the index of its value. */
#define CLI_END                                                                                    \
    {                                                                                              \
        NULL, NULL, NULL                                                                           \
    }

/* ---- openers: each opens what it needs once; -1 and *e ---- */
int cli_conf(struct cli *c, struct err *e);
bool cli_has_conf(const struct cli *c); /* is there one to open? */
int cli_store(struct cli *c, enum store_mode mode, struct err *e);
int cli_keyring(struct cli *c, struct err *e); /* opens the store for writing if it is not open */
/* Every gateway of the configuration, or only `only`. Freed by cli_gateways_free. */
struct cli_gateways {
    struct gateway **list;
    size_t n;
};
int cli_gateways(struct cli *c, const char *only, struct cli_gateways *out, struct err *e);
/* These, in this order. */
int cli_gateways_named(struct cli *c, const char (*names)[64], int n, struct cli_gateways *out,
                       struct err *e);
void cli_gateways_free(struct cli_gateways *g);

/* ---- language ---- */

/* Texts follow the environment from here on. Returns NULL, or the language that was asked for and
 * is not to be had although there is a translation. Before any thread. */
const char *language_begin(void);
/* English from here on: what machines read. */
void language_off(void);

/* A shipped folder or file, SHARE/what, beside the program, installed or in its build folder. */
bool cli_share(const char *what, char out[PATH_MAX]);
/* Of what `zhanchi init` copies: "lint/mainland.conf". */
bool cli_shipped(const char *what, char out[PATH_MAX]);

/* ---- names -> rows; an unknown name is ERR_NOINPUT with what exists ---- */
int cli_list(struct cli *c, const char *name, struct list_info *out, struct err *e);
int cli_campaign(struct cli *c, const char *name, struct campaign_info *out, struct err *e);

/* Records an act; joins an open transaction. Once that is committed, the chain's new head goes to the
 * log and to the system's journal, where who can change the database cannot change it. */
int cli_audit(struct cli *c, const char *act, const char *object, const char *detail,
              struct err *e);

/* Before a long act: could cli_audit sign its record? */
int cli_audit_ready(struct cli *c, struct err *e);

/* "campaign.template_dir" + "/" + NAME + ext if NAME has no slash and no file of that name is here.
 */
int cli_find_file(struct cli *c, const char *dir_option, const char *name, const char *ext,
                  char out[4096], struct err *e);

/* Asks on the terminal unless `yes`; false when not answered with y. Not a terminal: false. */
bool cli_confirm(bool yes, const char *question);
/* Lines of standard input, without their end; at most 4 KiB each. Returns 1, 0 at the end, -1.
 * Never from argv: numbers are personal data. */
int cli_read_line(char *out, size_t cap, struct err *e);

/* ---- output ---- */

/* Progress bar on a terminal; nothing otherwise. `what` is shown in front. Interrupted by SIGINT:
 * the job stops. */
struct bar {
    const struct cli *cli;
    const char *what;
    int64_t began_us, drawn_us;
    bool shown, tty;
};
struct progress bar_begin(struct bar *b, const struct cli *cli, const char *what);
void bar_end(struct bar *b);

/* Tables: aligned on a terminal (Han characters are two columns wide), or with --json an array of
 * objects. */
struct table_out;
struct table_out *tout_new(const struct cli *cli, const char *const *keys,
                           const char *const *titles); /* NULL-terminated */
void tout_text(struct table_out *t, const char *s);
void tout_int(struct table_out *t, int64_t v);
void tout_when(struct table_out *t, int64_t at_ms); /* 0 = empty */
void tout_end(struct table_out *t);                 /* prints and frees */

/* "1,234,567" into out[32]; returns out. */
char *cli_number(int64_t v, char out[32]);
int cli_width(const char *s); /* columns on a terminal */
/* A label and blanks up to `width` columns; printf's own padding counts bytes. */
void cli_label(const char *s, int width);

#endif
