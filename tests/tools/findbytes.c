/*
 * findbytes: findbytes WORDS FILE... looks for any of the words (UTF-8, one a line) in files, as bytes in UTF-8, GB18030 and both byte orders of UTF-16. An
 * encoding in which a word is too short to mean anything is left out for that word: names of two characters are looked for in UTF-8 only.
 *
 * Prints "FILE: offset N: word L as ENCODING" for each find (the word's line, not the word) and exits 1 if there was one; 0 if there was none. For the test that
 * no personal data stand anywhere in the clear.
 */
#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/buf.h"
#include "zhanchi/err.h"
#include "zhanchi/fsio.h"

#define WORD_MAX 400
#define SHORTEST 6 /* bytes: fewer are found by chance in sealed data */

struct pattern {
    unsigned char bytes[WORD_MAX];
    size_t len;
    int line;
    const char *encoding;
    struct pattern *next; /* with the same first two bytes */
};

static struct pattern *by_start[65536];

static size_t encode(const char *encoding, const char *word, unsigned char out[WORD_MAX])
{
    iconv_t cd = iconv_open(encoding, "UTF-8");
    char *from = (char *)(size_t)word, *to = (char *)out;
    size_t left = strlen(word), room = WORD_MAX;

    if (cd == (iconv_t)-1 || iconv(cd, &from, &left, &to, &room) == (size_t)-1)
        panic("cannot encode a word in %s", encoding);
    iconv_close(cd);
    return WORD_MAX - room;
}

static void add(const char *word, int line)
{
    static const char *const encodings[] = {"UTF-8", "GB18030", "UTF-16LE", "UTF-16BE"};

    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        struct pattern *p = calloc(1, sizeof *p);
        if (!p)
            panic("out of memory");
        p->len = encode(encodings[i], word, p->bytes);
        p->line = line;
        p->encoding = encodings[i];
        if (p->len < SHORTEST) {
            if (i == 0)
                panic("the word in line %d is too short to be looked for", line);
            free(p);
            continue;
        }
        struct pattern **at = &by_start[p->bytes[0] << 8 | p->bytes[1]];
        p->next = *at;
        *at = p;
    }
}

static void load(const char *path)
{
    char word[WORD_MAX / 4];
    FILE *f = fopen(path, "r");

    if (!f)
        panic("cannot open %s: %s", path, strerror(errno));
    for (int line = 1; fgets(word, sizeof word, f); line++) {
        word[strcspn(word, "\n")] = '\0';
        if (word[0] != '\0')
            add(word, line);
    }
    fclose(f);
}

static int search(const char *path)
{
    struct buf data;
    struct err e;
    int found = 0;

    buf_init(&data, (size_t)1 << 32);
    if (fs_read_file(path, &data, &e))
        panic("%s", e.what);
    const unsigned char *s = (const unsigned char *)buf_cstr(&data);
    for (size_t i = 0; i + 1 < data.len; i++) {
        for (const struct pattern *p = by_start[s[i] << 8 | s[i + 1]]; p; p = p->next) {
            if (p->len > data.len - i || memcmp(s + i, p->bytes, p->len) != 0)
                continue;
            printf("%s: offset %zu: word %d as %s\n", path, i, p->line, p->encoding);
            found = 1;
        }
    }
    buf_fini(&data);
    return found;
}

int main(int argc, char **argv)
{
    int found = 0;

    if (argc < 3) {
        fputs("usage: findbytes WORDS FILE...\n", stderr);
        return ERR_USAGE;
    }
    load(argv[1]);
    for (int i = 2; i < argc; i++)
        found |= search(argv[i]);
    for (size_t i = 0; i < 65536; i++)
        for (struct pattern *p = by_start[i], *next; p; p = next) {
            next = p->next;
            free(p);
        }
    return found;
}
