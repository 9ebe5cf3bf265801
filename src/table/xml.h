/*
 * xml: an entry of a package, through expat: no DTD, and memory that does not follow the input.
 *
 * Names are given without their prefix ("x:row" and "row" are the same to whoever reads workbooks).
 * A handler may pause, so that rows can be asked for one at a time, or fail.
 */
#ifndef TABLE_XML_H
#define TABLE_XML_H

#include <stddef.h>
#include "zhanchi/err.h"
#include "pack.h"

struct xml_handlers {
    void (*start)(void *ctx, const char *name, const char **attributes);
    void (*end)(void *ctx, const char *name);
    void (*text)(void *ctx, const char *s, size_t len); /* in pieces of any size; may be NULL */
};

struct xml;
/* Takes the entry, also when it fails. */
struct xml *xml_open_take(const char *path, struct pack_entry *entry, const char *part,
                          const struct xml_handlers *h, void *ctx);
void xml_close(struct xml *x); /* NULL is fine */
/* 1: paused, 0: the end, -1: ERR_DATA. */
int xml_run(struct xml *x, struct err *e);

/* From handlers only. */
void xml_pause(struct xml *x);
/* The first failure counts: "FILE, PART: text". */
void xml_fail(struct xml *x, const char *remedy, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Value of an attribute by its name without prefix; NULL. */
const char *xml_attribute(const char **attributes, const char *name);
/* Bytes read and to be read. */
int64_t xml_done(const struct xml *x);
int64_t xml_size(const struct xml *x);

#endif
