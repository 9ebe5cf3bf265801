/*
 * bench_render: a shipped notice with one person's values, through the engine and through snprintf, in turn.
 *
 *   bench_render TEMPLATE-FILE TIMES   ->   {"render":NS,"snprintf":NS}, nanoseconds a text, and a failure if the two texts differ
 *
 * The values are all that a row offers, in the order in which they are offered: looking a name up is a part of rendering.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/clock.h"
#include "zhanchi/fsio.h"
#include "zhanchi/template.h"

#define TEXT_MAX_BYTES 4096

static const struct {
    const char *name, *value;
} row[] = {{"name", "张建国"},
           {"honorific", "先生"},
           {"region", "示例市"},
           {"occupation", "电工"},
           {"level_name", "高级工"},
           {"employer", "示例机械有限公司"},
           {"certificate_no", "2643001234300012"},
           {"issued", "2026年1月15日"},
           {"months", "48"},
           {"amount", "2,000元"},
           {"deadline", "2027年1月14日"},
           {"days_left", "90"},
           {"clause", "人社部发〔2017〕40号 一、三"},
           {"office", "示例市人社局"},
           {"phone12333", "12333"},
           {"apply_where", "参保地经办机构"}};
#define N_VALUES (sizeof row / sizeof row[0])

/* The template's text as a format, its sections taken as they stand with these values. */
struct format {
    char text[TEXT_MAX_BYTES];
    const char *value[12];
    int n;
};

static const char *value_of(const char *name, size_t len)
{
    for (size_t i = 0; i < N_VALUES; i++)
        if (strlen(row[i].name) == len && memcmp(row[i].name, name, len) == 0)
            return row[i].value;
    fprintf(stderr, "bench_render: no value for %.*s\n", (int)len, name);
    exit(1);
}

static void add_literal(struct format *f, size_t *at, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '%')
            f->text[(*at)++] = '%';
        f->text[(*at)++] = s[i];
    }
}

/* Every section of the notice has a value: an inverted one is left out, the others' tags are. */
static void to_format(const char *s, struct format *f)
{
    size_t at = 0;
    const char *tag;

    f->n = 0;
    while ((tag = strstr(s, "{{")) != NULL) {
        const char *name = tag + 2, *end = strstr(tag, "}}");
        add_literal(f, &at, s, (size_t)(tag - s));
        if (end == NULL || f->n == 12)
            exit(1);
        s = end + 2;
        if (*name == '^') {
            s = strstr(s, "{{/");
            s = s != NULL ? strstr(s, "}}") + 2 : "";
        } else if (*name != '#' && *name != '/') {
            f->value[f->n++] = value_of(name, (size_t)(end - name));
            f->text[at++] = '%';
            f->text[at++] = 's';
        }
    }
    add_literal(f, &at, s, strlen(s));
    f->text[at] = '\0';
    while (f->n < 12)
        f->value[f->n++] = "";
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static int print(const struct format *f, char *out)
{
    const char *const *v = f->value;

    return snprintf(out, TEXT_MAX_BYTES, f->text, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7],
                    v[8], v[9], v[10], v[11]);
}

static double per_text(int64_t began_us, long times)
{
    return (double)(clock_mono_us() - began_us) * 1e3 / (double)times;
}

int main(int argc, char **argv)
{
    struct template_file f;
    struct format format;
    struct tv_member members[N_VALUES];
    struct tv root = {.type = TV_MAP, .members = members, .len = N_VALUES};
    struct buf file, out;
    char printed[TEXT_MAX_BYTES];
    struct err e;

    long times = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (times < 1)
        return 64;
    buf_init(&file, 1u << 20);
    buf_init(&out, TEXT_MAX_BYTES);
    if (fs_read_file(argv[1], &file, &e) != 0 ||
        template_file_parse(file.data, file.len, &f, &e) != 0) {
        fprintf(stderr, "%s\n", e.what);
        return 1;
    }
    struct template *t = template_compile(f.text, f.text_len, &e);
    for (size_t i = 0; i < N_VALUES; i++)
        members[i] = (struct tv_member){
            row[i].name, {.type = TV_TEXT, .text = row[i].value, .len = strlen(row[i].value)}};
    to_format(f.text, &format);

    int64_t began = clock_mono_us();
    for (long i = 0; i < times; i++) {
        buf_reset(&out);
        if (template_render(t, &root, template_escape_none, TEMPLATE_MISSING_ERROR, &out, &e) != 0)
            return 1;
    }
    double render = per_text(began, times);
    began = clock_mono_us();
    for (long i = 0; i < times; i++)
        print(&format, printed);
    double reference = per_text(began, times);
    if (strcmp(buf_cstr(&out), printed) != 0) {
        fprintf(stderr, "bench_render: two texts:\n%s\n%s\n", buf_cstr(&out), printed);
        return 1;
    }
    printf("{\"render\":%.1f,\"snprintf\":%.1f}\n", render, reference);
    template_free(t);
    template_file_fini(&f);
    buf_fini(&file);
    buf_fini(&out);
    return 0;
}
