/*
 * mklist: zhanchi-mklist writes a list of invented people (people.h), as an office would hand it over, and the claims file that would follow.
 *
 *   zhanchi-mklist --rows 1000 -o list.csv
 *   zhanchi-mklist --rows 1000 --claims --treated phones.txt -o claims.csv
 *
 * The second one, with the same seed, writes who of them claimed: each person by lot, with --rate-treated if the telephone number stands in the file of those who were
 * reached, else with --rate-control. That is how a demonstration has an effect to measure. For demonstrations, tests and benchmarks; not installed.
 */
#include <errno.h>
#include <getopt.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/buf.h"
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/err.h"
#include "people.h"

struct options {
    struct people people;
    int64_t rows;
    const char *output, *treated;
    bool gb18030, mark, title, claims;
    double rate_treated, rate_control;
    int32_t claims_from;
    int claims_days;
};

static _Noreturn void fail(const char *what, const char *object)
{
    fprintf(stderr, "zhanchi-mklist: %s %s: %s\n", what, object, strerror(errno));
    exit(ERR_CANTCREAT);
}

/* ---- writing ---- */

struct output {
    FILE *f;
    const char *name;
    iconv_t cd; /* (iconv_t)-1: UTF-8 as it is */
    struct buf line;
};

static void output_open(struct output *o, const char *path, bool gb18030, bool mark)
{
    o->name = path ? path : "standard output";
    o->f = path ? fopen(path, "wb") : stdout;
    if (!o->f)
        fail("cannot create", o->name);
    o->cd = gb18030 ? iconv_open("GB18030", "UTF-8") : (iconv_t)-1;
    buf_init(&o->line, 65536);
    if (mark)
        fputs("\xEF\xBB\xBF", o->f);
}

static void add(struct output *o, const char *cell)
{
    if (o->line.len > 0)
        buf_addc(&o->line, ',');
    if (cell[0] == '\0' && o->line.len == 0) /* the first cell is empty: the next must see that */
        buf_adds(&o->line, "\"\"");
    if (!strpbrk(cell, ",\"\n")) {
        buf_adds(&o->line, cell);
        return;
    }
    buf_addc(&o->line, '"');
    for (; *cell; cell++)
        buf_adds(&o->line, *cell == '"' ? "\"\"" : (char[2]){*cell, '\0'});
    buf_addc(&o->line, '"');
}

static void end_line(struct output *o)
{
    char gb[131072], *to = gb;
    char *from = o->line.data;
    size_t left = o->line.len, room = sizeof gb;

    buf_adds(&o->line, "\r\n");
    left = o->line.len;
    from = o->line.data;
    if (o->cd == (iconv_t)-1)
        fwrite(from, 1, left, o->f);
    else if (iconv(o->cd, &from, &left, &to, &room) == (size_t)-1)
        fail("cannot encode", o->name);
    else
        fwrite(gb, 1, sizeof gb - room, o->f);
    buf_reset(&o->line);
}

static void output_close(struct output *o)
{
    if (ferror(o->f) || fflush(o->f) || (o->f != stdout && fclose(o->f)))
        fail("cannot write", o->name);
    if (o->cd != (iconv_t)-1)
        iconv_close(o->cd);
    buf_fini(&o->line);
}

/* ---- the list ---- */

static void write_list(const struct options *o)
{
    struct output out;
    struct person_row row;

    output_open(&out, o->output, o->gb18030, o->mark);
    if (o->title) {
        add(&out, "示例市技能提升补贴人员名单（虚构，仅供试用）");
        end_line(&out);
    }
    for (int c = 0; c < ROW_CELLS; c++)
        add(&out, people_headers[c]);
    end_line(&out);
    for (int64_t i = 0; i < o->rows; i++) {
        people_row(&o->people, i, &row);
        for (int c = 0; c < ROW_CELLS; c++)
            add(&out, row.cell[c]);
        if (row.raw_tail != NULL)
            buf_adds(&out.line, row.raw_tail);
        end_line(&out);
    }
    if (o->title) {
        char total[64];
        snprintf(total, sizeof total, "合计：%lld人", (long long)o->rows);
        add(&out, total);
        end_line(&out);
    }
    output_close(&out);
}

/* ---- who claimed ---- */

struct phones {
    char (*number)[12];
    size_t n, cap;
};

static int by_number(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void phones_load(const char *path, struct phones *p)
{
    char line[64];

    *p = (struct phones){0};
    if (!path)
        return;
    FILE *f = fopen(path, "r");
    if (!f)
        fail("cannot open", path);
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (strlen(line) != 11)
            continue;
        if (p->n == p->cap) {
            p->cap = p->cap ? 2 * p->cap : 1024;
            p->number = reallocarray(p->number, p->cap, sizeof *p->number);
            if (!p->number)
                panic("out of memory");
        }
        memcpy(p->number[p->n++], line, 12);
    }
    fclose(f);
    if (p->n > 0)
        qsort(p->number, p->n, sizeof *p->number, by_number);
}

static bool phones_have(const struct phones *p, const char *number)
{
    return p->n > 0 && bsearch(number, p->number, p->n, sizeof *p->number, by_number);
}

static void write_claim(struct output *out, const struct options *o, const struct person_row *r,
                        double rate)
{
    char day[11];

    add(out, r->id);
    add(out, r->name);
    add(out, r->phone);
    add(out, r->occupation);
    add(out, r->level);
    /* chance below rate: stretched over the days it is a day by lot as well */
    add(out, civil_format(o->claims_from + (int32_t)(r->chance / rate * o->claims_days), day));
    add(out, "申领");
    end_line(out);
}

static void write_claims(const struct options *o)
{
    static const char *const headers[] = {"身份证号码", "姓名",     "手机号码", "职业(工种)",
                                          "技能等级",   "申领日期", "状态"};
    struct output out;
    struct person_row row;
    struct phones treated;

    phones_load(o->treated, &treated);
    output_open(&out, o->output, o->gb18030, o->mark);
    for (size_t c = 0; c < sizeof headers / sizeof headers[0]; c++)
        add(&out, headers[c]);
    end_line(&out);
    for (int64_t i = 0; i < o->rows; i++) {
        people_row(&o->people, i, &row);
        double rate = phones_have(&treated, row.phone) ? o->rate_treated : o->rate_control;
        if (!row.bad && row.chance < rate)
            write_claim(&out, o, &row, rate);
    }
    output_close(&out);
    free(treated.number);
}

/* ---- options ---- */

static const char usage[] =
    "usage: zhanchi-mklist --rows N [-o FILE] [--seed S] [--bad 3%] [--today DATE] [--title]\n"
    "                      [--encoding gb18030|utf-8|utf-8-bom]\n"
    "       zhanchi-mklist --rows N [-o FILE] [--seed S] ... --claims [--treated FILE]\n"
    "                      [--rate-treated 0.25] [--rate-control 0.12]\n"
    "                      [--claims-from DATE] [--claims-days 21]\n"
    "Writes a list of invented people; with --claims, who of them claimed.\n";

static _Noreturn void wrong(const char *option, const char *value)
{
    fprintf(stderr, "zhanchi-mklist: bad value for --%s: %s\n%s", option, value, usage);
    exit(ERR_USAGE);
}

static int64_t whole(const char *option, const char *s, int64_t max)
{
    char *end;

    errno = 0;
    long long v = strtoll(s, &end, 10);
    if (errno || end == s || *end || v < 0 || v > max)
        wrong(option, s);
    return v;
}

/* "0.03" or "3%". */
static double share(const char *option, const char *s)
{
    char *end;
    double v = strtod(s, &end);

    if (*end == '%') {
        v /= 100;
        end++;
    }
    if (end == s || *end || !(v >= 0 && v <= 1))
        wrong(option, s);
    return v;
}

static int32_t date(const char *option, const char *s)
{
    int32_t day;

    if (civil_parse(s, strlen(s), &day))
        wrong(option, s);
    return day;
}

static void set_encoding(struct options *o, const char *s)
{
    o->gb18030 = strcmp(s, "gb18030") == 0;
    o->mark = strcmp(s, "utf-8-bom") == 0;
    if (!o->gb18030 && !o->mark && strcmp(s, "utf-8") != 0)
        wrong("encoding", s);
}

enum {
    ROWS = 256,
    SEED,
    BAD,
    TODAY,
    TITLE,
    ENCODING,
    CLAIMS,
    TREATED,
    RATE_TREATED,
    RATE_CONTROL,
    CLAIMS_FROM,
    CLAIMS_DAYS
};

static void set(struct options *o, int option)
{
    switch (option) {
    case ROWS:
        o->rows = whole("rows", optarg, INT64_C(100000000));
        break;
    case SEED:
        o->people.seed = (uint64_t)whole("seed", optarg, INT64_MAX);
        break;
    case BAD:
        o->people.bad = share("bad", optarg);
        break;
    case TODAY:
        o->people.today = date("today", optarg);
        break;
    case TITLE:
        o->title = true;
        break;
    case ENCODING:
        set_encoding(o, optarg);
        break;
    case CLAIMS:
        o->claims = true;
        break;
    case TREATED:
        o->treated = optarg;
        break;
    case RATE_TREATED:
        o->rate_treated = share("rate-treated", optarg);
        break;
    case RATE_CONTROL:
        o->rate_control = share("rate-control", optarg);
        break;
    case CLAIMS_FROM:
        o->claims_from = date("claims-from", optarg);
        break;
    case CLAIMS_DAYS:
        o->claims_days = (int)whole("claims-days", optarg, 3660);
        break;
    case 'o':
        o->output = optarg;
        break;
    case 'h':
        fputs(usage, stdout);
        exit(0);
    default:
        fputs(usage, stderr);
        exit(ERR_USAGE);
    }
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"rows", 1, NULL, ROWS},
        {"seed", 1, NULL, SEED},
        {"bad", 1, NULL, BAD},
        {"today", 1, NULL, TODAY},
        {"title", 0, NULL, TITLE},
        {"encoding", 1, NULL, ENCODING},
        {"claims", 0, NULL, CLAIMS},
        {"treated", 1, NULL, TREATED},
        {"rate-treated", 1, NULL, RATE_TREATED},
        {"rate-control", 1, NULL, RATE_CONTROL},
        {"claims-from", 1, NULL, CLAIMS_FROM},
        {"claims-days", 1, NULL, CLAIMS_DAYS},
        {"output", 1, NULL, 'o'},
        {"help", 0, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct options o = {.people = {.seed = 1, .bad = 0.03},
                        .rows = -1,
                        .rate_treated = 0.25,
                        .rate_control = 0.12,
                        .claims_from = CIVIL_NONE,
                        .claims_days = 21};
    int option;

    o.people.today = civil_local_day(clock_now_ms(), 480);
    while ((option = getopt_long(argc, argv, "o:h", longs, NULL)) != -1)
        set(&o, option);
    if (o.rows < 0 || optind != argc) {
        fputs(usage, stderr);
        return ERR_USAGE;
    }
    if (o.claims_from == CIVIL_NONE)
        o.claims_from = o.people.today;
    if (o.claims)
        write_claims(&o);
    else
        write_list(&o);
    return 0;
}
