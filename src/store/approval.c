/*
 * approval: payloads as bytes, and the signature over a wave.
 *
 * What an approver signs is one HMAC over every sealed payload in the order of message ids, and
 * over everything that decides when and how they go. The payloads are bound to message and wave by
 * their own seals, so dispatch need not read a million of them again: a payload that was changed,
 * moved or slipped in does not open; one that was deleted is not sent. What has no seal of its own
 * (window, gateway, approver ...) is in approval_sign and is compared each time.
 */
#include <string.h>
#include "zhanchi/crypt.h"
#include "zhanchi/store_approval.h"
#include "stmt.h"

#define PAYLOAD_PLAIN 1
#define PAYLOAD_ROUTED 2  /* two bytes more: gateway and carriers */
#define PAYLOAD_SUBJECT 3 /* these two, and a subject behind the other fields */
#define PAYLOAD_HTML 4    /* and an email's second body behind that */
#define FIELDS 7

/* How many of the fields a version has. */
static int fields_of(int version)
{
    return version == PAYLOAD_HTML ? FIELDS : version == PAYLOAD_SUBJECT ? FIELDS - 1 : FIELDS - 2;
}

static const char sql_list[] = "SELECT digest FROM list WHERE id = ?1";

/* ---- payloads ---- */

/* An SMS over the only gateway is the usual case, and the shortest form. */
static int version_of(const struct payload *p)
{
    if (p->html && p->html[0] != '\0')
        return PAYLOAD_HTML;
    if (p->subject && p->subject[0] != '\0')
        return PAYLOAD_SUBJECT;
    return p->route == 0 && (p->carriers | 1u) == 1u ? PAYLOAD_PLAIN : PAYLOAD_ROUTED;
}

int payload_pack(const struct payload *p, struct buf *out)
{
    const char *fields[FIELDS] = {p->phone,
                                  p->text,
                                  p->signature,
                                  p->carrier_template,
                                  p->carrier_variables,
                                  p->subject ? p->subject : "",
                                  p->html ? p->html : ""};
    int version = version_of(p);

    buf_addc(out, (char)version);
    if (version != PAYLOAD_PLAIN) {
        buf_addc(out, (char)p->route);
        buf_addc(out, (char)(unsigned char)p->carriers);
    }
    for (int i = 0; i < fields_of(version); i++)
        buf_add(out, fields[i], strlen(fields[i]) + 1);
    return out->failed ? -1 : 0;
}

int payload_unpack(const char *data, size_t len, struct payload *out, struct err *e)
{
    const char *fields[FIELDS] = {[FIELDS - 2] = "", [FIELDS - 1] = ""}, *p = data + 1,
               *end = data + len;
    int version = len >= 1 ? data[0] : 0;
    bool routed = len >= 3 && version >= PAYLOAD_ROUTED && version <= PAYLOAD_HTML;

    if (routed)
        p += 2;
    if (version != PAYLOAD_PLAIN && !routed)
        return err_set(e, ERR_DATA, "use the program that wrote it",
                       "a payload of another version");
    for (int i = 0; i < fields_of(version); i++) {
        const char *nul = p < end ? memchr(p, '\0', (size_t)(end - p)) : NULL;
        if (!nul)
            return err_set(e, ERR_DATA, NULL, "a payload is cut short");
        fields[i] = p;
        p = nul + 1;
    }
    if (p != end)
        return err_set(e, ERR_DATA, NULL, "a payload has something behind its end");
    *out = (struct payload){.phone = fields[0],
                            .text = fields[1],
                            .signature = fields[2],
                            .carrier_template = fields[3],
                            .carrier_variables = fields[4],
                            .subject = fields[5],
                            .html = fields[6],
                            .route = routed ? data[1] : 0,
                            .carriers = routed ? (unsigned char)data[2] : 1u};
    return 0;
}

bool payload_may_go(const struct payload *p, int route, bool failover)
{
    return route == p->route || (failover && (p->carriers & 1u << route) != 0);
}

/* ---- the signature ---- */

static void add_int(struct crypt_mac *m, int64_t v)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)v >> (8 * i));
    crypt_mac_add(m, bytes, sizeof bytes);
}

/* With its NUL: "ab","c" is not "a","bc". */
static void add_text(struct crypt_mac *m, const char *s)
{
    crypt_mac_add(m, s, strlen(s) + 1);
}

/* Campaigns of one gateway are signed as they always were, so that what was approved stays so. */
static bool routed(const struct campaign_info *c)
{
    return c->n_gateways > 1 || c->failover || c->routing[0] != '\0';
}

static void add_campaign(struct crypt_mac *m, const struct campaign_info *c)
{
    add_int(m, c->id);
    add_text(m, c->name);
    add_text(m, c->topic);
    add_text(m, c->gateway);
    add_int(m, c->list_id);
    add_int(m, c->policy_id);
    add_int(m, c->schedule.window_from);
    add_int(m, c->schedule.window_to);
    add_int(m, c->schedule.zone_min);
    add_int(m, c->schedule.not_before_ms);
    add_int(m, c->schedule.not_after_ms);
    add_int(m, c->holdout_permille);
    add_int(m, c->holdout_until);
    add_int(m, c->holdout_margin_days);
    add_int(m, (int64_t)c->seed);
    add_int(m, c->n_variants);
    for (int i = 0; i < c->n_variants; i++) {
        add_int(m, c->variants[i].template_id);
        add_int(m, c->variants[i].weight);
    }
    if (c->shared > SHARED_EACH) { /* as it always was where nobody chose */
        add_text(m, "shared");
        add_int(m, (int64_t)c->shared);
    }
    if (!routed(c))
        return;
    add_int(m, c->n_gateways);
    for (int i = 0; i < c->n_gateways; i++)
        add_text(m, c->gateways[i]);
    add_text(m, c->routing);
    add_int(m, c->failover);
}

static int add_payload(void *ctx, int64_t message_id, int64_t key_id, const void *blob, size_t len)
{
    struct crypt_mac *m = ctx;

    add_int(m, message_id);
    add_int(m, key_id);
    add_int(m, (int64_t)len);
    crypt_mac_add(m, blob, len);
    return 0;
}

/* Ready or removed: a list's digest never changes. */
static int add_list(struct store *s, struct crypt_mac *m, int64_t list_id, struct err *e)
{
    uint8_t digest[CRYPT_HASH_BYTES];
    struct stmt *q = stmt_open(s, sql_list, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    int rc = stmt_step(q, e);
    if (rc == 1)
        stmt_copy_blob(q, 0, digest, sizeof digest);
    stmt_close(q);
    if (rc == 0)
        return err_set(e, ERR_DATA, NULL, "the list of the wave is gone");
    if (rc == 1)
        crypt_mac_add(m, digest, sizeof digest);
    return rc < 0 ? -1 : 0;
}

void approval_gateways(const uint8_t (*digests)[32], int n, uint8_t out[32])
{
    struct crypt_digest *d;

    if (n == 1) {
        memcpy(out, digests[0], 32);
        return;
    }
    d = crypt_digest_new();
    for (int i = 0; i < n; i++)
        crypt_digest_add(d, digests[i], 32);
    crypt_digest_end(d, out);
    crypt_digest_free(d);
}

/* What an approver is told of it, and who made it: he decides by that, and may not be the maker. */
static void add_wave(struct crypt_mac *m, const struct wave_info *w)
{
    const int64_t counts[] = {w->members,  w->messages, w->suppressed,
                              w->segments, w->held_out, w->always};

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        add_int(m, counts[i]);
    add_text(m, w->submitted_by);
    add_int(m, w->submitted_at);
    add_text(m, w->allowed);
}

int approval_digest(struct store *s, struct keyring *k, const struct campaign_info *c,
                    const struct wave_info *w, const uint8_t gateway_digest[32], uint8_t out[32],
                    struct err *e)
{
    struct crypt_mac *m = keyring_approval_mac(k);

    crypt_mac_start(m);
    add_text(m, routed(c) ? "zhanchi wave 2" : "zhanchi wave 1");
    add_campaign(m, c);
    add_int(m, w->id);
    add_int(m, w->no);
    add_wave(m, w);
    crypt_mac_add(m, gateway_digest, 32);
    if (add_list(s, m, w->list_id, e) || store_payloads_each(s, w->id, add_payload, m, e))
        return -1;
    crypt_mac_end(m, out);
    return 0;
}

void approval_sign(struct keyring *k, const struct campaign_info *c, const struct wave_info *w,
                   uint8_t out[32])
{
    struct crypt_mac *m = keyring_approval_mac(k);

    crypt_mac_start(m);
    add_text(m, routed(c) ? "zhanchi approval 2" : "zhanchi approval 1");
    add_campaign(m, c);
    add_int(m, w->id);
    add_int(m, w->list_id);
    crypt_mac_add(m, w->digest, sizeof w->digest);
    crypt_mac_add(m, w->gateway_digest, sizeof w->gateway_digest);
    add_text(m, w->submitted_by);
    add_text(m, w->approved_by);
    add_int(m, w->approved_at);
    if (w->allowed[0] != '\0') /* as it always was where nothing is */
        add_text(m, w->allowed);
    crypt_mac_end(m, out);
}

int approval_check(struct keyring *k, const struct campaign_info *c, const struct wave_info *w,
                   const uint8_t gateway_digest[32], struct err *e)
{
    uint8_t expected[32];

    if (w->state != WAVE_APPROVED)
        return err_set(e, ERR_PERM, "have it approved", "campaign %s is not approved", c->name);
    if (!crypt_equal(gateway_digest, w->gateway_digest, 32))
        return err_set(
            e, ERR_PERM, "put the old profile back, or cancel and make the campaign anew",
            "campaign %s: the profile or URL of gateway %s%s is not the one that was approved",
            c->name, c->gateway, c->n_gateways > 1 ? " or of another one of it" : "");
    approval_sign(k, c, w, expected);
    if (!crypt_equal(expected, w->approval, 32))
        return err_set(e, ERR_PERM,
                       "find out who changed the database; cancel and make the campaign anew",
                       "campaign %s is not what was approved: nothing of it is sent", c->name);
    return 0;
}
