/*
 * email: mail addresses out of cells. Pure.
 *
 * What is taken: an ASCII dot-atom of at most 64 bytes, "@", a host name of at least two labels (RFC 5321 4.1.2, RFC 1035), 254
 * bytes together. A domain beyond ASCII is taken in its punycode form (xn--...) alone: converting it is a choice among several
 * standards, and another choice is another host. Quoted local parts, address literals ([192.0.2.1]) and comments are refused.
 *
 * Repair is only what cannot make another person's address: full-width characters, blanks around, invisible characters,
 * "mailto:", a pair of <> around the whole, a dot behind the domain. The domain is lower-cased.
 */
#ifndef ZHANCHI_EMAIL_H
#define ZHANCHI_EMAIL_H

#include <stdbool.h>
#include <stddef.h>

enum email_reason {
    EMAIL_OK,
    EMAIL_EMPTY,
    EMAIL_CHARS,  /* blanks, control or other characters that no address has */
    EMAIL_FORM,   /* no @, or nothing on one side of it, dots in the wrong place */
    EMAIL_DOMAIN, /* what stands behind the @ is no host name */
    EMAIL_IDN,    /* letters beyond ASCII */
    EMAIL_LENGTH,
    EMAIL_SEVERAL /* two addresses in one cell: someone must choose */
};

#define EMAIL_MAX 255
struct email {
    char address[EMAIL_MAX]; /* "" unless EMAIL_OK; the local part as written */
    /* All of it in lower case: what tells one address from another here. RFC 5321 lets a server tell Li@ from li@; none of
     * note does, and a refusal must not depend on it. */
    char key[EMAIL_MAX];
    enum email_reason reason;
    bool repaired; /* the cell's text differed from address */
};

/* Returns true if usable; `cell` is UTF-8 of any content, not NUL-terminated. */
bool email_parse(const char *cell, size_t len, struct email *out);
const char *email_reason_name(enum email_reason r); /* stable code: "email-form" */

#endif
