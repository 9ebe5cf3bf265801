/*
 * messages: what the files of the message command share.
 */
#ifndef CLI_MESSAGES_H
#define CLI_MESSAGES_H

#include "cli.h"

extern const char *const message_arms[]; /* by enum message_arm */

/* One message with its attempts as one JSON object; the text itself only if asked for. The store
 * and the keys are open. -1 and *e; nothing is printed then. */
int messages_show_json(struct cli *c, int64_t id, bool text, struct err *e);

#endif
