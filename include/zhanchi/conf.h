/*
 * conf: zhanchi.conf, through libconfig, from one table of options (src/conf/options.c).
 *
 * Each option has name, type, range, default and help in that table, and nowhere else: reading,
 * checking, `zhanchi init`'s sample file and the man page's list are made from it. Unknown keys,
 * wrong types and values out of range are errors with file, line and the nearest known key.
 */
#ifndef ZHANCHI_CONF_H
#define ZHANCHI_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/buf.h"
#include "zhanchi/err.h"
#include "zhanchi/lint.h"
#include "zhanchi/route.h"

struct conf;

/* Relative paths inside the file are relative to the file's folder. */
struct conf *conf_load(const char *path, struct err *e);
void conf_free(struct conf *c); /* NULL is fine */

/* `name` must be in the table and of that type (else panic): "dispatch.claim_ttl". Strings and
 * paths are borrowed. */
int64_t conf_int(const struct conf *c,
                 const char *name); /* numbers, booleans, durations (ms), minutes, zones */
const char *conf_str(const struct conf *c, const char *name);         /* "" if unset */
const char *conf_path(const struct conf *c, const char *name);        /* absolute */
const char *const *conf_list(const struct conf *c, const char *name); /* NULL-terminated */
const char *conf_dir(const struct conf *c); /* folder of the file, absolute */

/* Settings of a gateway: an item { name, profile, url, ca_file, public_url, rate, concurrency, batch,
 * pull_every, sticky, settings, secret_files, secret_env } of the list `gateways`.
 * conf_gateway_names: NULL-terminated,
 * in file order. */
const char *const *conf_gateway_names(const struct conf *c);
#define CONF_CONCURRENCY_MAX 256 /* of a gateway, in zhanchi.conf as in its profile */
struct conf_gateway {
    const char *name;
    char *profile;          /* absolute path of the profile file */
    char *url;              /* overrides the profile's base URL; NULL if unset */
    char *ca_file;          /* trusted besides the system's authorities; absolute, NULL if unset */
    char *public_url;       /* under which the provider reaches `serve`; NULL if unset */
    double rate;            /* 0 = the profile's */
    int concurrency, batch; /* 0 = the profile's */
    int64_t pull_every_ms;  /* serve pulls so often; 0 = never */
    int sticky;             /* people keep it: 1 yes, -1 no, 0 if the profile has replies */
    struct conf_secret {
        char *name, *value;
    } * secrets;
    size_t n_secrets;
    struct conf_secret *settings; /* what the profile asks for and is no secret */
    size_t n_settings;
};
/* Reads secrets now: `secret_files = { app_secret = "secrets/x"; }` (must not be readable by
 * others) or `secret_env = { app_secret = "ZHANCHI_12333_SECRET"; }`. A missing one is ERR_CONFIG
 * that names it. */
int conf_gateway(const struct conf *c, const char *name, struct conf_gateway *out, struct err *e);
void conf_gateway_fini(struct conf_gateway *g); /* wipes the secrets */

/* A route of the list `routes`: { name, rules = ( { region, topic, carrier, to, cheapest }, ... ) }.
 * ERR_CONFIG if there is none of that name. */
int conf_route(const struct conf *c, const char *name, struct route *out, struct err *e);
/* "G" or "G:WEIGHT", G configured. ERR_CONFIG. */
int conf_share(const struct conf *c, const char *text, char name[64], int *weight, struct err *e);

/* The sample zhanchi.conf, every option with its help, default and range as a comment. */
void conf_sample(struct buf *out);

/* ---- trees: policies and gateway profiles are read through these, so that libconfig stays in this
 * room ---- */

struct conf_tree; /* a parsed libconfig file */
struct conf_node; /* a setting in it */

struct conf_tree *conf_tree_load(const char *path,
                                 struct err *e); /* at most 1 MiB; @include is refused */
void conf_tree_free(struct conf_tree *t);
const struct conf_node *conf_tree_root(const struct conf_tree *t);

enum conf_type {
    CONF_GROUP,
    CONF_LIST /* ( ) or [ ] */,
    CONF_STRING,
    CONF_INT,
    CONF_REAL,
    CONF_BOOL
};
enum conf_type conf_node_type(const struct conf_node *n);
const char *conf_node_name(const struct conf_node *n); /* NULL in lists */
int conf_node_line(const struct conf_node *n);
size_t conf_node_count(const struct conf_node *n);
const struct conf_node *conf_node_item(const struct conf_node *n, size_t i);
const struct conf_node *conf_node_get(const struct conf_node *group,
                                      const char *key); /* NULL if none */
/* Typed readers: 0 and the value, the default if the key is absent; -1 and ERR_CONFIG with file and
 * line if it has another type. */
int conf_node_str(const struct conf_node *group, const char *key, const char *def, const char **out,
                  struct err *e);
int conf_node_int(const struct conf_node *group, const char *key, int64_t def, int64_t min,
                  int64_t max, int64_t *out, struct err *e);
int conf_node_real(const struct conf_node *group, const char *key, double def, double min,
                   double max, double *out, struct err *e);
int conf_node_bool(const struct conf_node *group, const char *key, bool def, bool *out,
                   struct err *e);
const char *conf_node_text(const struct conf_node *n, char tmp[40]); /* scalar in its text form */
/* ERR_CONFIG with file and line if `group` is none, or has a key that is not in `known`
 * (NULL-terminated); names the nearest known. */
int conf_node_known(const struct conf_node *group, const char *const *known, struct err *e);
/* err_set with "file:line: " in front. */
int conf_node_err(const struct conf_node *n, struct err *e, const char *remedy, const char *fmt,
                  ...) __attribute__((format(printf, 4, 5)));

/* Durations: "500ms", "2s", "10m", "72h", "3d". 0 or -1. */
int conf_parse_duration(const char *s, int64_t *ms);
/* The candidate nearest to `word` by edit distance, or NULL if none is near. */
const char *conf_nearest(const char *word, const char *const *candidates);

/* ---- rule sets for texts ---- */

/* Reads conf/lint/NAME.conf; base = "other.conf" gives it the rules of another one of its folder.
 * lint_set_free. NULL and ERR_CONFIG with file and line, ERR_NOINPUT. */
struct lint_set *conf_lint_load(const char *path, struct err *e);

/* ---- policies ---- */

struct policy;
/* Reads conf/policies/NAME.conf (or a path); `include = [ "cn" ];` pulls in further files of the
 * same folder. */
struct policy *conf_policy_load(const char *path, struct err *e);
void conf_policy_free(struct policy *p);

#endif
