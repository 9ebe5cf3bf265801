/*
 * email: see email.h. First the cell is folded and unwrapped, then its one @ is found, then both sides are judged.
 *
 * An address goes into SMTP commands and message headers: nothing that passes here can end a line, open a comment or add a
 * recipient. Called by intake, gateway, track and the commands.
 */
#include <string.h>
#include "zhanchi/email.h"
#include "zhanchi/utf8.h"

#define CELL_MAX 1024
#define LOCAL_MAX 64
#define DOMAIN_MAX 253
#define LABEL_MAX 63

static const char *const names[] = {"ok",           "email-empty", "email-chars",  "email-form",
                                    "email-domain", "email-idn",   "email-length", "email-several"};

const char *email_reason_name(enum email_reason r)
{
    return (size_t)r < sizeof names / sizeof names[0] ? names[r] : "?";
}

static bool alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool atext(char c)
{
    return alnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Blanks at the ends, <> around the whole, mailto: in front, one dot at the end. */
static const char *unwrap(char *s)
{
    size_t len = strlen(s);

    while (len > 0 &&
           (s[len - 1] == ' ' || s[len - 1] == '\t' || s[len - 1] == '\n' || s[len - 1] == '\r'))
        s[--len] = '\0';
    s += strspn(s, " \t\r\n");
    len = strlen(s);
    if (len > 2 && s[0] == '<' && s[len - 1] == '>') {
        s[len - 1] = '\0';
        s++;
    }
    if (strlen(s) > 7) {
        size_t i = 0;
        while (i < 7 && lower(s[i]) == "mailto:"[i])
            i++;
        s += i == 7 ? 7 : 0;
    }
    len = strlen(s);
    if (len > 1 && s[len - 1] == '.')
        s[len - 1] = '\0';
    return s;
}

static enum email_reason judge_local(const char *s, size_t len)
{
    if (len == 0)
        return EMAIL_FORM;
    if (len > LOCAL_MAX)
        return EMAIL_LENGTH;
    for (size_t i = 0; i < len; i++) {
        if (s[i] != '.' && !atext(s[i]))
            return EMAIL_CHARS;
        if (s[i] == '.' && (i == 0 || i + 1 == len || s[i + 1] == '.'))
            return EMAIL_FORM;
    }
    return EMAIL_OK;
}

static bool good_label(const char *s, size_t len)
{
    if (len == 0 || len > LABEL_MAX || s[0] == '-' || s[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!alnum(s[i]) && s[i] != '-')
            return false;
    return true;
}

static enum email_reason judge_domain(const char *s)
{
    size_t labels = 0, letters = 0;

    if (strlen(s) > DOMAIN_MAX)
        return EMAIL_LENGTH;
    for (;;) {
        size_t len = strcspn(s, ".");
        if (!good_label(s, len))
            return EMAIL_DOMAIN;
        labels++;
        letters = 0;
        for (size_t i = 0; i < len; i++)
            letters += s[i] < '0' || s[i] > '9';
        if (s[len] == '\0')
            break;
        s += len + 1;
    }
    return labels >= 2 && letters > 0
               ? EMAIL_OK
               : EMAIL_DOMAIN; /* the last label of an IP address has no letter */
}

static enum email_reason judge(const char *s)
{
    const char *at = strchr(s, '@');

    if (s[0] == '\0')
        return EMAIL_EMPTY;
    if (at != NULL && strchr(at + 1, '@') != NULL)
        return EMAIL_SEVERAL;
    for (const char *p = s; *p != '\0'; p++)
        if ((unsigned char)*p >= 0x80)
            return EMAIL_IDN;
    if (at == NULL)
        return EMAIL_FORM;
    enum email_reason r = judge_local(s, (size_t)(at - s));
    if (r == EMAIL_OK)
        r = judge_domain(at + 1);
    return r == EMAIL_OK && strlen(s) >= EMAIL_MAX ? EMAIL_LENGTH : r;
}

static void copy(struct email *out, const char *s)
{
    size_t local = strcspn(s, "@"), len = strlen(s);

    for (size_t i = 0; i <= len; i++) {
        out->key[i] = lower(s[i]);
        out->address[i] = i < local ? s[i] : out->key[i];
    }
}

static void parse(const char *cell, size_t len, struct buf *folded, struct email *out)
{
    utf8_fold(cell, len, folded);
    if (folded->failed || memchr(buf_cstr(folded), '\0', folded->len) != NULL) {
        out->reason = EMAIL_CHARS;
        return;
    }
    const char *s = folded->len > 0 ? unwrap(folded->data) : "";
    out->reason = judge(s);
    if (out->reason != EMAIL_OK)
        return;
    copy(out, s);
    out->repaired = strlen(out->address) != len || memcmp(out->address, cell, len) != 0;
}

bool email_parse(const char *cell, size_t len, struct email *out)
{
    struct buf folded;

    memset(out, 0, sizeof *out);
    buf_init(&folded, CELL_MAX);
    if (len > CELL_MAX / 2)
        out->reason = EMAIL_LENGTH;
    else
        parse(cell, len, &folded, out);
    buf_fini(&folded);
    return out->reason == EMAIL_OK;
}
