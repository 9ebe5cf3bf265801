/*
 * import: a provider's file of reports, as its console gives it out, goes the way of pushed ones.
 *
 * Nothing here understands a report: the profile's rules do. Files have the shape of what is pushed or of what is pulled, so each set of
 * rules is tried and the one that reads most is taken. Importing twice changes nothing, as pushing twice does not. Called by the import
 * commands.
 */
#include "keep.h"
#include "zhanchi/track.h"

static int count(void *ctx, const struct gw_report *r)
{
    (void)r;
    ++*(int64_t *)ctx;
    return 0;
}

int track_import(struct keyring *k, struct inbox *i, const struct gateway *g, bool replies,
                 const char *body, size_t len, int64_t *reports, int64_t *skipped, struct err *e)
{
    static const enum gw_report_kind receipt_kinds[] = {GW_RECEIPT, GW_PULLED_RECEIPT, GW_QUERIED},
                                     reply_kinds[] = {GW_REPLY, GW_PULLED_REPLY};
    const enum gw_report_kind *kinds = replies ? reply_kinds : receipt_kinds;
    enum gw_report_kind best = GW_RECEIPT;
    struct err why = {0};

    *reports = *skipped = 0;
    for (size_t n = 0; n < (replies ? 2 : 3); n++) {
        int64_t read = 0;
        size_t bad;
        if (gateway_callback_read(g, kinds[n], body, len, count, &read, &bad, &why) != 0 ||
            read <= *reports)
            continue;
        best = kinds[n];
        *reports = read;
        *skipped = (int64_t)bad;
    }
    if (*reports == 0)
        return err_set(e, ERR_DATA,
                       "is it the provider's own file, and this the gateway whose it is?",
                       "gateway %s: its profile finds no %s in the file%s%s", gateway_name(g),
                       replies ? "replies" : "receipts", why.what[0] ? ": " : "", why.what);
    return keep_body(k, i, gateway_name(g), best, body, len, e);
}
