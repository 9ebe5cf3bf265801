/*
 * campaigns: what the files of the campaign command share.
 */
#ifndef CLI_CAMPAIGNS_H
#define CLI_CAMPAIGNS_H

#include "zhanchi/buf.h"
#include "zhanchi/campaign.h"
#include "zhanchi/json.h"
#include "cli.h"
#include "lints.h"
#include "preview_page.h"

/* What every text of the office needs, from the configuration. */
struct campaign_office campaigns_office(const struct cli *c);

/* "a, b" */
#define CAMPAIGNS_GATEWAYS_MAX (ROUTE_GATEWAYS * 66)
const char *campaigns_gateways(const struct campaign_info *k, char *out, size_t cap);
void campaigns_yuan(int64_t microyuan, char out[40]);

/* A campaign with its gateways in its order, the keys open. */
struct opened {
    struct campaign_info k;
    struct cli_gateways g;
    struct campaign_office o;
    struct lint_sets lint; /* of the gateways; o points to it */
};
int campaigns_open(struct cli *c, const char *name, struct opened *x, struct err *e);
void campaigns_close(struct opened *x);
/* Of a draft: on standard error, which of its texts were edited since. It keeps the versions with which it was made. */
void campaigns_tell_edited(struct cli *c, const struct campaign_info *k); /* also after a failure */

extern const struct command campaign_create_command, campaign_forecast_command,
    campaign_preview_command, campaign_test_command, campaign_show_command, campaign_ls_command;

/* { name, messages, segments, cost_microyuan, finish } */
void campaigns_json_gateway(struct json_w *w, const struct cli *c, const struct campaign_info *k,
                            const struct wave_gateway *g);

/* Samples as text, or as one JSON array. */
struct samples {
    const struct cli *cli;
    struct buf out;
    struct json_w w;
    struct page *page; /* NULL: none is asked for */
    int shown;
};
/* html: the file of the page, or NULL. */
void campaigns_samples_begin(struct samples *s, const struct cli *c, const char *html);
int campaigns_show_sample(void *ctx, const struct campaign_sample *m); /* ctx: struct samples */
void campaigns_samples_end(struct samples *s,
                           int rc); /* frees the page; prints the array unless rc is a failure */
/* --rows N: 1 to 64, 12 by default. */
int campaigns_rows(const char *text, int *n, struct err *e);

#endif
