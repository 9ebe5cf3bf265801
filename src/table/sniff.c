/*
 * sniff: see sniff.h. Pure.
 *
 * Each candidate splits the first lines, quotes respected. The one that gives the most lines of one
 * and the same number of cells (at least two) wins; the comma wins a draw, then the others in their
 * order. Title rows above the header have one cell and count for nobody.
 */
#include <stdbool.h>
#include <string.h>
#include "sniff.h"

#define LINES 32
#define CELLS 256 /* lines with more are counted as having so many */

static const char candidates[] = {',', '\t', ';', '|'};

struct split {
    char delimiter;
    unsigned seen[CELLS + 1]; /* lines by their number of cells */
    unsigned lines, cells;
    bool quoted, text; /* inside quotes; the line has something in it */
};

static void end_line(struct split *s)
{
    if (s->text && s->lines < LINES) {
        s->seen[s->cells < CELLS ? s->cells : CELLS]++;
        s->lines++;
    }
    s->cells = 1;
    s->text = false;
}

static void feed(struct split *s, char c)
{
    if (c == '"') /* a doubled quote ends and begins anew */
        s->quoted = !s->quoted;
    else if (!s->quoted && c == s->delimiter)
        s->cells++;
    if (!s->quoted && (c == '\n' || c == '\r'))
        end_line(s);
    else
        s->text = true;
}

/* Lines of the most frequent number of cells above one. */
static unsigned agreement(char delimiter, const char *text, size_t len, bool whole)
{
    struct split s = {.delimiter = delimiter, .cells = 1};
    unsigned best = 0;

    for (size_t i = 0; i < len && s.lines < LINES; i++)
        feed(&s, text[i]);
    if (whole)
        end_line(&s);
    for (size_t n = 2; n <= CELLS; n++)
        if (s.seen[n] > best)
            best = s.seen[n];
    return best;
}

char sniff_delimiter(const char *text, size_t len, bool whole)
{
    char found = candidates[0];
    unsigned most = 0;

    for (size_t i = 0; i < sizeof candidates; i++) {
        unsigned n = agreement(candidates[i], text, len, whole);
        if (n > most) {
            most = n;
            found = candidates[i];
        }
    }
    return found;
}
