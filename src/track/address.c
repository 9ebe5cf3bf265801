/*
 * address: what somebody wrote as a number or a mail address -> its canonical form and its keyed hash.
 *
 * The two kinds are hashed apart (HASH_ADDRESS_SMS, HASH_ADDRESS_EMAIL): a refusal of one says nothing about the other. Called by
 * optout.c, apply.c and the commands.
 */
#include <string.h>
#include "zhanchi/phone.h"
#include "zhanchi/track.h"

bool track_address(struct keyring *k, const char *text, struct track_address *out)
{
    struct phone p;
    struct email m;

    memset(out, 0, sizeof *out);
    /* U+FF20 is the full-width @. */
    if (strchr(text, '@') != NULL || strstr(text, "\xEF\xBC\xA0") != NULL) {
        bool good = email_parse(text, strlen(text), &m);
        out->email = true;
        out->reason = email_reason_name(m.reason);
        memcpy(out->text, m.address, sizeof m.address);
        if (good)
            keyring_hash(k, HASH_ADDRESS_EMAIL, m.key, strlen(m.key), out->hash);
        return good;
    }
    bool good = phone_parse(text, strlen(text), &p);
    out->reason = phone_reason_name(p.reason);
    memcpy(out->text, p.number, sizeof p.number);
    if (good)
        keyring_hash(k, HASH_ADDRESS_SMS, p.number, strlen(p.number), out->hash);
    return good;
}
