/*
 * decode: bytes in a file's encoding -> UTF-8, strictly, in pieces of any size. Nothing is replaced
 * or dropped.
 */
#ifndef TABLE_DECODE_H
#define TABLE_DECODE_H

#include <stddef.h>
#include <stdint.h>
#include "zhanchi/charset.h"
#include "zhanchi/err.h"
#include "zhanchi/table.h"

struct decoder {
    enum table_encoding encoding;
    struct charset *charset; /* NULL for UTF-8, which is only checked */
};

int decoder_init(struct decoder *d, enum table_encoding encoding, struct err *e);
void decoder_fini(struct decoder *d);
/* Moves both ends forward by what was done. */
enum charset_status decoder_run(struct decoder *d, const char **in, size_t *in_left, char **out,
                                size_t *out_left);

/* ---- a file, decoded ---- */

#define SOURCE_BLOCK 65536

struct source {
    const char *path; /* borrowed */
    int fd;
    struct decoder decoder;
    int64_t at; /* offset in the file behind raw[raw_to] */
    size_t raw_from, raw_to;
    bool end;
    char raw[SOURCE_BLOCK];
};

int source_init(struct source *s, const char *path, int fd, enum table_encoding encoding,
                int64_t skip, struct err *e);
void source_fini(struct source *s);
/* Bytes of UTF-8 written to out (cap >= 16), 0 at the end, -1: ERR_DATA with line and offset, or
 * ERR_IO. Whole characters. */
ptrdiff_t source_read(struct source *s, char *out, size_t cap, struct err *e);
int64_t source_done(const struct source *s);

/* Line (from 1) in which the byte at `offset` stands: reads the file again, for errors only. */
int64_t source_line(int fd, enum table_encoding encoding, int64_t offset);

#endif
