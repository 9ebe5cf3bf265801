/*
 * commands: every command of zhanchi, in the order of --help. A new cmd_NAME.c is declared and listed here.
 */
#include "cli.h"

extern const struct command cmd_dispatch, cmd_message;

const struct command *const commands[] = {&cmd_dispatch, &cmd_message, NULL};
