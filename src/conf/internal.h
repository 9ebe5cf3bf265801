/*
 * What the files of conf share: the gateways of zhanchi.conf.
 */
#ifndef CONF_INTERNAL_H
#define CONF_INTERNAL_H

#include "zhanchi/conf.h"

struct conf_gateways;
int gateways_read(const struct conf_node *list, const char *dir, struct conf_gateways **out, struct err *e);
void gateways_free(struct conf_gateways *g);
const char *const *gateways_names(const struct conf_gateways *g); /* g may be NULL */
int gateways_get(const struct conf_gateways *g, const char *name, struct conf_gateway *out, struct err *e);

#endif
