/*
 * optword: see optword.h.
 */
#include <string.h>
#include "zhanchi/optword.h"
#include "zhanchi/utf8.h"

static const char *const words[] = {"R",      "T",        "TD",     "N",    "退订", "T退订",
                                    "TD退订", "退订T",    "退订TD", "QX",   "0000", "00000",
                                    "拒收",   "取消订阅", "退",     "取消", NULL};

/* Punctuation and quotes of both widths say nothing. */
static bool dropped(uint32_t cp)
{
    static const uint32_t marks[] = {0x3001, 0x3002, 0x300A, 0x300B, 0x300C, 0x300D,
                                     0x3010, 0x3011, 0x2018, 0x2019, 0x201C, 0x201D,
                                     0x2026, 0x2014, 0x00B7, 0xFF61};
    if (cp < 0x80)
        return !((cp >= '0' && cp <= '9') || (cp >= 'A' && cp <= 'Z') || (cp >= 'a' && cp <= 'z'));
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (marks[i] == cp)
            return true;
    return utf8_blank(cp);
}

static void normalise(const struct buf *in, struct buf *out)
{
    char bytes[4];

    for (size_t i = 0; i < in->len;) {
        uint32_t cp = utf8_next(in->data, in->len, &i);
        if (dropped(cp))
            continue;
        if (cp >= 'a' && cp <= 'z')
            cp -= 'a' - 'A';
        buf_add(out, bytes, (size_t)utf8_put(bytes, cp));
    }
}

static bool in_list(const char *s, const char *const *list)
{
    for (; list != NULL && *list != NULL; list++)
        if (strcmp(s, *list) == 0)
            return true;
    return false;
}

bool optword_match(const char *reply, size_t len, const char *const *extra)
{
    struct buf folded, word;
    bool match = false;

    if (len > 64 || !utf8_valid(reply, len, NULL))
        return false; /* whoever writes so much says something else */
    buf_init(&folded, 256);
    buf_init(&word, 256);
    utf8_fold(reply, len, &folded);
    normalise(&folded, &word);
    if (word.len > 0)
        match = in_list(word.data, words) || in_list(word.data, extra);
    buf_fini(&folded);
    buf_fini(&word);
    return match;
}
