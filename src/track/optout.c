/*
 * optout: a refusal by number, from staff or from a list of refusals.
 *
 * The number goes in folded and checked; what is stored is its keyed hash and its sealed text. Called by the optout commands.
 */
#include <string.h>
#include "zhanchi/store.h"
#include "zhanchi/store_people.h"
#include "zhanchi/track.h"

static int seal_number(struct keyring *k, const char *number, struct optout_info *o,
                       struct buf *blob, struct err *e)
{
    o->key_id = keyring_id(k, KEY_OPTOUT);
    if (keyring_seal(k, o->key_id, SEAL_OPTOUT, o->id, 0, number, strlen(number), blob, e) != 0)
        return -1;
    o->sealed = buf_cstr(blob);
    o->sealed_len = blob->len;
    return 0;
}

int track_optout_add(struct store *s, struct keyring *k, const char *phone, const char *topic,
                     int origin, const char *actor, int64_t now_ms, int64_t *suppressed,
                     struct err *e)
{
    struct optout_info o = {.at_ms = now_ms, .origin = (enum optout_origin)origin};
    struct track_address to;
    struct buf blob;

    if (!track_address(k, phone, &to))
        return err_set(e, ERR_DATA, "write one mobile number or mail address a line",
                       to.email ? "this is no mail address (%s)" : "this is no mobile number (%s)",
                       to.reason);
    if (strlen(topic) >= sizeof o.topic)
        return err_set(e, ERR_USAGE, NULL, "a topic has at most %zu bytes", sizeof o.topic - 1);
    memcpy(o.topic, topic, strlen(topic));
    memcpy(o.actor, actor, strnlen(actor, sizeof o.actor - 1));
    buf_init(&blob, 512);
    int rc = store_reserve_optouts(s, 1, &o.id, e);
    if (rc == 0)
        rc = seal_number(k, to.text, &o, &blob, e);
    if (rc == 0)
        rc = store_optout_add(s, to.hash, &o, suppressed, e);
    buf_fini(&blob);
    return rc;
}
