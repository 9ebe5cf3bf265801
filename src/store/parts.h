/*
 * parts: receipts for the parts of a long message, gathered until they say something of the whole.
 */
#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include "move.h"

/* What a receipt does to its message; one that speaks of a part is noted first (in the open
 * transaction). m: the message as it is. */
int parts_input(struct store *s, const struct receipt_row *r, const struct message_row *m,
                enum msg_input *in, struct err *e);

#endif
