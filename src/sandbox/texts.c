/*
 * texts: verdicts on single texts and what becomes of them. Called by submit.c on the server's threads.
 *
 * Whether a number is vacant, black, unreachable or talkative depends on the number and the seed alone, so it is the same each time.
 */
#include <stdlib.h>
#include <string.h>
#include "sandbox.h"
#include "zhanchi/civil.h"

#define TEXT_UNITS 500
#define CHINA_MIN 480

struct code_row {
    const char *code, *message;
};

static const struct code_row codes[] = {
    {"0", "accepted"},
    {"F01", "flow control"},
    {"F02", "busy"},
    {"L01", "daily cap"},
    {"N01", "malformed number"},
    {"N02", "vacant number"},
    {"B01", "black list"},
    {"C01", "forbidden keyword"},
    {"C02", "signature missing"},
    {"C03", "text too long"},
    {"A01", "wrong signature"},
    {"A02", "time stamp out of range"},
    {"A03", "nonce used before"},
    {"A04", "no balance"},
    {"A05", "malformed request"},
    {"X01", "internal error"},
};

const char *texts_message(const char *code)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(codes[i].code, code) == 0)
            return codes[i].message;
    return "";
}

/* ---- reading ---- */

static const char *member(const struct json *n, const char *key)
{
    const struct json *v = json_get(n, key);

    return v && json_type_of(v) == J_STRING ? json_text(v, NULL) : NULL;
}

static bool ref_shape(const char *s)
{
    size_t n = 0;

    while (s[n] > ' ' && s[n] < 0x7f)
        n++;
    return s[n] == '\0' && n >= 1 && n <= 64;
}

static int read_item(const struct json *n, struct item *it)
{
    *it = (struct item){.ref = member(n, "ref"), .to = member(n, "to"), .text = member(n, "text")};
    return it->ref && it->to && it->text && ref_shape(it->ref) ? 0 : -1;
}

int texts_read(const struct json *root, bool batch, struct item *items, size_t *n)
{
    const struct json *list = batch ? json_get(root, "items") : NULL;

    if (json_type_of(root) != J_OBJECT)
        return -1;
    if (!batch) {
        *n = 1;
        return read_item(root, items);
    }
    *n = list && json_type_of(list) == J_ARRAY ? json_count(list) : 0;
    if (*n < 2 || *n > ITEMS_MAX)
        return -1;
    for (size_t i = 0; i < *n; i++)
        if (read_item(json_item(list, i), &items[i]) != 0)
            return -1;
    return 0;
}

/* ---- verdicts ---- */

static bool number_shape(const char *s)
{
    return strlen(s) == 11 && s[0] == '1' && s[strspn(s, "0123456789")] == '\0';
}

static int utf16_units(const char *s)
{
    int n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80 ? 1 + ((unsigned char)*s >= 0xf0) : 0;
    return n;
}

static bool signed_text(const char *s)
{
    const char *open = "【", *close = "】";

    return strncmp(s, open, strlen(open)) == 0 && strstr(s, close) != NULL;
}

static const char *verdict(struct sandbox *s, const struct item *it)
{
    const struct options *o = s->o;

    if (!number_shape(it->to))
        return "N01";
    if (chance_number(o->seed, CHOICE_VACANT, it->to, &o->vacant))
        return "N02";
    if (chance_number(o->seed, CHOICE_BLACK, it->to, &o->black) ||
        numbers_refused(s->numbers, it->to))
        return "B01";
    if (o->keyword && strstr(it->text, o->keyword))
        return "C01";
    if (!signed_text(it->text))
        return "C02";
    return utf16_units(it->text) > TEXT_UNITS ? "C03" : "0";
}

static void decide_fate(const struct options *o, struct item *it)
{
    static const char *const mixture[] = {"MK:0001", "MK:0001", "MK:0005",
                                          "DB:0142", "MK:0015", "IC:0151"};

    it->state = "DELIVRD";
    it->report = "000";
    if (chance_number(o->seed, CHOICE_UNDELIVERED, it->to, &o->undelivered)) {
        uint64_t pick = chance_hash(o->seed, CHOICE_CODE, strtoull(it->to, NULL, 10));
        it->state = "UNDELIV";
        it->report = o->undelivered_code ? o->undelivered_code
                                         : mixture[pick % (sizeof mixture / sizeof mixture[0])];
    } else if (chance_number(o->seed, CHOICE_REJECTED, it->to, &o->rejected)) {
        it->state = "REJECTD";
        it->report = "KEYWORD";
    } else if (chance_number(o->seed, CHOICE_EXPIRED, it->to, &o->expired)) {
        it->state = "EXPIRED";
        it->report = "";
    }
}

void texts_judge(struct sandbox *s, struct item *it)
{
    it->code = verdict(s, it);
    if (strcmp(it->code, "0") == 0)
        decide_fate(s->o, it);
}

void texts_charge(struct sandbox *s, struct item *it, int64_t now_ms)
{
    if (strcmp(it->code, "0") != 0)
        return;
    if (s->o->balance >= 0 && atomic_fetch_sub(&s->balance, 1) <= 0) {
        atomic_store(&s->balance, 0);
        it->code = "A04";
    } else if (s->o->daily_cap > 0 &&
               !numbers_count(s->numbers, it->to, civil_local_day(now_ms, CHINA_MIN),
                              s->o->daily_cap)) {
        it->code = "L01";
    }
}

/* ---- what becomes of it ---- */

static void reply(struct sandbox *s, const struct item *it, int64_t due_ms)
{
    static const char *const refusals[] = {"R",    "r",     "Ｒ",     "T",     "td", "ＴＤ ",
                                           "退订", " 退订", "“退订”", "T退订", "N",  "qx"};
    static const char *const answers[] = {
        "收到", "谢谢", "好的，明天去办", "请问在哪里办理？", "T恤已收到", "我不退订"};
    const struct options *o = s->o;
    uint64_t pick = chance_hash(o->seed, CHOICE_WORDS, (uint64_t)it->id);

    if (chance_number(o->seed, CHOICE_REFUSE, it->to, &o->refuse))
        reports_reply(s->reports, it->id, it->to,
                      refusals[pick % (sizeof refusals / sizeof refusals[0])], true, due_ms);
    else if (chance_number(o->seed, CHOICE_REPLY, it->to, &o->reply))
        reports_reply(s->reports, it->id, it->to,
                      answers[pick % (sizeof answers / sizeof answers[0])], false, due_ms);
}

void texts_report(struct sandbox *s, const struct item *it, int64_t now_ms, bool early)
{
    const struct options *o = s->o;
    uint64_t whom = (uint64_t)it->id;
    int units = utf16_units(it->text);
    struct receipt v = {
        .id = it->id, .ref = it->ref, .number = it->to, .state = it->state, .code = it->report};

    if (s->reports == NULL)
        return;
    if (chance_hit(o->seed, CHOICE_LOST, whom, o->receipt_lost)) {
        COUNT(&s->counters, receipts_lost, 1);
        return;
    }
    int64_t wait_ms = o->receipt_delay_ms +
                      chance_below(o->seed, CHOICE_RECEIPT_JITTER, whom, o->receipt_jitter_ms);
    if (chance_hit(o->seed, CHOICE_LATE, whom, o->receipt_late))
        wait_ms += o->receipt_late_ms;
    int64_t due_ms = early ? now_ms : now_ms + wait_ms;
    v.at_ms = due_ms;
    v.parts = units <= 70 ? 1 : (units + 66) / 67;
    if (chance_hit(o->seed, CHOICE_PENDING, whom, o->receipt_pending)) {
        struct receipt first = v;
        first.state = "BUFFERD";
        first.code = "";
        reports_receipt(s->reports, &first, now_ms + (due_ms - now_ms) / 2);
    }
    reports_receipt(s->reports, &v, due_ms);
    if (chance_hit(o->seed, CHOICE_DUPLICATE, whom, o->receipt_duplicate))
        reports_receipt(
            s->reports, &v,
            due_ms + 1 +
                chance_below(o->seed, CHOICE_AGAIN_JITTER, whom, 2 * o->receipt_jitter_ms));
    if (strcmp(it->state, "DELIVRD") == 0)
        reply(s, it, due_ms + o->reply_delay_ms);
}
