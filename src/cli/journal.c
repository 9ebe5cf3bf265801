/*
 * journal: the head of the audit chain leaves the reach of who can write the database.
 *
 * A chain that is cut off at its end still verifies; only a head that was kept elsewhere tells. The
 * journal belongs to root and is kept by the system, and is mostly shipped to another machine.
 */
#include <syslog.h>
#include "journal.h"

void journal_act(const char *actor, const char *act, const char *object, const char *head)
{
    openlog("zhanchi", LOG_PID, LOG_USER);
    syslog(LOG_NOTICE | LOG_USER, "audit: %s by %s: %s; head %s", act, actor, object, head);
    closelog();
}
