/*
 * commands: every command of zhanchi, in the order of --help. A new cmd_NAME.c is declared and listed here.
 */
#include "cli.h"

extern const struct command cmd_template, cmd_text, cmd_campaign, cmd_dispatch, cmd_message,
    cmd_stats;

const struct command *const commands[] = {&cmd_template, &cmd_text,  &cmd_campaign, &cmd_dispatch,
                                          &cmd_message,  &cmd_stats, NULL};
