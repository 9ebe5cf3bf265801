#!/bin/bash
# routes.sh BIN_DIR: one campaign over several gateways, against two sandboxes with a ledger each: weights, a gateway that stops
# in the middle with and without --failover, kills in the middle of it, refusals that must not move, people who keep their
# gateway, an approval that breaks with either profile.
set -u
bin=$1
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/zhanchi-routes.XXXXXX")
dir=$work/office
pids=()
export ZHANCHI_ACTOR=maker LC_ALL=C.UTF-8

cleanup() {
    for p in "${pids[@]}"; do kill -9 "$p" 2>/dev/null; done
    if [ "${KEEP:-}" ]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap cleanup EXIT
die() {
    echo "routes: $*" >&2
    tail -n 20 "$work"/*.log >&2
    exit 1
}
step() { echo "routes: $*"; }
is() { [ "$2" = "$3" ] || die "$1: got '$2', expected '$3'"; }
zh() { "$bin/zhanchi" -c "$dir/zhanchi.conf" "$@"; }
sql() { sqlite3 -cmd '.timeout 5000' "$dir/zhanchi.db" "$@"; }
lines() { awk 'END { print NR + 0 }' "$@" 2>/dev/null; }
taken() { lines "$dir/$1.ledger"; } # a | b
all_taken() { cat "$dir"/a.ledger "$dir"/b.ledger 2>/dev/null | awk 'END { print NR }'; }
# Texts that were taken twice, over whichever gateways: people have a name of their own each.
twice() { cat "$dir"/a.ledger "$dir"/b.ledger 2>/dev/null | cut -f 4 | sort | uniq -d | awk 'END { print NR }'; }
states() { sql "SELECT group_concat(state || ':' || n, ' ') FROM (SELECT state, count(*) AS n FROM message WHERE campaign_id = (SELECT id FROM campaign WHERE name = '$1') GROUP BY 1)"; }
routed() { sql "SELECT count(*) FROM message WHERE route = $1"; }
json() { sqlite3 :memory: "SELECT json_extract('$(cat)', '\$$1')"; }

free_port() {
    rm -f "$work/free"
    "$bin/zhanchi-sandbox" --port 0 --port-file "$work/free" >/dev/null 2>&1 &
    local pid=$!
    while [ ! -s "$work/free" ]; do sleep 0.02; done
    cat "$work/free"
    kill $pid
    wait $pid 2>/dev/null
}
declare -A port pid_of
sandbox() { # a|b OPTIONS
    local name=$1
    shift
    stop_sandbox "$name"
    rm -f "$work/port"
    "$bin/zhanchi-sandbox" --port "${port[$name]}" --port-file "$work/port" --app demo --secret-file "$dir/secrets/secret" \
        --ledger "$dir/$name.ledger" "$@" >>"$work/sandbox.log" 2>&1 &
    pid_of[$name]=$!
    pids+=($!)
    for _ in $(seq 200); do [ -s "$work/port" ] && return; sleep 0.05; done
    die "sandbox $name does not start"
}
stop_sandbox() {
    [ "${pid_of[$1]:-}" ] && kill -TERM "${pid_of[$1]}" 2>/dev/null && wait "${pid_of[$1]}" 2>/dev/null
    pid_of[$1]=''
}

conf() { # GATEWAY_OPTIONS
    local g
    {
        cat <<CONF
people = { actor_source = "environment"; };
store = { epoch_dir = "$dir.epoch"; };
office = { name = "示例市人社局"; };
log = { level = "warn"; };
dispatch = { backoff_base = "100ms"; cap_per_day = 0; };
CONF
        echo 'gateways = ('
        for g in a b; do
            [ $g = a ] || echo ,
            echo "{ name = \"$g\"; profile = \"$dir/$g.conf\"; url = \"http://127.0.0.1:${port[$g]}\"; ${1:-}"
            echo 'secret_files = { app = "secrets/app"; secret = "secrets/secret"; }; }'
        done
        echo ');'
        cat <<'CONF'
routes = ( { name = "by"; rules = ( { region = "430100"; to = "b"; }, { carrier = "virtual"; to = "b"; }, { to = "a"; } ); },
           { name = "cheap"; rules = ( { cheapest = true; to = [ "a", "b" ]; } ); } );
CONF
    } >"$dir/zhanchi.conf"
}
office() { # NAME [GATEWAY_OPTIONS]
    stop_sandbox a
    stop_sandbox b
    dir=$work/$1
    port[a]=$(free_port) port[b]=$(free_port)
    mkdir -p "$dir/secrets"
    printf demo >"$dir/secrets/app"
    printf secretsecretsecret >"$dir/secrets/secret"
    chmod 600 "$dir"/secrets/*
    cp "$top/conf/gateways/12333.conf" "$dir/a.conf"
    cp "$top/conf/gateways/12333.conf" "$dir/b.conf"
    conf "${2:-}"
    "$bin/zhanchi" init "$dir" >"$work/init.log" 2>&1 || die "init failed"
}
list() { # NAME FIRST ROWS
    awk -v f="$2" -v n="$3" 'BEGIN { print "姓名,手机号码"; for (i = f; i < f + n; i++) printf "甲%d,199%08d\n", i, i }' >"$work/$1.csv"
    zh list import "$work/$1.csv" --name "$1" >"$work/setup.log" 2>&1 || die "list $1 failed"
}
draft() { # NAME LIST OPTIONS
    local name=$1 list=$2
    shift 2
    printf 'name: %s\ntopic: t\nkind: status\nsignature: 示例市人社局\n---\n{{name}}您好,请咨询{{phone12333}}。\n' "$name" >"$work/$name.tmpl"
    zh campaign create "$name" --list "$list" --template "$work/$name.tmpl" --window 00:00-24:00 "$@" >"$work/setup.log" 2>&1 ||
        die "campaign $name cannot be made"
}
submit() { zh campaign submit "$1" >"$work/setup.log" 2>&1 || die "campaign $1 cannot be submitted"; }
approve() { ZHANCHI_ACTOR=checker zh campaign approve "$1" >"$work/setup.log" 2>&1 || die "campaign $1 cannot be approved"; }
campaign() { # NAME LIST OPTIONS
    draft "$@"
    submit "$1"
    approve "$1"
}
dispatch() { timeout 90 "$bin/zhanchi" -c "$dir/zhanchi.conf" dispatch "$@" >"$work/dispatch.log" 2>&1; }
# Every message is where its row says, and nothing was sent twice.
books() {
    is "sent twice" "$(twice)" 0
    is "accepted and taken" "$(sql "SELECT count(*) FROM message WHERE state IN (4, 5)" | awk -v t="$(all_taken)" '{ print ($1 >= t) ? "good" : $1 " < " t }')" good
    is "accepted" "$(sql 'SELECT count(*) FROM message WHERE state = 4' | awk -v t="$(all_taken)" '{ print ($1 <= t) ? "good" : $1 " > " t }')" good
}

step "weights: forecast, freeze, rows and ledgers agree"
office weights
list l 0 800
draft c l --gateway a:3 --gateway b:1 --seed 7
said=$(zh --json campaign forecast c | json .gateways[1].messages)
submit c
approve c
is "routed to b" "$(routed 1)" "$said"
[ "$said" -gt 145 ] && [ "$said" -lt 255 ] || die "$said of 800 are no quarter"
sandbox a
sandbox b
dispatch || die "dispatch failed: $?"
is "taken by b" "$(taken b)" "$said"
is "taken by a" "$(taken a)" $((800 - said))
is "attempts over b" "$(sql "SELECT count(*) FROM attempt t JOIN gateway g ON g.id = t.gateway_id WHERE g.name = 'b'")" "$said"
is "in show" "$(zh --json campaign show c | json .gateways[1].messages)" "$said"
books

step "rules of a route: region, class of the number, the rest"
office rules
printf '姓名,手机号码,参保地\n甲,19900000001,430100\n乙,19900000002,440100\n丙,17000000003,440100\n' >"$work/r.csv"
zh list import "$work/r.csv" --name r >"$work/setup.log" 2>&1 || die "list failed"
draft c r --route by
submit c
is "gateways in order" "$(sql "SELECT group_concat(name, '') FROM (SELECT g.name FROM message m JOIN campaign_gateway x ON x.campaign_id = m.campaign_id AND x.no = m.route JOIN gateway g ON g.id = x.gateway_id ORDER BY m.id)")" bab
zh campaign create d --list r --template "$work/c.tmpl" --route none >"$work/setup.log" 2>&1 && die "an unknown route is taken"
zh campaign create d --list r --template "$work/c.tmpl" --gateway a --route by >"$work/setup.log" 2>&1 && die "two ways are taken"
zh campaign create d --list r --template "$work/c.tmpl" --gateway a --failover >"$work/setup.log" 2>&1 && die "failover to nowhere is taken"

step "the cheapest"
sed -i 's/price = [0-9.]*/price = 0.01/' "$dir/b.conf"
draft e r --route cheap
submit e
is "over the cheaper one" "$(sql "SELECT count(*) FROM message WHERE route = 1 AND campaign_id = (SELECT id FROM campaign WHERE name = 'e')")" 3

step "the approval breaks when either profile changes"
for g in a b; do
    office "profile-$g"
    list l 0 10
    draft c l --gateway a --gateway b
    submit c
    cp "$dir/$g.conf" "$work/kept.conf"
    echo '# changed' >>"$dir/$g.conf"
    ZHANCHI_ACTOR=checker zh campaign approve c >"$work/setup.log" 2>&1 && die "approved with another profile $g"
    cp "$work/kept.conf" "$dir/$g.conf"
    approve c
    echo '# changed' >>"$dir/$g.conf"
    sandbox a
    sandbox b
    dispatch && die "sent with another profile $g"
    is taken "$(all_taken)" 0
    cp "$work/kept.conf" "$dir/$g.conf"
    dispatch || die "dispatch failed: $?"
    is taken "$(all_taken)" 10
done

step "what is signed: routes and failover cannot be changed in the database"
office tamper
list l 0 40
campaign c l --gateway a --gateway b
sql 'UPDATE message SET route = 1 - route'
sandbox a
sandbox b
dispatch
is taken "$(all_taken)" 0
office tamper2
list l 0 40
campaign c l --gateway a --gateway b
sql 'UPDATE campaign SET failover = 1'
dispatch && die "sent with a failover that nobody approved"
is taken "$(all_taken)" 0

step "a gateway stops with CONFIG in the middle, without --failover: its messages wait, the other one's go"
office wait "concurrency = 4; batch = 1;"
list l 0 400
campaign c l --gateway a --gateway b --seed 11
mine=$(routed 0)
sandbox a --balance 50
sandbox b
dispatch
is status $? 75
is "taken by a" "$(taken a)" 50
is "taken by b" "$(taken b)" $((400 - mine))
is states "$(states c)" "2:$((mine - 50)) 4:$((450 - mine))"
is moved "$(sql 'SELECT count(*) FROM failover')" 0
books

step "the same with --failover: exactly what a did not take goes over b"
office over "concurrency = 4; batch = 1;"
list l 0 400
campaign c l --gateway a --gateway b --seed 11 --failover
is "routed to a" "$(routed 0)" "$mine"
sandbox a --balance 50
sandbox b
dispatch || die "dispatch failed: $?"
is "taken by a" "$(taken a)" 50
is "taken by b" "$(taken b)" 350
is states "$(states c)" 4:400
is "still on a" "$(routed 0)" 50
is "in show" "$(zh --json campaign show c | json .moved[0].messages)" $((mine - 50))
[ "$(grep -c 'go over b' "$work/dispatch.log")" -gt 0 ] || die "nothing is said about it"
books

step "a gateway that is not there, from the beginning: the breaker opens, all goes over the other one"
office gone "concurrency = 4; batch = 1;"
sed -i 's/cap_per_day = 0;/cap_per_day = 0; breaker_failures = 2; breaker_pause = "50ms";/' "$dir/zhanchi.conf"
list l 0 200
campaign c l --gateway a --gateway b --failover
sandbox b
dispatch || die "dispatch failed: $?"
is "taken by b" "$(taken b)" 200
is states "$(states c)" 4:200
books

step "refusals of number and text do not move, and what nobody knows does not"
office stay "concurrency = 4; batch = 1;"
list l 0 300
campaign c l --gateway a --gateway b --failover --seed 3
sandbox a --vacant 1990000001* --never-after 10% --never 500 --balance 60
sandbox b
dispatch
sql "SELECT DISTINCT message_id FROM attempt t JOIN outcome o ON o.id = t.id JOIN gateway g ON g.id = t.gateway_id WHERE g.name = 'a' AND o.class NOT IN (2, 3, 7)" |
    while read -r id; do
        [ "$(sql "SELECT count(*) FROM attempt t JOIN gateway g ON g.id = t.gateway_id WHERE g.name = 'b' AND message_id = $id")" = 0 ] || die "message $id went over b, too"
    done || exit 1
[ "$(sql 'SELECT count(*) FROM message WHERE state = 5')" -gt 0 ] || die "nothing is unknown: the test shows nothing"
[ "$(sql 'SELECT sum(n) FROM failover')" -gt 0 ] || die "nothing moved: the test shows nothing"
books

step "texts that only one can carry stay where they are"
office carry "concurrency = 4; batch = 1;"
sed -i 's/text_units = 500/text_units = 12/' "$dir/b.conf"
grep -q 'text_units = 12' "$dir/b.conf" || die "no limits in the profile"
list l 0 60
campaign c l --gateway a --gateway b --failover
is "routed to b" "$(routed 1)" 0
sandbox a --balance 20
sandbox b
dispatch
is status $? 75
is "taken by b" "$(taken b)" 0
is states "$(states c)" "2:40 4:20"

step "SIGKILL in the middle of a failover: nothing is sent twice, nothing is lost"
for round in 1 2 3 4 5 6; do
    office "kill-$round" "concurrency = 4; batch = 1;"
    list l 0 600
    campaign c l --gateway a --gateway b --failover --seed "$round"
    sandbox a --balance 60
    sandbox b --latency 2
    for point in before_failover_commit:1 after_failover_commit:1 after_claim_commit:9 before_failover_commit:2 at_handover:90; do
        ZHANCHI_FAILPOINT=$point dispatch
    done
    for pause in 0.2 0.35 0.5; do
        "$bin/zhanchi" -c "$dir/zhanchi.conf" dispatch >"$work/dispatch.log" 2>&1 &
        victim=$!
        sleep $pause
        kill -9 $victim 2>/dev/null
        wait $victim 2>/dev/null
    done
    dispatch
    is "sent twice" "$(twice)" 0
    is "waits" "$(sql 'SELECT count(*) FROM message WHERE state IN (1, 2, 3)')" 0
    unknown=$(sql 'SELECT count(*) FROM message WHERE state = 5')
    accepted=$(sql 'SELECT count(*) FROM message WHERE state = 4')
    is "accepted and unknown" $((accepted + unknown)) 600
    [ "$accepted" -le "$(all_taken)" ] && [ "$(all_taken)" -le 600 ] || die "accepted $accepted, unknown $unknown, taken $(all_taken)"
    [ "$unknown" -le 64 ] || die "$unknown are unknown: more than were on the wire"
    [ "$(sql 'SELECT sum(n) FROM failover')" -gt 0 ] || die "nothing moved: the test shows nothing"
done

step "people keep the gateway of their first message where their answers come back through it"
office keep
list l 0 100
campaign first l --gateway b
sandbox a
sandbox b
dispatch || die "dispatch failed: $?"
list m 50 100 # half of them are known
campaign second m --gateway a --gateway b:3 --seed 5
is "known people over a" "$(sql "SELECT count(*) FROM message m WHERE route = 0 AND campaign_id = 2 AND address_id IN (SELECT address_id FROM message WHERE campaign_id = 1)")" 0
[ "$(sql 'SELECT count(*) FROM message WHERE route = 0 AND campaign_id = 2')" -gt 2 ] || die "nobody goes over a: the test shows nothing"
sed -i 's/{ name = "b";/{ name = "b"; sticky = false;/' "$dir/zhanchi.conf"
campaign third m --gateway a --gateway b:3 --seed 5
[ "$(sql "SELECT count(*) FROM message m WHERE route = 0 AND campaign_id = 3 AND address_id IN (SELECT address_id FROM message WHERE campaign_id = 1)")" -gt 2 ] ||
    die "they keep it although sticky = false"

echo "routes: good"
