/*
 * misread: see misread.h.
 *
 * Two bytes of GBK that are valid UTF-8 become one character between U+0080 and U+07FF: a control character, or a letter of the
 * scripts from Latin to Arabic. Signs that such a text is no text: control characters; two scripts in one word (学 reads as an Armenian
 * letter beside a Cyrillic one); and, where the whole file has no character of three bytes, which every Chinese text in UTF-8 has,
 * letters and signs that stand alone. Beside an ASCII letter or digit (José, 5±1) they are none, nor are words in Arabic letters (Uyghur,
 * Kazakh).
 *
 * Called by judge.c, for files that are valid as both alone.
 */
#include <string.h>
#include "misread.h"

enum script { NO_SCRIPT, LATIN, GREEK, CYRILLIC, ARMENIAN, HEBREW, ARABIC, OTHER };

static enum script script_of(uint32_t cp)
{
    static const struct {
        uint32_t last;
        enum script script;
    } ranges[] = {{0xBF, NO_SCRIPT}, {0x24F, LATIN},    {0x2AF, OTHER},    {0x36F, OTHER},
                  {0x3FF, GREEK},    {0x52F, CYRILLIC}, {0x58F, ARMENIAN}, {0x5FF, HEBREW},
                  {0x6FF, ARABIC},   {0x74F, OTHER},    {0x77F, ARABIC},   {0x7FF, OTHER}};

    if (cp == 0xD7 || cp == 0xF7)
        return NO_SCRIPT;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (cp <= ranges[i].last)
            return ranges[i].script;
    return NO_SCRIPT;
}

static bool ascii_word(uint32_t cp)
{
    return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') || (cp >= '0' && cp <= '9');
}

/* A Latin letter or a sign is at home beside ASCII letters and digits. */
static void two_bytes(struct misread *m, uint32_t cp)
{
    enum script script = script_of(cp);
    enum script before = m->before >= 0x80 && m->before < 0x800 ? script_of(m->before) : NO_SCRIPT;

    if (cp < 0xA0)
        m->certain++;
    if (before != NO_SCRIPT && script != NO_SCRIPT && before != script)
        m->certain++;
    bool homely = script == LATIN || script == NO_SCRIPT;
    if (script == ARABIC || (homely && ascii_word(m->before)))
        return;
    m->strange++;
    m->pending = homely;
}

static void character(struct misread *m, uint32_t cp)
{
    if (m->pending && ascii_word(cp))
        m->strange--;
    m->pending = false;
    if (cp >= 0x800)
        m->wide++;
    else if (cp >= 0x80)
        two_bytes(m, cp);
    m->before = cp;
}

void misread_add(struct misread *m, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c < 0x80) {
            character(m, c);
        } else if (c < 0xC0) {
            m->half = m->half << 6 | (c & 0x3F);
            if (--m->missing == 0)
                character(m, m->half);
        } else {
            m->missing = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
            m->half = c & (0x3Fu >> m->missing);
        }
    }
}

bool misread_signs(const struct misread *m)
{
    return m->certain > 0 || (m->strange > 0 && m->wide == 0);
}
