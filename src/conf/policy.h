/*
 * What the two files that read policies share: a policy in the making.
 */
#ifndef CONF_POLICY_H
#define CONF_POLICY_H

#include "zhanchi/arena.h"
#include "zhanchi/conf.h"
#include "zhanchi/policy.h"

struct crypt_digest;

struct policy_loader {
    struct policy *p;
    struct arena *arena; /* texts of the policy; lives as long as the policy */
    struct crypt_digest *digest;
    char **loaded; /* names of the files read or being read */
    size_t n_loaded;
    char *file;   /* the file being read */
    int last_day; /* how the policy reads "within": 1 that day included, 0 not, -1 not said yet */
};

char *loader_text(struct policy_loader *l, const char *s);
/* The text of a key, at most max bytes. Without a default the key must be there and not be empty.
 */
int loader_str(struct policy_loader *l, const struct conf_node *group, const char *key,
               const char *def, size_t max, char **out, struct err *e);
/* A list of names, compared as lists are read: folded, without blanks. *out stays as it is if the
 * key is absent; NULL-terminated. `what` they are, for the error. */
int loader_names(struct policy_loader *l, const struct conf_node *group, const char *key,
                 const char *what, char ***out, struct err *e);
/* "430100" -> "4301"; names of the policy's own stay. */
char *loader_region(struct policy_loader *l, const char *name);
int loader_rule(struct policy_loader *l, const struct conf_node *n, struct err *e);

#endif
