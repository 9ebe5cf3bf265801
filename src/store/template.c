/*
 * template: texts with their metadata. A version never changes: whatever a sent text depended on
 * stands in it. The digest over body and metadata tells whether a text is there already. Callers:
 * the template and campaign commands, campaign.
 */
#include <string.h>
#include "zhanchi/crypt.h"
#include "zhanchi/store_list.h"
#include "internal.h"

#define TEMPLATE_COLUMNS                                                                           \
    "id, name, version, topic, channel, signature, language, carrier_template, kind, created_at, " \
    "created_by, columns, body, subject, carrier_variables, partials, html, carrier_text"

static const char sql_known[] =
    "SELECT id, version, created_at, created_by FROM template WHERE name = ?1 AND digest = ?2";
static const char sql_add[] =
    "INSERT INTO template (name, version, digest, kind, channel, topic, "
    "signature, language, carrier_template, columns,"
    " body, created_at, created_by, subject, carrier_variables, partials, html, carrier_text)"
    " VALUES (?1, (SELECT coalesce(max(version), 0) + 1 FROM template "
    "WHERE name = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
    " ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) RETURNING id, version";
static const char sql_find[] =
    "SELECT " TEMPLATE_COLUMNS " FROM template WHERE name = ?1 ORDER BY version DESC LIMIT 1";
static const char sql_by_id[] = "SELECT " TEMPLATE_COLUMNS " FROM template WHERE id = ?1";
static const char sql_each[] = "SELECT " TEMPLATE_COLUMNS " FROM template ORDER BY name, version";

static void digest_text(struct crypt_digest *d, const char *text)
{
    crypt_digest_add(d, text, strlen(text) + 1); /* the NUL keeps neighbours apart */
}

/* With its name, so that one member's text is never taken for another's. */
static void digest_marked(struct crypt_digest *d, const char *name, const char *text)
{
    digest_text(d, name);
    digest_text(d, text);
}

static void digest_of(const struct template_info *t, uint8_t out[CRYPT_HASH_BYTES])
{
    struct crypt_digest *d = crypt_digest_new();
    uint8_t kind = (uint8_t)t->kind;
    crypt_digest_add(d, &kind, 1);
    digest_text(d, t->topic);
    digest_text(d, t->channel);
    digest_text(d, t->signature);
    digest_text(d, t->language);
    digest_text(d, t->carrier_template);
    digest_text(d, t->columns);
    digest_text(d, t->body);
    /* The digests of texts that were there before these stay. */
    if (t->subject[0] != '\0')
        digest_text(d, t->subject);
    if (t->carrier_variables[0] != '\0')
        digest_marked(d, "carrier_variables", t->carrier_variables);
    if (t->partials[0] != '\0')
        digest_marked(d, "partials", t->partials);
    if (t->html[0] != '\0')
        digest_marked(d, "html", t->html);
    if (t->carrier_text[0] != '\0')
        digest_marked(d, "carrier_text", t->carrier_text);
    crypt_digest_end(d, out);
    crypt_digest_free(d);
}

static int find_same(struct store *s, struct template_info *t, const uint8_t *digest, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_known, e);
    if (!q)
        return -1;
    stmt_bind_text(q, 1, t->name);
    stmt_bind_blob(q, 2, digest, CRYPT_HASH_BYTES);
    int rc = stmt_step(q, e);
    if (rc == 1) {
        t->id = stmt_int64(q, 0);
        t->version = stmt_int(q, 1);
        t->created_at = stmt_int64(q, 2);
        stmt_copy_text(q, 3, t->created_by, sizeof t->created_by);
    }
    stmt_close(q);
    return rc;
}

static int add_version(struct store *s, struct template_info *t, const uint8_t *digest,
                       struct err *e)
{
    struct stmt *add = stmt_open(s, sql_add, e);
    if (!add)
        return -1;
    stmt_bind_text(add, 1, t->name);
    stmt_bind_blob(add, 2, digest, CRYPT_HASH_BYTES);
    stmt_bind_int(add, 3, t->kind);
    stmt_bind_text(add, 4, t->channel);
    stmt_bind_text(add, 5, t->topic);
    stmt_bind_text(add, 6, t->signature);
    stmt_bind_text(add, 7, t->language);
    stmt_bind_text(add, 8, t->carrier_template);
    stmt_bind_text(add, 9, t->columns);
    stmt_bind_text(add, 10, t->body);
    stmt_bind_int64(add, 11, t->created_at);
    stmt_bind_text(add, 12, t->created_by);
    stmt_bind_text(add, 13, t->subject);
    stmt_bind_text(add, 14, t->carrier_variables);
    stmt_bind_text(add, 15, t->partials);
    stmt_bind_text(add, 16, t->html);
    stmt_bind_text(add, 17, t->carrier_text);
    int rc = stmt_step(add, e);
    if (rc == 1) {
        t->id = stmt_int64(add, 0);
        t->version = stmt_int(add, 1);
        rc = stmt_step(add, e);
    }
    return stmt_end(add, rc);
}

int store_template_put(struct store *s, struct template_info *t, struct err *e)
{
    uint8_t digest[CRYPT_HASH_BYTES];
    digest_of(t, digest);
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    int rc = find_same(s, t, digest, e);
    if (rc == 0)
        rc = add_version(s, t, digest, e);
    return tx_leave(s, own, rc < 0 ? -1 : 0, e);
}

static void read_template(struct stmt *q, struct template_info *out)
{
    out->id = stmt_int64(q, 0);
    stmt_copy_text(q, 1, out->name, sizeof out->name);
    out->version = stmt_int(q, 2);
    stmt_copy_text(q, 3, out->topic, sizeof out->topic);
    stmt_copy_text(q, 4, out->channel, sizeof out->channel);
    stmt_copy_text(q, 5, out->signature, sizeof out->signature);
    stmt_copy_text(q, 6, out->language, sizeof out->language);
    stmt_copy_text(q, 7, out->carrier_template, sizeof out->carrier_template);
    out->kind = stmt_int(q, 8);
    out->created_at = stmt_int64(q, 9);
    stmt_copy_text(q, 10, out->created_by, sizeof out->created_by);
    stmt_copy_text(q, 11, out->columns, sizeof out->columns);
    stmt_copy_text(q, 12, out->body, sizeof out->body);
    stmt_copy_text(q, 13, out->subject, sizeof out->subject);
    stmt_copy_text(q, 14, out->carrier_variables, sizeof out->carrier_variables);
    stmt_copy_text(q, 15, out->partials, sizeof out->partials);
    stmt_copy_text(q, 16, out->html, sizeof out->html);
    stmt_copy_text(q, 17, out->carrier_text, sizeof out->carrier_text);
}

static int take_template(struct stmt *q, struct template_info *out, struct err *e)
{
    int rc = stmt_step(q, e);
    if (rc == 1)
        read_template(q, out);
    stmt_close(q);
    return rc;
}

int store_template_find(struct store *s, const char *name, struct template_info *out, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_find, e);
    if (!q)
        return -1;
    stmt_bind_text(q, 1, name);
    return take_template(q, out, e);
}

int store_template_by_id(struct store *s, int64_t id, struct template_info *out, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_by_id, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, id);
    return take_template(q, out, e);
}

int store_template_each(struct store *s, int (*each)(void *ctx, const struct template_info *t),
                        void *ctx, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_each, e);
    if (!q)
        return -1;
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct template_info t;
        read_template(q, &t);
        if ((rc = each(ctx, &t)) != 0)
            break;
    }
    return stmt_end(q, rc);
}
