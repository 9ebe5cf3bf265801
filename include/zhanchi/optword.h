/*
 * optword: is this reply a refusal? Pure.
 *
 * The whole reply is compared after folding (trim, full-width to half-width, upper case, punctuation and quotes dropped):
 * "T恤" and "不退订" are no refusals. Words: R, T, TD, N, 退订, T退订, QX, 0000, 00000, 拒收, 取消订阅 and "退订T"-like pairs
 * (facts/gateways 13.1), plus those of the configuration.
 */
#ifndef ZHANCHI_OPTWORD_H
#define ZHANCHI_OPTWORD_H

#include <stdbool.h>
#include <stddef.h>

/* extra: further words in folded form, NULL-terminated array, or NULL. */
bool optword_match(const char *reply, size_t len, const char *const *extra);

#endif
