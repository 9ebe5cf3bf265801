/*
 * marks: what was handed over, in a shared mapping that survives SIGKILL (not a crash of the
 * machine: hence the boot id).
 *
 * A slot is written before the first byte of its request leaves (handed), again when the answer has
 * been judged (answered), and freed when the settlement is committed. So after a SIGKILL every
 * `sending` row is one of: no mark, nothing was sent; handed, nobody knows; answered, and the mark
 * holds the settlement.
 */
#ifndef DISPATCH_MARKS_H
#define DISPATCH_MARKS_H

#include <stdbool.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/store_epoch.h"
#include "zhanchi/store_queue.h"

#define MARK_SLOTS 65536

struct marks;

/* Maps DIR/marks. */
struct marks *marks_open(const char *dir, struct err *e);
void marks_close(struct marks *m);

/* Whether the marks in the file can be believed: same boot, same database, same epoch. */
bool marks_valid(const struct marks *m, const struct epoch_info *ep);
/* For store_recover: what the mark of this attempt says. Looks through a table that the first call
 * builds. */
enum mark_finding marks_find(void *marks, int64_t message_id, int32_t attempt,
                             struct settlement *v);
/* Forgets everything and signs the file for this boot, database and epoch. */
void marks_reset(struct marks *m, const struct epoch_info *ep);

/* Slots are handed out by one thread and freed by another. -1 if none is free. */
int marks_take(struct marks *m);
void marks_free(struct marks *m, int slot);

void marks_handed(struct marks *m, int slot, int64_t message_id, int32_t attempt,
                  int64_t handed_ms);
void marks_answered(struct marks *m, int slot, const struct settlement *v);

#endif
