/*
 * confine: gives up, for the rest of this process, what reading one file does not need.
 */
#ifndef TABLE_CONFINE_H
#define TABLE_CONFINE_H

/* From now on: no program is started, no process, no socket is made, no file opened for writing, renamed or removed, nobody else
 * is sent a signal or looked at; the calls fail with EPERM. 0, or -1 where the system knows no such thing (then nothing has changed). */
int confine(void);

#endif
