#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

int schema_latest(void);                  /* number of the newest migration */
const char *schema_migration(int number); /* SQL text, 1 <= number <= schema_latest() */

#endif
