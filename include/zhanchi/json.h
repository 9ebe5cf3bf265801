/*
 * json: reading through jansson (wrapped in this room), writing straight into a buf.
 *
 * Numbers are compared and passed on by their text form: providers' ids exceed 2^53.
 */
#ifndef ZHANCHI_JSON_H
#define ZHANCHI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/buf.h"
#include "zhanchi/err.h"

struct json; /* a node; the root owns all others */

/* J_ and not JSON_: jansson has taken those names. */
enum json_type { J_NULL, J_BOOL, J_NUMBER, J_STRING, J_ARRAY, J_OBJECT };

/* Strict RFC 8259, any root type; duplicate keys and \u0000 are refused. An integer beyond 64 bits
 * becomes a string with its digits. NULL and ERR_DATA with line and column on error (the text
 * itself is not quoted: it may hold personal data). */
struct json *json_parse(const char *text, size_t len, struct err *e);
void json_free(struct json *root); /* NULL is fine; only for what json_parse returned */

/* Syntax alone, cheap: what it refuses json_parse refuses too (but not the other way: see
 * json_valid.c). */
bool json_valid(const char *text, size_t len);

enum json_type json_type_of(const struct json *n);
/* RFC 6901 pointer, "" is the node itself. NULL if there is none. */
const struct json *json_at(const struct json *n, const char *pointer);
const struct json *json_get(const struct json *object, const char *key);
size_t json_count(const struct json *n); /* items or members; 0 for scalars */
const struct json *json_item(const struct json *array, size_t i);
/* Members in the order of the text: *iter starts as NULL; false at the end. */
bool json_each(const struct json *object, void **iter, const char **key, const struct json **value);
/* Text of a scalar: strings as they are, integers in decimal, true/false; NULL for others. `tmp`
 * holds numbers. */
const char *json_text(const struct json *n, char tmp[40]);
bool json_truth(const struct json *n); /* true, "true", "1", non-zero number */

/* Writer: no tree, commas placed by itself, depth up to 30. */
struct json_w {
    struct buf *out;
    int depth;
    uint32_t filled; /* bit d: depth d has a member already */
    bool after_key;
};
void json_w_init(struct json_w *w, struct buf *out);
void json_w_open(struct json_w *w, char bracket);  /* '{' or '[' */
void json_w_close(struct json_w *w, char bracket); /* '}' or ']' */
void json_w_key(struct json_w *w, const char *key);
void json_w_str(struct json_w *w, const char *s);
void json_w_strn(struct json_w *w, const char *s, size_t len);
void json_w_int(struct json_w *w, int64_t v);
void json_w_real(struct json_w *w, double v);   /* %.17g; NaN and infinities become null */
void json_w_micro(struct json_w *w, int64_t v); /* millionths, exactly: 133100000 is 133.1 */
void json_w_bool(struct json_w *w, bool v);
void json_w_null(struct json_w *w);
void json_w_day(struct json_w *w, int32_t day); /* "2026-03-01"; CIVIL_NONE is null */

/* One string with its quotes, escaped, appended to out. Invalid UTF-8 becomes U+FFFD. */
void json_quote(struct buf *out, const char *s, size_t len);

#endif
