/*
 * mail: gateways that are mail servers: what a profile says of them, and what their replies are worth.
 *
 *   mail = { tls; user; password; helo; from; from_name; sender; reply_to; subject; body; html; list_unsubscribe; headers; }
 *   answer = { session = { CLASS = [ codes ] }; recipient = { CLASS = [ codes ] }; id = "expression"; }
 *   bounces = { CLASS = [ codes ] }
 *
 * Invariant: a message is OK only by a 2xx after its end; UNKNOWN only if its bytes had left and no reply came. Replies before that
 * refuse for certain. What speaks of us (greeting, login, sender) is looked up in `session`, what speaks of a recipient or of the
 * message in `recipient`: first the enhanced code (RFC 3463) where the reply has one, then the three digits.
 *
 * Called while a profile is loaded; mail_judge by judge.c for each transfer that ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "profile.h"
#include "zhanchi/crypt.h"

#define REPLY_MAX 2048

/* ---- what a profile says ---- */

static int leaf(struct compiler *c, const struct conf_node *node, struct mail_rules *m,
                struct program *p, struct err *e)
{
    compile_begin(c, p, VARS_MESSAGE | VARS_TIME, false);
    if (node && compile_value(c, node, template_escape_none, e) != 0)
        return -1;
    compile_end(c);
    m->uses |= p->uses;
    return 0;
}

static int parse_leaves(struct compiler *c, const struct conf_node *group, struct mail_rules *m,
                        struct err *e)
{
    const struct {
        const char *key;
        struct program *p;
        bool needed;
    } leaves[] = {{"from", &m->from, true},       {"from_name", &m->from_name, false},
                  {"sender", &m->sender, false},  {"reply_to", &m->reply_to, false},
                  {"subject", &m->subject, true}, {"body", &m->body, true},
                  {"html", &m->html, false},      {"list_unsubscribe", &m->unsubscribe, false}};

    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++)
        if ((leaves[i].needed && profile_need(group, leaves[i].key, e) == NULL) ||
            leaf(c, conf_node_get(group, leaves[i].key), m, leaves[i].p, e) != 0)
            return -1;
    return 0;
}

/* Those that are made from something else. */
static bool reserved(const char *name)
{
    static const char *const ours[] = {
        "From",     "To",     "Cc",         "Bcc",         "Subject",      "Date",
        "Reply-To", "Sender", "Message-ID", "Return-Path", "MIME-Version", "List-Unsubscribe"};

    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (strcasecmp(ours[i], name) == 0)
            return true;
    return strncasecmp(name, "Content-", 8) == 0;
}

static int parse_headers(struct compiler *c, const struct conf_node *group, struct mail_rules *m,
                         struct err *e)
{
    size_t n = group ? conf_node_count(group) : 0;

    m->headers = arena_alloc(c->arena, (n + 1) * sizeof *m->headers);
    for (size_t i = 0; i < n; i++) {
        const struct conf_node *item = conf_node_item(group, i);
        struct mail_header *h = &m->headers[m->n_headers];
        if (reserved(conf_node_name(item)))
            return conf_node_err(item, e, "see zhanchi-gateway(5) for what it is made from",
                                 "header %s is written by itself", conf_node_name(item));
        h->name = arena_strdup(c->arena, conf_node_name(item));
        if (leaf(c, item, m, &h->value, e) != 0)
            return -1;
        m->n_headers++;
    }
    return 0;
}

static int parse_helo(struct compiler *c, const struct conf_node *group, struct mail_rules *m,
                      struct err *e)
{
    const struct conf_node *node = conf_node_get(group, "helo");
    struct program none;
    const char *text;

    m->helo = "";
    if (node == NULL)
        return 0;
    if (conf_node_str(group, "helo", "", &text, e) != 0)
        return -1;
    compile_begin(c, &none, 0, false);
    compile_bytes(c, "/", 1);
    if (compile_leaf(c, node, text, template_escape_none, e) != 0)
        return -1;
    const char *path = arena_strdup(c->arena, buf_cstr(&c->pending));
    if (path[1] == '\0')
        return 0;
    if (path[1 +
             strspn(path + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")])
        return conf_node_err(node, e, "write the machine's name: mail.example.com",
                             "helo is no host name");
    m->helo = path;
    return 0;
}

static bool loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "[::1]", 5) == 0 ||
           strcmp(host, "localhost") == 0 || strncmp(host, "localhost:", 10) == 0;
}

static int parse_login(struct compiler *c, struct gateway *g, const struct conf_node *group,
                       struct mail_rules *m, struct err *e)
{
    static const char *const forms[] = {"required", "opportunistic", "none", NULL};
    size_t len;
    int tls;

    if (profile_choose(group, "tls", forms, &tls, e) != 0 ||
        (conf_node_get(group, "user") && recipe_key(c, group, "user", &m->user, &len, e) != 0) ||
        (conf_node_get(group, "password") &&
         recipe_key(c, group, "password", &m->password, &len, e) != 0))
        return -1;
    if ((m->user == NULL) != (m->password == NULL))
        return conf_node_err(group, e, "give both, or none", "user and password go together");
    m->how = (struct gw_mail){.tls = (enum gw_tls)tls, .user = m->user, .password = m->password};
    if (m->user && tls != GW_TLS_REQUIRED && strncmp(g->origin, "smtps:", 6) != 0 &&
        !loopback(g->host))
        return conf_node_err(group, e, "write tls = \"required\"",
                             "without encryption everybody on the way could read the password");
    return 0;
}

/* A session is refused for a while or until somebody has looked; it is nobody's number. */
static int check_session(const struct conf_node *at, const struct class_table *t, struct err *e)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->rows[i].class != CLASS_RETRY && t->rows[i].class != CLASS_CONFIG)
            return conf_node_err(at, e, "use RETRY and CONFIG", "a session is not %s",
                                 message_class_name(t->rows[i].class));
    return 0;
}

static int parse_answer(struct compiler *c, struct gateway *g, const struct conf_node *group,
                        struct mail_rules *m, struct err *e)
{
    static const char *const known[] = {"session", "recipient", "id", NULL};
    const struct conf_node *session, *recipient;

    if (conf_node_known(group, known, e) != 0 || profile_need(group, "recipient", e) == NULL ||
        profile_group(group, "session", &session, e) != 0 ||
        profile_group(group, "recipient", &recipient, e) != 0 ||
        classes_parse(c, session, &m->session, e) != 0 ||
        classes_parse(c, recipient, &m->recipient, e) != 0)
        return -1;
    return check_session(session, &m->session, e) != 0 ? -1
                                                       : pattern_parse(g, group, "id", &m->id, e);
}

int mail_parse(struct compiler *c, struct gateway *g, const struct conf_node *mail,
               const struct conf_node *answer, const struct conf_node *bounces, struct err *e)
{
    static const char *const known[] = {"tls",     "user",      "password", "helo",
                                        "from",    "from_name", "sender",   "reply_to",
                                        "subject", "body",      "html",     "list_unsubscribe",
                                        "headers", NULL};
    struct mail_rules *m = &g->mail;
    const struct conf_node *headers;

    m->present = true;
    if (conf_node_known(mail, known, e) != 0 || profile_group(mail, "headers", &headers, e) != 0 ||
        parse_login(c, g, mail, m, e) != 0 || parse_helo(c, mail, m, e) != 0 ||
        parse_leaves(c, mail, m, e) != 0 || parse_headers(c, headers, m, e) != 0 ||
        parse_answer(c, g, answer, m, e) != 0 || classes_parse(c, bounces, &m->bounces, e) != 0)
        return -1;
    /* What build.c needs to know of an operation. */
    g->single = (struct operation){
        .present = true, .method = "SMTP", .max = 1, .path = "", .uses = m->uses};
    return 0;
}

void mail_fini(struct mail_rules *m)
{
    char *const all[] = {m->user, m->password};

    for (size_t i = 0; i < 2; i++)
        if (all[i]) {
            crypt_wipe(all[i], strlen(all[i]));
            free(all[i]);
        }
}

/* ---- what a reply is worth ---- */

/* "5.1.1 No such user": class, subject, detail. "" if the reply begins otherwise. */
static void enhanced_code(const char *s, size_t len, char out[12])
{
    size_t n = 0, dots = 0;

    while (n < len && n < 11 && ((s[n] >= '0' && s[n] <= '9') || s[n] == '.'))
        dots += s[n++] == '.';
    bool good = dots == 2 && n >= 5 && s[1] == '.' && s[n - 1] != '.' && strchr("245", s[0]) &&
                (n == len || s[n] == ' ' || s[n] == '\n' || s[n] == '\r');
    memcpy(out, s, good ? n : 0);
    out[good ? n : 0] = '\0';
}

static void read_id(const struct mail_rules *m, const struct gw_answer *a, struct gw_result *out)
{
    char text[REPLY_MAX];
    size_t len = a->body_len < sizeof text - 1 ? a->body_len : sizeof text - 1;

    memcpy(text, a->body, len);
    text[len] = '\0';
    if (m->id != NULL)
        pattern_find(m->id, text, out->provider_id, sizeof out->provider_id);
    for (char *p = out->provider_id; *p; p++)
        if (*p <= ' ' || *p >= 0x7f)
            *p = '?';
}

static void no_reply(const struct gw_answer *a, struct gw_result *out)
{
    out->class = a->handed_over && !a->unsent ? CLASS_UNKNOWN : CLASS_RETRY;
    snprintf(out->code, sizeof out->code, "%s",
             !a->handed_over               ? "not-sent"
             : a->end != NULL && a->end[0] ? a->end
                                           : "closed");
}

void mail_judge(const struct gateway *g, const struct gw_answer *a, struct gw_result *out)
{
    const struct class_table *t = a->session ? &g->mail.session : &g->mail.recipient;
    char digits[16], enhanced[12];
    bool left = a->handed_over && !a->unsent;

    *out = (struct gw_result){0};
    if (!a->complete) {
        no_reply(a, out);
        return;
    }
    snprintf(digits, sizeof digits, "%03d", a->status);
    enhanced_code(a->body, a->body_len, enhanced);
    snprintf(out->code, sizeof out->code, "%s%s%s", digits, enhanced[0] ? "/" : "", enhanced);
    out->class = enhanced[0] ? classes_find(t, enhanced) : 0;
    if (out->class == 0)
        out->class = classes_find(t, digits);
    if (out->class == CLASS_OK && (!left || a->status / 100 != 2))
        out->class = 0;
    if (out->class == 0) /* not declared; but a refusal before the message left is one */
        out->class = left ? CLASS_UNKNOWN : CLASS_RETRY;
    if (out->class == CLASS_OK)
        read_id(&g->mail, a, out);
}
