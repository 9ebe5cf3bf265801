/*
 * cases_csv: RFC 4180 and what spreadsheets make of it (csv.json), and Papa Parse's own tests (csv_papaparse.json).
 *
 * The tables say that the delimiter is a comma; here it is found. Malformed quoting must be reported: a row with a fault. Papa Parse keeps empty lines as one
 * empty field, which is no row for us; where it reports a row and goes on, its repair of that row is not compared, only that the row is reported. What is read as
 * another encoding stands in `deviations`.
 */
#include <string.h>
#include "cases.h"
#include "../unit/scratch.h"
#include "zhanchi/table.h"

static struct scratch scratch;

struct found {
    size_t rows, faults;
    bool failed;
};

static bool row_is(const struct json *want, const struct table_row *row, struct buf *why)
{
    bool ok = json_count(want) == row->n_cells;

    for (size_t i = 0; ok && i < row->n_cells; i++) {
        char tmp[40];
        const char *text = json_text(json_item(want, i), tmp);
        ok = text && strlen(text) == row->cells[i].len &&
             memcmp(text, row->cells[i].text, row->cells[i].len) == 0;
    }
    if (!ok) {
        buf_addf(why, "line %lld: got", (long long)row->line);
        for (size_t i = 0; i < row->n_cells; i++)
            buf_addf(why, " [%s]", row->cells[i].text);
        buf_adds(why, "; ");
    }
    return ok;
}

static bool is_empty_line(const struct json *row)
{
    char tmp[40];

    return json_count(row) == 1 && json_text(json_item(row, 0), tmp)[0] == '\0';
}

/* The expected row after *at that a reader without empty lines would give; NULL at the end. */
static const struct json *expected(const struct json *rows, size_t *at)
{
    while (*at < json_count(rows)) {
        const struct json *row = json_item(rows, (*at)++);
        if (!is_empty_line(row))
            return row;
    }
    return NULL;
}

static bool read_all(const struct json *one, const struct json *rows, struct found *f,
                     struct buf *why)
{
    char tmp[40];
    const char *text = cases_text(one, "text", tmp);
    struct table_opts opts = {0};
    struct table_row row;
    struct err e;
    size_t at = 0;
    bool ok = true;
    int rc = -1;
    struct table *t =
        table_open(scratch_write(&scratch, "case.csv", text, strlen(text)), &opts, &e);

    *f = (struct found){0};
    while (t && (rc = table_next(t, &row, &e)) == 1) {
        const struct json *want = rows ? expected(rows, &at) : NULL;
        f->rows++;
        f->faults += row.fault != NULL;
        if (rows && !row.fault && (!want || !row_is(want, &row, why)))
            ok = false;
    }
    if (ok && rows && f->faults == 0 && expected(rows, &at)) {
        buf_addf(why, "only %zu rows; ", f->rows);
        ok = false;
    }
    f->failed = rc < 0;
    if (f->failed)
        buf_addf(why, "%s; ", e.what);
    table_close(t);
    return ok && !f->failed;
}

static bool judge(const struct json *one, struct buf *why)
{
    const struct json *rows = json_get(one, "rows");
    const struct json *errors = json_get(one, "errors");
    bool malformed = json_truth(json_get(one, "error")) || json_count(errors) > 0;
    struct found f;
    bool ok = read_all(one, malformed ? NULL : rows, &f, why);

    if (malformed && f.faults == 0 && !f.failed) {
        buf_adds(why, "malformed quoting was not reported; ");
        return false;
    }
    if (!malformed && f.faults > 0) {
        buf_adds(why, "a sound row was refused; ");
        return false;
    }
    return malformed || ok;
}

static void decide(const struct json *one, struct buf *decision)
{
    char tmp[40];
    const char *text = cases_text(one, "text", tmp);
    struct table_opts opts = {0};
    struct table_row row;
    struct err e;
    struct table *t =
        table_open(scratch_write(&scratch, "case.csv", text, strlen(text)), &opts, &e);

    while (t && table_next(t, &row, &e) == 1) {
        buf_addf(decision, "%s", row.fault ? row.fault : "row");
        for (size_t i = 0; i < row.n_cells; i++)
            buf_addf(decision, " [%s]", row.cells[i].text);
    }
    table_close(t);
}

/* Files that are valid as both encodings, and without a single Han character in UTF-8. */
static const struct cases_deviation deviations[] = {
    {"csv-s-043", "C2 85 is a control character in UTF-8, and 聟 in GB18030: a sign of misreading"},
    {"csv-s-058",
     "CA A4 is a lone phonetic letter in UTF-8, and 胜 in GB18030: a sign of misreading"},
    {NULL, NULL}};

/* cases_csv [papaparse]: one table a run, so that a missing one shows as a test that was skipped. */
int main(int argc, char **argv)
{
    struct cases c;
    bool papaparse = argc > 1 && strcmp(argv[1], "papaparse") == 0;

    scratch_init(&scratch);
    cases_init(&c, papaparse ? "csv_papaparse" : "csv");
    if (!papaparse && cases_open(&c, "csv.json")) {
        cases_run(&c, "/cases", judge, deviations);
        cases_show(&c, "/divergent/cases", decide);
        cases_close(&c);
    }
    if (papaparse && cases_open(&c, "csv_papaparse.json")) {
        cases_run(&c, "/cases", judge, NULL);
        cases_close(&c);
    }
    scratch_fini(&scratch);
    return cases_end(&c);
}
