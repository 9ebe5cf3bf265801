/*
 * rejects: the rejects file: what a person needs to repair the list, and nothing of a person in it that is not masked.
 *
 * CSV with a byte order mark, so that a spreadsheet opens it as UTF-8. It is written beside its place under a temporary name, 0600, and gets its
 * name when it is complete and on the disk: who finds it finds all of it. Called by import.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/fsio.h"
#include "zhanchi/i18n.h"
#include "internal.h"

#define FLUSH_BYTES 65536

struct reject_file {
    const char *(*translate)(const char *);
    struct fs_draft file;
    bool open;
    struct buf out;
};

static int flush(struct reject_file *f, struct err *e)
{
    int rc = fs_draft_put(&f->file, f->out.data, f->out.len, e);

    buf_reset(&f->out);
    return rc;
}

static void add_text(struct reject_file *f, const char *s, bool first)
{
    table_csv_field(&f->out, s, strlen(s), first);
}

static void add_head(struct reject_file *f)
{
    static const char *const titles[] = {N_("line"),  N_("column"), N_("header"),
                                         N_("value"), N_("reason"), N_("remedy")};

    buf_adds(&f->out, "\xEF\xBB\xBF");
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
        add_text(f, f->translate(titles[i]), i == 0);
    buf_adds(&f->out, "\r\n");
}

static const char *as_it_is(const char *text)
{
    return text;
}

int rejects_open(const char *path, const char *(*translate)(const char *), struct reject_file **out,
                 struct err *e)
{
    *out = NULL;
    if (!path)
        return 0;
    struct reject_file *f = calloc(1, sizeof *f);
    if (!f)
        panic("out of memory");
    f->translate = translate ? translate : as_it_is;
    buf_init(&f->out, 4 * FLUSH_BYTES);
    if (fs_draft_begin(&f->file, path, 0600, e) != 0) {
        buf_fini(&f->out);
        free(f);
        return -1;
    }
    f->open = true;
    add_head(f);
    *out = f;
    return 0;
}

int rejects_add(struct reject_file *f, const struct list_reject *r, struct err *e)
{
    char number[24];

    if (!f)
        return 0;
    snprintf(number, sizeof number, "%lld", (long long)r->line);
    add_text(f, number, true);
    snprintf(number, sizeof number, "%d", r->column);
    add_text(f, r->column > 0 ? number : "", false);
    add_text(f, r->header, false);
    add_text(f, r->masked, false);
    add_text(f, f->translate(intake_reason_text(r->reason)), false);
    add_text(f, f->translate(intake_reason_remedy(r->reason)), false);
    buf_adds(&f->out, "\r\n");
    if (f->out.failed)
        panic("a reject of more than %d bytes", 3 * FLUSH_BYTES);
    return f->out.len >= FLUSH_BYTES ? flush(f, e) : 0;
}

int rejects_finish(struct reject_file *f, struct err *e)
{
    if (!f)
        return 0;
    f->open = false;
    return fs_draft_end(&f->file, flush(f, e), e);
}

void rejects_close(struct reject_file *f)
{
    struct err ignored;

    if (!f)
        return;
    if (f->open)
        (void)fs_draft_end(&f->file, -1, &ignored);
    buf_fini(&f->out);
    free(f);
}
