/*
 * i18n: gettext. Only L4 translates: errors are made in English below and carry their facts with
 * them.
 */
#ifndef ZHANCHI_I18N_H
#define ZHANCHI_I18N_H

#include <libintl.h>

#define _(text) gettext(text)
#define N_(text) text

#endif
