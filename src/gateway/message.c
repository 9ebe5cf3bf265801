/*
 * message: one email as bytes (RFC 5322, 2045, 2047), with its envelope.
 *
 * Made here and not by libcurl's mime functions: what is sent is then shown by `gateway check`, tested without a server, and the same
 * bytes whatever library sends them. Text is base64, so that a line's length, a dot at its beginning or a server without 8BITMIME
 * cannot change it.
 *
 * Invariants: no value ends a header (control characters are refused, not dropped); an envelope holds one strict address (email.h);
 * the Message-ID is the client reference, by which bounces come home, with a proof that it was issued here.
 *
 * Called by build.c.
 */
#include <string.h>
#include "profile.h"
#include "zhanchi/civil.h"
#include "zhanchi/crypt.h"
#include "zhanchi/email.h"

#define LINE 76        /* RFC 2047: of a line with an encoded word */
#define PLAIN_MAX 60   /* a longer value is broken into words */
#define VALUE_MAX 2000 /* bytes of a header's value */
#define BODY_MAX (1U << 20)

struct letter {
    const struct mail_rules *rules;
    const char *proof; /* "" if none */
    struct env *env;
    struct buf value, tmp, body, html, encoded;
    struct gw_request *out;
    struct err *e;
};

/* ---- values ---- */

/* A header's value into l->value. */
static int value_of(struct letter *l, const char *what, const struct program *p)
{
    buf_reset(&l->value);
    if (program_run(p, l->env, &l->value, l->e) != 0)
        return -1;
    for (size_t i = 0; i < l->value.len; i++)
        if ((unsigned char)l->value.data[i] < ' ' || l->value.data[i] == 0x7f)
            return err_set(l->e, ERR_DATA, "take it out",
                           "%s holds a line break or another control character", what);
    return 0;
}

static int address_of(struct letter *l, const char *what, const struct program *p,
                      struct email *out)
{
    if (value_of(l, what, p) != 0)
        return -1;
    if (email_parse(buf_cstr(&l->value), l->value.len, out))
        return 0;
    return err_set(l->e, ERR_DATA, NULL, "%s is no mail address (%s)", what,
                   email_reason_name(out->reason));
}

static bool plain(const struct buf *b)
{
    if (b->len > PLAIN_MAX || strstr(buf_cstr(b), "=?") != NULL)
        return false;
    for (size_t i = 0; i < b->len; i++)
        if ((unsigned char)b->data[i] >= 0x7f)
            return false;
    return true;
}

/* ---- encoded words ---- */

/* Bytes of whole characters, at most `room`. */
static size_t whole(const char *s, size_t len, size_t room)
{
    size_t n = len < room ? len : room;

    while (n > 0 && n < len && ((unsigned char)s[n] & 0xC0) == 0x80)
        n--;
    return n;
}

/* From this column on; folded lines begin with a blank. Returns the column behind. */
static size_t add_words(struct letter *l, const char *s, size_t len, size_t column)
{
    struct buf *out = &l->out->body;

    while (len > 0) {
        size_t n = whole(s, len, (LINE - 12 - column) / 4 * 3);
        buf_reset(&l->tmp);
        crypt_base64(s, n, &l->tmp);
        buf_addf(out, "=?UTF-8?B?%s?=", buf_cstr(&l->tmp));
        column += 12 + l->tmp.len;
        s += n;
        len -= n;
        if (len > 0) {
            buf_adds(out, "\r\n ");
            column = 1;
        }
    }
    return column;
}

/* ---- headers ---- */

static int add_text(struct letter *l, const char *name, const struct program *p)
{
    struct buf *out = &l->out->body;

    if (p->n == 0)
        return 0;
    if (value_of(l, name, p) != 0)
        return -1;
    buf_addf(out, "%s: ", name);
    if (plain(&l->value))
        buf_add(out, l->value.data, l->value.len);
    else if (strlen(name) > 40)
        return err_set(l->e, ERR_DATA, NULL, "header %s has too long a name", name);
    else
        add_words(l, buf_cstr(&l->value), l->value.len, strlen(name) + 2);
    buf_adds(out, "\r\n");
    return 0;
}

static void add_quoted(struct buf *out, const struct buf *s)
{
    buf_addc(out, '"');
    for (size_t i = 0; i < s->len; i++) {
        if (s->data[i] == '"' || s->data[i] == '\\')
            buf_addc(out, '\\');
        buf_addc(out, s->data[i]);
    }
    buf_addc(out, '"');
}

static int add_from(struct letter *l, const struct email *from)
{
    struct buf *out = &l->out->body;
    size_t column = 6;

    buf_adds(out, "From: ");
    if (l->rules->from_name.n > 0) {
        if (value_of(l, "from_name", &l->rules->from_name) != 0)
            return -1;
        if (plain(&l->value)) {
            add_quoted(out, &l->value);
            column += l->value.len + 2;
        } else {
            column = add_words(l, buf_cstr(&l->value), l->value.len, column);
        }
        buf_adds(out, column + strlen(from->address) + 3 > LINE ? "\r\n " : " ");
    }
    buf_addf(out, "<%s>\r\n", from->address);
    return 0;
}

static void add_date(struct buf *out, int64_t now_ms, int zone_min)
{
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int32_t day = civil_local_day(now_ms, zone_min);
    struct civil c = civil_of(day);
    char at[32];

    civil_format_instant(now_ms, zone_min, at); /* 2026-11-27T16:00:05+08:00 */
    buf_addf(out, "Date: %s, %d %s %d %.8s %.3s%.2s\r\n", days[((day % 7) + 7) % 7], c.day,
             months[c.month - 1], c.year, at + 11, at + 19, at + 23);
}

static int add_addresses(struct letter *l, const struct email *from)
{
    struct buf *out = &l->out->body;
    struct email reply;

    if (add_from(l, from) != 0)
        return -1;
    buf_addf(out, "To: <%s>\r\n", buf_cstr(&l->out->recipient));
    if (l->rules->reply_to.n == 0)
        return 0;
    if (address_of(l, "reply_to", &l->rules->reply_to, &reply) != 0)
        return -1;
    buf_addf(out, "Reply-To: <%s>\r\n", reply.address);
    return 0;
}

/* RFC 2369: a list of <mailto:...> and <https:...>; never encoded. */
static int add_unsubscribe(struct letter *l)
{
    const struct buf *v = &l->value;

    if (l->rules->unsubscribe.n == 0)
        return 0;
    if (value_of(l, "list_unsubscribe", &l->rules->unsubscribe) != 0)
        return -1;
    for (size_t i = 0; i < v->len; i++)
        if ((unsigned char)v->data[i] >= 0x7f)
            return err_set(l->e, ERR_DATA, "percent-encode it",
                           "list_unsubscribe holds more than ASCII");
    if (v->len == 0 || v->len > 900 || v->data[0] != '<' || v->data[v->len - 1] != '>')
        return err_set(l->e, ERR_DATA, "write \"<mailto:unsubscribe@example.com>\"",
                       "list_unsubscribe is no list of <...>");
    buf_addf(&l->out->body, "List-Unsubscribe: %s\r\n", buf_cstr(v));
    return 0;
}

static int add_headers(struct letter *l, const struct gateway *g, const struct email *from,
                       int64_t now_ms)
{
    struct buf *out = &l->out->body;
    struct text ref = l->env->v[VAR_REF];

    add_date(out, now_ms, g->zone_min);
    if (add_addresses(l, from) != 0 || add_text(l, "Subject", &l->rules->subject) != 0)
        return -1;
    buf_addf(out, "Message-ID: <%.*s%s%s%s>\r\n", (int)ref.len, ref.s, l->proof[0] ? "." : "",
             l->proof, strchr(from->address, '@'));
    buf_adds(out, "Auto-Submitted: auto-generated\r\n"); /* RFC 3834: no holiday notices, please */
    if (add_unsubscribe(l) != 0)
        return -1;
    for (size_t i = 0; i < l->rules->n_headers; i++)
        if (add_text(l, l->rules->headers[i].name, &l->rules->headers[i].value) != 0)
            return -1;
    buf_adds(out, "MIME-Version: 1.0\r\n");
    return 0;
}

/* ---- body ---- */

/* Lines end in CR LF before they are encoded (RFC 2046 4.1.1). */
static void unix_to_mail(const struct buf *text, struct buf *out)
{
    buf_reset(out);
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] == '\n' && (i == 0 || text->data[i - 1] != '\r'))
            buf_addc(out, '\r');
        buf_addc(out, text->data[i]);
    }
    if (out->len < 2 || out->data[out->len - 1] != '\n')
        buf_adds(out, "\r\n");
}

/* A text as a part of its own: its headers, then base64. */
static void add_part(struct letter *l, const char *type, const struct buf *text)
{
    struct buf *out = &l->out->body;

    buf_addf(out, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
             type);
    unix_to_mail(text, &l->tmp);
    struct buf *encoded = &l->encoded;
    buf_reset(encoded);
    crypt_base64(buf_cstr(&l->tmp), l->tmp.len, encoded);
    for (size_t at = 0; at < encoded->len; at += LINE) {
        size_t left = encoded->len - at;
        buf_add(out, encoded->data + at, left < LINE ? left : LINE);
        buf_adds(out, "\r\n");
    }
}

/* RFC 2046 5.1.4: the plainest first. The boundary holds what base64 never does, so that it stands in no part. */
static void add_alternatives(struct letter *l)
{
    static const char boundary[] = "=_zhanchi_alternative";
    struct buf *out = &l->out->body;

    buf_addf(out, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n--%s\r\n", boundary,
             boundary);
    add_part(l, "text/plain", &l->body);
    buf_addf(out, "--%s\r\n", boundary);
    add_part(l, "text/html", &l->html);
    buf_addf(out, "--%s--\r\n", boundary);
}

static int add_body(struct letter *l)
{
    buf_reset(&l->body);
    buf_reset(&l->html);
    if (program_run(&l->rules->body, l->env, &l->body, l->e) != 0 ||
        program_run(&l->rules->html, l->env, &l->html, l->e) != 0)
        return -1;
    if (l->html.len > 0)
        add_alternatives(l);
    else
        add_part(l, "text/plain", &l->body);
    return l->out->body.failed || l->body.failed || l->html.failed || l->tmp.failed ||
                   l->encoded.failed
               ? err_set(l->e, ERR_DATA, "shorten the text", "an email is longer than allowed")
               : 0;
}

/* ---- the whole ---- */

static int envelope(struct letter *l, struct email *from)
{
    struct text to = l->env->v[VAR_ADDRESS];
    struct email sender, recipient;

    if (!email_parse(to.s, to.len, &recipient))
        return err_set(l->e, ERR_DATA, NULL, "the recipient's is no mail address (%s)",
                       email_reason_name(recipient.reason));
    if (address_of(l, "from", &l->rules->from, from) != 0)
        return -1;
    sender = *from;
    if (l->rules->sender.n > 0 && address_of(l, "sender", &l->rules->sender, &sender) != 0)
        return -1;
    buf_adds(&l->out->recipient, recipient.address);
    buf_adds(&l->out->sender, sender.address);
    return 0;
}

int mail_build(const struct gateway *g, struct env *env, const char *proof, int64_t now_ms,
               struct gw_request *out, struct err *e)
{
    struct letter l = {
        .rules = &g->mail, .proof = proof ? proof : "", .env = env, .out = out, .e = e};
    struct email from;

    buf_init(&l.value, VALUE_MAX);
    buf_init(&l.tmp, BODY_MAX);
    buf_init(&l.body, BODY_MAX);
    buf_init(&l.html, BODY_MAX);
    buf_init(&l.encoded, 2 * BODY_MAX);
    out->mail = &g->mail.how;
    buf_adds(&out->url, g->origin);
    buf_adds(&out->url, g->mail.helo);
    int rc = envelope(&l, &from) == 0 && add_headers(&l, g, &from, now_ms) == 0 ? add_body(&l) : -1;
    buf_fini(&l.value);
    buf_fini(&l.tmp);
    buf_fini(&l.body);
    buf_fini(&l.html);
    buf_fini(&l.encoded);
    return rc;
}
