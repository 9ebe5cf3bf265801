/*
 * run: one run of the dispatcher, from the kernel lock to the summary. Called by the command
 * `dispatch`.
 *
 * Order matters: lock; key (a wrong one touches nothing); epoch (an old copy sends nothing);
 * recovery by the marks of the dead owner; what a dead `serve` left in the inbox; only then are the
 * marks signed anew and anything claimed.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/clock.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/fsio.h"
#include "zhanchi/log.h"
#include "zhanchi/store.h"
#include "zhanchi/store_report.h"
#include "internal.h"

#define CHECKPOINT_MS 1000
#define CHUNK 2000
#define HOLDER_TRIES 10
#define COUNT_ROWS 10000 /* more of a refused campaign are not counted one by one */
#define HOUR_MS INT64_C(3600000)

struct run {
    const struct dispatch_opts *o;
    struct dispatch_result *result;
    int lock_fd;
    struct store *store;
    struct keyring *keyring;
    struct epoch *epoch;
    struct marks *marks;
    struct lane *lanes;
};

/* ---- the database may be an old copy ---- */

static const char *finding_text(enum epoch_finding f)
{
    switch (f) {
    case EPOCH_BEHIND:
        return "it is behind what was sent";
    case EPOCH_NO_FILE:
        return "its epoch file is missing";
    default:
        return "a receipt bore a reference that it never issued";
    }
}

static int refuse_old_copy(struct run *r, enum epoch_finding finding, struct err *e)
{
    int64_t total = 0, n;

    do {
        n = store_doubt_all(r->store, clock_now_ms(), CHUNK, e);
        if (n < 0)
            return -1;
        total += n;
    } while (n > 0);
    if (epoch_renew(r->store, r->o->epoch_dir, clock_now_ms(), e) != 0)
        return -1;
    return err_set(e, ERR_PERM,
                   "look at `message ls C --state unknown`, then decide with `message resolve C "
                   "--unknown resend` or "
                   "`drop`; afterwards dispatch works again",
                   "the database may be an old copy (%s): nothing more is sent, %lld messages "
                   "became unknown",
                   finding_text(finding), (long long)total);
}

/* ---- start ---- */

static enum mark_finding nothing_was_sent(void *ctx, int64_t message_id, int32_t attempt,
                                          struct settlement *v)
{
    (void)ctx;
    (void)message_id;
    (void)attempt;
    (void)v;
    return MARK_NONE;
}

static int recover(struct run *r, struct err *e)
{
    const struct epoch_info *ep = epoch_info(r->epoch);
    int64_t *n = r->result->recovered;
    bool valid = marks_valid(r->marks, ep);
    enum mark_finding (*find)(void *, int64_t, int32_t, struct settlement *) =
        valid ? marks_find : NULL;

    if (sabotage("requeue-sending"))
        find = nothing_was_sent;
    if (store_recover(r->store, clock_now_ms(), find, r->marks, n, e) != 0)
        return -1;
    epoch_note_claim(r->epoch, store_claims(r->store)); /* before the marks go */
    if (n[0] + n[1] + n[2] > 0)
        log_warn("dispatch",
                 "an earlier run died: %lld messages queued again, %lld settled by their marks, "
                 "%lld unknown%s",
                 (long long)n[0], (long long)n[2], (long long)n[1],
                 valid ? "" : " (the marks are lost: the machine was restarted)");
    marks_reset(r->marks, ep);
    return 0;
}

/* A pass over everything accepted: once an hour, whatever cron does. */
static int time_out_receipts(struct run *r, struct err *e)
{
    char text[24];
    int64_t n, now_ms = clock_now_ms();
    int found = store_meta_get(r->store, "receipts_timed_out_at", text, sizeof text, e);

    if (found < 0)
        return -1;
    if (found == 1 && now_ms - strtoll(text, NULL, 10) < HOUR_MS)
        return 0;
    do {
        n = store_receipt_timeout(r->store, now_ms - r->o->receipt_timeout_ms, CHUNK, e);
        if (n < 0)
            return -1;
    } while (n > 0);
    snprintf(text, sizeof text, "%lld", (long long)now_ms);
    return store_meta_set(r->store, "receipts_timed_out_at", text, e);
}

/* Before anything is settled: which attempts are noted by their provider's ids. */
static int note_joins(struct run *r, struct err *e)
{
    int64_t id;

    for (size_t i = 0; i < r->o->n_gateways; i++) {
        const struct gateway *g = r->o->gateways[i];
        if (store_gateway_id(r->store, gateway_name(g), &id, e) != 0 ||
            store_gateway_joins(r->store, id, gateway_joining(g) != GW_BY_REF, e) != 0)
            return -1;
    }
    return 0;
}

static int open_all(struct run *r, struct err *e)
{
    const struct dispatch_opts *o = r->o;
    enum epoch_finding finding;

    if ((r->store = store_open(o->dir, STORE_RW, e)) == NULL ||
        (r->keyring = keyring_open(r->store, o->key_path, e)) == NULL ||
        (r->epoch = epoch_open(r->store, o->epoch_dir, &finding, e)) == NULL)
        return -1;
    if (finding != EPOCH_AGREES)
        return refuse_old_copy(r, finding, e);
    if (note_joins(r, e) != 0 || (r->marks = marks_open(o->dir, e)) == NULL || recover(r, e) != 0)
        return -1;
    /* Behind the epoch: what a lost timeline sent must not be taken for a doubt of its own. */
    if (o->catch_up != NULL && o->catch_up(o->catch_up_ctx, e) != 0)
        return -1;
    return time_out_receipts(r, e);
}

/* ---- checkpoints: a thread and a connection of their own ---- */

struct checkpointer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop, started;
    const char *dir;
};

static void *checkpoint_main(void *arg)
{
    struct checkpointer *c = arg;
    struct err e = {0};
    struct store *s = store_open(c->dir, STORE_RW, &e);

    if (s == NULL) {
        log_warn("dispatch", "no checkpoints: %s", e.what);
        return NULL;
    }
    pthread_mutex_lock(&c->lock);
    while (!c->stop) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += CHECKPOINT_MS / 1000;
        pthread_cond_timedwait(&c->wake, &c->lock, &until);
        pthread_mutex_unlock(&c->lock);
        if (store_checkpoint(s, &e) != 0)
            log_debug("dispatch", "checkpoint: %s", e.what);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    store_close(s);
    return NULL;
}

static void checkpoint_start(struct checkpointer *c, const char *dir)
{
    pthread_condattr_t attr;

    c->dir = dir;
    c->stop = false;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->wake, &attr);
    pthread_condattr_destroy(&attr);
    c->started = pthread_create(&c->thread, NULL, checkpoint_main, c) == 0;
}

static void checkpoint_stop(struct checkpointer *c)
{
    if (c->started) {
        pthread_mutex_lock(&c->lock);
        c->stop = true;
        pthread_cond_signal(&c->wake);
        pthread_mutex_unlock(&c->lock);
        pthread_join(c->thread, NULL);
    }
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->wake);
}

/* ---- the run ---- */

static void summarise(struct run *r, const struct hatch_status *s, const struct err *refusal)
{
    struct dispatch_result *res = r->result;

    res->claimed = s->claimed;
    res->suppressed = s->suppressed;
    res->capped = s->capped;
    res->lapsed = s->lapsed;
    res->next_due_ms = s->next_due_ms;
    res->due_left = 0;
    for (size_t i = 0; i < r->o->n_gateways; i++) {
        res->due_left += s->due[i];
        if (s->due[i] > 0 && res->why_left[0] == '\0')
            snprintf(res->why_left, sizeof res->why_left, "%s",
                     r->lanes[i].why[0] != '\0' ? r->lanes[i].why
                                                : "stopped before the queue was empty");
    }
    if (refusal != NULL && res->why_left[0] == '\0')
        snprintf(res->why_left, sizeof res->why_left, "%.199s", refusal->what);
    if (res->due_left == 0 && refusal == NULL)
        snprintf(res->why_left, sizeof res->why_left, "%s", s->why);
}

/* What a refused campaign would send now is left, too, whatever the others sent. */
static int count_refused(struct run *r, const struct refusal *refused, size_t n, struct err *e)
{
    struct dispatch_result *res = r->result;
    int64_t now_ms = clock_now_ms(), others = res->due_left;
    bool said = false;

    for (size_t i = 0; i < n; i++) {
        struct campaign_info c;
        int64_t due = 0, next;
        int found = store_campaign_by_id(r->store, refused[i].campaign_id, &c, e);
        if (found < 0)
            return -1;
        if (found == 0 || !intent_may_send(&c) ||
            pace_schedule_admit(&c.schedule, now_ms).reason != PACE_GO)
            continue;
        if (store_queue_depth(r->store, c.id, now_ms, COUNT_ROWS, &due, NULL, &next, e) != 0)
            return -1;
        res->due_left += due;
        if (due > 0 && others == 0 && !said)
            snprintf(res->why_left, sizeof res->why_left, "%.199s", refused[i].why.what);
        said = said || due > 0;
    }
    return 0;
}

static int send_all(struct run *r, struct err *e)
{
    const struct dispatch_opts *o = r->o;
    struct checkpointer checkpointer = {0};
    struct loop_opts lo = {
        .run = o, .lanes = r->lanes, .n_lanes = o->n_gateways, .marks = r->marks};
    struct loop *loop = loop_new(&lo, r->result, e);

    if (loop == NULL)
        return -1;
    struct hatch_opts dopts = {.run = o,
                               .store = r->store,
                               .keyring = r->keyring,
                               .epoch = r->epoch,
                               .marks = r->marks,
                               .transport = loop_transport(loop),
                               .lanes = o->n_gateways};
    struct hatch *hatch = hatch_start(&dopts, e);
    if (hatch == NULL) {
        loop_free(loop);
        return -1;
    }
    loop_set_hatch(loop, hatch);
    checkpoint_start(&checkpointer, o->dir);
    int rc = loop_run(loop, e);

    struct hatch_status status;
    hatch_stop(hatch);
    checkpoint_stop(&checkpointer);
    hatch_status(hatch, &status);
    if (rc == 0 && status.failed) {
        *e = status.error;
        rc = -1;
    }
    if (rc == 0 && status.doubted) /* all that we know is settled */
        rc = refuse_old_copy(r, EPOCH_DOUBT, e);
    size_t n_refused;
    const struct refusal *refused = hatch_refusals(hatch, &n_refused);
    summarise(r, &status, n_refused > 0 ? &refused[0].why : NULL);
    if (rc == 0 && n_refused > 0 && r->result->handed == 0 && r->result->due_left == 0) {
        *e = refused[0].why;
        rc = -1;
    }
    if (rc == 0)
        rc = count_refused(r, refused, n_refused, e);
    hatch_free(hatch);
    loop_free(loop);
    return rc;
}

/* ---- who has the lock ---- */

/* What this run takes: "all", or "only NAME". Empty when it is over. */
static void sign_lock(int fd, const struct dispatch_opts *o, bool ends)
{
    if (ftruncate(fd, 0) == 0 && !ends)
        dprintf(fd, o->campaign != NULL ? "only %s\n" : "all\n", o->campaign);
}

/* Does the holder take what we would? If it has not said so, then not. */
static void look_at_holder(const struct dispatch_opts *o, const char *path,
                           struct dispatch_result *result)
{
    char only[256];
    struct buf says;
    struct err ignored;

    buf_init(&says, sizeof only);
    for (int i = 0; i < HOLDER_TRIES && says.len == 0; i++) {
        if (i > 0)
            usleep(10000);
        if (fs_read_file(path, &says, &ignored) != 0)
            break;
    }
    snprintf(only, sizeof only, "only %s\n", o->campaign != NULL ? o->campaign : "");
    const char *text = buf_cstr(&says);
    result->locked = true;
    result->locked_other =
        strcmp(text, "all\n") != 0 && (o->campaign == NULL || strcmp(text, only) != 0);
    if (result->locked_other)
        snprintf(result->why_left, sizeof result->why_left,
                 says.len > 0 ? "another dispatcher is at work: %.*s"
                              : "another program is at work",
                 (int)strcspn(text, "\n"), text);
    buf_fini(&says);
}

int dispatch_run(const struct dispatch_opts *o, struct dispatch_result *result, struct err *e)
{
    struct run r = {.o = o, .result = result, .lock_fd = -1};
    char path[4096];
    int rc = -1;

    memset(result, 0, sizeof *result);
    result->next_due_ms = INT64_MAX;
    if (o->n_gateways > HATCH_LANES)
        return err_set(e, ERR_CONFIG, "use fewer gateways", "more than %d gateways are configured",
                       HATCH_LANES);
    if (fs_join(o->dir, "dispatch.lock", path, sizeof path, e) != 0)
        return -1;
    int locked = fs_lock(path, &r.lock_fd, e);
    if (locked == 1)
        look_at_holder(o, path, result);
    if (locked != 0)
        return locked == 1 ? 0 : -1;
    sign_lock(r.lock_fd, o, false);
    if (open_all(&r, e) == 0) {
        r.lanes = calloc(o->n_gateways + 1, sizeof *r.lanes);
        if (r.lanes == NULL)
            panic("out of memory");
        for (size_t i = 0; i < o->n_gateways; i++)
            lane_init(&r.lanes[i], o, o->gateways[i], clock_now_ms());
        rc = send_all(&r, e);
        for (size_t i = 0; i < o->n_gateways; i++)
            lane_fini(&r.lanes[i]);
        free(r.lanes);
    }
    marks_close(r.marks);
    epoch_close(r.epoch);
    keyring_close(r.keyring);
    store_close(r.store);
    sign_lock(r.lock_fd, o, true);
    close(r.lock_fd);
    return rc;
}
