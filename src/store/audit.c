/*
 * audit: the chain of acts. Each record's MAC covers the MAC before it, so that a change, a gap or
 * another order shows at the first record that does not fit. What a chain cannot show by itself is
 * that its tail was cut off: the head goes to the log at every act, and is compared with the log.
 *
 * The fields go into the MAC with their lengths, so that nothing can be moved from one field to the
 * next.
 * Callers: every command that changes something; audit ls and verify.
 */
#include <string.h>
#include "zhanchi/crypt.h"
#include "zhanchi/store_audit.h"
#include "internal.h"
#include "keyfile.h"

#define KIND "zhanchi-audit-key"

static const char sql_head[] = "SELECT id, mac FROM audit ORDER BY id DESC LIMIT 1";
static const char sql_add[] = "INSERT INTO audit (id, at, actor, act, object, detail, mac) VALUES "
                              "(?1, ?2, ?3, ?4, ?5, ?6, ?7)";
static const char sql_each[] =
    "SELECT id, at, actor, act, object, detail, mac FROM audit ORDER BY id";

int audit_create_key(const char *path, struct err *e)
{
    struct keyfile f;
    keyfile_random(KIND, &f);
    int rc = keyfile_write(
        path, KIND, "Zhanchi: the key of the audit trail. An auditor needs it to verify the trail.",
        &f, e);
    crypt_wipe(&f, sizeof f);
    return rc;
}

/* ---- the chain ---- */

static void mac_number(struct crypt_mac *m, int64_t v)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)v >> (8 * i));
    crypt_mac_add(m, bytes, sizeof bytes);
}

static void mac_text(struct crypt_mac *m, const char *text)
{
    size_t len = strlen(text);
    mac_number(m, (int64_t)len);
    crypt_mac_add(m, text, len);
}

static void mac_row(struct crypt_mac *m, const uint8_t before[32], const struct audit_row *r,
                    uint8_t out[32])
{
    crypt_mac_start(m);
    crypt_mac_add(m, before, 32);
    mac_number(m, r->id);
    mac_number(m, r->at_ms);
    mac_text(m, r->actor);
    mac_text(m, r->act);
    mac_text(m, r->object);
    mac_text(m, r->detail);
    crypt_mac_end(m, out);
}

static struct crypt_mac *open_mac(const char *key_path, struct err *e)
{
    struct keyfile f;
    if (keyfile_read(key_path, KIND, &f, e))
        return NULL;
    struct crypt_mac *m = crypt_mac_new(f.key, sizeof f.key);
    crypt_wipe(&f, sizeof f);
    return m;
}

int audit_check_key(const char *path, struct err *e)
{
    struct crypt_mac *m = open_mac(path, e);
    crypt_mac_free(m);
    return m ? 0 : -1;
}

/* ---- write ---- */

static void copy(char *out, size_t cap, const char *text)
{
    size_t n = strnlen(text, cap - 1);
    while (text[n] && n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--; /* not in the middle of a character */
    memcpy(out, text, n);
    out[n] = '\0';
}

/* The record before the next one: its number and MAC; 0 and zeros at the beginning. */
static int read_head(struct store *s, int64_t *id, uint8_t mac[32], struct err *e)
{
    struct stmt *q = stmt_open(s, sql_head, e);
    if (!q)
        return -1;
    int rc = stmt_step(q, e);
    *id = rc == 1 ? stmt_int64(q, 0) : 0;
    memset(mac, 0, 32);
    if (rc == 1)
        stmt_copy_blob(q, 1, mac, 32);
    return stmt_end(q, rc);
}

static int insert_row(struct store *s, const struct audit_row *r, struct err *e)
{
    struct stmt *add = stmt_open(s, sql_add, e);
    if (!add)
        return -1;
    stmt_bind_int64(add, 1, r->id);
    stmt_bind_int64(add, 2, r->at_ms);
    stmt_bind_text(add, 3, r->actor);
    stmt_bind_text(add, 4, r->act);
    stmt_bind_text(add, 5, r->object);
    stmt_bind_text(add, 6, r->detail);
    stmt_bind_blob(add, 7, r->mac, sizeof r->mac);
    return stmt_end(add, stmt_run(add, e));
}

static int append(struct store *s, struct crypt_mac *m, struct audit_row *r, struct err *e)
{
    uint8_t before[32];
    if (read_head(s, &r->id, before, e))
        return -1;
    r->id++;
    mac_row(m, before, r, r->mac);
    return insert_row(s, r, e);
}

int store_audit(struct store *s, const char *key_path, int64_t at_ms, const char *actor,
                const char *act, const char *object, const char *detail, char head[65],
                struct err *e)
{
    struct audit_row r = {.at_ms = at_ms};
    copy(r.actor, sizeof r.actor, actor);
    copy(r.act, sizeof r.act, act);
    copy(r.object, sizeof r.object, object);
    copy(r.detail, sizeof r.detail, detail);
    struct crypt_mac *m = open_mac(key_path, e);
    if (!m)
        return -1;
    bool own;
    int rc = tx_enter(s, &own, e);
    if (rc == 0)
        rc = tx_leave(s, own, append(s, m, &r, e), e);
    crypt_mac_free(m);
    if (rc == 0)
        crypt_hex(r.mac, sizeof r.mac, head);
    return rc;
}

/* ---- read ---- */

static void read_row(struct stmt *q, struct audit_row *out)
{
    out->id = stmt_int64(q, 0);
    out->at_ms = stmt_int64(q, 1);
    stmt_copy_text(q, 2, out->actor, sizeof out->actor);
    stmt_copy_text(q, 3, out->act, sizeof out->act);
    stmt_copy_text(q, 4, out->object, sizeof out->object);
    stmt_copy_text(q, 5, out->detail, sizeof out->detail);
    stmt_copy_blob(q, 6, out->mac, sizeof out->mac);
}

int store_audit_each(struct store *s, int (*each)(void *ctx, const struct audit_row *r), void *ctx,
                     struct err *e)
{
    struct stmt *q = stmt_open(s, sql_each, e);
    if (!q)
        return -1;
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct audit_row r;
        read_row(q, &r);
        if ((rc = each(ctx, &r)) != 0)
            break;
    }
    return stmt_end(q, rc);
}

struct verification {
    struct crypt_mac *mac;
    uint8_t before[32];
    int64_t count;
    struct err *e;
};

static int verify_row(void *ctx, const struct audit_row *r)
{
    static const char remedy[] =
        "compare with the heads in the log and with backups, and find out who changed the trail";
    struct verification *v = ctx;
    uint8_t mac[32];
    if (r->id != v->count + 1)
        return err_set(v->e, ERR_DATA, remedy, "audit record %lld is missing (after it comes %lld)",
                       (long long)v->count + 1, (long long)r->id);
    mac_row(v->mac, v->before, r, mac);
    if (!crypt_equal(mac, r->mac, sizeof mac))
        return err_set(v->e, ERR_DATA, remedy,
                       "audit record %lld was changed, or does not follow the one before it",
                       (long long)r->id);
    memcpy(v->before, mac, sizeof v->before);
    v->count++;
    return 0;
}

int store_audit_verify(struct store *s, const char *key_path, int64_t *count, char head[65],
                       struct err *e)
{
    struct verification v = {.e = e};
    v.mac = open_mac(key_path, e);
    if (!v.mac)
        return -1;
    int rc = store_audit_each(s, verify_row, &v, e);
    crypt_mac_free(v.mac);
    if (rc == 0) {
        *count = v.count;
        crypt_hex(v.before, sizeof v.before, head);
    }
    return rc;
}
