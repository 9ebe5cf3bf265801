/*
 * i18n: gettext. Only L4 translates: errors are made in English below and carry their facts with
 * them.
 */
#ifndef ZHANCHI_I18N_H
#define ZHANCHI_I18N_H

#include <libintl.h>

/* gettext("") is the catalogue's head: no text for people. */
__attribute__((format_arg(1))) static inline const char *i18n_text(const char *text)
{
    return text[0] != '\0' ? gettext(text) : text;
}

#define _(text) i18n_text(text)
#define N_(text) text

#endif
