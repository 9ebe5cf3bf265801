/*
 * seal: what is stored of a row: facts in the clear, keyed hashes, and everything personal in one sealed JSON object field -> text.
 *
 * Keys of the object are the names of fields (column_field_name) and the headers of further columns. Employers, occupations and groups repeat from row to
 * row, so their hashes are kept in small direct-mapped caches; persons and numbers do not.
 *
 * A sealer belongs to one thread and borrows the keyring and the plan.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/cells.h"
#include "zhanchi/civil.h"
#include "zhanchi/json.h"
#include "zhanchi/utf8.h"
#include "internal.h"

#define CACHE_SLOTS 1024 /* a power of two */
#define CACHE_TEXT 120

struct cached {
    size_t len; /* 0: the slot is empty */
    char text[CACHE_TEXT];
    uint8_t hash[KEYRING_HASH_BYTES];
};

struct sealer {
    struct keyring *keyring;
    const struct plan *plan;
    int64_t key_id;
    struct buf json, person;
    struct buf keys[COLUMNS_MAX]; /* "\"phone\":", empty for columns that are not kept */
    struct cached employers[CACHE_SLOTS], occupations[CACHE_SLOTS], groups[CACHE_SLOTS];
};

struct sealer *sealer_new(struct keyring *k, const struct plan *p, int64_t key_id)
{
    struct sealer *s = calloc(1, sizeof *s);

    if (!s)
        panic("out of memory");
    s->keyring = k;
    s->plan = p;
    s->key_id = key_id;
    buf_init(&s->json, SEALED_MAX);
    buf_init(&s->person, 4096);
    for (size_t i = 0; i < p->columns->n; i++) {
        enum column_field f = p->columns->col[i].field;
        const char *key = f == COLUMN_EXTRA ? p->columns->col[i].header : column_field_name(f);
        buf_init(&s->keys[i], 1024);
        if (key[0] == '\0')
            continue;
        json_quote(&s->keys[i], key, strlen(key));
        buf_addc(&s->keys[i], ':');
    }
    return s;
}

void sealer_free(struct sealer *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->plan->columns->n; i++)
        buf_fini(&s->keys[i]);
    buf_fini(&s->json);
    buf_fini(&s->person);
    free(s);
}

/* ---- hashes ---- */

static size_t slot_of(const char *s, size_t len)
{
    uint32_t h = 2166136261u; /* FNV-1a: only a place in a cache */

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)s[i]) * 16777619u;
    return h & (CACHE_SLOTS - 1);
}

static void hash_cached(struct sealer *s, struct cached *cache, enum hash_kind kind,
                        const struct buf *text, uint8_t out[KEYRING_HASH_BYTES])
{
    struct cached *c = &cache[slot_of(text->data, text->len)];

    if (text->len > CACHE_TEXT) {
        keyring_hash(s->keyring, kind, text->data, text->len, out);
        return;
    }
    if (c->len != text->len || memcmp(c->text, text->data, text->len) != 0) {
        keyring_hash(s->keyring, kind, text->data, text->len, c->hash);
        memcpy(c->text, text->data, text->len);
        c->len = text->len;
    }
    memcpy(out, c->hash, KEYRING_HASH_BYTES);
}

static void hash_row(struct sealer *s, const struct reading *r, struct list_row *out)
{
    const struct buf *employer = &r->text[COLUMN_EMPLOYER];
    const struct buf *occupation = &r->text[COLUMN_OCCUPATION];
    const struct buf *group = &r->text[COLUMN_GROUP];

    buf_reset(&s->person);
    out->person_kind =
        (int)cell_person(r->citizen.upgraded, buf_cstr(&r->text[COLUMN_REF]), r->phone.number,
                         buf_cstr(&r->text[COLUMN_NAME]), &s->person);
    if (out->person_kind == CELL_PERSON_NONE || s->person.failed)
        panic("a row was taken that says nothing of its person");
    keyring_hash(s->keyring, (enum hash_kind)out->person_kind, s->person.data, s->person.len,
                 out->person);
    keyring_hash(s->keyring, HASH_ADDRESS_SMS, r->phone.number, strlen(r->phone.number),
                 out->address);
    out->has_email = r->email.key[0] != '\0';
    if (out->has_email)
        keyring_hash(s->keyring, HASH_ADDRESS_EMAIL, r->email.key, strlen(r->email.key),
                     out->email);
    out->has_employer = employer->len > 0;
    if (out->has_employer)
        hash_cached(s, s->employers, HASH_EMPLOYER, employer, out->employer);
    out->has_occupation = occupation->len > 0;
    if (out->has_occupation)
        hash_cached(s, s->occupations, HASH_OCCUPATION, occupation, out->occupation);
    out->has_group = group->len > 0;
    if (out->has_group)
        hash_cached(s, s->groups, HASH_GROUP, group, out->group);
}

/* ---- the sealed object ---- */

static bool edge(const char *s, size_t len, size_t *i)
{
    uint32_t cp = utf8_next(s, len, i);

    return utf8_blank(cp) || utf8_invisible(cp);
}

/* A further column's cell as it stands, without blanks at its ends. */
static struct table_cell trimmed(const struct table_cell *c)
{
    size_t from = 0, to = 0;

    for (size_t i = 0; i < c->len;) {
        size_t at = i;
        if (edge(c->text, c->len, &i))
            continue;
        if (to == 0)
            from = at;
        to = i;
    }
    return (struct table_cell){c->text + from, to - from};
}

static struct table_cell text_of(const struct plan *p, size_t column, const struct table_row *row,
                                 const struct reading *r)
{
    enum column_field f = p->columns->col[column].field;

    if (f != COLUMN_EXTRA)
        return (struct table_cell){buf_cstr(&r->text[f]), r->text[f].len};
    if (column >= row->n_cells)
        return (struct table_cell){"", 0};
    struct table_cell bare = cell_bare(&row->cells[column]);
    return trimmed(&bare);
}

static void add_member(struct sealer *s, size_t column, struct table_cell c)
{
    if (c.len == 0)
        return;
    if (s->json.len > 1)
        buf_addc(&s->json, ',');
    buf_add(&s->json, s->keys[column].data, s->keys[column].len);
    json_quote(&s->json, c.text, c.len);
}

static void write_json(struct sealer *s, const struct table_row *row, const struct reading *r)
{
    buf_reset(&s->json);
    buf_addc(&s->json, '{');
    for (size_t i = 0; i < s->plan->columns->n; i++) {
        if (s->keys[i].len > 0)
            add_member(s, i, text_of(s->plan, i, row, r));
    }
    buf_addc(&s->json, '}');
}

/* Cells as they are; what stands beyond the header goes with the last column, so that nothing is lost.
 * The day of the paid months is the import's, so it is kept where no column says it. */
static void write_raw(struct sealer *s, const struct table_row *row)
{
    size_t n = s->plan->columns->n;
    struct buf last;
    char day[11];

    buf_init(&last, SEALED_MAX);
    buf_reset(&s->json);
    buf_addc(&s->json, '{');
    for (size_t i = 0; i < n && i < row->n_cells; i++) {
        struct table_cell c = row->cells[i];
        if (i + 1 == n && row_shifted(s->plan->columns, row)) {
            row_tail(row, i, &last);
            c = (struct table_cell){buf_cstr(&last), last.len};
        }
        if (s->keys[i].len > 0)
            add_member(s, i, c);
    }
    if (s->plan->at[COLUMN_MONTHS_DAY] < 0 && s->plan->months_day != CIVIL_NONE) {
        buf_adds(&s->json, s->json.len > 1 ? "," : "");
        json_quote(&s->json, column_field_name(COLUMN_MONTHS_DAY),
                   strlen(column_field_name(COLUMN_MONTHS_DAY)));
        buf_addf(&s->json, ":\"%s\"", civil_format(s->plan->months_day, day));
    }
    buf_addc(&s->json, '}');
    if (last.failed)
        s->json.failed = true;
    buf_fini(&last);
}

int sealer_held(struct sealer *s, const struct table_row *row, int64_t line, int revision,
                struct list_held *out, struct buf *blobs, struct err *e)
{
    size_t before = blobs->len;

    write_raw(s, row);
    *out = (struct list_held){.line = line, .revision = revision, .key_id = s->key_id};
    if (!s->json.failed && keyring_seal(s->keyring, s->key_id, SEAL_HELD, line, revision,
                                        s->json.data, s->json.len, blobs, e))
        return -1;
    out->sealed_len = blobs->len - before;
    return 0;
}

int sealer_row(struct sealer *s, const struct table_row *row, const struct reading *r, int64_t id,
               int revision, struct list_row *out, struct buf *blobs, struct err *e)
{
    size_t before = blobs->len;

    write_json(s, row, r);
    if (s->json.failed)
        return 1;
    *out = (struct list_row){.id = id,
                             .line = row->line,
                             .revision = revision,
                             .level = r->level,
                             .issued_day = r->issued_day,
                             .months = r->months,
                             .months_day = r->months_day,
                             .benefit = r->benefit,
                             .key_id = s->key_id};
    if (r->region_like) /* then it fits */
        memcpy(out->region, buf_cstr(&r->text[COLUMN_REGION]), r->text[COLUMN_REGION].len + 1);
    hash_row(s, r, out);
    if (keyring_seal(s->keyring, s->key_id, SEAL_ROW, id, out->revision, s->json.data, s->json.len,
                     blobs, e))
        return -1;
    out->sealed_len = blobs->len - before;
    return 0;
}
