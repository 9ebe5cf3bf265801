/*
 * bench_bare: the reference for dispatch: a bare libcurl multi loop that posts bodies of the same size and shape to the same server
 * over as many kept-alive connections, reads the answers and does nothing else. No database, no signing, no state.
 *
 *   bench_bare URL COUNT CONNECTIONS        prints {"requests":N,"seconds":S,"rate":R}
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct slot {
    CURL *easy;
    char body[1024];
};

static size_t swallow(char *p, size_t size, size_t n, void *ctx)
{
    (void)p;
    (void)ctx;
    return size * n;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void start(CURLM *multi, struct slot *s, long i)
{
    int n = snprintf(
        s->body, sizeof s->body,
        "{\"ref\":\"Z0000A0000-%ld-1\",\"to\":\"199%08ld\",\"text\":"
        "\"【示例市人社局】张三您好,您的电工高级工证书可申领技能提升补贴2,000元,请于2026年12月1日前"
        "到参保地经办机构或12333网上办理。咨询12333。拒收请回复R\"}",
        i, i % 100000000);
    curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE, (long)n);
    curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, s->body);
    curl_multi_add_handle(multi, s->easy);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: bench_bare URL COUNT CONNECTIONS\n");
        return 64;
    }
    long count = atol(argv[2]), begun = 0, ended = 0, failed = 0;
    int connections = atoi(argv[3]);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)connections);
    struct curl_slist *headers = NULL;
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    struct slot *slots = calloc((size_t)connections, sizeof *slots);
    if (slots == NULL)
        return 71;
    double began = now();
    for (int i = 0; i < connections && begun < count; i++) {
        struct slot *s = &slots[i];
        s->easy = curl_easy_init();
        curl_easy_setopt(s->easy, CURLOPT_URL, argv[1]);
        curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, swallow);
        curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
        curl_easy_setopt(s->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
        start(multi, s, begun++);
    }
    while (ended < count) {
        int running, left;
        curl_multi_perform(multi, &running);
        for (CURLMsg *m; (m = curl_multi_info_read(multi, &left)) != NULL;) {
            struct slot *s;
            CURL *easy = m->easy_handle;
            failed += m->data.result != CURLE_OK;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, &s);
            curl_multi_remove_handle(multi, easy);
            ended++;
            if (begun < count)
                start(multi, s, begun++);
        }
        if (ended < count)
            curl_multi_poll(multi, NULL, 0, 100, NULL);
    }
    double seconds = now() - began;
    printf("{\"requests\":%ld,\"failed\":%ld,\"seconds\":%.4f,\"rate\":%.1f}\n", count, failed,
           seconds, (double)count / seconds);
    for (int i = 0; i < connections; i++)
        if (slots[i].easy != NULL)
            curl_easy_cleanup(slots[i].easy);
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    free(slots);
    return failed != 0;
}
