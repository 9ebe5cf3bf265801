/*
 * gateway_world: profiles as texts, in which ' stands for ", messages, and a provider's request: for tests of the profile language.
 */
#ifndef ZHANCHI_TESTS_GATEWAY_WORLD_H
#define ZHANCHI_TESTS_GATEWAY_WORLD_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "zhanchi/gateway.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])
#define W(s) ((char *)(uintptr_t)(s))
#define NOW INT64_C(1795428000123) /* 2026-11-23 18:00:00 in China */

/* Line 1 of most profiles; the part that a test is about begins on line 3. */
#define TOP "language = 1; url = 'http://h:1/base'; secrets = [ 'app', 'secret' ]; limits = { };\n"
#define ANSWER "answer = { code = '/code'; classes = { OK = [ '0' ]; }; };\n"
#define SINGLE(body) "submit = { single = { path = '/m'; body = " body "; }; };\n"
#define FORM(body) "submit = { single = { path = '/m'; encoding = 'form'; body = " body "; }; };\n"
#define BATCH(rest) "submit = { batch = { path = '/b'; " rest " }; };\n"

static const struct gw_message messages[] = {
    {.ref = "Z1",
     .phone = "13800000001",
     .text = "【某局】甲 a&b",
     .signature = "某局",
     .carrier_template = "T1",
     .carrier_variables = "{\"b\":\"张\\\"三\",\"a\":7}",
     .provider_id = "P1",
     .sent_ms = INT64_C(1795449599999)}, /* a millisecond before midnight in China */
    {.ref = "Z2",
     .phone = "13800000002",
     .text = "【某局】乙",
     .signature = "某局",
     .carrier_template = "T1",
     .carrier_variables = "{\"b\":\"李\",\"a\":8}"},
    {.ref = "Z3", .phone = "13800000003", .text = "丙", .signature = "某局"},
};

struct world {
    char dir[64], path[96], base[96];
    struct conf_secret secrets[2], settings[4];
    struct conf_gateway conf;
};

static inline void world_init(struct world *w)
{
    memset(w, 0, sizeof *w);
    snprintf(w->dir, sizeof w->dir, "/tmp/zc-gateway-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/p.conf", w->dir);
    snprintf(w->base, sizeof w->base, "%s/base.conf", w->dir);
    w->secrets[0] = (struct conf_secret){W("app"), W("demo")};
    w->secrets[1] = (struct conf_secret){W("secret"), W("Jefe")};
    w->conf = (struct conf_gateway){.name = "g",
                                    .profile = w->path,
                                    .public_url = W("https://office.example/"),
                                    .secrets = w->secrets,
                                    .n_secrets = 2,
                                    .settings = w->settings};
}

static inline void world_fini(struct world *w)
{
    unlink(w->path);
    unlink(w->base);
    rmdir(w->dir);
}

static inline void world_set(struct world *w, const char *name, const char *value)
{
    w->settings[w->conf.n_settings++] = (struct conf_secret){W(name), W(value)};
}

static inline void world_write(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    for (; *text; text++)
        fputc(*text == '\'' ? '"' : *text, f);
    fclose(f);
}

/* NULL and the error, as gateway_load. */
static inline struct gateway *world_load(struct world *w, const char *text, struct err *e)
{
    world_write(w->path, text);
    return gateway_load(&w->conf, e);
}

/* A profile that must be taken; its files are gone again. */
static inline struct gateway *load(const char *text)
{
    struct world w;
    struct err e;

    world_init(&w);
    struct gateway *g = world_load(&w, text, &e);
    ck_assert_msg(g != NULL, "%s", e.what);
    world_fini(&w);
    return g;
}

/* A shipped profile whose settings, if it asks for one, all say "1069". */
static inline struct gateway *load_shipped(const char *file, const char *setting)
{
    static const char *const names[] = {"app",      "secret",  "id",       "key",
                                        "callback", "account", "password", "pswd",
                                        "token",    "hmac",    "apikey"};
    struct conf_secret secrets[COUNT(names)], settings = {W(setting), W("1069")};
    struct conf_gateway conf = {.name = "g",
                                .public_url = W("https://office.example"),
                                .secrets = secrets,
                                .n_secrets = COUNT(names),
                                .settings = &settings,
                                .n_settings = setting ? 1 : 0};
    char path[512];
    struct err e;

    for (int i = 0; i < COUNT(names); i++)
        secrets[i] = (struct conf_secret){W(names[i]), W("word")};
    snprintf(path, sizeof path, "%s/conf/gateways/%s", getenv("ZHANCHI_SOURCE_DIR"), file);
    conf.profile = path;
    struct gateway *g = gateway_load(&conf, &e);
    ck_assert_msg(g != NULL, "%s", e.what);
    return g;
}

/* Value in a "Name: value" NUL list, or NULL. */
static inline const char *header_of(const struct gw_request *r, const char *name)
{
    const char *p = buf_cstr(&r->headers), *end = p + r->headers.len;

    for (; p < end; p += strlen(p) + 1)
        if (strncmp(p, name, strlen(name)) == 0 && strncmp(p + strlen(name), ": ", 2) == 0)
            return p + strlen(name) + 2;
    return NULL;
}

/* One suite of one case, run. */
static inline int run_case(const char *name, void (*add)(TCase *t))
{
    Suite *s = suite_create(name);
    TCase *t = tcase_create(name);

    add(t);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}

#endif
