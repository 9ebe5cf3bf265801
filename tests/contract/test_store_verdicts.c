/*
 * Policies, verdicts and templates: recorded once, replaced where they should be, never changed
 * where not.
 */
#include <stdlib.h>
#include "zhanchi/civil.h"
#include "contract.h"

#define TEXT(s) ((char[]){s})

static struct policy_rule rules[2] = {
    {.id = TEXT("cn-2017"),
     .region = TEXT("CN"),
     .source = TEXT("人社部发〔2017〕40号"),
     .clause = TEXT("一(二)"),
     .confirmed = true,
     .valid_from = 17000,
     .valid_to = CIVIL_NONE,
     .issued_from = 17167,
     .issued_to = CIVIL_NONE,
     .amount_fen = {-1, -1, -1, 200000, 150000, 100000},
     .shortage_fen = {-1, -1, -1, -1, -1, -1}},
    {.id = TEXT("hn-2018"),
     .region = TEXT("43"),
     .source = TEXT("示例文件"),
     .clause = TEXT(""),
     .confirmed = false},
};
static char policy_name[] = "skills", policy_title[] = "技能提升补贴";

static struct policy a_policy(const char *version)
{
    struct policy p = {.name = policy_name, .title = policy_title, .rules = rules, .n_rules = 2};
    snprintf(p.version, sizeof p.version, "%s", version);
    return p;
}

START_TEST(policies_are_recorded_once)
{
    struct contract *c = contract_begin();
    struct policy a = a_policy("0011223344556677"), b = a_policy("8899aabbccddeeff");
    struct policy_info info;
    int64_t first, again, second;
    ck_assert_int_eq(store_policy_find(c->store, "skills", &info, &c->e), 0);
    OK(c, store_policy_put(c->store, &a, "/etc/a.policy", 1000, &first, &c->e));
    OK(c, store_policy_put(c->store, &b, "/etc/b.policy", 2000, &second, &c->e));
    ck_assert_int_ne(first, second);
    ck_assert_int_eq(store_policy_find(c->store, "skills", &info, &c->e), 1);
    ck_assert_str_eq(info.version, "8899aabbccddeeff");
    ck_assert_str_eq(info.path, "/etc/b.policy");
    /* Back to the old file: the same version, now the newest. */
    OK(c, store_policy_put(c->store, &a, "/etc/c.policy", 3000, &again, &c->e));
    ck_assert_int_eq(first, again);
    ck_assert_int_eq(store_policy_find(c->store, "skills", &info, &c->e), 1);
    ck_assert_int_eq(info.id, first);
    ck_assert_str_eq(info.path, "/etc/c.policy");
    ck_assert_int_eq(store_policy_by_id(c->store, second, &info, &c->e), 1);
    ck_assert_str_eq(info.name, "skills");
    ck_assert_int_eq(store_policy_by_id(c->store, 99, &info, &c->e), 0);
    contract_end(c);
}
END_TEST

START_TEST(clauses_are_texts_for_people)
{
    struct contract *c = contract_begin();
    struct policy a = a_policy("0011223344556677");
    char text[128];
    bool confirmed;
    int64_t id;
    OK(c, store_policy_put(c->store, &a, "p", 1000, &id, &c->e));
    ck_assert_int_eq(store_policy_clause(c->store, id, 0, text, sizeof text, &confirmed, &c->e), 1);
    ck_assert_str_eq(text, "人社部发〔2017〕40号 一(二)");
    ck_assert(confirmed);
    ck_assert_int_eq(store_policy_clause(c->store, id, 1, text, sizeof text, &confirmed, &c->e), 1);
    ck_assert_str_eq(text, "示例文件");
    ck_assert(!confirmed);
    ck_assert_int_eq(store_policy_clause(c->store, id, 2, text, sizeof text, &confirmed, &c->e), 0);
    contract_end(c);
}
END_TEST

static int see_count(void *ctx, const struct verdict_count *n)
{
    int64_t(*table)[16] = ctx;
    table[n->outcome][n->reason] += n->n;
    return 0;
}

START_TEST(screening_again_replaces)
{
    struct contract *c = contract_begin();
    struct policy a = a_policy("0011223344556677");
    struct verdict_row v[10];
    int64_t policy, other, n[3][16] = {{0}}, screened;
    int32_t as_of;
    int64_t list = contract_list(c, "spring", 1, 10), rest = contract_list(c, "summer", 1, 10);
    struct list_row row;
    OK(c, store_policy_put(c->store, &a, "p", 1000, &policy, &c->e));
    struct policy b = a_policy("8899aabbccddeeff");
    OK(c, store_policy_put(c->store, &b, "p", 1000, &other, &c->e));
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(store_list_row_at(c->store, list, 2 + i, &row, &c->e), 1);
        v[i] = (struct verdict_row){row.id, VERDICT_ELIGIBLE, VERDICT_OK, 0, 200000, 19365, ""};
    }
    OK(c, store_verdicts_put(c->store, policy, 19100, v, 10, &c->e));
    OK(c, store_verdicts_put(c->store, other, 19100, v, 10, &c->e));
    for (int i = 0; i < 4; i++)
        v[i] = (struct verdict_row){
            v[i].row_id, VERDICT_NOT, VERDICT_EXPIRED, -1, POLICY_AMOUNT_NONE, CIVIL_NONE, ""};
    OK(c, store_verdicts_put(c->store, policy, 19500, v, 4, &c->e));
    OK(c, store_verdict_counts(c->store, list, policy, see_count, n, &c->e));
    ck_assert_int_eq(n[VERDICT_ELIGIBLE][VERDICT_OK], 6);
    ck_assert_int_eq(n[VERDICT_NOT][VERDICT_EXPIRED], 4);
    memset(n, 0, sizeof n);
    OK(c, store_verdict_counts(c->store, list, other, see_count, n, &c->e));
    ck_assert_int_eq(n[VERDICT_ELIGIBLE][VERDICT_OK], 10);
    memset(n, 0, sizeof n);
    OK(c, store_verdict_counts(c->store, rest, policy, see_count, n, &c->e));
    ck_assert_int_eq(n[VERDICT_ELIGIBLE][VERDICT_OK], 0);
    ck_assert_int_eq(store_list_screened(c->store, list, &screened, &as_of, &c->e), 0);
    OK(c, store_list_set_screened(c->store, list, policy, 19500, &c->e));
    ck_assert_int_eq(store_list_screened(c->store, list, &screened, &as_of, &c->e), 1);
    ck_assert_int_eq(screened, policy);
    ck_assert_int_eq(as_of, 19500);
    contract_end(c);
}
END_TEST

static struct template_info a_template(const char *body)
{
    struct template_info t = {.name = "notice",
                              .topic = "skills",
                              .channel = "sms",
                              .signature = "示例人社",
                              .language = "zh",
                              .created_at = 7,
                              .created_by = "maker",
                              .columns = "备注"};
    snprintf(t.body, sizeof t.body, "%s", body);
    return t;
}

static int count_template(void *ctx, const struct template_info *t)
{
    (void)t;
    (*(int *)ctx)++;
    return 0;
}

START_TEST(same_text_same_version)
{
    struct contract *c = contract_begin();
    struct template_info a = a_template("您好{{name}}"), b = a_template("您好{{name}}"), t;
    OK(c, store_template_put(c->store, &a, &c->e));
    ck_assert_int_eq(a.version, 1);
    strcpy(b.created_by, "somebody else");
    OK(c, store_template_put(c->store, &b, &c->e));
    ck_assert_int_eq(b.id, a.id);
    ck_assert_int_eq(b.version, 1);
    ck_assert_str_eq(b.created_by, "maker");
    ck_assert_int_eq(store_template_find(c->store, "notice", &t, &c->e), 1);
    ck_assert_str_eq(t.body, "您好{{name}}");
    ck_assert_str_eq(t.columns, "备注");
    ck_assert_str_eq(t.signature, "示例人社");
    contract_end(c);
}
END_TEST

START_TEST(other_text_other_version)
{
    static const char *const changes[] = {"body", "topic",     "signature", "carrier",
                                          "kind", "variables", "partials"};
    struct contract *c = contract_begin();
    struct template_info first = a_template("您好"), t;
    int n = 0;
    OK(c, store_template_put(c->store, &first, &c->e));
    for (int i = 0; i < 7; i++) {
        struct template_info b = a_template("您好");
        if (strcmp(changes[i], "body") == 0)
            strcpy(b.body, "再见");
        else if (strcmp(changes[i], "topic") == 0)
            strcpy(b.topic, "fair");
        else if (strcmp(changes[i], "signature") == 0)
            strcpy(b.signature, "示例");
        else if (strcmp(changes[i], "carrier") == 0)
            strcpy(b.carrier_template, "SMS_1");
        else if (strcmp(changes[i], "variables") == 0)
            strcpy(b.carrier_variables, "name");
        else if (strcmp(changes[i], "partials") == 0)
            strcpy(b.partials, "name"); /* another member with the same text is another text */
        else
            b.kind = 2;
        OK(c, store_template_put(c->store, &b, &c->e));
        ck_assert_msg(b.version == i + 2, "%s: version %d", changes[i], b.version);
    }
    ck_assert_int_eq(store_template_find(c->store, "notice", &t, &c->e), 1);
    ck_assert_int_eq(t.version, 8);
    ck_assert_str_eq(t.partials, "name");
    ck_assert_str_eq(t.carrier_variables, "");
    ck_assert_int_eq(store_template_by_id(c->store, first.id, &t, &c->e), 1);
    ck_assert_str_eq(t.body, "您好");
    OK(c, store_template_each(c->store, count_template, &n, &c->e));
    ck_assert_int_eq(n, 8);
    ck_assert_int_eq(store_template_find(c->store, "other", &t, &c->e), 0);
    contract_end(c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {policies_are_recorded_once, clauses_are_texts_for_people,
                                  screening_again_replaces, same_text_same_version,
                                  other_text_other_version};
    return contract_main("verdicts", tests, sizeof tests / sizeof tests[0]);
}
