/*
 * spill: see spill.h. Blocks of 16 KiB; in a file each is sealed by itself (AES-256-GCM, its number as
 * associated data), so that the names of a list never lie readable on a disk that it was not on. A cache
 * of blocks makes reading in order, which is what workbooks do, cost one block in 16 KiB.
 *
 * Called by shared_strings.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/crypt.h"
#include "spill.h"

#define BLOCK 16384u
#define SEALED (BLOCK + 28) /* nonce and tag */
#define CACHED (SPILL_MEMORY / BLOCK)

struct spill {
    char *memory; /* the bytes, while there is no file; then the cache */
    size_t cap;
    uint64_t size;
    int fd;                 /* -1: all is in memory */
    uint64_t holds[CACHED]; /* block + 1 in each place of the cache, 0 = none */
    char last[BLOCK];       /* the block that is not full yet */
    struct crypt_aead *aead;
    struct buf scratch;
};

struct spill *spill_new(void)
{
    struct spill *s = calloc(1, sizeof *s);

    if (!s)
        panic("out of memory");
    s->fd = -1;
    buf_init(&s->scratch, SEALED + BLOCK);
    return s;
}

void spill_free(struct spill *s)
{
    if (!s)
        return;
    if (s->fd >= 0)
        close(s->fd);
    crypt_aead_free(s->aead);
    buf_fini(&s->scratch);
    free(s->memory);
    free(s);
}

/* ---- the file ---- */

static int write_block(struct spill *s, uint64_t block, const char *data, struct err *e)
{
    buf_reset(&s->scratch);
    if (crypt_seal(s->aead, &block, sizeof block, data, BLOCK, &s->scratch))
        panic("a block outgrew its buffer");
    for (size_t done = 0; done < s->scratch.len;) {
        ssize_t n = pwrite(s->fd, s->scratch.data + done, s->scratch.len - done,
                           (off_t)(block * SEALED + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_errno(e, ERR_IO, "make room where TMPDIR points (else /var/tmp)",
                             "cannot write a temporary file");
        done += (size_t)n;
    }
    return 0;
}

/* O_TMPFILE where the file system knows it. */
static int nameless(const char *dir)
{
    char path[4096];
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0 || snprintf(path, sizeof path, "%s/zhanchi-XXXXXX", dir) >= (int)sizeof path)
        return fd;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

/* What was in memory goes into the file; the memory becomes the cache. */
static int begin_file(struct spill *s, struct err *e)
{
    const char *dir = getenv("TMPDIR");
    uint8_t key[CRYPT_KEY_BYTES];

    s->fd = nameless(dir && dir[0] == '/' ? dir : "/var/tmp");
    if (s->fd < 0)
        return err_errno(e, ERR_IO, "point TMPDIR to a folder that can be written",
                         "cannot make a temporary file");
    crypt_random(key, sizeof key);
    s->aead = crypt_aead_new(key);
    crypt_wipe(key, sizeof key);
    for (uint64_t b = 0; b < SPILL_MEMORY / BLOCK; b++)
        if (write_block(s, b, s->memory + b * BLOCK, e))
            return -1;
    return 0;
}

/* ---- appending ---- */

static void grow(struct spill *s, size_t need)
{
    size_t cap = s->cap ? s->cap : BLOCK;

    while (cap < need)
        cap *= 2;
    if (cap == s->cap)
        return;
    s->memory = realloc(s->memory, cap);
    if (!s->memory)
        panic("out of memory");
    s->cap = cap;
}

int spill_add(struct spill *s, const void *data, size_t len, struct err *e)
{
    const char *from = data;

    while (len > 0) {
        size_t room = s->fd < 0 ? SPILL_MEMORY - (size_t)s->size : BLOCK - s->size % BLOCK;
        size_t n = len < room ? len : room;
        if (s->fd < 0 && n > 0) {
            grow(s, (size_t)s->size + n);
            memcpy(s->memory + s->size, from, n);
        } else if (n > 0) {
            memcpy(s->last + s->size % BLOCK, from, n);
        }
        s->size += n;
        from += n;
        len -= n;
        if (s->fd < 0 && s->size == SPILL_MEMORY) {
            if (begin_file(s, e))
                return -1;
        } else if (s->fd >= 0 && s->size % BLOCK == 0) {
            if (write_block(s, s->size / BLOCK - 1, s->last, e))
                return -1;
        }
    }
    return 0;
}

uint64_t spill_size(const struct spill *s)
{
    return s->size;
}

/* ---- reading ---- */

static int load(struct spill *s, uint64_t block, const char **data, struct err *e)
{
    char sealed[SEALED];
    size_t place = block % CACHED;
    char *to = s->memory + place * BLOCK;

    *data = block == s->size / BLOCK ? s->last : to;
    if (*data == s->last || s->holds[place] == block + 1)
        return 0;
    for (size_t done = 0; done < sizeof sealed;) {
        ssize_t n =
            pread(s->fd, sealed + done, sizeof sealed - done, (off_t)(block * SEALED + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_errno(e, ERR_IO, "check the disk that TMPDIR (else /var/tmp) is on",
                             "cannot read a temporary file");
        done += (size_t)n;
    }
    buf_reset(&s->scratch);
    if (crypt_open(s->aead, &block, sizeof block, sealed, sizeof sealed, &s->scratch) ||
        s->scratch.len != BLOCK)
        return err_set(e, ERR_IO, "check the disk that TMPDIR (else /var/tmp) is on",
                       "a temporary file was changed from outside");
    memcpy(to, s->scratch.data, BLOCK);
    s->holds[place] = block + 1;
    return 0;
}

int spill_read(struct spill *s, uint64_t at, void *out, size_t len, struct err *e)
{
    char *to = out;

    if (at > s->size || len > s->size - at)
        panic("nothing was spilled there");
    if (s->fd < 0) {
        if (len > 0)
            memcpy(to, s->memory + at, len);
        return 0;
    }
    while (len > 0) {
        const char *data;
        size_t from = at % BLOCK, n = BLOCK - from < len ? BLOCK - from : len;
        if (load(s, at / BLOCK, &data, e))
            return -1;
        memcpy(to, data + from, n);
        to += n;
        at += n;
        len -= n;
    }
    return 0;
}
