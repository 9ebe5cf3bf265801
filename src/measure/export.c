/*
 * export: a campaign's messages, a line each, as CSV or JSON lines.
 *
 * Without the key the lines are pseudonymous and stay so when they are joined with what others have: no message id (a gateway's log has it), hours instead of
 * times, days to the claim instead of its date, and neither region nor level where both together are rare (rare.c; so the messages are read twice). They come
 * in the order of their pseudonyms, which says nothing.
 *
 * With the key the line begins with message id and number, for staff who must act on it; the caller audits that.
 *
 * Called by cmd_export.c.
 */
#include <string.h>
#include "internal.h"
#include "zhanchi/civil.h"
#include "zhanchi/crypt.h"
#include "zhanchi/json.h"
#include "zhanchi/store_approval.h"
#include "zhanchi/table.h"

#define LINE_MAX_BYTES 65536

enum column {
    E_MESSAGE,
    E_PHONE,
    E_PSEUDONYM,
    E_ARM,
    E_VARIANT,
    E_REGION,
    E_LEVEL,
    E_WITHHELD,
    E_STATE,
    E_CAUSE,
    E_ATTEMPTS,
    E_SEGMENTS,
    E_HANDED,
    E_CLAIMED_AFTER,
    E_CLAIMED_DAY,
    E_COLUMNS
};
static const char *const keys[E_COLUMNS] = {
    "message",   "phone", "pseudonym", "arm",      "variant",  "region",      "level",
    "withheld",  "state", "cause",     "attempts", "segments", "handed_over", "claimed_after_days",
    "claimed_on"};

enum value_type { VALUE_NONE, VALUE_TEXT, VALUE_NUMBER, VALUE_TRUTH };

struct value {
    enum value_type type;
    const char *text;
    int64_t number;
};

struct exporting {
    struct store *store;
    struct keyring *keyring; /* NULL: pseudonymous */
    const struct campaign_info *campaign;
    int32_t from_day;
    enum export_format format;
    struct rare *rare;
    struct buf line, plain;
    char phone[16];
    int (*out)(void *ctx, const char *text, size_t len);
    void *ctx;
    struct err *e;
};

/* ---- one line ---- */

static bool has_column(const struct exporting *x, int c)
{
    switch (c) {
    case E_MESSAGE:
    case E_PHONE:
    case E_CLAIMED_DAY:
        return x->keyring != NULL;
    case E_WITHHELD:
    case E_CLAIMED_AFTER:
        return x->keyring == NULL;
    default:
        return true;
    }
}

static struct value text(const char *s)
{
    return (struct value){.type = VALUE_TEXT, .text = s};
}

static struct value number(int64_t v)
{
    return (struct value){.type = VALUE_NUMBER, .number = v};
}

struct scratch {
    char pseudonym[17], handed[32], claimed[11];
};

/* Minutes would find the line in a gateway's log. */
static struct value handed(const struct exporting *x, const struct export_row *r, char out[32])
{
    if (r->handed_ms == 0)
        return (struct value){0};
    int64_t at = x->keyring != NULL ? r->handed_ms : r->handed_ms - r->handed_ms % 3600000;
    return text(civil_format_instant(at, x->campaign->schedule.zone_min, out));
}

static void values_of(const struct exporting *x, const struct export_row *r, struct scratch *s,
                      struct value v[E_COLUMNS])
{
    bool hide = x->rare != NULL && rare_is(x->rare, r->region, r->level);
    bool claimed = r->claimed_day != CIVIL_NONE;

    memset(v, 0, E_COLUMNS * sizeof *v);
    crypt_hex(r->pseudonym, sizeof r->pseudonym, s->pseudonym);
    v[E_MESSAGE] = number(r->message_id);
    if (x->phone[0] != '\0')
        v[E_PHONE] = text(x->phone);
    v[E_PSEUDONYM] = text(s->pseudonym);
    v[E_ARM] = text(arm_name(r->arm));
    v[E_VARIANT] = number(r->variant);
    if (!hide) {
        v[E_REGION] = text(r->region);
        v[E_LEVEL] = number(r->level);
    }
    v[E_WITHHELD] = (struct value){.type = VALUE_TRUTH, .number = hide};
    v[E_STATE] = text(message_state_name(r->state));
    v[E_CAUSE] = text(r->cause != CAUSE_NONE ? message_cause_name(r->cause) : "");
    v[E_ATTEMPTS] = number(r->attempts);
    v[E_SEGMENTS] = number(r->segments);
    v[E_HANDED] = handed(x, r, s->handed);
    if (claimed) {
        v[E_CLAIMED_AFTER] = number(r->claimed_day - x->from_day);
        v[E_CLAIMED_DAY] = text(civil_format(r->claimed_day, s->claimed));
    }
}

static void write_csv(struct buf *out, const struct value *v, bool first)
{
    char digits[24] = "";
    struct buf b;

    if (v->type == VALUE_TEXT) {
        table_csv_field(out, v->text, strlen(v->text), first);
        return;
    }
    buf_init(&b, sizeof digits);
    if (v->type == VALUE_NUMBER || v->type == VALUE_TRUTH)
        buf_addf(&b, "%lld", (long long)v->number);
    table_csv_field(out, buf_cstr(&b), b.len, first);
    buf_fini(&b);
}

static void write_json(struct json_w *w, const struct value *v)
{
    switch (v->type) {
    case VALUE_TEXT:
        json_w_str(w, v->text);
        break;
    case VALUE_NUMBER:
        json_w_int(w, v->number);
        break;
    case VALUE_TRUTH:
        json_w_bool(w, v->number != 0);
        break;
    default:
        json_w_null(w);
    }
}

static int emit(struct exporting *x)
{
    return x->out(x->ctx, buf_cstr(&x->line), x->line.len);
}

static int write_line(struct exporting *x, const struct value v[E_COLUMNS])
{
    struct json_w w;
    bool first = true;

    buf_reset(&x->line);
    json_w_init(&w, &x->line);
    if (x->format == EXPORT_JSONL)
        json_w_open(&w, '{');
    for (int c = 0; c < E_COLUMNS; c++) {
        if (!has_column(x, c))
            continue;
        if (x->format == EXPORT_JSONL) {
            json_w_key(&w, keys[c]);
            write_json(&w, &v[c]);
        } else {
            write_csv(&x->line, &v[c], first);
        }
        first = false;
    }
    if (x->format == EXPORT_JSONL)
        json_w_close(&w, '}');
    buf_adds(&x->line, x->format == EXPORT_JSONL ? "\n" : "\r\n");
    return emit(x);
}

static int write_header(struct exporting *x)
{
    struct value v[E_COLUMNS];

    if (x->format != EXPORT_CSV)
        return 0;
    for (int c = 0; c < E_COLUMNS; c++)
        v[c] = text(keys[c]);
    return write_line(x, v);
}

/* ---- the number, out of the sealed payload ---- */

static int on_message(void *ctx, const struct message_info *m)
{
    struct exporting *x = ctx;
    struct payload p;

    if (m->payload == NULL)
        return 0;
    buf_reset(&x->plain);
    if (keyring_unseal(x->keyring, m->key_id, SEAL_PAYLOAD, m->id, m->wave_id, m->payload,
                       m->payload_len, &x->plain, x->e) != 0 ||
        payload_unpack(x->plain.data, x->plain.len, &p, x->e) != 0)
        return -1;
    size_t len = strnlen(p.phone, sizeof x->phone - 1);
    memcpy(x->phone, p.phone, len);
    x->phone[len] = '\0';
    return 0;
}

static int on_row(void *ctx, const struct export_row *r)
{
    struct exporting *x = ctx;
    struct value v[E_COLUMNS];
    struct scratch s;

    x->phone[0] = '\0';
    if (x->keyring != NULL && store_message_get(x->store, r->message_id, on_message, x, x->e) < 0)
        return -1;
    values_of(x, r, &s, v);
    return write_line(x, v);
}

static int on_count(void *ctx, const struct export_row *r)
{
    rare_add(ctx, r->region, r->level);
    return 0;
}

int measure_export(struct store *s, struct keyring *k, const struct campaign_info *c,
                   enum export_format f, int (*line)(void *ctx, const char *text, size_t len),
                   void *ctx, struct err *e)
{
    struct exporting x = {.store = s,
                          .keyring = k,
                          .campaign = c,
                          .from_day = INT32_MAX, /* not started: no claim counts */
                          .format = f,
                          .out = line,
                          .ctx = ctx,
                          .e = e};
    int rc = 0;

    if (c->started_at != 0)
        x.from_day = civil_local_day(c->started_at, c->schedule.zone_min);
    buf_init(&x.line, LINE_MAX_BYTES);
    buf_init(&x.plain, PAYLOAD_MAX_BYTES);
    if (k == NULL) {
        x.rare = rare_new();
        rc = store_export_each(s, c->id, x.from_day, on_count, x.rare, e);
    }
    if (rc == 0)
        rc = write_header(&x);
    if (rc == 0)
        rc = store_export_each(s, c->id, x.from_day, on_row, &x, e);
    rare_free(x.rare);
    if (x.plain.data != NULL)
        crypt_wipe(x.plain.data, x.plain.cap);
    buf_fini(&x.plain);
    buf_fini(&x.line);
    return rc;
}
