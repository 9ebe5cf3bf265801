/*
 * gateway_cmd: what the verbs of `zhanchi gateway`, and `campaign test`, share.
 */
#ifndef CLI_GATEWAY_CMD_H
#define CLI_GATEWAY_CMD_H

#include "cli.h"
#include "zhanchi/track.h"

/* A configured gateway with its secrets. */
struct gateway *gateway_open(struct cli *c, const char *name, struct err *e);

int gateway_check_run(struct cli *c, const struct cli_args *a, struct err *e);
extern const struct cli_option gateway_test_options[];
int gateway_test_run(struct cli *c, const struct cli_args *a, struct err *e);

/* ---- gateway_try.c: a message outside of any campaign ---- */

struct gateway_try {
    struct gw_result result;
    bool complete; /* a whole answer came */
    int status;
    char shown[501], end[64], error[256]; /* without the address, fit for a terminal */
};
int gateway_try(const struct gateway *g, const struct gw_message *m, struct gateway_try *out,
                struct err *e);
#define GATEWAY_TEST_REF 40
void gateway_test_ref(char ref[GATEWAY_TEST_REF]); /* "TEST-" and chance */
/* A line of standard input as a number (or a mail address) that has not refused. ERR_DATA, ERR_PERM. */
int gateway_test_address(struct cli *c, const char *line, bool email, struct track_address *to,
                         struct err *e);
/* 0 if the gateway took it, else ERR_TEMP or ERR_UNAVAIL. */
int gateway_test_verdict(const struct gateway *g, const struct gateway_try *t, struct err *e);

#endif
