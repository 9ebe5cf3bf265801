/*
 * test_intake: whole files into a real store and out again; what interruption, failure and SIGKILL leave; screening and explanation.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../contract/contract.h"
#include "zhanchi/cells.h"
#include "zhanchi/civil.h"
#include "zhanchi/conf.h"
#include "zhanchi/fsio.h"
#include "zhanchi/intake.h"
#include "zhanchi/json.h"
#include "zhanchi/store_held.h"
#include "zhanchi/store_people.h"

#define HEAD "姓名,身份证号码,手机号码,参保地,累计缴费月数,职业(工种),技能等级,发证日期,备注\n"
#define ID_A "110105190402299977"
#define ID_B "310104190202289978"
#define ID_C "440305190109309977"

static const char good[] =
    "某市名单,,,,,,,,\n" HEAD                                                          /* 1, 2 */
    "张三," ID_A ",13800000001,示例市,36,焊工,高级工,2026-03-01,\"加急,\"\"是\"\"\"\n" /* 3 */
    "李四," ID_B ",+86 13800000002,示例县,11,电工,中级工,2026-03-02,\n"                /* 4 */
    "王五," ID_C ",1380000000,示例市,36,电工,中级工,2026-03-02,\n"                     /* 5: bad */
    "张三," ID_A ",13800000001,示例市,36,电工,初级工,2025-01-01,\n"                    /* 6 */
    "赵六,,13800000002,示范市,40,保育师,三级,2026-05-01,\n"                            /* 7 */
    "钱七,1.1E+17,13800000003,示例市,36,电工,四级,昨天,\n" /* 8: bad twice */
    "合计,,,,,,,,\n";                                      /* 9 */

struct interruption {
    int64_t after; /* calls */
    int64_t calls;
};

static int interrupt(void *ctx, int64_t done, int64_t total, const char *note)
{
    struct interruption *i = ctx;

    (void)note;
    ck_assert_int_le(done, total);
    return ++i->calls > i->after;
}

static void write_file(const struct contract *c, const char *name, const void *data, size_t len,
                       char path[CONTRACT_PATH])
{
    contract_path(c, name, path);
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, len, f), len);
    ck_assert_int_eq(fclose(f), 0);
}

static struct intake_opts opts(const char *path, const char *name)
{
    static const int32_t counted = 20605; /* 2026-06-01: on the day of the screenings */

    return (struct intake_opts){.path = path,
                                .name = name,
                                .actor = "maker",
                                .now_ms = CONTRACT_NOW,
                                .months_day = &counted};
}

static int import_text(struct contract *c, const char *text, const char *name,
                       struct intake_result *r)
{
    char path[CONTRACT_PATH];

    write_file(c, "list.csv", text, strlen(text), path);
    struct intake_opts o = opts(path, name);
    return intake_import(c->store, c->keys, &o, r, &c->e);
}

/* So many rows that an import takes several chunks. */
static void big_text(struct buf *out, int n)
{
    buf_init(out, 64 << 20);
    buf_adds(out, "姓名,手机号,个人编号\n");
    for (int i = 0; i < n; i++)
        buf_addf(out, "测试,138%08d,N%d\n", i, i);
}

/* Nothing of any list, visible or not: what a fresh database has. */
static void expect_nothing(struct contract *c)
{
    struct list_info l;
    int64_t id;
    uint8_t hash[KEYRING_HASH_BYTES];

    ck_assert_int_eq(store_list_find(c->store, "big", &l, &c->e), 0);
    struct list_info other = {.name = "probe", .encoding = "UTF-8", .columns = "[]"};
    OK(c, store_list_begin(c->store, &other, &id,
                           &c->e)); /* would be refused while another is loading */
    OK(c, store_list_abandon(c->store, id, &c->e));
    keyring_hash(c->keys, HASH_PERSON_REF, "N1", 2, hash);
    struct response_row claim = {
        .person_kind = HASH_PERSON_REF, .kind = RESPONSE_CLAIMED, .day = 1, .amount_fen = -1};
    struct response_stats stats = {0};
    struct response_file f = {.file = "x", .through = CIVIL_NONE};
    memcpy(claim.person, hash, sizeof hash);
    OK(c, store_response_file_put(c->store, &f, &c->e));
    OK(c, store_responses_put(c->store, f.id, &claim, 1, NULL, &stats, &c->e));
    ck_assert_int_eq(stats.unmatched, 1); /* its persons are gone as well */
    OK(c, store_integrity(c->store, &c->e));
}

/* ---- what goes in ---- */

static void unsealed(struct contract *c, const struct list_row *r, struct buf *out)
{
    buf_reset(out);
    OK(c, keyring_unseal(c->keys, r->key_id, SEAL_ROW, r->id, r->revision, r->sealed, r->sealed_len,
                         out, &c->e));
}

START_TEST(rows_are_stored_as_they_were_read)
{
    struct contract *c = contract_begin();
    struct intake_result r;
    struct list_info l;
    struct list_row row;
    struct buf text;
    uint8_t hash[KEYRING_HASH_BYTES];

    buf_init(&text, 65536);
    OK(c, import_text(c, good, "spring", &r));
    ck_assert_int_eq(r.rows, 6);
    ck_assert_int_eq(r.taken, 4);
    ck_assert_int_eq(r.rejected_rows, 2);
    ck_assert_int_eq(r.repaired, 1);
    ck_assert_int_eq(r.skipped, 1);
    ck_assert_int_eq(r.counts.rows, 4);
    ck_assert_int_eq(r.counts.persons, 3);
    ck_assert_int_eq(r.counts.addresses, 2);
    ck_assert_int_eq(r.counts.shared_addresses, 1);
    ck_assert_int_eq(store_list_find(c->store, "spring", &l, &c->e), 1);
    ck_assert_int_eq(l.rows, 4);
    ck_assert_int_eq(l.rejects, 2);
    ck_assert_str_eq(l.file, "list.csv");
    ck_assert_str_eq(l.encoding, "UTF-8");
    ck_assert_str_eq(l.imported_by, "maker");
    ck_assert_ptr_nonnull(strstr(l.columns, "{\"header\":\"备注\",\"field\":\"\"}"));

    ck_assert_int_eq(store_list_row_at(c->store, l.id, 3, &row, &c->e), 1);
    unsealed(c, &row, &text);
    ck_assert_str_eq(
        text.data,
        "{\"name\":\"张三\",\"id\":\"" ID_A "\",\"phone\":\"13800000001\",\"region\":\"示例市\","
        "\"months\":\"36\",\"occupation\":\"焊工\",\"level\":\"高级工\",\"issued\":\"2026-03-01\","
        "\"备注\":\"加急,\\\"是\\\"\"}");
    ck_assert_int_eq(row.person_kind, HASH_PERSON_ID);
    keyring_hash(c->keys, HASH_PERSON_ID, ID_A, 18, hash);
    ck_assert_mem_eq(row.person, hash, sizeof hash);
    keyring_hash(c->keys, HASH_ADDRESS_SMS, "13800000001", 11, hash);
    ck_assert_mem_eq(row.address, hash, sizeof hash);
    keyring_hash(c->keys, HASH_OCCUPATION, "焊工", strlen("焊工"), hash);
    ck_assert(row.has_occupation && !row.has_employer);
    ck_assert_mem_eq(row.occupation, hash, sizeof hash);
    ck_assert_str_eq(row.region, "示例市");
    ck_assert_int_eq(row.level, 3);
    ck_assert_int_eq(row.months, 36);
    ck_assert_int_eq(row.issued_day, civil_day(2026, 3, 1));

    int64_t person = row.person_id;
    ck_assert_int_eq(store_list_row_at(c->store, l.id, 6, &row, &c->e), 1);
    ck_assert_int_eq(row.person_id, person);
    ck_assert_int_eq(store_list_row_at(c->store, l.id, 7, &row, &c->e), 1);
    ck_assert_int_eq(row.person_kind, HASH_PERSON_PHONE_NAME);
    keyring_hash(c->keys, HASH_PERSON_PHONE_NAME, "13800000002\n赵六", 11 + 1 + 6, hash);
    ck_assert_mem_eq(row.person, hash, sizeof hash);
    ck_assert_int_eq(store_list_row_at(c->store, l.id, 5, &row, &c->e), 0);
    buf_fini(&text);
    contract_end(c);
}
END_TEST

/* 15-digit numbers and their 18-digit forms are one person. */
START_TEST(old_and_new_id_numbers_are_one_person)
{
    struct contract *c = contract_begin();
    struct intake_result r;

    OK(c, import_text(c,
                      "身份证号,手机号\n"
                      "110105040229001,13800000001\n"
                      "110105190402290016,13800000001\n",
                      "l", &r));
    ck_assert_int_eq(r.taken, 2);
    ck_assert_int_eq(r.counts.persons, 1);
    contract_end(c);
}
END_TEST

static int reject_line(void *ctx, const struct list_reject *r)
{
    buf_addf(ctx, "%lld/%d/%s/%s/%s ", (long long)r->line, r->column, r->header, r->reason,
             r->masked);
    return 0;
}

START_TEST(rejects_in_the_store_and_in_the_file)
{
    struct contract *c = contract_begin();
    struct intake_result r;
    struct buf all;
    struct stat st;
    char path[CONTRACT_PATH], rejects[CONTRACT_PATH], line[1024];

    write_file(c, "list.csv", good, strlen(good), path);
    contract_path(c, "rejects.csv", rejects);
    struct intake_opts o = opts(path, "spring");
    o.rejects_path = rejects;
    OK(c, intake_import(c->store, c->keys, &o, &r, &c->e));
    buf_init(&all, 4096);
    OK(c, store_list_rejects_each(c->store, r.list_id, reject_line, &all, &c->e));
    ck_assert_str_eq(all.data, "5/3/手机号码/phone-length/13******** "
                               "8/2/身份证号码/id-damaged/1****** 8/8/发证日期/date-format/** ");
    buf_fini(&all);
    ck_assert_uint_eq(r.n_reasons, 3);

    ck_assert_int_eq(stat(rejects, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    FILE *f = fopen(rejects, "r");
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
    ck_assert_str_eq(line, "\xEF\xBB\xBF姓名,身份证号码,手机号码,参保地,累计缴费月数,职业(工种),"
                           "技能等级,发证日期,备注,行号 line,列 column,原因 reason,处理办法 remedy"
                           "\r\n");
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
    ck_assert_str_eq(line,
                     "王五,\"=\"\"" ID_C "\"\"\",1380000000,示例市,36,电工,中级工,2026-03-02,,5,"
                     "手机号码,too few or too many digits for a mobile number,"
                     "ask for the complete 11-digit number\r\n");
    fclose(f);
    contract_end(c);
}
END_TEST

START_TEST(a_dry_run_stores_nothing)
{
    struct contract *c = contract_begin();
    struct intake_result r;
    struct list_info l;
    char path[CONTRACT_PATH], rejects[CONTRACT_PATH];

    write_file(c, "list.csv", good, strlen(good), path);
    contract_path(c, "rejects.csv", rejects);
    struct intake_opts o = opts(path, "spring");
    o.dry_run = true;
    o.rejects_path = rejects;
    OK(c, intake_import(NULL, NULL, &o, &r, &c->e));
    ck_assert_int_eq(r.taken, 4);
    ck_assert_int_eq(r.rejected_rows, 2);
    ck_assert_uint_eq(r.n_reasons, 3);
    ck_assert_int_eq(access(rejects, R_OK), 0);
    ck_assert_int_eq(store_list_find(c->store, "spring", &l, &c->e), 0);
    contract_end(c);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(the_same_file_is_known)
{
    struct contract *c = contract_begin();
    struct intake_result r;
    char path[CONTRACT_PATH];

    OK(c, import_text(c, good, "spring", &r));
    write_file(c, "copy.csv", good, strlen(good), path);
    struct intake_opts o = opts(path, "other");
    FAILS(c, ERR_DATA, intake_import(c->store, c->keys, &o, &r, &c->e));
    ck_assert_ptr_nonnull(strstr(c->e.what, "is list spring already"));
    o.again = true;
    OK(c, intake_import(c->store, c->keys, &o, &r, &c->e));
    ck_assert_int_eq(r.counts.persons, 3);
    contract_end(c);
}
END_TEST

static const struct {
    const char *text, *name;
    enum err_kind kind;
    const char *what;
} refused[] = {
    {"姓名,身份证号\n张三," ID_A "\n", "l", ERR_DATA, "no column for phone"},
    {"手机号,参保地\n13800000001,x\n", "l", ERR_DATA, "no column says who a row is about (line 1)"},
    {"姓名,手机号\n张三,1380000000\n", "l", ERR_DATA, "no row"},
    {"姓名,手机号\n", "l", ERR_DATA, "header in line 1 and no row under it"},
    {"姓名,手机号\n张\xFF,13800000001\n", "l", ERR_DATA, "line 2"},
    {"姓名,手机号\n张三,13800000001\n", "", ERR_USAGE, "name"},
    {"姓名,手机号\n张三,13800000001\n", "-x", ERR_USAGE, "name"},
    {"姓名,手机号\n张三,13800000001\n", "a\nb", ERR_USAGE, "name"},
};

START_TEST(refusals_leave_nothing)
{
    struct contract *c = contract_begin();
    struct intake_result r;

    FAILS(c, refused[_i].kind, import_text(c, refused[_i].text, refused[_i].name, &r));
    ck_assert_msg(strstr(c->e.what, refused[_i].what) != NULL, "%s", c->e.what);
    ck_assert_str_ne(c->e.remedy, "");
    expect_nothing(c);
    contract_end(c);
}
END_TEST

START_TEST(a_taken_name_leaves_nothing_new)
{
    struct contract *c = contract_begin();
    struct intake_result r;
    struct buf text;

    OK(c, import_text(c, good, "spring", &r));
    big_text(&text, 10);
    FAILS(c, ERR_DATA, import_text(c, text.data, "spring", &r));
    expect_nothing(c);
    buf_fini(&text);
    contract_end(c);
}
END_TEST

/* ---- interruptions ---- */

START_TEST(an_interrupted_import_leaves_nothing)
{
    struct contract *c = contract_begin();
    struct intake_result r;
    struct buf text;
    char path[CONTRACT_PATH], rejects[CONTRACT_PATH];
    struct interruption stop = {.after = 5};

    big_text(&text, 20000);
    write_file(c, "list.csv", text.data, text.len, path);
    contract_path(c, "rejects.csv", rejects);
    struct intake_opts o = opts(path, "big");
    o.progress = (struct progress){interrupt, &stop};
    o.rejects_path = rejects;
    FAILS(c, ERR_TEMP, intake_import(c->store, c->keys, &o, &r, &c->e));
    ck_assert_int_eq(stop.calls, 6);
    ck_assert_int_ne(access(rejects, F_OK), 0);
    expect_nothing(c);
    o.progress.fn = NULL;
    OK(c, intake_import(c->store, c->keys, &o, &r, &c->e));
    ck_assert_int_eq(r.counts.persons, 20000);
    buf_fini(&text);
    contract_end(c);
}
END_TEST

static const char *const killers[] = {"import_chunk:1",       "import_chunk:7", "list_rows:3",
                                      "store_after_commit:4", "list_finish:1",  "resolver_run:2"};

static void import_big(void *ctx)
{
    struct contract *c = ctx;
    struct intake_result r;
    char path[CONTRACT_PATH];

    contract_path(c, "list.csv", path);
    struct intake_opts o = opts(path, "big");
    OK(c, intake_import(c->store, c->keys, &o, &r, &c->e));
}

START_TEST(a_killed_import_leaves_nothing)
{
#ifdef ZHANCHI_FAILPOINTS
    struct contract *c = contract_begin();
    struct intake_result r;
    struct list_info l;
    struct buf text;
    char path[CONTRACT_PATH];

    big_text(&text, 20000);
    write_file(c, "list.csv", text.data, text.len, path);
    contract_close(c);
    struct contract child = *c;
    contract_reopen(
        &child); /* what the child works with; opened before the fork, closed by its death */
    ck_assert(contract_killed(killers[_i], import_big, &child));
    contract_close(&child);
    contract_reopen(c);
    ck_assert_int_eq(store_list_find(c->store, "big", &l, &c->e), 0);
    /* The next import removes it by itself. */
    OK(c, import_text(c, good, "spring", &r));
    expect_nothing(c);
    struct intake_opts o = opts(path, "big");
    write_file(c, "list.csv", text.data, text.len, path);
    OK(c, intake_import(c->store, c->keys, &o, &r, &c->e));
    ck_assert_int_eq(r.counts.persons, 20000);
    OK(c, store_integrity(c->store, &c->e));
    buf_fini(&text);
    contract_end(c);
#endif
}
END_TEST

START_TEST(another_job_has_the_lock)
{
    struct contract *c = contract_begin();
    struct intake_result r;
    int fd;

    OK(c, store_lock_jobs(c->store, &fd, &c->e));
    FAILS(c, ERR_TEMP, import_text(c, good, "spring", &r));
    close(fd);
    OK(c, import_text(c, good, "spring", &r));
    contract_end(c);
}
END_TEST

/* ---- screening ---- */

static const char policy_text[] =
    "name = \"t\"; title = \"t\";\n"
    "regions = ( { name = \"EX\"; title = \"示例省\"; shortage = [ \"焊工\" ]; },\n"
    "  { name = \"EX-01\"; parent = \"EX\"; title = \"示例市\"; },\n"
    "  { name = \"EX-02\"; parent = \"EX\"; title = \"示例县\"; } );\n"
    "rules = ( { id = \"r\"; region = \"EX\"; source = \"s\"; clause = \"c\"; confirmed = true; "
    "basis = \"issued\";\n"
    "  valid_from = \"2017-01-01\"; valid_to = \"open\"; months_min = 12; levels = [ 5, 4, 3 ]; "
    "window_months = 12;\n"
    "  last_day_included = true; amounts = { level5 = 1000; level4 = 1500; level3 = 2000; };\n"
    "  shortage = { level5 = 1500; level4 = 2000; level3 = 2500; }; once_per_level = true; } );\n";

static struct policy *load_policy(struct contract *c)
{
    char path[CONTRACT_PATH];

    write_file(c, "t.conf", policy_text, sizeof policy_text - 1, path);
    struct policy *p = conf_policy_load(path, &c->e);
    ck_assert_msg(p != NULL, "%s: %s", c->e.what, c->e.remedy);
    return p;
}

static void verdict_at(struct contract *c, const struct list_info *l, int64_t policy_id,
                       int64_t line, struct verdict_row *v)
{
    struct list_row row;

    ck_assert_int_eq(store_list_row_at(c->store, l->id, line, &row, &c->e), 1);
    ck_assert_int_eq(store_verdict_get(c->store, policy_id, row.id, v, &c->e), 1);
}

static void claim(struct contract *c, const char *id, const char *occupation, int level)
{
    struct response_file f = {.file = "claims", .through = CIVIL_NONE};
    struct response_row r = {.person_kind = HASH_PERSON_ID,
                             .has_occupation = true,
                             .level = level,
                             .kind = RESPONSE_PAID,
                             .day = civil_day(2026, 4, 1),
                             .amount_fen = -1};
    struct response_stats st = {0};

    keyring_hash(c->keys, HASH_PERSON_ID, id, strlen(id), r.person);
    keyring_hash(c->keys, HASH_OCCUPATION, occupation, strlen(occupation), r.occupation);
    OK(c, store_response_file_put(c->store, &f, &c->e));
    OK(c, store_responses_put(c->store, f.id, &r, 1, NULL, &st, &c->e));
    ck_assert_int_eq(st.added, 1);
}

START_TEST(screening)
{
    struct contract *c = contract_begin();
    struct intake_result r;
    struct screen_result sr;
    struct list_info l;
    struct verdict_row v;
    int64_t policy_id;
    int32_t as_of = civil_day(2026, 6, 1), got;
    struct policy *p = load_policy(c);

    OK(c, import_text(c, good, "spring", &r));
    ck_assert_int_eq(store_list_find(c->store, "spring", &l, &c->e), 1);
    ck_assert_int_eq(store_list_screened(c->store, l.id, &policy_id, &got, &c->e), 0);
    OK(c, intake_screen(c->store, c->keys, &l, p, "t.conf", as_of, CONTRACT_NOW, NULL, NULL, &sr,
                        &c->e));
    ck_assert_int_eq(sr.rows, 4);
    ck_assert_int_eq(sr.eligible, 1);
    ck_assert_int_eq(sr.not_eligible, 2);
    ck_assert_int_eq(sr.undetermined, 1);
    ck_assert_int_eq(store_list_screened(c->store, l.id, &policy_id, &got, &c->e), 1);
    ck_assert_int_eq(got, as_of);

    verdict_at(c, &l, policy_id, 3, &v); /* a shortage occupation: the higher amount */
    ck_assert_int_eq(v.outcome, VERDICT_ELIGIBLE);
    ck_assert_int_eq(v.amount_fen, 250000);
    ck_assert_int_eq(v.last_day, civil_day(2027, 3, 1));
    ck_assert_int_eq(v.rule_no, 0);
    verdict_at(c, &l, policy_id, 4, &v);
    ck_assert_int_eq(v.reason, VERDICT_MONTHS);
    verdict_at(c, &l, policy_id, 6, &v);
    ck_assert_int_eq(v.reason, VERDICT_EXPIRED);
    verdict_at(c, &l, policy_id, 7, &v); /* 示范市 is not in this policy */
    ck_assert_int_eq(v.reason, VERDICT_NO_REGION);
    ck_assert_int_eq(v.rule_no, -1);

    /* Screening again after a claim; what was paid for another occupation counts for nothing. */
    claim(c, ID_A, "电工", 3);
    OK(c, intake_screen(c->store, c->keys, &l, p, "t.conf", as_of, CONTRACT_NOW, NULL, NULL, &sr,
                        &c->e));
    ck_assert_int_eq(sr.eligible, 1);
    claim(c, ID_A, "焊工", 3);
    OK(c, intake_screen(c->store, c->keys, &l, p, "t.conf", as_of, CONTRACT_NOW, NULL, NULL, &sr,
                        &c->e));
    ck_assert_int_eq(sr.eligible, 0);
    verdict_at(c, &l, policy_id, 3, &v);
    ck_assert_int_eq(v.reason, VERDICT_CLAIMED);
    conf_policy_free(p);
    contract_end(c);
}
END_TEST

/* Rows of one person that differ in region or months are each judged as they say. */
START_TEST(rows_of_a_person_may_differ)
{
    struct contract *c = contract_begin();
    struct intake_result r;
    struct screen_result sr;
    struct list_info l;
    struct verdict_row v;
    int64_t policy_id;
    int32_t as_of = civil_day(2026, 6, 1), got;
    struct policy *p = load_policy(c);

    OK(c, import_text(c,
                      HEAD "张三," ID_A ",13800000001,示例省示例市,36,焊工,高级工,2026-03-01,\n"
                           "张三," ID_A ",13800000001,示例市,5,电工,初级工,2026-03-01,\n"
                           "张三," ID_A ",13800000001,,36,保育师,初级工,2026-03-01,\n"
                           "张三," ID_A ",13800000001,示例市,36,电工,中级工,2026-03-01,\n",
                      "l", &r));
    ck_assert_int_eq(store_list_find(c->store, "l", &l, &c->e), 1);
    OK(c, intake_screen(c->store, c->keys, &l, p, "t.conf", as_of, CONTRACT_NOW, NULL, NULL, &sr,
                        &c->e));
    ck_assert_int_eq(store_list_screened(c->store, l.id, &policy_id, &got, &c->e), 1);
    static const enum verdict_reason want[] = {VERDICT_OK, VERDICT_MONTHS, VERDICT_NO_REGION,
                                               VERDICT_OK};
    for (int i = 0; i < 4; i++) {
        verdict_at(c, &l, policy_id, 2 + i, &v);
        ck_assert_int_eq(v.reason, want[i]);
        ck_assert_str_eq(v.region, i == 0 ? "示例市" : ""); /* as the row has it */
    }
    conf_policy_free(p);
    contract_end(c);
}
END_TEST

/* Too few months may have become enough since they were counted: by the row, by what the importer
 * says, or by the day of the import. Who draws benefit is out where the rule does not include it. */
START_TEST(when_months_were_counted_and_who_draws_benefit)
{
    static const char head[] =
        "姓名,身份证号码,手机号码,参保地,累计缴费月数,职业(工种),技能等级,发证日期,缴费截止年月,"
        "是否领取失业保险金\n";
    struct contract *c = contract_begin();
    struct intake_result r;
    struct screen_result sr;
    struct list_info l;
    struct verdict_row v;
    struct buf text;
    int64_t policy_id;
    int32_t as_of = civil_day(2026, 6, 1), got;
    char path[CONTRACT_PATH];
    struct policy *p = load_policy(c);
    static const enum verdict_reason want[] = {VERDICT_MONTHS, VERDICT_NO_MONTHS, VERDICT_MONTHS,
                                               VERDICT_BENEFIT, VERDICT_OK};

    buf_init(&text, 65536);
    buf_addf(&text, "%s", head);
    buf_adds(&text, "张三," ID_A ",13800000001,示例市,5,焊工,高级工,2026-03-01,,\n"
                    "张三," ID_A ",13800000001,示例市,5,电工,初级工,2026-03-01,202510,否\n"
                    "张三," ID_A ",13800000001,示例市,5,保育师,初级工,2026-03-01,2026-03,\n"
                    "张三," ID_A ",13800000001,示例市,36,电工,中级工,2026-03-01,,是\n"
                    "张三," ID_A ",13800000001,示例市,36,钳工,中级工,2026-03-01,,否\n");
    OK(c, import_text(c, text.data, "l", &r));
    ck_assert_int_eq(r.taken, 5);
    ck_assert_int_eq(store_list_find(c->store, "l", &l, &c->e), 1);
    OK(c, intake_screen(c->store, c->keys, &l, p, "t.conf", as_of, CONTRACT_NOW, NULL, NULL, &sr,
                        &c->e));
    ck_assert_int_eq(store_list_screened(c->store, l.id, &policy_id, &got, &c->e), 1);
    for (int i = 0; i < 5; i++) {
        verdict_at(c, &l, policy_id, 2 + i, &v);
        ck_assert_msg(v.reason == want[i], "line %d: %s", 2 + i, verdict_reason_name(v.reason));
    }

    /* Nobody says when: through the day of the import, which was in 2023. */
    write_file(c, "again.csv", text.data, text.len, path);
    struct intake_opts o = opts(path, "again");
    o.months_day = NULL;
    o.again = true;
    OK(c, intake_import(c->store, c->keys, &o, &r, &c->e));
    ck_assert_int_eq(store_list_find(c->store, "again", &l, &c->e), 1);
    OK(c, intake_screen(c->store, c->keys, &l, p, "t.conf", as_of, CONTRACT_NOW, NULL, NULL, &sr,
                        &c->e));
    verdict_at(c, &l, policy_id, 2, &v);
    ck_assert_int_eq(v.reason, VERDICT_NO_MONTHS);
    conf_policy_free(p);
    buf_fini(&text);
    contract_end(c);
}
END_TEST

START_TEST(an_interrupted_screening_can_be_repeated)
{
    struct contract *c = contract_begin();
    struct intake_result r;
    struct screen_result sr;
    struct list_info l;
    struct buf text;
    int64_t policy_id;
    int32_t got;
    struct policy *p = load_policy(c);
    struct interruption stop = {.after = 1};
    struct progress progress = {interrupt, &stop};

    big_text(&text, 20000);
    OK(c, import_text(c, text.data, "big", &r));
    ck_assert_int_eq(store_list_find(c->store, "big", &l, &c->e), 1);
    FAILS(c, ERR_TEMP,
          intake_screen(c->store, c->keys, &l, p, "t.conf", 20000, CONTRACT_NOW, &progress, NULL,
                        &sr, &c->e));
    ck_assert_int_eq(store_list_screened(c->store, l.id, &policy_id, &got, &c->e), 0);
    OK(c, intake_screen(c->store, c->keys, &l, p, "t.conf", 20000, CONTRACT_NOW, NULL, NULL, &sr,
                        &c->e));
    ck_assert_int_eq(sr.rows, 20000);
    ck_assert_int_eq(sr.undetermined, 20000);
    conf_policy_free(p);
    buf_fini(&text);
    contract_end(c);
}
END_TEST

/* ---- acts without a record ---- */

static int no_import_record(void *ctx, const struct intake_result *r, struct err *e)
{
    (void)ctx;
    ck_assert_int_eq(r->counts.persons, 10);
    return err_set(e, ERR_NOINPUT, NULL, "no audit key");
}

static int no_screen_record(void *ctx, const struct screen_result *r, struct err *e)
{
    (void)ctx;
    ck_assert_int_eq(r->rows, 10);
    return err_set(e, ERR_NOINPUT, NULL, "no audit key");
}

START_TEST(no_act_without_its_record)
{
    struct contract *c = contract_begin();
    struct intake_result r;
    struct screen_result sr;
    struct list_info l;
    struct buf text;
    int64_t policy_id;
    int32_t got;
    char path[CONTRACT_PATH];
    struct policy *p = load_policy(c);
    const struct screen_record record = {no_screen_record, NULL};

    big_text(&text, 10);
    write_file(c, "list.csv", text.data, text.len, path);
    struct intake_opts o = opts(path, "spring");
    o.record = no_import_record;
    FAILS(c, ERR_NOINPUT, intake_import(c->store, c->keys, &o, &r, &c->e));
    expect_nothing(c);
    o.record = NULL;
    OK(c, intake_import(c->store, c->keys, &o, &r, &c->e));
    ck_assert_int_eq(store_list_find(c->store, "spring", &l, &c->e), 1);
    FAILS(c, ERR_NOINPUT,
          intake_screen(c->store, c->keys, &l, p, "t.conf", 20000, CONTRACT_NOW, NULL, &record, &sr,
                        &c->e));
    ck_assert_int_eq(store_list_screened(c->store, l.id, &policy_id, &got, &c->e), 0);
    conf_policy_free(p);
    buf_fini(&text);
    contract_end(c);
}
END_TEST

static int explain_line(void *ctx, const struct explained *x)
{
    buf_addf(ctx, "%lld/%s/%d/%s/%s", (long long)x->line, x->certificate.occupation,
             x->certificate.level, verdict_reason_name(x->argument.verdict.reason),
             policy_trial_name(x->trials[0]));
    buf_addf(ctx, "/%s/%d ", policy_finding_name(x->argument.finding[CONDITION_LAST_DAY]),
             x->person->paid_months);
    return 0;
}

START_TEST(explanation)
{
    struct contract *c = contract_begin();
    struct intake_result r;
    struct list_info l;
    struct buf told;
    struct policy *p = load_policy(c);

    buf_init(&told, 4096);
    OK(c, import_text(c, good, "spring", &r));
    ck_assert_int_eq(store_list_find(c->store, "spring", &l, &c->e), 1);
    OK(c, intake_explain(c->store, c->keys, &l, p, 6, civil_day(2026, 6, 1), explain_line, &told,
                         &c->e));
    ck_assert_str_eq(told.data, "3/焊工/3/ok/decides/met/36 6/电工/5/expired/decides/failed/36 ");
    FAILS(c, ERR_NOINPUT,
          intake_explain(c->store, c->keys, &l, p, 5, 0, explain_line, &told, &c->e));
    conf_policy_free(p);
    buf_fini(&told);
    contract_end(c);
}
END_TEST

/* ---- review, repair ---- */

static const char wanting[] =
    "姓名,身份证号码,手机号码,单位名称,累计缴费年限,发证日期,备注\n"
    "张?," ID_A ",13800000001,示例厂,3,2026-03-01,\n"              /* 2: review */
    "李四," ID_B ",13800000002/13800000003,示例厂,3,2026-03-02,\n" /* 3: review */
    "王五," ID_C ",1380000000,示例厂,3,2026-03-02,急\n"            /* 4: rejected */
    "赵六,1.1E+17,13800000005,示例厂,3,昨天,\n"                    /* 5: rejected, two cells */
    "钱七,,13800000006,示例,厂,3,2026-03-02,,急\n"                 /* 6: shifted */
    "孙八,,13800000007,别的厂,3,2026-03-02,\n";                    /* 7: taken */

struct fixed {
    struct contract *c;
    struct list_info l;
    struct intake_fixed r;
    int records;
};

static int count_record(void *ctx, const struct intake_fixed *r, struct err *e)
{
    (void)r;
    (void)e;
    ++*(int *)ctx;
    return 0;
}

static int fix(struct fixed *x, int64_t line, const char *column, const char *value)
{
    struct intake_fix f = {.line = line,
                           .column = column,
                           .value = value,
                           .accept = column == NULL,
                           .record = count_record,
                           .ctx = &x->records};
    return intake_fix(x->c->store, x->c->keys, &x->l, &f, &x->r, &x->c->e);
}

static void begin_wanting(struct fixed *x, struct contract *c, const char *text)
{
    struct intake_result r;
    *x = (struct fixed){.c = c};
    OK(c, import_text(c, text, "spring", &r));
    ck_assert_int_eq(r.taken, 1);
    ck_assert_int_eq(r.held_rows, 2);
    ck_assert_int_eq(r.rejected_rows, 3);
    ck_assert_int_eq(store_list_find(c->store, "spring", &x->l, &c->e), 1);
}

/* What the newest revision of a line holds, unsealed. */
static const char *sealed_at(struct fixed *x, int64_t line, struct list_row *row)
{
    static char out[1024];
    struct buf text;
    ck_assert_int_eq(store_list_row_at(x->c->store, x->l.id, line, row, &x->c->e), 1);
    buf_init(&text, 4096);
    unsealed(x->c, row, &text);
    snprintf(out, sizeof out, "%s", buf_cstr(&text));
    buf_fini(&text);
    return out;
}

START_TEST(single_rows_are_repaired)
{
    struct contract *c = contract_begin();
    struct list_row row;
    struct fixed x;

    begin_wanting(&x, c, wanting);
    /* accepted as it is; not what cannot be used so */
    OK(c, fix(&x, 2, NULL, NULL));
    ck_assert(x.r.taken && x.r.revision == 2);
    ck_assert_ptr_nonnull(strstr(sealed_at(&x, 2, &row), "\"name\":\"张?\""));
    ck_assert_int_eq(row.months, 36); /* 年限 */
    ck_assert_int_eq(row.months_day, 20605);
    ck_assert_int_gt(row.employer_id, 0);
    FAILS(c, ERR_DATA, fix(&x, 3, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(c->e.what, "手机号码"));
    ck_assert_int_eq(x.records, 1);

    /* a new value, by header and by field; a bad one changes nothing */
    FAILS(c, ERR_DATA, fix(&x, 3, "手机号码", "1380000"));
    ck_assert_ptr_null(strstr(c->e.what, "1380000"));
    OK(c, fix(&x, 3, "手机号码", "13800000003"));
    ck_assert_ptr_nonnull(strstr(sealed_at(&x, 3, &row), "\"phone\":\"13800000003\""));
    OK(c, fix(&x, 4, "phone", "13800000004"));
    ck_assert_ptr_nonnull(strstr(sealed_at(&x, 4, &row), "\"备注\":\"急\""));

    /* two bad cells: one after the other */
    OK(c, fix(&x, 5, "id", ""));
    ck_assert(!x.r.taken && x.r.revision == 2 && x.r.n_rejects == 1);
    ck_assert_str_eq(x.r.rejects[0].reason, "date-format");
    OK(c, fix(&x, 5, "发证日期", "2026-04-01"));
    ck_assert(x.r.taken && x.r.revision == 3);
    sealed_at(&x, 5, &row);
    ck_assert_int_eq(row.person_kind, HASH_PERSON_PHONE_NAME);

    /* a row that was taken: the older revision stays, other cells stay as they were read */
    int64_t employer = (sealed_at(&x, 2, &row), row.employer_id);
    OK(c, fix(&x, 2, "发证日期", "2026-05-01"));
    ck_assert_ptr_nonnull(strstr(sealed_at(&x, 2, &row), "\"name\":\"张?\""));
    ck_assert_int_eq(row.revision, 3);
    ck_assert_int_eq(row.months, 36);
    ck_assert_int_eq(row.employer_id, employer);
    ck_assert_int_eq(row.issued_day, civil_day(2026, 5, 1));
    FAILS(c, ERR_DATA, fix(&x, 2, "name", "张\xEF\xBF\xBD"));
    FAILS(c, ERR_DATA, fix(&x, 2, "phone", ""));
    OK(c, fix(&x, 2, "累计缴费年限", "4"));
    sealed_at(&x, 2, &row);
    ck_assert_int_eq(row.months, 48);

    FAILS(c, ERR_DATA, fix(&x, 6, "备注", "急")); /* which cell is which? */
    FAILS(c, ERR_USAGE, fix(&x, 7, "电话", "1"));
    FAILS(c, ERR_NOINPUT, fix(&x, 8, "phone", "13800000004"));
    FAILS(c, ERR_DATA, fix(&x, 7, NULL, NULL)); /* nothing waits there */
    struct intake_fix f = {.line = 7};
    OK(c, intake_drop(c->store, &x.l, &f, &x.r, &c->e));
    FAILS(c, ERR_NOINPUT, intake_drop(c->store, &x.l, &f, &x.r, &c->e));
    FAILS(c, ERR_NOINPUT, fix(&x, 7, "phone", "13800000004"));
    ck_assert_int_eq(store_list_find(c->store, "spring", &x.l, &c->e), 1);
    ck_assert_int_eq(x.l.rows, 4);
    ck_assert_int_eq(x.l.rejects, 1);
    OK(c, store_integrity(c->store, &c->e));
    contract_end(c);
}
END_TEST

static int fail_record(void *ctx, const struct intake_fixed *r, struct err *e)
{
    (void)ctx;
    (void)r;
    return err_set(e, ERR_IO, NULL, "no record");
}

static int count_accepted(void *ctx, const struct intake_accepted *r, struct err *e)
{
    (void)r;
    (void)e;
    ++*(int *)ctx;
    return 0;
}

/* All rows of a reason at once; who has another one too, or cannot be used so, stays. */
/* Whatever of a file waits for a person waits in a list, be it all of it. */
START_TEST(a_list_of_rows_in_review_alone)
{
    struct contract *c = contract_begin();
    struct intake_fix f = {.line = 2, .column = "姓名", .value = "张三"};
    struct intake_fixed fixed;
    struct intake_result r;
    struct list_info l;

    OK(c,
       import_text(c, "姓名,手机号\n张?,13800000001\n李四,13800000002/13800000003\n", "held", &r));
    ck_assert_int_eq(r.taken, 0);
    ck_assert_int_eq(r.held_rows, 2);
    ck_assert_int_eq(store_list_find(c->store, "held", &l, &c->e), 1);
    ck_assert_int_eq(l.rows, 0);
    OK(c, intake_fix(c->store, c->keys, &l, &f, &fixed, &c->e));
    ck_assert(fixed.taken);
    ck_assert_int_eq(store_list_find(c->store, "held", &l, &c->e), 1);
    ck_assert_int_eq(l.rows, 1);
    contract_end(c);
}
END_TEST

START_TEST(a_reason_is_accepted_as_a_whole)
{
    static const char text[] =
        "证书编号,姓名,手机号码,技能等级\n"
        "2600000000300001,张三,13800000001,四级\n"             /* 2 */
        "2600000000300002,李?,13800000002,四级\n"              /* 3: two reasons */
        "2600000000300003,王五,13800000003,四级\n"             /* 4 */
        "2600000000300004,赵六,13800000004/13800000005,三级\n" /* 5: of no use as it is */
        "2600000000300005,钱七,13800000006,三级\n";
    struct contract *c = contract_begin();
    struct intake_result r;
    struct intake_accepted a;
    struct list_row row;
    struct fixed x = {.c = c};

    OK(c, import_text(c, text, "spring", &r));
    ck_assert_int_eq(r.held_rows, 4);
    ck_assert_int_eq(store_list_find(c->store, "spring", &x.l, &c->e), 1);
    struct intake_accept o = {
        .reason = "certificate-level", .record = count_accepted, .ctx = &x.records};
    OK(c, intake_accept(c->store, c->keys, &x.l, &o, &a, &c->e));
    ck_assert(a.taken == 2 && a.left == 0 && x.records > 0);
    ck_assert_int_eq(store_list_row_at(c->store, x.l.id, 2, &row, &c->e), 1);
    ck_assert_int_eq(row.level, 4);
    ck_assert_int_eq(store_list_row_at(c->store, x.l.id, 3, &row, &c->e), 0);
    ck_assert_int_eq(store_list_row_at(c->store, x.l.id, 4, &row, &c->e), 1);
    o.reason = "phone-several";
    OK(c, intake_accept(c->store, c->keys, &x.l, &o, &a, &c->e));
    ck_assert(a.taken == 0 && a.left == 1);
    OK(c, store_integrity(c->store, &c->e));
    contract_end(c);
}
END_TEST

/* Without its record an act has not happened; another job's lock stops it. */
START_TEST(no_repair_without_its_record)
{
    struct contract *c = contract_begin();
    struct list_row row;
    struct fixed x;
    int fd;

    begin_wanting(&x, c, wanting);
    struct intake_fix f = {
        .line = 3, .column = "phone", .value = "13800000003", .record = fail_record};
    FAILS(c, ERR_IO, intake_fix(c->store, c->keys, &x.l, &f, &x.r, &c->e));
    f.line = 7;
    FAILS(c, ERR_IO, intake_drop(c->store, &x.l, &f, &x.r, &c->e));
    ck_assert_int_eq(store_list_row_at(c->store, x.l.id, 3, &row, &c->e), 0);
    ck_assert_int_eq(store_list_row_at(c->store, x.l.id, 7, &row, &c->e), 1);
    OK(c, store_lock_jobs(c->store, &fd, &c->e));
    FAILS(c, ERR_TEMP, fix(&x, 3, "phone", "13800000003"));
    close(fd);
    OK(c, fix(&x, 3, "phone", "13800000003"));
    contract_end(c);
}
END_TEST

static int repair_rest(struct fixed *x, const char *text, const char *rejects,
                       struct intake_result *r)
{
    char path[CONTRACT_PATH];

    write_file(x->c, "repaired.csv", text, strlen(text), path);
    struct intake_opts o = opts(path, "spring");
    o.rejects_path = rejects;
    return intake_repair(x->c->store, x->c->keys, &x->l, &o, r, &x->c->e);
}

static int repair(struct fixed *x, const char *text, struct intake_result *r)
{
    return repair_rest(x, text, NULL, r);
}

static void read_whole(const struct contract *c, const char *name, struct buf *out)
{
    char path[CONTRACT_PATH];
    struct err e;

    contract_path(c, name, path);
    buf_init(out, 1 << 20);
    ck_assert_int_eq(fs_read_file(path, out, &e), 0);
}

static void replace(struct buf *b, const char *from, const char *to)
{
    struct buf out;
    char *at = strstr(buf_cstr(b), from);

    ck_assert_msg(at != NULL, "no %s in %s", from, buf_cstr(b));
    buf_init(&out, 1 << 20);
    buf_add(&out, b->data, (size_t)(at - b->data));
    buf_adds(&out, to);
    buf_adds(&out, at + strlen(from));
    buf_fini(b);
    *b = out;
}

#define COUNTS(r, taken_, known_, held_, rejected_)                                                \
    ck_assert_msg((r).taken == (taken_) && (r).known == (known_) && (r).held_rows == (held_) &&    \
                      (r).rejected_rows == (rejected_),                                            \
                  "taken %lld, known %lld, held %lld, rejected %lld", (long long)(r).taken,        \
                  (long long)(r).known, (long long)(r).held_rows, (long long)(r).rejected_rows)

/* The rejects file goes out, is repaired in part, comes back, goes out again. */
START_TEST(a_repaired_rejects_file_comes_back)
{
    struct contract *c = contract_begin();
    struct intake_result r;
    struct list_row row;
    struct fixed x;
    struct buf file;
    char path[CONTRACT_PATH];

    begin_wanting(&x, c, wanting);
    contract_path(c, "rejects.csv", path);
    struct intake_rejects o = {.path = path};
    OK(c, intake_rejects(c->store, c->keys, &x.l, &o, &c->e));
    read_whole(c, "rejects.csv", &file);
    OK(c, repair(&x, buf_cstr(&file), &r)); /* nothing was repaired */
    COUNTS(r, 0, 0, 2, 3);
    replace(&file, "13800000002/", "");
    replace(&file, "昨天", "2026/4/1");
    OK(c, repair(&x, buf_cstr(&file), &r));
    COUNTS(r, 1, 0, 1, 3);
    ck_assert_ptr_nonnull(strstr(sealed_at(&x, 3, &row), "\"id\":\"" ID_B "\""));
    OK(c, repair(&x, buf_cstr(&file), &r));
    COUNTS(r, 0, 1, 1, 3);

    /* What is left; the date of line 5 has come through. */
    OK(c, intake_rejects(c->store, c->keys, &x.l, &o, &c->e));
    buf_fini(&file);
    read_whole(c, "rejects.csv", &file);
    ck_assert_ptr_null(strstr(buf_cstr(&file), "13800000003"));
    replace(&file, "1.1E+17", "");
    replace(&file, "张?", "张三");
    replace(&file, "1380000000,", "13800000004,");
    OK(c, repair(&x, buf_cstr(&file), &r));
    COUNTS(r, 3, 0, 0, 1);
    sealed_at(&x, 5, &row);
    ck_assert_int_eq(row.issued_day, civil_day(2026, 4, 1));
    ck_assert_int_eq(row.revision, 3);
    ck_assert_int_eq(r.counts.rows, 5);
    buf_fini(&file);
    OK(c, store_integrity(c->store, &c->e));
    contract_end(c);
}
END_TEST

/* Rows are copied in a spreadsheet, line and all, and files are taken for one another: nobody is lost
 * for it, and nobody's row becomes another's. */
START_TEST(a_line_is_not_believed_of_another)
{
    static const char text[] =
        "姓名,身份证号码,手机号码,单位名称,累计缴费年限,发证日期,备注,行号 line\n"
        "王五," ID_C ",13800000004,示例厂,3,2026-03-02,急,4\n"
        "王五," ID_C ",13800000004,示例厂,3,2026-04-02,急,4\n" /* a further certificate */
        "新人,,13800000044,示例厂,3,2026-03-02,,4\n"
        "别人,,13800000033,示例厂,3,2026-03-02,,3\n";
    struct contract *c = contract_begin();
    struct intake_result r;
    struct list_held h;
    struct list_row row;
    struct fixed x;

    begin_wanting(&x, c, wanting);
    OK(c, repair(&x, text, &r));
    COUNTS(r, 4, 0, 0, 0);
    ck_assert_ptr_nonnull(strstr(sealed_at(&x, 4, &row), "王五"));
    ck_assert_int_eq(row.issued_day, civil_day(2026, 3, 2));
    ck_assert_int_eq(row.revision, 2);
    ck_assert_ptr_nonnull(strstr(sealed_at(&x, 9, &row), "新人"));
    ck_assert_int_eq(store_held_at(c->store, x.l.id, 3, &h, &c->e), 1);
    ck_assert_int_eq(h.state, HELD_REVIEW);
    ck_assert_int_eq(h.revision, 1);
    OK(c, repair(&x, text, &r));
    COUNTS(r, 0, 4, 0, 0);
    /* repaired otherwise since: the line tells that the row is no new one */
    OK(c, fix(&x, 4, "发证日期", "2026-03-05"));
    OK(c, repair(&x, text, &r));
    COUNTS(r, 0, 4, 0, 0);
    OK(c, store_integrity(c->store, &c->e));
    contract_end(c);
}
END_TEST

/* What the file does to cells for the sake of spreadsheets is undone: nothing has changed. */
START_TEST(an_untouched_rejects_file_changes_nothing)
{
    static const char text[] = "姓名,身份证号码,手机号码,备注\n"
                               "张三," ID_A ",+1 2025550123,=1+2\n"
                               "李四,0110105190402299977,=\"138\",@\n"
                               "赵六,,13800000003,甲,乙\n" /* would fit with 甲,乙 in one cell */
                               "王五,,13800000001,\n";
    struct contract *c = contract_begin();
    struct intake_result r;
    struct list_held h;
    struct fixed x = {.c = c};
    struct buf file, again;
    char path[CONTRACT_PATH];

    OK(c, import_text(c, text, "spring", &r));
    ck_assert_int_eq(store_list_find(c->store, "spring", &x.l, &c->e), 1);
    contract_path(c, "rejects.csv", path);
    struct intake_rejects o = {.path = path};
    OK(c, intake_rejects(c->store, c->keys, &x.l, &o, &c->e));
    read_whole(c, "rejects.csv", &file);
    contract_path(c, "again.csv", path);
    OK(c, repair_rest(&x, buf_cstr(&file), path, &r));
    COUNTS(r, 0, 0, 0, 3);
    read_whole(c, "again.csv", &again);
    ck_assert_str_eq(buf_cstr(&again), buf_cstr(&file)); /* its own rejects are the same file */
    buf_fini(&again);
    for (int64_t line = 2; line <= 4; line++) {
        ck_assert_int_eq(store_held_at(c->store, x.l.id, line, &h, &c->e), 1);
        ck_assert_msg(h.revision == 1, "line %lld has changed", (long long)line);
    }
    buf_fini(&file);
    contract_end(c);
}
END_TEST

/* The list itself, repaired in place: rows that were taken are known, new ones come in behind. */
START_TEST(the_repaired_list_comes_back)
{
    struct contract *c = contract_begin();
    struct intake_result r;
    struct list_row row;
    struct fixed x;
    struct buf file;

    begin_wanting(&x, c, wanting);
    OK(c, repair(&x, wanting, &r));
    COUNTS(r, 0, 1, 2, 3);
    buf_init(&file, 1 << 20);
    buf_adds(&file, wanting);
    replace(&file, "1380000000,", "13800000004,");
    replace(&file, "示例,厂", "示例厂");
    replace(&file, ",,急", ",急");
    buf_adds(&file, "周九,,13800000008,别的厂,3,2026-03-02,\n");
    buf_adds(&file, "周九,,13800000008,别的厂,3,2026-03-02,\n"); /* once is enough */
    buf_adds(&file, "吴十,,138,别的厂,3,2026-03-02,\n");
    OK(c, repair(&x, buf_cstr(&file), &r));
    COUNTS(r, 3, 2, 2, 2);
    sealed_at(&x, 4, &row);
    ck_assert_int_eq(row.revision, 2);
    sealed_at(&x, 8, &row); /* the file's line 6, which nothing ties to the held one */
    ck_assert_int_eq(row.revision, 1);
    sealed_at(&x, 9, &row);
    OK(c, repair(&x, buf_cstr(&file), &r));
    COUNTS(r, 0, 5, 2, 2);
    buf_fini(&file);
    FAILS(c, ERR_DATA, repair(&x, "姓名,手机号码\n张三,13800000001\n", &r));
    ck_assert_ptr_nonnull(strstr(c->e.what, "身份证号码"));
    OK(c, store_integrity(c->store, &c->e));
    contract_end(c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("intake");
    TCase *t = tcase_create("intake");
    int failed;

    tcase_set_timeout(t, 300);
    tcase_add_test(t, rows_are_stored_as_they_were_read);
    tcase_add_test(t, old_and_new_id_numbers_are_one_person);
    tcase_add_test(t, rejects_in_the_store_and_in_the_file);
    tcase_add_test(t, a_dry_run_stores_nothing);
    tcase_add_test(t, the_same_file_is_known);
    tcase_add_loop_test(t, refusals_leave_nothing, 0, (int)(sizeof refused / sizeof refused[0]));
    tcase_add_test(t, a_taken_name_leaves_nothing_new);
    tcase_add_test(t, an_interrupted_import_leaves_nothing);
    tcase_add_loop_test(t, a_killed_import_leaves_nothing, 0,
                        (int)(sizeof killers / sizeof killers[0]));
    tcase_add_test(t, another_job_has_the_lock);
    tcase_add_test(t, screening);
    tcase_add_test(t, rows_of_a_person_may_differ);
    tcase_add_test(t, when_months_were_counted_and_who_draws_benefit);
    tcase_add_test(t, an_interrupted_screening_can_be_repeated);
    tcase_add_test(t, no_act_without_its_record);
    tcase_add_test(t, explanation);
    tcase_add_test(t, single_rows_are_repaired);
    tcase_add_test(t, no_repair_without_its_record);
    tcase_add_test(t, a_list_of_rows_in_review_alone);
    tcase_add_test(t, a_reason_is_accepted_as_a_whole);
    tcase_add_test(t, a_repaired_rejects_file_comes_back);
    tcase_add_test(t, the_repaired_list_comes_back);
    tcase_add_test(t, a_line_is_not_believed_of_another);
    tcase_add_test(t, an_untouched_rejects_file_changes_nothing);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
