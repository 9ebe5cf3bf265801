/*
 * email: mail addresses of a list beside its telephones: whose they are, who refuses, and that a campaign walks by those of its channel.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/store_approval.h"
#include "outreach.h"

struct candidates {
    struct candidate v[8];
    size_t n;
};

static int see(void *ctx, const struct candidate *k)
{
    struct candidates *s = ctx;
    ck_assert_uint_lt(s->n, 8);
    s->v[s->n++] = *k;
    return 0;
}

static void walk(struct outreach *o, const char *channel, size_t max, struct candidates *s)
{
    int64_t last = 0;
    memset(s, 0, sizeof *s);
    snprintf(o->campaign.channel, sizeof o->campaign.channel, "%s", channel);
    do
        OK(o->c, store_candidates(o->c->store, &o->campaign, OUTREACH_TODAY, last, max, see, s,
                                  &last, &o->c->e));
    while (last);
}

static void refuse(struct contract *c, int kind, uint64_t n)
{
    struct optout_info o = {.at_ms = CONTRACT_NOW, .origin = OPTOUT_STAFF, .actor = "clerk"};
    uint8_t address[KEYRING_HASH_BYTES];
    contract_hash(kind, n, address);
    OK(c, store_optout_add(c->store, address, &o, NULL, &c->e) < 0 ? -1 : 0);
}

/* Persons 1 to 5; 2 has no mail address, 3 has that of 1. */
static int64_t list_of(struct contract *c)
{
    static const uint64_t mail[5] = {1, 0, 1, 4, 5};
    struct list_row r[5];
    int64_t id, list = contract_list_begin(c, "mail");
    OK(c, store_list_row_ids(c->store, 5, &id, &c->e));
    for (uint64_t i = 0; i < 5; i++) {
        r[i] = contract_row(id + (int64_t)i, 2 + (int64_t)i, i + 1, i + 1, 1);
        r[i].has_email = mail[i] != 0;
        contract_hash(HASH_ADDRESS_EMAIL, mail[i], r[i].email);
    }
    OK(c, store_list_rows(c->store, list, r, 5, &c->e));
    refuse(c, HASH_ADDRESS_EMAIL, 5); /* while the list is loading: moved onto its address */
    OK(c, store_list_finish(c->store, list, 5, 0, &c->e));
    return list;
}

START_TEST(addresses_of_two_kinds)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct candidates sms, mail;
    refuse(c, HASH_ADDRESS_EMAIL, 4); /* before any list has it */
    refuse(c, HASH_ADDRESS_SMS, 1);
    outreach_draft(&o, c, "spring", list_of(c));
    walk(&o, "sms", 2, &sms);
    walk(&o, "email", 2, &mail);
    ck_assert_uint_eq(sms.n, 5);
    ck_assert_uint_eq(mail.n, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(sms.v[i].row.person_id, mail.v[i].row.person_id);
        ck_assert(!sms.v[i].no_address);
        ck_assert_int_eq(mail.v[i].no_address, i == 1);
        ck_assert_int_eq(sms.v[i].row.address_id == mail.v[i].row.address_id, i == 1);
        ck_assert_int_eq(sms.v[i].opted_out, i == 0);
        ck_assert_int_eq(mail.v[i].opted_out, i >= 3);
        ck_assert_int_eq(sms.v[i].address_sharers, 1);
        ck_assert_int_eq(mail.v[i].address_sharers, i == 0 || i == 2 ? 2 : 1);
    }
    ck_assert_int_eq(mail.v[0].row.address_id, mail.v[2].row.address_id);
    walk(&o, "sms", 8, &sms); /* the sharers of one channel are not those of the other */
    ck_assert_int_eq(sms.v[0].address_sharers, 1);
    OK(c, store_integrity(c->store, &c->e));
    contract_end(c);
}
END_TEST

START_TEST(templates_keep_their_subject)
{
    struct contract *c = contract_begin();
    struct template_info t = {.name = "t",
                              .topic = "s",
                              .channel = "email",
                              .signature = "x",
                              .language = "zh",
                              .created_by = "maker",
                              .body = "b",
                              .subject = "one"},
                         u = t, back;
    OK(c, store_template_put(c->store, &t, &c->e));
    snprintf(u.subject, sizeof u.subject, "two");
    OK(c, store_template_put(c->store, &u, &c->e));
    ck_assert_int_eq(u.version, 2); /* another subject is another text */
    ck_assert_int_eq(store_template_by_id(c->store, t.id, &back, &c->e), 1);
    ck_assert_str_eq(back.subject, "one");
    ck_assert_str_eq(back.channel, "email");
    contract_end(c);
}
END_TEST

/* What was frozen before there were subjects is still sent. */
START_TEST(payloads_of_version_one)
{
    static const char old[] = "\1"
                              "13800000001\0"
                              "text\0"
                              "example\0"
                              "id\0"
                              "{}";
    const struct payload p = {.phone = "li@x.cn",
                              .subject = "subject",
                              .text = "text",
                              .signature = "example",
                              .carrier_template = "",
                              .carrier_variables = "",
                              .route = 1,
                              .carriers = 3};
    struct contract *c = contract_begin();
    struct payload q;
    struct buf plain;
    OK(c, payload_unpack(old, sizeof old, &q, &c->e));
    ck_assert_str_eq(q.phone, "13800000001");
    ck_assert_str_eq(q.text, "text");
    ck_assert_str_eq(q.carrier_variables, "{}");
    ck_assert_str_eq(q.subject, "");
    FAILS(c, ERR_DATA, payload_unpack(old, sizeof old - 1, &q, &c->e));
    buf_init(&plain, 4096);
    OK(c, payload_pack(&p, &plain));
    OK(c, payload_unpack(plain.data, plain.len, &q, &c->e));
    ck_assert_str_eq(q.subject, "subject");
    ck_assert_str_eq(q.phone, "li@x.cn");
    ck_assert_int_eq(q.route, 1);
    ck_assert_uint_eq(q.carriers, 3);
    buf_fini(&plain);
    contract_end(c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {addresses_of_two_kinds, templates_keep_their_subject,
                                  payloads_of_version_one};
    return contract_main("email", tests, sizeof tests / sizeof tests[0]);
}
