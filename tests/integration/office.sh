#!/bin/bash
# office.sh BIN_DIR: init, doctor, backup, restore and audit as people use them, against the sandbox:
# what is half-done, damaged, old, foreign or locked, and that a restored copy sends nothing twice.
set -u
bin=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/zhanchi-office.XXXXXX")
dir=$work/office ledger=$work/ledger
sandbox_pid='' other_pid=''
export ZHANCHI_ACTOR=maker LC_ALL=C.UTF-8

cleanup() {
    for p in $sandbox_pid $other_pid; do kill -9 "$p" 2>/dev/null; done
    rm -rf "$work"
}
trap cleanup EXIT
die() {
    echo "office: $*" >&2
    tail -n 20 "$work"/*.log >&2
    exit 1
}
step() { echo "office: $*"; }
is() { [ "$2" = "$3" ] || die "$1: got '$2', expected '$3'"; }
zh() { "$bin/zhanchi" -c "$dir/zhanchi.conf" "$@"; }
# fails STATUS WORDS COMMAND...: it must fail so, and say so.
fails() {
    local status=$1 words=$2
    shift 2
    "$@" >"$work/out.log" 2>"$work/err.log"
    is "status of $*" $? "$status"
    grep -q -- "$words" "$work/err.log" || die "$* does not say '$words'"
}
sql() { sqlite3 "$dir/zhanchi.db" "$@"; }
finding() { zh doctor --json 2>>"$work/doctor.log" | jq -r --arg c "$1" '[.[] | select(.check == $c) | .result] | join(" ")'; }

conf() { # PORT [EPOCH_DIR]
    cat <<CONF
store = { epoch_dir = "${2:-$work/state/deep/epoch}"; };
people = { actor_source = "environment"; };
log = { level = "warn"; };
gateways = ( { name = "12333"; profile = "gateways/12333.conf"; url = "http://127.0.0.1:$1";
               secret_files = { app = "secrets/app"; secret = "secrets/secret"; }; } );
CONF
}

# ---- the frame ----

step "help, version, wrong words"
"$bin/zhanchi" --version | grep -q '^zhanchi [0-9]' || die "no version"
"$bin/zhanchi" --help | grep -q '^  restore' || die "no help"
"$bin/zhanchi" audit verify --help | grep -q '^usage: zhanchi audit verify' || die "no help of a verb"
fails 64 'did you mean `doctor`' "$bin/zhanchi" docter
fails 64 'did you mean `verify`' "$bin/zhanchi" audit verfy
fails 64 'did you mean --quick' "$bin/zhanchi" doctor --qick
fails 64 'needs a value' "$bin/zhanchi" stats proportion 1 2 --level
fails 64 'too many arguments' "$bin/zhanchi" audit ls x
fails 64 'an argument is missing' "$bin/zhanchi" init
fails 66 'nowhere.conf' "$bin/zhanchi" -c "$work/nowhere.conf" doctor
if [ -w /dev/full ]; then
    "$bin/zhanchi" --help >/dev/full 2>"$work/err.log"
    is "status on a full disk" $? 74
fi

step "nobody reads to the end"
mkdir "$work/pipe"
printf '姓名,手机号\n' >"$work/pipe/list.csv"
for n in $(seq 5000); do printf '测试,138%08d\n' "$n"; done >>"$work/pipe/list.csv"
for command in "list convert $work/pipe/list.csv" "list convert $work/pipe/list.csv --to csv"; do
    "$bin/zhanchi" $command 2>"$work/pipe/err" | head -n 1 >"$work/pipe/out"
    is "status of $command | head" "${PIPESTATUS[0]}" 141
    is "words of $command | head" "$(cat "$work/pipe/err")" ""
done
{ sleep 0.3; "$bin/zhanchi" --help 2>"$work/pipe/err"; echo $? >"$work/pipe/status"; } | true
is "status of --help into nothing" "$(cat "$work/pipe/status")" 141
is "words of --help into nothing" "$(cat "$work/pipe/err")" ""

# ---- init ----

step "init: what is made, and for whose eyes"
"$bin/zhanchi-sandbox" --port 0 --port-file "$work/port" --app office --secret-file <(printf secretsecretsecret) \
    --ledger "$ledger" >"$work/sandbox.log" 2>&1 &
sandbox_pid=$!
for _ in $(seq 200); do [ -s "$work/port" ] && break; sleep 0.05; done
mkdir "$dir"
: >"$work/file"
conf "$(cat "$work/port")" "$work/file/epoch" >"$dir/zhanchi.conf"
fails 73 'cannot make the folder' "$bin/zhanchi" init "$dir"
for f in zhanchi.db zhanchi.key zhanchi.key.recovery audit.key; do
    [ -e "$dir/$f" ] && die "a failed init left $f"
done
conf "$(cat "$work/port")" >"$dir/zhanchi.conf"
cp "$dir/zhanchi.conf" "$work/conf"
printf mine >"$dir/gateways/own.conf"
"$bin/zhanchi" init "$dir" >"$work/init.log" 2>&1 || die "init failed"
cmp -s "$work/conf" "$dir/zhanchi.conf" || die "init changed the configuration that it found"
is "a file of mine" "$(cat "$dir/gateways/own.conf")" mine
rm "$dir/gateways/own.conf"
for f in zhanchi.db zhanchi.key zhanchi.key.recovery audit.key; do
    is "mode of $f" "$(stat -c %a "$dir/$f")" 600
done
is "mode of epoch_dir" "$(stat -c %a "$work/state/deep/epoch")" 700
for f in gateways/12333.conf policies/cn.conf templates/skill-a.tmpl; do
    [ -s "$dir/$f" ] || die "init did not bring $f"
done
grep -q 'safe place outside this machine' "$work/init.log" || die "init does not say where the recovery copy goes"
cp "$dir/zhanchi.key" "$work/key.before"
fails 73 'zhanchi.db' "$bin/zhanchi" init "$dir"
cmp -s "$dir/zhanchi.key" "$work/key.before" || die "a second init touched the key"
mkdir "$work/other"
conf 1 "$work/state/other" >"$work/other/zhanchi.conf"
"$bin/zhanchi" init "$work/other" >"$work/init.log" 2>&1 || die "init of another office failed"
if [ "$(id -u)" != 0 ]; then # root's epochs are kept in /var/lib
    XDG_STATE_HOME=$work/xdg "$bin/zhanchi" init "$work/sample" >"$work/init.log" 2>&1 || die "init with the sample failed"
    is "mode of the work directory" "$(stat -c %a "$work/sample")" 700
    [ -d "$work/xdg/zhanchi/epoch" ] || die "epochs are not kept outside"
fi

# ---- doctor ----

step "doctor: a healthy office, then one fault after the other"
zh doctor >"$work/doctor.log" 2>&1
is "status without secrets" $? 78
grep -q 'FAIL.*secret app.*chmod 600' "$work/doctor.log" || die "doctor does not miss the secret"
printf office >"$dir/secrets/app"
printf secretsecretsecret >"$dir/secrets/secret"
chmod 600 "$dir"/secrets/*
chmod 700 "$dir"
zh doctor >"$work/doctor.log" 2>&1
is "status of a healthy office" $? 0
grep -q 'warn.*safe place' "$work/doctor.log" || die "doctor does not mind the recovery copy"
mv "$dir/zhanchi.key.recovery" "$work/recovery"
is "warnings" "$(zh doctor --json | jq '[.[] | select(.result != "ok")] | length')" 0
is "quick" "$(zh doctor --quick --json | jq '[.[] | select(.check == "counters")] | length')" 0

chmod 644 "$dir/zhanchi.key" && is "open key" "$(finding keys.file)" FAIL && chmod 600 "$dir/zhanchi.key"
chmod 755 "$dir" && is "open directory" "$(finding 'work directory')" warn && chmod 700 "$dir"
chmod 622 "$dir/zhanchi.conf" && is "open configuration" "$(finding configuration)" FAIL && chmod 600 "$dir/zhanchi.conf"
mv "$dir/zhanchi.key" "$work/k" && cp "$work/other/zhanchi.key" "$dir/zhanchi.key"
is "another office's key" "$(finding key)" FAIL
mv "$work/k" "$dir/zhanchi.key"
echo 'nonsense = 1;' >"$dir/policies/x.conf" && is "a bad policy" "$(finding policies)" FAIL && rm "$dir/policies/x.conf"
mv "$work/state/deep/epoch" "$work/e" && is "no epoch file" "$(finding epoch)" FAIL && mv "$work/e" "$work/state/deep/epoch"
sql "UPDATE meta SET value = '0' WHERE name = 'claims'; INSERT INTO meta VALUES ('doubt', 'x')"
is "doubt" "$(finding epoch)" FAIL
sql "DELETE FROM meta WHERE name = 'doubt'"
cp "$dir/zhanchi.db" "$work/healthy.db"
sql "UPDATE audit SET actor = 'somebody' WHERE id = 1" && is "a changed trail" "$(finding 'audit chain')" FAIL
cp "$work/healthy.db" "$dir/zhanchi.db"
sql "UPDATE audit SET at = at + 10000000000 WHERE id = 1" && is "an act in the future" "$(finding clock)" FAIL
cp "$work/healthy.db" "$dir/zhanchi.db"
size=$(stat -c %s "$dir/zhanchi.db")
dd if=/dev/urandom of="$dir/zhanchi.db" bs=4096 seek=5 count=$((size / 4096 - 6)) conv=notrunc 2>/dev/null
finding database | grep -q FAIL || die "doctor does not see a damaged database"
zh doctor --quick >/dev/null 2>&1
status=$? # where the damage is found is chance; a signal or a sanitizer is not among these
[ $status -ge 64 ] && [ $status -le 78 ] || die "doctor ends with $status on a damaged database"
cp "$work/healthy.db" "$dir/zhanchi.db"
rm -f "$dir"/zhanchi.db-*
is "healthy again" "$(zh doctor --json | jq '[.[] | select(.result != "ok")] | length')" 0

# ---- audit ----

step "audit: verifies without the key to personal data; a change shows, a cut end shows in the head"
is "acts" "$(zh audit ls --json | jq -r '[.[].act] | join(" ")')" init
zh backup "$work/b0.db" >"$work/backup.log" || die "backup failed"
mv "$dir/zhanchi.key" "$work/k"
head=$(zh audit verify --json | jq -r .head)
is "length of the head" ${#head} 64
mv "$work/k" "$dir/zhanchi.key"
cp "$dir/zhanchi.db" "$work/healthy.db"
sql "DELETE FROM audit WHERE id = 2"
[ "$(zh audit verify --json | jq -r .head)" != "$head" ] || die "a cut end has the same head"
cp "$work/healthy.db" "$dir/zhanchi.db"
sql "UPDATE audit SET detail = 'x' WHERE id = 2"
fails 65 'record 2' zh audit verify
cp "$work/healthy.db" "$dir/zhanchi.db"
rm -f "$dir"/zhanchi.db-*

# ---- a campaign, backups, restores ----

taken() { awk 'END { print NR }' "$ledger" 2>/dev/null || echo 0; }
twice() { cut -f 3 "$ledger" | cut -d - -f 2 | sort | uniq -d | wc -l; }
states() { sql "SELECT group_concat(state || ':' || n, ' ') FROM (SELECT state, count(*) AS n FROM message WHERE campaign_id = (SELECT id FROM campaign WHERE name = '$1') GROUP BY 1)"; }
campaign() { # NAME FIRST ROWS
    awk -v f="$2" -v n="$3" 'BEGIN { print "姓名,手机号码"; for (i = f; i < f + n; i++) printf "甲%d,138%08d\n", i, i }' >"$work/$1.csv"
    {
        zh list import "$work/$1.csv" --name "$1" &&
            zh campaign create "$1" --list "$1" --template "$work/t.tmpl" --gateway 12333 --window 00:00-24:00 &&
            zh campaign submit "$1" && ZHANCHI_ACTOR=checker zh campaign approve "$1"
    } >"$work/setup.log" 2>&1 || die "campaign $1 failed"
}
printf 'name: t\ntopic: t\nkind: status\nsignature: 示例市人社局\n---\n{{name}}您好,请咨询{{phone12333}}。\n' >"$work/t.tmpl"

step "restore: nothing was sent since; campaigns wait for a person, then everything goes once"
campaign one 0 40
is "an overwriting backup" "$(fails 73 'never overwrites' zh backup "$work/b0.db" && echo refused)" refused
zh backup "$work/b1.db" >"$work/backup.log" || die "backup failed"
is "mode of the backup" "$(stat -c %a "$work/b1.db")" 600
is "the backup is whole" "$(sqlite3 "$work/b1.db" 'PRAGMA integrity_check')" ok
fails 64 'nothing was changed' zh restore "$work/b1.db" </dev/null
zh restore "$work/b1.db" --yes >"$work/restore.log" 2>&1 || die "restore failed"
grep -q 'nothing was sent since' "$work/restore.log" || die "restore does not say that nothing was sent"
is "state" "$(zh campaign ls --json | jq -r '.[0].state')" paused
zh dispatch >"$work/dispatch.log" 2>&1
is "taken while paused" "$(taken)" 0
zh campaign resume one >"$work/setup.log" || die "resume failed"
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed"
is taken "$(taken)" 40
is twice "$(twice)" 0
zh audit verify >/dev/null || die "the chain broke"
[ "$(find "$dir" -name 'zhanchi.db.replaced-*' | wc -l)" = 1 ] || die "the replaced database is gone"
[ -z "$(find "$dir" -name 'restore.*')" ] || die "restore left its folder"

step "restore: the copy is older than what was sent: unknown, and nothing goes by itself"
zh restore "$work/b1.db" --yes >"$work/restore.log" 2>&1 || die "restore failed"
grep -q '40 are unknown' "$work/restore.log" || die "restore does not say what is unknown"
is states "$(states one)" 5:40
zh campaign resume one >"$work/setup.log" || die "resume failed"
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch after a restore: $?"
is "taken after the restore" "$(taken)" 40
is epoch "$(finding epoch)" ok
zh message resolve one --unknown drop --yes >"$work/setup.log" 2>&1 || die "resolve failed"
is states "$(states one)" 11:40

step "the same without restore: a file that was copied over"
zh backup "$work/b2.db" >/dev/null || die "backup failed"
campaign two 100 10
zh backup "$work/b3.db" >/dev/null || die "backup failed"
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed"
is taken "$(taken)" 50
rm -f "$dir"/zhanchi.db-*
cp "$work/b3.db" "$dir/zhanchi.db"
fails 77 'old copy' zh dispatch
is taken "$(taken)" 50
is states "$(states two)" 5:10

step "restore: what was on the wire when the copy was made is unknown"
kill -9 $sandbox_pid
wait $sandbox_pid 2>/dev/null
rm -f "$work/port"
"$bin/zhanchi-sandbox" --port 0 --port-file "$work/port" --app office --secret-file <(printf secretsecretsecret) \
    --ledger "$ledger" --latency 3000 >"$work/sandbox.log" 2>&1 &
sandbox_pid=$!
for _ in $(seq 200); do [ -s "$work/port" ] && break; sleep 0.05; done
conf "$(cat "$work/port")" >"$dir/zhanchi.conf"
campaign three 200 1
"$bin/zhanchi" -c "$dir/zhanchi.conf" dispatch >"$work/dispatch.log" 2>&1 &
other_pid=$!
for _ in $(seq 200); do [ "$(states three)" = 3:1 ] && break; sleep 0.05; done
is "on its way" "$(states three)" 3:1
zh backup "$work/b4.db" >/dev/null || die "backup failed"
fails 75 'dispatcher is at work' zh restore "$work/b4.db" --yes
wait $other_pid || die "dispatch failed"
other_pid=''
is states "$(states three)" 4:1
zh backup "$work/after.db" >/dev/null || die "backup failed"
rm -f "$dir"/zhanchi.db-*
cp "$work/b4.db" "$dir/zhanchi.db" # no restore: the counter outside must tell
fails 77 'old copy' zh dispatch
is states "$(states three)" 5:1
rm -f "$dir"/zhanchi.db-*
cp "$work/after.db" "$dir/zhanchi.db"
zh restore "$work/b4.db" --yes >"$work/restore.log" 2>&1 || die "restore failed"
is states "$(states three)" 5:1
zh campaign resume three >"$work/setup.log" && zh dispatch >"$work/dispatch.log" 2>&1
is taken "$(taken)" 51
is twice "$(twice)" 0

step "restore refuses: locked, no database, damaged, another office's"
exec 9>"$dir/serve.lock"
flock 9
fails 75 'serve' zh restore "$work/b4.db" --yes
exec 9>&-
exec 9>"$dir/zhanchi.db.jobs"
flock 9
fails 75 'import or submit' zh restore "$work/b4.db" --yes
exec 9>&-
before=$(sql 'SELECT count(*) FROM audit')
fails 66 'cannot open' zh restore "$work/nowhere.db" --yes
head -c 100000 /dev/urandom >"$work/garbage"
"$bin/zhanchi" -c "$dir/zhanchi.conf" restore "$work/garbage" --yes >"$work/out.log" 2>"$work/err.log" && die "garbage was restored"
cp "$work/b4.db" "$work/cut.db"
truncate -s 60000 "$work/cut.db"
zh restore "$work/cut.db" --yes >"$work/out.log" 2>"$work/err.log" && die "half a copy was restored"
"$bin/zhanchi" -c "$work/other/zhanchi.conf" backup "$work/foreign.db" >/dev/null 2>>"$work/setup.log"
zh restore "$work/foreign.db" --yes >"$work/out.log" 2>"$work/err.log" && die "another office's copy was restored"
is "the database is untouched" "$(sql 'SELECT count(*) FROM audit')" "$before"
[ -z "$(find "$dir" -name 'restore.*')" ] || die "a refused restore left its folder"

step "restore, killed between putting aside and putting in place; then again"
ZHANCHI_FAILPOINT=restore_put_aside:1 "$bin/zhanchi" -c "$dir/zhanchi.conf" restore "$work/b4.db" --yes >"$work/out.log" 2>&1
is "status of the killed restore" $? 137
[ -e "$dir/zhanchi.db" ] && die "it was not killed where it should be"
fails 66 'zhanchi.db' zh campaign ls
zh restore "$work/b4.db" --yes >"$work/restore.log" 2>&1 || die "restore after a kill failed"
[ -z "$(find "$dir" -name 'restore.*')" ] || die "the killed restore's folder is still there"
is "healthy again" "$(zh doctor --json | jq -r '[.[] | select(.result == "FAIL") | .check] | join(" ")')" ''
zh audit verify >/dev/null || die "the chain broke"
echo "office: good"
