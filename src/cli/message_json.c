/*
 * message_json: `zhanchi message show --json`: one object, its attempts inside it. Numbers are masked
 * as in the text for people; the text of a message stands there only where --text asks for it.
 */
#include <string.h>
#include "zhanchi/buf.h"
#include "zhanchi/civil.h"
#include "zhanchi/crypt.h"
#include "zhanchi/json.h"
#include "zhanchi/mask.h"
#include "zhanchi/store_approval.h"
#include "zhanchi/utf8.h"
#include "messages.h"

struct writing {
    struct cli *c;
    struct buf out;
    struct json_w w;
    bool text;
};

static void put_text(struct json_w *w, const char *key, const char *s)
{
    json_w_key(w, key);
    json_w_str(w, s);
}

static void put_int(struct json_w *w, const char *key, int64_t v)
{
    json_w_key(w, key);
    json_w_int(w, v);
}

static void put_when(struct writing *x, const char *key, int64_t at_ms)
{
    char when[32];

    json_w_key(&x->w, key);
    if (at_ms != 0)
        json_w_str(&x->w, civil_format_instant(at_ms, x->c->zone_min, when));
    else
        json_w_null(&x->w);
}

static void payload(struct writing *x, const struct message_info *m)
{
    struct err why = {0};
    struct payload p;
    struct buf plain;
    char masked[MASK_MAX];

    buf_init(&plain, PAYLOAD_MAX_BYTES);
    if (m->payload != NULL &&
        keyring_unseal(x->c->keyring, m->key_id, SEAL_PAYLOAD, m->id, m->wave_id, m->payload,
                       m->payload_len, &plain, &why) == 0 &&
        payload_unpack(plain.data, plain.len, &p, &why) == 0) {
        mask_address(p.phone, strlen(p.phone), masked);
        put_text(&x->w, "to", masked);
        put_int(&x->w, "characters", (int64_t)utf8_count(p.text, strlen(p.text)));
        if (x->text && p.subject[0] != '\0')
            put_text(&x->w, "subject", p.subject);
        if (x->text)
            put_text(&x->w, "text", p.text);
        if (x->text && p.html[0] != '\0')
            put_text(&x->w, "html", p.html);
    } else if (m->payload != NULL) {
        put_text(&x->w, "fault", why.what);
    }
    buf_fini(&plain);
}

static int on_message(void *ctx, const struct message_info *m)
{
    struct writing *x = ctx;
    char pseudonym[17];

    crypt_hex(m->pseudonym, 8, pseudonym);
    put_int(&x->w, "id", m->id);
    put_text(&x->w, "pseudonym", pseudonym);
    put_text(&x->w, "state", message_state_name(m->state));
    put_text(&x->w, "cause", m->cause != CAUSE_NONE ? message_cause_name(m->cause) : "");
    put_text(&x->w, "arm", message_arms[m->arm]);
    put_int(&x->w, "variant", m->variant + 1);
    put_text(&x->w, "region", m->region);
    put_int(&x->w, "level", m->level);
    put_int(&x->w, "segments", m->segments);
    put_when(x, "due", m->due_ms);
    payload(x, m);
    return 0;
}

static int on_attempt(void *ctx, const struct attempt_info *a)
{
    struct writing *x = ctx;

    json_w_open(&x->w, '{');
    put_int(&x->w, "attempt", a->no);
    put_when(x, "claimed", a->claimed_at);
    put_when(x, "handed", a->handed_at);
    put_when(x, "settled", a->settled_at);
    put_text(&x->w, "class", a->class != 0 ? message_class_name((enum msg_class)a->class) : "");
    put_text(&x->w, "code", a->code);
    put_text(&x->w, "provider_id", a->provider_id);
    put_text(&x->w, "gateway", a->gateway);
    json_w_close(&x->w, '}');
    return 0;
}

int messages_show_json(struct cli *c, int64_t id, bool text, struct err *e)
{
    struct writing x = {.c = c, .text = text};

    buf_init(&x.out, 1 << 20);
    json_w_init(&x.w, &x.out);
    json_w_open(&x.w, '{');
    int rc = store_message_get(c->store, id, on_message, &x, e);
    if (rc == 0)
        rc = err_set(e, ERR_NOINPUT, _("see `zhanchi message ls C`"), _("there is no message %lld"),
                     (long long)id);
    if (rc > 0) {
        json_w_key(&x.w, "attempts");
        json_w_open(&x.w, '[');
        rc = store_attempts_each(c->store, id, on_attempt, &x, e);
        json_w_close(&x.w, ']');
    }
    json_w_close(&x.w, '}');
    if (rc == 0)
        puts(buf_cstr(&x.out));
    buf_fini(&x.out);
    return rc < 0 ? -1 : 0;
}
