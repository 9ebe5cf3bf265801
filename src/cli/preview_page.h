/*
 * preview_page: a preview as one HTML file that needs nothing else: texts in bubbles of a telephone, what they cost, what rules they break.
 */
#ifndef CLI_PREVIEW_PAGE_H
#define CLI_PREVIEW_PAGE_H

#include "zhanchi/campaign.h"
#include "cli.h"

struct page;
struct page *page_new(const struct cli *c);
void page_free(struct page *p); /* NULL is fine */
/* Copies the sample. */
void page_sample(struct page *p, const struct campaign_sample *m);
/* Adds a row to the table of costs; a remark may be "". Copies. */
void page_cost(struct page *p, const char *label, const char *value, const char *remark);
/* One of the great figures on top. */
void page_figure(struct page *p, const char *label, const char *value);
/* about: "list workers, gateway 12333". Written whole or not at all, readable by its owner alone. */
int page_write(struct page *p, const char *path, const char *name, const char *about,
               const struct campaign_lint *l, struct err *e);

#endif
