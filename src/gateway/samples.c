/*
 * samples: answers, receipts and replies that a profile carries along, and what they mean: its own test. Whoever changes a profile sees at once whether it still
 * reads what the provider sends; `gateway check` and the tests run them.
 *
 *   samples = (
 *     { of = "single"; status = 200; body = "..."; expect = "OK"; },
 *     { of = "batch"; body = "..."; expect = "OK, NUMBER"; },          one class a message, in order
 *     { of = "receipt"; body = "..."; expect = "OK, pending"; },       one word a receipt
 *     { of = "reply"; body = "..."; expect = "R"; } )                  the texts
 *
 * The sample messages are SAMPLE-1, SAMPLE-2 ... to 19200000001, 19200000002 ...
 */
#include <stdio.h>
#include <string.h>
#include "profile.h"

#define SAMPLE_BATCH 5

static const char *const kinds[] = {"single",         "batch",        "receipt", "reply",
                                    "pulled-receipt", "pulled-reply", "queried", NULL};

int samples_parse(struct compiler *c, struct gateway *g, const struct conf_node *root,
                  struct err *e)
{
    static const char *const known[] = {"of", "status", "body", "expect", NULL};
    const struct conf_node *list = conf_node_get(root, "samples");

    if (list == NULL)
        return 0;
    if (conf_node_type(list) != CONF_LIST)
        return conf_node_err(list, e, "write samples = ( { of = ...; }, ... )",
                             "samples is no list");
    g->samples = arena_alloc(c->arena, (conf_node_count(list) + 1) * sizeof *g->samples);
    for (size_t i = 0; i < conf_node_count(list); i++) {
        const struct conf_node *item = conf_node_item(list, i);
        struct sample *s = &g->samples[g->n_samples];
        int64_t status = 200;
        int kind;
        if (conf_node_type(item) != CONF_GROUP)
            return conf_node_err(item, e, "write { of = ...; body = ...; expect = ...; }",
                                 "a sample is a group");
        if (conf_node_known(item, known, e) != 0 ||
            profile_choose(item, "of", kinds, &kind, e) != 0 ||
            conf_node_int(item, "status", 200, 100, 599, &status, e) != 0 ||
            profile_need(item, "body", e) == NULL || profile_need(item, "expect", e) == NULL ||
            profile_str(c, item, "body", "", &s->body, e) != 0 ||
            profile_str(c, item, "expect", "", &s->expect, e) != 0)
            return -1;
        s->kind = kind;
        s->status = (int)status;
        s->line = conf_node_line(item);
        g->n_samples++;
    }
    return 0;
}

void gateway_sample_message(const struct gateway *g, size_t i, struct gw_message *m,
                            struct gw_sample_texts *t)
{
    snprintf(t->ref, sizeof t->ref, "SAMPLE-%zu", i + 1);
    if (g->mail.present)
        snprintf(t->phone, sizeof t->phone, "sample-%zu@example.com", i + 1);
    else
        snprintf(t->phone, sizeof t->phone, "192%08zu", i + 1);
    *m = (struct gw_message){.id = (int64_t)i + 1,
                             .ref = t->ref,
                             .phone = t->phone,
                             .subject = "职业技能提升补贴申领提醒",
                             .text = "【示例市人社局】张三您好：您的电工（高级工）证书可申领补贴。",
                             .signature = "示例市人社局",
                             .carrier_template = "SMS_000001",
                             .carrier_variables = "{\"name\":\"张三\",\"level\":\"高级工\"}",
                             .provider_id = "1000000000000000001",
                             .sent_ms = INT64_C(1790000000000)};
}

/* ---- running them ---- */

static void add(struct buf *out, const char *word)
{
    if (out->len > 0)
        buf_adds(out, ", ");
    buf_adds(out, word);
}

static int on_report(void *ctx, const struct gw_report *r)
{
    struct buf *out = ctx;

    if (r->kind == GW_REPLY)
        add(out, r->text);
    else
        add(out, r->pending ? "pending" : message_class_name(r->class));
    return 0;
}

static int read_answer(const struct gateway *g, const struct sample *s, size_t n, struct buf *out,
                       struct err *e)
{
    struct gw_message m[SAMPLE_BATCH] = {0};
    struct gw_sample_texts t[SAMPLE_BATCH];
    struct gw_result r[SAMPLE_BATCH];
    const struct gw_answer a = {.handed_over = true,
                                .complete = true,
                                .status = s->status,
                                .body = s->body,
                                .body_len = strlen(s->body),
                                .end = "",
                                .transport_error = ""};
    bool whole;

    if ((s->kind == 0 && !g->single.present) || (s->kind == 1 && !g->batch.present))
        return err_set(e, ERR_CONFIG, NULL, "the profile has no such operation");
    if (s->kind == 1 && n == 1 && g->single.present)
        return err_set(e, ERR_CONFIG, "expect one class a message",
                       "one message goes out as a single one");
    if (s->kind == 0 && n != 1)
        return err_set(e, ERR_CONFIG, "expect one class, or say of = \"batch\"",
                       "a single operation has one message");
    for (size_t i = 0; i < n; i++)
        gateway_sample_message(g, i, &m[i], &t[i]);
    gateway_judge(g, &a, m, n, r, &whole);
    for (size_t i = 0; i < n; i++)
        add(out, message_class_name(r[i].class));
    return 0;
}

static int read_sample(const struct gateway *g, const struct sample *s, struct buf *out,
                       struct err *e)
{
    size_t n = 1, skipped = 0;

    for (const char *p = s->expect; (p = strchr(p, ',')) != NULL; p++)
        n++;
    if (s->kind < 2) {
        if (n > SAMPLE_BATCH)
            return err_set(e, ERR_CONFIG, NULL, "a sample has at most %d messages", SAMPLE_BATCH);
        return read_answer(g, s, n, out, e);
    }
    int rc = gateway_callback_read(g, (enum gw_report_kind)(s->kind - 2), s->body, strlen(s->body),
                                   on_report, out, &skipped, e);
    for (size_t i = 0; i < skipped; i++)
        add(out, "skipped");
    return rc;
}

size_t gateway_samples(const struct gateway *g)
{
    return g->n_samples;
}

int gateway_sample_run(const struct gateway *g, size_t i, struct gw_sample *out, struct err *e)
{
    const struct sample *s = &g->samples[i];

    *out = (struct gw_sample){.of = kinds[s->kind],
                              .line = s->line,
                              .status = s->status,
                              .body = s->body,
                              .expect = s->expect};
    buf_init(&out->got, 65536);
    if (read_sample(g, s, &out->got, e) != 0)
        return -1;
    out->good = strcmp(buf_cstr(&out->got), s->expect) == 0;
    return 0;
}
