/*
 * cases_gb18030: decoding and strict refusal (gb18030.json), each case as a file of its own.
 *
 * Said to be GB18030, a file gives exactly this text, or is refused at exactly this byte. Left to ourselves we must find the same,
 * also where the bytes are valid UTF-8 too: read as that they show signs of misreading.
 */
#include <fcntl.h>
#include "cases.h"
#include "decode.h"
#include "../unit/scratch.h"
#include "zhanchi/crypt.h"
#include "zhanchi/table.h"

static struct scratch scratch;

static const char *write_hex(const struct json *one, size_t *len)
{
    uint8_t bytes[4096];
    char tmp[40];
    const char *hex = cases_text(one, "gb18030_hex", tmp);
    int n = crypt_unhex(hex, strlen(hex), bytes, sizeof bytes);

    if (n < 0)
        panic("bad hex in the table");
    *len = (size_t)n;
    return scratch_write(&scratch, "case.csv", bytes, (size_t)n);
}

/* What the decoder makes of the bytes, whole. */
static int decode(const char *path, struct buf *out, struct err *e)
{
    struct source *s = malloc(sizeof *s);
    int fd = open(path, O_RDONLY);
    char block[64];
    ptrdiff_t n = -1;

    if (!s || fd < 0 || source_init(s, path, fd, TABLE_GB18030, 0, e))
        panic("cannot open %s", path);
    while ((n = source_read(s, block, sizeof block, e)) > 0)
        buf_add(out, block, (size_t)n);
    source_fini(s);
    close(fd);
    free(s);
    return n < 0 ? -1 : 0;
}

/* What we decide about the file, told or not told its encoding. */
static const char *decide(const char *path, enum table_encoding told, struct err *e)
{
    struct table_opts opts = {.encoding = told};
    struct table *t = table_open(path, &opts, e);
    const char *name = t ? table_encoding_name(table_encoding_of(t)) : "refused";

    table_close(t);
    return name;
}

static bool judge_valid(const struct json *one, const char *path, struct buf *why)
{
    char tmp[40];
    struct buf text;
    struct err e;
    bool ascii = strlen(cases_text(one, "text", tmp)) == (size_t)cases_int(one, "code_points");

    buf_init(&text, 65536);
    int rc = decode(path, &text, &e);
    bool ok = cases_same(why, "text", rc ? e.what : buf_cstr(&text), cases_text(one, "text", tmp));
    buf_fini(&text);
    ok &= cases_same(why, "told", decide(path, TABLE_GB18030, &e), "GB18030");
    ok &= cases_same(why, "not told", decide(path, TABLE_AUTO, &e), ascii ? "UTF-8" : "GB18030");
    return ok;
}

static bool judge_malformed(const struct json *one, const char *path, struct buf *why)
{
    char want[64];
    struct buf text;
    struct err opened = {0}, decoded = {0};

    snprintf(want, sizeof want, "byte offset %lld:", cases_int(one, "first_bad_byte"));
    buf_init(&text, 65536);
    int rc = decode(path, &text, &decoded);
    buf_fini(&text);
    const char *told = decide(path, TABLE_GB18030, &opened);
    if (rc < 0 && strstr(decoded.what, want) && strstr(opened.what, want))
        return true;
    buf_addf(why, "expected a refusal at %s got %s; ", want, rc < 0 ? decoded.what : told);
    return false;
}

static bool judge(const struct json *one, struct buf *why)
{
    size_t len;
    const char *path = write_hex(one, &len);

    return json_truth(json_get(one, "valid")) ? judge_valid(one, path, why)
                                              : judge_malformed(one, path, why);
}

/* Where decoders differ we follow glibc; the table notes what glibc 2.36 does, and this pins it. */
static bool judge_divergent(const struct json *one, struct buf *why)
{
    size_t len;
    char tmp[40], got[16] = "refused";
    const char *want = cases_text(one, "glibc_2_36", tmp);
    const char *path = write_hex(one, &len);
    struct buf text;
    struct err e;

    buf_init(&text, 64);
    if (decode(path, &text, &e) == 0) {
        const unsigned char *s = (const unsigned char *)buf_cstr(&text);
        unsigned cp = s[0] < 0xF0 ? (s[0] & 0x0Fu) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu)
                                  : (s[0] & 0x07u) << 18 | (s[1] & 0x3Fu) << 12 |
                                        (s[2] & 0x3Fu) << 6 | (s[3] & 0x3Fu);
        snprintf(got, sizeof got, "U+%04X", cp);
    }
    buf_fini(&text);
    return cases_same(why, "code point", got, want ? want : "refused");
}

int main(void)
{
    struct cases c;

    scratch_init(&scratch);
    cases_init(&c, "gb18030");
    if (cases_open(&c, "gb18030.json")) {
        cases_run(&c, "/cases", judge, NULL);
        cases_run(&c, "/divergent/cases", judge_divergent, NULL);
        cases_close(&c);
    }
    scratch_fini(&scratch);
    return cases_end(&c);
}
