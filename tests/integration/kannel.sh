#!/bin/bash
# kannel.sh BIN_DIR TOOLS_DIR [--sabotage NAME]: through a real Kannel (Debian's packages kannel and kannel-extras) to an SMSC and back: texts
# byte for byte, receipts, replies and refusals; a wrong password; bearerbox and smsbox killed while messages are on their way.
#
# With --sabotage something is broken, and the run must find it:
#   dlr-url   the profile's dlr-url names its parameters wrongly: no receipt is understood
#   resend    doubtful messages are sent again although nobody knows: some go twice
set -u
bin=$1 tools=$2 sabotage=''
[ "${3:-}" = --sabotage ] && sabotage=$4
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/zhanchi-kannel.XXXXXX")
dir=$work/office
serve_pid='' smsc_pid='' loop_pid=''
connections=16
export ZHANCHI_ACTOR=maker LC_ALL=C.UTF-8
. "$here/kannel/boxes.sh"
command -v bearerbox smsbox "$fakesmsc_bin" >/dev/null || {
    echo "kannel: Kannel is not installed: scripts/deps --test" >&2
    exit 69
}

cleanup() {
    touch "$work/stop"
    [ "$loop_pid" ] && pkill -P "$loop_pid" 2>/dev/null # its dispatcher; the loop ends by itself
    for p in $serve_pid $smsc_pid; do kill -9 "$p" 2>/dev/null; done
    boxes_stop
    [ "$loop_pid" ] && wait "$loop_pid" 2>/dev/null
    if [ "${KEEP:-}" ]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap cleanup EXIT
die() {
    if [ "$sabotage" ] && [ "${step:-}" = "$expected_step" ]; then
        echo "kannel: sabotage $sabotage: found, as it must be ($*)"
        exit 0
    fi
    echo "kannel: $*" >&2
    for f in "$work"/*.log "$work"/kannel/*.out; do echo "--- $f" && tail -n 8 "$f" | cut -c 1-300; done >&2
    boxes_status >&2
    exit 1
}
step() { step=$1 && echo "kannel: $1"; }
is() { [ "$2" = "$3" ] || die "$1: got '$2', expected '$3'"; }
zh() { "$bin/zhanchi" -c "$dir/zhanchi.conf" "$@"; }
sql() { sqlite3 -cmd '.timeout 20000' "$dir/zhanchi.db" "$@"; }

states() { sql "SELECT group_concat(state || ':' || n, ' ') FROM (SELECT state, count(*) AS n FROM message WHERE campaign_id = (SELECT id FROM campaign WHERE name = '$1') GROUP BY 1)"; }
in_states() { # CAMPAIGN LIST: how many
    sql "SELECT count(*) FROM message WHERE campaign_id = (SELECT id FROM campaign WHERE name = '$1') AND state IN ($2)"
}
are() { [ "$(states "$1")" = "$2" ]; }
ends() { boxes_until "$1 to be $2; it is $(states "$1")" are "$1" "$2"; }

campaign() { # NAME GATEWAY TEMPLATE NUMBER...
    local name=$1 gateway=$2 template=$3
    shift 3
    printf '%s\n' "$@" | awk 'BEGIN { print "姓名,手机号码" } { printf "甲%d,%s\n", NR, $0 }' >"$work/$name.csv"
    {
        zh list import "$work/$name.csv" --name "$name" &&
            zh campaign create "$name" --list "$name" --template "$work/$template.tmpl" --gateway "$gateway" --window 00:00-24:00 &&
            zh campaign submit "$name" && ZHANCHI_ACTOR=checker zh campaign approve "$name"
    } >"$work/setup.log" 2>&1 || die "campaign $name failed"
}

template() { # NAME TEXT
    printf 'name: %s\ntopic: %s\nkind: status\nsignature: 示例市人社局\n---\n%s\n' "$1" "$1" "$2" >"$work/$1.tmpl"
}

# ---- set-up ----

write_conf() {
    cat >"$dir/zhanchi.conf" <<CONF
store = { epoch_dir = "$work/epoch"; };
people = { actor_source = "environment"; };
dispatch = { backoff_base = "100ms"; backoff_cap = "1s"; breaker_pause = "50ms"; content_stop = 0; cap_per_day = 0; };
serve = { port = $serve_port; };
log = { level = "warn"; };
gateways = (
    { name = "kannel"; profile = "$work/kannel.conf"; url = "$sendsms_url"; public_url = "http://127.0.0.1:$serve_port/";
      rate = 400.0; concurrency = $connections; settings = { username = "zhanchi"; };
      secret_files = { password = "secrets/right"; callback = "secrets/callback"; }; },
    { name = "wrong"; profile = "$work/kannel.conf"; url = "$sendsms_url"; public_url = "http://127.0.0.1:$serve_port/";
      settings = { username = "zhanchi"; };
      secret_files = { password = "secrets/wrong"; callback = "secrets/callback"; }; } );
CONF
}

start_smsc() {
    echo 0 >"$work/latency"
    "$tools/slowsmsc" "$work/port" "$work/ledger" "$work/latency" >"$work/slowsmsc.log" 2>&1 &
    smsc_pid=$!
    boxes_until "slowsmsc" test -s "$work/port"
}

start_serve() {
    "$bin/zhanchi" -c "$dir/zhanchi.conf" serve >>"$work/serve.log" 2>&1 &
    serve_pid=$!
    boxes_until "serve" curl -s -m 10 -o "$work/null" "http://127.0.0.1:$serve_port/healthz"
}

start_kannel() {
    for _ in 1 2 3 4 5; do
        boxes_configure "$work/kannel" "http://127.0.0.1:$serve_port" 'to%%2Bken' spool "http://127.0.0.1:$(cat "$work/port")"
        write_conf
        boxes_start && return
        boxes_stop
    done
    die "bearerbox does not start"
}

texts="texts, byte for byte, and receipts" compared="what we believe, against what the SMSC has"
case $sabotage in dlr-url) expected_step=$texts ;; resend) expected_step=$compared ;; '') ;; *) exit 64 ;; esac
step "set-up"
serve_port=$(boxes_port)
mkdir -p "$dir/secrets"
printf right >"$dir/secrets/right"
printf wrong >"$dir/secrets/wrong"
printf 'to+ken' >"$dir/secrets/callback" # needs its encoding
chmod 600 "$dir"/secrets/*
cp "$top/conf/gateways/kannel.conf" "$work/kannel.conf"
[ "$sabotage" = dlr-url ] && boxes_deadline_s=10 && sed -i 's/&ref={{ref}}&state=%d/\&ref={{ref}}\&status=%d/' "$work/kannel.conf"
start_smsc
start_kannel
touch "$work/kannel/reply.log"
"$bin/zhanchi" init "$dir" >"$work/init.log" 2>&1 || die "init failed"
zh gateway check kannel >"$work/check.log" 2>&1 || die "the profile is not good"
start_serve

# ---- texts and receipts ----

# UTF-16 of all parts that fakesmsc got for a number, in hexadecimal.
arrived() {
    sed -n "s/.*Got message [0-9]*: <[0-9]* $1 \(.*\)>\$/\1/p" "$work/kannel/fakesmsc.log" |
        awk '$1 == "udh" { print substr($2, length($2) - 1), $4; next } { print "00", $2 }' | sort |
        while read -r _ text; do printf '%b' "$(sed 's/+/ /g; s/%/\\x/g' <<<"$text")"; done | od -An -v -tx1 | tr -d ' \n'
}
parts() { grep -c "Got message [0-9]*: <[0-9]* $1 udh" "$work/kannel/fakesmsc.log"; }
expected() { printf %s "$1" | iconv -f UTF-8 -t UTF-16BE | od -An -v -tx1 | tr -d ' \n'; }

step "$texts"
short='"技能提升补贴"2,000元<100%%>&x=1+1;𠮷~䶮\请咨询'
long=$(for i in $(seq 9); do printf '第%d段:失业保险支持技能提升,您可在网上申领𠮷。' "$i"; done)
template short "{{name}}您好,${short//%%/%}{{phone12333}}"
template long "{{name}}您好,$long"
campaign short kannel short 13800000001 13800000002 13800000003
campaign long kannel long 13800000011 13800000012
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
ends short 7:3
ends long 7:2
is "text of 1" "$(arrived 13800000001)" "$(expected "【示例市人社局】甲1您好,${short//%%/%}12333")"
is "text of 3" "$(arrived 13800000003)" "$(expected "【示例市人社局】甲3您好,${short//%%/%}12333")"
is "long text" "$(arrived 13800000012)" "$(expected "【示例市人社局】甲2您好,$long")"
is "parts of the long text" "$(parts 13800000012)" 4
is "segments that we count" "$(sql "SELECT max(segments) FROM message")" 4

step "receipts of a carrier: delivered, failed with a code, refused, not yet final"
# The SMSC's id is the number of its ledger's line.
carrier() { # NUMBER MASK TEXT
    local id
    id=$(grep -n "to=$1&" "$work/ledger" | tail -n 1 | cut -d : -f 1)
    is "receipt for $1" "$(curl -s -m 20 -G "$http_smsc_url/" -d username=smsc -d password=smsc -d from="$1" -d to="$1" -d dlr-mid="$id" \
        -d dlr-mask="$2" --data-urlencode "text=id:$id sub:001 dlvrd:000 submit date:2611271700 done date:2611271700 $3 err:000 text:")" Sent
}
took() { [ "$(grep -c "to=19900000$1" "$work/ledger")" -ge "$2" ]; }
campaign codes kannel short 19900000001 19900000002 19900000003 19900000004 19900000009
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
boxes_until "the SMSC" took 00 5
boxes_until "Kannel" boxes_idle
ends codes '4:4 8:1' # the last one was refused by the SMSC
carrier 19900000001 1 stat:DELIVRD
carrier 19900000002 2 stat:MK:0001
carrier 19900000003 2 stat:MBBLACK
carrier 19900000004 4 stat:ACCEPTD
ends codes '4:1 7:1 8:3'
is "classes and codes of receipts" "$(sql "SELECT group_concat(class || ' ' || code, ', ') FROM (SELECT class, code FROM receipt WHERE pending = 0 AND code <> '1' ORDER BY 1, 2)")" \
    '1 DELIVRD, 4 MK:0001, 5 MBBLACK, 8 BAD'
is "who is black-listed has refused" "$(printf '19900000002\n19900000003\n' | zh --json optout check | jq -r '[.[].refused] | join(" ")')" 'no yes'

step "a stranger's receipt is turned away"
is "without the token" "$(curl -s -m 20 -o "$work/null" -w '%{http_code}' "http://127.0.0.1:$serve_port/kannel/receipt?ref=X&state=1")" 401
is "with another one" "$(curl -s -m 20 -o "$work/null" -w '%{http_code}' "http://127.0.0.1:$serve_port/kannel/receipt?token=x&ref=X&state=1")" 401

# ---- replies ----

step "replies, and what of them is a refusal"
replies() { [ "$(sql 'SELECT count(*) FROM reply')" = "$1" ]; }
fakesmsc_reply '13800000001 10690000 text TD'
fakesmsc_reply '13800000002 10690000 ucs2 %90%00%8b%a2'
fakesmsc_reply '13800000003 10690000 ucs2 %8c%22%8c%22%00,%00O%00K'
fakesmsc_reply '13800000011 10690000 data %e9%80%80%e8%ae%a2'
boxes_until "replies" replies 4
is "refusals" "$(printf '1380000000%d\n' 1 2 3 >"$work/numbers" && echo 13800000011 >>"$work/numbers" && zh --json optout check <"$work/numbers" | jq -r '[.[].refused] | join(" ")')" 'yes yes no yes'
is "texts" "$(zh --json reply ls --text | jq -r '[.[].text] | sort | join("|")')" 'TD|谢谢,OK|退订|退订'
campaign refused kannel short 13800000001 13800000003
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
ends refused '7:1 10:1'

# ---- a wrong password ----

step "a wrong password stops the lane; nothing is lost"
campaign wrong wrong short 13800000021 13800000022 13800000023
zh dispatch >"$work/dispatch.log" 2>&1
is "status of dispatch" $? 75
grep -q 'gateway wrong: Authorization_failed.*refuses us' "$work/dispatch.log" || die "dispatch does not say why"
is "states" "$(states wrong)" 2:3
is "at the SMSC" "$(arrived 13800000021)" ''
printf right >"$dir/secrets/wrong"
zh dispatch >"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
ends wrong 7:3

# ---- kills ----

# dispatch, again and again until nothing is due, as cron would.
dispatching() {
    local status=75
    while [ $status = 75 ] && [ ! -e "$work/stop" ]; do
        zh dispatch >>"$work/dispatch.log" 2>&1
        status=$?
        sleep 0.1
    done
    echo $status >"$work/loop"
}
lines() { [ "$(awk 'END { print NR }' "$work/ledger")" -ge "$1" ]; }
beyond() { [ "$(in_states killed 4,5,7,8)" -ge "$1" ]; }
# bearerbox stands still: smsbox answers nothing more, until all our connections wait. Nothing is settled then: one look like the one before.
wait_for_silence() {
    local before now same=0
    before=$(in_states killed 4,5,7,8)
    while [ $same -lt 5 ]; do
        sleep 0.2
        now=$(in_states killed 4,5,7,8)
        [ "$now" = "$before" ] && same=$((same + 1)) || same=0
        before=$now
    done
}
stop_bearerbox() { kill -STOP "$(boxes_pids bearerbox)"; }

step "kills: bearerbox, then smsbox, while dispatch runs and a slow SMSC holds dozens of messages"
total=1200
first_line=$(awk 'END { print NR + 1 }' "$work/ledger")
echo 400 >"$work/latency"
# shellcheck disable=SC2046
campaign killed kannel short $(awk -v n=$total 'BEGIN { for (i = 0; i < n; i++) printf "1991%06d%d\n", i, i % 9 }')
: >"$work/dispatch.log"
dispatching &
loop_pid=$!
boxes_until "the SMSC" lines $((first_line + 100))
boxes_until "dispatch" beyond 200
stop_bearerbox
wait_for_silence
boxes_kill bearerbox
bearerbox_start || die "bearerbox does not come back"
smsbox_start
boxes_until "dispatch" beyond 600
stop_bearerbox
wait_for_silence
boxes_kill smsbox
kill -CONT "$(boxes_pids bearerbox)"
smsbox_start
wait $loop_pid
loop_pid=''
is "status of dispatch" "$(cat "$work/loop")" 0
echo 0 >"$work/latency"
boxes_until "Kannel" boxes_idle


if [ "$sabotage" = resend ]; then
    zh message resolve killed --unknown resend --yes >>"$work/setup.log" 2>&1
    zh dispatch >>"$work/dispatch.log" 2>&1
    boxes_until "Kannel" boxes_idle
fi

step "$compared"
smsc_numbers() { tail -n +"$first_line" "$work/ledger" | sed -n 's/.*to=\(1991[0-9]*\)&.*/\1/p'; }
numbers() { # JQ_CONDITION
    zh export messages killed --format jsonl --identified 2>>"$work/setup.log" | jq -r "select($1).phone" | sort
}
# How many of the first file's lines stand in the second; how many do not.
common() { comm -12 "$1" "$2" | wc -l; }
missing() { comm -23 "$1" "$2" | wc -l; }
settled_by_receipts() { numbers '.state == "unknown"' >"$work/unknown" && [ "$(common "$work/unknown" "$work/at_smsc")" = 0 ]; }

smsc_numbers | sort >"$work/sent"
sort -u "$work/sent" >"$work/at_smsc"
boxes_until "the SMSC's word on all that it took" settled_by_receipts
numbers '.state == "accepted" or .state == "delivered"' >"$work/sure"
is "states that nothing may have" "$(numbers '.state != "accepted" and .state != "delivered" and .state != "unknown"' | wc -l)" 0
is "accepted, but lost behind us" "$(missing "$work/sure" "$work/at_smsc")" 0
is "at the SMSC, but not known to be" "$(missing "$work/at_smsc" "$work/sure")" 0

# Each number: how often we handed it over, how often without a refusal, how often smsbox wrote it down.
sql "SELECT a.message_id, sum(o.handed_at IS NOT NULL), sum(o.handed_at IS NOT NULL AND o.class IS NOT 2) FROM attempt a JOIN outcome o USING (id) GROUP BY 1" |
    tr '|' ' ' >"$work/handed"
zh export messages killed --format jsonl --identified 2>>"$work/setup.log" | jq -r '"\(.message) \(.phone)"' >"$work/phones"
sed -n 's/.* target:\(1991[0-9]*\) .*/\1/p' "$work/kannel/access.log" |
    awk -v phones="$work/phones" -v handed="$work/handed" '
        BEGIN { while ((getline <phones) > 0) phone[$1] = $2
                while ((getline <handed) > 0) if ($1 in phone) { all[phone[$1]] = $2; sure[phone[$1]] = $3 } }
        { logged[$1]++ }
        END { for (p in all) { if (sure[p] > 1) twice++; if (logged[p] > all[p]) more++ }
              for (p in logged) if (!(p in all)) more++
              print twice + 0, more + 0 }' >"$work/verdict"
echo "kannel: messages $total; at the SMSC $(wc -l <"$work/at_smsc"), doubled there by Kannel itself $(uniq -d "$work/sent" | wc -l);" \
    "doubtful at first $(sql "SELECT count(*) FROM outcome WHERE class = 8"), settled by receipts all but $(wc -l <"$work/unknown")"
is "sent twice by us; more often at smsbox than handed over" "$(cat "$work/verdict")" '0 0'
doubtful=$(sql "SELECT count(*) FROM outcome WHERE class = 8")
{ [ "$doubtful" -gt 0 ] && [ "$doubtful" -le $((4 * connections)) ]; } || die "doubtful: $doubtful, with $connections connections and two kills"
[ -s "$work/unknown" ] || die "nothing was lost in the killed bearerbox: the kill came at the wrong moment"

step "the carrier's receipts, and a person's word on what is left"
tail -n +"$first_line" "$work/ledger" | sed -n 's/.*to=\(1991[0-9]*\)&.*/\1/p' |
    awk -v n="$first_line" -v url="$http_smsc_url" '{
        printf "url = \"%s/?username=smsc&password=smsc&from=%s&to=%s&dlr-mid=%d&dlr-mask=1&text=stat:DELIVRD\"\n", url, $1, $1, n + NR - 1 }' >"$work/receipts"
curl -s -K "$work/receipts" -w ' %{url_effective}\n' >"$work/answers"
sed -n 's/^Sent .*&to=\([0-9]*\)&.*/\1/p' "$work/answers" | sort -u >"$work/delivered"
delivered() { [ "$(in_states killed 7)" = "$1" ]; }
boxes_until "receipts" delivered "$(wc -l <"$work/delivered")"
echo "kannel: delivered $(wc -l <"$work/delivered"); receipts that Kannel forgot when it was killed: $(missing "$work/at_smsc" "$work/delivered")"
zh message resolve killed --unknown resend --yes >>"$work/setup.log" 2>&1 || die "resolve failed"
zh dispatch >>"$work/dispatch.log" 2>&1 || die "dispatch failed: $?"
boxes_until "Kannel" boxes_idle
is "still doubtful or waiting" "$(in_states killed 1,2,3,5)" 0
smsc_numbers | sort >"$work/sent"
is "at the SMSC in the end" "$(sort -u "$work/sent" | wc -l)" $total
is "sent again and doubled" "$(uniq -d "$work/sent" | comm -12 - "$work/unknown" | wc -l)" 0
zh audit verify >>"$work/setup.log" 2>&1 || die "the audit chain does not verify"
echo "kannel: good"
[ -z "$sabotage" ] || die "sabotage $sabotage was NOT found"
