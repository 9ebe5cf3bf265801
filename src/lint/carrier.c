/*
 * carrier: a text that a carrier keeps. We send a number and variables; what people read is what the carrier puts together from the text that was
 * filed. So for every row the same is put together here and compared with what was previewed and approved, byte by byte, and every variable is held
 * against the type and the length that were filed with it.
 *
 * Providers write variables differently: ${name} (Aliyun), {1} (Tencent, MAS), ${1} or ${TXT_20} (Huawei). A key that is no variable's and no
 * number but looks like TXT_20 stands for the next variable in order. Callers: text.c for rows, campaign for loading.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/err.h"
#include "zhanchi/nearest.h"
#include "zhanchi/utf8.h"
#include "internal.h"

#define VARIABLES_MAX 64
#define PIECES_MAX (2 * VARIABLES_MAX + 1)

enum type {
    TYPE_ANY,
    TYPE_TEXT,
    TYPE_NAME,
    TYPE_NUMBER,
    TYPE_AMOUNT,
    TYPE_DATE,
    TYPE_PHONE,
    TYPE_CODE
};
static const char *const types[] = {"any",  "text",  "name", "number", "amount",
                                    "date", "phone", "code", NULL};

struct variable {
    struct template_carrier filed;
    enum type type;
};

struct piece {        /* of the filed text */
    const char *text; /* literal, NULL: a variable */
    size_t len;
    size_t variable;
};

struct lint_carrier {
    struct variable variables[VARIABLES_MAX];
    size_t n;
    char *text;
    struct piece pieces[PIECES_MAX];
    size_t n_pieces;
};

/* ---- what was filed ---- */

static int read_type(struct variable *v, struct err *e)
{
    for (int i = 0; v->filed.type[0] != '\0'; i++) {
        if (types[i] == NULL) {
            const char *near = nearest(v->filed.type, types);
            return err_set(e, ERR_DATA,
                           "write text, name, number, amount, date, phone, code or any",
                           "carrier_variables: %s: there is no type %s%s%s%s", v->filed.key,
                           v->filed.type, near != NULL ? "; did you mean " : "",
                           near != NULL ? near : "", near != NULL ? "?" : "");
        }
        if (strcmp(types[i], v->filed.type) == 0) {
            v->type = (enum type)i;
            return 0;
        }
    }
    return 0;
}

static int read_variables(struct lint_carrier *c, const char *list, struct err *e)
{
    int rc;

    while ((rc = template_carrier_next(&list, &c->variables[c->n].filed, e)) == 1) {
        if (read_type(&c->variables[c->n], e) != 0)
            return -1;
        if (++c->n == VARIABLES_MAX)
            return err_set(e, ERR_DATA, "take fewer", "carrier_variables: more than %d",
                           VARIABLES_MAX - 1);
    }
    return rc;
}

/* A key of the filed text as a variable; *next counts those that have neither key nor number. */
static int find_variable(struct lint_carrier *c, const char *key, size_t len, size_t *next,
                         bool by_name, struct err *e)
{
    size_t number = 0;

    for (size_t i = 0; i < c->n; i++)
        if (strncmp(c->variables[i].filed.key, key, len) == 0 &&
            c->variables[i].filed.key[len] == '\0')
            return (int)i;
    for (size_t i = 0; i < len && key[i] >= '0' && key[i] <= '9' && number < 1000; i++)
        number = number * 10 + (size_t)(key[i] - '0');
    if (by_name && number == 0 && len < sizeof c->variables[0].filed.key &&
        c->n < VARIABLES_MAX - 1) { /* every value goes by its name */
        struct template_carrier *f = &c->variables[c->n].filed;
        memcpy(f->key, key, len);
        memcpy(f->value, key, len);
        return (int)c->n++;
    }
    bool typed = key[0] >= 'A' && key[0] <= 'Z' && memchr(key, '_', len) != NULL;
    size_t at = number > 0 ? number - 1 : typed ? (*next)++ : c->n;
    if (at < c->n && !by_name)
        return (int)at;
    return err_set(e, ERR_DATA, "compare `--- carrier` with carrier_variables",
                   "the filed text has a variable %.*s, and there is none",
                   (int)(len < 60 ? len : 60), key);
}

static int add_piece(struct lint_carrier *c, struct piece p, struct err *e)
{
    if (p.text != NULL && p.len == 0)
        return 0;
    if (c->n_pieces == PIECES_MAX)
        return err_set(e, ERR_DATA, "shorten it", "the filed text has too many variables");
    c->pieces[c->n_pieces++] = p;
    return 0;
}

/* "${key}" or "{key}" at s: its length, *key and *key_len; 0: none begins here. */
static size_t placeholder(const char *s, const char **key, size_t *key_len)
{
    size_t head = s[0] == '$' && s[1] == '{' ? 2 : s[0] == '{' ? 1 : 0;

    if (head == 0)
        return 0;
    *key = s + head;
    *key_len = strcspn(*key, "{}\n");
    return (*key)[*key_len] == '}' && *key_len > 0 ? head + *key_len + 1 : 0;
}

static int read_text(struct lint_carrier *c, struct err *e)
{
    bool by_name = c->n == 0;
    const char *from = c->text, *key;
    size_t next = 0, key_len, n;

    for (const char *p = c->text; *p != '\0';) {
        if ((n = placeholder(p, &key, &key_len)) == 0) {
            p++;
            continue;
        }
        int v = find_variable(c, key, key_len, &next, by_name, e);
        if (v < 0 ||
            add_piece(c, (struct piece){.text = from, .len = (size_t)(p - from)}, e) != 0 ||
            add_piece(c, (struct piece){.variable = (size_t)v}, e) != 0)
            return -1;
        from = p += n;
    }
    return add_piece(c, (struct piece){.text = from, .len = strlen(from)}, e);
}

struct lint_carrier *lint_carrier_new(const char *variables, const char *text, struct err *e)
{
    struct lint_carrier *c = calloc(1, sizeof *c);

    if (c == NULL || (c->text = strdup(text)) == NULL)
        panic("out of memory");
    if (read_variables(c, variables, e) == 0 && read_text(c, e) == 0)
        return c;
    lint_carrier_free(c);
    return NULL;
}

void lint_carrier_free(struct lint_carrier *c)
{
    if (c == NULL)
        return;
    free(c->text);
    free(c);
}

bool carrier_declared(const struct lint_carrier *c)
{
    return c->text[0] != '\0';
}

/* ---- a row ---- */

/* "deadline.iso": a value's other form. */
static const struct tv *find(const struct tv *root, const char *name)
{
    size_t first = strcspn(name, ".");

    for (size_t i = 0; i < root->len; i++) {
        const struct tv_member *m = &root->members[i];
        if (strncmp(m->name, name, first) != 0 || m->name[first] != '\0')
            continue;
        if (name[first] == '\0')
            return &m->value;
        for (size_t k = 0; k < m->value.n_forms; k++)
            if (strcmp(m->value.members[k].name, name + first + 1) == 0)
                return &m->value.members[k].value;
    }
    return NULL;
}

static bool only(const char *s, size_t len, const char *ascii, const char *han)
{
    for (size_t i = 0; i < len;) {
        size_t at = i;
        uint32_t cp = utf8_next(s, len, &i);
        char one[5] = "";
        memcpy(one, s + at, i - at);
        bool digit = cp >= '0' && cp <= '9';
        if (!digit && !(cp < 0x80 ? strchr(ascii, (int)cp) != NULL : strstr(han, one) != NULL))
            return false;
    }
    return len > 0;
}

static bool of_type(enum type t, const char *s, size_t len)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    switch (t) {
    case TYPE_NUMBER:
        return only(s, len, ".,-", "");
    case TYPE_AMOUNT:
        return only(s, len, ".,-RMBCNY ", "元万");
    case TYPE_DATE:
        return only(s, len, "-/.: JanuryFebMchApilgstSmOoNvDdT", "年月日号时分");
    case TYPE_PHONE:
        return only(s, len, "+-", "");
    case TYPE_CODE:
        return only(s, len, letters, "");
    case TYPE_NAME:
        return memchr(s, '\n', len) == NULL && strpbrk(s, "0123456789") == NULL;
    case TYPE_TEXT:
        return memchr(s, '\n', len) == NULL;
    default:
        return true;
    }
}

static bool variable_fits(const struct variable *v, const struct tv *root)
{
    const struct tv *t = find(root, v->filed.value);

    return t != NULL && t->type == TV_TEXT && of_type(v->type, t->text, t->len) &&
           (v->filed.max == 0 || utf8_count(t->text, t->len) <= (size_t)v->filed.max);
}

/* The first variable that is not as it was filed, or NULL. */
static const struct variable *find_misfit(const struct lint_carrier *c, const struct tv *root)
{
    for (size_t i = 0; i < c->n; i++)
        if (!variable_fits(&c->variables[i], root))
            return &c->variables[i];
    return NULL;
}

/* What the carrier puts there; text NULL: nothing. */
static struct piece put_together(const struct lint_carrier *c, size_t i, const struct tv *root)
{
    struct piece p = c->pieces[i];
    const struct tv *v = p.text == NULL ? find(root, c->variables[p.variable].filed.value) : NULL;

    if (v != NULL) {
        p.text = v->text;
        p.len = v->len;
    }
    return p;
}

bool lint_carrier_fits(const struct lint_carrier *c, const struct tv *root, const char *body,
                       size_t len)
{
    size_t at = 0;

    if (find_misfit(c, root) != NULL)
        return false;
    for (size_t i = 0; i < c->n_pieces; i++) {
        struct piece p = put_together(c, i, root);
        if (p.text == NULL || p.len > len - at || memcmp(body + at, p.text, p.len) != 0)
            return false;
        at += p.len;
    }
    return c->n_pieces == 0 || at == len;
}

/* ---- why not ---- */

/* The beginning of s as far as it has room, whole characters. */
static int head(const char *s, size_t len)
{
    size_t n = len < 36 ? len : 36;

    while (n > 0 && n < len && ((unsigned char)s[n] & 0xC0) == 0x80)
        n--;
    return (int)n;
}

/* How far they are the same, whole characters. */
static size_t same(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t n = 0, most = a_len < b_len ? a_len : b_len;

    while (n < most && a[n] == b[n])
        n++;
    while (n > 0 && n < a_len && ((unsigned char)a[n] & 0xC0) == 0x80)
        n--;
    return n;
}

void lint_carrier_differs(const struct lint_carrier *c, const struct tv *root, const char *body,
                          size_t len, char out[96])
{
    const struct variable *v = find_misfit(c, root);
    size_t at = 0;

    out[0] = '\0';
    if (v != NULL) {
        snprintf(out, 96, "%.60s:%s", v->filed.key, types[v->type]);
        return;
    }
    for (size_t i = 0; i < c->n_pieces; i++) {
        struct piece p = put_together(c, i, root);
        size_t n = same(body + at, len - at, p.text, p.len);
        at += n;
        if (n < p.len) {
            snprintf(out, 96, "%.*s | %.*s", head(body + at, len - at), body + at,
                     head(p.text + n, p.len - n), p.text + n);
            return;
        }
    }
    if (c->n_pieces > 0 && at < len)
        snprintf(out, 96, "%.*s | ", head(body + at, len - at), body + at);
}
