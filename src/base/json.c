/*
 * json: reading. jansson stays in this file; a node is a json_t under another name.
 *
 * Providers' ids pass 2^63 (seen: 9223372036854775808 as a bare number), jansson's integers end there. Such literals are put in quotes before
 * jansson sees them, so that the node is a string with the number's own digits. Reals are doubles: no id is written with a point.
 * An error never quotes the text: it may hold personal data.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/json.h"

/* jansson's accessors take non-const nodes and change nothing. */
static json_t *node(const struct json *n)
{
    return (json_t *)(uintptr_t)n;
}

static const struct json *wrap(const json_t *n)
{
    return (const struct json *)n;
}

/* ---- integers beyond 64 bits ---- */

static bool number_char(char c)
{
    return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
}

/* An integer literal that int64_t cannot hold; leading zeros are jansson's to refuse. */
static bool beyond_64(const char *s, size_t n)
{
    bool negative = s[0] == '-';

    s += negative;
    n -= negative;
    if (n < 19 || s[0] == '0')
        return false;
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return n > 19 || memcmp(s, negative ? "9223372036854775808" : "9223372036854775807", 19) > 0;
}

/* The next such literal at or behind *at, outside strings. */
static bool find_big(const char *text, size_t len, size_t *at, size_t *n)
{
    bool quoted = false;

    for (size_t i = *at; i < len; i++) {
        if (quoted && text[i] == '\\') {
            i++;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && number_char(text[i])) {
            for (*n = 1; i + *n < len && number_char(text[i + *n]);)
                (*n)++;
            *at = i;
            if (beyond_64(text + i, *n))
                return true;
            i += *n - 1;
        }
    }
    return false;
}

/* The text with those literals in quotes; false, and nothing added, if there are none. */
static bool quote_big(const char *text, size_t len, struct buf *out)
{
    size_t from = 0, at = 0, n;

    while (find_big(text, len, &at, &n)) {
        buf_add(out, text + from, at - from);
        buf_addc(out, '"');
        buf_add(out, text + at, n);
        buf_addc(out, '"');
        from = at += n;
    }
    if (from > 0)
        buf_add(out, text + from, len - from);
    return from > 0;
}

/* ---- parsing ---- */

static const char *complaint(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_duplicate_key:
        return "JSON with the same key twice";
    case json_error_numeric_overflow:
        return "JSON with a number that is too large";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "JSON with a NUL character in a string";
    case json_error_invalid_utf8:
        return "JSON that is not UTF-8";
    case json_error_stack_overflow:
        return "JSON nested too deeply";
    case json_error_premature_end_of_input:
        return "JSON that is cut off";
    default:
        return "not valid JSON";
    }
}

struct json *json_parse(const char *text, size_t len, struct err *e)
{
    json_error_t error;
    struct buf quoted;

    if (memchr(text, '\0', len) != NULL) { /* jansson overlooks one behind a number */
        err_set(e, ERR_DATA, NULL, "JSON with a NUL byte");
        return NULL;
    }
    buf_init(&quoted, SIZE_MAX);
    bool big = quote_big(text, len, &quoted);
    json_t *root = json_loadb(big ? quoted.data : text, big ? quoted.len : len,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    buf_fini(&quoted);
    if (root == NULL) {
        err_set(e, ERR_DATA, NULL, "%s at line %d, column %d", complaint(&error), error.line,
                error.column);
        return NULL;
    }
    return (struct json *)root;
}

void json_free(struct json *root)
{
    json_decref((json_t *)root);
}

enum json_type json_type_of(const struct json *n)
{
    const json_t *j = node(n);

    if (json_is_object(j))
        return J_OBJECT;
    if (json_is_array(j))
        return J_ARRAY;
    if (json_is_string(j))
        return J_STRING;
    if (json_is_number(j))
        return J_NUMBER;
    return json_is_boolean(j) ? J_BOOL : J_NULL;
}

const struct json *json_get(const struct json *object, const char *key)
{
    return wrap(json_object_get(node(object), key));
}

size_t json_count(const struct json *n)
{
    const json_t *j = node(n);

    return json_is_object(j) ? json_object_size(j) : json_array_size(j);
}

const struct json *json_item(const struct json *array, size_t i)
{
    return wrap(json_array_get(node(array), i));
}

/* One reference token, unescaped (~1 is '/', ~0 is '~'); -1 if it is too long. */
static int token(const char **p, char *out, size_t cap)
{
    size_t n = 0;

    for (; **p != '\0' && **p != '/'; (*p)++) {
        char c = **p;
        if (c == '~' && ((*p)[1] == '0' || (*p)[1] == '1'))
            c = *++(*p) == '0' ? '~' : '/';
        if (n + 1 >= cap)
            return -1;
        out[n++] = c;
    }
    out[n] = '\0';
    return 0;
}

static const struct json *step(const struct json *n, const char *key)
{
    if (json_is_object(node(n)))
        return json_get(n, key);
    if (!json_is_array(node(n)) || key[0] == '\0' || (key[0] == '0' && key[1] != '\0'))
        return NULL;
    char *end;
    unsigned long i = strtoul(key, &end, 10);
    return *end == '\0' && key[0] >= '0' && key[0] <= '9' ? json_item(n, i) : NULL;
}

const struct json *json_at(const struct json *n, const char *pointer)
{
    char key[256];

    while (n != NULL && *pointer == '/') {
        pointer++;
        if (token(&pointer, key, sizeof key) != 0)
            return NULL;
        n = step(n, key);
    }
    return *pointer == '\0' ? n : NULL;
}

bool json_each(const struct json *object, void **iter, const char **key, const struct json **value)
{
    json_t *o = node(object);

    *iter = *iter == NULL ? json_object_iter(o) : json_object_iter_next(o, *iter);
    if (*iter == NULL)
        return false;
    *key = json_object_iter_key(*iter);
    *value = wrap(json_object_iter_value(*iter));
    return true;
}

/* The shortest decimal that reads back as v: 1.1, not 1.1000000000000001. */
static void format_real(double v, char tmp[40])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(tmp, 40, "%.*g", digits, v);
        if (strtod(tmp, NULL) == v)
            return;
    }
}

const char *json_text(const struct json *n, char tmp[40])
{
    const json_t *j = node(n);

    if (json_is_string(j))
        return json_string_value(j);
    if (json_is_integer(j))
        snprintf(tmp, 40, "%" JSON_INTEGER_FORMAT, json_integer_value(j));
    else if (json_is_real(j))
        format_real(json_real_value(j), tmp);
    else if (json_is_boolean(j))
        snprintf(tmp, 40, "%s", json_is_true(j) ? "true" : "false");
    else
        return NULL;
    return tmp;
}

bool json_truth(const struct json *n)
{
    const json_t *j = node(n);

    if (json_is_string(j))
        return strcmp(json_string_value(j), "true") == 0 || strcmp(json_string_value(j), "1") == 0;
    if (json_is_integer(j))
        return json_integer_value(j) != 0;
    if (json_is_real(j))
        return json_real_value(j) != 0;
    return json_is_true(j);
}
