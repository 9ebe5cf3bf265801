/*
 * check: does a text use only names that rows will have? And the list of those names.
 */
#include <string.h>
#include "zhanchi/nearest.h"
#include "internal.h"

const char *const *template_known(void)
{
    static const char *const known[] = {"name",
                                        "region",
                                        "occupation",
                                        "level_name",
                                        "employer",
                                        "certificate_no",
                                        "issued",
                                        "months",
                                        "amount",
                                        "deadline",
                                        "days_left",
                                        "clause",
                                        "office",
                                        "phone12333",
                                        "apply_where",
                                        "certificates.occupation",
                                        "certificates.level_name",
                                        "certificates.amount",
                                        "certificates.deadline",
                                        NULL};
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

int template_check(const struct template *t, const char *const *known, struct err *e)
{
    const char *open[TEMPLATE_DEPTH];
    int depth = 0;

    for (size_t i = 0; i < t->n; i++) {
        const struct ins *in = &t->code[i];
        if (in->op == OP_TEXT)
            continue;
        if (in->op == OP_END) {
            depth--;
            continue;
        }
        bool ok = strcmp(in->text, ".") == 0 || in_list(in->text, known) ||
                  is_section_of(in->text, known);
        for (int d = 0; d < depth && !ok; d++)
            ok = known_inside(open[d], in->text, known);
        if (!ok) {
            const char *near = nearest(in->text, known);
            return err_set(e, ERR_DATA, "use a name that the list and the policy provide",
                           "line %d, column %d: unknown variable %s%s%s%s", in->line, in->column,
                           in->text, near != NULL ? "; did you mean " : "",
                           near != NULL ? near : "", near != NULL ? "?" : "");
        }
        if (in->op == OP_SECTION || in->op == OP_INVERTED)
            open[depth++] = in->text;
    }
    return 0;
}
