/*
 * wire: the small change of HTTP APIs: form fields, percent-encoding, header attributes, times, numbers, canonical texts for signing. Pure.
 */
#ifndef SANDBOX_WIRE_H
#define SANDBOX_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/arena.h"
#include "zhanchi/buf.h"
#include "zhanchi/json.h"

struct request;

/* ---- fields of a query or a form, decoded ---- */

struct field {
    const char *name, *value;
};
struct fields {
    struct field *v;
    size_t n, cap;
};

/* Appends what a query or form holds; a + is a blank. */
void fields_read(struct arena *a, struct fields *f, const char *text, size_t len);
const char *fields_get(const struct fields *f, const char *name); /* the first; NULL */
void fields_sort(struct fields *f);                               /* by the bytes of the names */

/* ---- encodings ---- */

/* RFC 3986: all but A-Z a-z 0-9 - _ . ~ as %XX. */
void wire_percent(struct buf *out, const char *s, size_t len);
char *wire_unpercent(struct arena *a, const char *s, size_t len, bool plus);
/* name=value, percent-encoded, with & in front unless out is empty. NULL: nothing. */
void wire_form(struct buf *out, const char *name, const char *value);
/* "key":"value" with a comma in front behind a member; NULL: nothing. */
void wire_member(struct buf *out, const char *key, const char *value);
void wire_json(struct buf *out, const struct json *node); /* compact, numbers as they were */

/* ---- headers ---- */

/* NAME="value" or NAME=value among attributes with commas or blanks between; NULL. */
const char *wire_attribute(struct arena *a, const char *header, const char *name);
/* name:value and a line feed for each name of a list with semicolons. False if one is missing. */
bool wire_headers(const struct request *r, const char *list, struct buf *out);
bool wire_lists(const char *list, const char *name); /* is it in such a list? */
void wire_query(struct arena *a, const char *query, bool names, struct buf *out);
bool wire_same(const char *a, const char *b); /* NULL is like nothing; constant time */

/* ---- signing: everything ends in lower-case hex ---- */

#define WIRE_HEX 65
void wire_sha256(const void *data, size_t len, char hex[WIRE_HEX]);
void wire_hmac(const char *key, const void *data, size_t len, char hex[WIRE_HEX]);
void wire_md5(const struct buf *text, char hex[WIRE_HEX]);

/* ---- numbers and times ---- */

/* 13800000001 for +8613800000001, 008613800000001, 8613800000001; others as they are. */
const char *wire_number(struct arena *a, const char *given);
#define CHINA_MIN 480
#define WIRE_TIME 32
#define WIRE_LOCAL "%Y-%m-%d %H:%M:%S"
/* strftime with a zone given in minutes. Returns out. */
char *wire_time(int64_t at_ms, int zone_min, const char *format, char out[WIRE_TIME]);
/* 2024-11-08T03:56:55Z or 20241108T035655Z. 0 or -1. */
int wire_utc(const char *s, int64_t *at_ms);
/* Unix seconds as text, to milliseconds; nonsense becomes a time far away. */
int64_t wire_seconds(const char *s);
/* A UUID that follows from a number. */
char *wire_uuid(uint64_t n, char out[37]);

#endif
