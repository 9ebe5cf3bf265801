/*
 * fuzz_jsonl: JSON lines. What does not begin like them is read as a CSV and is not looked for here.
 */
#include "fuzz.h"
#include "fuzz_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct table_opts opts = {0};

    if (size > 0 && (data[0] == '{' || data[0] == '[' || data[0] >= 0xEF))
        fuzz_table(data, size, &opts);
    return 0;
}
