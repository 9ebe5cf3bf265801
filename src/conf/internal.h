/*
 * What the files of conf share: where a node stands, the gateways and the routes of zhanchi.conf.
 */
#ifndef CONF_INTERNAL_H
#define CONF_INTERNAL_H

#include "zhanchi/conf.h"

const char *node_path(const struct conf_node *n); /* of its file, as it was given */

struct conf_gateways;
int gateways_read(const struct conf_node *list, const char *dir, struct conf_gateways **out,
                  struct err *e);
void gateways_free(struct conf_gateways *g);
const char *const *gateways_names(const struct conf_gateways *g); /* g may be NULL */
int gateways_get(const struct conf_gateways *g, const char *name, struct conf_gateway *out,
                 struct err *e);

/* "a" or "a:3" of zhanchi.conf or a command line: a configured gateway and its weight. */
int routes_share(const struct conf_gateways *g, const char *text, char name[64], int *weight,
                 struct err *e);

struct conf_routes;
int routes_read(const struct conf_node *list, const struct conf_gateways *g,
                struct conf_routes **out, struct err *e);
void routes_free(struct conf_routes *r);
int routes_get(const struct conf_routes *r, const char *name, struct route *out, struct err *e);

#endif
