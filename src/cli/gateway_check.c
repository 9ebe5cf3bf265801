/*
 * gateway check: whether a profile is right: it is read with its secrets, the requests that it would make for invented messages are shown
 * (made anew with ***NAME*** for each secret, so that not even a digest of one is printed), and its own samples are read.
 *
 * NAME is a gateway of zhanchi.conf, or the path of a profile that is not configured yet. Sends nothing.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gateway_cmd.h"
#include "zhanchi/clock.h"
#include "zhanchi/crypt.h"
#include "zhanchi/json.h"

/* ---- a gateway without its secrets ---- */

static char *placeholder(const char *name)
{
    char *s = NULL;

    if (asprintf(&s, "***%s***", name) < 0)
        panic("out of memory");
    return s;
}

static struct gateway *load_masked(struct cli *c, const char *name, struct err *e)
{
    struct conf_gateway s;

    if (conf_gateway(c->conf, name, &s, e) != 0)
        return NULL;
    for (size_t i = 0; i < s.n_secrets; i++) {
        crypt_wipe(s.secrets[i].value, strlen(s.secrets[i].value));
        free(s.secrets[i].value);
        s.secrets[i].value = placeholder(s.secrets[i].name);
    }
    struct gateway *g = gateway_load(&s, e);
    conf_gateway_fini(&s);
    return g;
}

static bool listed(const struct conf_node *root, const char *key, const char *name)
{
    const struct conf_node *list = conf_node_get(root, key);
    char tmp[40];

    for (size_t i = 0; list && i < conf_node_count(list); i++) {
        const char *text = conf_node_text(conf_node_item(list, i), tmp);
        if (text && strcmp(text, name) == 0)
            return true;
    }
    return false;
}

/* What a setting could be: of a mail server it has to be an address, and what is optional is left out (NULL). */
static char *invented(const struct conf_node *root, const char *name)
{
    const char *channel = NULL;
    struct err why;
    char *s = NULL;

    bool email =
        conf_node_str(root, "channel", "", &channel, &why) == 0 && strcmp(channel, "email") == 0;
    if (email && listed(root, "optional", name))
        return NULL;
    if (asprintf(&s, email ? "%s@example.com" : "%s", name) < 0)
        panic("out of memory");
    return s;
}

/* Every secret and every required setting that a profile asks for, as placeholders. */
static void ask(const struct conf_tree *tree, struct conf_gateway *s)
{
    const struct conf_node *root = conf_tree_root(tree);
    const struct conf_node *secrets = conf_node_get(root, "secrets"),
                           *settings = conf_node_get(root, "settings");
    char tmp[40];

    size_t n = s->n_secrets + (secrets ? conf_node_count(secrets) : 0) + 1,
           m = s->n_settings + (settings ? conf_node_count(settings) : 0) + 1;
    s->secrets = realloc(s->secrets, n * sizeof *s->secrets);
    s->settings = realloc(s->settings, m * sizeof *s->settings);
    if (s->secrets == NULL || s->settings == NULL)
        panic("out of memory");
    for (size_t i = 0; secrets && i < conf_node_count(secrets); i++) {
        const char *name = conf_node_text(conf_node_item(secrets, i), tmp);
        if (name)
            s->secrets[s->n_secrets++] = (struct conf_secret){strdup(name), placeholder(name)};
    }
    for (size_t i = 0; settings && i < conf_node_count(settings); i++) {
        const struct conf_node *node = conf_node_item(settings, i);
        const char *text = conf_node_text(node, tmp), *name = conf_node_name(node);
        char *value = text && text[0] == '\0' && name ? invented(root, name) : NULL;
        if (value)
            s->settings[s->n_settings++] = (struct conf_secret){strdup(name), value};
    }
}

/* A profile by its path, with what it is based on. */
static struct gateway *load_file(const char *path, struct err *e)
{
    struct conf_gateway s = {.name = "profile", .profile = strdup(path)};
    struct conf_tree *tree = conf_tree_load(path, e), *other = NULL;
    const char *base = NULL, *slash = strrchr(path, '/');
    struct gateway *g = NULL;
    char beside[PATH_MAX];

    if (tree && conf_node_str(conf_tree_root(tree), "base", NULL, &base, e) == 0) {
        ask(tree, &s);
        snprintf(beside, sizeof beside, "%.*s%s", (int)(slash - path + 1), path, base ? base : "");
        if (base == NULL || (other = conf_tree_load(beside, e)) != NULL) {
            if (other)
                ask(other, &s);
            s.public_url = strdup("https://office.example");
            g = gateway_load(&s, e);
        }
    }
    conf_tree_free(other);
    conf_tree_free(tree);
    conf_gateway_fini(&s);
    return g;
}

/* ---- printing ---- */

static void print_request(const char *what, const struct gw_request *r, struct json_w *w)
{
    const char *p = buf_cstr(&r->headers), *end = p + r->headers.len;

    if (w) {
        json_w_open(w, '{');
        json_w_key(w, "operation");
        json_w_str(w, what);
        json_w_key(w, "method");
        json_w_str(w, r->method);
        json_w_key(w, "url");
        json_w_strn(w, buf_cstr(&r->url), r->url.len);
        json_w_key(w, "headers");
        json_w_open(w, '[');
        for (; p < end; p += strlen(p) + 1)
            json_w_str(w, p);
        json_w_close(w, ']');
        json_w_key(w, "body");
        json_w_strn(w, buf_cstr(&r->body), r->body.len);
        json_w_close(w, '}');
        return;
    }
    printf("\n%s:\n  %s %s\n", _(what), r->method, buf_cstr(&r->url));
    for (; p < end; p += strlen(p) + 1)
        printf("  %s\n", p);
    if (r->body.len > 0)
        printf("\n  %s\n", buf_cstr(&r->body));
}

static int show_submit(const struct gateway *g, size_t n, const char *what, struct json_w *w,
                       struct err *e)
{
    struct gw_message m[2];
    struct gw_sample_texts t[2];
    struct gw_request r;

    for (size_t i = 0; i < 2; i++)
        gateway_sample_message(g, i, &m[i], &t[i]);
    if (!gateway_together(g, &m[0], &m[1]))
        panic("gateway: sample messages do not go together");
    gw_request_init(&r);
    int rc = gateway_build(g, m, n, clock_now_ms(), &r, e);
    if (rc == 0)
        print_request(what, &r, w);
    gw_request_fini(&r);
    return rc;
}

static int show_pull(const struct gateway *g, enum gw_pull what, struct json_w *w, struct err *e)
{
    static const char *const names[] = {N_("pull receipts"), N_("pull replies"), N_("query")};
    struct gw_message m;
    struct gw_sample_texts t;
    struct gw_request r;

    if (!gateway_can_pull(g, what))
        return 0;
    gateway_sample_message(g, 0, &m, &t);
    gw_request_init(&r);
    int rc = gateway_build_pull(g, what, what == GW_PULL_QUERY ? &m : NULL, clock_now_ms(), &r, e);
    if (rc == 0)
        print_request(names[what], &r, w);
    gw_request_fini(&r);
    return rc;
}

static int show_requests(const struct gateway *g, struct json_w *w, struct err *e)
{
    if (w) {
        json_w_key(w, "requests");
        json_w_open(w, '[');
    }
    if (show_submit(g, 1, N_("submit"), w, e) != 0 ||
        (gateway_limits(g)->batch > 1 && show_submit(g, 2, N_("submit a batch"), w, e) != 0))
        return -1;
    for (int what = GW_PULL_RECEIPTS; what <= GW_PULL_QUERY; what++)
        if (show_pull(g, (enum gw_pull)what, w, e) != 0)
            return -1;
    if (w)
        json_w_close(w, ']');
    return 0;
}

static void print_sample(const struct gw_sample *s, const char *fault, struct json_w *w)
{
    if (w) {
        json_w_open(w, '{');
        json_w_key(w, "of");
        json_w_str(w, s->of);
        json_w_key(w, "line");
        json_w_int(w, s->line);
        json_w_key(w, "expect");
        json_w_str(w, s->expect);
        json_w_key(w, "read");
        json_w_str(w, buf_cstr(&s->got));
        json_w_key(w, "good");
        json_w_bool(w, s->good);
        json_w_close(w, '}');
        return;
    }
    printf(_("  line %d, %s, status %d: %s\n"), s->line, s->of, s->status, s->body);
    if (s->good)
        printf(_("    is read as %s\n"), buf_cstr(&s->got));
    else
        printf(_("    is read as %s, but should be %s\n"), fault ? fault : buf_cstr(&s->got),
               s->expect);
}

/* How it reads what it says that it can read; the number of those that it cannot. */
static size_t show_samples(const struct gateway *g, struct json_w *w)
{
    size_t bad = 0;

    if (w) {
        json_w_key(w, "samples");
        json_w_open(w, '[');
    } else if (gateway_samples(g) > 0) {
        printf(_("\nsamples:\n"));
    }
    for (size_t i = 0; i < gateway_samples(g); i++) {
        struct gw_sample s;
        struct err fault = {0};
        int rc = gateway_sample_run(g, i, &s, &fault);
        print_sample(&s, rc != 0 ? fault.what : NULL, w);
        bad += !s.good;
        buf_fini(&s.got);
    }
    if (w)
        json_w_close(w, ']');
    return bad;
}

static int show(struct cli *c, const struct gateway *g, struct err *e)
{
    uint8_t digest[32];
    char hex[65];
    struct buf out;
    struct json_w w, *json = c->json ? &w : NULL;

    gateway_digest(g, digest);
    crypt_hex(digest, sizeof digest, hex);
    buf_init(&out, 16U << 20);
    json_w_init(&w, &out);
    if (json) {
        json_w_open(&w, '{');
        json_w_key(&w, "gateway");
        json_w_str(&w, gateway_name(g));
        json_w_key(&w, "digest");
        json_w_str(&w, hex);
    }
    int rc = show_requests(g, json, e);
    size_t bad = rc == 0 ? show_samples(g, json) : 0;
    if (rc == 0 && json) {
        json_w_close(&w, '}');
        puts(buf_cstr(&out));
    } else if (rc == 0 && bad == 0) {
        printf(_("\n%s: the profile is good; digest %.16s\n"), gateway_name(g), hex);
    }
    buf_fini(&out);
    if (rc == 0 && bad > 0)
        return err_set(e, ERR_CONFIG, _("correct the profile, or the sample"),
                       _("gateway %s: %zu of its %zu samples are read in another way"),
                       gateway_name(g), bad, gateway_samples(g));
    return rc;
}

int gateway_check_run(struct cli *c, const struct cli_args *a, struct err *e)
{
    const char *name = a->rest[0];
    struct gateway *g;

    if (strchr(name, '/')) {
        g = load_file(name, e);
    } else {
        if (cli_conf(c, e) != 0)
            return -1;
        if ((g = gateway_open(c, name, e)) == NULL) /* with its secrets: are they there? */
            return -1;
        gateway_free(g);
        g = load_masked(c, name, e);
    }
    if (g == NULL)
        return -1;
    int rc = show(c, g, e);
    gateway_free(g);
    return rc;
}
