#!/bin/bash
# no_personal_data.sh BIN_DIR TOOLS_DIR: a list goes the whole way, and then nothing of its people stands anywhere in the clear.
#
# Looks for every id number, telephone number and name of an imported list, and for every damaged one of its rejects, as bytes in UTF-8,
# GB18030 and UTF-16 (names of two characters in UTF-8 only: four bytes are found by chance in what is sealed), in everything that the program writes: databases with their logs, keys, marks, what commands print, logs of servers, exports, reports, a
# backup. While the servers run, so that write-ahead logs are there, and after. Not in the list itself and in what the far side (the sandbox) writes.
# Then it plants such words and must find each.
set -u
bin=$1 tools=$2
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/zhanchi-clear.XXXXXX")
# handed: what staff asks for by name and gets in the clear
dir=$work/office written=$work/written handed=$work/handed
export LC_ALL=C.UTF-8
serve_pid='' sandbox_pid=''

cleanup() {
    for p in $serve_pid $sandbox_pid; do kill "$p" 2>/dev/null; done
    wait 2>/dev/null
    if [ "${KEEP:-}" ]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap cleanup EXIT
die() {
    echo "no_personal_data: $*" >&2
    tail -n 15 "$work"/far/*.log "$written"/*.log >&2
    exit 1
}
step() { echo "no_personal_data: $*"; }
zh() { # NAME COMMAND...: what it prints, and what it says on the way, is looked through
    local name=$1
    shift
    "$bin/zhanchi" -v -c "$dir/zhanchi.conf" "$@" >>"$written/$name.out" 2>>"$written/$name.log"
}
must() { zh "$@" || die "$* failed"; }
wait_for() { # FILE
    for _ in $(seq 200); do [ -s "$1" ] && return; sleep 0.05; done
    die "nobody writes $1"
}
free_port() {
    "$bin/zhanchi-sandbox" --port 0 --port-file "$work/free" >/dev/null 2>&1 &
    local pid=$!
    wait_for "$work/free"
    cat "$work/free"
    kill $pid
    wait $pid 2>/dev/null
    rm -f "$work/free"
}

# ---- a list and what must not be found of it ----

mkdir -p "$dir/secrets" "$written" "$handed" "$work/far"
rows=400
"$bin/zhanchi-mklist" --rows $rows --seed 5 --bad 10% >"$work/utf8.csv"
"$bin/zhanchi-mklist" --rows $rows --seed 5 --bad 10% --title --encoding gb18030 >"$work/list.csv"
"$bin/zhanchi-mklist" --rows $rows --seed 5 --bad 10% --claims --rate-control 1 >"$work/all.csv"
"$bin/zhanchi-mklist" --rows $rows --seed 5 --bad 10% --claims --rate-control 0.3 --claims-days 1 >"$work/claims.csv"
{
    tr -d '\r' <"$work/all.csv" | LC_ALL=C awk -F, 'NR > 1 { print $1; print $3; if (length($2) >= 6) print $2 }'
    # whatever stands in the columns of numbers, damaged or not, if it is long enough to be somebody's
    tr -d '\r' <"$work/utf8.csv" | LC_ALL=C awk -F, 'NR > 1 { gsub(/^ +|[ \t]+$/, "", $2); if (length($2) >= 15) print $2; if (length($3) >= 11) print $3 }'
} | sort -u >"$work/words"
[ "$(wc -l <"$work/words")" -gt $((rows * 2)) ] || die "hardly any words to look for"

short=$(LC_ALL=C awk -F, 'NR > 1 && length($2) == 6 { print $2; exit }' "$work/all.csv")
[ "$short" ] || die "there is no name of two characters"
# Columns that slipped: every name stands under the region, too.
tr -d '\r' <"$work/all.csv" | awk -F, 'BEGIN { print "姓名,身份证号码,手机号码,参保地" } NR > 1 { print $2 "," $1 "," $3 "," $2 }' >"$work/slipped.csv"

search() { # everything written so far
    local files
    mapfile -t files < <(find "$dir" "$written" "$work/epoch" -type f ! -path '*/secrets/*')
    "$tools/findbytes" "$work/words" "${files[@]}"
}

# ---- the whole way ----

step "import, screening"
serve_port=$(free_port) sandbox_port=$(free_port)
printf clear >"$dir/secrets/app"
head -c 24 /dev/urandom | base64 | tr -d '+/=' >"$dir/secrets/secret"
chmod 600 "$dir"/secrets/*
cat >"$dir/zhanchi.conf" <<CONF
people = { actor_source = "environment"; };
store = { epoch_dir = "$work/epoch"; };
serve = { port = $serve_port; };
dispatch = { backoff_base = "100ms"; };
gateways = ( { name = "12333"; profile = "$top/conf/gateways/12333.conf"; url = "http://127.0.0.1:$sandbox_port";
               secret_files = { app = "secrets/app"; secret = "secrets/secret"; }; } );
CONF
export ZHANCHI_ACTOR=wang
"$bin/zhanchi" init "$dir" >"$written/init.out" 2>"$written/init.log" || die "init failed"
must import list import "$work/list.csv" --name spring --rejects "$handed/rejects.csv"
must slipped list import "$work/slipped.csv" --name slipped --rejects "$handed/slipped.csv"
must slipped list screen slipped --policy "$top/conf/policies/example.conf"
must slipped list show slipped
zh again list import "$work/list.csv" --name autumn
line=$(sqlite3 "$dir/zhanchi.db" 'SELECT line FROM list_row LIMIT 1')
must rejects list rejects spring
must rejects list rejects spring --output "$handed/rejects2.csv"
must review list review spring
held=$(sqlite3 "$dir/zhanchi.db" 'SELECT min(line) FROM list_held WHERE state = 1')
fix() { zh fix list fix spring --row "$held" --column phone <<<"$1"; }
fix 1380000
fix 13800099999 || die "fix failed"
must fix list fix spring --row "$line" --column name <<<"$(sed -n 2p "$work/all.csv" | cut -d, -f2)"
must fix list drop spring --row "$(sqlite3 "$dir/zhanchi.db" 'SELECT min(line) FROM list_held WHERE state = 2')"
must back list import "$handed/rejects2.csv" --into spring
must show list show spring
must screen list screen spring --policy "$top/conf/policies/example.conf"
must explain list explain spring --row "$line"
# errors that have a person's data at hand
printf '姓名,身份证号\n%s,%s\n' "$(sed -n 2p "$work/all.csv" | cut -d, -f2)" "$(sed -n 2p "$work/all.csv" | cut -d, -f1)" >"$work/headless.csv"
tail -n 20 "$work/utf8.csv" >"$work/nohead.csv"
zh refused list import "$work/headless.csv" --name x
zh refused list import "$work/nohead.csv" --name x

step "campaign"
must campaign campaign create c --list spring --policy example --template "$top/templates/skill-a.tmpl" \
    --template "$top/templates/skill-b.tmpl" --gateway 12333 --window 00:00-24:00
must campaign campaign forecast c
must campaign campaign preview c --rows 20
must campaign campaign submit c
ZHANCHI_ACTOR=li must campaign campaign approve c

step "dispatch, receipts, replies"
"$bin/zhanchi-sandbox" --port "$sandbox_port" --port-file "$work/port" --app clear --secret-file "$dir/secrets/secret" --ledger "$work/far/ledger" \
    --callback "http://127.0.0.1:$serve_port/12333" --latency 2 --jitter 5 --vacant 5% --undelivered 10% --busy 5% --never-after 1% --never 500 \
    --reply 20% --refuse 10% --receipt-duplicate 10% >"$work/far/sandbox.log" 2>&1 &
sandbox_pid=$!
wait_for "$work/port"
"$bin/zhanchi" -v -c "$dir/zhanchi.conf" serve >"$written/serve.out" 2>"$written/serve.log" &
serve_pid=$!
for _ in $(seq 200); do curl -sf -o /dev/null "http://127.0.0.1:$serve_port/healthz" && break; sleep 0.05; done
zh dispatch dispatch --max-runtime 20s
for _ in $(seq 100); do
    [ "$(sqlite3 "$dir/zhanchi.db" 'SELECT (SELECT count(*) > 100 FROM receipt) AND (SELECT count(*) > 10 FROM reply)')" = 1 ] && break
    sleep 0.1
done
[ "$(sqlite3 "$dir/zhanchi.db" 'SELECT count(*) FROM reply')" -gt 10 ] || die "hardly any replies came"
[ "$(sqlite3 "$dir/zhanchi.db" 'SELECT count(*) FROM optout')" -gt 0 ] || die "nobody refused"
curl -s "http://127.0.0.1:$serve_port/metrics" >"$written/metrics.out"
curl -s -d "{\"receipts\":[{\"ref\":\"x\",\"to\":\"$(sed -n 2p "$work/all.csv" | cut -d, -f3)\"" "http://127.0.0.1:$serve_port/12333/receipt" >"$written/garbage.out"

step "everything that can be looked at"
must ls message ls c
must ls message ls c --json
id=$(sqlite3 "$dir/zhanchi.db" 'SELECT min(id) FROM message')
must ls message show "$id"
must ls receipt ls
must ls reply ls
# The texts of replies only where they are asked for, and then with a record.
"$bin/zhanchi" -c "$dir/zhanchi.conf" reply ls --json >"$work/far/replies.json" 2>>"$work/far/replies.log" || die "reply ls failed"
jq -e 'length > 10 and all(.[]; has("text") | not) and all(.[]; .characters > 0)' "$work/far/replies.json" >/dev/null || die "reply ls shows texts, or no lengths"
looks() { sqlite3 "$dir/zhanchi.db" "SELECT count(*) FROM audit WHERE act = 'reply.read'"; }
[ "$(looks)" = 0 ] || die "reply ls is taken for a look at texts"
"$bin/zhanchi" -c "$dir/zhanchi.conf" reply ls --text --json >"$work/far/replies.json" 2>>"$work/far/replies.log" || die "reply ls --text failed"
jq -e 'all(.[]; .text | length > 0)' "$work/far/replies.json" >/dev/null || die "reply ls --text shows no texts"
[ "$(looks)" = 1 ] || die "a look at replies left no record"
must ls optout ls
must ls campaign show c
must response response import "$work/claims.csv" --through "$(TZ=Asia/Shanghai date +%F)"
must report report c
must report report c --format json
must report report c --format csv
must export export messages c --format csv
must export export messages c --format jsonl
must audit audit ls
must audit audit verify
zh doctor doctor
must backup backup "$written/backup.db"
ls -la "$dir" "$written" >>"$work/far/files.log"
[ -s "$dir/zhanchi.db-wal" ] || die "there is no write-ahead log to look into"
search || die "personal data in the clear, while the servers run"

kill "$serve_pid" "$sandbox_pid"
wait "$serve_pid" "$sandbox_pid" 2>/dev/null
serve_pid='' sandbox_pid=''
search || die "personal data in the clear, after the servers"

# ---- would it be found? ----

step "planted words are found"
plant() { # FILE ENCODING WORD: in the middle of the file, at an odd offset
    local half=$((($(stat -c %s "$1") / 2) | 1))
    { head -c $half "$1"; printf %s "$3" | iconv -f UTF-8 -t "$2"; tail -c +$((half + 1)) "$1"; } >"$written/planted"
    if "$tools/findbytes" "$work/words" "$written/planted" >"$work/far/found"; then
        die "a word in $2 in $(basename "$1") was not found"
    fi
    grep -q " as $2\$" "$work/far/found" || die "it was not found as $2"
    rm "$written/planted"
}
phone=$(sed -n 2p "$work/all.csv" | cut -d, -f3)
citizen=$(sed -n 3p "$work/all.csv" | cut -d, -f1)
name=$(LC_ALL=C awk -F, 'NR > 1 && length($2) >= 9 { print $2; exit }' "$work/all.csv")
plant "$dir/zhanchi.db" UTF-8 "$short"
for encoding in UTF-8 GB18030 UTF-16LE UTF-16BE; do
    plant "$dir/zhanchi.db" $encoding "$name"
    plant "$dir/inbox.db" $encoding "$phone"
    plant "$written/serve.log" $encoding "$citizen"
done
echo "no_personal_data: nothing stands in the clear"
