/*
 * steps: see steps.h. Pure; called by program.c for texts inside texts, by build.c for whole bodies, by sign.c for signatures.
 */
#include <stdlib.h>
#include <string.h>
#include "steps.h"
#include "zhanchi/charset.h"
#include "zhanchi/crypt.h"
#include "zhanchi/template.h"

const char *const step_names[STEPS + 1] = {"gbk",  "gb18030", "utf-16be", "hex",
                                           "HEX",  "base64",  "percent",  "md5",
                                           "sha1", "sha256",  "sm3",      NULL};

static void put_hex(struct buf *out, const char *s, size_t len, const char *digits)
{
    for (size_t i = 0; i < len; i++) {
        buf_addc(out, digits[(unsigned char)s[i] >> 4]);
        buf_addc(out, digits[(unsigned char)s[i] & 15]);
    }
}

static void put_digest(struct buf *out, const char *name, const char *s, size_t len)
{
    uint8_t digest[CRYPT_METHOD_BYTES];
    struct crypt_method m;

    if (!crypt_method_find(name, &m))
        panic("gateway: no digest %s", name);
    buf_add(out, digest, crypt_method_run(m, NULL, 0, s, len, digest));
}

static int run_one(enum step step, const char *s, size_t len, struct buf *out, struct err *e)
{
    static const char *const charsets[] = {
        [STEP_GBK] = "GBK", [STEP_GB18030] = "GB18030", [STEP_UTF16BE] = "UTF-16BE"};

    switch (step) {
    case STEP_GBK:
    case STEP_GB18030:
    case STEP_UTF16BE:
        if (charset_convert(charsets[step], s, len, out, e) != 0)
            return -1;
        break;
    case STEP_HEX:
        put_hex(out, s, len, "0123456789abcdef");
        break;
    case STEP_HEX_UPPER:
        put_hex(out, s, len, "0123456789ABCDEF");
        break;
    case STEP_BASE64:
        crypt_base64(s, len, out);
        break;
    case STEP_PERCENT:
        template_escape_url(out, s, len);
        break;
    default:
        put_digest(out, step_names[step], s, len);
        break;
    }
    return out->failed ? err_set(e, ERR_DATA, "send fewer messages in a request, or shorter ones",
                                 "a request is longer than allowed")
                       : 0;
}

int steps_run(const enum step *steps, size_t n, const char *s, size_t len, struct buf *out,
              struct err *e)
{
    struct buf a, b;

    if (n == 0)
        return buf_add(out, s, len) == 0 ? 0 : err_set(e, ERR_DATA, NULL, "a text has no room");
    buf_init(&a, out->max);
    buf_init(&b, out->max);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct buf *to = i + 1 == n ? out : &b;
        rc = run_one(steps[i], s, len, to, e);
        if (i + 1 < n) {
            struct buf swap = a;
            a = b;
            b = swap;
            buf_reset(&b);
            s = buf_cstr(&a);
            len = a.len;
        }
    }
    buf_fini(&a);
    buf_fini(&b);
    return rc;
}
