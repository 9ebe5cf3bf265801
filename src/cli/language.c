/*
 * language: in which language people are spoken to. gettext, domain "zhanchi".
 *
 * The catalogue stands beside the program (SHARE/locale), or where it was installed. gettext asks
 * libc for the locale before it looks at any catalogue, and minimal systems have none but C.UTF-8;
 * there the language is named by LANGUAGE, which libc honours in every locale but C itself. Texts
 * are UTF-8 whatever the locale says, as names and reports are.
 *
 * Numbers are never localised: decimals in files and in JSON are points. Called by main.c.
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value != NULL ? value : "";
}

/* As libc reads it: "" is the C locale. */
static const char *locale_asked(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (environment(names[i])[0] != '\0')
            return environment(names[i]);
    return "";
}

static bool is_c(const char *locale)
{
    return locale[0] == '\0' || strcmp(locale, "C") == 0 || strncmp(locale, "C.", 2) == 0 ||
           strcmp(locale, "POSIX") == 0;
}

/* LANGUAGE stands above the locale, save where that is C. */
static const char *language_asked(void)
{
    const char *locale = locale_asked(), *language = environment("LANGUAGE");

    return is_c(locale) ? "" : language[0] != '\0' ? language : locale;
}

/* Every catalogue has a head. */
static bool translated(void)
{
    return gettext("")[0] != '\0';
}

static void find_catalogue(void)
{
    char dir[PATH_MAX];

    bind_textdomain_codeset("zhanchi", "UTF-8");
    textdomain("zhanchi");
    if (cli_share("locale", dir))
        bindtextdomain("zhanchi", dir);
    if (!translated())
        bindtextdomain("zhanchi", ZHANCHI_LOCALEDIR);
}

const char *language_begin(void)
{
    const char *asked = language_asked();

    if (setlocale(LC_CTYPE, "") == NULL)
        setlocale(LC_CTYPE, "C.UTF-8");
    if (setlocale(LC_MESSAGES, "") == NULL && setlocale(LC_MESSAGES, "C.UTF-8") != NULL)
        setenv("LANGUAGE", asked, 1);
    find_catalogue();
    return strncmp(asked, "zh", 2) == 0 && !translated() ? asked : NULL;
}

void language_off(void)
{
    setlocale(LC_MESSAGES, "C");
}
