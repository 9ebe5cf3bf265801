/*
 * What the files of conf share: where a node stands, and the gateways of zhanchi.conf.
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

#endif
