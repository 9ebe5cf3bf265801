/*
 * file: template files: metadata lines, "---", the text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/nearest.h"
#include "internal.h"

enum key {
    KEY_NAME,
    KEY_CHANNEL,
    KEY_TOPIC,
    KEY_KIND,
    KEY_SIGNATURE,
    KEY_LANGUAGE,
    KEY_COLUMNS,
    KEY_CARRIER,
    KEY_CARRIER_VARIABLES,
    KEY_SUBJECT,
    KEYS
};

static const char *const keys[] = {"name",
                                   "channel",
                                   "topic",
                                   "kind",
                                   "signature",
                                   "language",
                                   "columns",
                                   "carrier_template",
                                   "carrier_variables",
                                   "subject",
                                   NULL};

struct reader {
    struct template_file *f;
    unsigned seen; /* bit k: key k stood already */
    int line;
};

static int fail(const struct reader *r, struct err *e, const char *what, const char *a,
                const char *b)
{
    char text[256];

    snprintf(text, sizeof text, "%s%.120s%s", what, a, b);
    return err_set(e, ERR_DATA, "correct the template file", "line %d: %s", r->line, text);
}

static int put(const struct reader *r, const char *value, char *out, size_t cap, struct err *e)
{
    if (strlen(value) >= cap)
        return fail(r, e, "the value is too long", "", "");
    memcpy(out, value, strlen(value) + 1);
    return 0;
}

static int set_kind(const struct reader *r, const char *value, struct err *e)
{
    static const char *const kinds[] = {"notice", "promotion", "status", NULL};

    for (int i = 0; kinds[i] != NULL; i++)
        if (strcmp(kinds[i], value) == 0) {
            r->f->kind = (enum template_kind)i;
            return 0;
        }
    return fail(r, e, "kind must be notice, promotion or status, not ", value, "");
}

static int set_columns(const struct reader *r, const char *value, struct err *e)
{
    size_t n = 0;
    char copy[1024], *save = NULL;

    if (put(r, value, copy, sizeof copy, e) != 0)
        return -1;
    for (char *p = strtok_r(copy, ",", &save); p != NULL; p = strtok_r(NULL, ",", &save)) {
        p += strspn(p, " ");
        size_t len = strlen(p);
        while (len > 0 && p[len - 1] == ' ')
            p[--len] = '\0';
        if (len == 0)
            continue;
        if (n + 1 == sizeof r->f->columns / sizeof r->f->columns[0])
            return fail(r, e, "too many columns", "", "");
        if ((r->f->columns[n++] = strdup(p)) == NULL)
            panic("out of memory");
    }
    return 0;
}

/* NAME:WEIGHT and paths must stay tellable from names. */
static int set_name(const struct reader *r, const char *value, struct err *e)
{
    if (strpbrk(value, ":/ \t") != NULL || value[0] == '-')
        return fail(r, e,
                    "a name holds no colon, slash or blank and begins with no hyphen: ", value, "");
    return put(r, value, r->f->name, sizeof r->f->name, e);
}

/* A tag of BCP 47, as far as its letters go. */
static int set_language(const struct reader *r, const char *value, struct err *e)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t first = strspn(value, letters);

    if (first < 2 || first > 3 || (value[first] != '\0' && value[first] != '-') ||
        value[first + strspn(value + first, "-0123456789abcdefghijklmnopqrstuvwxyz"
                                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] != '\0')
        return fail(r, e, "a language is written like zh-CN or en, not ", value, "");
    return put(r, value, r->f->language, sizeof r->f->language, e);
}

static int set_carrier_variables(const struct reader *r, const char *value, struct err *e)
{
    struct template_carrier one;
    const char *p = value;
    int rc;

    while ((rc = template_carrier_next(&p, &one, e)) == 1)
        ;
    if (rc != 0)
        return err_prefix(e, "line %d", r->line);
    return put(r, value, r->f->carrier_variables, sizeof r->f->carrier_variables, e);
}

static int set_key(const struct reader *r, enum key k, const char *value, struct err *e)
{
    struct template_file *f = r->f;

    switch (k) {
    case KEY_NAME:
        return set_name(r, value, e);
    case KEY_CHANNEL:
        if (strcmp(value, "sms") != 0 && strcmp(value, "email") != 0)
            return fail(r, e, "channel must be sms or email, not ", value, "");
        return put(r, value, f->channel, sizeof f->channel, e);
    case KEY_TOPIC:
        return put(r, value, f->topic, sizeof f->topic, e);
    case KEY_KIND:
        return set_kind(r, value, e);
    case KEY_SIGNATURE:
        if (strstr(value, "【") != NULL || strstr(value, "】") != NULL)
            return fail(r, e, "write the signature without 【】", "", "");
        return put(r, value, f->signature, sizeof f->signature, e);
    case KEY_LANGUAGE:
        return set_language(r, value, e);
    case KEY_COLUMNS:
        return set_columns(r, value, e);
    case KEY_CARRIER_VARIABLES:
        return set_carrier_variables(r, value, e);
    case KEY_SUBJECT:
        return put(r, value, f->subject, sizeof f->subject, e);
    default:
        return put(r, value, f->carrier_template, sizeof f->carrier_template, e);
    }
}

static int read_line(struct reader *r, char *text, struct err *e)
{
    char *colon = strchr(text, ':');
    int k = 0;

    if (colon == NULL)
        return fail(r, e, "expected `name: value`, or `---` before the text", "", "");
    *colon = '\0';
    char *key = text + strspn(text, " "), *value = colon + 1 + strspn(colon + 1, " \t");
    size_t len = strlen(key), vlen = strlen(value);
    while (len > 0 && key[len - 1] == ' ')
        key[--len] = '\0';
    while (vlen > 0 && strchr(" \t\r", value[vlen - 1]) != NULL)
        value[--vlen] = '\0';
    while (keys[k] != NULL && strcmp(keys[k], key) != 0)
        k++;
    if (keys[k] == NULL) {
        const char *near = nearest(key, keys);
        return fail(r, e, near != NULL ? "unknown key; did you mean " : "unknown key ",
                    near != NULL ? near : key, near != NULL ? "?" : "");
    }
    if (r->seen & 1u << k)
        return fail(r, e, "this key stands twice: ", key, "");
    r->seen |= 1u << k;
    return set_key(r, (enum key)k, value, e);
}

static int check_channel(struct template_file *f, struct err *e)
{
    bool email = strcmp(f->channel, "email") == 0;

    if (f->channel[0] == '\0')
        memcpy(f->channel, "sms", 4);
    if (email && f->subject[0] == '\0')
        return err_set(e, ERR_DATA, "add a line `subject: ...`", "an email needs a subject");
    if (!email && f->subject[0] != '\0')
        return err_set(e, ERR_DATA, "add `channel: email`, or take it out",
                       "only an email has a subject");
    if (email && f->carrier_template[0] != '\0')
        return err_set(e, ERR_DATA, "take carrier_template out",
                       "no carrier keeps texts of emails");
    if (!email && f->html != NULL)
        return err_set(e, ERR_DATA, "add `channel: email`, or take it out",
                       "only an email has a part `--- html`");
    if (f->carrier_template[0] == '\0' && f->carrier_text != NULL)
        return err_set(e, ERR_DATA, "add carrier_template, or take `--- carrier` out",
                       "a filed text belongs to a carrier_template");
    if (f->carrier_template[0] == '\0' && f->carrier_variables[0] != '\0')
        return err_set(e, ERR_DATA, "add carrier_template, or take carrier_variables out",
                       "carrier_variables belong to a carrier_template");
    return 0;
}

static int finish(struct reader *r, const char *body, size_t len, struct err *e)
{
    struct template_file *f = r->f;

    f->text_line = r->line + 1;
    if (file_sections(f, body, &len, e) != 0)
        return -1;
    while (len > 0 && (body[len - 1] == '\n' || body[len - 1] == '\r'))
        len--;
    if (f->name[0] == '\0' || f->signature[0] == '\0' || f->topic[0] == '\0')
        return err_set(e, ERR_DATA, "add what is missing above the line of ---",
                       "the template needs name, topic and signature");
    if (check_channel(f, e) != 0)
        return -1;
    if (len == 0)
        return err_set(e, ERR_DATA, "write the text below the line of ---",
                       "the template has no text");
    if (len > TEMPLATE_BODY_MAX)
        return err_set(e, ERR_DATA, "shorten it", "the text is longer than %d bytes",
                       TEMPLATE_BODY_MAX);
    if (memchr(body, '\0', len) != NULL)
        return err_set(e, ERR_DATA, "save the file as UTF-8 text", "the text holds NUL bytes");
    f->text = strndup(body, len);
    if (f->text == NULL)
        panic("out of memory");
    f->text_len = file_unix_lines(f->text, len);
    if (strstr(f->text, "【") != NULL || strstr(f->text, "】") != NULL)
        return err_set(e, ERR_DATA,
                       "the signature is put in front by itself; use other brackets in the text",
                       "the text holds 【 or 】, which carriers take for a second signature");
    if (f->language[0] == '\0')
        memcpy(f->language, "zh-CN", 6);
    return 0;
}

static int parse(struct reader *r, const char *data, size_t len, struct err *e)
{
    const char *p = data, *end = data + len;
    char text[2048];

    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        const char *stop = nl != NULL ? nl : end;
        size_t n = (size_t)(stop - p);
        r->line++;
        if (n >= sizeof text)
            return fail(r, e, "the line is too long", "", "");
        memcpy(text, p, n);
        text[n] = '\0';
        p = nl != NULL ? nl + 1 : end;
        if (strcmp(text, "---") == 0 || strcmp(text, "---\r") == 0)
            return finish(r, p, (size_t)(end - p), e);
        if (text[strspn(text, " \t\r")] == '\0' || text[0] == '#')
            continue;
        if (read_line(r, text, e) != 0)
            return -1;
    }
    return err_set(e, ERR_DATA, "put a line of --- between metadata and text",
                   "the template has no line of ---");
}

int template_file_parse(const char *data, size_t len, struct template_file *out, struct err *e)
{
    struct reader r = {.f = out};

    memset(out, 0, sizeof *out);
    if (len >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) {
        data += 3;
        len -= 3;
    }
    if (parse(&r, data, len, e) == 0)
        return 0;
    template_file_fini(out);
    return -1;
}

void template_file_fini(struct template_file *f)
{
    for (size_t i = 0; i < sizeof f->columns / sizeof f->columns[0] && f->columns[i] != NULL; i++)
        free(f->columns[i]);
    free(f->text);
    free(f->html);
    free(f->carrier_text);
    memset(f, 0, sizeof *f);
}
