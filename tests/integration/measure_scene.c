/*
 * measure_scene: see measure_scene.h. Through intake and the public headers of the store.
 */
#include <stdlib.h>
#include "measure_scene.h"
#include "zhanchi/civil.h"
#include "zhanchi/intake.h"
#include "zhanchi/store_approval.h"
#include "zhanchi/store_queue.h"
#include "zhanchi/store_report.h"

/* ---- persons and files ---- */

void id_of(size_t i, char out[19])
{
    static const int weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    struct civil b = civil_of(civil_day(1901, 1, 1) + (int32_t)i);
    int sum = 0;

    snprintf(out, 19, "110000%04u%02u%02u000", (unsigned)b.year % 10000, (unsigned)b.month % 100,
             (unsigned)b.day % 100);
    for (int k = 0; k < 17; k++)
        sum += (out[k] - '0') * weights[k];
    out[17] = "10X98765432"[sum % 11];
    out[18] = '\0';
}

/* 4303 and 4304 are small: seven people and five. */
static const char *region_of(size_t i)
{
    return i < 7 ? "4303" : i < 12 ? "4304" : i < 200 ? "4301" : "4302";
}

enum member_arm arm_of(size_t i)
{
    return i >= ALWAYS_FROM ? ARM_ALWAYS : i % 4 == 0 ? ARM_HOLDOUT : ARM_SEND;
}

void scene_file(struct scene *s, const char *name, const char *text, char path[CONTRACT_PATH])
{
    contract_path(s->c, name, path);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
}

int64_t scene_list(struct scene *s, const char *name, const char *text)
{
    struct intake_opts o = {.name = name, .actor = "maker", .now_ms = START};
    struct intake_result r = {0};
    char path[CONTRACT_PATH];

    scene_file(s, name, text, path);
    o.path = path;
    OK(s->c, intake_import(s->c->store, s->c->keys, &o, &r, &s->c->e));
    ck_assert_int_eq(r.rejected_rows, 0);
    return r.list_id;
}

static void make_list(struct scene *s)
{
    struct buf text;
    char id[19];

    buf_init(&text, 1 << 20);
    buf_adds(&text, "姓名,身份证号,手机号,参保地,技能等级\n");
    for (size_t i = 0; i < N; i++) {
        id_of(i, id);
        buf_addf(&text, "测试,%s,1380000%04zu,%s,%s\n", id, i, region_of(i),
                 i % 2 ? "高级" : "中级");
    }
    s->list_id = scene_list(s, "people.csv", buf_cstr(&text));
    buf_fini(&text);
}

/* ---- the campaign ---- */

static void make_campaign(struct scene *s)
{
    struct contract *c = s->c;
    struct template_info t = {.name = "spring",
                              .channel = "sms",
                              .topic = "skill",
                              .signature = "示例",
                              .language = "zh",
                              .created_by = "maker",
                              .body = "您好"};
    struct campaign_info *k = &s->campaign;

    OK(c, store_template_put(c->store, &t, &c->e));
    *k = (struct campaign_info){.name = "spring",
                                .topic = "skill",
                                .gateway = "12333",
                                .state = CAMPAIGN_DRAFT,
                                .list_id = s->list_id,
                                .schedule = {.window_from = 0,
                                             .window_to = 1440,
                                             .zone_min = 480,
                                             .not_after_ms = INT64_MAX},
                                .holdout_permille = 250,
                                .holdout_until = civil_day(2024, 1, 15),
                                .n_variants = 2,
                                .created_at = START,
                                .created_by = "maker"};
    k->variants[0].template_id = k->variants[1].template_id = t.id;
    k->variants[0].weight = k->variants[1].weight = 1;
    OK(c, store_campaign_create(c->store, k, &c->e));
    OK(c, store_gateway_id(c->store, "12333", &s->gateway_id, &c->e));
}

struct freezing {
    struct frozen f[N];
    size_t n;
};

static int freeze_one(void *ctx, const struct candidate *k)
{
    struct freezing *z = ctx;
    size_t i = z->n++;
    bool held = arm_of(i) == ARM_HOLDOUT;
    uint64_t mixed = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);

    z->f[i] = (struct frozen){.person_id = k->row.person_id,
                              .address_id = k->row.address_id,
                              .row_id = k->row.id,
                              .arm = arm_of(i),
                              .variant = (int)(i / 2 % 2),
                              .level = k->row.level,
                              .last_day = CIVIL_NONE,
                              .state = held ? MSG_PLANNED : MSG_QUEUED,
                              .due_ms = held ? START + INT64_C(60) * 86400000 : START,
                              .segments = 2,
                              .key_id = k->row.key_id};
    memcpy(z->f[i].region, k->row.region, sizeof z->f[i].region);
    memcpy(z->f[i].pseudonym, &mixed, sizeof mixed);
    return 0;
}

static void seal_payload(struct scene *s, struct frozen *f, size_t i, struct buf *blob)
{
    char phone[12];
    struct buf plain;

    snprintf(phone, sizeof phone, "1380000%04zu", i % 10000);
    const struct payload p = {.phone = phone,
                              .text = "【示例】您好",
                              .signature = "示例",
                              .carrier_template = "",
                              .carrier_variables = ""};
    buf_init(&plain, 4096);
    buf_init(blob, 4096);
    ck_assert_int_eq(payload_pack(&p, &plain), 0);
    OK(s->c, keyring_seal(s->c->keys, f->key_id, SEAL_PAYLOAD, f->message_id, s->wave_id,
                          plain.data, plain.len, blob, &s->c->e));
    f->payload = blob->data;
    f->payload_len = blob->len;
    buf_fini(&plain);
}

static void freeze(struct scene *s)
{
    static struct freezing z;
    static struct buf blobs[N];
    struct contract *c = s->c;
    struct wave_info w = {.campaign_id = s->campaign.id,
                          .list_id = s->list_id,
                          .submitted_by = "maker",
                          .submitted_at = START,
                          .approved_by = "checker",
                          .approved_at = START,
                          .members = N,
                          .messages = N};
    int64_t last, first;

    z.n = 0;
    OK(c, store_wave_begin(c->store, &w, &c->e));
    s->wave_id = w.id;
    OK(c, store_candidates(c->store, &s->campaign, 19676, 0, N + 1, freeze_one, &z, &last, &c->e));
    ck_assert_uint_eq(z.n, N);
    OK(c, store_reserve_messages(c->store, N, &first, &c->e));
    for (size_t i = 0; i < N; i++) {
        z.f[i].message_id = s->message[i] = first + (int64_t)i;
        seal_payload(s, &z.f[i], i, &blobs[i]);
    }
    OK(c, store_freeze_put(c->store, s->campaign.id, w.id, z.f, N, &c->e));
    for (size_t i = 0; i < N; i++)
        buf_fini(&blobs[i]);
    OK(c, store_wave_submit(c->store, &w, &c->e));
    OK(c, store_wave_approve(c->store, &w, &c->e));
}

struct scene *scene_begin(void)
{
    struct scene *s = calloc(1, sizeof *s);

    ck_assert_ptr_nonnull(s);
    s->c = contract_begin();
    make_list(s);
    make_campaign(s);
    freeze(s);
    return s;
}

void scene_end(struct scene *s)
{
    contract_end(s->c);
    free(s);
}

/* Everybody who is not held out: every 50th answer is lost, every 20th is refused, the others are taken and delivered. */
enum msg_input answer_of(size_t i)
{
    return i % 50 == 1 ? IN_ANSWER_UNKNOWN : i % 20 == 7 ? IN_ANSWER_REFUSED : IN_ANSWER_ACCEPTED;
}

void scene_send(struct scene *s)
{
    static struct claimed out[N];
    static struct settlement v[N];
    static struct receipt_row r[N];
    struct contract *c = s->c;
    struct claim_query q = {.campaign_id = s->campaign.id,
                            .gateway_id = s->gateway_id,
                            .topic = "skill",
                            .now_ms = START + 1000,
                            .today = 19676,
                            .limit = N};
    struct claim_stats stats = {0};
    struct apply_stats applied = {0};
    struct arena *arena = arena_new(4096);
    size_t receipts = 0;

    OK(c, store_campaign_started(c->store, s->campaign.id, START, &c->e));
    int64_t n = store_claim(c->store, &q, arena, out, &stats, &c->e);
    ck_assert_msg(n == N - HELD_OUT, "%lld: %s", (long long)n, c->e.what);
    for (int64_t k = 0; k < n; k++) {
        size_t i = (size_t)(out[k].message_id - s->message[0]);
        v[k] = (struct settlement){.message_id = out[k].message_id,
                                   .address_id = out[k].address_id,
                                   .attempt = out[k].attempt,
                                   .input = answer_of(i),
                                   .class = answer_of(i) == IN_ANSWER_ACCEPTED  ? CLASS_OK
                                            : answer_of(i) == IN_ANSWER_REFUSED ? CLASS_NUMBER
                                                                                : CLASS_UNKNOWN,
                                   .cause = answer_of(i) == IN_ANSWER_ACCEPTED  ? CAUSE_NONE
                                            : answer_of(i) == IN_ANSWER_REFUSED ? CAUSE_NUMBER
                                                                                : CAUSE_NETWORK,
                                   .handed_ms = START + 90 * 60000,
                                   .settled_ms = START + 91 * 60000};
        if (answer_of(i) == IN_ANSWER_ACCEPTED)
            r[receipts++] = (struct receipt_row){.message_id = out[k].message_id,
                                                 .attempt = out[k].attempt,
                                                 .class = CLASS_OK,
                                                 .code = "DELIVRD",
                                                 .at_ms = START + 92 * 60000,
                                                 .received_ms = START + 92 * 60000};
    }
    OK(c, store_settle(c->store, v, (size_t)n, &c->e));
    OK(c, store_apply_reports(c->store, r, receipts, NULL, 0, 1, &applied, &c->e));
    ck_assert_int_eq(applied.moved, (int64_t)receipts);
    arena_free(arena);
    ck_assert_int_eq(store_campaign_by_id(c->store, s->campaign.id, &s->campaign, &c->e), 1);
}
