/*
 * json_flat: one object of strings, read in place and without a tree: what is sealed of a list's
 * row, of which there are millions. For texts of other programs: zhanchi/json.h.
 */
#ifndef ZHANCHI_JSON_FLAT_H
#define ZHANCHI_JSON_FLAT_H

#include <stddef.h>
#include "zhanchi/err.h"

struct json_pair {
    const char *key, *value; /* UTF-8, NUL-terminated, in the text that was given */
};
struct json_flat {
    struct json_pair *pairs;
    size_t n, cap;
};

void json_flat_init(struct json_flat *f);
void json_flat_fini(struct json_flat *f);
/* Reads the members whose value is a string, in their order; others that are no objects or arrays
 * are passed over. Changes `text`, which must live as long as the pairs are looked at; text[len]
 * must be writable. The memory of an earlier call is taken again. ERR_DATA (the text is not
 * quoted). */
int json_flat_parse(struct json_flat *f, char *text, size_t len, struct err *e);
/* "" if there is none. */
const char *json_flat_get(const struct json_flat *f, const char *key);

#endif
