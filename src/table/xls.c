/*
 * xls: rows of a sheet of an old workbook (.xls), through freexl.
 *
 * freexl reads a whole workbook into memory and believes much of what a file says. So it does that in a process of its own
 * (xls_child.c), which has the file, a pipe and nothing else, 1 GiB of memory and two minutes of work, and can neither write files nor start anything (confine.h). What comes through
 * the pipe is checked here as if a stranger had sent it. If that process dies, the file is damaged, and we are not.
 *
 * Callers: table.c only.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "zhanchi/utf8.h"
#include "confine.h"
#include "reader.h"
#include "rowbuf.h"
#include "xls_child.h"

#define CHILD_BYTES (UINT64_C(1) << 30)
#define CHILD_SECONDS 120

struct xls {
    char *path;
    int64_t size;
    int64_t line;
    pid_t child;
    FILE *pipe;
    char sheet[256];
    bool ended;
    struct rowbuf row;
    struct buf text;
};

/* ---- the other process ---- */

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1 /* which maps terabytes */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

/* Where one cannot be set, the system's own stands. */
static void set_limits(void)
{
    const struct rlimit none = {0, 0}, seconds = {CHILD_SECONDS, CHILD_SECONDS};

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)setrlimit(RLIMIT_FSIZE, &none);
    (void)setrlimit(RLIMIT_NPROC, &none);
    (void)setrlimit(RLIMIT_CPU, &seconds);
#ifndef SANITIZED
    const struct rlimit bytes = {CHILD_BYTES, CHILD_BYTES};
    (void)setrlimit(RLIMIT_AS, &bytes);
#endif
}

/* Only the file and the pipe stay open: descriptors of the store have no business there. */
static void keep_two(int a, int b)
{
    unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);

    if (low > 3)
        (void)close_range(3, low - 1, 0);
    if (high > low + 1)
        (void)close_range(low + 1, high - 1, 0);
    (void)close_range(high + 1, ~0u, 0);
}

/* What a library says when it dies of a file is for nobody. */
static void silence(void)
{
    int null = open("/dev/null", O_RDWR);

    for (int i = 0; null >= 0 && i < 3; i++)
        (void)dup2(null, i);
}

_Noreturn static void run_child(const char *path, int fd, const char *want, int to)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN); /* the terminal's keys are for the reader of the pipe */
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    keep_two(fd, to);
    silence();
    set_limits();
    (void)confine(); /* without it there are still the limits */
    FILE *out = chdir("/") == 0 ? fdopen(to, "wb") : NULL;
    _exit(out && xls_child(path, fd, want, out) == 0 ? 0 : 1);
}

static int start(struct xls *x, int fd, const char *want, struct err *e)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return err_errno(e, ERR_OS, NULL, "cannot make a pipe");
    x->child = fork();
    if (x->child == 0) {
        close(ends[0]);
        run_child(x->path, fd, want, ends[1]);
    }
    close(ends[1]);
    if (x->child < 0) {
        close(ends[0]);
        return err_errno(e, ERR_OS, NULL, "cannot start a process");
    }
    x->pipe = fdopen(ends[0], "rb");
    if (!x->pipe)
        panic("out of memory");
    return 0;
}

static void stop(struct xls *x)
{
    if (x->pipe)
        fclose(x->pipe);
    x->pipe = NULL;
    if (x->child <= 0)
        return;
    kill(x->child, SIGKILL);
    while (waitpid(x->child, NULL, 0) < 0 && errno == EINTR)
        ;
    x->child = 0;
}

/* ---- what it says ---- */

static int broken(const struct xls *x, struct err *e)
{
    return err_set(
        e, ERR_DATA,
        "get it again from its source, or open it in a spreadsheet program and save it as .xlsx",
        "%s is damaged: reading it failed behind row %lld", x->path, (long long)x->line);
}

static bool get(struct xls *x, void *out, size_t len)
{
    return fread(out, 1, len, x->pipe) == len;
}

/* A text into x->text, whatever its length; what a cell cannot hold is read and dropped. */
static bool get_text(struct xls *x)
{
    char piece[4096];
    uint32_t left;

    buf_reset(&x->text);
    if (!get(x, &left, sizeof left) || left > TABLE_ROW_MAX)
        return false;
    while (left > 0) {
        size_t n = left < sizeof piece ? left : sizeof piece;
        if (!get(x, piece, n))
            return false;
        buf_add(&x->text, piece, n);
        left -= (uint32_t)n;
    }
    return utf8_valid(buf_cstr(&x->text), x->text.len, NULL) &&
           !memchr(buf_cstr(&x->text), '\0', x->text.len);
}

static int get_error(struct xls *x, struct err *e)
{
    struct err said;

    if (!get(x, &said, sizeof said) || (said.kind != ERR_DATA && said.kind != ERR_USAGE))
        return broken(x, e);
    said.what[sizeof said.what - 1] = said.remedy[sizeof said.remedy - 1] = '\0';
    *e = said;
    return -1;
}

static int get_row(struct xls *x, struct err *e)
{
    int64_t line;
    uint32_t n;

    rowbuf_reset(&x->row);
    if (!get(x, &line, sizeof line) || !get(x, &n, sizeof n) || line <= x->line || n > 65536)
        return broken(x, e);
    for (uint32_t i = 0; i < n; i++) {
        if (!get_text(x))
            return broken(x, e);
        rowbuf_add(&x->row, buf_cstr(&x->text), x->text.len);
    }
    x->line = line;
    return 1;
}

static int get_sheet(struct xls *x, struct err *e)
{
    int kind = fgetc(x->pipe);

    if (kind == XLS_ERROR)
        return get_error(x, e);
    if (kind != XLS_SHEET || !get_text(x))
        return broken(x, e);
    snprintf(x->sheet, sizeof x->sheet, "%s", buf_cstr(&x->text));
    return 0;
}

/* ---- the format ---- */

static bool xls_knows(const unsigned char *head, size_t len)
{
    static const unsigned char magic[] = {0xD0, 0xCF, 0x11, 0xE0};

    return len >= sizeof magic && memcmp(head, magic, sizeof magic) == 0;
}

static void xls_close(void *r)
{
    struct xls *x = r;

    stop(x);
    rowbuf_fini(&x->row);
    buf_fini(&x->text);
    free(x->path);
    free(x);
}

static void *xls_open(const struct reader_input *in, const struct table_opts *opts, struct err *e)
{
    struct xls *x = calloc(1, sizeof *x);

    if (!x || !(x->path = strdup(in->path)))
        panic("out of memory");
    x->size = in->size;
    rowbuf_init(&x->row);
    buf_init(&x->text, TABLE_ROW_MAX);
    if (start(x, in->fd, opts->sheet, e) || get_sheet(x, e)) {
        xls_close(x);
        return NULL;
    }
    return x;
}

static int xls_next(void *r, struct table_row *row, struct err *e)
{
    struct xls *x = r;
    int kind = x->ended ? XLS_END : fgetc(x->pipe);

    x->ended = kind == XLS_END;
    if (x->ended)
        return 0;
    if (kind != XLS_ROW)
        return broken(x, e);
    int rc = get_row(x, e);
    if (rc == 1)
        rowbuf_give(&x->row, x->line, row);
    return rc;
}

/* All of the file has been read before the first row; at most 65,536 follow. */
static int64_t xls_done(const void *r)
{
    const struct xls *x = r;

    return x->ended ? x->size : x->size * x->line / 65537;
}

static const char *xls_sheet(const void *r)
{
    return ((const struct xls *)r)->sheet;
}

const struct reader reader_xls = {
    .name = "xls",
    .form = "XLS",
    .knows = xls_knows,
    .open = xls_open,
    .next = xls_next,
    .done = xls_done,
    .sheet = xls_sheet,
    .close = xls_close,
};
