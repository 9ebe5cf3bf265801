/*
 * digest: see digest.h. Called by the dialects. Both digests read 64-byte blocks and end in the same padding, with the length in bits in
 * little-endian (MD5) or big-endian (SHA-1) order.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "digest.h"

#define BLOCK 64

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static uint32_t load_le(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t load_be(const uint8_t *p)
{
    return (uint32_t)p[3] | (uint32_t)p[2] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[0] << 24;
}

static void md5_block(uint32_t h[5], const uint8_t *p)
{
    static const unsigned turns[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3];

    for (unsigned i = 0; i < 64; i++) {
        uint32_t f;
        unsigned g;
        switch (i / 16) {
        case 0:
            f = (b & c) | (~b & d), g = i;
            break;
        case 1:
            f = (d & b) | (~d & c), g = (5 * i + 1) % 16;
            break;
        case 2:
            f = b ^ c ^ d, g = (3 * i + 5) % 16;
            break;
        default:
            f = c ^ (b | ~d), g = 7 * i % 16;
        }
        uint32_t constant = (uint32_t)(int64_t)(fabs(sin(i + 1.0)) * 4294967296.0);
        uint32_t sum = a + f + constant + load_le(p + 4 * g);
        a = d, d = c, c = b;
        b += rotate(sum, turns[i / 16][i % 4]);
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d;
}

static void sha1_block(uint32_t h[5], const uint8_t *p)
{
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

    for (unsigned i = 0; i < 80; i++)
        w[i] = i < 16 ? load_be(p + 4 * i) : rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (unsigned i = 0; i < 80; i++) {
        uint32_t f = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999U
                     : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1U
                     : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcU
                              : (b ^ c ^ d) + 0xca62c1d6U;
        uint32_t sum = rotate(a, 5) + f + e + w[i];
        e = d, d = c, c = rotate(b, 30), b = a, a = sum;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

/* A digest over text that comes in two pieces: HMAC needs that. */
struct run {
    void (*block)(uint32_t h[5], const uint8_t *p);
    bool big_endian;
    uint32_t h[5];
    uint8_t held[BLOCK];
    uint64_t total;
};

static struct run run_new(void (*block)(uint32_t h[5], const uint8_t *p), bool big_endian)
{
    return (struct run){block,
                        big_endian,
                        {0x67452301U, 0xefcdab89U, 0x98badcfeU, 0x10325476U, 0xc3d2e1f0U},
                        {0},
                        0};
}

static void run_add(struct run *r, const uint8_t *p, size_t len)
{
    for (; len > 0; p++, len--) {
        r->held[r->total++ % BLOCK] = *p;
        if (r->total % BLOCK == 0)
            r->block(r->h, r->held);
    }
}

static void run_end(struct run *r, uint8_t *out, size_t n)
{
    static const uint8_t pad[BLOCK] = {0x80};
    uint64_t bits = r->total * 8;
    uint8_t length[8];

    run_add(r, pad, 1 + (BLOCK + 55 - r->total % BLOCK) % BLOCK);
    for (size_t i = 0; i < 8; i++)
        length[r->big_endian ? 7 - i : i] = (uint8_t)(bits >> 8 * i);
    run_add(r, length, sizeof length);
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(r->h[i / 4] >> 8 * (r->big_endian ? 3 - i % 4 : i % 4));
}

void digest_md5(const void *data, size_t len, uint8_t out[MD5_BYTES])
{
    struct run r = run_new(md5_block, false);

    run_add(&r, data, len);
    run_end(&r, out, MD5_BYTES);
}

static void sha1_two(const uint8_t head[BLOCK], const void *data, size_t len,
                     uint8_t out[SHA1_BYTES])
{
    struct run r = run_new(sha1_block, true);

    if (head)
        run_add(&r, head, BLOCK);
    run_add(&r, data, len);
    run_end(&r, out, SHA1_BYTES);
}

void digest_hmac_sha1(const void *key, size_t key_len, const void *data, size_t len,
                      uint8_t out[SHA1_BYTES])
{
    uint8_t inner[BLOCK] = {0}, outer[BLOCK], middle[SHA1_BYTES];

    if (key_len > BLOCK)
        sha1_two(NULL, key, key_len, inner);
    else
        memcpy(inner, key, key_len);
    for (size_t i = 0; i < BLOCK; i++) {
        outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }
    sha1_two(inner, data, len, middle);
    sha1_two(outer, middle, sizeof middle, out);
}
