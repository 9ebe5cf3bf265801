/*
 * policies: policies for tests, from the files that are shipped and from text.
 */
#ifndef ZHANCHI_TESTS_POLICIES_H
#define ZHANCHI_TESTS_POLICIES_H

#include <check.h>
#include <limits.h>
#include "scratch.h"
#include "zhanchi/conf.h"

static inline struct policy *policies_load(const char *path)
{
    struct err e = {0};
    struct policy *p = conf_policy_load(path, &e);

    ck_assert_msg(p != NULL, "%s", e.what);
    return p;
}

static inline struct policy *policies_shipped(const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/conf/policies/%s.conf", getenv("ZHANCHI_SOURCE_DIR"), name);
    return policies_load(path);
}

static inline struct policy *policies_text(const char *text)
{
    struct scratch s;

    scratch_init(&s);
    struct policy *p = policies_load(scratch_write(&s, "p.conf", text, strlen(text)));
    scratch_fini(&s);
    return p;
}

#endif
