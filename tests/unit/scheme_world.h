/*
 * scheme_world: a request, a place for what a scheme adds, and a callback whose headers can be set: for tests of schemes.
 */
#ifndef ZHANCHI_TESTS_SCHEME_WORLD_H
#define ZHANCHI_TESTS_SCHEME_WORLD_H

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "scheme.h"

#define SCHEME_MAX (8u << 20)

struct outcome {
    struct buf headers, params, canonical, to_sign;
    struct scheme_out out;
};

static inline void outcome_init(struct outcome *s)
{
    buf_init(&s->headers, SCHEME_MAX);
    buf_init(&s->params, SCHEME_MAX);
    buf_init(&s->canonical, SCHEME_MAX);
    buf_init(&s->to_sign, SCHEME_MAX);
    s->out = (struct scheme_out){&s->headers, &s->params, &s->canonical, &s->to_sign};
}

static inline void outcome_reset(struct outcome *s)
{
    buf_reset(&s->headers);
    buf_reset(&s->params);
    buf_reset(&s->canonical);
    buf_reset(&s->to_sign);
}

static inline void outcome_fini(struct outcome *s)
{
    buf_fini(&s->headers);
    buf_fini(&s->params);
    buf_fini(&s->canonical);
    buf_fini(&s->to_sign);
}

/* Value in a "Name: value" NUL list, or NULL. */
static inline const char *header_in(const struct buf *headers, const char *name)
{
    size_t n = strlen(name);

    for (size_t at = 0; at < headers->len; at += strlen(headers->data + at) + 1)
        if (strncasecmp(headers->data + at, name, n) == 0 &&
            strncmp(headers->data + at + n, ": ", 2) == 0)
            return headers->data + at + n + 2;
    return NULL;
}

/* "Name: value" lines of a callback; the last of a name counts. */
struct heard {
    const char *name[8];
    char value[8][600];
    size_t n;
};

static inline void hear(struct heard *h, const char *name, const char *value)
{
    size_t i = 0;

    while (i < h->n && strcasecmp(h->name[i], name) != 0)
        i++;
    ck_assert_uint_lt(i, 8);
    h->name[i] = name;
    snprintf(h->value[i], sizeof h->value[i], "%s", value);
    h->n += i == h->n;
}

static inline const char *heard(void *ctx, const char *name)
{
    const struct heard *h = ctx;

    for (size_t i = 0; i < h->n; i++)
        if (strcasecmp(h->name[i], name) == 0)
            return h->value[i];
    return NULL;
}

static inline void refused(scheme_verify_fn *verify, const struct scheme_callback *c,
                           const char *why)
{
    struct err e = {.what = "(taken)"};
    int rc = verify(c, &e);

    ck_assert_msg(rc == -1 && strstr(e.what, why) != NULL, "expected \"%s\", got %d \"%s\"", why,
                  rc, e.what);
    ck_assert_int_eq(e.kind, ERR_PERM);
}

static inline void taken(scheme_verify_fn *verify, const struct scheme_callback *c)
{
    struct err e = {.what = "untouched"};
    int rc = verify(c, &e);

    ck_assert_msg(rc == 0, "%s", e.what);
    ck_assert_str_eq(e.what, "untouched");
}

#endif
