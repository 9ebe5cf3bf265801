/*
 * text: what the program makes of phone numbers, citizen numbers and texts. One item a line on
 * standard input, one JSON object a line out, in the same order, flushed line by line: a script can
 * hold it open as a filter. Nothing is stored, no configuration is read.
 *
 * The items never stand in argv (other users can read it), and an item that is refused is not
 * printed back: only a usable value is. A refused item is an answer, no error: the exit status
 * tells only whether the input could be read.
 */
#include <string.h>
#include "zhanchi/citizen.h"
#include "zhanchi/civil.h"
#include "zhanchi/json.h"
#include "zhanchi/phone.h"
#include "zhanchi/region.h"
#include "zhanchi/segment.h"
#include "zhanchi/utf8.h"
#include "cli.h"

#define LINE_MAX_BYTES 4098 /* 4 KiB, its end, NUL */
#define PARTS_MAX 64
#define DEAR_MAX 32

struct frame { /* what is put around a text that is counted */
    bool gsm;
    const char *signature, *hint; /* NULL: none */
};
typedef void answer_fn(const char *item, size_t len, const struct frame *f, struct json_w *w);

static void key_text(struct json_w *w, const char *key, const char *value)
{
    json_w_key(w, key);
    if (value != NULL)
        json_w_str(w, value);
    else
        json_w_null(w);
}

static void answer_phone(const char *item, size_t len, const struct frame *f, struct json_w *w)
{
    (void)f;
    static const char *const classes[] = {"basic", "virtual", "data-card"};
    struct phone p;
    bool valid = phone_parse(item, len, &p);

    json_w_key(w, "valid");
    json_w_bool(w, valid);
    key_text(w, "number", valid ? p.number : NULL);
    key_text(w, "reason", valid ? NULL : phone_reason_name(p.reason));
    key_text(w, "class", valid ? classes[p.class] : NULL);
    json_w_key(w, "repaired");
    json_w_bool(w, p.repaired);
}

static void answer_id(const char *item, size_t len, const struct frame *f, struct json_w *w)
{
    (void)f;
    static const char *const kinds[] = {"citizen18", "citizen15", "residence-permit"};
    struct citizen c;
    bool valid = citizen_parse(item, len, &c);
    char birth[11], sex[2] = {c.sex, '\0'};

    json_w_key(w, "valid");
    json_w_bool(w, valid);
    key_text(w, "number", valid ? c.number : NULL);
    key_text(w, "reason", valid ? NULL : citizen_reason_name(c.reason));
    key_text(w, "upgraded", valid ? c.upgraded : NULL);
    key_text(w, "kind", valid ? kinds[c.kind] : NULL);
    key_text(w, "birth", valid ? civil_format(c.birth_day, birth) : NULL);
    key_text(w, "sex", valid ? sex : NULL);
    /* Where it was first given out; no word about where the person is insured. */
    const struct region *r = valid ? region_by_code(c.number) : NULL;
    key_text(w, "issued_in", r != NULL ? r->name : NULL);
    json_w_key(w, "code_abolished");
    json_w_bool(w, r != NULL && !r->now);
    json_w_key(w, "repaired");
    json_w_bool(w, c.repaired);
}

static void put_dear(struct json_w *w, const char *key, const struct segment_char *c, size_t n)
{
    json_w_key(w, key);
    json_w_open(w, '[');
    for (size_t i = 0; i < n; i++) {
        char text[5] = "", cp[16];
        utf8_put(text, c[i].cp);
        snprintf(cp, sizeof cp, "U+%04X", (unsigned)c[i].cp);
        json_w_open(w, '{');
        key_text(w, "character", text);
        key_text(w, "code_point", cp);
        json_w_key(w, "times");
        json_w_int(w, (int64_t)c[i].times);
        json_w_key(w, "at");
        json_w_int(w, (int64_t)c[i].at);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void put_count(const char *text, size_t len, bool gsm, struct json_w *w)
{
    struct segment_char dear[DEAR_MAX];
    uint16_t units[PARTS_MAX];
    struct segments s;

    segment_count(text, len, gsm ? SEGMENT_GSM : SEGMENT_MAINLAND, &s, units, PARTS_MAX);
    key_text(w, "encoding", s.gsm7 ? "GSM-7" : "UCS-2");
    json_w_key(w, "characters");
    json_w_int(w, (int64_t)utf8_count(text, len));
    json_w_key(w, "units");
    json_w_int(w, (int64_t)s.units);
    json_w_key(w, "segments");
    json_w_int(w, (int64_t)s.parts);
    json_w_key(w, "part_units");
    json_w_open(w, '[');
    for (size_t i = 0; i < s.parts && i < PARTS_MAX; i++)
        json_w_int(w, units[i]);
    json_w_close(w, ']');
    put_dear(w, "forces_ucs2", dear,
             segment_dear(text, len, SEGMENT_FORCING, s.gsm7, dear, DEAR_MAX));
    put_dear(w, "double", dear, segment_dear(text, len, SEGMENT_DOUBLE, s.gsm7, dear, DEAR_MAX));
}

/* As it is sent: the signature in front and the hint behind are billed too. */
static void answer_count(const char *item, size_t len, const struct frame *f, struct json_w *w)
{
    struct buf text;
    size_t bad;

    json_w_key(w, "valid");
    if (!utf8_valid(item, len, &bad)) {
        json_w_bool(w, false);
        key_text(w, "reason", "utf-8");
        json_w_key(w, "offset");
        json_w_int(w, (int64_t)bad);
        return;
    }
    json_w_bool(w, true);
    buf_init(&text, 1u << 20);
    if (f->signature != NULL)
        buf_addf(&text, "【%s】", f->signature);
    buf_add(&text, item, len);
    if (f->hint != NULL)
        buf_adds(&text, f->hint);
    put_count(buf_cstr(&text), text.len, f->gsm, w);
    buf_fini(&text);
}

static int each_line(answer_fn *answer, const struct frame *f, struct err *e)
{
    char line[LINE_MAX_BYTES];
    struct buf out;
    int rc;

    buf_init(&out, 1u << 20);
    while ((rc = cli_read_line(line, sizeof line, e)) == 1) {
        struct json_w w;
        buf_reset(&out);
        json_w_init(&w, &out);
        json_w_open(&w, '{');
        answer(line, strlen(line), f, &w);
        json_w_close(&w, '}');
        puts(buf_cstr(&out));
        fflush(stdout);
    }
    buf_fini(&out);
    return rc;
}

static int run_phone(struct cli *cli, const struct cli_args *a, struct err *e)
{
    (void)cli;
    (void)a;
    return each_line(answer_phone, NULL, e);
}

static int run_id(struct cli *cli, const struct cli_args *a, struct err *e)
{
    (void)cli;
    (void)a;
    return each_line(answer_id, NULL, e);
}

enum { COUNT_GSM, COUNT_SIGNATURE, COUNT_HINT };
static const struct cli_option count_options[] = {
    {"gsm", NULL, N_("GSM-7 where the text allows (160/153), else UCS-2")},
    {"signature", "NAME", N_("count 【NAME】 in front of each text, as it is sent")},
    {"hint", "TEXT", N_("count TEXT behind each text: the refusal hint that a gateway appends")},
    CLI_END};

static int run_count(struct cli *cli, const struct cli_args *a, struct err *e)
{
    const struct frame f = {.gsm = a->value[COUNT_GSM] != NULL,
                            .signature = a->value[COUNT_SIGNATURE],
                            .hint = a->value[COUNT_HINT]};
    size_t bad;
    (void)cli;

    for (int i = COUNT_SIGNATURE; i <= COUNT_HINT; i++)
        if (a->value[i] != NULL && !utf8_valid(a->value[i], strlen(a->value[i]), &bad))
            return err_set(e, ERR_USAGE, _("write it in UTF-8"), _("--%s is not UTF-8"),
                           count_options[i].name);
    return each_line(answer_count, &f, e);
}

static const struct command text_phone = {
    .name = "phone", .help = N_("phone numbers as lists hold them"), .run = run_phone};
static const struct command text_id = {
    .name = "id", .help = N_("citizen identification numbers"), .run = run_id};
static const struct command text_count = {
    .name = "count",
    .args = "[--gsm] [--signature NAME] [--hint TEXT]",
    .help = N_("billed segments of texts, as mainland gateways count (70/67)"),
    .options = count_options,
    .run = run_count};
static const struct command *const verbs[] = {&text_count, &text_phone, &text_id, NULL};

extern const struct command cmd_text;
const struct command cmd_text = {
    .name = "text",
    .args = "count|phone|id",
    .help = N_("judge items of standard input: one a line, one JSON object a line out"),
    .verbs = verbs};
