/*
 * message: single messages and their attempts, for people to look at.
 */
#include <string.h>
#include "internal.h"

#define MESSAGE_COLUMNS                                                                            \
    "m.id, m.campaign_id, k.wave_id, m.member_id, m.address_id, m.state, m.cause, m.due_at,"       \
    " m.attempts, m.segments, k.variant, k.arm, k.region, k.level, k.pseudonym,"                   \
    " coalesce(p.key_id, 0), p.blob, m.route"
#define MESSAGE_TABLES                                                                             \
    " CROSS JOIN member k ON k.id = m.member_id LEFT JOIN payload p ON p.message_id = m.id"

/* By waves: their messages are neighbours. */
static const char sql_each[] =
    "SELECT " MESSAGE_COLUMNS " FROM wave w CROSS JOIN message m"
    " ON m.id BETWEEN w.message_from AND w.message_to AND m.campaign_id = "
    "w.campaign_id" MESSAGE_TABLES " WHERE w.campaign_id = ?1 AND w.state > 0"
    " AND (?2 = 0 OR m.state = ?2) AND (?3 IS NULL OR k.region = ?3) ORDER BY w.no, m.id";
/* What is open, by its index. */
static const char sql_open[] =
    "SELECT " MESSAGE_COLUMNS " FROM message m INDEXED BY message_open" MESSAGE_TABLES
    " CROSS JOIN wave w ON w.id = k.wave_id WHERE m.campaign_id = ?1 AND w.state > 0"
    " AND m.state = ?2 AND m.due_at IS NOT NULL AND (?3 IS NULL OR k.region = ?3)"
    " ORDER BY m.due_at, m.id";
static const char sql_one[] =
    "SELECT " MESSAGE_COLUMNS " FROM message m" MESSAGE_TABLES " WHERE m.id = ?1";
static const char sql_attempts[] =
    "SELECT a.no, a.epoch, a.claimed_at, coalesce(o.handed_at, 0), coalesce(o.settled_at, 0),"
    " coalesce(o.class, 0), o.code, o.provider_id, g.name FROM attempt a"
    " LEFT JOIN outcome o ON o.id = a.id LEFT JOIN gateway g ON g.id = a.gateway_id"
    " WHERE a.id BETWEEN ?1 AND ?2 ORDER BY a.id";

static void read_message(struct stmt *q, struct message_info *m)
{
    *m = (struct message_info){.id = stmt_int64(q, 0),
                               .campaign_id = stmt_int64(q, 1),
                               .wave_id = stmt_int64(q, 2),
                               .member_id = stmt_int64(q, 3),
                               .address_id = stmt_int64(q, 4),
                               .state = (enum msg_state)stmt_int(q, 5),
                               .cause = (enum msg_cause)stmt_int(q, 6),
                               .due_ms = stmt_int64(q, 7),
                               .attempts = stmt_int(q, 8),
                               .segments = stmt_int(q, 9),
                               .variant = stmt_int(q, 10),
                               .arm = (enum member_arm)stmt_int(q, 11),
                               .level = stmt_int(q, 13),
                               .key_id = stmt_int64(q, 15),
                               .route = stmt_int(q, 17)};
    stmt_copy_text(q, 12, m->region, sizeof m->region);
    stmt_copy_blob(q, 14, m->pseudonym, sizeof m->pseudonym);
    m->payload = stmt_blob(q, 16, &m->payload_len);
}

int store_messages_each(struct store *s, int64_t campaign_id, int state, const char *region,
                        int (*each)(void *ctx, const struct message_info *m), void *ctx,
                        struct err *e)
{
    bool open = state == MSG_PLANNED || state == MSG_QUEUED || state == MSG_UNKNOWN;
    struct stmt *q = stmt_open(s, open ? sql_open : sql_each, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, campaign_id);
    stmt_bind_int(q, 2, state);
    stmt_bind_text(q, 3, region);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct message_info m;
        read_message(q, &m);
        if ((rc = each(ctx, &m)) != 0)
            break;
    }
    return stmt_end(q, rc);
}

int store_message_get(struct store *s, int64_t id,
                      int (*each)(void *ctx, const struct message_info *m), void *ctx,
                      struct err *e)
{
    struct stmt *q = stmt_open(s, sql_one, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, id);
    int rc = stmt_step(q, e);
    if (rc == 1) {
        struct message_info m;
        read_message(q, &m);
        if (each(ctx, &m) < 0)
            rc = -1;
    }
    stmt_close(q);
    return rc;
}

int store_attempts_each(struct store *s, int64_t message_id,
                        int (*each)(void *ctx, const struct attempt_info *a), void *ctx,
                        struct err *e)
{
    struct stmt *q = stmt_open(s, sql_attempts, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, attempt_id(message_id, 1));
    stmt_bind_int64(q, 2, attempt_id(message_id, ATTEMPTS_MAX));
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct attempt_info a = {.no = stmt_int(q, 0),
                                 .epoch = (uint32_t)stmt_int64(q, 1),
                                 .claimed_at = stmt_int64(q, 2),
                                 .handed_at = stmt_int64(q, 3),
                                 .settled_at = stmt_int64(q, 4),
                                 .class = stmt_int(q, 5)};
        stmt_copy_text(q, 6, a.code, sizeof a.code);
        stmt_copy_text(q, 7, a.provider_id, sizeof a.provider_id);
        stmt_copy_text(q, 8, a.gateway, sizeof a.gateway);
        if ((rc = each(ctx, &a)) != 0)
            break;
    }
    return stmt_end(q, rc);
}
