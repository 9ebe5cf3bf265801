/*
 * slowsmsc: an SMSC behind Kannel's `smsc = http`, `system-type = generic`: takes messages by GET, slowly, and writes down what came.
 *
 *   slowsmsc PORT_FILE LEDGER LATENCY_FILE
 *
 * A line of the ledger is the path and the parameters of one request as they came, written when it came. The answer "OK id=N" leaves
 * LATENCY_FILE's milliseconds later (read anew for each request: a test slows it down and hurries it up); numbers that end in 9 are
 * answered "BAD".
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/clock.h"
#include "zhanchi/httpd.h"

struct waiting {
    struct waiting *next;
    struct httpd_request *r;
    int64_t due_ms;
    char answer[32];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct waiting *waiting; /* a few dozen: Kannel has max-pending-submits */
static FILE *ledger;
static const char *latency_file;
static int count;

static int64_t latency_ms(void)
{
    FILE *f = fopen(latency_file, "r");
    int ms = 0;

    if (f && fscanf(f, "%d", &ms) != 1)
        ms = 0;
    if (f)
        fclose(f);
    return ms;
}

static void handle(void *ctx, struct httpd_request *r)
{
    struct waiting *w = calloc(1, sizeof *w);
    const char *to = httpd_query(r, "to");

    (void)ctx;
    if (w == NULL)
        abort();
    bool bad = to == NULL || to[0] == '\0' || to[strlen(to) - 1] == '9';
    pthread_mutex_lock(&lock);
    fprintf(ledger, "%s?%s\n", httpd_path(r), httpd_query_text(r));
    fflush(ledger);
    snprintf(w->answer, sizeof w->answer, bad ? "BAD" : "OK id=%d", ++count);
    w->due_ms = clock_now_ms() + latency_ms();
    w->r = r;
    httpd_defer(r);
    w->next = waiting;
    waiting = w;
    pthread_mutex_unlock(&lock);
}

/* Answers what is due. A latency that was lowered meanwhile holds for those that wait already. */
static void answer_due(void)
{
    int64_t now_ms = clock_now_ms(), latest_ms = now_ms + latency_ms();

    pthread_mutex_lock(&lock);
    for (struct waiting **p = &waiting; *p;) {
        struct waiting *w = *p;
        if (w->due_ms > now_ms && w->due_ms <= latest_ms) {
            p = &w->next;
            continue;
        }
        *p = w->next;
        httpd_answer(w->r, 200, "text/plain", w->answer, strlen(w->answer), NULL);
        free(w);
    }
    pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv)
{
    struct httpd_opts o = {.address = "127.0.0.1", .body_max = 65536, .threads = 1, .idle_s = 600};
    struct err e;

    if (argc != 4)
        return 64;
    o.handle = handle;
    latency_file = argv[3];
    ledger = fopen(argv[2], "a");
    struct httpd *h = ledger ? httpd_start(&o, &e) : NULL;
    FILE *f = h ? fopen(argv[1], "w") : NULL;
    if (f == NULL)
        return 71;
    fprintf(f, "%d\n", httpd_port(h));
    fclose(f);
    for (;;) {
        usleep(5000);
        answer_due();
    }
}
