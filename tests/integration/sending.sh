#!/bin/bash
# sending.sh BIN_DIR: what the dispatcher promises beyond one straight run: a restored copy (held-out
# people, late receipts, a restore that fails), doubt and refusals that come while it runs, its end by a
# signal, its rest when nothing is due. Against the sandbox, with failpoints and sabotage switches.
set -u
bin=$1
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/zhanchi-sending.XXXXXX")
dir=$work/office ledger=$work/ledger
sandbox_pid='' serve_pid='' dispatch_pid='' busy_pid=''
export ZHANCHI_ACTOR=maker LC_ALL=C.UTF-8

cleanup() {
    for p in $sandbox_pid $serve_pid $dispatch_pid $busy_pid; do kill -9 "$p" 2>/dev/null; done
    if [ "${KEEP:-}" ]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap cleanup EXIT
die() {
    echo "sending: $*" >&2
    tail -n 20 "$work"/*.log >&2
    exit 1
}
step() { echo "sending: $*"; }
is() { [ "$2" = "$3" ] || die "$1: got '$2', expected '$3'"; }
zh() { "$bin/zhanchi" -c "$dir/zhanchi.conf" "$@"; }
sql() { sqlite3 -cmd '.timeout 5000' "$dir/zhanchi.db" "$@"; }
taken() { awk 'END { print NR }' "$ledger" 2>/dev/null || echo 0; }
twice() { cut -f 4 "$ledger" | sort | uniq -d | wc -l; }
states() { sql "SELECT group_concat(state || ':' || n, ' ') FROM (SELECT state, count(*) AS n FROM message WHERE campaign_id = (SELECT id FROM campaign WHERE name = '$1') GROUP BY 1)"; }
doubted() { sql "SELECT count(*) FROM meta WHERE name = 'doubt'"; }
holder() { cat "$dir/dispatch.lock" 2>/dev/null; } # what the dispatcher at work takes
until_is() { # WORDS EXPECTED COMMAND...
    local words=$1 expected=$2
    shift 2
    for _ in $(seq 300); do [ "$("$@")" = "$expected" ] && return; sleep 0.05; done
    is "$words" "$("$@")" "$expected"
}

free_port() {
    rm -f "$work/free"
    "$bin/zhanchi-sandbox" --port 0 --port-file "$work/free" >/dev/null 2>&1 &
    local pid=$!
    while [ ! -s "$work/free" ]; do sleep 0.02; done
    cat "$work/free"
    kill $pid
    wait $pid 2>/dev/null
}
sandbox() { # OPTIONS
    stop_sandbox
    rm -f "$work/port"
    "$bin/zhanchi-sandbox" --port "$sandbox_port" --port-file "$work/port" --app demo --secret-file "$dir/secrets/secret" \
        --ledger "$ledger" "$@" >>"$work/sandbox.log" 2>&1 &
    sandbox_pid=$!
    for _ in $(seq 200); do [ -s "$work/port" ] && return; sleep 0.05; done
    die "the sandbox does not start"
}
stop_sandbox() {
    [ "$sandbox_pid" ] && kill -TERM "$sandbox_pid" 2>/dev/null && wait "$sandbox_pid" 2>/dev/null
    sandbox_pid=""
}
serve() {
    "$bin/zhanchi" -c "$dir/zhanchi.conf" serve >>"$work/serve.log" 2>&1 &
    serve_pid=$!
    for _ in $(seq 200); do curl -s -o /dev/null "http://127.0.0.1:$serve_port/healthz" && return; sleep 0.05; done
    die "serve does not start"
}
start_dispatch() { # OPTIONS; no function in the background: its pid would be a shell's
    "$bin/zhanchi" -c "$dir/zhanchi.conf" dispatch "$@" >"$work/dispatch.log" 2>&1 &
    dispatch_pid=$!
}
end_dispatch() { # its status
    local status
    wait $dispatch_pid
    status=$?
    dispatch_pid=''
    return $status
}
stop_serve() { kill "-${1:-TERM}" $serve_pid && wait $serve_pid 2>/dev/null; serve_pid=''; }

# DISPATCH_OPTIONS GATEWAY_OPTIONS: the office's configuration
conf() {
    cat >"$dir/zhanchi.conf" <<CONF
people = { actor_source = "environment"; };
store = { epoch_dir = "$dir.epoch"; };
office = { name = "示例市人社局"; };
serve = { port = $serve_port; };
log = { level = "warn"; };
dispatch = { backoff_base = "100ms"; $1 };
gateways = ( { name = "12333"; profile = "$top/conf/gateways/12333.conf"; url = "http://127.0.0.1:$sandbox_port";
               $2 secret_files = { app = "secrets/app"; secret = "secrets/secret"; }; } );
CONF
}
office() { # NAME [DISPATCH_OPTIONS [GATEWAY_OPTIONS]]: a new one, nothing sent
    stop_sandbox
    dir=$work/$1 ledger=$work/$1.ledger
    serve_port=$(free_port) sandbox_port=$(free_port)
    mkdir -p "$dir/secrets"
    printf demo >"$dir/secrets/app"
    printf secretsecretsecret >"$dir/secrets/secret"
    chmod 600 "$dir"/secrets/*
    conf "${2:-}" "${3:-}"
    "$bin/zhanchi" init "$dir" >"$work/init.log" 2>&1 || die "init failed"
}
campaign() { # NAME FIRST ROWS OPTIONS
    local name=$1 first=$2 rows=$3
    shift 3
    awk -v f="$first" -v n="$rows" 'BEGIN { print "姓名,手机号码"; for (i = f; i < f + n; i++) printf "甲%d,199%08d\n", i, i }' >"$work/$name.csv"
    printf 'name: %s\ntopic: t\nkind: status\nsignature: 示例市人社局\n---\n{{name}}您好,请咨询{{phone12333}}。\n' "$name" >"$work/$name.tmpl"
    {
        zh list import "$work/$name.csv" --name "$name" &&
            zh campaign create "$name" --list "$name" --template "$work/$name.tmpl" --gateway 12333 --window 00:00-24:00 "$@" &&
            zh campaign submit "$name" && ZHANCHI_ACTOR=checker zh campaign approve "$name"
    } >"$work/setup.log" 2>&1 || die "campaign $name failed"
}

# ---- a restored copy ----

# 300 people of the example region, a third of them held out; their day comes in two seconds.
held_out() {
    "$bin/zhanchi-mklist" --rows 300 --seed 7 --today "$(date +%F)" >"$work/held.csv"
    {
        zh list import "$work/held.csv" --name held && zh list screen held --policy example &&
            zh campaign create c --list held --policy example --template "$top/templates/skill-a.tmpl" --gateway 12333 \
                --window 00:00-24:00 --holdout 30% --holdout-until "$(date -d '+21 days' +%F)" &&
            zh campaign submit c && ZHANCHI_ACTOR=checker zh campaign approve c
    } >"$work/setup.log" 2>&1 || die "campaign with holdouts failed"
    sandbox
    zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
    planned=$(sql 'SELECT count(*) FROM message WHERE state = 1')
    [ "$planned" -gt 20 ] || die "only $planned are held out"
    later=$(sql 'SELECT max(id) FROM message WHERE state = 1')
    sql "UPDATE message SET due_at = $(date +%s%3N) + 2000 WHERE state = 1 AND id <> $later"
    zh backup "$work/$1.db" >/dev/null || die "backup failed"
    sleep 2
    zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
    sent=$(taken)
    is "still held out" "$(sql 'SELECT count(*) FROM message WHERE state = 1')" 1
}
step "restore: held-out people whose day has passed since the copy was made are not sent a second text"
office holdout
held_out holdout
zh restore "$work/holdout.db" --yes >"$work/restore.log" 2>&1 || die "restore failed"
is "unknown" "$(sql 'SELECT count(*) FROM message WHERE state = 5')" $((planned - 1))
is "held out beyond today" "$(sql 'SELECT count(*) FROM message WHERE state = 1')" 1
zh campaign resume c >"$work/setup.log" || die "resume failed"
zh dispatch >"$work/dispatch.log" 2>&1
is taken "$(taken)" "$sent"

step "the same without restore: a file that was copied over"
office copied
held_out copied
cp "$work/copied.db" "$dir/zhanchi.db"
rm -f "$dir"/zhanchi.db-*
zh dispatch >"$work/dispatch.log" 2>&1
is "status of the first dispatch" $? 77
zh dispatch >"$work/dispatch.log" 2>&1
is taken "$(taken)" "$sent"
is "unknown" "$(sql 'SELECT count(*) FROM message WHERE state = 5')" $((planned - 1))

step "restore: receipts of the lost timeline settle what became unknown, and raise no new doubt"
office late
campaign c 0 60
zh backup "$work/late.db" >/dev/null || die "backup failed"
sandbox --callback "http://127.0.0.1:$serve_port/12333" --retry 100,300,1000
serve
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
is taken "$(taken)" 60
until_is "states after the receipts" 7:60 states c
stop_serve # its inbox stays
zh restore "$work/late.db" --yes >"$work/restore.log" 2>&1 || die "restore failed"
is states "$(states c)" 5:60
serve
until_is "states after the receipts" 7:60 states c
is doubt "$(doubted)" 0
stop_serve
zh campaign resume c >"$work/setup.log" || die "resume failed"
campaign c2 100 10
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch refuses: $?"
is taken "$(taken)" 70

step "a restore that fails, or is killed before the change, leaves the database as it was"
office failing
campaign c 0 40
zh backup "$work/failing.db" >/dev/null || die "backup failed"
sandbox
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
campaign c2 100 10
mv "$dir/audit.key" "$work/audit.key"
zh restore "$work/failing.db" --yes >"$work/restore.log" 2>&1 && die "restored without an audit key"
mv "$work/audit.key" "$dir/audit.key"
ZHANCHI_SABOTAGE=full-disk "$bin/zhanchi" -c "$dir/zhanchi.conf" restore "$work/failing.db" --yes >"$work/restore.log" 2>&1 && die "restored a copy without its log"
ls "$dir" | grep -q 'replaced\|^restore\.' && die "a failed restore leaves something behind"
ZHANCHI_FAILPOINT=restore_disarmed:1 "$bin/zhanchi" -c "$dir/zhanchi.conf" restore "$work/failing.db" --yes >"$work/restore.log" 2>&1
is "status of the killed restore" $? 137
zh dispatch >"$work/dispatch.log" 2>&1
is "status of dispatch after them" $? 0
is states "$(states c2)" 4:10
is taken "$(taken)" 50

step "killed after the change, before the file outside: nothing is sent twice, nothing is doubted again"
for point in restore_in_place:1 restore_put_aside:1; do
    ZHANCHI_FAILPOINT=$point "$bin/zhanchi" -c "$dir/zhanchi.conf" restore "$work/failing.db" --yes >"$work/restore.log" 2>&1
    is "status of the killed restore" $? 137
    [ $point = restore_in_place:1 ] || zh restore "$work/failing.db" --yes >"$work/restore.log" 2>&1 || die "restore failed"
    is states "$(states c)" 5:40
    zh message resolve c --unknown drop --yes >"$work/setup.log" 2>&1 || die "resolve failed"
    zh campaign resume c >"$work/setup.log" || die "resume failed"
    campaign n${point%:1} $((200 + RANDOM)) 5
    zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch after $point: $?"
    is states "$(states n${point%:1})" 4:5
done
is taken "$(taken)" 60

step "after a power cut the file outside is older than the database: a copy in between is an old copy"
office cut
campaign c 0 30
zh backup "$work/cut.db" >/dev/null || die "backup failed"
cp "$dir".epoch/*.epoch "$work/older"
sandbox
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
cp "$work/older" "$dir".epoch/*.epoch
zh restore "$work/cut.db" --yes >"$work/restore.log" 2>&1 || die "restore failed"
is states "$(states c)" 5:30

# ---- the dispatcher at rest ----

closed_window() { # two hours from now, for half an hour
    local h=$((10#$(TZ=Asia/Shanghai date +%H) + 2))
    [ $h -lt 24 ] || h=5
    printf '%02d:00-%02d:30' $h $h
}

step "nothing may go: the dispatcher rests, and others can write"
office rest
campaign c 0 5000 --window "$(closed_window)"
for point in hatch_round loop_turn; do # it is killed at the 200th round or turn: at rest there are some ten a second, or fewer
    ZHANCHI_FAILPOINT=$point:200 start_dispatch --wait --max-runtime 3s
    until_is "it has begun" all holder
    zh campaign pause c >"$work/setup.log" && zh campaign resume c >"$work/setup.log" || die "others cannot write"
    end_dispatch
    is "status of one that rests ($point)" $? 0
done
is states "$(states c)" 2:5000

step "a long stretch that is capped for today: every lane and campaign behind it gets its turn"
office capped "cap_per_day = 1;"
campaign c 0 9000 --window 00:00-24:00
campaign c2 9000 30
sql "UPDATE address SET cap_day = ($(date +%s) + 28800) / 86400, cap_count = 1 WHERE id <= 9000"
sandbox
timeout 60 "$bin/zhanchi" -c "$dir/zhanchi.conf" dispatch >"$work/dispatch.log" 2>&1
is "status" $? 0
is "put off" "$(sql 'SELECT count(*) FROM message WHERE state = 2 AND cause = 9')" 9000
is states "$(states c2)" 4:30

step "a gateway's own cap of a number is lower than the office's: the second message waits for tomorrow"
office percap "cap_per_day = 3;"
sed 's/^limits = {/&\n    number_per_day = 1;/' "$top/conf/gateways/12333.conf" >"$dir/capped.conf"
sed -i "s|$top/conf/gateways/12333.conf|capped.conf|" "$dir/zhanchi.conf"
campaign c 0 6 --window 00:00-24:00
campaign c2 0 5 --window 00:00-24:00
sandbox
timeout 60 "$bin/zhanchi" -c "$dir/zhanchi.conf" dispatch >"$work/dispatch.log" 2>&1
is "status" $? 0
is "put off" "$(sql 'SELECT count(*) FROM message WHERE state = 2 AND cause = 9 AND due_at > 1000 * unixepoch()')" 5
is taken "$(taken)" 6

step "a gateway keeps a time between two messages to a number: the second one waits for it"
office gap 'cap_per_day = 3; claim_ttl = "1s";'
sed 's/connect_timeout = .*/connect_timeout = "1s"; number_gap = "5s";/' "$top/conf/gateways/12333.conf" >"$dir/gap.conf"
sed -i "s|$top/conf/gateways/12333.conf|gap.conf|" "$dir/zhanchi.conf"
campaign c 0 6 --window 00:00-24:00
campaign c2 0 5 --window 00:00-24:00
sandbox
timeout 60 "$bin/zhanchi" -c "$dir/zhanchi.conf" dispatch --wait --max-runtime 15s >"$work/dispatch.log" 2>&1
is taken "$(taken)" 11
is "closest of a number" "$(sql 'SELECT min(b.handed_at - a.handed_at) BETWEEN 5000 AND 9000 FROM message m
    JOIN message n ON n.address_id = m.address_id AND n.id > m.id
    JOIN outcome a ON a.id = (m.id << 24) + 1 JOIN outcome b ON b.id = (n.id << 24) + 1')" 1

step "a gateway that is slower than claims live: no more attempts than were handed over"
office slow "" "concurrency = 4; batch = 1;"
campaign c 0 12
sandbox --latency 3500
timeout 90 "$bin/zhanchi" -c "$dir/zhanchi.conf" dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
is taken "$(taken)" 12
is attempts "$(sql 'SELECT count(*) FROM attempt')" 12
is "greatest number" "$(sql 'SELECT max(attempts) FROM message')" 1

step "a campaign whose time is over lapses in one run, however large it is"
office over
campaign c 0 5000 --not-after "$(TZ=Asia/Shanghai date -d '+5 seconds' +%Y-%m-%dT%H:%M:%S)"
sleep 5
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
is states "$(states c)" 12:5000

# ---- refusals ----

step "a refusal that was acknowledged, by a serve that died before it applied it, holds"
office refusal
campaign c 0 40
campaign c2 0 41 # the same people, and one more
zh campaign pause c2 >"$work/setup.log" || die "pause failed"
sandbox --callback "http://127.0.0.1:$serve_port/12333" --refuse 100% --retry 500,500,500,500,500,500,500,500,500,500
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
sqlite3 "$dir/zhanchi.db" 'BEGIN IMMEDIATE' '.shell sleep 30' >/dev/null 2>&1 & # nothing can be applied
busy_pid=$!
serve
until_is "refusals in the inbox" yes bash -c "[ \$(sqlite3 '$dir/inbox.db' 'SELECT count(*) FROM report WHERE kind = 1') -gt 0 ] && echo yes"
stop_serve KILL
kill -9 $(pgrep -P $busy_pid) $busy_pid 2>/dev/null
wait $busy_pid 2>/dev/null
busy_pid=''
is "refusals applied" "$(sql 'SELECT count(*) FROM optout')" 0
zh campaign resume c2 >"$work/setup.log" || die "resume failed"
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
refused=$(sql "SELECT count(*) FROM optout WHERE actor = 'reply'")
[ "$refused" -gt 0 ] || die "no refusal was applied"
is "suppressed" "$(sql 'SELECT count(*) FROM message WHERE state = 10')" "$refused"
stop_sandbox

step "a refusal that was acknowledged by a serve that hangs before it applied it, holds"
office hangs
campaign c 0 20
campaign c2 0 21
zh campaign pause c2 >"$work/setup.log" || die "pause failed"
sandbox --callback "http://127.0.0.1:$serve_port/12333" --refuse 100% --retry 500,500,500,500,500,500,500,500,500,500
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
sqlite3 "$dir/zhanchi.db" 'BEGIN IMMEDIATE' '.shell sleep 30' >/dev/null 2>&1 & # nothing can be applied
busy_pid=$!
serve
until_is "refusals in the inbox" yes bash -c "[ \$(sqlite3 '$dir/inbox.db' 'SELECT count(*) FROM report WHERE kind = 1') -gt 0 ] && echo yes"
kill -STOP $serve_pid
kill -9 $(pgrep -P $busy_pid) $busy_pid 2>/dev/null
wait $busy_pid 2>/dev/null
busy_pid=''
is "refusals applied" "$(sql 'SELECT count(*) FROM optout')" 0
zh campaign resume c2 >"$work/setup.log" || die "resume failed"
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
refused=$(sql "SELECT count(*) FROM optout WHERE actor = 'reply'")
[ "$refused" -gt 0 ] || die "no refusal was applied"
is "suppressed" "$(sql 'SELECT count(*) FROM message WHERE state = 10')" "$refused"
kill -CONT $serve_pid
stop_serve
stop_sandbox

step "where the inbox cannot be applied any more, nothing is claimed, round after round"
office behind
campaign c 0 40
sandbox
ZHANCHI_SABOTAGE=no-catch-up "$bin/zhanchi" -c "$dir/zhanchi.conf" dispatch --max-runtime 2s >"$work/dispatch.log" 2>&1 && die "it does not fail"
is taken "$(taken)" 0
is states "$(states c)" 2:40

step "reports of a gateway that is gone: kept for inbox_days, then removed with a warning, and no bar to others"
office gone
campaign c 0 10
sandbox --callback "http://127.0.0.1:$serve_port/12333" --retry 100,300,1000
serve
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
until_is "states after the receipts" 7:10 states c
stop_serve
stop_sandbox
all=$(sqlite3 "$dir/inbox.db" 'SELECT count(*) FROM report')
sqlite3 "$dir/inbox.db" 'UPDATE report SET received_at = 1000 WHERE id = (SELECT min(id) FROM report)'
sed -i 's/name = "12333"/name = "another"/' "$dir/zhanchi.conf"
sql "UPDATE meta SET value = '0' WHERE name = 'watermark'"
serve
until_is "left in the inbox" $((all - 1)) sqlite3 "$dir/inbox.db" 'SELECT count(*) FROM report'
until_is "the counter" 1 bash -c "curl -s http://127.0.0.1:$serve_port/metrics | awk '/^zhanchi_requests_expired_total/ { print \$2 }'"
stop_serve
grep -q '1 requests were removed unapplied' "$work/serve.log" || die "it does not say so"

# ---- what comes while it runs ----

step "a doubt that is raised while it runs: nothing more is claimed, and it ends with the refusal"
office doubt "" "rate = 50.0;"
campaign c 0 600
sandbox
start_dispatch --max-runtime 20s
until_is "the first is taken" yes bash -c "[ -s '$ledger' ] && echo yes"
sql "INSERT INTO meta VALUES ('doubt', 'a receipt bore a reference that was never issued')"
end_dispatch
is status $? 77
sent=$(taken)
[ "$sent" -lt 300 ] || die "$sent were sent in spite of the doubt"
is "what has not gone" "$(sql 'SELECT count(*) FROM message WHERE state = 5')" $((600 - sent))
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch after the refusal: $?"
is taken "$(taken)" "$sent"

step "a dispatcher for one campaign does not take the others, and nobody says so"
office lock "" "concurrency = 1; batch = 1;"
campaign c 0 100
campaign c2 100 5
sandbox --latency 100
start_dispatch --campaign c --max-runtime 4s
until_is "the first is taken" yes bash -c "[ -s '$ledger' ] && echo yes"
zh dispatch >"$work/out.log" 2>&1
is "status beside it" $? 75
grep -q 'only c' "$work/out.log" || die "it does not say who has the lock"
zh dispatch --campaign c2 >/dev/null 2>&1
is "status of another campaign" $? 75
zh dispatch --campaign c >"$work/out.log" 2>&1
is "status of the same campaign" $? 0
kill -TERM $dispatch_pid
end_dispatch
start_dispatch --max-runtime 4s
until_is "it has begun" all holder
zh dispatch --campaign c >/dev/null 2>&1
is "status beside one for all" $? 0
kill -TERM $dispatch_pid
end_dispatch

step "beside a restore nobody will take it, also where a killed dispatcher has signed the lock"
office signed "" "concurrency = 1; batch = 1;"
campaign c 0 50
sandbox --latency 100
start_dispatch
until_is "the first is taken" yes bash -c "[ -s '$ledger' ] && echo yes"
kill -KILL $dispatch_pid
end_dispatch
is "what the lock says" "$(holder)" all
mkfifo "$work/copy"
"$bin/zhanchi" -c "$dir/zhanchi.conf" restore "$work/copy" --yes >"$work/restore.log" 2>&1 &
busy_pid=$!
exec 3>"$work/copy" # it reads its copy: it has the lock
zh dispatch >"$work/out.log" 2>&1
is "status beside a restore" $? 75
exec 3>&-
wait $busy_pid && die "an empty copy was restored"
busy_pid=''

step "one campaign is refused, another one is sent: work is left, and the reason is told"
office mixed
campaign c 0 20
campaign c2 100 5
sql "UPDATE wave SET approval = zeroblob(32) WHERE campaign_id = (SELECT id FROM campaign WHERE name = 'c')"
sandbox
zh dispatch >"$work/out.log" 2>"$work/dispatch.log"
is status $? 75
grep -q 'campaign c is not what was approved' "$work/out.log" || die "it does not say why"
is states "$(states c2)" 4:5
is taken "$(taken)" 5
zh dispatch >"$work/out.log" 2>&1
is "status when nothing else is there" $? 77
zh campaign pause c >"$work/setup.log" || die "pause failed"
zh dispatch >"$work/out.log" 2>&1
is "status when it is paused" $? 0

step "nothing can be committed any more: what is on the wire is waited for, and settled by its mark"
office full "" "concurrency = 8; batch = 1;"
campaign c 0 40
sandbox --latency 300 --jitter 600
ZHANCHI_SABOTAGE=no-settle-commit "$bin/zhanchi" -c "$dir/zhanchi.conf" dispatch >"$work/dispatch.log" 2>&1
[ $? -ne 0 ] || die "it does not fail"
sent=$(taken)
[ "$sent" -gt 0 ] || die "nothing was sent"
zh dispatch --json >"$work/out.log" 2>"$work/dispatch.log" || die "dispatch failed: $?"
is "settled by their marks" "$(jq .recovered_settled "$work/out.log")" "$sent"
is "unknown" "$(jq .recovered_unknown "$work/out.log")" 0
is states "$(states c)" 4:40
is taken "$(taken)" 40

# ---- its end ----

step "SIGTERM at any instant, on a slow disk: nothing stays \`sending\`, nothing goes twice"
office end
campaign c 0 20000
sandbox
for pause in 0 0.1 0.3 0.45 0.6 0.8; do
    ZHANCHI_SABOTAGE=slow-commit start_dispatch
    until_is "it has begun" all holder # before, the signal kills as usual
    sleep $pause
    kill -TERM $dispatch_pid
    end_dispatch || [ $? -eq 75 ] || die "status of the ended dispatcher: $?"
    is "still sending after ${pause}s" "$(sql 'SELECT count(*) FROM message WHERE state = 3')" 0
done
is twice "$(twice)" 0

echo "sending: good"
