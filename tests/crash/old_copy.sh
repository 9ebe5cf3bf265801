#!/bin/bash
# old_copy.sh: a backup is made, the dispatcher sends and is killed with SIGKILL, the backup is copied over the database by hand. The next dispatcher must
# see that the database is an old copy and send nothing; then the sandbox's ledger is looked through.
#
#   old_copy.sh BIN_DIR ROUNDS                      must hold: no text twice
#   old_copy.sh BIN_DIR ROUNDS --sabotage NAME      with a safety taken out (no-epoch-file): must find a text sent twice
#
# BIN_DIR holds zhanchi and zhanchi-sandbox, built with failpoints.
set -u
bin=$1 rounds=$2 sabotage=''
[ "${3:-}" = --sabotage ] && sabotage=$4
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/zhanchi-copy.XXXXXX")
dir=$work/office ledger=$work/ledger persons=60
sandbox_pid=''
export ZHANCHI_ACTOR=maker

cleanup() {
    [ "$sandbox_pid" ] && kill -9 "$sandbox_pid" 2>/dev/null && wait "$sandbox_pid" 2>/dev/null
    if [ "${KEEP:-}" ]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap cleanup EXIT
die() { echo "old_copy: $*" >&2; tail -n 15 "$work"/*.log >&2; exit 1; }
zh() { "$bin/zhanchi" -c "$dir/zhanchi.conf" "$@"; }
quietly() { zh "$@" >>"$work/setup.log" 2>&1 || die "$* failed"; }

mkdir -p "$dir/secrets"
printf copy >"$dir/secrets/app"
head -c 24 /dev/urandom | base64 | tr -d '+/=' >"$dir/secrets/secret"
chmod 600 "$dir"/secrets/*
: >"$ledger"
"$bin/zhanchi-sandbox" --port 0 --port-file "$work/port" --app copy --secret-file "$dir/secrets/secret" --ledger "$ledger" >"$work/sandbox.log" 2>&1 &
sandbox_pid=$!
for _ in $(seq 600); do [ -s "$work/port" ] && break; sleep 0.05; done
[ -s "$work/port" ] || die "the sandbox does not start"
cat >"$dir/zhanchi.conf" <<CONF
store = { epoch_dir = "$work/epoch"; };
people = { actor_source = "environment"; };
log = { level = "warn"; };
gateways = ( { name = "12333"; profile = "$top/conf/gateways/12333.conf"; url = "http://127.0.0.1:$(cat "$work/port")"; concurrency = 4; batch = 1;
               secret_files = { app = "secrets/app"; secret = "secrets/secret"; }; } );
CONF
"$bin/zhanchi" init "$dir" >"$work/init.log" 2>&1 || die "init failed"
printf 'name: t\ntopic: t\nkind: status\nsignature: 示例市人社局\n---\n{{name}}您好,请咨询{{phone12333}}。\n' >"$work/t.tmpl"

one_round() { # NUMBER
    local name=c$1 status taken
    awk -v f="$(($1 * persons))" -v n="$persons" 'BEGIN { print "姓名,手机号码"; for (i = f; i < f + n; i++) printf "甲%d,199%08d\n", i, i }' >"$work/list.csv"
    quietly list import "$work/list.csv" --name "$name"
    quietly campaign create "$name" --list "$name" --template "$work/t.tmpl" --gateway 12333 --window 00:00-24:00
    quietly campaign submit "$name"
    ZHANCHI_ACTOR=checker quietly campaign approve "$name"
    quietly backup "$work/copy$1.db"
    ZHANCHI_SABOTAGE=$sabotage ZHANCHI_FAILPOINT=at_handover:$((10 * $1 + 5)) zh dispatch >>"$work/dispatch.log" 2>&1
    status=$?
    [ $status -eq 137 ] || die "round $1: dispatch was not killed (status $status)"
    taken=$(wc -l <"$ledger")
    rm -f "$dir"/zhanchi.db-*
    cp "$work/copy$1.db" "$dir/zhanchi.db"
    ZHANCHI_SABOTAGE=$sabotage zh dispatch >>"$work/dispatch.log" 2>&1
    status=$?
    echo "round $1: taken $taken, status after the copy $status, then taken $(wc -l <"$ledger")"
    if [ ! "$sabotage" ]; then
        [ $status -eq 77 ] || die "the old copy was not refused"
        [ "$(wc -l <"$ledger")" -eq "$taken" ] || die "something was sent from an old copy"
        quietly message resolve "$name" --unknown drop --yes
    fi
}

for round in $(seq "$rounds"); do one_round "$round"; done
# Every person has a number of his own here: a number that was taken twice got its text twice.
twice=$(cut -f 4 "$ledger" | sort | uniq -d | wc -l)
echo "taken by the gateway $(wc -l <"$ledger"); sent twice $twice"
if [ "$sabotage" ]; then
    [ "$twice" -gt 0 ] && echo "sabotage $sabotage: found, as it must be" && exit 0
    echo "sabotage $sabotage was NOT found" && exit 1
fi
[ "$twice" -eq 0 ] || die "a text went twice"
[ "$(wc -l <"$ledger")" -gt 0 ] || die "nothing was sent at all"
echo "held through $rounds old copies"
