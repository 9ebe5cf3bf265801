#!/bin/bash
# providers.sh BIN_DIR PROFILE [--sabotage class|receipt]: a shipped profile against the sandbox that plays its provider, from the list to the report.
#
# A number says what happens to it: 138, two digits of the campaign, one of its group, five of its own. Groups: 0 nothing; 1 vacant; 2 black list;
# 3 undeliverable; 4 rejected; 5 expired; 6 answers; 7 refuses; 8 bears the keyword; 9 malformed, says the provider. A group's people live in a county
# of its own, because listings show no numbers.
#
# With --sabotage the copy of the profile mistakes numbers for refusals, or delivered for undelivered: the run is good if a check notices.
set -u
bin=$1 profile=$2 sabotage=
[ "${3-}" = --sabotage ] && sabotage=$4
work=$(mktemp -d "${TMPDIR:-/tmp}/zhanchi-provider.XXXXXX")
dir=$work/office ledger=$work/ledger
sandbox_pid='' serve_pid='' port='' serve_port=''
export ZHANCHI_ACTOR=maker LC_ALL=C.UTF-8
unset LANGUAGE

cleanup() {
    for p in $sandbox_pid $serve_pid; do kill -9 "$p"; done 2>/dev/null
    wait 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT
die() {
    echo "provider $profile: $*" >&2
    tail -n 15 "$work"/*.log >&2
    exit 1
}
# What a sabotaged profile must be caught by.
wrong() {
    [ "$sabotage" ] || die "$@"
    echo "provider $profile: noticed: $*"
    exit 0
}
step() { echo "provider $profile: $*"; }
is() { [ "$2" = "$3" ] || die "$1: got '$2', expected '$3'"; }
zh() { "$bin/zhanchi" -q -c "$dir/zhanchi.conf" "$@"; }
must() { zh "$@" >>"$work/acts.log" 2>&1 || die "$* failed"; }

# ---- what a provider is like ----

# is_like WORD: is it so with this provider?
is_like() { [[ " $traits " == *" $1 "* ]]; }
account=app secret_name=secret sets=() settings='' batches=yes
declare -A secrets=() ends=()
# What becomes of the groups: state:cause, an extended regular expression.
ends=([0]='delivered:' [1]='undelivered:number' [2]='undelivered:optout' [3]='undelivered:number' [4]='undelivered:network' [5]='undelivered:network'
    [6]='delivered:' [7]='delivered:' [8]='undelivered:content' [9]='rejected:number')
# Traits. filed: texts by their number and values. own-texts: a batch may have a text for each. whole: one verdict for a batch.
# pull: gives receipts away when asked; only-pull: in no other way. parts: a receipt for each part. no-ref: a receipt does not bear our reference.
# busy: says that it did not take it. flow: likewise. cap: says so at once.
case $profile in
aliyun | aliyun-rpc)
    traits="filed own-texts whole flow cap"
    [ "$profile" = aliyun ] || traits+=" query"
    secrets=([id]=office [key]=0a1b2c3d4e [callback]=w0rd)
    account=office secret_name=key sets=(--set SignName=示例市人社局)
    ends[4]='undelivered:content' ends[8]='(rejected|undelivered):content'
    ;;
tencent)
    traits="filed pull flow cap"
    secrets=([id]=office [key]=0a1b2c3d4e [callback]=w0rd)
    account=office secret_name=key settings='app_id = "1400000001";' sets=(--set SmsSdkAppId=1400000001)
    ends[2]='rejected:optout' ends[8]='rejected:content'
    ;;
huawei | huawei-wsse)
    traits="filed own-texts parts flow"
    secrets=([key]=office [secret]=0a1b2c3d4e [callback]=w0rd)
    account=office settings='from = "8824000000001";' sets=(--set from=8824000000001)
    ends[4]='undelivered:content'
    ;;
mas | mas-template)
    traits="whole pull no-ref flow busy"
    [ "$profile" = mas ] || traits+=" filed"
    secrets=([secret]=0a1b2c3d4e [callback]=w0rd)
    account=office settings='ec_name = "示例市人力资源和社会保障局"; ap_id = "office"; sign = "SIGN1";'
    sets=(--set ecName=示例市人力资源和社会保障局 --set sign=SIGN1)
    ;;
montnets)
    traits="own-texts whole pull only-pull parts stops-at-wrong"
    secrets=([password]=0a1b2c3d4e)
    account=OFFICE secret_name=password settings='userid = "OFFICE";'
    ;;
chuanglan)
    traits="whole pull flow busy"
    secrets=([account]=office [password]=0a1b2c3d4e [pswd]='p&w d')
    account=office secret_name=password sets=(--set 'pswd=p&w d' --set receiver=office)
    ends[8]='rejected:content'
    ;;
yunpian)
    traits="own-texts pull flow busy cap"
    secrets=([apikey]=0a1b2c3d4e [callback]=w0rd)
    secret_name=apikey
    ends[2]='rejected:optout' ends[8]='rejected:content' ends[9]='rejected:content'
    ;;
twilio)
    traits="no-ref flow"
    secrets=([account]=AC0000000001 [token]=0a1b2c3d4e)
    account=AC0000000001 secret_name=token batches='' settings='from = "+12025550104";' sets=(--set From=+12025550104)
    ends[2]='rejected:optout' ends[4]='undelivered:content'
    ;;
webhook)
    traits="flow busy cap"
    secrets=([token]=0a1b2c3d4e [hmac]=4e3d2c1b)
    secret_name=token batches='' sets=(--set callback-secret=4e3d2c1b)
    ends[1]='rejected:number' ends[2]='rejected:optout' ends[4]='undelivered:content' ends[8]='rejected:content'
    ;;
*) die "no such profile" ;;
esac
# The sandbox speaks both of Aliyun's signatures by two names, both of Huawei's and of MAS's texts by one.
dialect=${profile%-wsse}
dialect=${dialect%-template}

# ---- the two sides ----

# A port that nobody has, outside of the range from which connections take theirs.
any_port() { echo $((20000 + (RANDOM * 32768 + RANDOM) % 12000)); }
conf() { # [BATCH]
    local name files=''
    for name in "${!secrets[@]}"; do files+=" $name = \"secrets/$name\";"; done
    cat >"$dir/zhanchi.conf" <<CONF
people = { actor_source = "environment"; };
store = { epoch_dir = "$work/epoch"; };
serve = { port = $serve_port; };
log = { level = "error"; };
dispatch = { cap_per_day = 0; claim_ttl = "500ms"; backoff_base = "10ms"; backoff_cap = "50ms"; breaker_failures = 0; content_stop = 0; };
gateways = ( { name = "g"; profile = "gateways/$profile.conf"; url = "http://127.0.0.1:$port"; public_url = "http://127.0.0.1:$serve_port";
               rate = 5000.0; concurrency = 4; ${1:+batch = $1;}
               settings = { $settings }; secret_files = {$files }; } );
CONF
}
counter() { jq -r ".$1" "$work/counters"; }
sandbox_end() {
    [ "$sandbox_pid" ] || return 0
    kill "$sandbox_pid"
    wait "$sandbox_pid" || die "the sandbox failed"
    sandbox_pid=''
}
callback="http://127.0.0.1:SERVE/g"
[ "${secrets[callback]-}" ] && callback+="/*/${secrets[callback]}"
# sandbox [OPTION...]: at the same port each time, since that is part of what is approved; with callbacks unless --quiet stands first.
sandbox() {
    local calls=(--callback "${callback/SERVE/$serve_port}")
    sandbox_end
    if [ "${1-}" = --quiet ]; then
        calls=()
        shift
    fi
    is_like only-pull && calls=()
    for _ in $(seq 100); do
        [ "$fixed" ] || port=$(any_port)
        rm -f "$work/port"
        "$bin/zhanchi-sandbox" --profile "$dialect" --port "$port" --port-file "$work/port" --app "$account" --secret-file "$secret_file" \
            "${sets[@]}" --ledger "$ledger" --ledger-text --receipt-delay 5 --receipt-jitter 20 --reply-delay 20 "${calls[@]}" "$@" \
            >"$work/counters" 2>"$work/sandbox.log" &
        sandbox_pid=$!
        while [ ! -s "$work/port" ] && kill -0 $sandbox_pid 2>/dev/null; do sleep 0.02; done
        [ -s "$work/port" ] && fixed=yes && return
        wait $sandbox_pid
        sandbox_pid=''
        sleep 0.1
    done
    die "the sandbox does not start"
}
fixed='' served='' secret_file=$work/secret
serve_end() {
    kill "$serve_pid"
    wait "$serve_pid" || die "serve failed"
    serve_pid=''
}
serve() { # at the same port each time, too
    for _ in $(seq 100); do
        if [ "$served" ]; then
            sleep 0.05
        else
            serve_port=$(any_port)
            conf
        fi
        rm -f "$work/serve-port"
        "$bin/zhanchi" -q -c "$dir/zhanchi.conf" serve --port-file "$work/serve-port" >"$work/serve.log" 2>&1 &
        serve_pid=$!
        while [ ! -s "$work/serve-port" ] && kill -0 $serve_pid 2>/dev/null; do sleep 0.02; done
        [ -s "$work/serve-port" ] && served=yes && return
        wait $serve_pid
    done
    die "serve does not start"
}

# ---- lists and campaigns ----

counties=(零县 一县 二县 三县 四县 五县 六县 七县 八县 九县)
# What wants to be encoded, and makes a text one of two parts: every third has it.
long='电工(高级)+100%&"引号",=;#/焊工与数控机床操作工、养老护理员、育婴员、保育师、中式烹调师、美容师、汽车维修工等工种之一'
# people CC GROUP:COUNT...: a list of campaign CC.
people() {
    local cc=$1 spec g i n=0 trade
    shift
    echo '姓名,手机号码,参保地,工种'
    for spec; do
        g=${spec%:*}
        for ((i = 0; i < ${spec#*:}; i++, n++)); do
            ((n % 3 == 0)) && trade=${long//\"/\"\"} || trade=焊工
            printf '%s%d,138%s%s%05d,%s,"%s"\n' "$([ "$g" = 8 ] && echo 禁忌 || echo 甲)" $n "$cc" "$g" $n "${counties[$g]}" "$trade"
        done
    done
}
# The text that must arrive, as the sandbox sees it, in `arrives`; as its ledger writes it, in `written`.
expect() { # TEXT NAME WORK
    local body="$2您好：您的$3证书可以申领补贴，咨询12333。拒收请回复R" trade=${3//\"/\\\"}
    [ "$1" = same ] && body='请尽快申领补贴，咨询12333。拒收请回复R'
    if is_like filed && [[ $profile == aliyun* ]]; then
        arrives="SMS_own {\"name\":\"$2\",\"occupation\":\"$trade\",\"phone12333\":\"12333\"}"
        [ "$1" = same ] && arrives='SMS_same {"phone12333":"12333"}'
    elif is_like filed; then
        arrives="SMS_own [\"$2\",\"$trade\",\"12333\"]"
        [ "$1" = same ] && arrives='SMS_same ["12333"]'
    elif [ "$profile" = mas ]; then
        arrives=$body
    elif [ "$profile" = webhook ]; then
        arrives=示例市人社局$'\n'$body
    else
        arrives="【示例市人社局】$body"
    fi
    written=${arrives//\\/\\5c}
    written=${written//$'\n'/\\0a}
}
# As it was filed with the carrier: what it puts together must be what was approved.
filed_text() { # own|same
    echo '--- carrier'
    [ "$1" = same ] && echo '请尽快申领补贴，咨询${phone12333}。拒收请回复R' ||
        echo '${name}您好：您的${occupation}证书可以申领补贴，咨询${phone12333}。拒收请回复R'
}
templates() {
    local t
    for t in own same; do
        printf 'name: %s\ntopic: %s\nkind: status\nsignature: 示例市人社局\n' $t $t
        is_like filed && echo "carrier_template: SMS_$t"
        echo ---
        [ $t = same ] && echo '请尽快申领补贴，咨询{{phone12333}}。拒收请回复R' ||
            echo '{{name}}您好：您的{{occupation}}证书可以申领补贴，咨询{{phone12333}}。拒收请回复R'
        is_like filed && filed_text $t
    done | csplit -s -f "$work/t" - '/^name: same/'
    mv "$work/t00" "$work/own.tmpl"
    mv "$work/t01" "$work/same.tmpl"
}
# campaign NAME TEXT [CC GROUP:COUNT...]: without people, of those in NAME.csv.
campaign() {
    local name=$1 text=$2
    shift 2
    [ $# -gt 0 ] && people "$@" >"$work/$name.csv"
    must list import "$work/$name.csv" --name "$name" --again
    must campaign create "$name" --list "$name" --template "$work/$text.tmpl" --gateway g --window 00:00-24:00
    must campaign submit "$name"
    ZHANCHI_ACTOR=checker must campaign approve "$name"
    : >"$ledger"
}
# dispatch STATUS [OPTION...]
dispatch() {
    local status=$1
    shift
    zh --json dispatch "$@" >"$work/dispatch.json" 2>"$work/dispatch.log"
    is "status of dispatch" $? "$status"
}
pull() {
    local status=75
    while [ $status = 75 ]; do
        zh receipt pull g >"$work/pull.log" 2>&1
        status=$?
    done
    [ $status = 0 ] || die "receipt pull: $status"
}
# settled NAME [FURTHER STATE]: waits until every message has its end.
settled() {
    for _ in $(seq 400); do
        [ "$pulls" ] && pull
        zh --json message ls "$1" >"$work/messages"
        jq -e --arg s "${2-}" 'all(.[].state; IN("delivered", "undelivered", "rejected", "suppressed", $s))' "$work/messages" >/dev/null && return
        sleep 0.05
    done
    die "campaign $1 has messages that are still $(jq -c '[.[].state] | unique' "$work/messages")"
}
pulls=''
# group G: states and causes of a group, each once.
group() { jq -r --arg r "${counties[$1]}" '[.[] | select(.region == $r) | .state + ":" + .cause] | unique | join(" ")' "$work/messages"; }
ended() { # GROUP...: as it should be with this provider
    local g got
    for g; do
        for got in $(group "$g"); do
            [[ $got =~ ^(${ends[$g]})$ ]] || wrong "group $g is $got and not ${ends[$g]}"
        done
        [ "$(group "$g")" ] || die "group $g has no messages"
    done
}
states() { zh --json message ls "$1" | jq -r '[.[] | .state + (if .cause == "" then "" else ":" + .cause end)] | group_by(.) | map("\(.[0]) \(length)") | join(", ")'; }
taken() { awk 'END { print NR }' "$ledger"; }
once() {
    [ "$(cut -f 4 "$ledger" | sort | uniq -d)" = '' ] || die "a number stands twice in the ledger"
}
# texts TEXT NAME GROUPS: what the ledger has is exactly the people of these groups, with their texts.
texts() {
    local text=$1 name=$2 groups=$3 who number trade hash
    once
    while IFS=, read -r who number _ trade; do
        trade=${trade#\"} trade=${trade%\"} trade=${trade//\"\"/\"}
        expect "$text" "$who" "$trade"
        printf '%s\t%s\n' "$number" "$written"
    done < <(tail -n +2 "$work/$name.csv" | grep -E "^[^,]*,138..[$groups]") | sort >"$work/expected"
    cut -f 4,7 "$ledger" | sort >"$work/got"
    cmp -s "$work/expected" "$work/got" || {
        diff "$work/expected" "$work/got" | head -n 6 >&2
        die "$name: other texts arrived than should"
    }
    # and the digest is that of the text
    read -r number hash < <(head -n 1 "$ledger" | cut -f 4,5)
    IFS=, read -r who _ _ trade < <(grep ",$number," "$work/$name.csv")
    trade=${trade#\"} trade=${trade%\"} trade=${trade//\"\"/\"}
    expect "$text" "$who" "$trade"
    is "digest of a text" "$hash" "$(printf '%s' "$arrives" | sha256sum | cut -d ' ' -f 1)"
}
# answers N REFUSALS: so many replies came, of which so many refuse. Waits.
answers() {
    local want="$1 $2" got
    for _ in $(seq 400); do
        [ "$pulls" ] && pull
        got=$(zh --json reply ls | jq -r '"\(length) \([.[] | select(.refusal == "yes")] | length)"')
        [ "$got" = "$want" ] && return
        sleep 0.05
    done
    die "replies: got $got, expected $want"
}

# ---- an office ----

mkdir -p "$dir/secrets"
for s in "${!secrets[@]}"; do printf '%s' "${secrets[$s]}" >"$dir/secrets/$s"; done
chmod 600 "$dir"/secrets/*
printf '%s' "${secrets[$secret_name]}" >"$secret_file"
printf 'nobody-knows-it' >"$work/wrong-secret"
serve_port=1 port=1
conf
"$bin/zhanchi" init "$dir" >"$work/init.log" 2>&1 || die "init failed"
sed -i '/^ *number_gap = /d' "$dir"/gateways/*.conf # campaigns follow each other here, to the same people; sending.sh tries the gap
[ "$sabotage" = class ] &&
    sed -i 's/NUMBER = /XX = /; s/OPTOUT = /NUMBER = /; s/XX = /OPTOUT = /' "$dir"/gateways/*.conf
[ "$sabotage" = receipt ] &&
    sed -i '/state = /s/class = "OK"/class = "CONTENT"/' "$dir"/gateways/*.conf
templates
sandbox
serve
is "gateway check" "$(zh --json gateway check g | jq .gateway)" '"g"'
is_like only-pull && pulls=yes

# ---- one by one; everything that a receipt and a reply can be ----

misfortunes=(--vacant '138??1*' --black '138??2*' --undelivered '138??3*' --undelivered-code MK:0001 --rejected '138??4*' --expired '138??5*'
    --reply '138??6*' --refuse '138??7*' --keyword 禁忌 --receipt-duplicate 30% --receipt-early 25% --receipt-late 15% --receipt-late-by 1200
    --receipt-pending 40%)
is_like stops-at-wrong || misfortunes+=(--wrong '138??9*')
wrong_ones=9:2
is_like stops-at-wrong && wrong_ones=
groups="0 1 2 3 4 5 6 7 8 ${wrong_ones%:*}"

step "one by one"
conf 1
sandbox "${misfortunes[@]}"
# shellcheck disable=SC2086
campaign one own 01 0:27 1:3 2:2 3:3 4:2 5:2 6:4 7:3 8:2 $wrong_ones
dispatch 0
settled one
# shellcheck disable=SC2086
ended $groups
got=''
for g in $groups; do [[ ${ends[$g]} == rejected* ]] || got+=$g; done
[[ $profile == aliyun* ]] && got=${got/8/}
texts own one "$got"
answers 7 3
is refusals "$(zh --json optout ls | jq length)" 5
report=$(zh report one --format json --by none)
is "delivered, says the report" "$(jq .states.delivered <<<"$report")" 34
is "members, says the report" "$(jq .members <<<"$report")" "$(jq length "$work/messages")"
sandbox_end
[ "$(counter receipts_early)" -gt 0 ] || die "no receipt was early"
is "callbacks that we did not acknowledge" "$(counter callbacks_repeated) $(counter callbacks_dropped)" "0 0"
if is_like parts; then
    # Those of what was delivered are gone; of what was not, both parts are noted.
    [ "$(sqlite3 -readonly "$dir/zhanchi.db" 'SELECT count(*) FROM receipt_part WHERE part = 2 AND parts = 2')" -gt 0 ] || die "no receipt was about a part"
fi

step "later campaigns leave those alone that refused, at the phone or on the black list"
sandbox
{
    head -n 1 "$work/one.csv"
    for g in 0 2 6 7; do grep -E "^[^,]*,138..$g" "$work/one.csv" | head -n 3; done
} >"$work/again.csv"
campaign again own
dispatch 0
settled again
for g in 2 7; do is "group $g" "$(group $g)" "suppressed:optout"; done
for g in 0 6; do is "group $g" "$(group $g)" "delivered:"; done
texts own again 06

# ---- many in a request ----

if [ "$batches" ]; then
    step "many in a request; whom it is about is found"
    conf
    sandbox "${misfortunes[@]}" --wrong '138??9*'
    text=same
    is_like own-texts && text=own
    is_like stops-at-wrong && sandbox "${misfortunes[@]}"
    if [ $text = own ]; then
        # shellcheck disable=SC2086
        campaign many own 02 0:50 1:2 2:1 3:2 4:1 5:1 6:1 7:1 8:1 ${wrong_ones/2/1}
    else
        campaign many same 02 0:50 1:2 2:1 3:2 4:1 5:1 6:1 7:1 9:1
        groups=${groups/8/}
    fi
    total=$(($(wc -l <"$work/many.csv") - 1))
    dispatch 0
    settled many
    answers 9 4
    # shellcheck disable=SC2086
    ended $groups
    got=''
    for g in $groups; do [[ ${ends[$g]} == rejected* ]] || got+=$g; done
    if [[ $profile == aliyun* ]]; then # alone it is refused, among others taken and reported
        grep -q "^[0-9]*.[^	]*.[^	]*.138..8" "$ledger" || got=${got/8/}
    fi
    texts $text many "$got"
    sandbox_end
    # (Where reports are pulled, asking for them counts, too.)
    [ "$pulls" ] || [ "$(counter requests)" -lt $((total / 2)) ] || die "$total messages took $(counter requests) requests"

    if ! is_like whole; then
        step "an answer that lacks every other verdict: these are unknown"
        conf
        sandbox --partial 100% --receipt-lost 100%
        campaign half $text 03 0:20
        dispatch 0
        is "the half of it" "$(states half)" "accepted 10, unknown:network 10"
        texts $text half 0
        dispatch 0
        is "taken afterwards" "$(taken)" 20
    fi
fi

# ---- faults of requests ----

text=own
is_like own-texts || text=same
step "not now: sent again, and arrives once"
conf 4
faults=()
is_like flow && faults+=(--flow 40%)
is_like busy && faults+=(--busy 20%)
if [ ${#faults[@]} -gt 0 ]; then
    sandbox "${faults[@]}"
    campaign now $text 04 0:40
    dispatch 0
    settled now
    ended 0
    texts $text now 0
    sandbox_end
    [ "$(counter flow)" -gt 2 ] || die "the gateway was never too busy"
    [ "$(jq .retried "$work/dispatch.json")" -gt 5 ] || die "nothing was sent again"
fi

step "taken, but no answer tells: unknown, exactly these, and never again"
conf 1
faults=(--garbage 10% --truncated 10% --cut 10% --error-after 10% --reset-fresh-after 10% --reset-warm-after 10%)
is_like flow || faults+=(--flow 10%)
is_like busy || faults+=(--busy 10%)
is_like query && faults=(--quiet "${faults[@]}")
sandbox "${faults[@]}" --retry 200,200,200,400,400,1000,2000,4000,8000
serve_end # else the receipts would tell
campaign unknown own 05 0:40
dispatch 0
once
zh --json message ls unknown >"$work/messages"
unknown=$(jq '[.[] | select(.state == "unknown" and .cause == "network")] | length' "$work/messages")
accepted=$(jq '[.[] | select(.state == "accepted")] | length' "$work/messages")
is "unknown or accepted" $((unknown + accepted)) 40
before=$(taken)
dispatch 0
dispatch 0
is "taken afterwards" "$(taken)" "$before"
serve
# Without our reference, or a receipt, there is no telling what became of an unanswered one.
still=$((40 - before))
is_like no-ref && still=$unknown
for _ in $(seq 200); do
    is_like only-pull && break
    is_like query && zh message query unknown --state unknown >"$work/query.log" 2>&1
    zh --json message ls unknown >"$work/messages"
    left=$(jq '[.[] | select(.state == "unknown")] | length' "$work/messages")
    [ "$left" = "$still" ] && break
    sleep 0.05
done
is_like only-pull || is "those of which nobody can tell" "$left" "$still"
sandbox_end
c=$work/counters
after=$(jq '.garbage + .truncated + .cut + .error_after + .reset_after' "$c") untaken=$(jq '.flow + .busy' "$c")
is_like flow && untaken=$((untaken - $(jq .flow "$c")))
is_like busy && untaken=$((untaken - $(jq .busy "$c")))
if ! is_like query; then # questions had their faults, too
    is "unknown ones" "$unknown" $((after + untaken))
    is "taken ones" "$before" $((40 - untaken))
fi
[ "$after" -gt 8 ] || die "hardly an answer was spoilt"

step "it does not let us in, then has no more of our money, then all is well"
conf 3
secret_file=$work/wrong-secret
sandbox
secret_file=$work/secret
campaign money $text 06 0:30
dispatch 75
is "the lane stops, its messages wait" "$(states money)" "$(zh --json message ls money | jq -r '[.[] | select(.cause == "config")] | length | if . == 30 then "queued:config 30" elif . > 0 then "queued \(30 - .), queued:config \(.)" else "none" end')"
is "taken by whom we do not know" "$(taken)" 0
sandbox --balance 11
dispatch 75
grep -q '"why_left":"gateway g' "$work/dispatch.json" || die "it is not said why"
[ "$(taken)" -ge 9 ] && [ "$(taken)" -le 11 ] || die "$(taken) were taken for the price of 11"
settled money queued
is "those without money wait" "$(jq '[.[] | select(.state == "queued")] | length' "$work/messages")" $((30 - $(taken)))
sandbox
dispatch 0
settled money
ended 0
texts $text money 0

if is_like stops-at-wrong; then
    step "a code of which nothing is known stops the lane: nothing is lost"
    conf 1
    sandbox --wrong '138??9*'
    campaign stop own 07 0:3 9:1
    dispatch 75
    settled stop queued
    is "the one that it does not like" "$(group 9)" queued:config
    sandbox
    dispatch 0
    settled stop
    texts own stop 09
fi

step "enough for today"
conf 1
sandbox --daily-cap 1
campaign cap1 own 08 0:3
dispatch 0
settled cap1
ended 0
campaign cap2 same 08 0:3
if is_like cap; then
    dispatch 0
    is "those that had enough" "$(states cap2)" "queued:limit 3"
    is "taken" "$(taken)" 0
    [ "$(zh --json message ls cap2 | jq '[.[] | select(.due != "")] | length')" = 3 ] || die "nobody says when they are due"
    must campaign cancel cap2 --yes
elif [ "$profile" = twilio ]; then # it has one word for this and for going too fast
    zh dispatch --max-runtime 1s >"$work/dispatch.log" 2>&1
    is "those that had enough" "$(zh --json message ls cap2 | jq '[.[] | select(.state == "queued")] | length')" 3
    is "taken" "$(taken)" 0
    must campaign cancel cap2 --yes
else
    dispatch 0
    settled cap2
    is "those that had enough" "$(states cap2)" "undelivered:limit 3"
fi

# ---- pulls ----

if is_like pull; then
    step "receipts and replies that are fetched"
    pulls=yes
    conf
    had=$(zh --json optout ls | jq length)
    sandbox --quiet "${misfortunes[@]}"
    campaign fetched $text 09 0:40 1:2 2:1 3:2 4:2 5:1 6:3 7:2
    dispatch 0
    settled fetched
    ended 0 1 2 3 4 5 6 7
    answers 14 6
    is "refusals learnt" "$(zh --json optout ls | jq length)" $((had + 3))
fi

if [ "$dialect" = huawei ]; then
    step "requests that name no address for their receipts: these come as JSON, many at once"
    for c in half unknown; do must campaign cancel $c --yes; done # they were approved for the profile as it was
    sed -i '/statusCallback = /d' "$dir"/gateways/*.conf
    conf 10
    sandbox "${misfortunes[@]}"
    campaign batched own 09 0:20 1:2 2:1 6:1
    dispatch 0
    settled batched
    ended 0 1 2 6
fi

# ---- one text by hand ----

if [ "$profile" = twilio ]; then # its answers name the number
    step "gateway test shows the answer, and not the number"
    sandbox --quiet
    zh gateway test g <<<13812340001 >"$work/test.log" 2>/dev/null
    grep -qF '"to":"+86138****0001"' "$work/test.log" || die "the answer is not shown"
    grep -q 13812340001 "$work/test.log" && die "the number is shown"
fi

[ "$sabotage" ] && die "nobody noticed that $sabotage is sabotaged"
zh audit verify >/dev/null 2>&1 || die "the chain broke"
echo "provider $profile: good"
