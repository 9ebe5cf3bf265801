/*
 * buf: see buf.h. Invariant: data == NULL, or cap > len and data[len] == 0, and cap <= max + 1.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/buf.h"
#include "zhanchi/err.h"

void buf_init(struct buf *b, size_t max_bytes)
{
    /* A quarter of the address space limits nobody, and sums cannot overflow. */
    *b = (struct buf){.max = max_bytes < SIZE_MAX / 4 ? max_bytes : SIZE_MAX / 4};
}

void buf_fini(struct buf *b)
{
    free(b->data);
    *b = (struct buf){.max = b->max};
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->data != NULL)
        b->data[0] = '\0';
}

char *buf_reserve(struct buf *b, size_t n)
{
    if (b->failed || n > b->max || b->len > b->max - n) {
        b->failed = true;
        return NULL;
    }
    if (b->len + n + 1 > b->cap) {
        size_t cap = b->cap < 64 ? 64 : b->cap;
        while (cap < b->len + n + 1)
            cap *= 2;
        if (cap > b->max + 1)
            cap = b->max + 1;
        char *data = realloc(b->data, cap);
        if (data == NULL)
            panic("out of memory");
        data[b->len] = '\0';
        b->data = data;
        b->cap = cap;
    }
    return b->data + b->len;
}

int buf_add(struct buf *b, const void *data, size_t len)
{
    char *at = buf_reserve(b, len);

    if (at == NULL)
        return -1;
    if (len > 0)
        memcpy(at, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return 0;
}

int buf_addc(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

int buf_adds(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

int buf_add_micro(struct buf *b, int64_t v)
{
    uint64_t n = v < 0 ? 0 - (uint64_t)v : (uint64_t)v, rest = n % 1000000;
    int digits = 6;

    while (digits > 0 && rest % 10 == 0) {
        rest /= 10;
        digits--;
    }
    buf_addf(b, "%s%llu", v < 0 ? "-" : "", (unsigned long long)(n / 1000000));
    return digits > 0 ? buf_addf(b, ".%0*llu", digits, (unsigned long long)rest)
                      : (b->failed ? -1 : 0);
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *at = n < 0 ? NULL : buf_reserve(b, (size_t)n);
    if (at == NULL)
        return -1;
    va_start(ap, fmt);
    vsnprintf(at, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
    return 0;
}

const char *buf_cstr(const struct buf *b)
{
    return b->data != NULL ? b->data : "";
}

char *buf_take(struct buf *b, size_t *len)
{
    if (b->data == NULL)
        buf_add(b, "", 0);
    char *data = b->data;
    if (len != NULL)
        *len = b->len;
    *b = (struct buf){.max = b->max};
    return data;
}
