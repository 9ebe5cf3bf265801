/*
 * parts: see parts.h.
 *
 * A message is delivered when all its parts are, and undelivered as soon as one failed for good;
 * until then a delivered part proves that the gateway took the message. A part that failed may be
 * delivered later (its row says so then): when all are, the late success goes to the state table like
 * any other. So the order in which receipts come does not matter, and one that comes twice says
 * nothing new. Rows go when the message is delivered. Caller: sqlite_report.c.
 */
#include "parts.h"

static const char sql_note[] =
    "INSERT INTO receipt_part (attempt_id, part, parts, class) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT DO UPDATE SET parts = max(parts, excluded.parts),"
    " class = min(class, excluded.class) WHERE class > excluded.class OR parts < excluded.parts";
/* Class 1 is OK. */
static const char sql_complete[] = "SELECT count(*) FILTER (WHERE class = 1) >= max(parts)"
                                   " FROM receipt_part WHERE attempt_id = ?1";
static const char sql_drop[] = "DELETE FROM receipt_part WHERE attempt_id = ?1";

static int note(struct store *s, int64_t id, int part, int parts, enum msg_class class,
                struct err *e)
{
    struct stmt *st = stmt_open(s, sql_note, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, id);
    stmt_bind_int(st, 2, part);
    stmt_bind_int(st, 3, parts);
    stmt_bind_int(st, 4, (int)class);
    return stmt_end(st, stmt_run(st, e));
}

/* 1 all are delivered, 0 not yet. */
static int complete(struct store *s, int64_t id, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_complete, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, id);
    int rc = stmt_step(q, e);
    int yes = rc == 1 ? stmt_int(q, 0) : 0;
    stmt_close(q);
    return rc < 0 ? -1 : yes;
}

static int drop(struct store *s, int64_t id, struct err *e)
{
    struct stmt *st = stmt_open(s, sql_drop, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, id);
    return stmt_end(st, stmt_run(st, e));
}

int parts_input(struct store *s, const struct receipt_row *r, const struct message_row *m,
                enum msg_input *in, struct err *e)
{
    int parts = r->parts > r->part ? r->parts : r->part;
    int64_t id = attempt_id(r->message_id, r->attempt);

    *in = r->pending             ? IN_RECEIPT_PENDING
          : r->class == CLASS_OK ? IN_RECEIPT_DELIVERED
                                 : IN_RECEIPT_UNDELIVERED;
    if (r->pending || r->part == 0 || parts == 1 || m->state == MSG_DELIVERED)
        return 0;
    if (note(s, id, r->part, parts, r->class, e))
        return -1;
    if (r->class != CLASS_OK)
        return 0;
    int all = complete(s, id, e);
    if (all == 1)
        return drop(s, id, e);
    *in = IN_RECEIPT_PENDING;
    return all;
}
