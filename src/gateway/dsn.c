/*
 * dsn: delivery status notifications (RFC 3464, in multipart/report, RFC 6522): a mail server's bounces as receipts.
 *
 * A reader of only what they are made of, and bounded: one level of parts, so many of them, headers that are looked for by name.
 * Nothing is decoded: RFC 3464 allows no encoding of what is read here. What is no such report is told apart from one that is not
 * ours: the first is somebody's letter.
 *
 * It is joined by our client reference, which is the Message-ID's left side: in the returned message or its headers, else in the
 * envelope id, else in what the bounce says that it answers. Anybody may write such a letter: the proof behind the reference
 * (REF.PROOF@host) is read here and judged by track, which has the key. Several notifications may stand in one text, in mbox form.
 *
 * Called by reading.c for gateways that are mail servers.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "profile.h"
#include "zhanchi/message.h"

#define PARTS_MAX 16
#define RECIPIENTS_MAX 16
#define BOUNDARY_MAX 70 /* RFC 2046 5.1.1 */
#define VALUE_MAX 998

struct span {
    const char *s;
    size_t len;
};

static bool begins(struct span t, const char *word)
{
    size_t n = strlen(word);

    return t.len >= n && strncasecmp(t.s, word, n) == 0;
}

/* The next line without its end; false at the end of the text. */
static bool next_line(struct span *rest, struct span *line)
{
    if (rest->len == 0)
        return false;
    const char *nl = memchr(rest->s, '\n', rest->len);
    size_t n = nl ? (size_t)(nl - rest->s) + 1 : rest->len;

    *line = (struct span){rest->s, nl ? n - 1 : n};
    if (line->len > 0 && line->s[line->len - 1] == '\r')
        line->len--;
    rest->s += n;
    rest->len -= n;
    return true;
}

/* The lines up to the first empty one; `rest` goes on behind it. */
static struct span take_block(struct span *rest)
{
    struct span block = {rest->s, 0}, line;

    while (next_line(rest, &line) && line.len > 0)
        block.len = (size_t)(rest->s - block.s);
    return block;
}

/* ---- fields ---- */

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static void append(char out[VALUE_MAX + 1], size_t *n, struct span t)
{
    while (t.len > 0 && blank(t.s[0])) {
        t.s++;
        t.len--;
    }
    while (t.len > 0 && blank(t.s[t.len - 1]))
        t.len--;
    if (*n > 0 && *n < VALUE_MAX)
        out[(*n)++] = ' ';
    for (size_t i = 0; i < t.len && *n < VALUE_MAX; i++)
        out[(*n)++] = t.s[i] >= ' ' && t.s[i] < 0x7f ? t.s[i] : '?';
    out[*n] = '\0';
}

/* A field's value, unfolded, ASCII, cut at VALUE_MAX. The first of that name. */
static bool field(struct span block, const char *name, char out[VALUE_MAX + 1])
{
    size_t len = strlen(name), n = 0;
    struct span line;
    bool inside = false;

    out[0] = '\0';
    while (next_line(&block, &line)) {
        if (inside && (line.len == 0 || !blank(line.s[0])))
            return true;
        if (!inside && begins(line, name) && line.len > len && line.s[len] == ':') {
            inside = true;
            line.s += len + 1;
            line.len -= len + 1;
        }
        if (inside)
            append(out, &n, line);
    }
    return inside;
}

/* boundary="..." of a content type. */
static bool boundary_of(const char *type, char out[BOUNDARY_MAX + 1])
{
    const char *p = strcasestr(type, "boundary=");

    if (p == NULL)
        return false;
    p += strlen("boundary=");
    size_t len = *p == '"' ? strcspn(++p, "\"") : strcspn(p, "; \t");
    if (len == 0 || len > BOUNDARY_MAX)
        return false;
    memcpy(out, p, len);
    out[len] = '\0';
    return true;
}

/* ---- parts ---- */

/* A line that is "--boundary", or the last one, "--boundary--". */
static bool separates(struct span line, const char *boundary, bool *last)
{
    size_t n = strlen(boundary);

    while (line.len > 0 && blank(line.s[line.len - 1]))
        line.len--;
    if (line.len < n + 2 || line.s[0] != '-' || line.s[1] != '-' ||
        memcmp(line.s + 2, boundary, n) != 0)
        return false;
    *last = line.len == n + 4 && memcmp(line.s + n + 2, "--", 2) == 0;
    return *last || line.len == n + 2;
}

/* The parts between separators; how many. */
static size_t split(struct span body, const char *boundary, struct span parts[PARTS_MAX])
{
    struct span line;
    size_t n = 0;
    bool open = false, last = false;

    while (!last && next_line(&body, &line)) {
        if (!separates(line, boundary, &last))
            continue;
        if (open) {
            parts[n].len = (size_t)(line.s - parts[n].s);
            n++;
        }
        open = !last && n < PARTS_MAX;
        if (open)
            parts[n].s = body.s;
        else
            break;
    }
    return n;
}

/* ---- whose it is ---- */

#define PROOF_MAX 64

struct own {
    char ref[MESSAGE_REF_MAX], proof[PROOF_MAX + 1];
};

/* The first <REF.PROOF@...> or REF of ours in a value. */
static bool own_ref(const char *value, struct own *out)
{
    struct msg_ref r;

    for (const char *p = value; (p = strchr(p, 'Z')) != NULL; p++) {
        size_t len = strspn(p, "0123456789ABCDEFGHJKMNPQRSTVWXYZ-");
        if (len < MESSAGE_REF_MAX && (p == value || p[-1] == '<' || p[-1] == ' ' || p[-1] == ';') &&
            message_ref_parse(p, len, &r) == 0) {
            memcpy(out->ref, p, len);
            out->ref[len] = '\0';
            size_t n = p[len] == '.' ? strspn(p + len + 1, "0123456789abcdef") : 0;
            n = n <= PROOF_MAX ? n : 0;
            memcpy(out->proof, p + len + 1, n);
            out->proof[n] = '\0';
            return true;
        }
    }
    return false;
}

static bool ref_in(struct span block, const char *name, struct own *out)
{
    char value[VALUE_MAX + 1];

    return field(block, name, value) && own_ref(value, out);
}

/* ---- one notification ---- */

struct notice {
    struct span headers, status; /* of the bounce; the delivery-status part */
    struct span returned;        /* headers of the message that came back; len 0: none */
};

/* 1 a notification, 0 another letter. */
static int take_apart(struct span text, struct notice *out)
{
    char type[VALUE_MAX + 1], boundary[BOUNDARY_MAX + 1];
    struct span parts[PARTS_MAX];

    *out = (struct notice){.headers = take_block(&text)};
    if (!field(out->headers, "Content-Type", type) ||
        strncasecmp(type, "multipart/report", 16) != 0 ||
        strcasestr(type, "delivery-status") == NULL || !boundary_of(type, boundary))
        return 0;
    size_t n = split(text, boundary, parts);
    for (size_t i = 0; i < n; i++) {
        struct span headers = take_block(&parts[i]);
        field(headers, "Content-Type", type);
        if (strcasecmp(type, "message/delivery-status") == 0 ||
            strncasecmp(type, "message/delivery-status;", 24) == 0 ||
            strncasecmp(type, "message/global-delivery-status", 30) == 0)
            out->status = parts[i];
        else if (strncasecmp(type, "message/rfc822", 14) == 0 ||
                 strncasecmp(type, "text/rfc822-headers", 19) == 0 ||
                 strncasecmp(type, "message/global", 14) == 0)
            out->returned = take_block(&parts[i]);
    }
    return out->status.len > 0;
}

/* "5.1.1" at the beginning of what follows "smtp; 550-". */
static bool find_code(const char *s, char out[12])
{
    for (const char *p = s; *p; p++) {
        size_t n = strspn(p, "0123456789."), dots = 0;
        for (size_t i = 0; i < n; i++)
            dots += p[i] == '.';
        if (dots == 2 && n >= 5 && n < 12 && strchr("245", p[0]) && p[1] == '.' &&
            p[n - 1] != '.' && (p == s || p[-1] == ' ' || p[-1] == '-' || p[-1] == '#')) {
            memcpy(out, p, n);
            out[n] = '\0';
            return true;
        }
        if (n > 0)
            p += n - 1;
    }
    return false;
}

/* The status; where it says no more than "failed" (5.0.0), what the other server answered. */
static void code_of(struct span group, char out[12])
{
    char value[VALUE_MAX + 1], better[12];

    out[0] = '\0';
    if (field(group, "Status", value))
        find_code(value, out);
    if ((out[0] == '\0' || strcmp(out + 1, ".0.0") == 0) &&
        field(group, "Diagnostic-Code", value) && find_code(value, better) &&
        (out[0] == '\0' || better[0] == out[0]))
        memcpy(out, better, sizeof better);
}

/* "rfc822; <li@x.cn>": the address, "" if there is none of this kind. */
static bool address_in(struct span group, const char *name, char out[VALUE_MAX + 1])
{
    char value[VALUE_MAX + 1];

    out[0] = '\0';
    if (!field(group, name, value) || strncasecmp(value, "rfc822", 6) != 0)
        return false;
    const char *p = value + 6 + strspn(value + 6, " \t");
    if (*p++ != ';')
        return false;
    p += strspn(p, " \t<");
    size_t n = strcspn(p, " \t>");
    memcpy(out, p, n);
    out[n] = '\0';
    return n > 0;
}

/* Whom we wrote to, where a server on the way has changed the address and says so; else whom it could not reach. */
static void recipient_of(struct span group, char out[VALUE_MAX + 1])
{
    if (!address_in(group, "Original-Recipient", out))
        address_in(group, "Final-Recipient", out);
}

/* False: no group of a recipient. */
static bool read_group(const struct gateway *g, struct span group, const struct own *own,
                       char code[12], char phone[VALUE_MAX + 1], struct gw_report *out)
{
    char action[VALUE_MAX + 1];

    if (!field(group, "Action", action))
        return false;
    code_of(group, code);
    recipient_of(group, phone);
    *out = (struct gw_report){.kind = GW_RECEIPT,
                              .mailed = true,
                              .ref = own->ref,
                              .proof = own->proof,
                              .provider_id = "",
                              .phone = phone,
                              .class = CLASS_UNKNOWN,
                              .code = code[0] ? code : "no-status",
                              .text = ""};
    if (strncasecmp(action, "failed", 6) == 0) {
        enum msg_class class = classes_find(&g->mail.bounces, code);
        out->class = class != 0 && class != CLASS_OK ? class : CLASS_UNKNOWN;
    } else if (strncasecmp(action, "delivered", 9) == 0) {
        out->class = CLASS_OK;
    } else { /* delayed; relayed or expanded, which tell nothing of its end */
        out->pending = true;
    }
    return true;
}

/* Reports read, or -1: the callee refused. */
static int read_notice(const struct gateway *g, const struct notice *n,
                       int (*each)(void *ctx, const struct gw_report *r), void *ctx)
{
    char code[12], phone[VALUE_MAX + 1];
    struct own own;
    struct span status = n->status, message = take_block(&status);
    struct gw_report r;
    int read = 0;

    if (!ref_in(n->returned, "Message-ID", &own) &&
        !ref_in(message, "Original-Envelope-Id", &own) &&
        !ref_in(n->headers, "In-Reply-To", &own) && !ref_in(n->headers, "References", &own))
        return 0;
    for (int i = 0; i < RECIPIENTS_MAX && status.len > 0; i++) {
        struct span group = take_block(&status);
        if (!read_group(g, group, &own, code, phone, &r))
            continue;
        if (each(ctx, &r) < 0)
            return -1;
        read++;
    }
    return read;
}

/* ---- one text, or an mbox ---- */

/* One message of the text. In an mbox each begins with "From "; the same words at a line's beginning inside are written ">From ". */
static bool next_message(struct span *rest, bool mbox, struct span *out)
{
    struct span line;

    if (rest->len == 0)
        return false;
    if (!mbox) {
        *out = *rest;
        rest->len = 0;
        return true;
    }
    next_line(rest, &line); /* its "From " */
    *out = (struct span){rest->s, 0};
    for (bool after_blank = false; rest->len > 0;) {
        if (after_blank && rest->len > 5 && memcmp(rest->s, "From ", 5) == 0)
            break;
        next_line(rest, &line);
        after_blank = line.len == 0;
        out->len = (size_t)(rest->s - out->s);
    }
    return true;
}

int dsn_read(const struct gateway *g, const char *data, size_t len,
             int (*each)(void *ctx, const struct gw_report *r), void *ctx, size_t *skipped,
             struct err *e)
{
    struct span rest = {data, len}, text;
    bool mbox = begins(rest, "From ");
    size_t notices = 0;
    struct notice n;

    *skipped = 0;
    while (next_message(&rest, mbox, &text)) {
        if (!take_apart(text, &n))
            continue;
        notices++;
        int read = read_notice(g, &n, each, ctx);
        if (read < 0)
            return err_set(e, ERR_SOFTWARE, NULL, "gateway %s: reading was stopped", g->name);
        *skipped += read == 0;
    }
    if (notices == 0)
        return err_set(e, ERR_PROTO, "is it a mail server's message, or an mbox of them?",
                       "gateway %s: this is no delivery status notification", g->name);
    return 0;
}
