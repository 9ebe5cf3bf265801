/*
 * email: what is an address, what is repaired, what is refused and why.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/email.h"

static const struct {
    const char *cell, *address; /* NULL: refused */
    const char *reason;
} cases[] = {
    {"li@example.com", "li@example.com", "ok"},
    {"Li.Na+x@Example.COM", "Li.Na+x@example.com", "ok"},
    {"  li@example.com\t", "li@example.com", "ok"},
    {"<li@example.com>", "li@example.com", "ok"},
    {"MailTo:li@example.com", "li@example.com", "ok"},
    {"li@example.com.", "li@example.com", "ok"},
    {"ｌｉ＠ｅｘａｍｐｌｅ．ｃｏｍ", "li@example.com", "ok"},
    {"\xE2\x80\x8Bli@example.com", "li@example.com", "ok"}, /* zero-width space */
    {"12345678@qq.com", "12345678@qq.com", "ok"},
    {"li@xn--fiq228c.xn--fiqs8s", "li@xn--fiq228c.xn--fiqs8s", "ok"},
    {"", NULL, "email-empty"},
    {"   ", NULL, "email-empty"},
    {"li", NULL, "email-form"},
    {"@example.com", NULL, "email-form"},
    {".li@example.com", NULL, "email-form"},
    {"li.@example.com", NULL, "email-form"},
    {"l..i@example.com", NULL, "email-form"},
    {"li@", NULL, "email-domain"},
    {"li@localhost", NULL, "email-domain"},
    {"li@example..com", NULL, "email-domain"},
    {"li@-example.com", NULL, "email-domain"},
    {"li@192.0.2.1", NULL, "email-domain"},
    {"li@[192.0.2.1]", NULL, "email-domain"},
    {"li@exa_mple.com", NULL, "email-domain"},
    {"li na@example.com", NULL, "email-chars"},
    {"\"li\"@example.com", NULL, "email-chars"},
    {"li(na)@example.com", NULL, "email-chars"},
    {"li\r\nBcc: x@example.com", NULL, "email-chars"},
    {"li@example.com\r\nRCPT TO:<x@y.cn>", NULL, "email-several"},
    {"li@example.com,wang@example.com", NULL, "email-several"},
    {"li@example.com;wang@example.com", NULL, "email-several"},
    {"李@example.com", NULL, "email-idn"},
    {"li@例子.中国", NULL, "email-idn"},
    {"1234567890123456789012345678901234567890123456789012345678901234x@example.com", NULL,
     "email-length"},
};

START_TEST(table)
{
    struct email m;
    bool good = email_parse(cases[_i].cell, strlen(cases[_i].cell), &m);

    ck_assert_str_eq(email_reason_name(m.reason), cases[_i].reason);
    ck_assert_int_eq(good, cases[_i].address != NULL);
    ck_assert_str_eq(m.address, cases[_i].address ? cases[_i].address : "");
    if (good)
        ck_assert_int_eq(m.repaired, strcmp(cases[_i].cell, cases[_i].address) != 0);
}
END_TEST

START_TEST(bytes)
{
    struct email m;
    char text[] = "li@example.com";

    ck_assert(email_parse("LI@Example.com", 14, &m));
    ck_assert_str_eq(m.key, "li@example.com");
    for (int c = 1; c < 256;
         c++) /* nothing that ends a line or a command passes, wherever it stands */
        for (size_t i = 0; i < 14; i++) {
            char old = text[i];
            text[i] = (char)c;
            if (email_parse(text, 14, &m))
                for (const char *p = m.address; *p; p++)
                    ck_assert(*p > ' ' && *p < 0x7f && strchr("<>()\",;:\\[]", *p) == NULL);
            text[i] = old;
        }
    ck_assert(!email_parse("li@ex\0ample.com", 15, &m));
}
END_TEST

START_TEST(lengths)
{
    struct email m;
    char text[400] = "li@";

    for (int i = 0; i < 4; i++) { /* labels of 60 */
        memset(text + strlen(text), 'a', 60);
        strcat(text, ".");
    }
    strcat(text, "com");
    ck_assert_int_eq(email_parse(text, strlen(text), &m), strlen(text) < EMAIL_MAX);
    strcat(text, "aaaaaaaaaaaa");
    ck_assert(!email_parse(text, strlen(text), &m));
    ck_assert_int_eq(m.reason, EMAIL_LENGTH);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("email");
    TCase *t = tcase_create("email");

    tcase_add_loop_test(t, table, 0, (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(t, bytes);
    tcase_add_test(t, lengths);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
