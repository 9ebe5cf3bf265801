/*
 * level: the many spellings of a skill level: 高级, 三级, 高级工, 3, 三级/高级工, 国家职业资格三级,
 * 高级工(3级).
 *
 * The cell is read to its end, word by word. An unknown word makes the level unknown: 高级工程师 is
 * a professional title and no 高级工, 特级技师 stands above the five levels. So do two words that
 * disagree (中级/三级). Cells come folded to half-width (utf8_fold).
 */
#include <string.h>
#include "zhanchi/policy.h"

/* A word that stands at the front of a longer one comes after it. Level 0: says nothing. */
static const struct word {
    const char *text;
    int level;
} words[] = {{"高级技师", 1}, {"高级技工", 3},
             {"中级技工", 4}, {"初级技工", 5},
             {"高级工", 3},   {"中级工", 4},
             {"初级工", 5},   {"高级", 3},
             {"中级", 4},     {"初级", 5},
             {"技师", 2},     {"一级", 1},
             {"二级", 2},     {"三级", 3},
             {"四级", 4},     {"五级", 5},
             {"一", 1},       {"二", 2},
             {"三", 3},       {"四", 4},
             {"五", 5},       {"Ⅰ", 1},
             {"Ⅱ", 2},        {"Ⅲ", 3},
             {"Ⅳ", 4},        {"Ⅴ", 5},
             {"1", 1},        {"2", 2},
             {"3", 3},        {"4", 4},
             {"5", 5},        {"国家职业资格", 0},
             {"职业资格", 0}, {"职业技能等级", 0},
             {"职业技能", 0}, {"技能等级", 0},
             {"技能", 0},     {"等级", 0},
             {"证书", 0},     {"第", 0},
             {"级", 0},       {" ", 0},
             {"\t", 0},       {"\u3000", 0},
             {"/", 0},        {"-", 0},
             {"、", 0},       {"(", 0},
             {")", 0},        {"（", 0},
             {"）", 0},       {NULL, 0}};

/* One character of any script: 3, 三, Ⅲ. */
static bool numeral(const struct word *w)
{
    return w->level != 0 && strlen(w->text) <= strlen("三");
}

int policy_level_of(const char *cell)
{
    const struct word *before = NULL;
    int level = 0;

    while (*cell != '\0') {
        const struct word *w = words;
        while (w->text != NULL && strncmp(cell, w->text, strlen(w->text)) != 0)
            w++;
        if (w->text == NULL || (w->level != 0 && level != 0 && w->level != level))
            return 0;
        if (before != NULL && numeral(before) && numeral(w))
            return 0; /* 33 is no level 3 */
        if (w->level != 0)
            level = w->level;
        cell += strlen(w->text);
        before = w;
    }
    return level;
}

const char *policy_level_name(int level)
{
    static const char *const names[POLICY_LEVELS] = {"",       "高级技师", "技师",
                                                     "高级工", "中级工",   "初级工"};

    return level >= 1 && level < POLICY_LEVELS ? names[level] : "";
}
