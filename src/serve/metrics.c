/*
 * metrics: counters of the daemon in Prometheus's text format. No label ever holds anything of a person: gateways, kinds and reasons only.
 */
#include <stdlib.h>
#include "internal.h"

static const char *const kinds[] = {"receipt", "reply"};
static const char *const refusals[REFUSALS] = {"signature", "unreadable", "store"};

void metrics_init(struct metrics *m, size_t gateways)
{
    m->received = calloc(gateways + 1, sizeof *m->received);
    if (m->received == NULL)
        panic("out of memory");
    pthread_mutex_init(&m->lock, NULL);
}

void metrics_fini(struct metrics *m)
{
    pthread_mutex_destroy(&m->lock);
    free(m->received);
}

void metrics_add_applied(struct metrics *m, const struct track_stats *s, int64_t reports)
{
    pthread_mutex_lock(&m->lock);
    m->applied.apply.moved += s->apply.moved;
    m->applied.apply.kept += s->apply.kept;
    m->applied.apply.unmatched += s->apply.unmatched;
    m->applied.apply.never_issued += s->apply.never_issued;
    m->applied.apply.replies += s->apply.replies;
    m->applied.apply.optouts += s->apply.optouts;
    m->applied.apply.suppressed += s->apply.suppressed;
    m->applied.apply.parked += s->apply.parked;
    m->applied.rows += s->rows;
    m->applied.unreadable += s->unreadable;
    m->applied.skipped += s->skipped;
    m->applied_reports += reports;
    pthread_mutex_unlock(&m->lock);
}

static void head(struct buf *out, const char *name, const char *help)
{
    buf_addf(out, "# HELP zhanchi_%s %s\n# TYPE zhanchi_%s counter\n", name, help, name);
}

static void plain(struct buf *out, const char *name, const char *help, int64_t v)
{
    head(out, name, help);
    buf_addf(out, "zhanchi_%s %lld\n", name, (long long)v);
}

static void labelled(struct buf *out, const char *name, const char *label, const char *value,
                     int64_t v)
{
    buf_addf(out, "zhanchi_%s{%s=\"%s\"} %lld\n", name, label, value, (long long)v);
}

static void print_received(struct metrics *m, const struct serve_opts *o, struct buf *out)
{
    head(out, "requests_received_total", "Requests of providers that are durable in the inbox.");
    for (size_t i = 0; i < o->n_gateways; i++)
        for (size_t k = 0; k < 2; k++)
            buf_addf(out, "zhanchi_requests_received_total{gateway=\"%s\",kind=\"%s\"} %lld\n",
                     gateway_name(o->gateways[i]), kinds[k],
                     (long long)atomic_load(&m->received[i][k]));
    head(out, "requests_refused_total", "Requests that were not taken.");
    for (size_t i = 0; i < REFUSALS; i++)
        labelled(out, "requests_refused_total", "reason", refusals[i], atomic_load(&m->refused[i]));
}

static void print_applied(struct metrics *m, struct buf *out)
{
    pthread_mutex_lock(&m->lock);
    const struct track_stats s = m->applied;
    int64_t reports = m->applied_reports;
    pthread_mutex_unlock(&m->lock);
    plain(out, "requests_applied_total", "Requests applied to the main database.", s.rows);
    plain(out, "requests_unreadable_total", "Requests that stay in the inbox unapplied.",
          s.unreadable);
    plain(out, "reports_applied_total", "Receipts and replies applied.", reports);
    head(out, "receipts_total", "Receipts by what they did.");
    labelled(out, "receipts_total", "effect", "moved", s.apply.moved);
    labelled(out, "receipts_total", "effect", "kept", s.apply.kept);
    labelled(out, "receipts_total", "effect", "unmatched", s.apply.unmatched);
    labelled(out, "receipts_total", "effect", "never_issued", s.apply.never_issued);
    labelled(out, "receipts_total", "effect", "parked", s.apply.parked);
    plain(out, "reports_skipped_total", "Reports that lacked what is needed.", s.skipped);
    plain(out, "replies_total", "Replies of recipients.", s.apply.replies);
    plain(out, "optouts_total", "Refusals learnt from replies and receipts.", s.apply.optouts);
    plain(out, "messages_suppressed_total", "Waiting messages stopped by a refusal.",
          s.apply.suppressed);
}

void metrics_print(struct metrics *m, const struct serve_opts *o, struct buf *out)
{
    print_received(m, o, out);
    plain(out, "inbox_commits_total", "Commits to the inbox.", atomic_load(&m->commits));
    head(out, "inbox_commit_seconds_total", "Time spent in them.");
    buf_addf(out, "zhanchi_inbox_commit_seconds_total %.6f\n",
             (double)atomic_load(&m->commit_us) / 1e6);
    plain(out, "pages_pulled_total", "Pages of reports pulled from providers and durable.",
          atomic_load(&m->pulled));
    plain(out, "pulls_failed_total", "Pulls that failed.", atomic_load(&m->pulls_failed));
    plain(out, "applies_failed_total", "Times that applying had to be put off.",
          atomic_load(&m->applies_failed));
    plain(out, "requests_expired_total",
          "Requests removed unapplied: their gateway was not configured for retention.inbox_days.",
          atomic_load(&m->expired));
    print_applied(m, out);
}
