/*
 * texts: verdicts on single texts and what becomes of them. Called by submit.c on the server's threads.
 *
 * Whether a number is vacant, black, unreachable or talkative depends on the number and the seed alone, so it is the same each time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sandbox.h"
#include "zhanchi/civil.h"

/* ---- verdicts ---- */

static bool number_shape(const struct dialect *d, const char *s)
{
    const char *digits = d->abroad && *s == '+' ? s + 1 : s;
    size_t n = strlen(digits);

    if (d->anyone)
        return *s != '\0' && strlen(s) < 24;
    if (digits[strspn(digits, "0123456789")] != '\0')
        return false;
    return digits > s ? n >= 8 && n <= 15 : n == 11 && s[0] == '1';
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

static enum fate verdict(struct sandbox *s, const struct dialect *d, const struct item *it)
{
    const struct options *o = s->o;

    if (it->fate != FATE_TAKEN) /* its reader has said so already */
        return it->fate;
    if (!number_shape(d, it->to) || chance_number(o->seed, CHOICE_WRONG, it->to, &o->wrong))
        return FATE_NUMBER;
    if (chance_number(o->seed, CHOICE_VACANT, it->to, &o->vacant))
        return FATE_VACANT;
    if (chance_number(o->seed, CHOICE_BLACK, it->to, &o->black) ||
        numbers_refused(s->numbers, it->to))
        return FATE_BLACK;
    if (o->keyword && strstr(it->text, o->keyword))
        return FATE_KEYWORD;
    if (d->signed_texts && !it->template && !signed_text(it->text))
        return FATE_UNSIGNED;
    return utf16_units(it->text) > d->units_max ? FATE_LONG : FATE_TAKEN;
}

static void decide_receipt(const struct options *o, struct item *it)
{
    static const char *const mixture[] = {"MK:0001", "MK:0001", "MK:0005",
                                          "DB:0142", "MK:0015", "IC:0151"};

    it->state = "DELIVRD";
    it->report = "000";
    if (chance_number(o->seed, CHOICE_UNDELIVERED, it->to, &o->undelivered)) {
        uint64_t pick = chance_hash(o->seed, CHOICE_CODE, chance_whom(it->to));
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

/* A provider that has no word for a fate at submit, or none for one text among many, takes it and says so in the receipt. */
static bool said_later(const struct call *c, struct item *it, enum fate fate)
{
    const struct word *w = dialect_word(c, fate);

    if (w->later && (w->code == NULL || (account_dialect(c->account)->whole && c->n > 1))) {
        it->state = "UNDELIV";
        it->report = w->later;
        return true;
    }
    return w->code == NULL; /* it does not know this fate at all */
}

void texts_judge(struct sandbox *s, const struct call *c, struct item *it)
{
    it->fate = verdict(s, account_dialect(c->account), it);
    if (it->fate != FATE_TAKEN && said_later(c, it, it->fate))
        it->fate = FATE_TAKEN;
    if (it->fate == FATE_TAKEN && it->state == NULL)
        decide_receipt(s->o, it);
}

void texts_charge(struct sandbox *s, const struct call *c, struct item *it)
{
    if (it->fate != FATE_TAKEN)
        return;
    if (s->o->balance >= 0 && atomic_fetch_sub(&s->balance, 1) <= 0) {
        atomic_store(&s->balance, 0);
        it->fate = FATE_BALANCE;
    } else if (s->o->daily_cap > 0 &&
               !numbers_count(s->numbers, it->to, civil_local_day(c->now_ms, CHINA_MIN),
                              s->o->daily_cap) &&
               !said_later(c, it, FATE_CAP)) {
        it->fate = FATE_CAP;
    }
}

/* ---- what becomes of it ---- */

struct refusal {
    struct sandbox *s;
    char number[24];
};

static void refuse_number(void *arg)
{
    struct refusal *r = arg;

    COUNT(&r->s->counters, refusals_sent, 1);
    numbers_refuse(r->s->numbers, r->number);
    free(r);
}

/* Without a callback, reports wait to be fetched. */
static void put(struct sandbox *s, const struct report *v, int64_t due_ms)
{
    const struct dialect *d = account_dialect(s->account);

    if (s->reports)
        reports_put(s->reports, v, due_ms);
    if (d->ask && (!s->reports || d->keeps))
        shelf_put(s->shelf, v, due_ms);
    if (s->reports || !v->refuses)
        return;
    struct refusal *r = malloc(sizeof *r);
    if (r == NULL)
        panic("out of memory");
    r->s = s;
    snprintf(r->number, sizeof r->number, "%s", v->number);
    later_at(s->later, due_ms, refuse_number, r);
}

static size_t count_words(const char *const *words)
{
    size_t n = 0;

    while (words[n])
        n++;
    return n;
}

static void reply(struct sandbox *s, const struct report *receipt, int64_t due_ms)
{
    static const char *const usual[] = {"R",     "r",      "Ｒ",    "T", "td", "ＴＤ ", "退订",
                                        " 退订", "“退订”", "T退订", "N", "qx", NULL};
    static const char *const harmless[] = {
        "收到", "谢谢", "好的，明天去办", "请问在哪里办理？", "T恤已收到", "我不退订", NULL};
    const struct options *o = s->o;
    const char *const *own = account_dialect(s->account)->refusals;
    uint64_t pick = chance_hash(o->seed, CHOICE_WORDS, (uint64_t)receipt->no);
    struct report v = *receipt;

    v.kind = REPLY;
    v.at_ms = due_ms;
    v.callback = NULL;
    v.refuses = chance_number(o->seed, CHOICE_REFUSE, v.number, &o->refuse);
    if (!v.refuses && !chance_number(o->seed, CHOICE_REPLY, v.number, &o->reply))
        return;
    const char *const *words = !v.refuses ? harmless : own ? own : usual;
    v.text = words[pick % count_words(words)];
    put(s, &v, due_ms);
}

/* One receipt, or as many as the text has parts. */
static void put_receipt(struct sandbox *s, struct report v, int64_t due_ms)
{
    int last = account_dialect(s->account)->by_part ? v.parts : 1;

    for (v.part = 1; v.part <= last; v.part++)
        put(s, &v, due_ms + v.part - 1);
}

/* What comes before the last receipt: the provider's usual steps, and the state that was asked for. */
static void put_steps(struct sandbox *s, const struct report *v, int64_t now_ms, int64_t due_ms)
{
    const struct dialect *d = account_dialect(s->account);
    size_t n = d->steps ? count_words(d->steps) : 0;
    struct report step = *v;

    step.code = "";
    for (size_t i = 0; i < n; i++) {
        step.state = d->steps[i];
        put_receipt(s, step, now_ms + (due_ms - now_ms) * (int64_t)(i + 1) / (int64_t)(n + 1));
    }
    if (d->pending &&
        chance_hit(s->o->seed, CHOICE_PENDING, (uint64_t)v->no, s->o->receipt_pending)) {
        step.state = d->pending;
        put_receipt(s, step, now_ms + (due_ms - now_ms) / 2);
    }
}

void texts_report(struct sandbox *s, const struct call *c, const struct item *it, bool early)
{
    const struct options *o = s->o;
    uint64_t whom = (uint64_t)it->no;
    int units = utf16_units(it->text);
    struct report v = {.kind = RECEIPT,
                       .no = it->no,
                       .sent_ms = c->now_ms,
                       .id = it->id,
                       .ref = it->ref,
                       .number = it->to,
                       .given = it->given,
                       .sign = it->sign,
                       .ext = it->ext,
                       .state = it->state,
                       .code = it->report,
                       .text = it->text,
                       .callback = it->callback};

    if (s->reports == NULL && account_dialect(s->account)->ask == NULL)
        return; /* nobody will hear of it */
    int64_t wait_ms = o->receipt_delay_ms +
                      chance_below(o->seed, CHOICE_RECEIPT_JITTER, whom, o->receipt_jitter_ms);
    if (chance_hit(o->seed, CHOICE_LATE, whom, o->receipt_late))
        wait_ms += o->receipt_late_ms;
    int64_t due_ms = early ? c->now_ms : c->now_ms + wait_ms;
    v.at_ms = due_ms;
    v.parts = units <= 70 ? 1 : (units + 66) / 67;
    if (chance_hit(o->seed, CHOICE_LOST, whom, o->receipt_lost)) {
        COUNT(&s->counters, receipts_lost, 1);
        return;
    }
    if (!it->silent) {
        put_steps(s, &v, c->now_ms, due_ms);
        put_receipt(s, v, due_ms);
        if (chance_hit(o->seed, CHOICE_DUPLICATE, whom, o->receipt_duplicate))
            put_receipt(
                s, v,
                due_ms + 1 +
                    chance_below(o->seed, CHOICE_AGAIN_JITTER, whom, 2 * o->receipt_jitter_ms));
    }
    if (strcmp(it->state, "DELIVRD") == 0)
        reply(s, &v, due_ms + o->reply_delay_ms);
}
