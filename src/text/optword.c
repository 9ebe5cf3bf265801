/*
 * optword: see optword.h. A code may stand alone, before or behind 退订; a word of Chinese stands
 * alone, because "取消退订" is the opposite.
 */
#include <string.h>
#include "zhanchi/optword.h"
#include "zhanchi/utf8.h"

#define UNSUBSCRIBE "退订"
#define REPLY_MAX 64 /* bytes: whoever writes more says something else */

static const char *const codes[] = {"R", "T", "TD", "N", "QX", "0000", "00000", NULL};
static const char *const words[] = {UNSUBSCRIBE, "退", "拒收", "取消", "取消订阅",
                                    /* what Twilio takes for one */
                                    "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT",
                                    NULL};

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

/* "退订T", "TD退订" */
static bool code_beside_word(const char *s, size_t len)
{
    const size_t n = sizeof UNSUBSCRIBE - 1;
    char code[REPLY_MAX + 1];

    if (len <= n || len - n >= sizeof code)
        return false;
    bool before = memcmp(s + len - n, UNSUBSCRIBE, n) == 0;
    if (!before && memcmp(s, UNSUBSCRIBE, n) != 0)
        return false;
    memcpy(code, before ? s : s + n, len - n);
    code[len - n] = '\0';
    return in_list(code, codes);
}

bool optword_match(const char *reply, size_t len, const char *const *extra)
{
    struct buf folded, word;
    bool match = false;

    if (len > REPLY_MAX || !utf8_valid(reply, len, NULL))
        return false;
    buf_init(&folded, 4 * REPLY_MAX);
    buf_init(&word, 4 * REPLY_MAX);
    utf8_fold(reply, len, &folded);
    normalise(&folded, &word);
    if (word.len > 0)
        match = in_list(word.data, codes) || in_list(word.data, words) ||
                in_list(word.data, extra) || code_beside_word(word.data, word.len);
    buf_fini(&folded);
    buf_fini(&word);
    return match;
}
