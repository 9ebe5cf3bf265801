/*
 * far: see far.h. Sockets by hand, so that a request has the bytes that the test wrote.
 */
#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "far.h"
#include "zhanchi/httpd.h"

#define ARGS 60
#define CALLS 256

static char dir[] = "/tmp/zc-far-XXXXXX", ledger_path[64], port_path[64], host[32], url[64];
static pid_t sandbox;
static unsigned port;

static struct {
    struct httpd *httpd;
    pthread_mutex_t lock;
    struct far_call *calls[CALLS];
    size_t n;
    int status, refuse;
    char answer[256];
} office = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- the office ---- */

static void keep(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

static void on_callback(void *ctx, struct httpd_request *r)
{
    struct far_call *c = calloc(1, sizeof *c);
    size_t len;
    const char *body = httpd_body(r, &len), *twilio = httpd_header(r, "X-Twilio-Signature");

    (void)ctx;
    keep(c->method, sizeof c->method, httpd_method(r));
    keep(c->path, sizeof c->path, httpd_path(r));
    keep(c->query, sizeof c->query, httpd_query_text(r));
    keep(c->type, sizeof c->type, httpd_header(r, "Content-Type"));
    keep(c->signature, sizeof c->signature, twilio ? twilio : httpd_header(r, "X-Signature"));
    keep(c->authorization, sizeof c->authorization, httpd_header(r, "Authorization"));
    keep(c->sdk_date, sizeof c->sdk_date, httpd_header(r, "X-Sdk-Date"));
    keep(c->host, sizeof c->host, httpd_header(r, "Host"));
    keep(c->body, sizeof c->body, body);
    pthread_mutex_lock(&office.lock);
    bool refuse = office.refuse > 0 && office.refuse--;
    int status = refuse ? 500 : office.status;
    if (office.n < CALLS)
        office.calls[office.n++] = c;
    else
        free(c);
    pthread_mutex_unlock(&office.lock);
    httpd_answer(r, status, "application/json", office.answer, strlen(office.answer), NULL);
}

void office_answers(int status, const char *body, int refuse)
{
    pthread_mutex_lock(&office.lock);
    office.status = status;
    office.refuse = refuse;
    snprintf(office.answer, sizeof office.answer, "%s", body);
    pthread_mutex_unlock(&office.lock);
}

size_t office_calls(void)
{
    pthread_mutex_lock(&office.lock);
    size_t n = office.n;
    pthread_mutex_unlock(&office.lock);
    return n;
}

void office_wait(size_t n)
{
    while (office_calls() < n)
        usleep(2000);
}

const struct far_call *office_call(size_t i)
{
    ck_assert_uint_lt(i, office_calls());
    return office.calls[i];
}

static void office_open(void)
{
    const struct httpd_opts o = {.address = "127.0.0.1",
                                 .body_max = 1 << 20,
                                 .threads = 1,
                                 .idle_s = 60,
                                 .handle = on_callback};
    struct err e;

    office.httpd = httpd_start(&o, &e);
    ck_assert_ptr_nonnull(office.httpd);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)httpd_port(office.httpd));
}

const char *office_url(void)
{
    if (office.httpd == NULL)
        office_open();
    return url;
}

/* ---- the process ---- */

void far_start(const char *profile, const char *args, bool with_office)
{
    char words[2048];
    char *argv[ARGS] = {NULL};
    size_t n = 0;

    if (ledger_path[0] == '\0') {
        ck_assert_ptr_nonnull(mkdtemp(dir));
        snprintf(ledger_path, sizeof ledger_path, "%s/ledger", dir);
        snprintf(port_path, sizeof port_path, "%s/port", dir);
    }
    snprintf(words, sizeof words,
             ZHANCHI_SANDBOX
             " --port 0 --port-file %s --ledger %s --ledger-text --profile %s%s%s %s",
             port_path, ledger_path, profile, with_office ? " --callback " : "",
             with_office ? office_url() : "", args);
    for (char *save, *w = strtok_r(words, " ", &save); w && n + 1 < ARGS;
         w = strtok_r(NULL, " ", &save))
        argv[n++] = w;
    unlink(port_path);
    sandbox = fork();
    if (sandbox == 0) {
        if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        execv(argv[0], argv);
        _exit(127);
    }
    FILE *f = NULL;
    for (int i = 0; i < 500 && (f = fopen(port_path, "r")) == NULL; i++)
        usleep(10000);
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fscanf(f, "%u", &port), 1);
    fclose(f);
    snprintf(host, sizeof host, "127.0.0.1:%u", port);
}

const char *far_host(void)
{
    return host;
}

void far_stop(void)
{
    int status;

    kill(sandbox, SIGTERM);
    ck_assert_int_eq(waitpid(sandbox, &status, 0), sandbox);
    sandbox = 0;
    ck_assert_int_eq(status, 0);
}

void far_clean(void)
{
    if (sandbox > 0) {
        kill(sandbox, SIGKILL);
        waitpid(sandbox, NULL, 0);
        sandbox = 0;
    }
    if (office.httpd)
        httpd_stop(office.httpd);
    office.httpd = NULL;
    for (size_t i = 0; i < office.n; i++)
        free(office.calls[i]);
    office.n = 0;
    unlink(ledger_path);
    unlink(port_path);
    rmdir(dir);
    memset(dir + strlen(dir) - 6, 'X', 6);
    ledger_path[0] = '\0';
}

/* ---- HTTP ---- */

static int connected(void)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    return fd;
}

void far_http(const char *method, const char *target, const char *headers, const char *body,
              struct far_answer *out)
{
    struct buf text, got;
    int fd = connected();
    ssize_t n;

    buf_init(&text, 4U << 20);
    buf_init(&got, 1U << 20);
    buf_addf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s", method, target, host,
             headers);
    if (strcmp(method, "GET") != 0)
        buf_addf(&text, "Content-Length: %zu\r\n", strlen(body));
    buf_addf(&text, "\r\n%s", body);
    ck_assert_int_eq(send(fd, text.data, text.len, MSG_NOSIGNAL), (ssize_t)text.len);
    while ((n = recv(fd, buf_reserve(&got, 65536), 65536, 0)) > 0)
        got.len += (size_t)n;
    buf_addc(&got, '\0');
    close(fd);
    memset(out, 0, sizeof *out);
    if (sscanf(got.data, "HTTP/1.1 %d", &out->status) == 1) {
        const char *end = strstr(got.data, "\r\n\r\n");
        snprintf(out->body, sizeof out->body, "%s", end ? end + 4 : "");
    }
    buf_fini(&text);
    buf_fini(&got);
}

/* ---- the ledger ---- */

const char *far_ledger(size_t n, size_t i)
{
    static char line[65536];
    FILE *f = fopen(ledger_path, "r");
    bool found = false;

    for (size_t k = 0; f && !found && fgets(line, sizeof line, f); k++)
        found = k == n;
    if (f)
        fclose(f);
    if (!found)
        return "";
    line[strcspn(line, "\n")] = '\0';
    char *p = line;
    for (; i > 0 && p; i--)
        p = strchr(p, '\t') ? strchr(p, '\t') + 1 : NULL;
    if (p == NULL)
        return "";
    p[strcspn(p, "\t")] = '\0';
    return p;
}

const char *far_ledger_path(void)
{
    return ledger_path;
}

size_t far_ledger_lines(void)
{
    FILE *f = fopen(ledger_path, "r");
    size_t n = 0;
    int c;

    while (f && (c = getc(f)) != EOF)
        n += c == '\n';
    if (f)
        fclose(f);
    return n;
}
