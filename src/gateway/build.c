/*
 * build: from messages to a signed HTTP request.
 *
 * The order is fixed: body, then the URL's parameters, then what is computed over them, then headers; a scheme (scheme.h) comes last and signs
 * the finished request. What an operation does not name is not computed. The gateway is shared by threads and never written; everything that changes
 * from request to request (nonce, string to sign) lives in the request's scratch.
 *
 * Called by dispatch for each request, by `gateway test`, `gateway check` and for pulling.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "profile.h"
#include "zhanchi/civil.h"
#include "zhanchi/crypt.h"

#define URL_MAX_BYTES (1U << 20)
#define HEADERS_MAX_BYTES 16384
#define BODY_MAX_BYTES (4U << 20)
#define NONCE_RANDOM 12
#define NONCE_LEN 24

struct gw_scratch {
    struct crypt_digest *sha256;
    struct buf to_sign, tmp, sign, params, values, query, whole, nest[NEST_MAX], encoded[NEST_MAX];
    uint64_t count;
    int64_t stamped_s;
    char nonce[NONCE_LEN + 1], stamp[24], stamp_ms[24], hash[HEX_SHA256];
    char utc[32], mdhms[16], ymd[16], sent_ymd[16];
};

static void scratch_fini(struct gw_scratch *s)
{
    if (s == NULL)
        return;
    crypt_digest_free(s->sha256);
    struct buf *const all[] = {&s->to_sign, &s->tmp,   &s->sign, &s->params,
                               &s->values,  &s->query, &s->whole};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buf_fini(all[i]);
    for (size_t i = 0; i < NEST_MAX; i++) {
        buf_fini(&s->nest[i]);
        buf_fini(&s->encoded[i]);
    }
    free(s);
}

static struct gw_scratch *scratch_new(void)
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t random[NONCE_RANDOM];
    struct gw_scratch *s = calloc(1, sizeof *s);

    if (s == NULL)
        panic("out of memory");
    s->sha256 = crypt_digest_new();
    s->stamped_s = INT64_MIN;
    struct buf *const all[] = {&s->to_sign, &s->tmp,   &s->params, &s->values,
                               &s->query,   &s->whole, &s->sign};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buf_init(all[i], BODY_MAX_BYTES + 4096);
    for (size_t i = 0; i < NEST_MAX; i++) {
        buf_init(&s->nest[i], BODY_MAX_BYTES);
        buf_init(&s->encoded[i], BODY_MAX_BYTES);
    }
    crypt_random(random, sizeof random);
    for (size_t i = 0; i < NONCE_RANDOM; i++)
        s->nonce[i] = digits[random[i] % 32];
    return s;
}

/* Sixty random bits of this scratch and a count: not used before by anyone, and cheap. */
static void next_nonce(struct gw_scratch *s)
{
    uint64_t n = s->count++;

    for (size_t i = NONCE_LEN; i-- > NONCE_RANDOM; n >>= 4)
        s->nonce[i] = "0123456789abcdef"[n & 15];
}

static void set(struct env *env, enum var v, const char *s, size_t len)
{
    env->v[v] = (struct text){s, len};
}

/* The forms of the second that profiles ask for. */
static void stamp(struct gw_scratch *s, int64_t now_ms, int zone_min)
{
    char local[32];

    s->stamped_s = now_ms / 1000;
    snprintf(s->stamp, sizeof s->stamp, "%lld", (long long)s->stamped_s);
    civil_format_instant(now_ms, 0, s->utc);
    memcpy(s->utc + 19, "Z", 2);
    civil_format_instant(now_ms, zone_min, local); /* 2026-11-27T16:00:05+08:00 */
    snprintf(s->ymd, sizeof s->ymd, "%.4s%.2s%.2s", local, local + 5, local + 8);
    snprintf(s->mdhms, sizeof s->mdhms, "%.2s%.2s%.2s%.2s%.2s", local + 5, local + 8, local + 11,
             local + 14, local + 17);
}

static void set_times(const struct gateway *g, struct env *env, struct gw_scratch *s,
                      int64_t now_ms)
{
    if (s->stamped_s != now_ms / 1000)
        stamp(s, now_ms, g->zone_min);
    if (env->uses & VAR_BIT(VAR_TIMESTAMP_MS)) {
        snprintf(s->stamp_ms, sizeof s->stamp_ms, "%lld", (long long)now_ms);
        set(env, VAR_TIMESTAMP_MS, s->stamp_ms, strlen(s->stamp_ms));
    }
    next_nonce(s);
    set(env, VAR_TIMESTAMP, s->stamp, strlen(s->stamp));
    set(env, VAR_TIME_UTC, s->utc, strlen(s->utc));
    set(env, VAR_TIME_MDHMS, s->mdhms, strlen(s->mdhms));
    set(env, VAR_TIME_YMD, s->ymd, strlen(s->ymd));
    set(env, VAR_NONCE, s->nonce, NONCE_LEN);
}

/* ---- what is computed over body and parameters ---- */

struct pair {
    const char *s;
    size_t len, name_len;
};

static int by_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int d = memcmp(a, b, a_len < b_len ? a_len : b_len);

    return d ? d : (a_len > b_len) - (a_len < b_len);
}

/* By name, then by value: "a=" before "a1=", though '1' comes before '='. */
static int by_name(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int d = by_bytes(x->s, x->name_len, y->s, y->name_len);

    return d ? d : by_bytes(x->s, x->len, y->s, y->len);
}

static size_t split(const struct buf *params, struct pair *out, size_t n)
{
    const char *p = buf_cstr(params), *end = p + params->len;

    while (p < end) {
        const char *to = memchr(p, '&', (size_t)(end - p));
        to = to ? to : end;
        if (out) {
            const char *equal = memchr(p, '=', (size_t)(to - p));
            out[n] = (struct pair){p, (size_t)(to - p), (size_t)((equal ? equal : to) - p)};
        }
        n++;
        p = to + 1;
    }
    return n;
}

/* VAR_PARAMS: every parameter of URL and form, sorted by name. */
static void sort_params(const struct operation *op, const struct gw_request *r,
                        struct gw_scratch *s)
{
    size_t n = split(&s->query, NULL, 0);

    n = op->form ? split(&r->body, NULL, n) : n;
    struct pair *pairs = calloc(n + 1, sizeof *pairs);
    if (pairs == NULL)
        panic("out of memory");
    size_t from = split(&s->query, pairs, 0);
    if (op->form)
        split(&r->body, pairs, from);
    qsort(pairs, n, sizeof *pairs, by_name);
    buf_reset(&s->params);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_addc(&s->params, '&');
        buf_add(&s->params, pairs[i].s, pairs[i].len);
    }
    free(pairs);
}

static void set_digests(const struct operation *op, struct env *env, struct gw_request *r)
{
    struct gw_scratch *s = r->scratch;

    if (op->uses & VAR_BIT(VAR_BODY_SHA256)) {
        uint8_t digest[CRYPT_HASH_BYTES];
        crypt_digest_add(s->sha256, buf_cstr(&r->body), r->body.len);
        crypt_digest_end(s->sha256, digest);
        crypt_hex(digest, sizeof digest, s->hash);
        set(env, VAR_BODY_SHA256, s->hash, HEX_SHA256 - 1);
    }
    if (op->uses & VAR_BIT(VAR_PARAMS)) {
        sort_params(op, r, s);
        set(env, VAR_PARAMS, buf_cstr(&s->params), s->params.len);
    }
    set(env, VAR_METHOD, op->method, strlen(op->method));
    set(env, VAR_PATH, op->path, strlen(op->path));
    set(env, VAR_BODY, buf_cstr(&r->body), r->body.len);
}

static int sign(const struct operation *op, struct env *env, struct gw_scratch *s, struct err *e)
{
    if (!(op->uses & VAR_BIT(VAR_SIGN)))
        return 0;
    buf_reset(&s->sign);
    struct crypt_mac *mac = op->sign.fast ? recipe_take_mac(&op->sign) : NULL;
    int rc = recipe_sign(&op->sign, mac, env, &s->to_sign, &s->sign, e);
    if (mac)
        recipe_put_mac(&op->sign, mac);
    if (rc != 0)
        return -1;
    set(env, VAR_SIGN, buf_cstr(&s->sign), s->sign.len);
    return 0;
}

/* A named scheme signs what is finished. */
static int sign_by_scheme(const struct gateway *g, const struct operation *op, struct gw_request *r,
                          int64_t now_ms, struct err *e)
{
    struct gw_scratch *s = r->scratch;
    const struct recipe *k = &op->sign;
    struct scheme_request in = {
        .method = op->method,
        .host = g->host,
        .path = op->path,
        .query = buf_cstr(&s->query),
        .query_len = s->query.len,
        .headers = buf_cstr(&r->headers),
        .headers_len = r->headers.len,
        .body = buf_cstr(&r->body),
        .body_len = r->body.len,
        .form = op->form,
        .id = k->id,
        .secret = k->key,
        .secret_len = k->key_len,
        .service = k->service,
        .hex_digest = k->hex_digest,
        .time_ms = now_ms,
        .nonce = s->nonce,
    };
    struct scheme_out out = {.headers = &s->to_sign, .params = &s->params};

    buf_reset(&s->to_sign); /* the request's own headers must not move while they are read */
    buf_reset(&s->params);
    if (scheme_sign(k->scheme, &in, &out, e) != 0)
        return -1;
    buf_add(&r->headers, s->to_sign.data, s->to_sign.len);
    size_t first = s->params.len > 0 && s->query.len == 0; /* its & */
    buf_add(&s->query, buf_cstr(&s->params) + first, s->params.len - first);
    return r->headers.failed || s->query.failed
               ? err_set(e, ERR_DATA, NULL, "a signature has no room")
               : 0;
}

/* ---- the request ---- */

static int run_body(const struct operation *op, struct env *env, struct gw_request *r,
                    struct err *e)
{
    struct gw_scratch *s = r->scratch;

    if (op->encoding == NULL)
        return program_run(&op->body, env, &r->body, e);
    buf_reset(&s->whole);
    if (program_run(&op->body, env, &s->whole, e) != 0)
        return -1;
    return encode_run(op->encoding, buf_cstr(&s->whole), s->whole.len, &r->body, e);
}

/* Values come from messages and secrets: none may begin a header of its own. */
static int run_headers(const struct operation *op, struct env *env, struct gw_request *r,
                       struct err *e)
{
    if (program_run(&op->headers, env, &r->headers, e) != 0)
        return -1;
    for (size_t i = 0; i < r->headers.len; i++) {
        unsigned char c = (unsigned char)r->headers.data[i];
        if (c != '\0' && (c < ' ' || c == 0x7f))
            return err_set(e, ERR_DATA, "is there a line break at the end of a secret?",
                           "a header would hold a control character");
    }
    return 0;
}

static int run_url(const struct gateway *g, const struct operation *op, struct gw_request *r,
                   struct err *e)
{
    struct gw_scratch *s = r->scratch;

    buf_adds(&r->url, g->origin);
    buf_adds(&r->url, op->path);
    if (s->query.len > 0) {
        buf_addc(&r->url, '?');
        buf_add(&r->url, s->query.data, s->query.len);
    }
    return r->url.failed ? err_set(e, ERR_DATA, NULL, "a URL is longer than allowed") : 0;
}

static int run(const struct gateway *g, const struct operation *op, struct env *env, int64_t now_ms,
               struct gw_request *r, struct err *e)
{
    struct gw_scratch *s = r->scratch;

    if (op->sign.before_body && sign(op, env, s, e) != 0)
        return -1;
    if (run_body(op, env, r, e) != 0 || program_run(&op->query, env, &s->query, e) != 0)
        return -1;
    set_digests(op, env, r);
    if (!op->sign.before_body && op->sign.kind == SIGN_RECIPE && sign(op, env, s, e) != 0)
        return -1;
    if (program_run(&op->body_tail, env, &r->body, e) != 0 ||
        program_run(&op->query_tail, env, &s->query, e) != 0 || run_headers(op, env, r, e) != 0)
        return -1;
    if (op->sign.kind == SIGN_SCHEME && sign_by_scheme(g, op, r, now_ms, e) != 0)
        return -1;
    return run_url(g, op, r, e);
}

static void set_query(const struct gateway *g, struct env *env, struct gw_scratch *s,
                      const struct gw_message *m)
{
    char local[32];

    if (m->provider_id)
        set(env, VAR_PROVIDER_ID, m->provider_id, strlen(m->provider_id));
    civil_format_instant(m->sent_ms, g->zone_min, local);
    snprintf(s->sent_ymd, sizeof s->sent_ymd, "%.4s%.2s%.2s", local, local + 5, local + 8);
    set(env, VAR_SENT_YMD, s->sent_ymd, strlen(s->sent_ymd));
}

static int build(const struct gateway *g, const struct operation *op, const struct gw_message *m,
                 size_t n, int64_t now_ms, struct gw_request *out, struct err *e)
{
    gw_request_reset(out);
    if (out->scratch == NULL)
        out->scratch = scratch_new();
    struct gw_scratch *s = out->scratch;
    struct env env = {.m = m,
                      .n = n,
                      .constants = &g->compiler,
                      .number = g->number,
                      .uses = op->uses,
                      .tmp = &s->tmp,
                      .nest = s->nest,
                      .encoded = s->encoded,
                      .values = &s->values};

    buf_reset(&s->query);
    set_times(g, &env, s, now_ms);
    set(&env, VAR_BATCH_REF, n > 0 ? m[0].ref : "", n > 0 ? strlen(m[0].ref) : 0);
    if (n > 0 && env_message(&env, &m[0], e) != 0)
        return err_prefix(e, "gateway %s", g->name);
    if (op->kind == OPERATION_QUERY)
        set_query(g, &env, s, m);
    memcpy(out->method, op->method, sizeof out->method);
    out->ca_file = g->ca_file;
    if (g->mail.present)
        return mail_build(g, &env, m[0].proof, now_ms, out, e) == 0
                   ? 0
                   : err_prefix(e, "gateway %s", g->name);
    return run(g, op, &env, now_ms, out, e) == 0 ? 0 : err_prefix(e, "gateway %s", g->name);
}

int gateway_build(const struct gateway *g, const struct gw_message *m, size_t n, int64_t now_ms,
                  struct gw_request *out, struct err *e)
{
    const struct operation *op = n == 1 && g->single.present ? &g->single : &g->batch;

    if (n < 1 || n > (size_t)g->limits.batch)
        panic("gateway: %zu messages in a request", n);
    return build(g, op, m, n, now_ms, out, e);
}

bool gateway_together(const struct gateway *g, const struct gw_message *first,
                      const struct gw_message *m)
{
    const uint32_t same = g->batch.same;

    return (!(same & VAR_BIT(VAR_TEXT)) || strcmp(first->text, m->text) == 0) &&
           (!(same & VAR_BIT(VAR_SIGNATURE)) || strcmp(first->signature, m->signature) == 0) &&
           (!(same & VAR_BIT(VAR_CARRIER_TEMPLATE)) ||
            strcmp(first->carrier_template, m->carrier_template) == 0) &&
           (!(same & VAR_BIT(VAR_CARRIER_VARIABLES)) ||
            strcmp(first->carrier_variables, m->carrier_variables) == 0);
}

bool gateway_can_pull(const struct gateway *g, enum gw_pull what)
{
    return g->pulls[what].op.present;
}

int gateway_build_pull(const struct gateway *g, enum gw_pull what, const struct gw_message *m,
                       int64_t now_ms, struct gw_request *out, struct err *e)
{
    if (!g->pulls[what].op.present)
        panic("gateway: nothing to pull");
    return build(g, &g->pulls[what].op, m, m ? 1 : 0, now_ms, out, e);
}

/* ---- requests ---- */

void gw_request_init(struct gw_request *r)
{
    memset(r, 0, sizeof *r);
    buf_init(&r->url, URL_MAX_BYTES);
    buf_init(&r->headers, HEADERS_MAX_BYTES);
    buf_init(&r->body, BODY_MAX_BYTES);
    buf_init(&r->sender, 512);
    buf_init(&r->recipient, 512);
}

void gw_request_reset(struct gw_request *r)
{
    r->method[0] = '\0';
    r->mail = NULL;
    r->ca_file = NULL;
    buf_reset(&r->sender);
    buf_reset(&r->recipient);
    buf_reset(&r->url);
    buf_reset(&r->headers);
    buf_reset(&r->body);
}

void gw_request_fini(struct gw_request *r)
{
    buf_fini(&r->url);
    buf_fini(&r->headers);
    buf_fini(&r->body);
    buf_fini(&r->sender);
    buf_fini(&r->recipient);
    scratch_fini(r->scratch);
    r->scratch = NULL;
}
