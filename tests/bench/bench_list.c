/*
 * bench_list: rows into the store, and out again.
 *
 *     bench_list DIR ROWS [FIRST [NAME]]
 *
 * Makes DIR with keys if it is not there, loads a list of ROWS synthetic rows about persons FIRST,
 * FIRST + 1 ... with 310 sealed bytes each, and prints rows a second, the longest call, and the
 * peak of memory: for the whole of store_list_rows, store_list_finish, a scan and a screening. No
 * parsing, no sealing: what intake adds comes on top.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "zhanchi/clock.h"
#include "zhanchi/fsio.h"
#include "zhanchi/keyring.h"
#include "zhanchi/store.h"
#include "zhanchi/store_list.h"

#define CHUNK 8192
#define SEALED 310

static struct err e;

static void must(int rc)
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

static void create(const char *dir)
{
    char key[512], recovery[512];
    snprintf(key, sizeof key, "%s/key", dir);
    snprintf(recovery, sizeof recovery, "%s/recovery", dir);
    if (mkdir(dir, 0700) != 0)
        return;
    must(store_create(dir, 1, &e));
    must(keyring_create_file(key, recovery, &e));
    struct store *s = store_open(dir, STORE_RW, &e);
    must(s ? keyring_init(s, key, 1, &e) : -1);
    store_close(s);
}

static void fill(struct list_row *r, int64_t id, uint64_t n, const char *sealed)
{
    *r = (struct list_row){.id = id,
                           .line = id,
                           .revision = 1,
                           .person_kind = HASH_PERSON_ID,
                           .region = "430100",
                           .has_employer = true,
                           .has_occupation = true,
                           .level = 3,
                           .issued_day = 20000,
                           .months = 40,
                           .key_id = 1,
                           .sealed = sealed,
                           .sealed_len = SEALED};
    hash(n, 1, r->person);
    hash(n, 2, r->address);
    hash(n % 5000, 3, r->employer);
    hash(n % 50, 4, r->occupation);
}

static int64_t load(struct store *s, const char *name, uint64_t first, size_t total)
{
    static char sealed[SEALED];
    struct list_row *rows = calloc(CHUNK, sizeof *rows);
    struct list_info l = {.encoding = "UTF-8", .columns = "[]"};
    int64_t list, id, busy = 0, longest = 0;
    snprintf(l.name, sizeof l.name, "%s", name);
    hash((uint64_t)clock_mono_us(), 9, l.digest);
    must(store_list_begin(s, &l, &list, &e));
    for (size_t done = 0, n; done < total; done += n) {
        n = store_chunk(s) < CHUNK ? store_chunk(s) : CHUNK;
        n = n < total - done ? n : total - done;
        must(store_list_row_ids(s, n, &id, &e));
        for (size_t i = 0; i < n; i++)
            fill(&rows[i], id + (int64_t)i, first + done + i, sealed);
        int64_t began = clock_mono_us();
        must(store_list_rows(s, list, rows, n, &e));
        int64_t took = clock_mono_us() - began;
        store_chunk_took(s, n, took);
        busy += took;
        longest = took > longest ? took : longest;
    }
    int64_t began = clock_mono_us();
    must(store_list_finish(s, list, (int64_t)total, 0, &e));
    int64_t finish = clock_mono_us() - began;
    printf("load    %9.0f rows/s  (rows %.2f s, finish %.2f s, longest call %.0f ms)\n",
           (double)total * 1e6 / (double)(busy + finish), (double)busy / 1e6, (double)finish / 1e6,
           (double)longest / 1e3);
    free(rows);
    return list;
}

struct batch {
    struct store *s;
    struct verdict_row v[CHUNK];
    size_t n;
};

static int judge(void *ctx, const struct list_row *r)
{
    struct batch *b = ctx;
    if (b->n < CHUNK)
        b->v[b->n++] =
            (struct verdict_row){r->id, VERDICT_ELIGIBLE, VERDICT_OK, 0, 100000, 20365, ""};
    return 0;
}

static void screen(struct store *s, int64_t list, size_t total)
{
    char name[] = "bench";
    struct policy p = {.name = name, .version = "0"};
    struct batch *b = calloc(1, sizeof *b);
    int64_t policy, last = 0, scan = 0, put = 0;
    must(store_policy_put(s, &p, "", 1, &policy, &e));
    do {
        int64_t began = clock_mono_us();
        b->n = 0;
        must(store_list_scan(s, list, last, CHUNK - 64, judge, b, &last, &e));
        int64_t middle = clock_mono_us();
        must(store_verdicts_put(s, policy, 20100, b->v, b->n, &e));
        scan += middle - began;
        put += clock_mono_us() - middle;
    } while (last);
    printf("scan    %9.0f rows/s\nverdict %9.0f rows/s\n", (double)total * 1e6 / (double)scan,
           (double)total * 1e6 / (double)put);
    free(b);
}

int main(int argc, char **argv)
{
    struct rusage use;
    struct list_counts counts;
    if (argc < 3) {
        fprintf(stderr, "usage: bench_list DIR ROWS [FIRST [NAME]]\n");
        return 64;
    }
    size_t total = (size_t)strtoull(argv[2], NULL, 10);
    uint64_t first = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    create(argv[1]);
    struct store *s = store_open(argv[1], STORE_RW, &e);
    must(s ? 0 : -1);
    int64_t list = load(s, argc > 4 ? argv[4] : "bench", first, total);
    getrusage(RUSAGE_SELF, &use);
    printf("memory  %9ld KiB at most while loading; CPU %.1f s user, %.1f s system\n",
           use.ru_maxrss, (double)use.ru_utime.tv_sec + (double)use.ru_utime.tv_usec / 1e6,
           (double)use.ru_stime.tv_sec + (double)use.ru_stime.tv_usec / 1e6);
    screen(s, list, total);
    int64_t began = clock_mono_us();
    must(store_list_counts(s, list, &counts, &e));
    printf("counts  %9.2f s  (%lld rows, %lld persons, %lld addresses)\n",
           (double)(clock_mono_us() - began) / 1e6, (long long)counts.rows,
           (long long)counts.persons, (long long)counts.addresses);
    store_close(s);
    return 0;
}
