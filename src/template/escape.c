/*
 * escape: one for each use of a text.
 */
#include <stdio.h>
#include "zhanchi/json.h"
#include "zhanchi/template.h"

int template_escape_none(struct buf *out, const char *s, size_t len)
{
    return buf_add(out, s, len);
}

int template_escape_html(struct buf *out, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char *entity = s[i] == '&'    ? "&amp;"
                             : s[i] == '<'  ? "&lt;"
                             : s[i] == '>'  ? "&gt;"
                             : s[i] == '"'  ? "&quot;"
                             : s[i] == '\'' ? "&#39;"
                                            : NULL;
        if ((entity != NULL ? buf_adds(out, entity) : buf_addc(out, s[i])) != 0)
            return -1;
    }
    return 0;
}

int template_escape_json(struct buf *out, const char *s, size_t len)
{
    size_t from = out->len;

    json_quote(out, s, len);
    if (out->failed)
        return -1;
    /* Without the quotes: the first moves out, the last is cut off. */
    for (size_t i = from; i + 2 < out->len; i++)
        out->data[i] = out->data[i + 1];
    out->len -= 2;
    out->data[out->len] = '\0';
    return 0;
}

int template_escape_url(struct buf *out, const char *s, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     c == '-' || c == '.' || c == '_' || c == '~';
        char hex[3] = {'%', digits[c >> 4], digits[c & 15]};
        if ((plain ? buf_addc(out, s[i]) : buf_add(out, hex, 3)) != 0)
            return -1;
    }
    return 0;
}
