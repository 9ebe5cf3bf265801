/*
 * fuzz_csv: a text of rows. The first byte says what the caller said: the encoding, in the upper half the delimiter.
 */
#include "fuzz.h"
#include "fuzz_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum table_encoding encodings[] = {TABLE_AUTO, TABLE_UTF8, TABLE_GB18030,
                                                    TABLE_UTF16LE, TABLE_UTF16BE};
    static const char delimiters[] = {0, ',', '\t', ';', '|'};

    if (size == 0)
        return 0;
    const struct table_opts opts = {.encoding = encodings[(data[0] & 15) % 5],
                                    .delimiter = delimiters[(data[0] >> 4) % 5]};
    fuzz_table(data + 1, size - 1, &opts);
    return 0;
}
