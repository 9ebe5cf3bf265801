/*
 * report: what a profile says about receipts and replies, pushed or pulled: where things stand in them and what their words mean.
 * reading.c reads them. Called while a profile is loaded.
 */
#include <string.h>
#include "profile.h"
#include "zhanchi/charset.h"
#include "zhanchi/civil.h"

const char *const report_keys_receipt[] = {
    "format", "field", "items",  "ref",   "id",   "phone",   "state",   "code", "at",
    "time",   "zone",  "states", "parts", "part", "classes", "extract", NULL};
const char *const report_keys_reply[] = {"format", "field", "items", "id",      "phone",   "text",
                                         "at",     "time",  "zone",  "percent", "charset", NULL};

static int parse_state(struct compiler *c, const struct conf_node *group, struct state_row *row,
                       struct err *e)
{
    static const char *const known[] = {"state", "class", "codes", "pending", NULL};
    const char *class;

    if (conf_node_type(group) != CONF_GROUP)
        return conf_node_err(group, e, "write it as { state = \"...\"; class = \"...\"; }",
                             "a state is a group");
    if (conf_node_known(group, known, e) != 0 || profile_need(group, "state", e) == NULL ||
        profile_str(c, group, "state", "", &row->state, e) != 0 ||
        conf_node_str(group, "class", "UNKNOWN", &class, e) != 0 ||
        conf_node_bool(group, "codes", false, &row->by_code, e) != 0 ||
        conf_node_bool(group, "pending", false, &row->pending, e) != 0)
        return -1;
    row->len = strlen(row->state);
    row->prefix = row->len > 0 && row->state[row->len - 1] == '*';
    if (row->prefix)
        row->len--;
    return class_parse(group, class, &row->class, e);
}

static int parse_state_rows(struct compiler *c, const struct conf_node *states,
                            struct report_rules *r, struct err *e)
{
    r->n_states = conf_node_count(states);
    r->states = arena_alloc(c->arena, (r->n_states + 1) * sizeof *r->states);
    for (size_t i = 0; i < r->n_states; i++)
        if (parse_state(c, conf_node_item(states, i), &r->states[i], e) != 0)
            return -1;
    return 0;
}

/* What `like` (the pushed receipts, NULL if there are none) says holds where this group has no table of its own: carriers' words are the
 * same on both ways, and a second copy of a table falls behind the first. */
static int parse_states(struct compiler *c, const struct conf_node *group,
                        const struct report_rules *like, struct report_rules *r, struct err *e)
{
    const struct conf_node *states, *classes;

    if (like) {
        r->states = like->states;
        r->n_states = like->n_states;
        r->classes = like->classes;
    }
    if ((like == NULL && profile_need(group, "states", e) == NULL) ||
        profile_list(group, "states", &states, e) != 0 ||
        profile_group(group, "classes", &classes, e) != 0)
        return -1;
    if (states && parse_state_rows(c, states, r, e) != 0)
        return -1;
    return classes || like == NULL ? classes_parse(c, classes, &r->classes, e) : 0;
}

static int parse_time(const struct conf_node *group, struct report_rules *r, struct err *e)
{
    static const char *const forms[] = {"civil", "digits", "unix", "unix-ms", NULL};
    const char *zone;
    int form;

    if (profile_choose(group, "time", forms, &form, e) != 0 ||
        conf_node_str(group, "zone", "+08:00", &zone, e) != 0)
        return -1;
    r->time = (enum time_form)form;
    if (civil_parse_zone(zone, &r->zone_min) != 0)
        return conf_node_err(conf_node_get(group, "zone"), e, "write it as \"+08:00\"",
                             "zone \"%s\" is no offset", zone);
    return 0;
}

static int parse_format(struct compiler *c, const struct conf_node *group, struct report_rules *r,
                        struct err *e)
{
    static const char *const formats[] = {"json",  "form",         "form-json",
                                          "query", "form-or-json", NULL};
    int format;

    if (profile_choose(group, "format", formats, &format, e) != 0 ||
        profile_str(c, group, "field", NULL, &r->field, e) != 0)
        return -1;
    r->format = (enum report_format)format;
    if ((r->format == REPORT_FORM_JSON) != (r->field != NULL))
        return conf_node_err(group, e, "write format = \"form-json\"; field = \"NAME\"",
                             "form-json and field belong together");
    if (r->format == REPORT_EITHER && profile_need(group, "items", e) == NULL)
        return -1;
    return 0;
}

/* charset = "/charset": the field that names the charset of another field's text. Only fields hold bytes: JSON is UTF-8. */
static int parse_charset_field(struct compiler *c, const struct conf_node *group,
                               struct report_rules *r, struct err *e)
{
    if (profile_pointer(c, group, "charset", &r->charset_field, e) != 0)
        return -1;
    if ((r->format != REPORT_FORM && r->format != REPORT_QUERY) ||
        strrchr(r->charset_field, '/') != r->charset_field || r->text[1] != NULL ||
        strrchr(r->text[0], '/') != r->text[0])
        return conf_node_err(
            conf_node_get(group, "charset"), e,
            "write format = \"query\" or \"form\", and text and charset as \"/name\"",
            "charset names a field of a form or query, for the text in another one");
    r->charset_field++;
    r->text_field = r->text[0] + 1;
    return 0;
}

/* charset = "GB18030": of what the percent signs stand for. */
static int parse_charset(struct compiler *c, const struct conf_node *group, struct report_rules *r,
                         struct err *e)
{
    struct err why;

    if (profile_str(c, group, "charset", NULL, &r->charset, e) != 0 || r->charset == NULL)
        return r->charset == NULL ? 0 : -1;
    struct charset *known = charset_open("UTF-8", r->charset, &why);
    bool good = known != NULL && r->percent;
    charset_close(known);
    return good ? 0
                : conf_node_err(conf_node_get(group, "charset"), e,
                                "write percent = true; charset = \"GB18030\"",
                                "charset is for texts that are percent-encoded");
}

static int parse_reply(struct compiler *c, const struct conf_node *group, struct report_rules *r,
                       struct err *e)
{
    const char *charset;

    if (profile_need(group, "phone", e) == NULL || profile_need(group, "text", e) == NULL ||
        profile_pointers(c, group, "text", r->text, PLACES, e) != 0 ||
        conf_node_str(group, "charset", "", &charset, e) != 0)
        return -1;
    return charset[0] == '/' ? parse_charset_field(c, group, r, e) : parse_charset(c, group, r, e);
}

int report_parse(struct compiler *c, struct gateway *g, const struct conf_node *group, bool reply,
                 const struct report_rules *like, struct report_rules *r, struct err *e)
{
    struct pattern *extract;

    if (parse_format(c, group, r, e) != 0 || parse_time(group, r, e) != 0 ||
        profile_pointer(c, group, "items", &r->items, e) != 0 ||
        profile_pointer(c, group, "ref", &r->ref, e) != 0 ||
        profile_pointer(c, group, "id", &r->id, e) != 0 ||
        profile_pointer(c, group, "phone", &r->phone, e) != 0 ||
        profile_pointer(c, group, "code", &r->code, e) != 0 ||
        profile_pointer(c, group, "parts", &r->parts, e) != 0 ||
        profile_pointer(c, group, "part", &r->part, e) != 0 ||
        profile_pointer(c, group, "at", &r->at, e) != 0 ||
        conf_node_bool(group, "percent", false, &r->percent, e) != 0 ||
        pattern_parse(g, group, "extract", &extract, e) != 0)
        return -1;
    r->extract = extract;
    r->present = true;
    if (reply)
        return parse_reply(c, group, r, e);
    if (r->ref == NULL && r->id == NULL)
        return conf_node_err(group, e, "add ref = \"/...\" or id = \"/...\"",
                             "nothing tells which message a receipt is about");
    if ((r->parts == NULL) != (r->part == NULL))
        return conf_node_err(group, e, "add the other one", "parts and part belong together");
    if (profile_need(group, "state", e) == NULL ||
        profile_pointers(c, group, "state", r->state, PLACES, e) != 0)
        return -1;
    return parse_states(c, group, like, r, e);
}
