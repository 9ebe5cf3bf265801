/*
 * people: see people.h. Every kind of dirt that real lists have is here once: what a reader must repair (full-width digits, prefixes, odd dates) and what it must
 * refuse (numbers that a spreadsheet has damaged, two numbers in a cell, wrong check characters ...).
 */
#include <stdio.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "people.h"

const char *const people_headers[ROW_CELLS] = {
    "姓名",     "身份证号码", "手机号码", "参保地",   "累计缴费月数",
    "证书编号", "职业(工种)", "技能等级", "发证日期", "单位名称",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const surnames[] = {"王", "李", "张", "刘", "陈",   "杨", "赵", "黄",
                                       "周", "吴", "徐", "孙", "欧阳", "龚", "邬", "阙"};
static const char *const given[] = {"伟", "芳", "娜", "洋", "敏", "静", "强", "磊", "军", "杰",
                                    "艳", "勇", "涛", "明", "超", "霞", "平", "刚", "玲", "翀",
                                    "琬", "婷", "昕", "镕", "喆", "堃", "昇", "珺", "志", "国"};
static const char *const rare_names[] = {
    "𠮷祥", "王䶮", "李㛃", "𠅤明", "张𫖮", "阿依古丽·买买提", "刘𬀩", "陈鿍"};
static const char *const regions[] = {"示例市", "示范市", "示例县", "样本县", "示例省示例市"};
static const char *const occupations[] = {
    "养老护理员", "焊工",       "数控机床操作工", "电工",     "中式烹调师",         "育婴员",
    "保育师",     "汽车维修工", "美发师",         "叉车司机", "企业人力资源管理师", "保安员"};
static const char *const levels[] = {"初级工", "中级工", "高级工", "五级/初级工",
                                     "四级",   "三级",   "高级",   "技师"};
static const int level_numbers[] = {5, 4, 3, 5, 4, 3, 3, 2};
static const char *const employers[] = {
    "示例机械有限公司",         "示范纺织有限公司",  "样本食品厂",
    "示例物业服务有限公司",     "示范汽车维修中心",  "样本养老院",
    "示例（虚构）商贸有限公司", "示例市第一示范酒店"};
static const char *const id_regions[] = {"110105", "310104", "440305", "510107", "650102",
                                         "540102", "110101", "310101", "440304", "510104"};

/* ---- chance ---- */

struct dice {
    uint64_t x;
};

static uint64_t roll(struct dice *d)
{
    uint64_t z = d->x += 0x9E3779B97F4A7C15u; /* splitmix64 */

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static size_t below(struct dice *d, size_t n)
{
    return (size_t)(roll(d) % n);
}

static double unit(struct dice *d)
{
    return (double)(roll(d) >> 11) * 0x1p-53;
}

static bool lot(struct dice *d, double share)
{
    return unit(d) < share;
}

#define PICK(d, a) ((a)[below(d, COUNT(a))])

static struct dice dice_of(const struct people *p, uint64_t what, int64_t number)
{
    struct dice d = {p->seed * 0xD1342543DE82EF95u ^ what << 56 ^ (uint64_t)number};

    d.x = roll(&d);
    return d;
}

/* ---- persons ---- */

/* The check character (ISO 7064, MOD 11-2). */
static void check_id(char *id)
{
    static const int weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;

    for (int i = 0; i < 17; i++)
        sum += (id[i] - '0') * weights[i];
    id[17] = "10X98765432"[sum % 11];
    id[18] = '\0';
}

static void make_id(int64_t person, char out[20])
{
    enum { DAYS = 2190, SERIALS = 990, ALL = DAYS * SERIALS * 10 };
    int64_t n =
        (person * 48271 + 12345) % ALL; /* one to one: 48271 is a prime that does not divide ALL */
    struct civil c = civil_of(civil_day(1900, 1, 1) + (int32_t)(n % DAYS));

    snprintf(out, 20, "%s%04d%02d%02d%03d", id_regions[n / DAYS / SERIALS % 10], c.year % 10000,
             c.month % 100, c.day % 100, (int)(n / DAYS % SERIALS) + 1);
    check_id(out);
}

static void make_person(const struct people *p, struct person_row *r)
{
    struct dice d = dice_of(p, 1, r->person);
    /* One household in twenty-five shares a telephone. */
    int64_t phone = r->person > 0 && lot(&d, 0.04) ? r->person - 1 : r->person;

    make_id(r->person, r->id);
    snprintf(r->phone, sizeof r->phone, "199%08u", (unsigned)((uint64_t)phone % 100000000));
    if (lot(&d, 0.01))
        snprintf(r->name, sizeof r->name, "%s", PICK(&d, rare_names));
    else
        snprintf(r->name, sizeof r->name, "%s%s%s", PICK(&d, surnames), PICK(&d, given),
                 lot(&d, 0.7) ? PICK(&d, given) : "");
}

/* ---- cells as they should be ---- */

static void make_date(struct dice *d, int32_t day, char *out)
{
    struct civil c = civil_of(day);

    switch (below(d, 8)) {
    case 0:
        snprintf(out, ROW_TEXT, "%d/%d/%d", c.year, c.month, c.day);
        break;
    case 1:
        snprintf(out, ROW_TEXT, "%04d%02d%02d", c.year, c.month, c.day);
        break;
    case 2:
        snprintf(out, ROW_TEXT, "%d年%d月%d日", c.year, c.month, c.day);
        break;
    case 3:
        snprintf(out, ROW_TEXT, "%d", day + 25569); /* as Excel counts */
        break;
    default:
        snprintf(out, ROW_TEXT, "%04d-%02d-%02d", c.year, c.month, c.day);
        break;
    }
}

static void make_months(struct dice *d, char *out)
{
    int n = (int)below(d, 240);

    if (lot(d, 0.01))
        out[0] = '\0'; /* nobody knows */
    else if (lot(d, 0.02))
        snprintf(out, ROW_TEXT, "%d年%d个月", n / 12, n % 12);
    else
        snprintf(out, ROW_TEXT, "%d%s", n, lot(d, 0.05) ? ".0" : "");
}

static void make_cells(const struct people *p, struct dice *d, struct person_row *r)
{
    size_t level = below(d, COUNT(levels));
    int32_t issued = p->today - (int32_t)below(d, 425);

    if (level == COUNT(levels) - 1 && lot(d, 0.8))
        level = 0; /* fewer 技师 */
    r->occupation = PICK(d, occupations);
    r->level = levels[level];
    snprintf(r->cell[CELL_NAME], ROW_TEXT, "%s", r->name);
    snprintf(r->cell[CELL_ID], ROW_TEXT, "%s", r->id);
    snprintf(r->cell[CELL_PHONE], ROW_TEXT, "%s", r->phone);
    snprintf(r->cell[CELL_REGION], ROW_TEXT, "%s", lot(d, 0.01) ? "" : PICK(d, regions));
    make_months(d, r->cell[CELL_MONTHS]);
    snprintf(r->cell[CELL_CERTIFICATE], ROW_TEXT, "%02d%08u%d%05u", civil_of(issued).year % 100,
             (unsigned)(roll(d) % 100000000), level_numbers[level], (unsigned)(roll(d) % 100000));
    snprintf(r->cell[CELL_OCCUPATION], ROW_TEXT, "%s", r->occupation);
    snprintf(r->cell[CELL_LEVEL], ROW_TEXT, "%s", r->level);
    make_date(d, issued, r->cell[CELL_ISSUED]);
    snprintf(r->cell[CELL_EMPLOYER], ROW_TEXT, "%s", PICK(d, employers));
}

/* ---- dirt that a reader repairs ---- */

static void widen(char *cell)
{
    char text[ROW_TEXT];
    size_t n = 0;

    for (const char *s = cell; *s && n + 4 < sizeof text; s++) {
        if (*s >= '0' && *s <= '9') {
            text[n++] = '\xEF';
            text[n++] = '\xBC';
            text[n++] = (char)('\x90' + (*s - '0'));
        } else {
            text[n++] = *s;
        }
    }
    text[n] = '\0';
    memcpy(cell, text, n + 1);
}

static void soil(struct dice *d, struct person_row *r)
{
    char *phone = r->cell[CELL_PHONE], *id = r->cell[CELL_ID];

    switch (below(d, 7)) {
    case 0:
        widen(phone);
        break;
    case 1:
        snprintf(phone, ROW_TEXT, "+86 %s", r->phone);
        break;
    case 2:
        snprintf(phone, ROW_TEXT, "%.3s-%.4s-%.4s", r->phone, r->phone + 3, r->phone + 7);
        break;
    case 3:
        snprintf(phone, ROW_TEXT, "\u202d%s\u202c", r->phone); /* copied out of a chat */
        break;
    case 4:
        widen(id);
        break;
    case 5:
        snprintf(id, ROW_TEXT, " %s\t", r->id);
        break;
    default:
        snprintf(r->cell[CELL_NAME], ROW_TEXT, "　%s ", r->name);
        break;
    }
}

/* ---- dirt that it must refuse ---- */

/* Each is a way in which intake refuses a row (src/intake/reasons.c). */
static void ruin_id(int kind, struct person_row *r)
{
    char *id = r->cell[CELL_ID];

    switch (kind) {
    case 0: /* kept as a number: shown in scientific notation */
        snprintf(id, ROW_TEXT, "%.1s.%.5sE+17", r->id, r->id + 1);
        break;
    case 1: /* kept as a number: the last three digits are gone */
        snprintf(id, ROW_TEXT, "%.15s000", r->id);
        break;
    case 2: /* a digit is wrong */
        id[17] = id[17] == '1' ? '2' : '1';
        break;
    case 3: /* a letter */
        id[14] = 'x';
        break;
    case 4: /* one is missing */
        id[17] = '\0';
        break;
    case 5: /* the thirteenth month */
        memcpy(id + 10, "13", 2);
        break;
    case 6: /* no such province */
        memcpy(id, "10", 2);
        check_id(id);
        break;
    default: /* a passport */
        snprintf(id, ROW_TEXT, "E%.8s", r->id + 6);
        break;
    }
}

#define RUIN_IDS 8

static const char *const bad_phones[] = {
    "010-12345678", "1.99E+10",    "12333",         "",
    "4008001234",   "12012345678", "1410123456789", "+1 2025550123"};

static void ruin_phone(int kind, struct person_row *r)
{
    char *phone = r->cell[CELL_PHONE];
    int n = (int)COUNT(bad_phones);

    if (kind < n)
        snprintf(phone, ROW_TEXT, "%s", bad_phones[kind]);
    else if (kind == n)
        phone[9] = '\0';
    else if (kind == n + 1)
        snprintf(phone, ROW_TEXT, "%s/%.10s9", r->phone, r->phone);
    else if (kind == n + 2)
        snprintf(phone, ROW_TEXT, "%.9sOO", r->phone);
    else
        snprintf(phone, ROW_TEXT, "%s空号", r->phone);
}

#define RUIN_PHONES ((int)COUNT(bad_phones) + 4)

static void ruin_rest(int kind, struct person_row *r)
{
    switch (kind) {
    case 0:
        snprintf(r->cell[CELL_ISSUED], ROW_TEXT, "2026-02-30");
        break;
    case 1:
        snprintf(r->cell[CELL_ISSUED], ROW_TEXT, "去年秋天");
        break;
    case 2:
        snprintf(r->cell[CELL_LEVEL], ROW_TEXT, "高级工程师");
        break;
    case 3:
        snprintf(r->cell[CELL_MONTHS], ROW_TEXT, "三年多");
        break;
    case 4:
        snprintf(r->cell[CELL_NAME], ROW_TEXT, "?%s", r->name);
        break;
    case 5:
        r->cell[CELL_NAME][0] = '\0';
        break;
    case 6: /* a remark has swallowed the name */
        for (size_t n = strlen(r->name); n + 4 <= 210; n += 3)
            memcpy(r->cell[CELL_NAME] + n, "注", 4);
        break;
    case 7: /* a column too far */
        snprintf(r->cell[CELL_REGION], ROW_TEXT, "%s", r->phone);
        break;
    case 8:
        r->raw_tail = ",多出的一格";
        break;
    default:
        r->raw_tail = ",\"断\"了";
        break;
    }
}

#define RUIN_REST 10

/* One kind after the other, so that a short list shows all of them. */
static void ruin(int64_t turn, struct person_row *r)
{
    int kind = (int)(turn % (RUIN_IDS + RUIN_PHONES + RUIN_REST));

    r->bad = true;
    if (kind < RUIN_IDS)
        ruin_id(kind, r);
    else if (kind < RUIN_IDS + RUIN_PHONES)
        ruin_phone(kind - RUIN_IDS, r);
    else
        ruin_rest(kind - RUIN_IDS - RUIN_PHONES, r);
}

/* ---- a row ---- */

/* Four rows in a hundred are a further certificate of the person before. */
static bool further(const struct people *p, int64_t number)
{
    struct dice d = dice_of(p, 2, number);

    return number > 0 && lot(&d, 0.04);
}

void people_row(const struct people *p, int64_t number, struct person_row *out)
{
    struct dice d = dice_of(p, 3, number);

    memset(out, 0, sizeof *out);
    out->person = number;
    while (further(p, out->person))
        out->person--;
    make_person(p, out);
    make_cells(p, &d, out);
    out->chance = unit(&d);
    /* The share is kept to the row: every (1 / bad)th. */
    int64_t turn = (int64_t)((double)number * p->bad);
    if ((int64_t)((double)(number + 1) * p->bad) > turn)
        ruin(turn, out);
    else if (lot(&d, 0.03))
        soil(&d, out);
}
