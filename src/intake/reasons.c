/*
 * reasons: every code under which a row is not taken, what it means and what to do, and whether a person
 * must decide. Codes are stable: they stand in databases and scripts. The codes of
 * numbers are made by phone.c and citizen.c, the others in rows.c. Texts are marked for translation; only commands translate.
 */
#include <string.h>
#include "zhanchi/i18n.h"
#include "internal.h"

static const struct {
    const char *code, *text, *remedy;
    bool review; /* a person must decide: the row is held, not refused */
} reasons[] = {
    {"phone-empty", N_("no telephone number"), N_("enter the mobile number"), false},
    {"phone-chars", N_("letters or other text among the digits"),
     N_("enter the number alone; move remarks to another column"), false},
    {"phone-length", N_("too few or too many digits for a mobile number"),
     N_("ask for the complete 11-digit number"), false},
    {"phone-prefix", N_("no mobile number begins like this"), N_("check the number"), false},
    {"phone-no-sms", N_("a number that receives no text messages"),
     N_("enter the number of a mobile telephone"), false},
    {"phone-landline", N_("a landline"), N_("enter the mobile number"), false},
    {"phone-service", N_("a service number"), N_("enter the person's own mobile number"), false},
    {"phone-foreign", N_("a number from outside the mainland"), N_("enter a mainland number"),
     false},
    {"phone-scientific", N_("digits were lost in a spreadsheet (1.38E+10)"),
     N_("format the column as text and enter the number again from its source"), false},
    {"phone-several", N_("two numbers in one cell"), N_("choose one; move the other elsewhere"),
     true},
    {"email-chars", N_("characters that no mail address has"),
     N_("enter the address alone; move remarks to another column"), false},
    {"email-form", N_("not a mail address"), N_("write name@example.com, or leave it empty"),
     false},
    {"email-domain", N_("what stands behind the @ is no mail domain"), N_("check the address"),
     false},
    {"email-idn", N_("a mail address with letters beyond a to z"),
     N_("enter the domain as its xn-- form, or another address"), false},
    {"email-length", N_("the mail address is too long"), N_("check whether columns are shifted"),
     false},
    {"email-several", N_("two mail addresses in one cell"),
     N_("choose one; move the other elsewhere"), true},
    {"id-length", N_("the id number has too few or too many characters"),
     N_("enter all 18 characters"), false},
    {"id-charset", N_("the id number has characters that none has"), N_("check the number"), false},
    {"id-date", N_("the id number holds no possible date of birth"), N_("check the number"), false},
    {"id-check", N_("the check character of the id number does not fit: a digit is wrong"),
     N_("compare with the document"), false},
    {"id-region", N_("the id number begins with no region"), N_("check the number"), false},
    {"id-damaged", N_("the id number lost its last digits in a spreadsheet"),
     N_("format the column as text and enter the number again from its source"), false},
    {"id-other-document", N_("the number of another document"),
     N_("leave the cell empty and give the office's own reference in a column of its own"), false},
    {"name-empty", N_("no name"), N_("enter the name"), false},
    {"name-long", N_("the name is longer than 200 bytes"), N_("check whether columns are shifted"),
     false},
    {"name-damaged", N_("the name holds characters that were lost or replaced (? and the like)"),
     N_("enter the name again; save the list as UTF-8"), true},
    {"name-private",
     N_("the name holds a character of private use, which other systems show otherwise"),
     N_("enter the character's assigned code; accept it if it has none"), true},
    {"ref-long", N_("the reference is longer than 64 bytes"),
     N_("check whether columns are shifted"), false},
    {"region-personal", N_("a person's number stands where the region should"),
     N_("check whether columns are shifted"), false},
    {"months-format", N_("not a number of months"), N_("write 36, or 3年2个月, or leave it empty"),
     false},
    {"benefit-unknown", N_("neither yes nor no"), N_("write 是 or 否, or leave it empty"), false},
    {"level-unknown", N_("not a skill level"),
     N_("write 初级工, 中级工, 高级工, 技师 or 高级技师, or leave it empty"), false},
    {"date-format", N_("not a date"), N_("write 2026-03-01, or leave it empty"), false},
    {"certificate-level", N_("the certificate's number says another level than the row"),
     N_("compare with the certificate; accept it if both are right"), true},
    {"certificate-year", N_("the certificate's number says another year than the row"),
     N_("compare with the certificate; accept it if both are right"), true},
    {"person-unknown", N_("nothing says who this is"),
     N_("give an id number, the office's reference, or a name"), false},
    {"row-quote", N_("malformed quoting: nobody can tell where its cells end"),
     N_("double every quotation mark inside a quoted cell, or save the list again"), false},
    {"row-long", N_("the row is too long"), N_("check for a missing quotation mark or line end"),
     false},
    {"row-shifted", N_("more cells than the header has columns"),
     N_("put cells with a comma in them into quotation marks"), false},
};
#define N_REASONS (sizeof reasons / sizeof reasons[0])

static size_t find(const char *code)
{
    size_t i = 0;

    while (i < N_REASONS && strcmp(reasons[i].code, code) != 0)
        i++;
    return i;
}

const char *intake_reason_text(const char *code)
{
    size_t i = find(code);

    return i < N_REASONS ? reasons[i].text : code;
}

const char *intake_reason_remedy(const char *code)
{
    size_t i = find(code);

    return i < N_REASONS ? reasons[i].remedy : "";
}

bool intake_reason_review(const char *code)
{
    size_t i = find(code);

    return i < N_REASONS && reasons[i].review;
}

const char *reason_constant(const char *code)
{
    size_t i = find(code);

    return i < N_REASONS ? reasons[i].code : "other";
}
