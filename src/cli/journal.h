/*
 * journal: the system's journal (syslog). A header of its own, because <syslog.h> and log.h name
 * their levels alike.
 */
#ifndef CLI_JOURNAL_H
#define CLI_JOURNAL_H

/* One line about an act with the new head of the audit chain. Where no journal runs, nothing. */
void journal_act(const char *actor, const char *act, const char *object, const char *head);

#endif
