/*
 * region: what a list's cell names, and which region stands above which.
 */
#include <stdio.h>
#include <string.h>
#include "internal.h"

static bool is_code(const char *s)
{
    size_t n = strlen(s);

    return n > 0 && strspn(s, "0123456789") == n;
}

const struct policy_region *region_find(const struct policy *p, const char *name)
{
    for (size_t i = 0; i < p->n_regions; i++)
        if (strcmp(p->regions[i].name, name) == 0)
            return &p->regions[i];
    return NULL;
}

bool region_parent(const struct policy *p, const char *region, char out[REGION_MAX])
{
    const struct policy_region *r = region_find(p, region);
    size_t n = strlen(region);

    if (strcmp(region, "CN") == 0 || n >= REGION_MAX)
        return false;
    if (r != NULL && r->parent != NULL && r->parent[0] != '\0')
        snprintf(out, REGION_MAX, "%s", r->parent);
    else if (is_code(region))
        snprintf(out, REGION_MAX, "%.*s", n > 2 ? (int)n - 2 : 2, n > 2 ? region : "CN");
    else
        return false;
    return true;
}

bool region_shortage(const struct policy *p, const char *region, const char *occupation)
{
    char at[REGION_MAX], up[REGION_MAX];

    if (occupation[0] == '\0' || strlen(region) >= REGION_MAX)
        return false;
    snprintf(at, sizeof at, "%s", region);
    for (int depth = 0; depth < 8; depth++) {
        const struct policy_region *r = region_find(p, at);
        for (char **s = r != NULL ? r->shortage : NULL; s != NULL && *s != NULL; s++)
            if (strcmp(*s, occupation) == 0)
                return true;
        if (!region_parent(p, at, up))
            break;
        memcpy(at, up, sizeof at);
    }
    return false;
}

/* Whether a rule of this region's own or of one above it exists at all. */
static bool has_rules(const struct policy *p, const char *region)
{
    char at[REGION_MAX], up[REGION_MAX];

    snprintf(at, sizeof at, "%s", region);
    for (int depth = 0; depth < 8; depth++) {
        for (size_t i = 0; i < p->n_rules; i++)
            if (strcmp(p->rules[i].region, at) == 0)
                return true;
        if (!region_parent(p, at, up))
            return false;
        memcpy(at, up, sizeof at);
    }
    return false;
}

/* Six digits without pairs of zeros at the end, as rules write them; returned from the policy if it is there, else from the cell's own digits. */
static const char *by_code(const struct policy *p, const char *cell)
{
    char code[7];
    size_t n = strlen(cell);

    if (!is_code(cell) || n < 2 || n > 6 || n % 2 != 0)
        return NULL;
    memcpy(code, cell, n + 1);
    while (n > 2 && strcmp(code + n - 2, "00") == 0)
        code[n -= 2] = '\0';
    const struct policy_region *r = region_find(p, code);
    if (r != NULL)
        return r->name;
    for (size_t i = 0; i < p->n_rules; i++)
        if (strcmp(p->rules[i].region, code) == 0)
            return p->rules[i].region;
    return has_rules(p, code) ? cell : NULL;
}

const char *policy_region_of(const struct policy *p, const char *cell)
{
    if (cell == NULL || cell[0] == '\0' || strlen(cell) >= REGION_MAX)
        return NULL;
    for (size_t i = 0; i < p->n_regions; i++)
        if (strcmp(p->regions[i].name, cell) == 0 ||
            (p->regions[i].title != NULL && strcmp(p->regions[i].title, cell) == 0))
            return has_rules(p, p->regions[i].name) ? p->regions[i].name : NULL;
    return by_code(p, cell);
}
