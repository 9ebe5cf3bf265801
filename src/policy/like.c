/*
 * like: does a cell look like a region? Pure.
 *
 * Regions stand in the clear, and lists have shifted columns: what stands under 参保地 may be a
 * person's name. So only what says itself that it is a region passes: a code, a name of a policy's
 * own (capitals with a digit or a hyphen), the name of a province, or Han characters with the right
 * ending. Endings that given names have too (州, 旗, 盟) pass only as they really occur: people are
 * called 李红旗, no banner is. In doubt a cell is none: its row is undetermined, nothing leaks.
 * Caller: intake.
 */
#include <string.h>
#include "internal.h"

#define LONGEST 63 /* bytes: what the store keeps */
#define CHARS (LONGEST / 3)

static const char *const provinces[] = {"北京", "天津",   "上海",   "重庆", "河北", "山西", "辽宁",
                                        "吉林", "黑龙江", "江苏",   "浙江", "安徽", "福建", "江西",
                                        "山东", "河南",   "湖北",   "湖南", "广东", "广西", "海南",
                                        "四川", "贵州",   "云南",   "西藏", "陕西", "甘肃", "青海",
                                        "宁夏", "新疆",   "内蒙古", "台湾", "香港", "澳门", NULL};
static const char *const wholes[] = {"省本级", "市本级",     "区本级",   "县本级", "州本级",
                                     "省直",   "市直",       "区直",     "县直",   "州直",
                                     "兴安盟", "锡林郭勒盟", "阿拉善盟", NULL};
/* The thirty autonomous prefectures, as people shorten them. */
static const char *const prefectures[] = {
    "延边州",   "恩施州", "湘西州", "阿坝州",     "甘孜州",     "凉山州", "黔西南州",
    "黔东南州", "黔南州", "楚雄州", "红河州",     "文山州",     "大理州", "德宏州",
    "怒江州",   "迪庆州", "临夏州", "甘南州",     "西双版纳州", "海北州", "黄南州",
    "海南州",   "果洛州", "玉树州", "海西州",     "昌吉州",     "博州",   "博尔塔拉州",
    "巴州",     "克州",   "伊犁州", "巴音郭楞州", "克孜勒苏州", "自治州", NULL};
static const char *const banners[] = {
    "左旗",         "右旗",     "前旗",     "后旗",       "中旗",     "自治旗",
    "阿荣旗",       "奈曼旗",   "库伦旗",   "敖汉旗",     "杭锦旗",   "乌审旗",
    "正蓝旗",       "镶黄旗",   "正镶白旗", "准格尔旗",   "达拉特旗", "鄂托克旗",
    "伊金霍洛旗",   "喀喇沁旗", "翁牛特旗", "克什克腾旗", "扎赉特旗", "扎鲁特旗",
    "阿鲁科尔沁旗", "四子王旗", "太仆寺旗", "额济纳旗",   NULL};
/* Parts of a town, no regions: an address stands there. */
static const char *const quarters[] = {"小区", "社区", "街区",   "厂区",
                                       "校区", "院区", "宿舍区", NULL};
static const char *const units[] = {"省", "市", "区", "县", "州", "盟", "旗", NULL};
/* Of an agency or a township, behind a unit. */
static const char *const agencies[] = {"局", "中心", "所",   "处",   "厅",   "站",   "镇",
                                       "乡", "街道", "本级", "直属", "机构", "兵团", NULL};

static bool ends_in(const char *text, const char *const *ends)
{
    size_t len = strlen(text);

    for (; *ends != NULL; ends++) {
        size_t n = strlen(*ends);
        if (n <= len && strcmp(text + len - n, *ends) == 0)
            return true;
    }
    return false;
}

static bool is_one_of(const char *text, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcmp(*list, text) == 0)
            return true;
    return false;
}

/* Han characters of the basic plane, blanks left out. -1 if anything else is there. */
static int han(const char *s, char out[LONGEST + 1])
{
    size_t len = strlen(s), n = 0;
    int chars = 0;

    for (size_t i = 0; i < len;) {
        const unsigned char *c = (const unsigned char *)s + i;
        if (*c == ' ' || *c == '\t') {
            i++;
            continue;
        }
        /* U+3400 to U+9FFF is three bytes, E3 90 80 to E9 BF BF; U+3000 is a blank. */
        if (*c < 0xE3 || *c > 0xE9 || len - i < 3)
            return -1;
        if (*c == 0xE3 && c[1] < 0x90) {
            if (memcmp(c, "\u3000", 3) != 0)
                return -1;
        } else if (chars++ < CHARS) {
            memcpy(out + n, c, 3);
            n += 3;
        } else {
            return -1;
        }
        i += 3;
    }
    out[n] = '\0';
    return chars;
}

/* A unit that is neither the first nor the last character. */
static bool names_unit(const char *text)
{
    for (size_t i = 3; i + 3 < strlen(text); i += 3)
        for (const char *const *u = units; *u != NULL; u++)
            if (memcmp(text + i, *u, 3) == 0)
                return true;
    return false;
}

static bool han_region(const char *text, int chars)
{
    static const char *const plain[] = {"市", "县", "区", NULL};
    static const char *const province[] = {"省", NULL};

    if (is_one_of(text, provinces) || is_one_of(text, wholes))
        return true;
    if (ends_in(text, quarters))
        return false;
    if ((chars >= 2 && ends_in(text, plain)) || (chars >= 3 && ends_in(text, province)))
        return true;
    if (ends_in(text, prefectures) || ends_in(text, banners))
        return true;
    return ends_in(text, wholes) || (names_unit(text) && ends_in(text, agencies));
}

/* EX-01, G2: capitals with a digit or a hyphen, or very few capitals; too few digits for anybody's
 * number. */
static bool own_name(const char *s)
{
    size_t len = strlen(s), digits = 0, marks = 0;

    for (size_t i = 0; i < len; i++) {
        bool digit = s[i] >= '0' && s[i] <= '9';
        digits += digit;
        marks += s[i] == '-';
        if (!digit && s[i] != '-' && (s[i] < 'A' || s[i] > 'Z'))
            return false;
    }
    if (len == digits + marks || digits > 6 || len > 16)
        return false;
    return digits + marks > 0 || len <= 3;
}

bool policy_region_like(const char *cell)
{
    char text[LONGEST + 1], code[7];
    size_t len = strlen(cell);

    if (len == 0 || len > LONGEST)
        return false;
    if (policy_region_code(cell, code) == 0 || own_name(cell))
        return true;
    int chars = han(cell, text);
    return chars > 0 && han_region(text, chars);
}
