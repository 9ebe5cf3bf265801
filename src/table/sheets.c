/*
 * sheets: see sheets.h. Called by book.c and xls.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sheets.h"

/* "1 一月, 2 二月 ...", of those that are marked, or of all. */
static void list(const struct sheets *s, const bool *marked, char *out, size_t cap)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < s->n; i++) {
        const char *name = s->name(s->ctx, i);
        if (marked && !marked[i])
            continue;
        if (len + strlen(name) + 24 >= cap) {
            snprintf(out + len, cap - len, " ...");
            return;
        }
        len += (size_t)snprintf(out + len, cap - len, "%s%zu %s", len ? ", " : "", i + 1, name);
    }
}

static int named(const char *path, const struct sheets *s, const char *want, struct err *e)
{
    char all[300], *end;

    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->name(s->ctx, i), want) == 0)
            return (int)i;
    unsigned long number = strtoul(want, &end, 10);
    if (want[0] >= '0' && want[0] <= '9' && *end == '\0' && number >= 1 && number <= s->n)
        return (int)number - 1;
    list(s, NULL, all, sizeof all);
    return err_set(e, ERR_USAGE, "name one of them, or give its number",
                   "%s has no sheet \"%.80s\"; it has: %s", path, want, all);
}

/* Visible sheets with something in them are marked: how many, -1. */
static int mark(const struct sheets *s, bool *marked, struct err *e)
{
    int n = 0;

    for (size_t i = 0; i < s->n; i++) {
        int rc = s->hidden(s->ctx, i) ? 0 : s->filled(s->ctx, i, e);
        if (rc < 0)
            return -1;
        marked[i] = rc == 1;
        n += rc;
    }
    return n;
}

static int first(const struct sheets *s, const bool *marked)
{
    for (size_t i = 0; i < s->n; i++)
        if (marked ? marked[i] : !s->hidden(s->ctx, i))
            return (int)i;
    return 0;
}

int sheets_choose(const char *path, const struct sheets *s, const char *want, struct err *e)
{
    char several[300];
    int chosen;

    if (want)
        return named(path, s, want, e);
    if (s->n == 1)
        return 0;
    bool *marked = calloc(s->n, sizeof *marked);
    if (!marked)
        panic("out of memory");
    int n = mark(s, marked, e);
    if (n < 0) {
        chosen = -1;
    } else if (n > 1) {
        list(s, marked, several, sizeof several);
        chosen =
            err_set(e, ERR_DATA,
                    "say which one with --sheet NAME (or its number); each is a list of its own",
                    "%s has %d sheets with something in them: %s", path, n, several);
    } else {
        chosen = first(s, n == 1 ? marked : NULL);
    }
    free(marked);
    return chosen;
}
