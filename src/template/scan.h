/*
 * scan: one source, tag by tag. Nothing here knows of programs.
 */
#ifndef TEMPLATE_SCAN_H
#define TEMPLATE_SCAN_H

#include <stddef.h>
#include "internal.h"

struct scan {
    const char *s;
    size_t len, at;
    const char *part; /* name of a partial, NULL: the text itself */
    int first_line;   /* of the source, in the file that it stands in */
    /* The last position asked for: tags come in order, so that a long text is walked once. */
    size_t seen, seen_line_from;
    int seen_line;
    char open[8], close[8];
};

struct tag {
    size_t from, to;  /* in the source, delimiters included */
    char kind;        /* 0 variable, & { # ^ / ! = > */
    const char *body; /* trimmed */
    size_t body_len;
    bool standalone; /* alone on its line, which is lines_from to lines_to */
    size_t lines_from, lines_to;
};

void scan_init(struct scan *c, const char *s, size_t len, const char *part, int first_line);
/* Line of a byte, and its column in characters. */
int scan_position(struct scan *c, size_t at, int *column);
/* ERR_DATA that names the place; -1. */
/* An error of somebody else's, with this place in front; -1. */
int scan_place(struct scan *c, size_t at, struct err *e);
int scan_fail(struct scan *c, size_t at, struct err *e, const char *what, const char *name);
/* The next tag behind `at`, whose kind may be standalone or not: 1, 0 if there is none, -1. */
int scan_tag(struct scan *c, struct tag *tag, struct err *e);
/* `{{=<% %>=}}` */
int scan_delimiters(struct scan *c, const struct tag *tag, struct err *e);
/* Is the tag's body a name? */
int scan_name(struct scan *c, const struct tag *tag, struct err *e);

#endif
