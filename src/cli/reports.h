/*
 * reports: what the commands share that bring receipts and replies in: receipt pull, import and bounces, reply import, message query.
 */
#ifndef CLI_REPORTS_H
#define CLI_REPORTS_H

#include "zhanchi/inbox.h"
#include "zhanchi/track.h"
#include "cli.h"

/* Further words of refusal of the configuration, folded as replies are compared. */
char **reports_words(const struct conf *c);
void reports_words_free(char **words);

/* The inbox, all gateways (applying needs every one) and the one that was named; store and keyring are open then. */
struct reports {
    struct inbox *inbox;
    struct cli_gateways gateways;
    struct gateway *gateway; /* NULL if none was named */
};
int reports_open(struct cli *c, const char *gateway, struct reports *r, struct err *e);
void reports_close(struct reports *r);
/* Applies what is in the inbox, all gateways' reports of every kind. */
int reports_take_in(struct cli *c, struct reports *r, struct track_stats *st, struct err *e);
/* The same, and says what it did. */
int reports_apply(struct cli *c, struct reports *r, struct err *e);

/* FILE --gateway G: a provider's file. */
int reports_import(struct cli *c, const char *path, const char *gateway, bool replies,
                   struct err *e);

#endif
