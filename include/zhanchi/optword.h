/*
 * optword: is this reply a refusal? Pure.
 *
 * The whole reply is compared after folding (trim, full-width to half-width, upper case,
 * punctuation and quotes dropped): "T恤", "不退订" and "取消退订" are no refusals. Codes: R, T, TD,
 * N, QX, 0000, 00000, alone or beside 退订 ("退订T", "TD退订"); words: 退订, 退, 拒收, 取消,
 * 取消订阅; plus those of the configuration. These are the ones that mainland platforms publish or
 * that replies to them carry.
 */
#ifndef ZHANCHI_OPTWORD_H
#define ZHANCHI_OPTWORD_H

#include <stdbool.h>
#include <stddef.h>

/* extra: further words in folded form, NULL-terminated array, or NULL. */
bool optword_match(const char *reply, size_t len, const char *const *extra);

#endif
