/*
 * book: see book.h.
 *
 * An archive names its parts by relations: the package names the workbook, the workbook its sheets, its strings and styles.
 * Names are resolved inside the archive and looked up there; a name that leads out of it is an error, and nothing is ever
 * opened under one.
 *
 * Called by xlsx.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "book.h"
#include "xml.h"

#define PART_MAX 512
#define ID_MAX 64

struct part { /* one relation of the workbook */
    char id[ID_MAX];
    int64_t entry;
    bool worksheet;
};

struct loading {
    const char *path;
    struct pack *pack;
    struct book *book;
    struct xml *xml;
    char workbook[PART_MAX]; /* its part */
    char (*ids)[ID_MAX];     /* relation of each sheet */
    struct part *parts;
    size_t n_parts;
};

static const char save_anew[] = "open it in a spreadsheet program and save it anew as .xlsx";

/* ---- names of parts ---- */

/* target, as the part `from` names it, with its folders resolved; -1: it leads out of the archive, or is too long. */
static int resolve(const char *from, const char *target, char out[PART_MAX])
{
    const char *slash = strrchr(from, '/');
    size_t len = target[0] == '/' || !slash ? 0 : (size_t)(slash - from);

    if (len >= PART_MAX || strlen(target) >= PART_MAX)
        return -1;
    memcpy(out, from, len);
    while (*target != '\0') {
        size_t n = strcspn(target, "/\\");
        if (n == 2 && memcmp(target, "..", 2) == 0) {
            if (len == 0)
                return -1;
            while (len > 0 && out[--len] != '/')
                ;
        } else if (n > 0 && !(n == 1 && target[0] == '.')) {
            if (len + n + 2 > PART_MAX)
                return -1;
            if (len > 0)
                out[len++] = '/';
            memcpy(out + len, target, n);
            len += n;
        }
        target += n + (target[n] != '\0');
    }
    out[len] = '\0';
    return 0;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = s ? strlen(s) : 0, k = strlen(end);

    return n >= k && strcmp(s + n - k, end) == 0;
}

static void on_end(void *ctx, const char *name)
{
    (void)ctx;
    (void)name;
}

/* One part through its handler; the name is the archive's. 1: there is none. */
static int read_part(struct loading *l, const char *part,
                     void (*start)(void *, const char *, const char **), struct err *e)
{
    const struct xml_handlers handlers = {start, on_end, NULL};
    int64_t index = pack_find(l->pack, part);

    if (index < 0)
        return 1;
    struct pack_entry *entry = pack_entry_open(l->pack, index, e);
    if (!entry)
        return -1;
    l->xml = xml_open_take(l->path, entry, "its list of parts", &handlers, l);
    int rc = xml_run(l->xml, e);
    xml_close(l->xml);
    return rc;
}

/* ---- relations ---- */

/* The target of a relation inside the archive; NULL: another thing. */
static const char *relation(struct loading *l, const char *from, const char *name,
                            const char **attributes, char out[PART_MAX])
{
    const char *mode = xml_attribute(attributes, "TargetMode");
    const char *target = xml_attribute(attributes, "Target");

    if (strcmp(name, "Relationship") != 0 || !target || (mode && strcmp(mode, "External") == 0))
        return NULL;
    if (resolve(from, target, out)) {
        xml_fail(l->xml, save_anew, "a part is named as a file outside of the workbook");
        return NULL;
    }
    return out;
}

static void on_package(void *ctx, const char *name, const char **attributes)
{
    struct loading *l = ctx;
    char part[PART_MAX];

    if (ends_with(xml_attribute(attributes, "Type"), "/officeDocument") &&
        relation(l, "", name, attributes, part))
        memcpy(l->workbook, part, sizeof part);
}

static void on_relation(void *ctx, const char *name, const char **attributes)
{
    struct loading *l = ctx;
    const char *type = xml_attribute(attributes, "Type"), *id = xml_attribute(attributes, "Id");
    char part[PART_MAX];
    bool sheet = ends_with(type, "/worksheet");

    if (!sheet && !ends_with(type, "/sharedStrings") && !ends_with(type, "/styles"))
        return;
    if (!relation(l, l->workbook, name, attributes, part))
        return;
    int64_t entry = pack_find(l->pack, part);
    if (!sheet) {
        *(ends_with(type, "/styles") ? &l->book->styles : &l->book->strings) = entry;
    } else if (l->n_parts < BOOK_SHEETS_MAX && id && strlen(id) < ID_MAX) {
        struct part *p = &l->parts[l->n_parts++];
        strcpy(p->id, id);
        p->entry = entry;
        p->worksheet = true;
    }
}

/* ---- the workbook ---- */

static bool truth(const char *text)
{
    return text && (strcmp(text, "1") == 0 || strcmp(text, "true") == 0);
}

static void add_sheet(struct loading *l, const char **attributes)
{
    const char *name = xml_attribute(attributes, "name");
    const char *state = xml_attribute(attributes, "state");
    const char *id = NULL;

    /* "r:id", whatever its prefix; "sheetId" is another. */
    for (const char **a = attributes; *a; a += 2)
        if (strchr(*a, ':') && ends_with(*a, ":id"))
            id = a[1];
    if (l->book->n == BOOK_SHEETS_MAX || !name || !id || strlen(id) >= ID_MAX) {
        xml_fail(l->xml, save_anew,
                 l->book->n == BOOK_SHEETS_MAX ? "more sheets than are read"
                                               : "a sheet without a name or a part");
        return;
    }
    struct book_sheet *s = &l->book->sheets[l->book->n];
    snprintf(s->name, sizeof s->name, "%s", name);
    for (size_t n = strlen(s->name); n > 0 && strlen(name) >= sizeof s->name; n--) {
        bool cut = ((unsigned char)name[n] & 0xC0) == 0x80;
        s->name[n] = '\0';
        if (!cut)
            break;
    }
    s->hidden = state && strcmp(state, "visible") != 0;
    strcpy(l->ids[l->book->n++], id);
}

static void on_workbook(void *ctx, const char *name, const char **attributes)
{
    struct loading *l = ctx;

    if (strcmp(name, "workbookPr") == 0)
        l->book->epoch_1904 = truth(xml_attribute(attributes, "date1904"));
    else if (strcmp(name, "sheet") == 0)
        add_sheet(l, attributes);
}

/* What people name .xlsx, or hand over instead. */
static int no_workbook(const struct loading *l, struct err *e)
{
    static const struct {
        const char *folder, *what, *remedy;
    } others[] = {
        {"xl/workbook.bin", "a binary Excel workbook (.xlsb)", "open it and save it as .xlsx"},
        {"word/", "a Word document", "copy its table into a spreadsheet and save it as .xlsx"},
        {"ppt/", "a PowerPoint presentation",
         "copy its table into a spreadsheet and save it as .xlsx"},
        {"content.xml", "an OpenDocument file (.ods)", "open it and save it as .xlsx"},
        {"META-INF/", "an archive of another program", "unpack it, or save the list as .xlsx"},
    };

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (pack_has_folder(l->pack, others[i].folder))
            return err_set(e, ERR_DATA, others[i].remedy, "%s is %s, which is not read", l->path,
                           others[i].what);
    return err_set(e, ERR_DATA, "unpack it first, if it is an archive of files",
                   "%s is a ZIP archive without a workbook in it", l->path);
}

/* Sheets without a worksheet's part are charts: they go. */
static void join(struct loading *l)
{
    struct book *b = l->book;
    size_t kept = 0;

    for (size_t i = 0; i < b->n; i++) {
        b->sheets[i].entry = -1;
        for (size_t k = 0; k < l->n_parts; k++)
            if (strcmp(l->parts[k].id, l->ids[i]) == 0)
                b->sheets[i].entry = l->parts[k].entry;
        if (b->sheets[i].entry >= 0)
            b->sheets[kept++] = b->sheets[i];
    }
    b->n = kept;
}

static int load(struct loading *l, struct err *e)
{
    char relations[PART_MAX + 16];

    strcpy(l->workbook, "xl/workbook.xml");
    if (read_part(l, "_rels/.rels", on_package, e) < 0)
        return -1;
    int rc =
        pack_has_folder(l->pack, "xl/workbook.bin") ? 1 : read_part(l, l->workbook, on_workbook, e);
    if (rc)
        return rc < 0 ? -1 : no_workbook(l, e);
    const char *slash = strrchr(l->workbook, '/');
    int folder = slash ? (int)(slash - l->workbook) + 1 : 0;
    snprintf(relations, sizeof relations, "%.*s_rels/%s.rels", folder, l->workbook,
             l->workbook + folder);
    if (read_part(l, relations, on_relation, e) < 0)
        return -1;
    join(l);
    if (l->book->n == 0)
        return err_set(e, ERR_DATA, save_anew, "%s has no worksheet", l->path);
    return 0;
}

int book_load(const char *path, struct pack *p, struct book *b, struct err *e)
{
    struct loading l = {.path = path, .pack = p, .book = b};

    *b = (struct book){.strings = -1, .styles = -1};
    b->sheets = calloc(BOOK_SHEETS_MAX, sizeof *b->sheets);
    l.ids = calloc(BOOK_SHEETS_MAX, sizeof *l.ids);
    l.parts = calloc(BOOK_SHEETS_MAX, sizeof *l.parts);
    if (!b->sheets || !l.ids || !l.parts)
        panic("out of memory");
    int rc = load(&l, e);
    free(l.ids);
    free(l.parts);
    if (rc)
        book_fini(b);
    return rc;
}

void book_fini(struct book *b)
{
    free(b->sheets);
    b->sheets = NULL;
}

/* ---- which sheet ---- */

struct choosing {
    const char *path;
    struct pack *pack;
    const struct book *book;
    struct xml *xml;
    bool filled;
};

static const char *name_of(void *ctx, size_t i)
{
    return ((const struct choosing *)ctx)->book->sheets[i].name;
}

static bool hidden(void *ctx, size_t i)
{
    return ((const struct choosing *)ctx)->book->sheets[i].hidden;
}

/* Any value will do. */
static void on_cell(void *ctx, const char *name, const char **attributes)
{
    struct choosing *c = ctx;

    (void)attributes;
    if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0 || strcmp(name, "f") == 0) {
        c->filled = true;
        xml_pause(c->xml);
    }
}

static int filled(void *ctx, size_t i, struct err *e)
{
    static const struct xml_handlers handlers = {on_cell, on_end, NULL};
    struct choosing *c = ctx;
    const struct book_sheet *s = &c->book->sheets[i];
    struct pack_entry *entry = pack_entry_open(c->pack, s->entry, e);

    if (!entry)
        return -1;
    c->filled = false;
    c->xml = xml_open_take(c->path, entry, s->name, &handlers, c);
    int rc = xml_run(c->xml, e);
    xml_close(c->xml);
    return rc < 0 ? -1 : c->filled;
}

int book_choose(const char *path, struct pack *p, const struct book *b, const char *want,
                struct err *e)
{
    struct choosing c = {.path = path, .pack = p, .book = b};
    const struct sheets s = {b->n, name_of, hidden, filled, &c};

    return sheets_choose(path, &s, want, e);
}
