/*
 * languages: a campaign may have texts in several languages. Who has a language in the list's column 语言 gets a text of it, drawn among those; whoever has none, or one
 * in which there is no text, gets the language of the first text. Nobody is sent a language by chance. Callers: freeze.c, create.c.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "internal.h"

static const char *const headers[] = {"语言", "语种", "language", "Language", NULL};

/* As lists write them; other words are taken for tags. */
static const struct {
    const char *word, *tag;
} words[] = {{"中文", "zh"},     {"汉语", "zh"},   {"汉文", "zh"},    {"普通话", "zh"},
             {"英文", "en"},     {"英语", "en"},   {"English", "en"}, {"维吾尔语", "ug"},
             {"维语", "ug"},     {"藏语", "bo"},   {"蒙古语", "mn"},  {"蒙语", "mn"},
             {"哈萨克语", "kk"}, {"朝鲜语", "ko"}, {"壮语", "za"},    {"彝语", "ii"},
             {NULL, NULL}};

/* Both begin with the same language: zh and zh-CN. */
static bool same_language(const char *a, const char *b)
{
    size_t n = strcspn(a, "-_");

    return n > 0 && n == strcspn(b, "-_") && strncasecmp(a, b, n) == 0;
}

/* A text without language is Chinese. */
static const char *tag_of(const struct text *t)
{
    return t->info.language[0] != '\0' ? t->info.language : "zh";
}

static uint32_t texts_in(const struct texts *t, const char *tag)
{
    uint32_t mask = 0;

    for (int i = 0; i < t->n; i++)
        if (same_language(tag_of(&t->list[i]), tag))
            mask |= UINT32_C(1) << i;
    return mask;
}

static const char *said_by(const struct json_flat *row)
{
    const char *said = "";

    for (int i = 0; headers[i] != NULL && said[0] == '\0'; i++)
        said = json_flat_get(row, headers[i]);
    for (int i = 0; words[i].word != NULL; i++)
        if (strcasecmp(words[i].word, said) == 0)
            return words[i].tag;
    return said;
}

uint32_t languages_texts(const struct texts *t, const struct json_flat *row)
{
    uint32_t first = texts_in(t, tag_of(&t->list[0]));

    if (first == (UINT32_C(1) << t->n) - 1) /* one language: nothing is asked */
        return first;
    uint32_t own = texts_in(t, said_by(row));
    return own != 0 ? own : first;
}

int languages_check(const struct texts *t, const char *columns, struct err *e)
{
    uint32_t first = texts_in(t, tag_of(&t->list[0]));
    char header[32];

    if (first == (UINT32_C(1) << t->n) - 1)
        return 0;
    for (int i = 0; headers[i] != NULL; i++) {
        snprintf(header, sizeof header, "\"%s\"", headers[i]);
        if (strstr(columns, header) != NULL)
            return 0;
    }
    int other = 0;
    while (first >> other & 1)
        other++;
    return err_set(e, ERR_DATA,
                   "import a list with a column 语言, or make a campaign of its own for each",
                   "template %s is in %s, template %s in %s: the list does not say who reads which",
                   t->list[0].info.name, tag_of(&t->list[0]), t->list[other].info.name,
                   tag_of(&t->list[other]));
}
