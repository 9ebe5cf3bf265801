/*
 * policy: which policy judged, word by word. A version (digest of its file) is recorded once with
 * its rules as JSON, so that a verdict can be explained when the file has long changed. Callers:
 * intake_screen; campaign (clauses in texts, unconfirmed rules).
 */
#include <stdio.h>
#include "zhanchi/civil.h"
#include "zhanchi/json.h"
#include "zhanchi/policy_compare.h"
#include "zhanchi/store_list.h"
#include "internal.h"

#define RULE_MAX 65536

static const char sql_known[] = "SELECT id FROM policy WHERE name = ?1 AND version = ?2";
static const char sql_again[] = "UPDATE policy SET path = ?2, recorded_at = ?3 WHERE id = ?1";
static const char sql_add[] =
    "INSERT INTO policy (name, version, path, recorded_at) VALUES (?1, ?2, ?3, ?4)";
static const char sql_rule_add[] = "INSERT INTO policy_rule (policy_id, no, rule, source, clause, "
                                   "confirmed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char sql_find[] = "SELECT id, name, version, path FROM policy WHERE name = ?1 ORDER "
                               "BY recorded_at DESC, id DESC LIMIT 1";
static const char sql_by_id[] = "SELECT id, name, version, path FROM policy WHERE id = ?1";
static const char sql_clause[] =
    "SELECT source, clause, confirmed FROM policy_rule WHERE policy_id = ?1 AND no = ?2";

/* ---- in ---- */

static void json_day(struct json_w *w, const char *key, int32_t day)
{
    char text[11];
    if (day == CIVIL_NONE)
        return;
    json_w_key(w, key);
    json_w_str(w, civil_format(day, text));
}

static void json_amounts(struct json_w *w, const char *key, const int64_t amounts[POLICY_LEVELS])
{
    json_w_key(w, key);
    json_w_open(w, '[');
    for (int i = 0; i < POLICY_LEVELS; i++) {
        if (amounts[i] == POLICY_AMOUNT_NONE)
            json_w_null(w);
        else
            json_w_int(w, amounts[i]);
    }
    json_w_close(w, ']');
}

static void json_number(struct json_w *w, const char *key, int64_t v)
{
    json_w_key(w, key);
    json_w_int(w, v);
}

static void json_flag(struct json_w *w, const char *key, bool v)
{
    json_w_key(w, key);
    json_w_bool(w, v);
}

static void json_rule(struct buf *out, const struct policy_rule *r)
{
    struct json_w w;
    json_w_init(&w, out);
    json_w_open(&w, '{');
    json_w_key(&w, "id");
    json_w_str(&w, r->id);
    json_w_key(&w, "region");
    json_w_str(&w, r->region);
    json_w_key(&w, "basis");
    json_w_str(&w, policy_basis_name(r->basis));
    json_day(&w, "valid_from", r->valid_from);
    json_day(&w, "valid_to", r->valid_to);
    json_number(&w, "months_min", r->months_min);
    json_number(&w, "levels", r->levels);
    json_day(&w, "issued_from", r->issued_from);
    json_day(&w, "issued_to", r->issued_to);
    json_number(&w, "window_months", r->window_months);
    json_flag(&w, "last_day_included", r->last_day_included);
    json_amounts(&w, "amount_fen", r->amount_fen);
    json_amounts(&w, "shortage_fen", r->shortage_fen);
    json_flag(&w, "ceiling", r->ceiling);
    json_number(&w, "yearly_max", r->yearly_max);
    json_number(&w, "yearly_extra_shortage", r->yearly_extra_shortage);
    json_flag(&w, "once_per_level", r->once_per_level);
    json_w_key(&w, "higher_bars_lower");
    json_w_str(&w, policy_higher_name(r->higher_bars_lower));
    json_flag(&w, "benefit_included", r->benefit_included);
    json_w_key(&w, "excluded");
    json_w_open(&w, '[');
    for (char *const *x = r->excluded; x != NULL && *x != NULL; x++)
        json_w_str(&w, *x);
    json_w_close(&w, ']');
    json_w_close(&w, '}');
}

static int put_rules(struct store *s, const struct policy *p, int64_t id, struct err *e)
{
    struct buf json;
    struct stmt *add = stmt_open(s, sql_rule_add, e);
    if (!add)
        return -1;
    buf_init(&json, RULE_MAX);
    stmt_bind_int64(add, 1, id);
    int rc = 0;
    for (size_t i = 0; i < p->n_rules && rc == 0; i++) {
        const struct policy_rule *r = &p->rules[i];
        buf_reset(&json);
        json_rule(&json, r);
        stmt_bind_int64(add, 2, (int64_t)i);
        stmt_bind_text(add, 3, buf_cstr(&json));
        stmt_bind_text(add, 4, r->source ? r->source : "");
        stmt_bind_text(add, 5, r->clause ? r->clause : "");
        stmt_bind_int(add, 6, r->confirmed);
        rc = stmt_run(add, e);
    }
    stmt_close(add);
    buf_fini(&json);
    return rc;
}

static int find_version(struct store *s, const struct policy *p, int64_t *id, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_known, e);
    if (!q)
        return -1;
    stmt_bind_text(q, 1, p->name);
    stmt_bind_text(q, 2, p->version);
    int rc = stmt_step(q, e);
    if (rc == 1)
        *id = stmt_int64(q, 0);
    stmt_close(q);
    return rc;
}

static int add_version(struct store *s, const struct policy *p, const char *path, int64_t now_ms,
                       int64_t *id, struct err *e)
{
    struct stmt *add = stmt_open(s, sql_add, e);
    if (!add)
        return -1;
    stmt_bind_text(add, 1, p->name);
    stmt_bind_text(add, 2, p->version);
    stmt_bind_text(add, 3, path);
    stmt_bind_int64(add, 4, now_ms);
    int rc = stmt_run(add, e);
    stmt_close(add);
    if (rc)
        return -1;
    *id = stmt_last_id(s);
    return put_rules(s, p, *id, e);
}

static int seen_again(struct store *s, int64_t id, const char *path, int64_t now_ms, struct err *e)
{
    struct stmt *put = stmt_open(s, sql_again, e);
    if (!put)
        return -1;
    stmt_bind_int64(put, 1, id);
    stmt_bind_text(put, 2, path);
    stmt_bind_int64(put, 3, now_ms);
    return stmt_end(put, stmt_run(put, e));
}

int store_policy_put(struct store *s, const struct policy *p, const char *path, int64_t now_ms,
                     int64_t *id, struct err *e)
{
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    int rc = find_version(s, p, id, e);
    if (rc == 0)
        rc = add_version(s, p, path, now_ms, id, e);
    else if (rc == 1)
        rc = seen_again(s, *id, path, now_ms, e);
    return tx_leave(s, own, rc, e);
}

/* ---- out ---- */

static int take_policy(struct stmt *q, struct policy_info *out, struct err *e)
{
    int rc = stmt_step(q, e);
    if (rc == 1) {
        out->id = stmt_int64(q, 0);
        stmt_copy_text(q, 1, out->name, sizeof out->name);
        stmt_copy_text(q, 2, out->version, sizeof out->version);
        stmt_copy_text(q, 3, out->path, sizeof out->path);
    }
    stmt_close(q);
    return rc;
}

int store_policy_find(struct store *s, const char *name, struct policy_info *out, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_find, e);
    if (!q)
        return -1;
    stmt_bind_text(q, 1, name);
    return take_policy(q, out, e);
}

int store_policy_by_id(struct store *s, int64_t id, struct policy_info *out, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_by_id, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, id);
    return take_policy(q, out, e);
}

int store_policy_clause(struct store *s, int64_t policy_id, int rule_no, char *out, size_t cap,
                        bool *confirmed, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_clause, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, policy_id);
    stmt_bind_int(q, 2, rule_no);
    int rc = stmt_step(q, e);
    if (rc == 1) {
        const char *source = stmt_text(q, 0), *clause = stmt_text(q, 1);
        snprintf(out, cap, "%s%s%s", source, *source && *clause ? " " : "", clause);
        *confirmed = stmt_int(q, 2) == 1;
    }
    stmt_close(q);
    return rc;
}
