/*
 * err: what went wrong, on which object, and what to do about it.
 *
 * A function that can fail through the outside world returns 0 or -1 (or a count >= 0 or -1) and
 * takes a `struct err *` last, never NULL. On failure it fills the struct; on success the struct is
 * untouched. A delivery that fails is no error but a verdict (gateway.h). A broken invariant of our
 * own is panic().
 *
 * Personal data never enters an err: use mask.h first.
 */
#ifndef ZHANCHI_ERR_H
#define ZHANCHI_ERR_H

/* The values are those of sysexits.h: main() exits with `kind`. */
enum err_kind {
    ERR_NONE = 0,
    ERR_USAGE = 64,     /* the command line is wrong */
    ERR_DATA = 65,      /* input data are wrong: encoding, header, template ... */
    ERR_NOINPUT = 66,   /* a file is missing or unreadable; a name is unknown */
    ERR_UNAVAIL = 69,   /* a service (gateway, server) cannot be reached */
    ERR_SOFTWARE = 70,  /* our own defect */
    ERR_OS = 71,        /* fork, thread, memory map ... */
    ERR_CANTCREAT = 73, /* an output file cannot be made */
    ERR_IO = 74,        /* read or write failed: disk full, database corrupt */
    ERR_TEMP = 75,      /* try again later: lock held, work remains */
    ERR_PROTO = 76,     /* a remote party spoke nonsense */
    ERR_PERM = 77,      /* not allowed: maker = checker, wrong key */
    ERR_CONFIG = 78     /* the configuration is wrong */
};

struct err {
    enum err_kind kind;
    char what[512];   /* one sentence: what failed, on which object, why */
    char remedy[320]; /* one sentence: what to do; may be empty */
};

/* Fills *e and returns -1, so that `return err_set(e, ...)` reads well. `remedy` may be NULL. */
int err_set(struct err *e, enum err_kind kind, const char *remedy, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* err_set with errno's text appended: "cannot open x: No such file or directory". */
int err_errno(struct err *e, enum err_kind kind, const char *remedy, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts "fmt: " before what is there, to name the object one level up. Returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Our own invariant broke: prints to standard error and aborts. */
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
