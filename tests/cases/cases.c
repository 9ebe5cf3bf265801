/*
 * cases: see cases.h. Every failure is one line with the table's name and the case's id, so that it can be found in the data; the text of a failure may
 * hold cell contents, which in these tables are invented.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cases.h"
#include "zhanchi/fsio.h"

#define FILE_MAX_BYTES (64u << 20)

void cases_init(struct cases *c, const char *program)
{
    *c = (struct cases){.program = program};
}

static const char *folder(void)
{
    const char *dir = getenv("ZHANCHI_CASES_DIR");

    return dir != NULL && *dir != '\0' ? dir : ZHANCHI_CASES_DEFAULT;
}

bool cases_open(struct cases *c, const char *file)
{
    char path[4096];
    struct buf text;
    struct err e;

    snprintf(c->file, sizeof c->file, "%s", file);
    snprintf(path, sizeof path, "%s/%s", folder(), file);
    if (!fs_exists(path)) {
        printf("skipped: %s is not in %s (ZHANCHI_CASES_DIR names another folder)\n", file,
               folder());
        c->skipped++;
        return false;
    }
    c->opened++;
    buf_init(&text, FILE_MAX_BYTES);
    c->root = NULL;
    if (fs_read_file(path, &text, &e) == 0)
        c->root = json_parse(text.data, text.len, &e);
    buf_fini(&text);
    if (c->root == NULL) {
        printf("FAIL %s: %s\n", file, e.what);
        c->failed++;
    }
    return c->root != NULL;
}

void cases_close(struct cases *c)
{
    json_free(c->root);
    c->root = NULL;
}

static const char *id_of(const struct json *one, size_t index, char tmp[40])
{
    static const char *const members[] = {"id", "code_point", "name"};

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const char *id = cases_text(one, members[i], tmp);
        if (id != NULL)
            return id;
    }
    if (json_type_of(one) == J_STRING)
        return json_text(one, tmp);
    snprintf(tmp, 40, "#%zu", index);
    return tmp;
}

static const char *declared(const struct cases_deviation *d, const char *id)
{
    for (; d != NULL && d->id != NULL; d++)
        if (strcmp(d->id, id) == 0)
            return d->reason;
    return NULL;
}

/* One case: 0 passed, 1 deviates as declared, -1 failed. */
static int judge_one(const struct cases *c, const char *id, const struct json *one,
                     cases_judge_fn *judge, const char *deviation)
{
    struct buf why;
    int rc = 0;

    buf_init(&why, 1u << 20);
    bool holds = judge(one, &why);
    if (holds && deviation != NULL) {
        printf("FAIL %s %s: declared as a deviation (%s), but it holds\n", c->file, id, deviation);
        rc = -1;
    } else if (!holds && deviation != NULL) {
        printf("deviates %s %s: %s\n", c->file, id, deviation);
        rc = 1;
    } else if (!holds) {
        printf("FAIL %s %s: %s\n", c->file, id, buf_cstr(&why));
        rc = -1;
    }
    buf_fini(&why);
    return rc;
}

void cases_run(struct cases *c, const char *pointer, cases_judge_fn *judge,
               const struct cases_deviation *deviations)
{
    const struct json *list = json_at(c->root, pointer);
    size_t n = list != NULL ? json_count(list) : 0;
    int count[3] = {0, 0, 0};
    char tmp[40];

    for (size_t i = 0; i < n; i++) {
        const struct json *one = json_item(list, i);
        const char *id = id_of(one, i, tmp);
        count[judge_one(c, id, one, judge, declared(deviations, id)) + 1]++;
    }
    if (n == 0) {
        printf("FAIL %s: no cases at %s\n", c->file, pointer);
        count[0]++;
    }
    printf("%s %s: %d passed, %d failed, %d deviate as declared\n", c->file, pointer, count[1],
           count[0], count[2]);
    c->failed += count[0];
    c->passed += count[1];
    c->deviated += count[2];
}

void cases_show(struct cases *c, const char *pointer, cases_decide_fn *decide)
{
    const struct json *list = json_at(c->root, pointer);
    char tmp[40], note[40];
    struct buf text;

    buf_init(&text, 1u << 20);
    for (size_t i = 0; list != NULL && i < json_count(list); i++) {
        const struct json *one = json_item(list, i);
        const char *label = cases_text(one, "note", note);
        buf_reset(&text);
        decide(one, &text);
        printf("decided %s %s: %s\n", c->file, label != NULL ? label : id_of(one, i, tmp),
               buf_cstr(&text));
    }
    buf_fini(&text);
}

int cases_end(const struct cases *c)
{
    printf("%s: %d passed, %d failed, %d deviate as declared, %d files skipped\n", c->program,
           c->passed, c->failed, c->deviated, c->skipped);
    if (c->failed > 0)
        return EXIT_FAILURE;
    return c->opened == 0 ? CASES_SKIPPED : EXIT_SUCCESS;
}

const char *cases_text(const struct json *one, const char *member, char tmp[40])
{
    const struct json *n = json_type_of(one) == J_OBJECT ? json_get(one, member) : NULL;

    return n != NULL && json_type_of(n) != J_NULL ? json_text(n, tmp) : NULL;
}

double cases_real(const struct json *one, const char *member)
{
    char tmp[40];
    const char *s = cases_text(one, member, tmp);

    return s != NULL ? strtod(s, NULL) : NAN;
}

long long cases_int(const struct json *one, const char *member)
{
    char tmp[40];
    const char *s = cases_text(one, member, tmp);

    return s != NULL ? strtoll(s, NULL, 10) : LLONG_MIN;
}

bool cases_near(double got, double want, double relative)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got);
    return got == want || fabs(got - want) <= relative * fabs(want);
}

bool cases_same(struct buf *why, const char *what, const char *got, const char *expected)
{
    if (got == NULL || expected == NULL ? got == expected : strcmp(got, expected) == 0)
        return true;
    buf_addf(why, "%s: got %s%s%s, expected %s%s%s; ", what, got != NULL ? "\"" : "",
             got != NULL ? got : "null", got != NULL ? "\"" : "", expected != NULL ? "\"" : "",
             expected != NULL ? expected : "null", expected != NULL ? "\"" : "");
    return false;
}

bool cases_same_int(struct buf *why, const char *what, long long got, long long expected)
{
    if (got == expected)
        return true;
    buf_addf(why, "%s: got %lld, expected %lld; ", what, got, expected);
    return false;
}
