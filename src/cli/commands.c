/*
 * commands: every command of zhanchi, in the order of --help. A new cmd_NAME.c is declared and
 * listed here.
 */
#include "cli.h"

extern const struct command cmd_audit, cmd_backup, cmd_campaign, cmd_dispatch, cmd_doctor,
    cmd_export, cmd_gateway, cmd_init, cmd_list, cmd_message, cmd_optout, cmd_policy, cmd_receipt,
    cmd_reply, cmd_report, cmd_response, cmd_restore, cmd_serve, cmd_stats, cmd_template, cmd_text;

/* clang-format off */
const struct command *const commands[] = {
    &cmd_init,
    &cmd_doctor,
    &cmd_backup,
    &cmd_restore,
    &cmd_list,
    &cmd_policy,
    &cmd_template,
    &cmd_text,
    &cmd_campaign,
    &cmd_dispatch,
    &cmd_message,
    &cmd_receipt,
    &cmd_reply,
    &cmd_optout,
    &cmd_response,
    &cmd_report,
    &cmd_export,
    &cmd_stats,
    &cmd_gateway,
    &cmd_audit,
    &cmd_serve,
    NULL};
/* clang-format on */
