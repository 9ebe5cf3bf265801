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

typedef void answer_fn(const char *item, size_t len, struct json_w *w);

static void key_text(struct json_w *w, const char *key, const char *value)
{
    json_w_key(w, key);
    if (value != NULL)
        json_w_str(w, value);
    else
        json_w_null(w);
}

static void answer_phone(const char *item, size_t len, struct json_w *w)
{
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

static void answer_id(const char *item, size_t len, struct json_w *w)
{
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

static void count(const char *item, size_t len, enum segment_mode mode, struct json_w *w)
{
    uint16_t units[PARTS_MAX];
    struct segments s;
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
    segment_count(item, len, mode, &s, units, PARTS_MAX);
    key_text(w, "encoding", s.gsm7 ? "GSM-7" : "UCS-2");
    json_w_key(w, "characters");
    json_w_int(w, (int64_t)utf8_count(item, len));
    json_w_key(w, "units");
    json_w_int(w, (int64_t)s.units);
    json_w_key(w, "segments");
    json_w_int(w, (int64_t)s.parts);
    json_w_key(w, "part_units");
    json_w_open(w, '[');
    for (size_t i = 0; i < s.parts && i < PARTS_MAX; i++)
        json_w_int(w, units[i]);
    json_w_close(w, ']');
    if (mode == SEGMENT_GSM && s.forces_ucs2 != 0) {
        char cp[16];
        snprintf(cp, sizeof cp, "U+%04X", (unsigned)s.forces_ucs2);
        key_text(w, "forces_ucs2", cp);
    }
}

static void answer_count(const char *item, size_t len, struct json_w *w)
{
    count(item, len, SEGMENT_MAINLAND, w);
}

static void answer_count_gsm(const char *item, size_t len, struct json_w *w)
{
    count(item, len, SEGMENT_GSM, w);
}

static int each_line(answer_fn *answer, struct err *e)
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
        answer(line, strlen(line), &w);
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
    return each_line(answer_phone, e);
}

static int run_id(struct cli *cli, const struct cli_args *a, struct err *e)
{
    (void)cli;
    (void)a;
    return each_line(answer_id, e);
}

enum { COUNT_GSM };
static const struct cli_option count_options[] = {
    {"gsm", NULL, N_("GSM-7 where the text allows (160/153), else UCS-2")}, CLI_END};

static int run_count(struct cli *cli, const struct cli_args *a, struct err *e)
{
    (void)cli;
    return each_line(a->value[COUNT_GSM] != NULL ? answer_count_gsm : answer_count, e);
}

static const struct command text_phone = {
    .name = "phone", .help = N_("phone numbers as lists hold them"), .run = run_phone};
static const struct command text_id = {
    .name = "id", .help = N_("citizen identification numbers"), .run = run_id};
static const struct command text_count = {
    .name = "count",
    .args = "[--gsm]",
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
