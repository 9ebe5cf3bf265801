#!/bin/bash
# crash.sh: kills dispatcher, serve and sandbox with SIGKILL, at random instants and at named failpoints, with the sandbox's faults on;
# then compares the sandbox's ledger with the store.
#
#   crash.sh BIN_DIR ROUNDS [SEED]                    must hold: no text twice, none lost, every doubtful one unknown
#   crash.sh BIN_DIR ROUNDS SEED --sabotage NAME      the same with a safety taken out: must find a text sent twice
#
# In the environment: batch=N messages a request; restore=1 a third of the people is held out to a time during the rounds, a copy is made in
# the midst and put back later, when some of these have been released and sent.
#
# BIN_DIR holds zhanchi and zhanchi-sandbox, built with failpoints. Prints what it saw; exit 0 when everything held (with --sabotage: when a
# text was found sent twice).
set -u
bin=$1 rounds=$2 seed=${3:-$RANDOM} sabotage=''
[ "${4:-}" = --sabotage ] && sabotage=$5
RANDOM=$seed
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/zhanchi-crash.XXXXXX")
dir=$work/office conf=$work/office/zhanchi.conf ledger=$work/ledger
connections=16
rate=400
persons=$((rounds * 400 + 1600)) # no round may find the queue empty, however fast the first ones are
[ "${restore:-}" ] && persons=$((rounds * 100)) # they become due one by one, all through the rounds
serve_pid='' sandbox_pid='' dispatch_pid=''
export ZHANCHI_ACTOR=maker
export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=0}

cleanup() {
    for p in $dispatch_pid $serve_pid $sandbox_pid; do kill -9 "$p" 2>/dev/null; done
    if [ "${KEEP:-}" ]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap cleanup EXIT
die() { echo "crash: $*" >&2; for f in "$work"/*.log; do echo "--- $f"; tail -n 15 "$f"; done >&2; exit 1; }
zh() { "$bin/zhanchi" -c "$conf" "$@"; }
sql() { sqlite3 -cmd '.timeout 10000' "$dir/zhanchi.db" "$@"; }
chance() { [ $((RANDOM % 100)) -lt "$1" ]; }

# ---- sandbox and serve: started, restarted ----

faults() {
    if [ "$sabotage" = no-handover-guard ]; then
        echo --reset-warm-after 15% --nonce-reuse
        return
    fi
    [ "${calm:-}" ] && return
    local f=(--reset-fresh-before 2% --reset-fresh-after 2% --reset-warm-before 2% --reset-warm-after 2% --error-after 1%
             --garbage 1% --truncated 1% --cut 1% --never-after 1% --never 1500 --busy 2% --flow 2% --latency 5 --jitter 25
             --receipt-early 10% --receipt-duplicate 10% --receipt-lost 5% --vacant 2% --undelivered 5% --refuse 2% --nonce-reuse)
    echo "${f[@]}"
}

start_sandbox() {
    # shellcheck disable=SC2046
    "$bin/zhanchi-sandbox" --port "$sandbox_port" --port-file "$work/port" --app crash --secret-file "$dir/secrets/secret" \
        --ledger "$ledger" --callback "http://127.0.0.1:$serve_port/12333" --seed $RANDOM --retry 100,300,1000 \
        $(faults) >>"$work/sandbox.log" 2>&1 &
    sandbox_pid=$!
    for _ in $(seq 600); do
        [ -s "$work/port" ] && sandbox_port=$(cat "$work/port") && return
        kill -0 $sandbox_pid 2>/dev/null || die "the sandbox does not start"
        sleep 0.05
    done
    die "the sandbox does not answer"
}

start_serve() {
    "$bin/zhanchi" -c "$conf" serve >>"$work/serve.log" 2>&1 & # no function: its pid would be a shell's
    serve_pid=$!
    for _ in $(seq 600); do
        curl -s -o /dev/null "http://127.0.0.1:$serve_port/healthz" && return
        if ! kill -0 $serve_pid 2>/dev/null; then
            [ "${ZHANCHI_FAILPOINT:-}" ] && return # it has died where it was told to
            die "serve does not start"
        fi
        sleep 0.05
    done
    die "serve does not answer"
}

free_port() {
    "$bin/zhanchi-sandbox" --port 0 --port-file "$work/free" >/dev/null 2>&1 &
    local pid=$!
    while [ ! -s "$work/free" ]; do sleep 0.02; done
    cat "$work/free"
    kill $pid
    wait $pid 2>/dev/null
    rm -f "$work/free"
}

# ---- an office with one approved campaign ----

campaign() { # NAME FIRST
    awk -v f="$2" -v n="$persons" 'BEGIN { print "姓名,手机号码"; for (i = f; i < f + n; i++) printf "甲%d,199%08d\n", i, i }' >"$work/$1.csv"
    {
        zh list import "$work/$1.csv" --name "$1" && zh campaign create "$1" --list "$1" --template "$work/t.tmpl" --gateway 12333 \
            --window 00:00-24:00 && zh campaign submit "$1" && ZHANCHI_ACTOR=checker zh campaign approve "$1"
    } >"$work/setup.log" 2>&1 || die "set-up of campaign $1 failed"
}

set_up() {
    serve_port=$(free_port) sandbox_port=$(free_port)
    mkdir -p "$dir/secrets"
    printf crash >"$dir/secrets/app"
    head -c 24 /dev/urandom | base64 | tr -d '+/=' >"$dir/secrets/secret"
    chmod 600 "$dir"/secrets/*
    cat >"$conf" <<CONF
store = { epoch_dir = "$work/epoch"; };
people = { actor_source = "environment"; };
dispatch = { backoff_base = "100ms"; backoff_cap = "1s"; breaker_pause = "50ms"; content_stop = 0; cap_per_day = 0; };
serve = { port = $serve_port; };
log = { level = "warn"; };
gateways = ( { name = "12333"; profile = "$top/conf/gateways/12333.conf"; url = "http://127.0.0.1:$sandbox_port";
               rate = $rate.0; concurrency = $connections; batch = ${batch:-1};
               secret_files = { app = "secrets/app"; secret = "secrets/secret"; }; } );
CONF
    # init takes the zhanchi.conf that it finds.
    "$bin/zhanchi" init "$dir" >"$work/init.log" 2>&1 || die "init failed"
    cat >"$work/t.tmpl" <<'TMPL'
name: crash
topic: crash
kind: status
signature: 示例市人社局
---
{{name}}您好,请咨询{{phone12333}}。
TMPL
    campaign c 0
    [ "${restore:-}" ] && hold_out
}

# Each has a time of its own, all through the rounds; every third one is held out to it.
hold_out() {
    sql "BEGIN;
         UPDATE message SET due_at = $(date +%s%3N) + (id % 500) * $rounds * 2;
         UPDATE message SET state = 1 WHERE id % 3 = 0;
         UPDATE tally SET n = (SELECT count(*) FROM message WHERE state = 2) WHERE state = 2;
         INSERT INTO tally SELECT campaign_id, 1, 0, count(*) FROM message WHERE state = 1 GROUP BY 1;
         COMMIT" || die "nobody is held out"
}

# The office goes back to the copy. Its people are asked nothing: what became unknown stays so, and new ones wait.
put_back() {
    kill -9 $serve_pid 2>/dev/null
    wait $serve_pid 2>/dev/null
    local sent
    sent=$(sql "SELECT count(*) FROM message WHERE attempts > 0 AND id IN ($(paste -sd, "$work/planned"))")
    echo "of $(wc -l <"$work/planned") that were held out when the copy was made, $sent have been released and sent since"
    [ "$sent" -gt 0 ] || die "the restore would be vacuous"
    zh restore "$work/copy.db" --yes >>"$work/setup.log" 2>&1 || die "restore failed"
    zh campaign resume c >>"$work/setup.log" 2>&1 || die "resume failed"
    campaign d $persons
    start_serve
}

# ---- rounds ----

failpoints=(after_claim_commit at_handover after_request before_settle before_settle_commit)
serve_failpoints=(serve_before_commit serve_after_commit apply_before_commit apply_after_commit)

start_dispatch() {
    ZHANCHI_SABOTAGE=$sabotage ZHANCHI_FAILPOINT=${1:-} "$bin/zhanchi" -c "$conf" dispatch >>"$work/dispatch.log" 2>&1 &
    dispatch_pid=$!
}

# Ends one process in a way of its own; says how.
one_round() {
    local how=$((RANDOM % 100)) pause point
    pause=0.$(printf %02d $((10 + RANDOM % 60)))
    if [ $how -lt 45 ]; then
        point=${failpoints[RANDOM % ${#failpoints[@]}]}:$((1 + RANDOM % 60))
        start_dispatch "$point"
        sleep "$pause"
        kill -9 $dispatch_pid 2>/dev/null
        echo "dispatch at $point"
    elif [ $how -lt 70 ]; then
        start_dispatch
        sleep "$pause"
        kill -9 $dispatch_pid 2>/dev/null
        echo "dispatch after ${pause}s"
    elif [ $how -lt 85 ]; then
        start_dispatch
        sleep "$pause"
        kill -9 $serve_pid 2>/dev/null
        wait $serve_pid 2>/dev/null
        ZHANCHI_FAILPOINT=${serve_failpoints[RANDOM % ${#serve_failpoints[@]}]}:$((1 + RANDOM % 20)) start_serve
        sleep "$pause"
        kill -9 $dispatch_pid 2>/dev/null
        echo "serve and dispatch after ${pause}s"
    else
        start_dispatch
        sleep "$pause"
        kill -9 $sandbox_pid 2>/dev/null
        wait $sandbox_pid 2>/dev/null
        rm -f "$work/port"
        start_sandbox
        sleep "$pause"
        kill -9 $dispatch_pid 2>/dev/null
        echo "sandbox and dispatch after ${pause}s"
    fi
    wait $dispatch_pid 2>/dev/null
    dispatch_pid=
    kill -0 $serve_pid 2>/dev/null || start_serve # a failpoint may have killed it
}

# ---- what was on the wire at a kill ----

# Marks that say "handed over": what nobody can know of. Low slots are used first.
handed_marks() {
    local bytes
    bytes=$(od -An -tu4 -j56 -N4 "$dir/marks" 2>/dev/null | tr -d ' ')
    [ "${bytes:-0}" -gt 0 ] || { echo 0; return; }
    od -An -v -tu4 -w"$bytes" -j64 -N$((bytes * 4096)) "$dir/marks" | awk '$1 == 1 { n++ } END { print n + 0 }'
}
# Attempts that a recovery made unknown, so far.
made_doubtful() { sql 'SELECT count(*) FROM outcome WHERE class = 8 AND code IS NULL'; }

on_wire=0 doubtful=0 most_wire=0
# After a kill: what this dispatcher has made doubtful of its predecessor's was on the wire when that one was killed.
check_wire() {
    local now
    now=$(made_doubtful)
    [ $((now - doubtful)) -le "$on_wire" ] || die "$((now - doubtful)) became doubtful, and $on_wire were on the wire at the kill"
    doubtful=$now
    on_wire=$(handed_marks)
    [ "$on_wire" -gt "$most_wire" ] && most_wire=$on_wire
    [ "$on_wire" -le $((connections * ${batch:-1})) ] || die "$on_wire are on the wire of $connections connections"
    [ "$(sql 'SELECT count(*) FROM message WHERE state IN (1, 2, 3)')" -gt 0 ] || die "nothing waits any more: the next round would be vacuous"
}

# Without faults until nothing is due, and until serve has applied what came.
finish() {
    local status=75
    kill -9 $sandbox_pid 2>/dev/null
    wait $sandbox_pid 2>/dev/null
    rm -f "$work/port"
    calm=1
    sabotage_kept=$sabotage
    sabotage=""
    start_sandbox
    for _ in $(seq 40); do
        zh dispatch >>"$work/dispatch.log" 2>&1
        status=$?
        [ $status -eq 0 ] && [ "$(sql 'SELECT count(*) FROM message WHERE state IN (1, 2)')" -eq 0 ] && break
        sleep 0.5
    done
    [ $status -eq 0 ] || die "dispatch does not come to an end (status $status)"
    sleep 2
    kill -TERM $serve_pid 2>/dev/null && wait $serve_pid 2>/dev/null
    kill -TERM $sandbox_pid 2>/dev/null && wait $sandbox_pid 2>/dev/null
    serve_pid='' sandbox_pid=''
}

# ---- what the two sides believe ----

# Ledger references -> message ids, one a line.
ledger_ids() {
    awk -F'\t' 'BEGIN { d = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" }
        NF >= 6 { split($3, p, "-"); v = 0; for (i = 1; i <= length(p[2]); i++) v = v * 32 + index(d, substr(p[2], i, 1)) - 1; print v }' \
        "$ledger" | sort -n
}

# Sets $twice, the texts that went twice; false when the two sides differ in anything.
compare() {
    local faults=0 lost phantom unknown
    ledger_ids >"$work/ids"
    sort -n -u "$work/ids" >"$work/ids.once"
    sqlite3 "$dir/zhanchi.db" 'SELECT id FROM message WHERE state IN (4, 5, 6, 7, 8) ORDER BY id' >"$work/believed"
    sqlite3 "$dir/zhanchi.db" 'SELECT id FROM message WHERE state IN (4, 6, 7, 8) ORDER BY id' >"$work/sure"
    twice=$(uniq -d "$work/ids" | wc -l)
    # Taken by the gateway, but the store thinks that it was not: it could be sent again, or nobody would know.
    lost=$(sort "$work/ids.once" | comm -23 - <(sort "$work/believed") | wc -l)
    # The store is sure, the ledger does not have it.
    phantom=$(sort "$work/ids.once" | comm -13 - <(sort "$work/sure") | wc -l)
    unknown=$(sqlite3 "$dir/zhanchi.db" 'SELECT count(*) FROM message WHERE state = 5')
    echo "messages $persons; taken by the gateway $(wc -l <"$work/ids"); sent twice $twice; lost $lost; believed but never taken $phantom; unknown $unknown"
    sqlite3 "$dir/zhanchi.db" 'SELECT campaign_id, state, cause, count(*) FROM message GROUP BY 1, 2, 3' >"$work/recount"
    sqlite3 "$dir/zhanchi.db" 'SELECT campaign_id, state, cause, n FROM tally WHERE n <> 0 ORDER BY 1, 2, 3' >"$work/tally"
    cmp -s "$work/recount" "$work/tally" || { echo "the tally differs from the rows"; faults=1; }
    [ "$twice" -eq 0 ] && [ "$lost" -eq 0 ] && [ "$phantom" -eq 0 ] || faults=1
    local left
    left=$(sqlite3 "$dir/zhanchi.db" 'SELECT count(*) FROM message WHERE state IN (1, 2, 3)')
    [ "$left" -eq 0 ] || { echo "$left messages still wait"; faults=1; }
    return $faults
}

# No kill may leave more doubtful messages than were on the wire: one a connection, or a batch.
check_doubtful() {
    local most
    most=$(sed -n 's/.* \([0-9]*\) unknown.*/\1/p' "$work/dispatch.log" | sort -n | tail -1)
    echo "doubtful after one kill: at most ${most:-0} of $most_wire that were on the wire, and of $((connections * ${batch:-1})) that may be"
    [ "${most:-0}" -le $((connections * ${batch:-1})) ]
}

resolve() {
    for campaign in c ${restore:+d}; do
        zh message resolve $campaign --unknown drop --yes >>"$work/setup.log" 2>&1 || die "resolve failed"
    done
    [ "$(sqlite3 "$dir/zhanchi.db" 'SELECT count(*) FROM message WHERE state = 5')" -eq 0 ] || die "resolve left unknown messages"
    zh audit verify >>"$work/setup.log" 2>&1 || die "the audit chain does not verify"
}

set_up
start_sandbox
start_serve
for round in $(seq "$rounds"); do
    one_round >"$work/how"
    check_wire
    echo "round $round: killed $(cat "$work/how"); taken so far $(wc -l <"$ledger"); on the wire $on_wire"
    if [ "${restore:-}" ] && [ "$round" -eq $((rounds / 3)) ]; then
        zh backup "$work/copy.db" >>"$work/setup.log" 2>&1 || die "backup failed"
        sql 'SELECT id FROM message WHERE state = 1' >"$work/planned"
    fi
    if [ "${restore:-}" ] && [ "$round" -eq $((rounds * 2 / 3)) ]; then
        put_back
        doubtful=$(made_doubtful) on_wire=0 # the copy's are doubted already, its marks are another epoch's
    fi
done
finish
compare
held=$?
if [ "${sabotage_kept:-}" ]; then
    # No other fault will do: it is a text sent twice that each of these safeties is against.
    [ "$twice" -gt 0 ] && echo "sabotage $sabotage_kept: found, as it must be: $twice texts were sent twice" && exit 0
    echo "sabotage $sabotage_kept was NOT found: no text was sent twice" && exit 1
fi
check_doubtful || held=1
[ $held -eq 0 ] || die "did not hold (seed $seed)"
resolve
echo "held through $rounds rounds (seed $seed)"
