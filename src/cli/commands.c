/*
 * commands: every command of zhanchi, in the order of --help. A new cmd_NAME.c is declared and listed here.
 */
#include "cli.h"

extern const struct command cmd_policy, cmd_template, cmd_text, cmd_campaign, cmd_dispatch,
    cmd_message, cmd_stats;
extern const struct command cmd_receipt, cmd_reply, cmd_optout, cmd_gateway, cmd_serve;

const struct command *const commands[] = {&cmd_policy,   &cmd_template, &cmd_text,    &cmd_campaign,
                                          &cmd_dispatch, &cmd_message,  &cmd_stats,   &cmd_receipt,
                                          &cmd_reply,    &cmd_optout,   &cmd_gateway, &cmd_serve,
                                          NULL};
