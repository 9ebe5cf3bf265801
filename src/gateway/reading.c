/*
 * reading: receipts and replies out of a body, as a profile describes them (report.c): pushed to us or pulled by us.
 *
 * Reading depends on the stored body alone: it happens later than the request, perhaps again after a crash. A form and the parameters of a
 * URL become a JSON object of texts first, so that places are pointers everywhere. A receipt whose state the profile does not know is passed on as
 * "not final": it proves no more than that the gateway has the message.
 *
 * Called by serve (check) and track (read), from several threads at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "profile.h"
#include "zhanchi/charset.h"
#include "zhanchi/civil.h"
#include "zhanchi/json.h"
#include "zhanchi/phone.h"
#include "zhanchi/utf8.h"

#define TEXT_MAX (4U << 20)
#define FIELDS_MAX 1000

const struct report_rules *gateway_reports(const struct gateway *g, enum gw_report_kind kind)
{
    const struct report_rules *r = kind <= GW_REPLY ? &g->callbacks.kinds[kind].report
                                                    : &g->pulls[kind - GW_PULLED_RECEIPT].report;

    return r->present ? r : NULL;
}

/* A reference of its own for each message; a batch may bear that of its first message alone. */
static bool refers(const struct operation *op, uint32_t vars)
{
    return !op->present || (op->uses & vars) != 0;
}

enum gw_joining gateway_joining(const struct gateway *g)
{
    static const enum gw_report_kind kinds[] = {GW_RECEIPT, GW_PULLED_RECEIPT, GW_QUERIED};
    bool own_refs = refers(&g->batch, VAR_BIT(VAR_REF)) &&
                    refers(&g->single, VAR_BIT(VAR_REF) | VAR_BIT(VAR_BATCH_REF));
    bool shared = g->batch.present && g->batch.max > 1 && g->batch.answer->item_id == NULL;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct report_rules *r = gateway_reports(g, kinds[i]);
        if (r && r->id && (r->ref == NULL || !own_refs))
            return shared ? GW_BY_NUMBER : GW_BY_ID;
    }
    return GW_BY_REF;
}

/* ---- forms ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static void decode(const char *s, size_t len, bool plus, struct buf *out)
{
    buf_reset(out);
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '%' && i + 2 < len && hex_digit(s[i + 1]) >= 0 && hex_digit(s[i + 2]) >= 0) {
            buf_addc(out, (char)(hex_digit(s[i + 1]) << 4 | hex_digit(s[i + 2])));
            i += 2;
        } else {
            buf_addc(out, plus && s[i] == '+' ? ' ' : s[i]);
        }
    }
}

/* The next name=value; false behind the last. */
static bool next_field(const char **p, const char *end, struct buf *name, struct buf *value)
{
    if (*p >= end)
        return false;
    const char *amp = memchr(*p, '&', (size_t)(end - *p));
    const char *to = amp ? amp : end, *equal = memchr(*p, '=', (size_t)(to - *p));
    const char *mid = equal ? equal : to;

    decode(*p, (size_t)(mid - *p), true, name);
    decode(equal ? equal + 1 : to, equal ? (size_t)(to - equal - 1) : 0, true, value);
    *p = to + 1;
    return true;
}

/* What charset a reply's text is in: "" if nothing says so. */
static void charset_of(const struct report_rules *r, const char *body, size_t len, char out[40])
{
    struct buf name, value;
    const char *p = body;

    out[0] = '\0';
    buf_init(&name, TEXT_MAX);
    buf_init(&value, TEXT_MAX);
    while (r->charset_field && next_field(&p, body + len, &name, &value))
        if (strcmp(buf_cstr(&name), r->charset_field) == 0) {
            if (value.len < 40)
                memcpy(out, buf_cstr(&value), value.len + 1);
            break;
        }
    buf_fini(&name);
    buf_fini(&value);
}

/* In place. What cannot be turned stays: perhaps it is UTF-8 all the same. */
static void to_utf8(const char *charset, struct buf *value)
{
    struct buf text;
    struct err why;

    if (charset[0] == '\0' || strcasecmp(charset, "UTF-8") == 0)
        return;
    buf_init(&text, TEXT_MAX);
    if (charset_decode(charset, buf_cstr(value), value->len, &text, &why) == 0) {
        buf_reset(value);
        buf_add(value, buf_cstr(&text), text.len);
    }
    buf_fini(&text);
}

/* Whether the whole name stands there, with a NUL on either side. */
static bool is_seen(const struct buf *seen, const struct buf *name)
{
    const char *at = seen->data, *end = seen->data + seen->len;

    while ((at = memmem(at, (size_t)(end - at), name->data, name->len + 1)) != NULL) {
        if (at[-1] == '\0')
            return true;
        at++;
    }
    return false;
}

/* Fields as an object of texts; a name that stands twice counts once. Looking for the names before costs their number squared, hence
 * FIELDS_MAX. */
static struct json *form_object(const struct report_rules *r, const char *body, size_t len,
                                struct err *e)
{
    struct buf name, value, out, seen; /* seen: NUL name NUL name NUL */
    struct json_w w;
    const char *p = body;
    char charset[40];
    size_t n = 0;

    charset_of(r, body, len, charset);
    buf_init(&name, TEXT_MAX);
    buf_init(&value, TEXT_MAX);
    buf_init(&seen, TEXT_MAX);
    buf_init(&out, 8 * TEXT_MAX);
    json_w_init(&w, &out);
    json_w_open(&w, '{');
    buf_addc(&seen, '\0');
    while (n <= FIELDS_MAX && next_field(&p, body + len, &name, &value)) {
        if (name.len == 0 || memchr(name.data, '\0', name.len) || is_seen(&seen, &name))
            continue;
        buf_add(&seen, name.data, name.len + 1);
        if (r->text_field && strcmp(name.data, r->text_field) == 0)
            to_utf8(charset, &value);
        if (memchr(buf_cstr(&value), '\0', value.len))
            continue;
        json_w_key(&w, buf_cstr(&name));
        json_w_strn(&w, buf_cstr(&value), value.len);
        n++;
    }
    json_w_close(&w, '}');
    bool fits = n <= FIELDS_MAX && !out.failed && !name.failed && !value.failed && !seen.failed;
    struct json *root = fits ? json_parse(buf_cstr(&out), out.len, e) : NULL;
    if (!fits)
        err_set(e, ERR_PROTO, NULL, "a form is too long");
    buf_fini(&name);
    buf_fini(&value);
    buf_fini(&seen);
    buf_fini(&out);
    return root;
}

static struct json *field_document(const char *field, const char *body, size_t len, struct err *e)
{
    struct json *root = NULL;
    struct buf name, value;
    const char *p = body;

    buf_init(&name, TEXT_MAX);
    buf_init(&value, TEXT_MAX);
    err_set(e, ERR_PROTO, NULL, "there is no field %s", field);
    while (root == NULL && next_field(&p, body + len, &name, &value)) {
        if (strcmp(buf_cstr(&name), field) != 0)
            continue;
        /* Some stacks encode twice. */
        if (value.len > 0 && value.data[0] == '%') {
            struct buf once = value;
            buf_init(&value, TEXT_MAX);
            decode(once.data, once.len, true, &value);
            buf_fini(&once);
        }
        root = json_parse(buf_cstr(&value), value.len, e);
        break;
    }
    buf_fini(&name);
    buf_fini(&value);
    return root;
}

/* A body of either form tells by itself which it is: no field's name begins with a bracket. */
static enum report_format format_of(const struct report_rules *r, const char *body, size_t len)
{
    size_t i = 0;

    if (r->format != REPORT_EITHER)
        return r->format;
    while (i < len && strchr(" \t\r\n", body[i]) && body[i] != '\0')
        i++;
    return i < len && (body[i] == '{' || body[i] == '[') ? REPORT_JSON : REPORT_FORM;
}

/* Where the reports stand; of a form that might have been JSON, it is the report. */
static const char *items_of(const struct report_rules *r, const char *body, size_t len)
{
    return r->format == REPORT_EITHER && format_of(r, body, len) == REPORT_FORM ? NULL : r->items;
}

struct json *report_document(const struct report_rules *r, const char *body, size_t len,
                             struct err *e)
{
    switch (format_of(r, body, len)) {
    case REPORT_JSON:
        return json_parse(body, len, e);
    case REPORT_FORM_JSON:
        return field_document(r->field, body, len, e);
    default:
        return form_object(r, body, len, e);
    }
}

/* The name of the place where reports stand is there, or (written in another way) the place itself. */
static bool has_items(const char *pointer, const char *body, size_t len)
{
    const char *name = strrchr(pointer, '/');
    struct err why;

    if (name == NULL || memmem(body, len, name + 1, strlen(name + 1)))
        return true;
    struct json *root = json_parse(body, len, &why);
    bool found = root && json_at(root, pointer);
    json_free(root);
    return found;
}

int gateway_callback_check(const struct gateway *g, enum gw_report_kind kind, const char *body,
                           size_t len, struct err *e)
{
    const struct report_rules *r = &g->callbacks.kinds[kind].report;
    const enum report_format format = format_of(r, body, len);
    struct err why;
    size_t bad;

    if (format != REPORT_JSON) {
        struct json *root = report_document(r, body, len, &why);
        bool good = root && (format == REPORT_FORM_JSON || json_count(root) > 0);
        json_free(root);
        return good ? 0
                    : err_set(e, ERR_PROTO, NULL, "gateway %s: a callback cannot be read", g->name);
    }
    if (!utf8_valid(body, len, &bad) || !json_valid(body, len))
        return err_set(e, ERR_PROTO, NULL, "gateway %s: a callback is not JSON", g->name);
    if (r->items && !has_items(r->items, body, len))
        return err_set(e, ERR_PROTO, NULL, "gateway %s: a callback has no reports in it", g->name);
    return 0;
}

/* ---- one report ---- */

static const char *text_at(const struct json *n, const char *pointer, char tmp[40])
{
    const struct json *v = pointer ? json_at(n, pointer) : NULL;
    const char *s = v ? json_text(v, tmp) : NULL;

    return s ? s : "";
}

/* yyyyMMddHHmmss, yyMMddHHmmss or yyMMddHHmm as an instant's text. */
static int64_t digits_time(const char *s, int zone_min)
{
    char text[32];
    size_t n = strlen(s);
    int64_t ms;

    if (s[strspn(s, "0123456789")] != '\0' || (n != 14 && n != 12 && n != 10))
        return 0;
    const char *century = n == 14 ? "" : "20";
    const char *day = n == 14 ? s + 2 : s;
    snprintf(text, sizeof text, "%s%.*s-%.2s-%.2s %.2s:%.2s:%s", century, n == 14 ? 4 : 2, s,
             day + 2, day + 4, day + 6, day + 8, n == 10 ? "00" : day + 10);
    return civil_parse_instant(text, zone_min, &ms) == 0 ? ms : 0;
}

static int64_t time_at(const struct report_rules *r, const struct json *item)
{
    char tmp[40];
    int64_t ms = 0;
    const char *text = text_at(item, r->at, tmp);

    if (text[0] == '\0')
        return 0;
    if (r->time == TIME_CIVIL)
        return civil_parse_instant(text, r->zone_min, &ms) == 0 ? ms : 0;
    if (r->time == TIME_DIGITS)
        return digits_time(text, r->zone_min);
    if (text[strspn(text, "0123456789")] != '\0' || strlen(text) > 15)
        return 0;
    ms = strtoll(text, NULL, 10);
    return r->time == TIME_UNIX_S ? ms * 1000 : ms;
}

/* The first row that says something of this very word; "*" alone does not. */
static const struct state_row *find_state(const struct report_rules *r, const char *state)
{
    for (size_t i = 0; i < r->n_states; i++) {
        const struct state_row *row = &r->states[i];
        if (row->prefix ? row->len > 0 && strncmp(state, row->state, row->len) == 0
                        : strcmp(state, row->state) == 0)
            return row;
    }
    return NULL;
}

/* The row "*": of whatever is not listed. */
static const struct state_row *any_state(const struct report_rules *r)
{
    for (size_t i = 0; i < r->n_states; i++)
        if (r->states[i].prefix && r->states[i].len == 0)
            return &r->states[i];
    return NULL;
}

/* The first place whose word is listed. If none is, the first that has one, and the row "*": it must not hide a word that is listed
 * and stands in a later place. `tmp` holds numbers. */
static const struct state_row *state_of(const struct report_rules *r, const struct json *item,
                                        char tmp[PLACES][40], const char **state)
{
    *state = "";
    for (size_t i = 0; i < PLACES && r->state[i]; i++) {
        const char *text = text_at(item, r->state[i], tmp[i]);
        const struct state_row *row = text[0] ? find_state(r, text) : NULL;
        if (text[0] && ((*state)[0] == '\0' || row))
            *state = text;
        if (row)
            return row;
    }
    return (*state)[0] ? any_state(r) : NULL;
}

static void classify(const struct report_rules *r, const struct state_row *row, const char *state,
                     struct gw_report *out)
{
    enum msg_class by_code = row && row->by_code ? classes_find(&r->classes, out->code) : 0;

    out->class = by_code ? by_code : row ? row->class : CLASS_UNKNOWN;
    out->pending = row == NULL || row->pending;
    if (out->pending)
        out->class = CLASS_UNKNOWN;
    if (out->code[0] == '\0')
        out->code = state;
}

static int number_at(const struct json *item, const char *pointer)
{
    char tmp[40];
    const char *text = text_at(item, pointer, tmp);

    return text[0] && strlen(text) < 4 && text[strspn(text, "0123456789")] == '\0' ? atoi(text) : 0;
}

static int read_receipt(const struct report_rules *r, const struct json *item,
                        struct gw_report *report, int (*each)(void *ctx, const struct gw_report *r),
                        void *ctx)
{
    char tmp[3][40], state_tmp[PLACES][40], code[64];
    const char *state;
    const struct state_row *row = state_of(r, item, state_tmp, &state);

    report->ref = text_at(item, r->ref, tmp[0]);
    report->provider_id = text_at(item, r->id, tmp[1]);
    report->code = text_at(item, r->code, tmp[2]);
    if (r->extract) {
        pattern_find(r->extract, report->code, code, sizeof code);
        report->code = code;
    }
    report->parts = number_at(item, r->parts);
    report->part = number_at(item, r->part);
    if (state[0] == '\0' || (report->ref[0] == '\0' && report->provider_id[0] == '\0'))
        return 0;
    classify(r, row, state, report);
    return each(ctx, report) == 0 ? 1 : -1;
}

/* What the percent signs stand for, or nothing if that is no text. */
static bool unpercent(const struct report_rules *r, const char *text, struct buf *plain)
{
    size_t bad;

    decode(text, strlen(text), true, plain);
    if (r->charset)
        to_utf8(r->charset, plain);
    return utf8_valid(buf_cstr(plain), plain->len, &bad) && strlen(buf_cstr(plain)) == plain->len;
}

static int read_reply(const struct report_rules *r, const struct json *item,
                      struct gw_report *report, int (*each)(void *ctx, const struct gw_report *r),
                      void *ctx)
{
    const struct json *text = NULL;
    struct buf plain;
    char tmp[40];

    for (size_t i = 0; text == NULL && i < PLACES && r->text[i]; i++)
        text = json_at(item, r->text[i]);
    if (text == NULL || json_type_of(text) != J_STRING)
        return 0;
    report->provider_id = text_at(item, r->id, tmp);
    report->text = json_text(text, NULL);
    report->class = CLASS_OK;
    buf_init(&plain, TEXT_MAX);
    if (r->percent && unpercent(r, report->text, &plain))
        report->text = buf_cstr(&plain);
    int rc = each(ctx, report) == 0 ? 1 : -1;
    buf_fini(&plain);
    return rc;
}

/* 1 reported, 0 the item lacks what is needed, -1 the callee refused. */
static int read_item(const struct report_rules *r, bool reply, const struct json *item,
                     int (*each)(void *ctx, const struct gw_report *r), void *ctx)
{
    struct phone phone = {.number = ""};
    struct gw_report report = {.kind = reply ? GW_REPLY : GW_RECEIPT,
                               .at_ms = time_at(r, item),
                               .ref = "",
                               .provider_id = "",
                               .code = "",
                               .text = ""};
    char tmp[40];
    const struct json *at = r->phone ? json_at(item, r->phone) : NULL;

    if (at && json_type_of(at) == J_ARRAY) /* a list with one number (China Mobile MAS) */
        at = json_item(at, 0);
    const char *number = at ? json_text(at, tmp) : NULL;
    report.phone = number ? number : "";
    if (number && phone_parse(number, strlen(number), &phone))
        report.phone = phone.number;
    if (!reply)
        return read_receipt(r, item, &report, each, ctx);
    return phone.number[0] ? read_reply(r, item, &report, each, ctx) : 0;
}

int gateway_callback_read(const struct gateway *g, enum gw_report_kind kind, const char *body,
                          size_t len, int (*each)(void *ctx, const struct gw_report *r), void *ctx,
                          size_t *skipped, struct err *e)
{
    const struct report_rules *r = gateway_reports(g, kind);
    bool reply = kind == GW_REPLY || kind == GW_PULLED_REPLY;
    struct err why;

    *skipped = 0;
    if (g->mail.present && kind == GW_RECEIPT)
        return dsn_read(g, body, len, each, ctx, skipped, e);
    if (r == NULL)
        return err_set(e, ERR_PROTO, NULL, "gateway %s: its profile knows no such reports",
                       g->name);
    struct json *root = report_document(r, body, len, &why);
    if (root == NULL)
        return err_set(e, ERR_PROTO, NULL, "gateway %s: a report cannot be read: %s", g->name,
                       why.what);
    const char *at = items_of(r, body, len);
    const struct json *items = at ? json_at(root, at) : root;
    if (items == NULL || (json_type_of(items) != J_ARRAY && json_type_of(items) != J_OBJECT)) {
        json_free(root);
        return err_set(e, ERR_PROTO, NULL, "gateway %s: there are no reports in a body", g->name);
    }
    bool many = json_type_of(items) == J_ARRAY; /* one report alone is an object */
    size_t n = many ? json_count(items) : 1;
    int rc = 0;
    for (size_t i = 0; rc >= 0 && i < n; i++) {
        rc = read_item(r, reply, many ? json_item(items, i) : items, each, ctx);
        *skipped += rc == 0;
    }
    json_free(root);
    return rc >= 0 ? 0 : err_set(e, ERR_SOFTWARE, NULL, "gateway %s: reading was stopped", g->name);
}
