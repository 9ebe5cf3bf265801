/*
 * output: progress bars, tables, numbers.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/json.h"
#include "zhanchi/utf8.h"
#include "cli.h"

#define DRAW_US 100000
#define COLUMNS_OUT_MAX 24

/* Two columns for Han and full-width characters, whatever the locale says. */
int cli_width(const char *s)
{
    size_t len = strlen(s);
    int width = 0;

    for (size_t i = 0; i < len;) {
        uint32_t cp = utf8_next(s, len, &i);
        bool wide = (cp >= 0x1100 && cp <= 0x115F) || (cp >= 0x2E80 && cp <= 0xA4CF) ||
                    (cp >= 0xAC00 && cp <= 0xD7A3) || (cp >= 0xF900 && cp <= 0xFAFF) ||
                    (cp >= 0xFE30 && cp <= 0xFE4F) || (cp >= 0xFF00 && cp <= 0xFF60) ||
                    (cp >= 0xFFE0 && cp <= 0xFFE6) || (cp >= 0x1F300 && cp <= 0x1FAFF) ||
                    (cp >= 0x20000 && cp <= 0x3FFFD);
        width += utf8_invisible(cp) ? 0 : wide ? 2 : 1;
    }
    return width;
}

void cli_label(const char *s, int width)
{
    int pad = width - cli_width(s);

    printf("%s%*s", s, pad > 0 ? pad : 0, "");
}

char *cli_number(int64_t v, char out[32])
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)v), o = 0;

    for (int i = 0; i < n; i++) {
        if (i > 0 && digits[i - 1] != '-' && (n - i) % 3 == 0)
            out[o++] = ',';
        out[o++] = digits[i];
    }
    out[o] = '\0';
    return out;
}

/* ---- progress bars ---- */

#define BAR_CELLS 24

static int terminal_width(void)
{
    struct winsize w;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 20 ? w.ws_col : 80;
}

static void time_left(int64_t elapsed_us, int64_t done, int64_t total, char out[32])
{
    out[0] = '\0';
    if (done <= 0 || total <= done || elapsed_us < 500000)
        return;
    int64_t s = (int64_t)((double)elapsed_us / (double)done * (double)(total - done) / 1e6) + 1;
    snprintf(out, 32, "  %lld:%02lld", (long long)(s / 60), (long long)(s % 60));
}

/* Without `counts` where the note has what matters, and the terminal is too narrow for both. */
static void line_of(const struct bar *b, int width, bool counts, int64_t done, int64_t total,
                    const char *note, char *line, size_t cap)
{
    char count[32], of[32], rate[32], left[32], cells[BAR_CELLS + 1], numbers[128] = "";
    int64_t elapsed = clock_mono_us() - b->began_us;
    int full = total > 0 ? (int)((double)width * (double)done / (double)total) : 0;

    for (int i = 0; i < width; i++)
        cells[i] = i < full ? '#' : '.';
    cells[width] = '\0';
    time_left(elapsed, done, total, left);
    cli_number(elapsed > 0 ? (int64_t)((double)done * 1e6 / (double)elapsed) : 0, rate);
    cli_number(done, count);
    if (counts && total > 0)
        snprintf(numbers, sizeof numbers, "  %s / %s  %s/s", count, cli_number(total, of), rate);
    else if (counts)
        snprintf(numbers, sizeof numbers, "  %s  %s/s", count, rate);
    if (total > 0)
        snprintf(line, cap, "%s [%s] %3d %%%s%s%s%s", b->what, cells, (int)(done * 100 / total),
                 numbers, left, note ? "  " : "", note ? note : "");
    else
        snprintf(line, cap, "%s%s%s%s", b->what, numbers, note ? "  " : "", note ? note : "");
}

static void draw(struct bar *b, int64_t done, int64_t total, const char *note)
{
    char line[512];

    line_of(b, BAR_CELLS, true, done, total, note, line, sizeof line);
    if (cli_width(line) >= terminal_width())
        line_of(b, BAR_CELLS / 2, false, done, total, note, line, sizeof line);
    if (cli_width(line) < terminal_width())
        fprintf(stderr, "\r%s\033[K", line);
    b->shown = true;
}

static int on_progress(void *ctx, int64_t done, int64_t total, const char *note)
{
    struct bar *b = ctx;
    int64_t now = clock_mono_us();

    if (b->tty && now - b->drawn_us >= DRAW_US) {
        b->drawn_us = now;
        draw(b, done > total && total > 0 ? total : done, total, note);
    }
    return b->cli->stop != NULL && *b->cli->stop;
}

struct progress bar_begin(struct bar *b, const struct cli *cli, const char *what)
{
    *b = (struct bar){.cli = cli,
                      .what = what,
                      .began_us = clock_mono_us(),
                      .tty = isatty(STDERR_FILENO) && !cli->json};
    return (struct progress){.fn = on_progress, .ctx = b};
}

void bar_end(struct bar *b)
{
    if (b->shown)
        fputs("\r\033[K", stderr);
    b->shown = false;
}

/* ---- tables ---- */

struct cell {
    char *text;
    bool number;
};

struct table_out {
    const struct cli *cli;
    const char *const *keys, *const *titles;
    size_t columns;
    struct cell *cells;
    size_t n, cap;
};

struct table_out *tout_new(const struct cli *cli, const char *const *keys,
                           const char *const *titles)
{
    struct table_out *t = calloc(1, sizeof *t);

    if (t == NULL)
        panic("out of memory");
    t->cli = cli;
    t->keys = keys;
    t->titles = titles;
    while (keys[t->columns] != NULL)
        t->columns++;
    if (t->columns > COLUMNS_OUT_MAX)
        panic("a table of %zu columns", t->columns);
    return t;
}

static void add(struct table_out *t, const char *s, bool number)
{
    if (t->n == t->cap) {
        t->cap = t->cap * 2 + 64;
        t->cells = realloc(t->cells, t->cap * sizeof *t->cells);
        if (t->cells == NULL)
            panic("out of memory");
    }
    char *copy = strdup(s);
    if (copy == NULL)
        panic("out of memory");
    /* Names and codes come from outside: they must not command the terminal. */
    for (char *p = copy; !t->cli->json && *p != '\0'; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7F)
            *p = '?';
    t->cells[t->n++] = (struct cell){copy, number};
}

void tout_text(struct table_out *t, const char *s)
{
    add(t, s, false);
}

void tout_int(struct table_out *t, int64_t v)
{
    char text[32];

    if (t->cli->json)
        snprintf(text, sizeof text, "%lld", (long long)v);
    else
        cli_number(v, text);
    add(t, text, true);
}

void tout_when(struct table_out *t, int64_t at_ms)
{
    char text[32] = "";

    if (at_ms != 0)
        civil_format_instant(at_ms, t->cli->zone_min, text);
    if (at_ms != 0 && !t->cli->json) {
        text[16] = '\0'; /* people need no seconds and no offset */
        text[10] = ' ';
    }
    add(t, text, false);
}

static void print_json(const struct table_out *t)
{
    struct buf out;
    struct json_w w;

    buf_init(&out, SIZE_MAX / 2);
    json_w_init(&w, &out);
    json_w_open(&w, '[');
    for (size_t i = 0; i + t->columns <= t->n; i += t->columns) {
        json_w_open(&w, '{');
        for (size_t k = 0; k < t->columns; k++) {
            json_w_key(&w, t->keys[k]);
            if (t->cells[i + k].number)
                json_w_int(&w, strtoll(t->cells[i + k].text, NULL, 10));
            else
                json_w_str(&w, t->cells[i + k].text);
        }
        json_w_close(&w, '}');
    }
    json_w_close(&w, ']');
    puts(buf_cstr(&out));
    buf_fini(&out);
}

static void print_cell(const char *s, int width, bool right, bool last)
{
    int pad = width - cli_width(s);

    if (right)
        printf("%*s%s", pad > 0 ? pad : 0, "", s);
    else
        cli_label(s, last ? 0 : width);
    fputs(last ? "\n" : "  ", stdout);
}

static void print_text(const struct table_out *t)
{
    int width[COLUMNS_OUT_MAX] = {0};

    for (size_t k = 0; k < t->columns; k++)
        width[k] = cli_width(_(t->titles[k]));
    for (size_t i = 0; i < t->n; i++) {
        int w = cli_width(t->cells[i].text);
        if (w > width[i % t->columns])
            width[i % t->columns] = w;
    }
    for (size_t k = 0; k < t->columns; k++)
        print_cell(_(t->titles[k]), width[k], t->n > k && t->cells[k].number, k + 1 == t->columns);
    for (size_t i = 0; i < t->n; i++)
        print_cell(t->cells[i].text, width[i % t->columns], t->cells[i].number,
                   (i + 1) % t->columns == 0);
}

void tout_end(struct table_out *t)
{
    if (t->cli->json)
        print_json(t);
    else
        print_text(t);
    for (size_t i = 0; i < t->n; i++)
        free(t->cells[i].text);
    free(t->cells);
    free(t);
}
