/*
 * bench_store: what a message costs the store on its way from the frozen wave to its receipt.
 *
 *     bench_store DIR [MESSAGES [BATCH]]        DIR must not exist; put it on a real file system
 *
 * Loads a list, freezes MESSAGES messages (default 500,000) with payloads of 330 sealed bytes, then sends them as the dispatcher's store thread
 * does: one transaction settles what the last one claimed and claims the next BATCH (default 1,000). Then a receipt for each, 2,000 a transaction, in
 * sending order and then (repeated ones, which change nothing) scattered over all. Prints microseconds a message as one JSON object. No sealing, no network.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/keyring.h"
#include "zhanchi/store.h"
#include "zhanchi/store_campaign.h"
#include "zhanchi/store_epoch.h"
#include "zhanchi/store_measure.h"
#include "zhanchi/store_queue.h"
#include "zhanchi/store_report.h"

#define CHUNK 8192
#define PAYLOAD 330
#define RECEIPTS 2000
#define NOW 1790000000000
#define TODAY 20717

static struct err e;

static void must(int64_t rc)
{
    if (rc < 0) {
        fprintf(stderr, "%s\n%s\n", e.what, e.remedy);
        exit(1);
    }
}

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static void hash(uint64_t n, uint64_t kind, uint8_t out[KEYRING_HASH_BYTES])
{
    uint64_t a = mix(n ^ kind << 56), b = mix(a ^ n);
    memcpy(out, &a, 8);
    memcpy(out + 8, &b, 8);
}

static struct store *create(const char *dir)
{
    char key[512], recovery[512], epochs[512];
    snprintf(key, sizeof key, "%s/key", dir);
    snprintf(recovery, sizeof recovery, "%s/recovery", dir);
    snprintf(epochs, sizeof epochs, "%s/epochs", dir);
    if (mkdir(dir, 0700) != 0) {
        perror(dir);
        exit(1);
    }
    must(store_create(dir, NOW, &e));
    must(keyring_create_file(key, recovery, &e));
    struct store *s = store_open(dir, STORE_RW, &e);
    must(s ? 0 : -1);
    must(keyring_init(s, key, NOW, &e));
    must(epoch_create(s, epochs, NOW, &e));
    return s;
}

static int64_t load(struct store *s, size_t total)
{
    static char sealed[310];
    struct list_row *rows = calloc(CHUNK, sizeof *rows);
    struct list_info l = {
        .name = "bench", .file = "bench.csv", .encoding = "UTF-8", .columns = "[]"};
    int64_t list, id;
    must(store_list_begin(s, &l, &list, &e));
    for (size_t done = 0, n; done < total; done += n) {
        n = total - done < CHUNK ? total - done : CHUNK;
        must(store_list_row_ids(s, n, &id, &e));
        for (size_t i = 0; i < n; i++) {
            rows[i] = (struct list_row){.id = id + (int64_t)i,
                                        .line = id + (int64_t)i,
                                        .revision = 1,
                                        .person_kind = HASH_PERSON_ID,
                                        .region = "430100",
                                        .level = 3,
                                        .issued_day = 20600,
                                        .months = 40,
                                        .key_id = 1,
                                        .sealed = sealed,
                                        .sealed_len = sizeof sealed};
            hash(done + i, 1, rows[i].person);
            hash(done + i, 2, rows[i].address);
        }
        must(store_list_rows(s, list, rows, n, &e));
    }
    must(store_list_finish(s, list, (int64_t)total, 0, &e));
    free(rows);
    return list;
}

/* ---- freeze ---- */

struct freezing {
    struct store *s;
    int64_t campaign_id, wave_id;
    struct frozen f[CHUNK];
    size_t n;
};

static int freeze_one(void *ctx, const struct candidate *k)
{
    static uint8_t payload[PAYLOAD];
    struct freezing *z = ctx;
    struct frozen *f = &z->f[z->n++];
    *f = (struct frozen){.person_id = k->row.person_id,
                         .address_id = k->row.address_id,
                         .row_id = k->row.id,
                         .arm = ARM_SEND,
                         .level = k->row.level,
                         .last_day = TODAY + 100,
                         .state = MSG_QUEUED,
                         .due_ms = NOW - 1000,
                         .segments = 2,
                         .key_id = 1,
                         .payload = payload,
                         .payload_len = sizeof payload};
    memcpy(f->region, k->row.region, sizeof f->region);
    memcpy(f->pseudonym, &z->n, sizeof f->pseudonym);
    return 0;
}

static double freeze(struct store *s, struct campaign_info *c, size_t total)
{
    struct freezing *z = calloc(1, sizeof *z);
    struct wave_info w = {.campaign_id = c->id, .list_id = c->list_id};
    int64_t last = 0, first, began = clock_mono_us();
    must(store_wave_begin(s, &w, &e));
    z->s = s;
    do {
        z->n = 0;
        must(store_candidates(s, c, TODAY, last, CHUNK, freeze_one, z, &last, &e));
        must(store_reserve_messages(s, z->n, &first, &e));
        for (size_t i = 0; i < z->n; i++)
            z->f[i].message_id = first + (int64_t)i;
        must(store_freeze_put(s, c->id, w.id, z->f, z->n, &e));
    } while (last);
    must(store_wave_submit(s, &w, &e));
    must(store_wave_approve(s, &w, &e));
    must(store_campaign_started(s, c->id, NOW, &e));
    free(z);
    return (double)(clock_mono_us() - began) / (double)total;
}

/* ---- send ---- */

struct times {
    int64_t settle, claim, commit, all, cpu;
};

static int64_t cpu_us(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 + r.ru_utime.tv_usec +
           r.ru_stime.tv_usec;
}

static size_t fill_settlements(struct settlement *v, const struct claimed *c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        v[i] = (struct settlement){.message_id = c[i].message_id,
                                   .address_id = c[i].address_id,
                                   .attempt = c[i].attempt,
                                   .input = IN_ANSWER_ACCEPTED,
                                   .class = CLASS_OK,
                                   .handed_ms = NOW + 5,
                                   .settled_ms = NOW + 30};
        strcpy(v[i].code, "0");
        snprintf(v[i].provider_id, sizeof v[i].provider_id, "b1c2d3e4-%016llx",
                 (unsigned long long)mix((uint64_t)c[i].message_id));
    }
    return n;
}

static int64_t lap(int64_t *since, int64_t *sum)
{
    int64_t now = clock_mono_us();
    *sum += now - *since;
    *since = now;
    return now;
}

static size_t send(struct store *s, const struct claim_query *q, struct times *t)
{
    struct claimed *c = calloc(q->limit, sizeof *c);
    struct settlement *v = calloc(q->limit, sizeof *v);
    struct arena *a = arena_new(1 << 20);
    size_t total = 0, n = 0;
    t->cpu -= cpu_us();
    do {
        struct claim_stats stats = {0};
        fill_settlements(v, c, n);
        int64_t began = clock_mono_us(), since = began;
        must(store_begin(s, &e));
        must(store_settle(s, v, n, &e));
        lap(&since, &t->settle);
        arena_reset(a);
        n = (size_t)store_claim(s, q, a, c, &stats, &e);
        must((int64_t)n);
        lap(&since, &t->claim);
        must(store_commit(s, &e));
        t->all += lap(&since, &t->commit) - began;
        total += n;
    } while (n);
    t->cpu += cpu_us();
    arena_free(a);
    free(c);
    free(v);
    return total;
}

static double receipts(struct store *s, size_t total, bool scattered, struct apply_stats *stats)
{
    struct receipt_row *r = calloc(RECEIPTS, sizeof *r);
    int64_t us = 0;
    for (size_t done = 0, n; done < total; done += n) {
        n = total - done < RECEIPTS ? total - done : RECEIPTS;
        for (size_t i = 0; i < n; i++) {
            uint64_t at = scattered ? mix(done + i) % total : done + i;
            r[i] = (struct receipt_row){.message_id = (int64_t)at + 1,
                                        .attempt = 1,
                                        .class = CLASS_OK,
                                        .code = "DELIVRD",
                                        .at_ms = NOW + 9000,
                                        .received_ms = NOW + 9500};
        }
        int64_t began = clock_mono_us();
        must(store_apply_reports(s, r, n, NULL, 0, (int64_t)done + 1, stats, &e));
        us += clock_mono_us() - began;
    }
    free(r);
    return (double)us / (double)total;
}

static int add_up(void *ctx, enum msg_state state, enum msg_cause cause, int64_t n)
{
    *(uint64_t *)ctx += mix((uint64_t)state * 1000 + (uint64_t)cause) * (uint64_t)n;
    return 0;
}

int main(int argc, char **argv)
{
    size_t total = argc > 2 ? strtoull(argv[2], NULL, 10) : 500000;
    size_t batch = argc > 3 ? strtoull(argv[3], NULL, 10) : 1000;
    struct campaign_info c = {.name = "bench",
                              .topic = "bench",
                              .gateway = "bench",
                              .schedule = {.window_to = 1440, .not_after_ms = INT64_MAX},
                              .holdout_until = CIVIL_NONE};
    struct claim_query q = {.topic = "bench",
                            .now_ms = NOW,
                            .today = TODAY,
                            .cap_per_day = 3,
                            .capped_until_ms = NOW + 86400000,
                            .limit = batch};
    struct apply_stats in_order = {0}, scattered = {0};
    struct times t = {0};
    uint64_t tally = 0, counted = 0;
    if (argc < 2 || total < 1 || batch < 1) {
        fprintf(stderr, "usage: bench_store DIR [MESSAGES [BATCH]]\n");
        return 64;
    }
    struct store *s = create(argv[1]);
    c.list_id = load(s, total);
    must(store_campaign_create(s, &c, &e));
    must(store_gateway_id(s, c.gateway, &q.gateway_id, &e));
    q.campaign_id = c.id;
    double frozen = freeze(s, &c, total);
    size_t sent = send(s, &q, &t);
    double one = receipts(s, total, false, &in_order);
    double two = receipts(s, total, true, &scattered);
    must(store_tally(s, c.id, add_up, &tally, &e));
    must(store_tally_recount(s, c.id, add_up, &counted, &e));
    double n = (double)total;
    printf(
        "{\"messages\":%zu,\"batch\":%zu,\"freeze_us\":%.2f,\"send_us\":%.2f,\"send_cpu_us\":%.2f,"
        "\"settle_us\":%.2f,\"claim_us\":%.2f,\"commit_us\":%.2f,"
        "\"receipt_us\":%.2f,\"receipt_repeated_scattered_us\":%.2f}\n",
        total, batch, frozen, (double)t.all / n, (double)t.cpu / n, (double)t.settle / n,
        (double)t.claim / n, (double)t.commit / n, one, two);
    store_close(s);
    bool sound = sent == total && in_order.moved == (int64_t)total && scattered.moved == 0 &&
                 tally == counted;
    if (!sound)
        fprintf(stderr, "the figures are worth nothing: %zu sent, %lld receipts moved one\n", sent,
                (long long)in_order.moved);
    return sound ? 0 : 1;
}
