/*
 * world: see world.h. Through public headers of the store alone.
 */
#include <stdlib.h>
#include "world.h"
#include "zhanchi/civil.h"
#include "zhanchi/store_approval.h"
#include "zhanchi/store_campaign.h"
#include "zhanchi/store_epoch.h"
#include "zhanchi/store_queue.h"

void world_phone(size_t i, char out[12])
{
    snprintf(out, 12, "1380000%04zu", i % 10000);
}

static int64_t make_list(struct contract *c, size_t n, bool mail)
{
    static struct list_row rows[WORLD_MAX];
    int64_t id = contract_list_begin(c, "world"), first;
    char phone[12], address[32];

    OK(c, store_list_row_ids(c->store, n, &first, &c->e));
    for (size_t i = 0; i < n; i++) {
        rows[i] = contract_row(first + (int64_t)i, (int64_t)i + 2, i, i, 1);
        world_phone(i, phone);
        snprintf(address, sizeof address, "p%zu@x.cn", i);
        if (mail)
            keyring_hash(c->keys, HASH_ADDRESS_EMAIL, address, strlen(address), rows[i].address);
        else
            keyring_hash(c->keys, HASH_ADDRESS_SMS, phone, 11, rows[i].address);
    }
    OK(c, store_list_rows(c->store, id, rows, n, &c->e));
    OK(c, store_list_finish(c->store, id, (int64_t)n, 0, &c->e));
    return id;
}

static void make_campaign(struct world *w, int64_t list_id)
{
    struct contract *c = w->c;
    struct campaign_info k = {.name = "world",
                              .topic = "benefit",
                              .gateway = "12333",
                              .list_id = list_id,
                              .schedule = {.window_from = 0,
                                           .window_to = 1440,
                                           .zone_min = 480,
                                           .not_after_ms = INT64_MAX},
                              .holdout_until = CIVIL_NONE,
                              .created_at = CONTRACT_NOW,
                              .created_by = "maker"};

    k.state = CAMPAIGN_DRAFT;
    OK(c, store_campaign_create(c->store, &k, &c->e));
    w->campaign_id = k.id;
    OK(c, store_gateway_id(c->store, "12333", &w->gateway_id, &c->e));
}

struct freezing {
    struct world *w;
    struct frozen *f;
    size_t n;
};

static int freeze_one(void *ctx, const struct candidate *k)
{
    struct freezing *z = ctx;

    z->f[z->n] = (struct frozen){.person_id = k->row.person_id,
                                 .address_id = k->row.address_id,
                                 .row_id = k->row.id,
                                 .arm = ARM_SEND,
                                 .region = "4301",
                                 .level = 3,
                                 .last_day = CIVIL_NONE,
                                 .state = MSG_QUEUED,
                                 .due_ms = CONTRACT_NOW,
                                 .segments = 1};
    z->n++;
    return 0;
}

/* Person i's, as campaign makes it. */
static void seal_payload(struct world *w, size_t i, struct frozen *f, struct buf *blob)
{
    struct contract *c = w->c;
    struct buf plain;
    char phone[12];

    world_phone(i, phone);
    const struct payload p = {.phone = phone,
                              .text = "【人社】您好",
                              .signature = "人社",
                              .carrier_template = "",
                              .carrier_variables = ""};
    buf_init(&plain, 1000);
    ck_assert_int_eq(payload_pack(&p, &plain), 0);
    f->key_id = keyring_id(c->keys, KEY_INBOX); /* any will do */
    buf_init(blob, 1000);
    OK(c, keyring_seal(c->keys, f->key_id, SEAL_PAYLOAD, f->message_id, w->wave_id, plain.data,
                       plain.len, blob, &c->e));
    f->payload = blob->data;
    f->payload_len = blob->len;
    buf_fini(&plain);
}

static void freeze(struct world *w, int64_t list_id)
{
    struct contract *c = w->c;
    struct campaign_info k;
    struct wave_info wave = {.campaign_id = w->campaign_id,
                             .list_id = list_id,
                             .submitted_at = CONTRACT_NOW,
                             .submitted_by = "maker",
                             .approved_by = "checker",
                             .approved_at = CONTRACT_NOW};
    struct freezing z = {.w = w, .f = calloc(w->n, sizeof *z.f)};
    int64_t last, first;

    OK(c, store_campaign_by_id(c->store, w->campaign_id, &k, &c->e));
    OK(c, store_wave_begin(c->store, &wave, &c->e));
    w->wave_id = wave.id;
    OK(c, store_candidates(c->store, &k, 20000, 0, w->n + 1, freeze_one, &z, &last, &c->e));
    ck_assert_uint_eq(z.n, w->n);
    OK(c, store_reserve_messages(c->store, w->n, &first, &c->e));
    for (size_t i = 0; i < w->n; i++) /* persons were made in the order of the rows */
        z.f[i].message_id = w->message[i] = first + (int64_t)i;
    struct buf *blobs = calloc(w->n, sizeof *blobs);
    for (size_t i = 0; i < w->n; i++)
        seal_payload(w, i, &z.f[i], &blobs[i]);
    OK(c, store_freeze_put(c->store, w->campaign_id, wave.id, z.f, w->n, &c->e));
    for (size_t i = 0; i < w->n; i++)
        buf_fini(&blobs[i]);
    free(blobs);
    free(z.f);
    wave.messages = wave.members = (int64_t)w->n;
    OK(c, store_wave_submit(c->store, &wave, &c->e));
    OK(c, store_wave_approve(c->store, &wave, &c->e));
    OK(c, store_campaign_started(c->store, w->campaign_id, CONTRACT_NOW, &c->e));
}

static struct world *begin(size_t n, bool mail)
{
    struct world *w = calloc(1, sizeof *w);

    ck_assert(w != NULL && n <= WORLD_MAX);
    w->n = n;
    w->c = contract_begin();
    int64_t list_id = make_list(w->c, n, mail);
    make_campaign(w, list_id);
    freeze(w, list_id);
    return w;
}

struct world *world_begin(size_t n)
{
    return begin(n, false);
}

struct world *world_begin_mail(size_t n)
{
    return begin(n, true);
}

void world_end(struct world *w)
{
    contract_end(w->c);
    free(w);
}

void world_claim(struct world *w, size_t n)
{
    struct contract *c = w->c;
    struct claim_query q = {.campaign_id = w->campaign_id,
                            .gateway_id = w->gateway_id,
                            .topic = "benefit",
                            .now_ms = CONTRACT_NOW + 1000,
                            .today = 19676,
                            .limit = n};
    struct claimed *out = calloc(n, sizeof *out);
    struct claim_stats stats = {0};
    struct arena *arena = arena_new(4096);

    ck_assert_int_eq(store_claim(c->store, &q, arena, out, &stats, &c->e), (int64_t)n);
    arena_free(arena);
    free(out);
}

void world_settle(struct world *w, size_t i, enum msg_class class, const char *provider_id)
{
    const struct settlement v = {.message_id = w->message[i],
                                 .attempt = 1,
                                 .input =
                                     class == CLASS_OK ? IN_ANSWER_ACCEPTED : IN_ANSWER_UNKNOWN,
                                 .class = class,
                                 .cause = class == CLASS_OK ? CAUSE_NONE : CAUSE_NETWORK,
                                 .handed_ms = CONTRACT_NOW + 1500,
                                 .settled_ms = CONTRACT_NOW + 2000};
    struct settlement s = v;

    snprintf(s.provider_id, sizeof s.provider_id, "%s", provider_id);
    OK(w->c, store_settle(w->c->store, &s, 1, &w->c->e));
}

static int look(void *ctx, const struct message_info *m)
{
    *(struct message_info *)ctx = *m;
    return 0;
}

static struct message_info message(struct world *w, size_t i)
{
    struct message_info m = {0};

    OK(w->c, store_message_get(w->c->store, w->message[i], look, &m, &w->c->e));
    return m;
}

enum msg_state world_state(struct world *w, size_t i)
{
    return message(w, i).state;
}

enum msg_cause world_cause(struct world *w, size_t i)
{
    return message(w, i).cause;
}

void world_ref(struct world *w, size_t i, int attempt, char out[MESSAGE_REF_MAX])
{
    enum epoch_finding finding;
    struct epoch *ep = epoch_open(w->c->store, w->c->epoch_dir, &finding, &w->c->e);

    ck_assert_msg(ep != NULL, "%s", w->c->e.what);
    const struct epoch_info *info = epoch_info(ep);
    const struct msg_ref r = {info->tag, info->epoch, w->message[i], attempt};
    message_ref_format(&r, out);
    epoch_close(ep);
}
