#!/bin/bash
# smtp.sh BIN_DIR: emails through a real mail server (Exim, from Debian's packages) that this test runs by itself on loopback, out of a
# folder of its own: STARTTLS under an authority of our own, login, refusals of recipients, a server that dies with messages in its
# hand, bounces read back, refusals of mail addresses. No system service is touched.
set -u
bin=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/zhanchi-smtp.XXXXXX")
dir=$work/office mta=$work/mta
exim=$(PATH=$PATH:/usr/sbin command -v exim4)
exim_pid='' port=''
export ZHANCHI_ACTOR=maker LC_ALL=C.UTF-8

stop_exim() {
    [ -z "$exim_pid" ] || kill -9 -- "-$exim_pid" 2>/dev/null
    [ -z "$exim_pid" ] || wait "$exim_pid" 2>/dev/null
    exim_pid=''
}
dispatcher=''
cleanup() {
    [ "$dispatcher" ] && kill -9 "$dispatcher" 2>/dev/null
    stop_exim
    rm -rf "$work"
}
trap cleanup EXIT
die() {
    echo "smtp: $*" >&2
    tail -n 30 "$work"/*.log "$mta"/log/* >&2
    exit 1
}
step() { echo "smtp: $*"; }
is() { [ "$2" = "$3" ] || die "$1: got '$2', expected '$3'"; }
zh() { "$bin/zhanchi" -c "$dir/zhanchi.conf" "$@"; }
until_true() { # WHAT COMMAND...
    local what=$1
    shift
    for _ in $(seq 600); do
        "$@" && return
        sleep 0.05
    done
    die "waited in vain: $what"
}
if [ "$(id -u)" != 0 ]; then
    echo "smtp: skipped: only root may start Exim"
    exit 77
fi
[ -x "$exim" ] || die "exim4 is missing; scripts/deps --test installs it"

# ---- the mail server ----

certificates() {
    mkdir "$mta/tls"
    {
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Office CA" -keyout "$mta/tls/ca.key" -out "$work/ca.pem" &&
            openssl req -newkey rsa:2048 -nodes -subj "/CN=mail.office.test" -keyout "$mta/tls/key.pem" -out "$mta/tls/csr" &&
            printf 'subjectAltName=DNS:localhost\n' >"$mta/tls/ext" &&
            openssl x509 -req -in "$mta/tls/csr" -CA "$work/ca.pem" -CAkey "$mta/tls/ca.key" -CAcreateserial -days 2 \
                -extfile "$mta/tls/ext" -out "$mta/tls/cert.pem"
    } >"$work/openssl.log" 2>&1 || die "no certificates"
}

exim_conf() { # PORT
    cat <<CONF
primary_hostname = mail.office.test
spool_directory = $mta/spool
log_file_path = $mta/log/%slog
pid_file_path = $mta/spool/pid
daemon_smtp_ports = $1
local_interfaces = 127.0.0.1
disable_ipv6 = true
host_lookup =
rfc1413_hosts =
keep_environment =
deliver_drop_privilege = true
tls_advertise_hosts = *
tls_certificate = $mta/tls/cert.pem
tls_privatekey = $mta/tls/key.pem
auth_advertise_hosts = *
log_selector = +smtp_protocol_error
smtp_accept_queue_per_connection = 0
acl_smtp_connect = acl_connect
acl_smtp_mail = acl_mail
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
acl_not_smtp = accept
begin acl
acl_connect:
  accept condition = \${if exists{$mta/slow}}
         delay = 3s
  accept
acl_mail:
  deny sender_domains = elsewhere.test
       message = 5.7.1 not your sender
  accept
acl_rcpt:
  deny !authenticated = *
       message = 5.7.0 Authentication required
  defer local_parts = grey
       condition = \${if !exists{$mta/known}}
       message = 4.7.1 Greylisted, come again
  deny local_parts = nobody
       message = 5.1.1 User unknown
  deny local_parts = full
       message = 5.2.2 Mailbox full
  accept
acl_data:
  deny condition = \${if match{\$message_body}{5Yaz}}
       message = 5.7.1 This text is not taken
  accept condition = \${if exists{$mta/hold}}
       logwrite = in hand: \$recipients
       delay = 600s
  accept
begin routers
closed:
  driver = redirect
  local_parts = closed
  allow_fail
  data = :fail: 550 5.1.1 The mailbox is closed
sender:
  driver = accept
  local_parts = outreach
  transport = sender
everybody:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  directory = $mta/box
  maildir_format
  envelope_to_add
sender:
  driver = appendfile
  directory = $mta/bounces
  maildir_format
begin retry
*  *  F,1h,1m
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{\$auth2}{office}}{eq{\$auth3}{open sesame}}}}
  server_set_id = \$auth2
  server_advertise_condition = \${if def:tls_in_cipher}
CONF
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
up() { listening || ! kill -0 "$exim_pid" 2>/dev/null; }
start_exim() { # the same port again, if there was one
    for try in "${port:-0}" $((20000 + RANDOM % 10000)) $((30000 + RANDOM % 2000)) $((20000 + RANDOM % 10000)); do
        [ "$try" != 0 ] || continue
        port=$try
        exim_conf "$port" >"$mta/exim.conf"
        setsid "$exim" -C "$mta/exim.conf" -bdf >>"$work/exim.log" 2>&1 &
        exim_pid=$!
        until_true "exim" up
        if kill -0 "$exim_pid" 2>/dev/null; then return; fi
    done
    die "exim does not start"
}

mkdir -p "$mta/spool" "$mta/log" "$mta/box" "$mta/bounces"
certificates
chmod 755 "$work" "$mta"
chown -R Debian-exim: "$mta" # it gives up root's rights by itself
start_exim

# ---- the office ----

conf() { # CA
    cat <<CONF
store = { epoch_dir = "$work/epoch"; };
people = { actor_source = "environment"; };
office = { name = "示例市人社局"; phone12333 = "12333"; };
log = { level = "warn"; };
dispatch = { backoff_base = "50ms"; backoff_cap = "200ms"; breaker_failures = 4; breaker_pause = "50ms"; };
gateways = ( { name = "mail"; profile = "gateways/smtp.conf"; url = "smtp://localhost:$port"; $1
               settings = { from = "outreach@office.test"; unsubscribe = "<mailto:outreach@office.test>"; };
               secret_files = { user = "secrets/user"; password = "secrets/password"; }; },
             { name = "12333"; profile = "gateways/12333.conf"; url = "http://127.0.0.1:1";
               secret_files = { app = "secrets/user"; secret = "secrets/password"; }; } );
CONF
}
secret() { printf '%s' "$2" >"$dir/secrets/$1" && chmod 600 "$dir/secrets/$1"; }
with_ca='ca_file = "../ca.pem";'

mkdir -p "$dir/secrets"
conf "$with_ca" >"$dir/zhanchi.conf"
zh init "$dir" >"$work/init.log" 2>&1 || die "init failed"
secret user office
secret password 'open sesame'

cat >"$work/mail.tmpl" <<'TMPL'
name: mail
channel: email
topic: skills
kind: status
signature: 示例市人社局
subject: {{name}}，您的{{occupation}}证书可以申领技能提升补贴（请在期限内办理，逾期不予受理）
---
{{name}}您好：
您的{{occupation}}证书可以申领补贴。
.这一行以点开头
From 这一行以From开头

咨询电话{{phone12333}}。
TMPL
printf 'name: text\ntopic: skills\nkind: status\nsignature: 示例市人社局\n---\n{{name}}您好。\n' >"$work/text.tmpl"

list() { # NAME: rows "name,address" on standard input
    awk -F, -v p="$((RANDOM % 9000 + 1000))" 'BEGIN { print "姓名,手机号码,电子邮箱,工种" } { printf "%s,1380%04d%03d,%s,电工\n", $1, p, NR, $2 }' >"$work/$1.csv"
    zh list import "$work/$1.csv" --name "$1" >"$work/import.log" 2>&1
}
campaign() { # NAME
    {
        zh campaign create "$1" --list "$1" --template "$work/mail.tmpl" --gateway mail --window 00:00-24:00 &&
            zh campaign submit "$1" && ZHANCHI_ACTOR=checker zh campaign approve "$1"
    } >"$work/setup.log" 2>&1 || die "campaign $1 failed"
}
states() { # NAME; what waits, for whatever cause
    zh message ls "$1" --json 2>>"$work/ls.log" |
        jq -r '[.[] | .state + (if .cause == "" or .cause == null or .state == "queued" then "" else "/" + .cause end)] | group_by(.) | map("\(.[0]):\(length)") | join(" ")'
}
dispatch() { zh dispatch "$@" >"$work/dispatch.log" 2>&1; }
delivered() { grep -l "^Envelope-to: $1@" "$mta"/box/new/* 2>/dev/null | wc -l; }
delivered_all() { [ "$(find "$mta/box/new" -type f 2>/dev/null | wc -l)" = "$1" ]; }

# ---- what is written down ----

step "the profile: read, shown without its secrets, also before it is configured"
zh gateway check "$dir/gateways/smtp.conf" >"$work/check.log" 2>&1 || die "gateway check of a file fails"
zh gateway check mail >"$work/check.log" 2>&1 || die "gateway check fails"
grep -q 'open sesame' "$work/check.log" && die "gateway check shows the password"
grep -q '^  *SMTP smtp://localhost:' "$work/check.log" || die "gateway check does not show the server"

step "lists: good addresses are repaired, bad ones are rejected, a missing one is none"
printf '%s\n' '甲,a b@office.test' '乙,li@' '丙,无' '丁,' '戊,  Wang@Office.TEST ' '己,x@a.cn;y@a.cn' '庚,李@office.test' |
    list odd
is rejected "$(zh list rejects odd --json | jq -r '[.[].reason] | sort | join(" ")')" "email-chars email-domain email-idn email-several"

step "campaigns: one channel, the gateway's; who has no address is told beforehand"
zh campaign create wrong --list odd --template "$work/mail.tmpl" --gateway 12333 >"$work/err.log" 2>&1 && die "emails for an SMS gateway"
grep -q 'is for email' "$work/err.log" || die "the wrong channel is not named"
zh campaign create wrong --list odd --template "$work/text.tmpl" --gateway mail >"$work/err.log" 2>&1 && die "SMS for a mail server"
zh campaign create wrong --list odd --template "$work/mail.tmpl" --template "$work/text.tmpl" --gateway mail >"$work/err.log" 2>&1 &&
    die "two channels in one campaign"
zh campaign create odd --list odd --template "$work/mail.tmpl" --gateway mail --window 00:00-24:00 >"$work/setup.log" 2>&1 || die "create"
is forecast "$(zh campaign forecast odd --json | jq -c '[.messages, .segments, .suppressed."no-address"]')" '[1,1,2]'
zh campaign preview odd >"$work/preview.log" 2>&1 || die "preview"
grep -q 'W\*\*\*@office.test' "$work/preview.log" && grep -q '^subject: ' "$work/preview.log" || die "preview shows no masked address, no subject"
grep -q 'Wang@' "$work/preview.log" && die "preview shows an address"

step "refusals out of a file of mail addresses"
printf '邮箱\nfar@office.test\n不是邮箱\n' >"$work/refusals.csv"
zh optout import "$work/refusals.csv" >"$work/optout.log" 2>&1
is "status" $? 65
is "refuses" "$(echo FAR@office.test | zh optout check --json | jq -r '.[0].refused')" yes
is "another" "$(echo fer@office.test | zh optout check --json | jq -r '.[0].refused')" no

# ---- delivery ----

step "delivery: STARTTLS under our own authority, login, Chinese subject and text byte for byte"
printf '%s\n' '张建国,zhang@office.test' '李𠮷娜,Li.Na@office.test' '王五,nobody@office.test' '赵六,grey@office.test' \
    '钱七,full@office.test' '孙八,closed@office.test' '周九,stop@office.test' '吴十,late@office.test' | list first
echo 'STOP@Office.test' | zh optout add >"$work/optout.log" 2>&1 || die "optout add"
campaign first
echo late@office.test | zh optout add >"$work/optout.log" 2>&1 || die "optout add"
is "refused after approval" "$(states first)" "queued:6 suppressed/optout:2"
dispatch --max-runtime 5s
grep -q 'Greylisted' "$mta"/log/*log || die "nobody was greylisted"
touch "$mta/known"
until_true "the greylisted one" sh -c "'$bin/zhanchi' -c '$dir/zhanchi.conf' dispatch >'$work/dispatch.log' 2>&1"
until_true "three mails" delivered_all 3
is states "$(states first)" "accepted:4 rejected/content:1 rejected/number:1 suppressed/optout:2"
is "mails to li" "$(delivered li.na)$(delivered Li.Na)" 01
is "mails to those who refused" "$(delivered stop)$(delivered late)" 00
is "mails to grey" "$(delivered grey)" 1
grep -q 'X=TLS' "$mta"/log/mainlog || die "the session was not encrypted"
grep -q 'A=plain:office' "$mta"/log/mainlog || die "nobody logged in"

letter=$(grep -l '^Envelope-to: Li.Na@' "$mta"/box/new/*)
sed '1,/^$/d' "$letter" | openssl base64 -d | tr -d '\r' >"$work/body"
printf '%s\n' '【示例市人社局】李𠮷娜您好：' '您的电工证书可以申领补贴。' '.这一行以点开头' 'From 这一行以From开头' '' '咨询电话12333。' >"$work/expected"
cmp "$work/expected" "$work/body" || die "the text came out differently: $(cat "$work/body")"
subject=$(awk '/^Subject:/ { on = 1; print; next } on && /^ / { print; next } { on = 0 } /^$/ { exit }' "$letter" |
    grep -o '=?UTF-8?B?[^?]*?=' | sed 's/^=?UTF-8?B?//; s/?=$//' | while read -r word; do echo "$word" | openssl base64 -d; done)
is subject "$subject" '李𠮷娜，您的电工证书可以申领技能提升补贴（请在期限内办理，逾期不予受理）'
is "long header lines" "$(sed '/^$/q' "$letter" | awk 'length > 78 && !/^(Received|	)/' | wc -l)" 0
for h in 'Message-ID: <Z' 'Date: ' 'List-Unsubscribe: <mailto:outreach@office.test>' 'Auto-Submitted: auto-generated' 'MIME-Version: 1.0' \
    'To: <Li.Na@office.test>' 'From: =?UTF-8?B?'; do
    grep -qF "$h" "$letter" || die "header $h is missing"
done
grep -q '138' "$letter" && die "the letter holds the telephone number"

step "a second body in HTML: both go, what a row holds is escaped"
cat >"$work/both.tmpl" <<'TMPL'
name: both
channel: email
topic: skills
kind: status
signature: 示例市人社局
subject: 两种
---
{{name}}您好。
--- html
<p><b>{{name}}</b>您好。</p>
TMPL
echo '甲<i>&乙,both@office.test' | list both
zh campaign create both --list both --template "$work/both.tmpl" --gateway mail --window 00:00-24:00 >"$work/setup.log" 2>&1 &&
    zh campaign submit both >>"$work/setup.log" 2>&1 && ZHANCHI_ACTOR=checker zh campaign approve both >>"$work/setup.log" 2>&1 || die "campaign both failed"
dispatch
until_true "the letter" sh -c "grep -lq '^Envelope-to: both@' '$mta'/box/new/*"
letter=$(grep -l '^Envelope-to: both@' "$mta"/box/new/*)
grep -q '^Content-Type: multipart/alternative; boundary=' "$letter" || die "no alternatives: $(cat "$letter")"
part() { awk -v type="$1" '/^Content-Type:/ { on = index($0, type) } /^--/ { on = 0 } on && !/:/ && NF' "$letter" | openssl base64 -d | tr -d '\r'; }
is "the plain part" "$(part text/plain)" '【示例市人社局】甲<i>&乙您好。'
is "the HTML part" "$(part text/html)" '<p><b>甲&lt;i&gt;&amp;乙</b>您好。</p>'
rm "$letter"
until_true "nothing of it waits" sh -c "[ \"\$('$bin/zhanchi' -c '$dir/zhanchi.conf' message ls both --json | jq -r '.[0].state')\" = accepted ]"

# ---- bounces ----

step "bounces: read out of the mailbox, once; other letters stay"
until_true "a bounce" sh -c "[ \"\$(find '$mta/bounces/new' -type f 2>/dev/null | wc -l)\" = 1 ]"
printf 'From: li@office.test\nTo: outreach@office.test\nSubject: Re\n\nThank you.\n' >"$mta/bounces/new/1.letter"
bounces=$(zh receipt bounces "$mta/bounces" --gateway mail --json 2>"$work/bounces.log") || die "receipt bounces"
is bounces "$bounces" '{"letters":2,"bounces":1,"foreign":0,"unreadable":0,"moved":1}'
is states "$(states first)" "accepted:3 rejected/content:1 rejected/number:1 suppressed/optout:2 undelivered/number:1"
is receipt "$(zh receipt ls --json | jq -r '.[0].class')" NUMBER
is "again" "$(zh receipt bounces "$mta/bounces" --gateway mail --json)" '{"letters":1,"bounces":0,"foreign":0,"unreadable":0,"moved":0}'
[ -e "$mta/bounces/new/1.letter" ] || die "somebody's letter was taken"
is "read ones" "$(find "$mta/bounces/cur" -name '*:2,S' | wc -l)" 1
{ echo 'From MAILER-DAEMON Fri Nov 27 16:00:00 2026' && cat "$mta"/bounces/cur/*:2,S; } >"$work/mbox"
is "the same as mbox" "$(zh receipt bounces "$work/mbox" --gateway mail --json)" '{"letters":1,"bounces":1,"foreign":0,"unreadable":0,"moved":0}'

step "bounces: what waits in the inbox beside them is applied as ever, with the office's own words of refusal"
echo '{"replies":[{"id":"1","from":"13800000099","text":"我不要","at":"2026-11-23 10:00:05"}]}' >"$work/replies.json"
zh reply import "$work/replies.json" --gateway 12333 >"$work/import.log" 2>&1 || die "reply import"
before=$(zh optout ls --json | jq length)
sqlite3 "$dir/zhanchi.db" "DELETE FROM reply; DELETE FROM meta WHERE name = 'watermark'" # as if it waited
echo 'serve = { optout_words = [ "我不要" ]; };' >>"$dir/zhanchi.conf"
zh receipt bounces "$work/mbox" --gateway mail --json >"$work/bounces.log" 2>&1 || die "receipt bounces"
is "refusals" "$(zh optout ls --json | jq length)" $((before + 1))

# ---- refusals of us ----

step "a wrong password stops the lane; nothing is lost, the list is not burnt"
printf '甲%s,w%s@office.test\n' $(for i in $(seq 30); do echo "$i $i"; done) | list second
campaign second
secret password wrong
dispatch
grep -q 'refuses us (code 535' "$work/dispatch.log" || die "the refused login is not told"
[ "$(grep -c 'authenticator failed' "$mta"/log/mainlog)" -le 4 ] || die "a wrong password was tried more often than there are connections"
is states "$(states second)" "queued:30"
secret password 'open sesame'

step "an unknown authority: nothing is said to such a server"
conf "" >"$dir/zhanchi.conf"
before=$(grep -c 'A=plain' "$mta"/log/mainlog)
dispatch
grep -q 'certificate' "$work/dispatch.log" || die "the certificate is not blamed"
is states "$(states second)" "queued:30"
is "logins" "$(grep -c 'A=plain' "$mta"/log/mainlog)" "$before"
conf "$with_ca" >"$dir/zhanchi.conf"

# ---- a server that dies ----

step "killed between DATA and 250: unknown are those that it had in hand, the others go later, none twice"
touch "$mta/hold"
"$bin/zhanchi" -c "$dir/zhanchi.conf" dispatch >"$work/dispatch.log" 2>&1 &
dispatcher=$!
until_true "four in hand" sh -c "[ \"\$(grep -c 'in hand' '$mta'/log/mainlog)\" = 4 ]"
stop_exim
wait $dispatcher
dispatcher=''
is states "$(states second)" "queued:26 unknown/network:4"
rm "$mta/hold"
start_exim
until_true "the others" sh -c "'$bin/zhanchi' -c '$dir/zhanchi.conf' dispatch >'$work/dispatch.log' 2>&1"
until_true "26 more mails" delivered_all 29
is states "$(states second)" "accepted:26 unknown/network:4"
is twice "$(grep -h '^Envelope-to: ' "$mta"/box/new/* | sort | uniq -d | wc -l)" 0
grep -h 'in hand: ' "$mta"/log/mainlog | sed 's/.*in hand: //' | while read -r a; do
    is "mails to $a, which nobody can know of" "$(grep -l "^Envelope-to: $a" "$mta"/box/new/* | wc -l)" 0 || exit 1
done || exit 1
step "the dispatcher killed with messages in the server's hand: unknown, never sent again"
seq 6 | sed 's/.*/乙&,k&@office.test/' | list third
campaign third
touch "$mta/hold"
"$bin/zhanchi" -c "$dir/zhanchi.conf" dispatch >"$work/dispatch.log" 2>&1 &
dispatcher=$!
until_true "four more in hand" sh -c "[ \"\$(grep -c 'in hand' '$mta'/log/mainlog)\" = 8 ]"
kill -9 $dispatcher
wait $dispatcher 2>/dev/null
dispatcher=''
stop_exim
rm "$mta/hold"
start_exim
until_true "the others" sh -c "'$bin/zhanchi' -c '$dir/zhanchi.conf' dispatch >'$work/dispatch.log' 2>&1"
until_true "2 more mails" delivered_all 31
is states "$(states third)" "accepted:2 unknown/crash:4"

step "a server that greets late is not asked again and again"
printf '丙一,late1@office.test\n丙二,late2@office.test\n' | list fourth
campaign fourth
touch "$mta/slow"
dispatch --max-runtime 30s
is states "$(states fourth)" "accepted:2"
rm "$mta/slow"

zh doctor >"$work/doctor.log" 2>&1
grep -q FAIL "$work/doctor.log" && die "doctor is not content"

step "nothing of it names anybody: database, logs, what commands print"
words='li\.na@|zhang@|wang@|w[0-9]+@office|nobody@|张建国|李𠮷娜'
found=$(grep -rlaiE "$words" "$dir" "$work"/{dispatch,bounces,setup,doctor,preview,optout,import,ls}.log)
[ -z "$found" ] || die "addresses or names stand in $found"
grep -qaiE "$words" "$work/first.csv" || die "the search finds nothing at all"
echo "smtp: good"
