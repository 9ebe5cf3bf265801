/*
 * sqlite_ledger: what became of the persons of a list; no personal data, no key.
 *
 * One pass over the index (list, person), so that the rows of a person stand together and the
 * look-ups beside them (verdict, responses, member) go forwards, too. Whether a message was delivered is asked of the eligible
 * alone. Cells are summed here, because GROUP BY would sort all rows.
 * Caller: measure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/ordinal.h"
#include "covers.h"
#include "internal.h"
#include "sqlite.h"

static const char sql_rows[] =
    "SELECT r.person_id, r.id, coalesce(v.region, r.region), coalesce(r.employer_id, 0), v.outcome,"
    " v.reason, r.level > 0 OR r.issued_day IS NOT NULL OR r.occupation IS NOT NULL,"
    " (SELECT max(p.kind) FROM response p WHERE " RESPONSE_COVERS_ROW ")"
    " FROM list_row r LEFT JOIN verdict v ON v.policy_id = ?2 AND v.row_id = r.id"
    " WHERE r.list_id = ?1 AND r.current = 1 ORDER BY r.person_id, r.id";
static const char sql_reached[] =
    "SELECT 1 FROM member k CROSS JOIN message m ON m.member_id = k.id"
    " WHERE k.person_id = ?1 AND m.state = ?2 LIMIT 1";

/* What a person is; the greatest of the rows counts. */
enum standing { STANDING_NONE, STANDING_EXPIRED, STANDING_UNDETERMINED, STANDING_ELIGIBLE };

struct person_sum {
    int64_t id, row_id;
    enum standing standing;
    bool certified;
    int response; /* greatest kind, 0 none */
    char key[64]; /* of the row that counts */
};

struct ledger {
    struct store *store;
    enum ledger_by by;
    struct ordinals keys;
    struct ledger_cell *cells; /* by the number of their key */
    size_t n, cap;
};

static struct ledger_cell *cell_get(struct ledger *l, const struct person_sum *p)
{
    size_t i = ordinal_of(&l->keys, p->key, NULL);
    if (i < l->n)
        return &l->cells[i];
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 64;
        l->cells = reallocarray(l->cells, l->cap, sizeof *l->cells);
        if (!l->cells)
            panic("out of memory");
    }
    struct ledger_cell *c = &l->cells[l->n++];
    *c = (struct ledger_cell){.row_id = p->row_id};
    memcpy(c->key, p->key, sizeof c->key);
    return c;
}

static int count_eligible(struct ledger *l, const struct person_sum *p, struct ledger_cell *c,
                          struct err *e)
{
    struct stmt *q = stmt_open(l->store, sql_reached, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, p->id);
    stmt_bind_int(q, 2, MSG_DELIVERED);
    int rc = stmt_step(q, e);
    c->eligible++;
    c->reached += rc == 1;
    c->claimed += p->response >= RESPONSE_CLAIMED;
    c->paid += p->response >= RESPONSE_PAID;
    return stmt_end(q, rc);
}

static int count_person(struct ledger *l, const struct person_sum *p, struct err *e)
{
    if (p->id == 0)
        return 0;
    struct ledger_cell *c = cell_get(l, p);
    c->persons++;
    c->certified += p->certified;
    c->undetermined += p->standing == STANDING_UNDETERMINED;
    c->expired += p->standing == STANDING_EXPIRED;
    return p->standing == STANDING_ELIGIBLE ? count_eligible(l, p, c, e) : 0;
}

static enum standing standing_of(struct stmt *q)
{
    if (stmt_int(q, 7) > 0)
        return STANDING_ELIGIBLE;
    if (stmt_null(q, 4))
        return STANDING_UNDETERMINED;
    switch ((enum verdict_outcome)stmt_int(q, 4)) {
    case VERDICT_ELIGIBLE:
        return STANDING_ELIGIBLE;
    case VERDICT_UNDETERMINED:
        return STANDING_UNDETERMINED;
    default:
        return stmt_int(q, 5) == VERDICT_EXPIRED ? STANDING_EXPIRED : STANDING_NONE;
    }
}

static void take_key(const struct ledger *l, struct stmt *q, char key[64])
{
    key[0] = '\0';
    if (l->by == LEDGER_REGION)
        stmt_copy_text(q, 2, key, 64);
    else if (l->by == LEDGER_EMPLOYER && stmt_int64(q, 3) != 0)
        snprintf(key, 64, "%lld", (long long)stmt_int64(q, 3));
}

static void add_row(const struct ledger *l, struct stmt *q, struct person_sum *p)
{
    enum standing standing = standing_of(q);
    bool first = p->id == 0;
    p->id = stmt_int64(q, 0);
    p->certified |= stmt_int(q, 6) != 0;
    if (stmt_int(q, 7) > p->response)
        p->response = stmt_int(q, 7);
    if (!first && standing <= p->standing)
        return;
    p->standing = standing;
    p->row_id = stmt_int64(q, 1);
    take_key(l, q, p->key);
}

static int gather(struct ledger *l, struct stmt *q, struct err *e)
{
    struct person_sum p = {.id = 0};
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        if (stmt_int64(q, 0) != p.id) {
            if (count_person(l, &p, e))
                return -1;
            p = (struct person_sum){.id = 0};
        }
        add_row(l, q, &p);
    }
    return rc < 0 ? -1 : count_person(l, &p, e);
}

int sqlite_ledger(struct store *s, int64_t list_id, int64_t policy_id, enum ledger_by by,
                  ledger_each each, void *ctx, struct err *e)
{
    struct ledger l = {.store = s, .by = by};
    struct stmt *q = stmt_open(s, sql_rows, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    stmt_bind_int64(q, 2, policy_id);
    int rc = gather(&l, q, e);
    for (size_t i = 0; i < l.n && rc == 0; i++)
        rc = each(ctx, &l.cells[i]);
    ordinal_fini(&l.keys);
    free(l.cells);
    return stmt_end(q, rc);
}
