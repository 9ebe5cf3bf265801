/*
 * report_text: a campaign's report for people at a terminal.
 */
#ifndef CLI_REPORT_TEXT_H
#define CLI_REPORT_TEXT_H

#include "zhanchi/buf.h"
#include "zhanchi/measure.h"

void report_text(const struct measure_report *r, struct buf *out);

#endif
