/*
 * measure over a real store (measure_scene.h): claims files in, then the report, its small cells, the lift, and both exports.
 */
#include <stdlib.h>
#include "measure_scene.h"
#include "zhanchi/civil.h"
#include "zhanchi/json.h"
#include "zhanchi/measure.h"

#define PRICE 50000

/* ---- claims ---- */

/* Three in ten of those who were written to, one in ten of those who were not. */
static bool claims(size_t i)
{
    return arm_of(i) == ARM_HOLDOUT ? i % 40 == 0 : i % 10 < 3;
}

static size_t count_claims(enum member_arm arm)
{
    size_t n = 0;

    for (size_t i = 0; i < N; i++)
        n += arm_of(i) == arm && claims(i);
    return n;
}

static size_t all_claims(void)
{
    return count_claims(ARM_SEND) + count_claims(ARM_HOLDOUT) + count_claims(ARM_ALWAYS);
}

/* All claims, then one twice, two of strangers, a sum, and three rows that cannot be used. */
static void claims_file(struct buf *text)
{
    char id[19];

    buf_init(text, 1 << 20);
    buf_adds(text, "技能提升补贴申领名册,,,\n身份证号,申领日期,状态,金额\n");
    for (size_t i = 0; i < N; i++) {
        id_of(i, id);
        if (claims(i))
            buf_addf(text, "%s,2023-12-%02zu,申领,1500\n", id, i % 28 + 1);
    }
    id_of(0, id);
    buf_addf(text, "%s,2023-12-01,已申领,1500\n", id);
    id_of(N + 1, id);
    buf_addf(text, "%s,2023-12-01,申领,1500\n", id);
    id_of(N + 2, id);
    buf_addf(text, "%s,2023-12-01,申领,1500\n", id);
    id_of(1, id);
    buf_addf(text,
             "合计,,,99\n%s,2023-13-01,申领,1500\n%s,2023-12-01,退回,\n110000190101010000,"
             "2023-12-01,申领,\n",
             id, id);
}

struct seen_rejects {
    struct list_reject r[8];
    size_t n;
};

static void on_reject(void *ctx, const struct list_reject *r)
{
    struct seen_rejects *x = ctx;

    ck_assert_uint_lt(x->n, 8);
    x->r[x->n++] = *r;
}

static int import_claims(struct scene *s, const char *text, int32_t through,
                         struct response_file *f, struct response_stats *st,
                         struct seen_rejects *rejects, struct progress progress)
{
    struct response_opts o = {.actor = "analyst",
                              .through = through,
                              .zone_min = 480,
                              .now_ms = START + INT64_C(90) * 86400000,
                              .progress = progress,
                              .reject = on_reject,
                              .ctx = rejects};
    char path[CONTRACT_PATH];

    rejects->n = 0;
    scene_file(s, "claims.csv", text, path);
    o.path = path;
    return measure_responses(s->c->store, s->c->keys, &o, f, st, &s->c->e);
}

static void import_all_claims(struct scene *s, struct response_file *f, struct response_stats *st,
                              struct seen_rejects *rejects)
{
    struct buf text;

    claims_file(&text);
    OK(s->c, import_claims(s, buf_cstr(&text), civil_day(2024, 1, 31), f, st, rejects,
                           (struct progress){0}));
    buf_fini(&text);
}

START_TEST(claims_come_in_once)
{
    struct scene *s = scene_begin();
    struct response_file f;
    struct response_stats st;
    struct seen_rejects x;
    int64_t n = (int64_t)all_claims();

    scene_send(s);
    import_all_claims(s, &f, &st, &x);
    ck_assert_int_eq(f.rows, n + 6);
    ck_assert_int_eq(f.added, n);
    ck_assert_int_eq(f.known, 1);
    ck_assert_int_eq(f.unmatched, 2);
    ck_assert_int_eq(f.rejects, 3);
    ck_assert_int_eq(f.through, civil_day(2024, 1, 31));
    ck_assert_str_eq(f.file, "claims.csv");
    ck_assert_int_eq(st.suppressed, (int64_t)count_claims(ARM_HOLDOUT));
    ck_assert_uint_eq(x.n, 3);
    ck_assert_str_eq(x.r[0].reason, "date-format");
    ck_assert_int_eq(x.r[0].line, n + 7);
    ck_assert_int_eq(x.r[0].column, 2);
    ck_assert_str_eq(x.r[0].header, "申领日期");
    ck_assert_str_eq(x.r[1].reason, "kind-unknown");
    ck_assert_str_eq(x.r[2].reason, "id-damaged");
    ck_assert_str_eq(x.r[2].masked, "110000********0000");

    import_all_claims(s, &f, &st, &x);
    ck_assert_int_eq(f.added, 0);
    ck_assert_int_eq(f.known, n + 1);
    ck_assert_int_eq(f.unmatched, 2);
    ck_assert_int_eq(st.suppressed, 0);
    scene_end(s);
}
END_TEST

static int stop_at_once(void *ctx, int64_t done, int64_t total, const char *note)
{
    (void)ctx;
    (void)done;
    (void)total;
    (void)note;
    return 1;
}

static int last_file(void *ctx, const struct response_file *f)
{
    *(struct response_file *)ctx = *f;
    return 0;
}

/* Interrupted: what is in is in, and nothing is called complete. */
START_TEST(interrupted_import)
{
    struct scene *s = scene_begin();
    struct response_file f, stored;
    struct response_stats st;
    struct seen_rejects x;
    struct buf text;
    char id[19];

    buf_init(&text, 1 << 22);
    buf_adds(&text, "身份证号,发放日期\n");
    for (int day = 1; day <= 28; day++) /* more than any first chunk */
        for (size_t i = 0; i < N; i++) {
            id_of(i, id);
            buf_addf(&text, "%s,2023-12-%02d\n", id, day);
        }
    FAILS(s->c, ERR_TEMP,
          import_claims(s, buf_cstr(&text), civil_day(2024, 1, 31), &f, &st, &x,
                        (struct progress){.fn = stop_at_once}));
    OK(s->c, store_response_files_each(s->c->store, last_file, &stored, &s->c->e));
    ck_assert_int_eq(stored.through, CIVIL_NONE);
    ck_assert_int_gt(stored.added, 0);
    ck_assert_int_lt(stored.added, 28 * N);
    int64_t before = stored.added;
    OK(s->c, import_claims(s, buf_cstr(&text), civil_day(2024, 1, 31), &f, &st, &x,
                           (struct progress){0}));
    ck_assert_int_eq(f.known, before);
    ck_assert_int_eq(f.added, 28 * N - before);
    ck_assert_int_eq(f.through, civil_day(2024, 1, 31));
    buf_fini(&text);
    scene_end(s);
}
END_TEST

static int count_claim(void *ctx, bool has_occupation, const uint8_t occupation[KEYRING_HASH_BYTES],
                       int level, int32_t day)
{
    (void)has_occupation;
    (void)occupation;
    (void)level;
    (void)day;
    ++*(int *)ctx;
    return 0;
}

static int claims_in(struct scene *s, int64_t list_id)
{
    struct list_row row;
    int n = 0;

    ck_assert_int_eq(store_list_row_at(s->c->store, list_id, 2, &row, &s->c->e), 1);
    OK(s->c, store_claims_of(s->c->store, row.person_id, count_claim, &n, &s->c->e));
    return n;
}

/* The same person stands in one list by id number and in others by telephone and name, or by reference: one row reaches all, and counts once. */
START_TEST(every_key_of_a_row_counts)
{
    struct scene *s = scene_begin();
    struct response_file f;
    struct response_stats st;
    struct seen_rejects x;
    char text[512], id[19];

    int64_t by_phone = scene_list(s, "phone.csv", "姓名,手机号\n测试,13800000000\n");
    int64_t by_ref = scene_list(s, "ref.csv", "个人编号,手机号\nA-1,13900000001\n");
    id_of(0, id);
    snprintf(text, sizeof text,
             "身份证号,姓名,手机号,个人编号,申领日期\n%s,测试,13800000000,A-1,2023-12-01\n,测试,"
             "13800000000,,2023-12-02\n",
             id);
    OK(s->c, import_claims(s, text, CIVIL_NONE, &f, &st, &x, (struct progress){0}));
    ck_assert_int_eq(f.rows, 2);
    ck_assert_int_eq(f.added, 2);
    ck_assert_int_eq(f.known + f.unmatched + f.rejects, 0);
    ck_assert_int_eq(claims_in(s, s->list_id), 1);
    ck_assert_int_eq(claims_in(s, by_phone), 2);
    ck_assert_int_eq(claims_in(s, by_ref), 1);
    scene_end(s);
}
END_TEST

START_TEST(files_that_are_no_claims)
{
    struct scene *s = scene_begin();
    struct response_file f;
    struct response_stats st;
    struct seen_rejects x;
    const struct progress none = {0};

    FAILS(s->c, ERR_DATA,
          import_claims(s, "姓名,申领日期\n测试,2023-12-01\n", CIVIL_NONE, &f, &st, &x, none));
    FAILS(s->c, ERR_DATA, import_claims(s, "身份证号,姓名\nx,y\n", CIVIL_NONE, &f, &st, &x, none));
    FAILS(s->c, ERR_DATA, import_claims(s, "a,b\n1,2\n", CIVIL_NONE, &f, &st, &x, none));
    f.id = 77;
    OK(s->c, store_response_files_each(s->c->store, last_file, &f, &s->c->e));
    ck_assert_int_eq(f.id, 77); /* none was recorded */
    scene_end(s);
}
END_TEST

/* ---- the report ---- */

static void report(struct scene *s, int32_t today, struct measure_report *r)
{
    const struct measure_ask ask = {
        .today = today, .price_microyuan = PRICE, .by = (1u << MEASURE_DIMENSIONS) - 1};

    OK(s->c, measure_report(s->c->store, &s->campaign, &ask, r, &s->c->e));
}

static const struct measure_line *line_of(const struct measure_report *r, enum measure_by by,
                                          const char *key)
{
    for (size_t i = 0; i < r->by[by].n; i++)
        if (strcmp(r->by[by].lines[i].key, key) == 0)
            return &r->by[by].lines[i];
    ck_abort_msg("no line %s", key);
}

START_TEST(report_before_the_start)
{
    struct scene *s = scene_begin();
    struct response_file f;
    struct response_stats st;
    struct seen_rejects x;
    struct measure_report r;

    import_all_claims(s, &f, &st, &x);
    report(s, 20000, &r);
    ck_assert(!r.claims_known && !r.has_lift);
    ck_assert_int_eq(r.from_day, CIVIL_NONE);
    ck_assert_int_eq(r.total.claimed, 0);
    ck_assert_int_eq(r.members, N);
    ck_assert_int_eq(r.segments, 0);
    measure_report_fini(&r);
    scene_end(s);
}
END_TEST

START_TEST(report_without_claims)
{
    struct scene *s = scene_begin();
    struct measure_report r;

    scene_send(s);
    report(s, civil_day(2023, 12, 20), &r);
    ck_assert(!r.claims_known && !r.has_lift);
    ck_assert_int_eq(r.from_day, civil_day(2023, 11, 15));
    ck_assert_int_eq(r.through_day, civil_day(2023, 12, 20));
    ck_assert_double_eq(r.total.rate, 0.0);
    measure_report_fini(&r);
    scene_end(s);
}
END_TEST

static size_t count_answers(enum msg_input input)
{
    size_t n = 0;

    for (size_t i = 0; i < N; i++)
        n += arm_of(i) != ARM_HOLDOUT && answer_of(i) == input;
    return n;
}

START_TEST(report_of_everything)
{
    struct scene *s = scene_begin();
    struct response_file f;
    struct response_stats st;
    struct seen_rejects x;
    struct measure_report r;
    int64_t taken = (int64_t)count_answers(IN_ANSWER_ACCEPTED);

    scene_send(s);
    import_all_claims(s, &f, &st, &x);
    report(s, civil_day(2024, 1, 10), &r);
    ck_assert(r.claims_known);
    ck_assert_int_eq(r.through_day, civil_day(2024, 1, 10));
    ck_assert_int_eq(r.complete_day, civil_day(2024, 1, 31));
    ck_assert_int_eq(r.members, N);
    ck_assert_int_eq(r.held_out, HELD_OUT);
    ck_assert_int_eq(r.always, N - ALWAYS_FROM);
    ck_assert_int_eq(r.states[MSG_DELIVERED], taken);
    ck_assert_int_eq(r.states[MSG_REJECTED], (int64_t)count_answers(IN_ANSWER_REFUSED));
    ck_assert_int_eq(r.states[MSG_UNKNOWN], (int64_t)count_answers(IN_ANSWER_UNKNOWN));
    ck_assert_int_eq(r.states[MSG_SUPPRESSED], (int64_t)count_claims(ARM_HOLDOUT));
    ck_assert_uint_eq(r.n_causes, 3);
    ck_assert_int_eq(r.causes[0].cause, CAUSE_NUMBER);
    ck_assert_int_ge(r.causes[0].n, r.causes[1].n);
    ck_assert_int_ge(r.causes[1].n, r.causes[2].n);
    ck_assert_int_eq(r.segments, 2 * taken); /* what was refused or is unknown is not billed */
    ck_assert_int_eq(r.cost_microyuan, 2 * taken * PRICE);
    ck_assert_int_eq(r.total.members, N - HELD_OUT);
    ck_assert_int_eq(r.total.sent, taken);
    ck_assert_int_eq(r.total.claimed, (int64_t)(count_claims(ARM_SEND) + count_claims(ARM_ALWAYS)));
    measure_report_fini(&r);
    scene_end(s);
}
END_TEST

START_TEST(report_of_small_cells)
{
    struct scene *s = scene_begin();
    struct response_file f;
    struct response_stats st;
    struct seen_rejects x;
    struct measure_report r;

    scene_send(s);
    import_all_claims(s, &f, &st, &x);
    report(s, civil_day(2024, 1, 10), &r);
    ck_assert_uint_eq(r.by[BY_REGION].n, 4);
    /* Five and four were written to in 4303 and 4304; together nine: a third region goes with them. */
    ck_assert(line_of(&r, BY_REGION, "4303")->withheld);
    ck_assert(line_of(&r, BY_REGION, "4304")->withheld);
    ck_assert(line_of(&r, BY_REGION, "4301")->withheld != line_of(&r, BY_REGION, "4302")->withheld);
    ck_assert_uint_eq(r.by[BY_VARIANT].n, 2);
    ck_assert_int_gt(line_of(&r, BY_VARIANT, "spring v1 #1")->members, 0);
    ck_assert_int_gt(line_of(&r, BY_VARIANT, "spring v1 #2")->members, 0);
    ck_assert_int_gt(line_of(&r, BY_LEVEL, "3")->members, 0);
    /* Handed over at 07:43 in China. */
    ck_assert_uint_eq(r.by[BY_HOUR].n, 1);
    ck_assert_int_eq(line_of(&r, BY_HOUR, "07")->members, N - HELD_OUT);
    measure_report_fini(&r);
    scene_end(s);
}
END_TEST

START_TEST(lift_ends_with_the_release)
{
    struct scene *s = scene_begin();
    struct response_file f;
    struct response_stats st;
    struct seen_rejects x;
    struct measure_report r;
    char text[512], id[19];

    scene_send(s);
    import_all_claims(s, &f, &st, &x);
    /* A held-out person claims on the day of the release, another the day before. */
    id_of(4, id);
    int n = snprintf(text, sizeof text, "身份证号,申领日期\n%s,2024-01-15\n", id);
    id_of(8, id);
    snprintf(text + n, sizeof text - (size_t)n, "%s,2024-01-14\n", id);
    OK(s->c, import_claims(s, text, CIVIL_NONE, &f, &st, &x, (struct progress){0}));
    ck_assert_int_eq(f.added, 2);
    report(s, civil_day(2024, 2, 10), &r);
    ck_assert_int_eq(r.through_day, civil_day(2024, 1, 31)); /* as far as files are complete */
    ck_assert(r.has_lift && !r.lift.withheld);
    ck_assert_int_eq(r.lift.through_day, civil_day(2024, 1, 14));
    ck_assert_int_eq(r.lift.send_members, N - HELD_OUT - (N - ALWAYS_FROM));
    ck_assert_int_eq(r.lift.hold_members, HELD_OUT);
    ck_assert_int_eq(r.lift.send_claimed, (int64_t)count_claims(ARM_SEND));
    ck_assert_int_eq(r.lift.hold_claimed, (int64_t)count_claims(ARM_HOLDOUT) + 1);
    struct interval ci = stats_newcombe(r.lift.send_claimed, r.lift.send_members,
                                        r.lift.hold_claimed, r.lift.hold_members, 0.95);
    ck_assert_double_eq(r.lift.ci.low, ci.low);
    ck_assert(r.lift.yuan_per_extra > 0);
    measure_report_fini(&r);
    scene_end(s);
}
END_TEST

/* ---- exports ---- */

struct lines {
    struct buf text;
    size_t n;
};

static int on_line(void *ctx, const char *text, size_t len)
{
    struct lines *l = ctx;

    ck_assert_int_eq(text[len - 1], '\n');
    l->n++;
    return buf_add(&l->text, text, len);
}

static void export(struct scene *s, bool identified, enum export_format f, struct lines *l)
{
    l->n = 0;
    buf_init(&l->text, 1 << 22);
    OK(s->c, measure_export(s->c->store, identified ? s->c->keys : NULL, &s->campaign, f, on_line,
                            l, &s->c->e));
}

static void sent_and_claimed(struct scene *s)
{
    struct response_file f;
    struct response_stats st;
    struct seen_rejects x;

    scene_send(s);
    import_all_claims(s, &f, &st, &x);
}

START_TEST(pseudonymous_export)
{
    struct scene *s = scene_begin();
    struct lines l;
    size_t withheld = 0, claimed = 0, held = 0;

    sent_and_claimed(s);
    export(s, false, EXPORT_JSONL, &l);
    ck_assert_uint_eq(l.n, N);
    ck_assert_ptr_null(strstr(l.text.data, "1380000"));
    ck_assert_ptr_null(strstr(l.text.data, "2023-12-"));
    ck_assert_ptr_null(strstr(l.text.data, "4303"));
    ck_assert_ptr_null(strstr(l.text.data, "4304"));
    ck_assert_ptr_nonnull(strstr(l.text.data, "\"handed_over\":\"2023-11-15T07:00:00+08:00\""));
    for (const char *at = l.text.data; *at != '\0'; at = strchr(at, '\n') + 1) {
        struct json *j = json_parse(at, (size_t)(strchr(at, '\n') - at), &s->c->e);
        char tmp[40];
        ck_assert_msg(j != NULL, "%s", s->c->e.what);
        ck_assert_ptr_null(json_get(j, "phone"));
        ck_assert_ptr_null(json_get(j, "message"));
        withheld += json_truth(json_get(j, "withheld"));
        claimed += json_type_of(json_get(j, "claimed_after_days")) == J_NUMBER;
        held += strcmp(json_text(json_get(j, "arm"), tmp), "holdout") == 0;
        json_free(j);
    }
    ck_assert_uint_eq(withheld, 12);
    ck_assert_uint_eq(claimed, all_claims());
    ck_assert_uint_eq(held, HELD_OUT);
    buf_fini(&l.text);
    scene_end(s);
}
END_TEST

START_TEST(identified_export)
{
    struct scene *s = scene_begin();
    struct lines l;
    char wanted[64];

    sent_and_claimed(s);
    export(s, true, EXPORT_CSV, &l);
    ck_assert_uint_eq(l.n, N + 1);
    ck_assert_int_eq(strncmp(l.text.data, "message,phone,pseudonym,arm,", 28), 0);
    for (size_t i = 0; i < N; i++) {
        snprintf(wanted, sizeof wanted, "%lld,1380000%04zu,", (long long)s->message[i], i);
        ck_assert_msg(strstr(l.text.data, wanted) != NULL, "%s", wanted);
    }
    ck_assert_ptr_nonnull(strstr(l.text.data, "T07:43:20+08:00"));
    ck_assert_ptr_nonnull(strstr(l.text.data, ",4304,"));
    buf_fini(&l.text);
    scene_end(s);
}
END_TEST

START_TEST(csv_and_jsonl_agree)
{
    struct scene *s = scene_begin();
    struct lines csv, jsonl;

    sent_and_claimed(s);
    export(s, false, EXPORT_CSV, &csv);
    export(s, false, EXPORT_JSONL, &jsonl);
    ck_assert_uint_eq(csv.n, jsonl.n + 1);
    size_t columns = 1, keys = 0;
    for (const char *p = csv.text.data; *p != '\r'; p++)
        columns += *p == ',';
    for (const char *p = jsonl.text.data; *p != '\n'; p++)
        keys += p[0] == '"' && p[1] == ':';
    ck_assert_uint_eq(columns, keys);
    buf_fini(&csv.text);
    buf_fini(&jsonl.text);
    scene_end(s);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        claims_come_in_once,      interrupted_import,      every_key_of_a_row_counts,
        files_that_are_no_claims, report_before_the_start, report_without_claims,
        report_of_everything,     report_of_small_cells,   lift_ends_with_the_release,
        pseudonymous_export,      identified_export,       csv_and_jsonl_agree};

    return contract_main("measure", tests, sizeof tests / sizeof tests[0]);
}
