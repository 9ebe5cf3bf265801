/*
 * fuzz_xls: an old workbook, through the reader as it is: freexl in a process of its own. Where that one dies, the file is refused, and
 * that is what is looked at here: libfreexl of Debian 12 does, of files that lie about their sheets. It reads memory that it never wrote, too, so that a
 * second reading may differ.
 */
#include <string.h>
#include "fuzz.h"
#include "fuzz_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct table_opts opts = {.sheet = size % 2 ? "1" : NULL};

    if (size > 4 && memcmp(data, "\xD0\xCF\x11\xE0", 4) == 0)
        fuzz_table_once(data, size, &opts);
    return 0;
}
