/*
 * schema: the database's tables, as numbered migrations.
 *
 * A migration is never edited once released: a change is a further entry. Each runs in one
 * transaction and ends by setting meta 'schema' to its number. Rules: STRICT tables; CHECKs say
 * what a column may hold; personal data stand only as sealed blobs or keyed hashes; the message row
 * is narrow (a wide one costs half: payloads stand in a table of their own).
 */
#include "schema.h"

static const char schema_001[] =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"

    /* Every epoch that this database has had; last_message: the highest message id at its end. */
    "CREATE TABLE epoch ("
    " epoch INTEGER PRIMARY KEY CHECK (epoch BETWEEN 1 AND 1048575),"
    " began_at INTEGER NOT NULL,"
    " last_message INTEGER) STRICT;"

    "CREATE TABLE data_key ("
    " id INTEGER PRIMARY KEY,"
    " purpose INTEGER NOT NULL CHECK (purpose BETWEEN 1 AND 5),"
    " list_id INTEGER,"
    " alg INTEGER NOT NULL CHECK (alg = 1),"
    " kek TEXT NOT NULL,"
    " wrapped BLOB NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " CHECK ((purpose = 2) = (list_id IS NOT NULL))) STRICT;"

    "CREATE TABLE gateway (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"

    /* ---- lists ---- */
    /* Ids of lists (and of data keys) are never given twice. */
    "CREATE TABLE list ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL UNIQUE,"
    " file TEXT NOT NULL,"
    " digest BLOB NOT NULL CHECK (length(digest) = 32),"
    " state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2)," /* 0 loading and 2 removed: invisible;
                                                                1 ready */
    " encoding TEXT NOT NULL,"
    " columns TEXT NOT NULL,"
    " key_id INTEGER REFERENCES data_key (id),"
    " rows INTEGER NOT NULL DEFAULT 0,"
    " rejects INTEGER NOT NULL DEFAULT 0,"
    " imported_at INTEGER NOT NULL,"
    " imported_by TEXT NOT NULL,"
    " policy_id INTEGER REFERENCES policy (id)," /* newest screening */
    " screened_day INTEGER,"
    /* While loading: the first person and address that this list made, and the first that
     * person_hash and address_hash may not have yet (sqlite_resolve.c). */
    " person_from INTEGER NOT NULL,"
    " person_indexed INTEGER NOT NULL,"
    " address_from INTEGER NOT NULL,"
    " address_indexed INTEGER NOT NULL) STRICT;"
    "CREATE INDEX list_digest ON list (digest) WHERE state = 1;" /* twice only if somebody says so
                                                                    (import --again) */
    /* One list is loaded at a time: its persons belong to it alone until it is ready. */
    "CREATE UNIQUE INDEX list_loading ON list (state) WHERE state = 0;"

    /* Ids follow first appearance, so that what refers to persons and addresses grows at its end.
     * The way from a hash to its id stands apart: it is filled in sorted runs, because a random
     * insert costs a page each. */
    "CREATE TABLE person ("
    " id INTEGER PRIMARY KEY,"
    " kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 3),"
    " key_id INTEGER NOT NULL,"
    " hash BLOB NOT NULL CHECK (length(hash) = 16)) STRICT;"
    "CREATE TABLE person_hash ("
    " hash BLOB NOT NULL,"
    " kind INTEGER NOT NULL,"
    " person_id INTEGER NOT NULL,"
    " PRIMARY KEY (hash, kind)) STRICT, WITHOUT ROWID;"

    /* Opt-out flag and cap stand here and are changed by one guarded statement. optout: 0 none, 1
     * all, 2 topics only. */
    "CREATE TABLE address ("
    " id INTEGER PRIMARY KEY,"
    " channel INTEGER NOT NULL CHECK (channel = 1)," /* 1 sms */
    " key_id INTEGER NOT NULL,"
    " hash BLOB NOT NULL CHECK (length(hash) = 16),"
    " optout INTEGER NOT NULL DEFAULT 0 CHECK (optout BETWEEN 0 AND 2),"
    " cap_day INTEGER NOT NULL DEFAULT 0,"
    " cap_count INTEGER NOT NULL DEFAULT 0 CHECK (cap_count >= 0)) STRICT;"
    "CREATE TABLE address_hash ("
    " hash BLOB NOT NULL,"
    " channel INTEGER NOT NULL,"
    " address_id INTEGER NOT NULL,"
    " PRIMARY KEY (hash, channel)) STRICT, WITHOUT ROWID;"

    /* What is written for each row of a list has no declared foreign keys: the ids come from the
     * same transaction, and four look-ups a row would be an eighth of an import. store_integrity
     * looks for dangling ones. */
    "CREATE TABLE list_row ("
    " id INTEGER PRIMARY KEY,"
    " list_id INTEGER NOT NULL,"
    " line INTEGER NOT NULL,"
    " revision INTEGER NOT NULL DEFAULT 1,"
    " current INTEGER NOT NULL DEFAULT 1 CHECK (current IN (0, 1)),"
    " person_id INTEGER NOT NULL,"
    " address_id INTEGER NOT NULL,"
    " region TEXT NOT NULL,"
    " employer BLOB,"
    " occupation BLOB,"
    " level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 5),"
    " issued_day INTEGER,"
    " months INTEGER) STRICT;"
    "CREATE INDEX list_row_person ON list_row (list_id, person_id) WHERE current = 1;"

    "CREATE TABLE list_row_sealed ("
    " row_id INTEGER PRIMARY KEY,"
    " key_id INTEGER NOT NULL,"
    " blob BLOB NOT NULL) STRICT;"

    "CREATE TABLE list_reject ("
    " list_id INTEGER NOT NULL REFERENCES list (id),"
    " line INTEGER NOT NULL,"
    " column_no INTEGER NOT NULL,"
    " header TEXT NOT NULL,"
    " reason TEXT NOT NULL,"
    " masked TEXT NOT NULL,"
    " PRIMARY KEY (list_id, line, column_no, reason)) STRICT, WITHOUT ROWID;"

    /* ---- policies, verdicts, templates ---- */
    "CREATE TABLE policy ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL,"
    " version TEXT NOT NULL,"
    " path TEXT NOT NULL,"
    " recorded_at INTEGER NOT NULL,"
    " UNIQUE (name, version)) STRICT;"
    "CREATE TABLE policy_rule ("
    " policy_id INTEGER NOT NULL REFERENCES policy (id),"
    " no INTEGER NOT NULL,"
    " rule TEXT NOT NULL,"
    " source TEXT NOT NULL,"
    " clause TEXT NOT NULL,"
    " confirmed INTEGER NOT NULL CHECK (confirmed IN (0, 1)),"
    " PRIMARY KEY (policy_id, no)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE verdict ("
    " policy_id INTEGER NOT NULL REFERENCES policy (id),"
    " row_id INTEGER NOT NULL REFERENCES list_row (id),"
    " outcome INTEGER NOT NULL CHECK (outcome BETWEEN 0 AND 2),"
    " reason INTEGER NOT NULL,"
    " rule_no INTEGER,"
    " amount_fen INTEGER,"
    " last_day INTEGER,"
    " as_of INTEGER NOT NULL,"
    " PRIMARY KEY (policy_id, row_id)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE template ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL,"
    " version INTEGER NOT NULL,"
    " digest BLOB NOT NULL,"
    " kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),"
    " channel TEXT NOT NULL,"
    " topic TEXT NOT NULL,"
    " signature TEXT NOT NULL,"
    " language TEXT NOT NULL,"
    " carrier_template TEXT NOT NULL,"
    " columns TEXT NOT NULL,"
    " body TEXT NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " created_by TEXT NOT NULL,"
    " UNIQUE (name, version),"
    " UNIQUE (name, digest)) STRICT;"

    /* ---- campaign, wave, member, message, attempt ---- */
    "CREATE TABLE campaign ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE,"
    " topic TEXT NOT NULL,"
    " state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 6),"
    " list_id INTEGER NOT NULL REFERENCES list (id),"
    " policy_id INTEGER REFERENCES policy (id),"
    " gateway_id INTEGER NOT NULL REFERENCES gateway (id),"
    " window_from INTEGER NOT NULL CHECK (window_from BETWEEN 0 AND 1439),"
    " window_to INTEGER NOT NULL CHECK (window_to > window_from AND window_to <= 1440),"
    " zone_min INTEGER NOT NULL CHECK (zone_min BETWEEN -840 AND 840),"
    " not_before INTEGER NOT NULL,"
    " not_after INTEGER NOT NULL CHECK (not_after > not_before),"
    " holdout_permille INTEGER NOT NULL CHECK (holdout_permille BETWEEN 0 AND 900),"
    " holdout_until INTEGER,"
    " holdout_margin_days INTEGER NOT NULL,"
    " seed INTEGER NOT NULL,"
    " priority INTEGER NOT NULL,"
    " pause_reason TEXT NOT NULL DEFAULT '',"
    " created_at INTEGER NOT NULL,"
    " created_by TEXT NOT NULL,"
    " started_at INTEGER,"
    " CHECK ((holdout_permille = 0) OR (holdout_until IS NOT NULL))) STRICT;"
    "CREATE TABLE campaign_variant ("
    " campaign_id INTEGER NOT NULL REFERENCES campaign (id),"
    " no INTEGER NOT NULL CHECK (no BETWEEN 0 AND 7),"
    " template_id INTEGER NOT NULL REFERENCES template (id),"
    " weight INTEGER NOT NULL CHECK (weight > 0),"
    " PRIMARY KEY (campaign_id, no)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE wave ("
    " id INTEGER PRIMARY KEY,"
    " campaign_id INTEGER NOT NULL REFERENCES campaign (id),"
    " no INTEGER NOT NULL,"
    " state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2)," /* 0 freezing: invisible */
    " list_id INTEGER NOT NULL REFERENCES list (id),"
    /* Between these two stand its messages (and, while another campaign freezes, somebody else's
     * too). */
    " message_from INTEGER,"
    " message_to INTEGER,"
    " members INTEGER NOT NULL DEFAULT 0,"
    " messages INTEGER NOT NULL DEFAULT 0,"
    " suppressed INTEGER NOT NULL DEFAULT 0,"
    " segments INTEGER NOT NULL DEFAULT 0,"
    " held_out INTEGER NOT NULL DEFAULT 0,"
    " always INTEGER NOT NULL DEFAULT 0,"
    " digest BLOB,"
    " gateway_digest BLOB,"
    " submitted_at INTEGER,"
    " submitted_by TEXT,"
    " approval BLOB,"
    " approved_at INTEGER,"
    " approved_by TEXT,"
    " UNIQUE (campaign_id, no),"
    " CHECK (state = 0 OR digest IS NOT NULL),"
    " CHECK (state < 2 OR approval IS NOT NULL)) STRICT;"
    /* A member's id is that of its first message. */
    "CREATE TABLE member ("
    " id INTEGER PRIMARY KEY,"
    " campaign_id INTEGER NOT NULL REFERENCES campaign (id),"
    " wave_id INTEGER NOT NULL REFERENCES wave (id),"
    " person_id INTEGER NOT NULL REFERENCES person (id),"
    " address_id INTEGER NOT NULL REFERENCES address (id),"
    " row_id INTEGER NOT NULL REFERENCES list_row (id),"
    " arm INTEGER NOT NULL CHECK (arm BETWEEN 1 AND 4),"
    " variant INTEGER NOT NULL,"
    " stratum INTEGER NOT NULL,"
    " region TEXT NOT NULL,"
    " level INTEGER NOT NULL,"
    " last_day INTEGER,"
    " pseudonym BLOB NOT NULL CHECK (length(pseudonym) = 8),"
    " UNIQUE (campaign_id, person_id)) STRICT;"
    "CREATE INDEX member_person ON member (person_id);"
    /* due_at: planned and queued: its time; unknown: 0, a person is to look; else NULL. So the one
     * index that sending changes holds what waits, a claim takes an entry out of it and a
     * settlement leaves it alone. What is `sending` after a crash is found by a scan of the waves
     * whose tally says that there is any. */
    "CREATE TABLE message ("
    " id INTEGER PRIMARY KEY,"
    " campaign_id INTEGER NOT NULL REFERENCES campaign (id),"
    " member_id INTEGER NOT NULL REFERENCES member (id),"
    " step INTEGER NOT NULL,"
    " channel INTEGER NOT NULL CHECK (channel = 1),"
    " state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 12),"
    " cause INTEGER NOT NULL DEFAULT 0,"
    " due_at INTEGER,"
    " address_id INTEGER NOT NULL REFERENCES address (id),"
    " attempts INTEGER NOT NULL DEFAULT 0,"
    " segments INTEGER NOT NULL,"
    " last_day INTEGER," /* of its member: a claim looks at it */
    " UNIQUE (member_id, step, channel),"
    /* An IN with three values would build a table at every change of a row. */
    " CHECK ((due_at IS NULL) = (state > 2 AND state <> 5))) STRICT;"
    "CREATE INDEX message_open ON message (campaign_id, state, due_at) WHERE due_at IS NOT NULL;"
    /* Waiting messages of a number that refuses. */
    "CREATE INDEX message_address ON message (address_id);"
    "CREATE TABLE payload ("
    " message_id INTEGER PRIMARY KEY REFERENCES message (id),"
    " wave_id INTEGER NOT NULL," /* sealed with it */
    " key_id INTEGER NOT NULL,"
    " blob BLOB NOT NULL) STRICT;"
    /* Two tables that only grow, in the order of claims: an update that makes a row longer splits
     * its page. The id is message * 2^24 + number of the attempt: a whole number is the cheapest
     * key. No row in outcome: not settled yet. */
    "CREATE TABLE attempt ("
    " id INTEGER PRIMARY KEY,"
    " epoch INTEGER NOT NULL,"
    " gateway_id INTEGER NOT NULL,"
    " claimed_at INTEGER NOT NULL,"
    " message_id INTEGER AS (id >> 24) VIRTUAL,"
    " no INTEGER AS (id & 16777215) VIRTUAL) STRICT;"
    "CREATE TABLE outcome ("
    " id INTEGER PRIMARY KEY," /* of the attempt */
    " handed_at INTEGER,"      /* NULL: nothing left */
    " settled_at INTEGER NOT NULL,"
    " class INTEGER,"
    " code TEXT,"
    " provider_id TEXT) STRICT;"
    "CREATE TABLE tally ("
    " campaign_id INTEGER NOT NULL,"
    " state INTEGER NOT NULL,"
    " cause INTEGER NOT NULL,"
    " n INTEGER NOT NULL,"
    " PRIMARY KEY (campaign_id, state, cause)) STRICT, WITHOUT ROWID;"

    /* ---- reports, refusals, responses ---- */
    "CREATE TABLE receipt ("
    " message_id INTEGER NOT NULL REFERENCES message (id),"
    " attempt INTEGER NOT NULL,"
    " class INTEGER NOT NULL,"
    " pending INTEGER NOT NULL,"
    " code TEXT NOT NULL,"
    " at INTEGER NOT NULL,"
    " received_at INTEGER NOT NULL,"
    " PRIMARY KEY (message_id, attempt, class, pending, code)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE reply ("
    " id INTEGER PRIMARY KEY,"
    " gateway_id INTEGER NOT NULL,"
    " digest BLOB NOT NULL UNIQUE,"
    " address_id INTEGER REFERENCES address (id)," /* NULL: a number that no list has */
    " at INTEGER NOT NULL,"
    " received_at INTEGER NOT NULL,"
    " is_optout INTEGER NOT NULL CHECK (is_optout IN (0, 1)),"
    " key_id INTEGER NOT NULL,"
    " blob BLOB NOT NULL) STRICT;"
    "CREATE INDEX reply_address ON reply (address_id);"
    "CREATE TABLE optout ("
    " id INTEGER PRIMARY KEY,"
    " address_id INTEGER NOT NULL REFERENCES address (id),"
    " topic TEXT NOT NULL," /* '' = all */
    " origin INTEGER NOT NULL CHECK (origin BETWEEN 1 AND 4),"
    " actor TEXT NOT NULL,"
    " at INTEGER NOT NULL,"
    " key_id INTEGER,"
    " blob BLOB,"
    " UNIQUE (address_id, topic)) STRICT;"
    "CREATE TABLE response_file ("
    " id INTEGER PRIMARY KEY,"
    " file TEXT NOT NULL,"
    " digest BLOB NOT NULL,"
    " rows INTEGER NOT NULL,"
    " added INTEGER NOT NULL,"
    " known INTEGER NOT NULL,"
    " unmatched INTEGER NOT NULL,"
    " rejects INTEGER NOT NULL,"
    " through INTEGER,"
    " imported_at INTEGER NOT NULL,"
    " imported_by TEXT NOT NULL) STRICT;"
    "CREATE TABLE response ("
    " id INTEGER PRIMARY KEY,"
    " file_id INTEGER NOT NULL REFERENCES response_file (id),"
    " person_id INTEGER NOT NULL REFERENCES person (id),"
    " occupation BLOB NOT NULL," /* x'' unknown */
    " level INTEGER NOT NULL,"
    " kind INTEGER NOT NULL CHECK (kind IN (1, 2)),"
    " day INTEGER NOT NULL,"
    " amount_fen INTEGER,"
    " UNIQUE (person_id, occupation, level, kind, day)) STRICT;"

    "CREATE TABLE audit ("
    " id INTEGER PRIMARY KEY,"
    " at INTEGER NOT NULL,"
    " actor TEXT NOT NULL,"
    " act TEXT NOT NULL,"
    " object TEXT NOT NULL,"
    " detail TEXT NOT NULL,"
    " mac BLOB NOT NULL CHECK (length(mac) = 32)) STRICT;";

/* What a list says of its paid months (through when they were counted) and of benefit. */
static const char schema_002[] =
    "ALTER TABLE list_row ADD COLUMN months_day INTEGER;"
    "ALTER TABLE list_row ADD COLUMN benefit INTEGER NOT NULL DEFAULT 0 CHECK (benefit IN (0, 1));";

/* The region as reports call it; NULL: as the row has it. */
static const char schema_003[] = "ALTER TABLE verdict ADD COLUMN region TEXT;";

/* Receipts that bear the provider's id and a number instead of our reference, and receipts for parts
 * of a message. */
static const char schema_004[] =
    /* 0 its receipts bear our reference, 1 attempt_provider is being filled, 2 it is complete. */
    "ALTER TABLE gateway ADD COLUMN joins INTEGER NOT NULL DEFAULT 0 CHECK (joins BETWEEN 0 AND 2);"
    /* Only for gateways that join: others' settlements leave it alone. Ids of a provider mostly rise,
     * so the text is the key, not a hash of it. */
    "CREATE TABLE attempt_provider ("
    " gateway_id INTEGER NOT NULL,"
    " provider_id TEXT NOT NULL,"
    " address_id INTEGER NOT NULL,"
    " attempt_id INTEGER NOT NULL,"
    " PRIMARY KEY (gateway_id, provider_id, address_id, attempt_id)) STRICT, WITHOUT ROWID;"
    /* Receipts that came before their attempt was settled. address_id 0: it names no number. */
    "CREATE TABLE receipt_parked ("
    " gateway_id INTEGER NOT NULL,"
    " provider_id TEXT NOT NULL,"
    " address_id INTEGER NOT NULL,"
    " class INTEGER NOT NULL,"
    " pending INTEGER NOT NULL,"
    " code TEXT NOT NULL,"
    " part INTEGER NOT NULL,"
    " parts INTEGER NOT NULL,"
    " optout INTEGER NOT NULL,"
    " at INTEGER NOT NULL,"
    " received_at INTEGER NOT NULL,"
    " PRIMARY KEY (gateway_id, provider_id, address_id, class, pending, code, part))"
    " STRICT, WITHOUT ROWID;"
    /* What is known of the parts of a message that is not delivered as a whole. */
    "CREATE TABLE receipt_part ("
    " attempt_id INTEGER NOT NULL,"
    " part INTEGER NOT NULL,"
    " parts INTEGER NOT NULL,"
    " class INTEGER NOT NULL,"
    " PRIMARY KEY (attempt_id, part)) STRICT, WITHOUT ROWID;";

/* A campaign may have several gateways; a message stands in the queue of one of them (`route`, their
 * number), so that a lane that stops holds nobody else back. payload.carriers: bit by number, which
 * of them can carry the text. failover counts what went over to another one. campaign.gateway_id is
 * that of number 0. */
static const char schema_005[] =
    "ALTER TABLE campaign ADD COLUMN routing TEXT NOT NULL DEFAULT '';" /* zhanchi/route.h */
    "ALTER TABLE campaign ADD COLUMN failover INTEGER NOT NULL DEFAULT 0"
    " CHECK (failover IN (0, 1));"
    "CREATE TABLE campaign_gateway ("
    " campaign_id INTEGER NOT NULL REFERENCES campaign (id),"
    " no INTEGER NOT NULL CHECK (no BETWEEN 0 AND 7),"
    " gateway_id INTEGER NOT NULL REFERENCES gateway (id),"
    " PRIMARY KEY (campaign_id, no)) STRICT, WITHOUT ROWID;"
    "INSERT INTO campaign_gateway SELECT id, 0, gateway_id FROM campaign;"
    "CREATE TABLE wave_gateway ("
    " wave_id INTEGER NOT NULL REFERENCES wave (id),"
    " no INTEGER NOT NULL CHECK (no BETWEEN 0 AND 7),"
    " messages INTEGER NOT NULL,"
    " segments INTEGER NOT NULL,"
    " cost_microyuan INTEGER NOT NULL,"
    " finish_at INTEGER," /* NULL: not before the campaign ends */
    " PRIMARY KEY (wave_id, no)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE failover ("
    " campaign_id INTEGER NOT NULL REFERENCES campaign (id),"
    " from_no INTEGER NOT NULL,"
    " to_no INTEGER NOT NULL,"
    " n INTEGER NOT NULL,"
    " PRIMARY KEY (campaign_id, from_no, to_no)) STRICT, WITHOUT ROWID;"
    "ALTER TABLE message ADD COLUMN route INTEGER NOT NULL DEFAULT 0 CHECK (route BETWEEN 0 AND 7);"
    "ALTER TABLE payload ADD COLUMN carriers INTEGER NOT NULL DEFAULT 1;"
    "DROP INDEX message_open;"
    "CREATE INDEX message_open ON message (campaign_id, state, route, due_at)"
    " WHERE due_at IS NOT NULL;";

/* Email. The column `channel` of address and message stays 1, "the campaign's own": what kind an address is stands in its hash, which is
 * made apart for each (keyring.h), and what a campaign sends stands in its texts. */
static const char schema_006[] =
    "ALTER TABLE list_row ADD COLUMN email_id INTEGER;"
    "ALTER TABLE template ADD COLUMN subject TEXT NOT NULL DEFAULT '';";

/* The least time between two messages to a number. */
static const char schema_007[] =
    "ALTER TABLE address ADD COLUMN claimed_at INTEGER NOT NULL DEFAULT 0;";

/* Employers get ids as persons do, so that breakdowns group by a number. */
static const char schema_008[] =
    "CREATE TABLE employer ("
    " id INTEGER PRIMARY KEY,"
    " kind INTEGER NOT NULL CHECK (kind = 1)," /* as sqlite_resolve.c wants it */
    " key_id INTEGER NOT NULL,"
    " hash BLOB NOT NULL CHECK (length(hash) = 16)) STRICT;"
    "CREATE TABLE employer_hash ("
    " hash BLOB NOT NULL,"
    " kind INTEGER NOT NULL,"
    " employer_id INTEGER NOT NULL,"
    " PRIMARY KEY (hash, kind)) STRICT, WITHOUT ROWID;"
    "INSERT INTO employer (kind, key_id, hash) SELECT 1,"
    " (SELECT min(id) FROM data_key WHERE purpose = 1), employer FROM list_row"
    " WHERE employer IS NOT NULL GROUP BY employer;"
    "INSERT INTO employer_hash SELECT hash, kind, id FROM employer;"
    "ALTER TABLE list_row ADD COLUMN employer_id INTEGER;"
    "UPDATE list_row SET employer_id = (SELECT h.employer_id FROM employer_hash h"
    " WHERE h.hash = list_row.employer) WHERE employer IS NOT NULL;"
    "ALTER TABLE list_row DROP COLUMN employer;"
    "ALTER TABLE list ADD COLUMN employer_from INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE list ADD COLUMN employer_indexed INTEGER NOT NULL DEFAULT 1;";

/* Rows that were not taken, with their cells; what was done about them. A reason is closed when its
 * row's revision is no longer the newest. changed: acts on its rows so far.
 * shared: what a campaign does where one number is several persons' (enum campaign_shared). */
static const char schema_009[] =
    "CREATE TABLE list_held ("
    " list_id INTEGER NOT NULL REFERENCES list (id),"
    " line INTEGER NOT NULL,"
    " revision INTEGER NOT NULL,"
    " state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5)," /* enum held_state */
    " key_id INTEGER NOT NULL,"
    " blob BLOB,"
    " PRIMARY KEY (list_id, line, revision)) STRICT, WITHOUT ROWID;"
    "CREATE UNIQUE INDEX list_held_newest ON list_held (list_id, line) WHERE state <> 5;"
    "ALTER TABLE list_reject ADD COLUMN closed INTEGER NOT NULL DEFAULT 0"
    " CHECK (closed IN (0, 1));"
    "ALTER TABLE list ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE campaign ADD COLUMN shared INTEGER NOT NULL DEFAULT 1"
    " CHECK (shared BETWEEN 1 AND 3);";

/* The group of people that a list's row names, as a keyed hash: policies may leave some out. */
static const char schema_010[] = "ALTER TABLE list_row ADD COLUMN people_group BLOB;";

/* What a text depends on besides its own lines goes with its version. */
static const char schema_011[] =
    "ALTER TABLE template ADD COLUMN carrier_variables TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE template ADD COLUMN partials TEXT NOT NULL DEFAULT '';";

/* An email's second body, and what a carrier would put a text together from. */
static const char schema_012[] =
    "ALTER TABLE template ADD COLUMN html TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE template ADD COLUMN carrier_text TEXT NOT NULL DEFAULT '';";

/* Which rules a wave's texts were allowed to break, on how many rows, and why: an approver must see it. */
static const char schema_013[] = "ALTER TABLE wave ADD COLUMN allowed TEXT NOT NULL DEFAULT '';";

static const char *const migrations[] = {schema_001, schema_002, schema_003, schema_004, schema_005,
                                         schema_006, schema_007, schema_008, schema_009, schema_010,
                                         schema_011, schema_012, schema_013};

int schema_latest(void)
{
    return (int)(sizeof migrations / sizeof migrations[0]);
}

const char *schema_migration(int number)
{
    return migrations[number - 1];
}
