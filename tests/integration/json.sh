#!/bin/bash
# json.sh BIN_DIR: everything that can be listed prints, with --json, exactly one JSON document: through jq, on an empty office and on one where
# every listing has something to say. Every command is either among them or among the acts, which answer in words.
set -u
bin=$1
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/zhanchi-json.XXXXXX")
dir=$work/office
sandbox_pid='' serve_pid=''
export ZHANCHI_ACTOR=wang LC_ALL=C.UTF-8
unset LANGUAGE

cleanup() {
    for p in $sandbox_pid $serve_pid; do kill "$p" 2>/dev/null; done
    wait 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT
die() {
    echo "json: $*" >&2
    tail -n 15 "$work"/*.log >&2
    exit 1
}
zh() { "$bin/zhanchi" -c "$dir/zhanchi.conf" "$@"; }
must() { zh "$@" >>"$work/acts.log" 2>&1 || die "$* failed"; }
: >"$work/done"
# one FILTER COMMAND...: one document, of which FILTER holds.
one() {
    local filter=$1
    shift
    zh --json "$@" >"$work/out" 2>"$work/err.log" || die "--json $*: status $?"
    jq -e -s 'length == 1' "$work/out" >/dev/null 2>&1 || die "--json $*: not one JSON document: $(head -c 300 "$work/out")"
    jq -e "$filter" "$work/out" >/dev/null || die "--json $*: '$filter' does not hold: $(head -c 300 "$work/out")"
    case $1 in
    doctor | dispatch | report) echo "$1" ;;
    *) echo "$1 $2" ;;
    esac >>"$work/done"
}

# ---- an empty office ----

mkdir -p "$dir/secrets"
printf json >"$dir/secrets/app"
head -c 24 /dev/urandom | base64 | tr -d '+/=' >"$dir/secrets/secret"
chmod 600 "$dir"/secrets/*
"$bin/zhanchi-sandbox" --port 0 --port-file "$work/port" >/dev/null 2>&1 &
sandbox_pid=$!
for _ in $(seq 200); do [ -s "$work/port" ] && break; sleep 0.05; done
serve_port=$(cat "$work/port")
kill $sandbox_pid && wait $sandbox_pid 2>/dev/null
rm "$work/port"
"$bin/zhanchi-sandbox" --port 0 --port-file "$work/port" --app json --secret-file "$dir/secrets/secret" --vacant 10% --refuse 20% --reply 30% \
    --callback "http://127.0.0.1:$serve_port/12333" >"$work/sandbox.log" 2>&1 &
sandbox_pid=$!
for _ in $(seq 200); do [ -s "$work/port" ] && break; sleep 0.05; done
cat >"$dir/zhanchi.conf" <<CONF
people = { actor_source = "environment"; };
store = { epoch_dir = "$work/epoch"; };
serve = { port = $serve_port; };
log = { level = "warn"; };
gateways = ( { name = "12333"; profile = "gateways/12333.conf"; url = "http://127.0.0.1:$(cat "$work/port")";
               secret_files = { app = "secrets/app"; secret = "secrets/secret"; }; } );
CONF
"$bin/zhanchi" init "$dir" >"$work/init.log" 2>&1 || die "init failed"
for listing in 'list ls' 'template ls' 'campaign ls' 'receipt ls' 'reply ls' 'optout ls' 'response ls'; do
    # shellcheck disable=SC2086
    one '. == []' $listing
done
one 'length == 1 and (.[0] | .state == "good" and .handed_today == 0 and .waiting == 0 and .sends == "single, batch")' gateway ls
one '.gateway == "12333" and (.requests | length == 2) and all(.samples[]; .good)' gateway check 12333
one '.class == "OK"' gateway test 12333 <<<19900000001
one 'length > 0' audit ls
one '.acts > 0' audit verify
one 'length > 5' doctor

# ---- the whole way ----

"$bin/zhanchi-mklist" --rows 300 --seed 3 --bad 5% >"$work/list.csv"
"$bin/zhanchi-mklist" --rows 300 --seed 3 --bad 5% --claims --rate-control 0.3 --claims-days 1 >"$work/claims.csv"
one '.taken > 200' list import "$work/list.csv" --name l --rejects "$work/rejects.csv"
one '.taken > 200 and .dry_run' list import "$work/list.csv" --name m --dry-run --again
one 'length == 1' list ls
one '.rows > 200 and .rejected > 0' list show l
one 'length > 0' list rejects l
duplicates=$(zh --json list show l 2>/dev/null | jq .duplicates)
one "length == $duplicates" list duplicates l
printf '姓名,手机号码\n测试?,19900000002\n测试,19900000003/19900000004\n测试丙,19900000005\n' >"$work/review.csv"
one '.taken == 1 and .review == 2' list import "$work/review.csv" --name r
one 'length == 2 and .[0].reason == "name-damaged"' list review r
one '.state == "taken" and .revision == 2 and .suppressed == 0' list fix r --row 2 --accept
one '.state == "dropped"' list drop r --row 3
one '.taken == 0 and .known == 3' list import "$work/review.csv" --into r
one '.review == 0 and .overlaps == []' list show r
one '. == []' list duplicates r --of l
must list rm r --yes
one '.[0].eligible > 0 and .[0].rows > 200' list screen l --policy example
one 'length > 0' list explain l --row "$(sqlite3 "$dir/zhanchi.db" 'SELECT line FROM list_row LIMIT 1')"
one '.rules | length > 0' policy check "$top/conf/policies/example.conf"
one '.changes | length > 0' policy diff example ningxia
one '(.changes | length > 0) and .list == "l" and .rows > 200 and (.people | length == 5) and (.people[0].phone | test("[*]"))' policy diff l example ningxia --rows 5
one '.total.persons > 200 and .total.reached == 0 and .total.claimed == null' list ledger l
must template add "$top/templates/skill-a.tmpl"
one 'length == 1' template ls
one '.name == "skill-a" and .version == 1 and (.text | length) > 20' template show skill-a
one '.parts > 0 and (.sample | length > 50)' template check "$top/templates/skill-a.tmpl" --list l
one 'type == "array" and length == 4 and (.[0].text | length > 10)' template preview "$top/templates/skill-a.tmpl" --list l --rows 4
must campaign create c --list l --policy example --template "$top/templates/skill-a.tmpl" --template "$top/templates/skill-b.tmpl" \
    --gateway 12333 --window 00:00-24:00
one '.messages > 0' campaign forecast c
one 'type == "array" and length == 6 and (.[0].phone | test("[*]"))' campaign preview c --rows 6
echo 13700000009 >"$work/phones"
one 'length == 2 and all(.[]; .class == "OK")' campaign test c <"$work/phones"
must campaign submit c
one '.state == "submitted"' campaign show c
ZHANCHI_ACTOR=li must campaign approve c
"$bin/zhanchi" -c "$dir/zhanchi.conf" serve >"$work/serve.log" 2>&1 &
serve_pid=$!
for _ in $(seq 200); do curl -sf -o /dev/null "http://127.0.0.1:$serve_port/healthz" && break; sleep 0.05; done
one 'length == 1 and .[0].would_go > 0' dispatch --dry-run
one '.[0].waiting > 0 and .[0].handed_today == 0' gateway ls
one '.accepted > 0' dispatch
one '.[0].waiting == 0 and .[0].handed_today > 0' gateway ls
for _ in $(seq 100); do
    [ "$(sqlite3 "$dir/zhanchi.db" 'SELECT (SELECT count(*) > 20 FROM receipt) AND (SELECT count(*) > 3 FROM reply) AND (SELECT count(*) > 0 FROM optout)')" = 1 ] && break
    sleep 0.1
done
one 'length == 1 and (.[0].state | length > 0)' campaign ls
one 'length > 20' message ls c
id=$(sqlite3 "$dir/zhanchi.db" 'SELECT id FROM message WHERE attempts > 0 LIMIT 1')
one ".id == $id and (.attempts | length > 0) and (.to | test(\"[*]\")) and (has(\"text\") | not)" message show "$id"
one '.text | length > 10' message show "$id" --text
one 'length > 0' receipt ls
one 'length > 0' reply ls
one 'length > 0' optout ls
echo 13800000001 >"$work/numbers"
one '.changed == 1' optout add <"$work/numbers"
one '. | length > 0' optout check <"$work/numbers"
one '.changed == 1' optout rm <"$work/numbers"
printf '手机号码\n13800000002\n' >"$work/numbers.csv"
one '.changed == 1' optout import "$work/numbers.csv"
one '.added > 0' response import "$work/claims.csv" --through "$(TZ=Asia/Shanghai date +%F)"
one 'length == 1' response ls
one '.states.delivered > 0 and .total.claimed > 0' report c
one '.total.reached > 0 and .total.coverage > 0 and .total.claimed > 0 and .by == "employer"' list ledger l --by employer
one '.rate' stats proportion 15 148
one '.difference' stats difference 56 70 48 80
one 'length > 5' audit ls

# ---- is anything left out? ----

# Acts that answer in words; and what is asked for in a format of its own. (receipt bounces: smtp.sh reads it, with a mail server.)
acts='init backup restore serve list_convert list_rm template_add template_render text_count text_phone text_id campaign_create campaign_submit
campaign_approve campaign_pause campaign_resume campaign_cancel message_query message_resolve receipt_pull receipt_import receipt_bounces reply_import
export_messages'
leaves() {
    local verbs verb
    verbs=$(LC_ALL=C "$bin/zhanchi" "$@" --help | sed -n '4,$s/^  \([a-z][a-z-]*\) .*/\1/p')
    [ "$verbs" ] || echo "$*"
    for verb in $verbs; do leaves "$@" "$verb"; done
}
leaves >"$work/leaves"
[ "$(wc -l <"$work/leaves")" -gt 40 ] || die "--help shows hardly any commands"
while read -r leaf; do
    grep -qx "$leaf" "$work/done" && continue
    case " $(echo "$acts" | tr '\n' ' ') " in
    *" ${leaf// /_} "*) ;;
    *) die "nothing here asks zhanchi --json $leaf" ;;
    esac
done <"$work/leaves"
# The text forms of one object a line, each line a document.
printf '13800000001\n' | zh --json text phone | jq -e .valid >/dev/null || die "text phone"
zh --json list convert "$work/list.csv" --to jsonl | jq -e -s 'length > 200' >/dev/null || die "list convert"
zh --json export messages c --format jsonl | jq -e -s 'length > 20' >/dev/null || die "export messages"
echo "json: every listing is one document"
