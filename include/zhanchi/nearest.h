/*
 * nearest: "did you mean ...?" for every list of names that people type. Pure.
 */
#ifndef ZHANCHI_NEAREST_H
#define ZHANCHI_NEAREST_H

/* The candidate with the smallest edit distance to `word` (transpositions count one), or NULL if
 * none is within a third of its length (at least 1, at most 3). candidates: NULL-terminated. */
const char *nearest(const char *word, const char *const *candidates);

#endif
