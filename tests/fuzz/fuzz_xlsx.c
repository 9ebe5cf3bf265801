/*
 * fuzz_xlsx: a workbook. An input that begins with PK is the file itself. Any other is its parts, which the target packs, so that chance does not have to
 * find checksums: lines "@NAME" begin a part (@sheet, @strings, @styles, @book, @rels; a name with a dot is a part's own name), parts that are missing
 * are those of an empty workbook. A line "@want N" before them all asks for that sheet.
 */
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "fuzz_table.h"
#include "zhanchi/buf.h"

#define PARTS 16

static const struct {
    const char *word, *name, *usual;
} known[] = {
    {"package", "_rels/.rels",
     "<Relationships><Relationship Id=\"a\" Type=\"/officeDocument\" "
     "Target=\"xl/workbook.xml\"/></Relationships>"},
    {"book", "xl/workbook.xml",
     "<workbook><sheets><sheet name=\"a\" r:id=\"s\" xmlns:r=\"r\"/></sheets></workbook>"},
    {"rels", "xl/_rels/workbook.xml.rels",
     "<Relationships><Relationship Id=\"s\" Type=\"/worksheet\" Target=\"s.xml\"/><Relationship "
     "Id=\"t\" Type=\"/sharedStrings\" Target=\"t.xml\"/>"
     "<Relationship Id=\"u\" Type=\"/styles\" Target=\"u.xml\"/></Relationships>"},
    {"sheet", "xl/s.xml", "<worksheet><sheetData/></worksheet>"},
    {"strings", "xl/t.xml", "<sst/>"},
    {"styles", "xl/u.xml", "<styleSheet/>"},
};
#define KNOWN (sizeof known / sizeof known[0])

struct part {
    char name[64];
    const char *text;
    size_t len;
    uint32_t crc, at;
};

/* ---- a ZIP archive, stored ---- */

static uint32_t crc32_of(const char *s, size_t len)
{
    uint32_t c = ~0u;

    for (size_t i = 0; i < len; i++) {
        c ^= (unsigned char)s[i];
        for (int k = 0; k < 8; k++)
            c = c >> 1 ^ (0xEDB88320u & (0u - (c & 1)));
    }
    return ~c;
}

static void little(struct buf *b, uint32_t v, int n)
{
    for (; n-- > 0; v >>= 8)
        buf_addc(b, (char)(v & 0xFF));
}

/* What local and central records share. */
static void sizes(struct buf *b, const struct part *p)
{
    little(b, 0, 4); /* flags, method */
    little(b, 0x5A210000, 4);
    little(b, p->crc, 4);
    little(b, (uint32_t)p->len, 4);
    little(b, (uint32_t)p->len, 4);
    little(b, (uint32_t)strlen(p->name), 2);
    little(b, 0, 2);
}

static void pack(struct part *parts, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        struct part *p = &parts[i];
        p->at = (uint32_t)out->len;
        p->crc = crc32_of(p->text, p->len);
        buf_add(out, "PK\3\4\24\0", 6);
        sizes(out, p);
        buf_adds(out, p->name);
        buf_add(out, p->text, p->len);
    }
    size_t directory = out->len;
    for (size_t i = 0; i < n; i++) {
        buf_add(out, "PK\1\2\24\0\24\0", 8);
        sizes(out, &parts[i]);
        little(out, 0, 4);
        little(out, 0, 2);
        little(out, 0, 4);
        little(out, parts[i].at, 4);
        buf_adds(out, parts[i].name);
    }
    size_t len = out->len - directory;
    buf_add(out, "PK\5\6\0\0\0\0", 8);
    little(out, (uint32_t)n, 2);
    little(out, (uint32_t)n, 2);
    little(out, (uint32_t)len, 4);
    little(out, (uint32_t)directory, 4);
    little(out, 0, 2);
}

/* ---- parts of the input ---- */

static void name_part(struct part *p, const char *word, size_t len)
{
    len = len < sizeof p->name - 1 ? len : sizeof p->name - 1;
    memcpy(p->name, word, len);
    p->name[len] = '\0';
    for (size_t i = 0; i < KNOWN; i++)
        if (strcmp(p->name, known[i].word) == 0)
            strcpy(p->name, known[i].name);
}

static size_t split(const char *s, size_t len, struct part parts[PARTS], char want[16])
{
    const char *end = s + len;
    size_t n = 0;

    want[0] = '\0';
    while (s < end) {
        const char *line = memchr(s, '\n', (size_t)(end - s));
        const char *next = line ? line + 1 : end;
        size_t length = (size_t)((line ? line : end) - s);
        if (length > 6 && length < 20 && memcmp(s, "@want ", 6) == 0 && n == 0) {
            memcpy(want, s + 6, length - 6);
            want[length - 6] = '\0';
        } else if (length > 1 && s[0] == '@' && n < PARTS - KNOWN) {
            name_part(&parts[n], s + 1, length - 1);
            parts[n].text = next;
            parts[n++].len = 0;
        } else if (n > 0) {
            parts[n - 1].len = (size_t)(next - parts[n - 1].text);
        }
        s = next;
    }
    return n;
}

static size_t complete(struct part parts[PARTS], size_t n)
{
    size_t given = n;

    for (size_t k = 0; k < KNOWN; k++) {
        bool there = false;
        for (size_t i = 0; i < given; i++)
            there = there || strcmp(parts[i].name, known[k].name) == 0;
        if (there)
            continue;
        strcpy(parts[n].name, known[k].name);
        parts[n].text = known[k].usual;
        parts[n++].len = strlen(known[k].usual);
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct part parts[PARTS];
    char want[16];
    struct buf file;
    struct table_opts opts = {0};

    if (size >= 4 && memcmp(data, "PK\3\4", 4) == 0) {
        fuzz_table(data, size, &opts);
        return 0;
    }
    size_t n = complete(parts, split((const char *)data, size, parts, want));
    opts.sheet = want[0] != '\0' ? want : NULL;
    buf_init(&file, 16 << 20);
    pack(parts, n, &file);
    fuzz_table(file.data, file.len, &opts);
    buf_fini(&file);
    return 0;
}
