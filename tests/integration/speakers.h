/*
 * speakers: clients of the providers, written from the formulae of the signing vectors for these tests alone; nothing of src/gateway is in them.
 */
#ifndef ZHANCHI_TESTS_SPEAKERS_H
#define ZHANCHI_TESTS_SPEAKERS_H

#include <stdint.h>
#include "far.h"

#define APP "sandbox" /* what the sandbox lets in by default, name and secret */

struct letter {
    const char *numbers; /* comma list */
    const char *text, *ref;
    const char *callback; /* NULL: the usual one, where a request may name one; "": none */
    bool forged;          /* with a wrong secret */
    int64_t skew_ms;      /* of the time stamp */
    const char *nonce;    /* NULL: a new one */
};

struct failure { /* of one fate */
    const char *args, *numbers, *text;
    const char *answer,
        *receipt; /* what must be in the answer, and in the receipt if it comes later */
};

struct speaker {
    const char *profile;
    void (*say)(const struct letter *l, struct far_answer *out);
    const char *good, *forged; /* in the answers */
    const char *ack;           /* of the office */
    const char *id;            /* in front of the id in an answer */
    bool whole, clock, nonce, no_ref;
    const char *receipt[16], *reply[12]; /* names that callbacks must have */
    const char *delivered;               /* in a receipt */
    struct failure failures[12];         /* ended by NULL */
};

extern const struct speaker speakers[];
extern const int n_speakers;
const struct speaker *speaker_find(const char *profile);

/* Other operations, signed. query: names sorted, values encoded. */
void speak_aliyun(const char *action, const char *query, const char *body, struct far_answer *out);
void speak_tencent(const char *action, const char *body, struct far_answer *out);

/* ---- tools ---- */

/* A text that lives until the test ends. */
char *text_of(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *percent(const char *s);
char *md5_hex(const char *s);
char *sha256_hex(const char *s);
char *hmac_sha256_hex(const char *key, const char *s);
char *hmac_sha1_base64(const char *key, const char *s);
char *base64_of(const void *data, size_t len);
char *time_text(int64_t at_ms, int zone_min, const char *format);
char *gbk_percent(const char *s);

#endif
