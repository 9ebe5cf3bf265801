/*
 * sections: what stands behind a template's text in its file: `--- html`, the second body of an email, and `--- carrier`, the text as it was filed
 * with the carrier. Each once, in any order, each until the next one or the end of the file.
 *
 * Called by file.c.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/nearest.h"
#include "internal.h"

static const char *const names[] = {"html", "carrier", NULL};

/* CR LF -> LF: a carriage return in an SMS is a character that is paid for. */
size_t file_unix_lines(char *s, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        if (s[i] != '\r' || i + 1 == len || s[i + 1] != '\n')
            s[n++] = s[i];
    s[n] = '\0';
    return n;
}

/* "--- word" alone on its line: the word, NUL-terminated, else false. A rule of hyphens in a text is none. */
static bool is_head(const char *line, size_t len, char word[16])
{
    size_t n = 0;

    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' '))
        len--;
    if (len < 5 || memcmp(line, "--- ", 4) != 0 || len - 4 >= 16)
        return false;
    for (; n < len - 4; n++)
        if (line[4 + n] < 'a' || line[4 + n] > 'z')
            return false;
    memcpy(word, line + 4, n);
    word[n] = '\0';
    return true;
}

static char *copy(const char *s, size_t len)
{
    while (len > 0 && (s[len - 1] == '\n' || s[len - 1] == '\r'))
        len--;
    char *out = strndup(s, len);
    if (out == NULL)
        panic("out of memory");
    file_unix_lines(out, strlen(out));
    return out;
}

static int take(struct template_file *f, const char *word, const char *s, size_t len, int line,
                struct err *e)
{
    bool html = strcmp(word, "html") == 0;
    char **to = html ? &f->html : &f->carrier_text;
    size_t most = html ? TEMPLATE_HTML_MAX : TEMPLATE_CARRIER_MAX;

    if (*to != NULL)
        return err_set(e, ERR_DATA, "keep one of them", "line %d: `--- %s` stands twice", line,
                       word);
    if (memchr(s, '\0', len) != NULL)
        return err_set(e, ERR_DATA, "save the file as UTF-8 text",
                       "line %d: `--- %s` holds NUL bytes", line, word);
    *to = copy(s, len);
    if ((*to)[0] == '\0')
        return err_set(e, ERR_DATA, "write it below that line", "line %d: `--- %s` is empty", line,
                       word);
    if (strlen(*to) >= most)
        return err_set(e, ERR_DATA, "shorten it", "line %d: `--- %s` is longer than %zu bytes",
                       line, word, most - 1);
    if (html)
        f->html_line = line + 1;
    return 0;
}

static int unknown(const char *word, int line, struct err *e)
{
    const char *near = nearest(word, names);

    return err_set(e, ERR_DATA, "write `--- html` or `--- carrier`",
                   "line %d: there is no part %s%s%s%s", line, word,
                   near != NULL ? "; did you mean " : "", near != NULL ? near : "",
                   near != NULL ? "?" : "");
}

int file_sections(struct template_file *f, const char *body, size_t *len, struct err *e)
{
    const char *p = body, *end = body + *len, *from = NULL;
    char word[16], open[16] = "";
    int line = f->text_line, open_line = 0;

    for (; p <= end; line++) {
        const char *nl = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
        const char *stop = nl != NULL ? nl : end;
        bool head = is_head(p, (size_t)(stop - p), word);
        if (head && strcmp(word, names[0]) != 0 && strcmp(word, names[1]) != 0)
            return unknown(word, line, e);
        if (head || stop == end) {
            const char *to = head ? p : end;
            if (from != NULL && take(f, open, from, (size_t)(to - from), open_line, e) != 0)
                return -1;
            if (from == NULL)
                *len = (size_t)(to - body);
        }
        if (head) {
            memcpy(open, word, sizeof open);
            open_line = line;
            from = nl != NULL ? nl + 1 : end;
            if (nl == NULL)
                return take(f, open, end, 0, open_line, e);
        }
        p = stop + 1;
    }
    return 0;
}
