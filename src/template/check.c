/*
 * check: does a text use only names that rows will have? And the list of those names.
 */
#include <string.h>
#include "zhanchi/nearest.h"
#include "internal.h"

const char *const *template_known(void)
{
    /* clang-format off */
    static const char *const known[] = {
        "name", "name.masked", "honorific", "region", "occupation", "level_name", "employer",
        "certificate_no", "issued", "issued.short", "issued.iso", "months",
        "amount", "amount.plain", "deadline", "deadline.short", "deadline.iso", "days_left", "clause",
        "office", "phone12333", "apply_where",
        "certificates.occupation", "certificates.level_name",
        "certificates.amount", "certificates.amount.plain", "certificates.deadline",
        "certificates.deadline.short", "certificates.deadline.iso",
        NULL};
    /* clang-format on */
    return known;
}

static bool in_list(const char *name, const char *const *known)
{
    for (; *known != NULL; known++)
        if (strcmp(*known, name) == 0)
            return true;
    return false;
}

/* "certificates" is known when "certificates.x" is. */
static bool is_section_of(const char *name, const char *const *known)
{
    size_t len = strlen(name);

    for (; *known != NULL; known++)
        if (strncmp(*known, name, len) == 0 && (*known)[len] == '.')
            return true;
    return false;
}

static bool known_inside(const char *section, const char *name, const char *const *known)
{
    char dotted[2 * TEMPLATE_NAME_MAX + 2];

    memcpy(dotted, section, strlen(section));
    dotted[strlen(section)] = '.';
    memcpy(dotted + strlen(section) + 1, name, strlen(name) + 1);
    return in_list(dotted, known);
}

/* A partial is looked at where it is called, with the sections that are open there. */
struct walk {
    const struct template *t;
    const char *const *known;
    const char *open[TEMPLATE_RUN_DEPTH];
    int depth;
    int call[TEMPLATE_CALLS];
    int calls;
    unsigned steps;
};

static int check_name(const struct walk *w, const struct ins *in, struct err *e)
{
    bool ok = strcmp(in->text, ".") == 0 || in_list(in->text, w->known) ||
              is_section_of(in->text, w->known);
    char place[TEMPLATE_PLACE_MAX];

    for (int d = 0; d < w->depth && !ok; d++)
        ok = known_inside(w->open[d], in->text, w->known);
    if (ok)
        return 0;
    const char *near = nearest(in->text, w->known);
    template_place(w->t, in, place, sizeof place);
    return err_set(e, ERR_DATA, "use a name that the list and the policy provide",
                   "%s: unknown variable %s%s%s%s", place, in->text,
                   near != NULL ? "; did you mean " : "", near != NULL ? near : "",
                   near != NULL ? "?" : "");
}

/* One that is open already calls itself: its names have been looked at. */
static bool enters(const struct walk *w, int part)
{
    for (int i = 0; i < w->calls; i++)
        if (w->call[i] == part)
            return false;
    return w->calls < TEMPLATE_CALLS;
}

static int walk_part(struct walk *w, size_t i, struct err *e)
{
    for (; w->t->code[i].op != OP_RETURN; i++) {
        const struct ins *in = &w->t->code[i];
        if (++w->steps > TEMPLATE_STEPS_MAX)
            return err_set(e, ERR_DATA, "use fewer partials",
                           "the partials call each other too often");
        if (in->op == OP_END) {
            w->depth--;
        } else if (in->op == OP_CALL && enters(w, in->target)) {
            w->call[w->calls++] = in->target;
            if (walk_part(w, in->jump, e) != 0)
                return -1;
            w->calls--;
        }
        if (in->op < OP_VAR || in->op > OP_INVERTED)
            continue;
        if (check_name(w, in, e) != 0)
            return -1;
        if (in->op < OP_SECTION)
            continue;
        if (w->depth == TEMPLATE_RUN_DEPTH)
            return err_set(e, ERR_DATA, "use fewer sections",
                           "sections and partials are nested too deeply");
        w->open[w->depth++] = in->text;
    }
    return 0;
}

int template_check(const struct template *t, const char *const *known, struct err *e)
{
    struct walk w = {.t = t, .known = known};

    return walk_part(&w, 0, e);
}
