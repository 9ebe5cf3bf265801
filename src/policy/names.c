/*
 * names: what verdicts and levels are called; stable codes for machines, the field's terms for people.
 */
#include <string.h>
#include "zhanchi/policy.h"

static const char *const outcomes[] = {"undetermined", "eligible", "not-eligible"};

static const char *const reasons[] = {"ok",
                                      "no-rule",
                                      "no-region",
                                      "no-issue-date",
                                      "no-level",
                                      "no-months",
                                      "too-few-months",
                                      "level",
                                      "issued-too-early",
                                      "expired",
                                      "issued-in-future",
                                      "claimed",
                                      "higher-level",
                                      "yearly-cap",
                                      "draws-benefit"};

static const char *const levels[POLICY_LEVELS] = {"",       "高级技师", "技师",
                                                  "高级工", "中级工",   "初级工"};

/* Longer forms first: "高级技师" holds both "高级" and "技师". */
static const struct {
    const char *form;
    int level;
} forms[] = {{"高级技师", 1}, {"一级", 1}, {"技师", 2},   {"二级", 2}, {"高级工", 3},
             {"高级", 3},     {"三级", 3}, {"中级工", 4}, {"中级", 4}, {"四级", 4},
             {"初级工", 5},   {"初级", 5}, {"五级", 5}};

const char *verdict_outcome_name(enum verdict_outcome o)
{
    return (size_t)o < sizeof outcomes / sizeof outcomes[0] ? outcomes[o] : "?";
}

const char *verdict_reason_name(enum verdict_reason r)
{
    return (size_t)r < sizeof reasons / sizeof reasons[0] ? reasons[r] : "?";
}

const char *policy_level_name(int level)
{
    return level > 0 && level < POLICY_LEVELS ? levels[level] : "";
}

int policy_level_of(const char *cell)
{
    size_t len = strlen(cell);

    if (len == 1 || (len > 1 && strcmp(cell + 1, "级") == 0))
        return cell[0] >= '1' && cell[0] <= '5' ? cell[0] - '0' : 0;
    /* "高级技师(一级)" and "三级/高级工" name one level twice; two different ones are none. */
    int found = 0;
    for (const char *p = cell; *p != '\0';) {
        size_t step = 1;
        for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
            size_t n = strlen(forms[i].form);
            if (strncmp(p, forms[i].form, n) != 0)
                continue;
            if (found != 0 && found != forms[i].level)
                return 0;
            found = forms[i].level;
            step = n;
            break;
        }
        p += step;
    }
    return found;
}
