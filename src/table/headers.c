/*
 * headers: see headers.h. Pure.
 *
 * The names are those that lists of the field really use, in their folded form. One name means one
 * field whatever the job; which fields a job needs is said to columns_find. The codes AAC002 ...
 * are those of the ministry's interface standard.
 */
#include <string.h>
#include "zhanchi/utf8.h"
#include "headers.h"

static const char *const field_names[COLUMN_FIELDS] = {
    [COLUMN_EXTRA] = "extra",
    [COLUMN_NAME] = "name",
    [COLUMN_ID] = "id",
    [COLUMN_PHONE] = "phone",
    [COLUMN_EMAIL] = "email",
    [COLUMN_REGION] = "region",
    [COLUMN_MONTHS] = "months",
    [COLUMN_CERTIFICATE] = "certificate",
    [COLUMN_OCCUPATION] = "occupation",
    [COLUMN_LEVEL] = "level",
    [COLUMN_ISSUED] = "issued",
    [COLUMN_EMPLOYER] = "employer",
    [COLUMN_REF] = "ref",
    [COLUMN_MONTHS_DAY] = "months_day",
    [COLUMN_BENEFIT] = "benefit",
    [COLUMN_GROUP] = "group",
    [COLUMN_DATE] = "date",
    [COLUMN_KIND] = "kind",
    [COLUMN_AMOUNT] = "amount",
};

#define NAMES 20
static const char *const headers[COLUMN_FIELDS][NAMES] = {
    [COLUMN_NAME] = {"姓名", "职工姓名", "申请人", "申请人姓名", "人员姓名", "参保人", "参保人姓名",
                     "持证人", "持证人姓名", "名字", "name", "aac003"},
    [COLUMN_ID] = {"身份证号", "身份证号码", "公民身份号码", "公民身份证号码", "居民身份证号码",
                   "社会保障号", "社会保障号码", "证件号码", "证件号", "身份证件号码",
                   "有效证件号码", "身份证", "id", "idnumber", "idcard", "aac002"},
    [COLUMN_PHONE] = {"手机号", "手机号码", "联系电话", "联系方式", "移动电话", "手机", "电话",
                      "电话号码", "联系手机", "联系手机号", "本人手机号", "本人手机号码", "phone",
                      "phonenumber", "mobile", "aae005"},
    [COLUMN_EMAIL] = {"邮箱", "电子邮箱", "电子邮件", "邮箱地址", "电子邮箱地址", "电子邮件地址",
                      "邮件地址", "个人邮箱", "联系邮箱", "email", "emailaddress", "mail"},
    [COLUMN_REGION] = {"参保地", "统筹区", "统筹地区", "经办机构", "参保地区", "参保所在地",
                       "所属统筹区", "参保经办机构", "region"},
    [COLUMN_MONTHS] = {"累计缴费月数", "缴费月数", "累计缴费年限", "缴费年限", "累计缴费月份",
                       "实际缴费月数", "失业保险缴费月数", "失业保险累计缴费月数",
                       "失业保险累计缴费年限", "months"},
    [COLUMN_CERTIFICATE] = {"证书编号", "证书号码", "证书号", "职业资格证书编号", "技能证书编号",
                            "职业技能等级证书编号", "certificate", "certificateno"},
    [COLUMN_OCCUPATION] = {"职业(工种)", "职业工种", "职业名称", "职业(工种)名称", "职业工种名称",
                           "职业/工种", "职业", "工种", "occupation"},
    [COLUMN_LEVEL] = {"技能等级", "证书等级", "等级", "职业技能等级", "职业等级", "级别", "level"},
    [COLUMN_ISSUED] = {"发证日期", "证书核发日期", "取证时间", "发证时间", "核发日期", "取证日期",
                       "颁证日期", "证书发证日期", "证书取得时间", "证书取得日期", "issued",
                       "issuedate"},
    [COLUMN_EMPLOYER] = {"单位名称", "参保单位", "工作单位", "参保单位名称", "企业名称", "单位",
                         "employer", "aab004"},
    [COLUMN_REF] = {"个人编号", "人员编号", "参保编号", "ref", "reference"},
    [COLUMN_MONTHS_DAY] = {"缴费截止年月", "缴费截止日期", "缴费截止月份", "缴费截止时间",
                           "月数截止日期", "缴费月数截止日期", "缴费统计截止日期", "统计截止日期",
                           "数据截止日期", "monthsday"},
    [COLUMN_BENEFIT] = {"是否领取失业保险金", "是否在领失业保险金", "是否享受失业保险金",
                        "领取失业保险金", "失业保险金领取状态", "失业保险金领取情况",
                        "失业保险金领取", "是否领金", "领金状态", "领金情况", "benefit"},
    [COLUMN_GROUP] = {"人员类别", "人员类型", "人员性质", "参保人员类别", "职工类别", "身份类别",
                      "group"},
    [COLUMN_DATE] = {"申领日期", "申领时间", "申请日期", "申请时间", "发放日期", "发放时间",
                     "受理日期", "办理日期", "日期", "date", "claimdate"},
    [COLUMN_KIND] = {"申领状态", "办理状态", "状态", "类型", "业务类型", "kind"},
    [COLUMN_AMOUNT] = {"金额", "补贴金额", "发放金额", "申领金额", "amount"},
};

const char *column_field_name(enum column_field f)
{
    return field_names[f];
}

enum column_field header_field_named(const char *name)
{
    int f = 0;

    while (f < COLUMN_FIELDS && strcmp(field_names[f], name) != 0)
        f++;
    return (enum column_field)f;
}

void header_key(const char *s, size_t len, struct buf *out)
{
    struct buf folded;

    buf_init(&folded, len + 1); /* folding never lengthens */
    utf8_fold(s, len, &folded);
    for (size_t i = 0; i < folded.len;) {
        size_t from = i;
        uint32_t cp = utf8_next(folded.data, folded.len, &i);
        if (utf8_blank(cp) || (cp < 0x80 && strchr("*_-:", (int)cp)))
            continue;
        if (cp >= 'A' && cp <= 'Z')
            buf_addc(out, (char)(cp + 'a' - 'A'));
        else
            buf_add(out, folded.data + from, i - from);
    }
    buf_fini(&folded);
}

static enum column_field lookup(const char *key, size_t len)
{
    for (int f = COLUMN_EXTRA + 1; f < COLUMN_FIELDS; f++)
        for (size_t i = 0; i < NAMES && headers[f][i]; i++)
            if (strlen(headers[f][i]) == len && memcmp(headers[f][i], key, len) == 0)
                return (enum column_field)f;
    return COLUMN_EXTRA;
}

enum column_field header_field(const char *key)
{
    size_t len = strlen(key);
    enum column_field f = lookup(key, len);
    const char *bracket = strrchr(key, '(');

    if (f == COLUMN_EXTRA && bracket && key[len - 1] == ')')
        f = lookup(key, (size_t)(bracket - key)); /* 姓名(必填) */
    return f;
}

void header_copy(char *out, size_t cap, const char *s, size_t len)
{
    if (len >= cap) {
        len = cap - 1;
        while (len > 0 && ((unsigned char)s[len] & 0xC0) == 0x80)
            len--;
    }
    memcpy(out, s, len);
    out[len] = '\0';
}
