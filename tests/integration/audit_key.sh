#!/bin/bash
# audit_key.sh BIN_DIR: no act without its record. Without the audit key every act of a person fails, and database and inbox are to the row what they were;
# with the key each leaves one record.
set -u
bin=$1
. "$(dirname "$0")/scene.sh" audit_key
zh() { "$bin/zhanchi" -c "$dir/zhanchi.conf" "$@" >"$work/out.log" 2>"$work/err.log"; }
must() { zh "$@" || die "$* failed"; }
dump() { { sqlite3 "$dir/zhanchi.db" .dump && sqlite3 "$dir/inbox.db" "SELECT * FROM report"; } | sha256sum; }
acts() { sqlite3 "$dir/zhanchi.db" 'SELECT count(*) FROM audit'; }

office
"$bin/zhanchi-mklist" --rows 300 --seed 5 >"$work/list.csv"
"$bin/zhanchi-mklist" --rows 300 --seed 6 >"$work/other.csv"
"$bin/zhanchi-mklist" --rows 300 --seed 5 --claims --rate-control 0.3 --claims-days 1 >"$work/claims.csv"
must list import "$work/list.csv" --name spring
must list import "$work/other.csv" --name other
must list screen spring --policy "$top/conf/policies/example.conf"
must campaign create c --list spring --policy example --template "$top/templates/skill-a.tmpl" --gateway 12333
must campaign submit c
ZHANCHI_ACTOR=li must campaign approve c
# Messages that nobody can know about, and the counter of them.
sqlite3 "$dir/zhanchi.db" "UPDATE message SET state = 5, due_at = 0 WHERE state = 2;
    UPDATE tally SET state = 5 WHERE state = 2"
printf '13800000001\n' >"$work/number"
printf '手机号码\n13800000002\n' >"$work/refusals.csv"
echo '{"receipts":[{"ref":"z1","id":"1","to":"13800000001","state":"DELIVRD","code":"","at":"2026-11-23 10:00:05","parts":1}]}' >"$work/receipts.json"
echo '{"replies":[{"id":"1","from":"13800000001","text":"R","at":"2026-11-23 10:00:05"}]}' >"$work/replies.json"

# Each act once: without the key it changes nothing, with it there is one record more.
act() {
    local before
    mv "$dir/audit.key" "$work/audit.key"
    before=$(dump)
    zh "$@" <"$work/number"
    is "status of $* without the key" $? 66
    grep -q 'audit.key' "$work/err.log" || die "$* does not name the key"
    grep -q 'keys.audit_file' "$work/err.log" || die "$* does not name the option"
    is "the database after $*" "$(dump)" "$before"
    mv "$work/audit.key" "$dir/audit.key"
    before=$(acts)
    must "$@" <"$work/number"
    is "records of $*" "$(acts)" $((before + 1))
}
step "each act, without the key and with it"
"$bin/zhanchi-mklist" --rows 300 --seed 7 >"$work/third.csv"
act list import "$work/third.csv" --name third
act list screen other --policy "$top/conf/policies/example.conf"
act response import "$work/claims.csv"
act message resolve c --unknown drop --yes
act list rm other --yes
act optout add
act optout rm
act optout import "$work/refusals.csv"
act campaign create d --list spring --policy example --template "$top/templates/skill-a.tmpl" --gateway 12333
act campaign submit d
act receipt import "$work/receipts.json" --gateway 12333
act reply import "$work/replies.json" --gateway 12333
act campaign pause c
act campaign resume c
act template add "$top/templates/skill-b.tmpl"
act campaign cancel c --yes
act backup "$work/backup.db"

step "the chain holds"
must audit verify
echo "audit_key: no act without its record"
