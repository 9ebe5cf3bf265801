# boxes: a Kannel of one's own in a folder: bearerbox, smsbox and a fakesmsc, on free ports of 127.0.0.1. Sourced by kannel.sh and scripts/bench.
#
#   boxes_configure FOLDER SERVE_URL TOKEN STORE [SMSC_URL]     STORE is spool or file; an HTTP SMSC takes numbers that begin with 199
#   boxes_start, boxes_stop                                     the whole
#   bearerbox_start, smsbox_start, fakesmsc_start               one
#   boxes_kill NAME...                                          with SIGKILL; NAME is bearerbox, smsbox or fakesmsc
#
# Sets kannel, sendsms_url, http_smsc_url, status_url and mo_port. Processes are known by the configuration file, or port, that they were
# started with: only ours name it. (smsbox replaces itself when bearerbox is gone, so its first process id does not last.)
# Whoever sources this has `die` and stops everything with boxes_stop in the end. Deadlines are generous: they only end a test that failed.

PATH=$PATH:/usr/sbin
fakesmsc_bin=/usr/lib/kannel/test/fakesmsc
boxes_deadline_s=${boxes_deadline_s:-120}

# Below the range from which the kernel takes ports for outgoing connections; listening ones of others answer.
boxes_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 10000))
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

boxes_pids() { # NAME
    case $1 in
    fakesmsc) pgrep -f -- "^$fakesmsc_bin -H 127.0.0.1 -r ($fake_port|$mo_port) " ;;
    *) pgrep -f -- "^$1 .*$kannel/kannel.conf\$" ;;
    esac
}

boxes_kill() {
    local name pid
    for name in "$@"; do
        for pid in $(boxes_pids "$name"); do kill -9 "$pid" 2>/dev/null || :; done
    done
    for name in "$@"; do
        while [ "$(boxes_pids "$name")" ]; do sleep 0.02; done
    done
}
boxes_stop() {
    [ "${kannel:-}" ] || return 0
    boxes_kill smsbox bearerbox fakesmsc 2>/dev/null
}

boxes_until() { # WHAT COMMAND...
    local what=$1 end=$((SECONDS + boxes_deadline_s))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || die "kannel: waited in vain for $what"
        sleep 0.05
    done
}

boxes_configure() {
    kannel=$1
    local serve_url=$2 token=$3 store=$4 smsc_url=${5:-}
    mkdir -p "$kannel/store"
    admin_port=$(boxes_port) box_port=$(boxes_port) fake_port=$(boxes_port) mo_port=$(boxes_port)
    http_port=$(boxes_port) sendsms_port=$(boxes_port)
    sendsms_url=http://127.0.0.1:$sendsms_port http_smsc_url=http://127.0.0.1:$http_port
    status_url="http://127.0.0.1:$admin_port/status.txt?password=status"
    {
        cat <<CONF
group = core
admin-port = $admin_port
admin-interface = 127.0.0.1
admin-password = admin
status-password = status
smsbox-port = $box_port
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
box-deny-ip = "*.*.*.*"
log-file = "$kannel/bearerbox.log"
log-level = 2
dlr-storage = internal
store-type = $store
store-location = "$kannel/store$([ "$store" = file ] && echo /store)"
sms-outgoing-queue-limit = -1

# A fakesmsc connects here, prints what it gets, and all of it is delivered at once.
group = smsc
smsc = fake
smsc-id = FAKE
port = $fake_port
connect-allow-ip = 127.0.0.1
$([ "$smsc_url" ] && echo "denied-prefix = 199")

# Another one connects here to send replies; nothing is sent to it.
group = smsc
smsc = fake
smsc-id = REPLIES
port = $mo_port
connect-allow-ip = 127.0.0.1
allowed-prefix = none

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = $sendsms_port
sendsms-interface = 127.0.0.1
global-sender = 10690000
log-file = "$kannel/smsbox.log"
log-level = 2
http-request-retry = 600
http-queue-delay = 1
CONF
        [ "$store" = file ] || echo "access-log = \"$kannel/access.log\""
        cat <<CONF

group = sendsms-user
username = zhanchi
password = right
user-allow-ip = "127.0.0.1"
user-deny-ip = "*.*.*.*"
concatenation = true
max-messages = 10

group = sms-service
keyword = default
get-url = "$serve_url/kannel/reply?token=$token&from=%p&to=%P&text=%b&charset=%C&id=%I&at=%T"
accept-x-kannel-headers = false
omit-empty = true
max-messages = 0
CONF
        [ "$smsc_url" ] && cat <<CONF

group = smsc
smsc = http
system-type = generic
smsc-id = HTTP
port = $http_port
smsc-username = smsc
smsc-password = smsc
connect-allow-ip = 127.0.0.1
allowed-prefix = 199
max-pending-submits = 64
send-url = "$smsc_url/send?to=%p&id=%I"
status-success-regex = "^OK"
status-permfail-regex = "^BAD"
status-tempfail-regex = "^LATER"
generic-foreign-id-regex = "id=([0-9]+)"
CONF
        :
    } >"$kannel/kannel.conf"
}

boxes_status() { curl -s -m 10 "$status_url"; }
boxes_online() { grep -q "$1" <<<"$(boxes_status)"; }
bearerbox_up() { boxes_online '^Status: running'; }

bearerbox_start() {
    bearerbox -v 4 "$kannel/kannel.conf" >>"$kannel/bearerbox.out" 2>&1 &
    disown
    local end=$((SECONDS + boxes_deadline_s))
    until bearerbox_up; do
        [ "$(boxes_pids bearerbox)" ] || return 1
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05
    done
}

# One may be on its way back by itself, or may have given up.
smsbox_up() {
    if [ -z "$(boxes_pids smsbox)" ]; then
        smsbox -v 4 "$kannel/kannel.conf" >>"$kannel/smsbox.out" 2>&1 &
        disown
    fi
    boxes_online 'smsbox:.*on-line' && [ "$(curl -s -m 10 -o "$kannel/null" -w '%{http_code}' "$sendsms_url/cgi-bin/sendsms")" = 403 ]
}
smsbox_start() { boxes_until "smsbox" smsbox_up; }

# "Got message N: <FROM TO KIND TEXT>" a message
fakesmsc_start() {
    "$fakesmsc_bin" -H 127.0.0.1 -r "$fake_port" -m 0 "1 2 text x" >>"$kannel/fakesmsc.log" 2>&1 &
    disown
    boxes_until "fakesmsc" boxes_online 'FAKE\[FAKE\].*(online'
}

# A reply, as fakesmsc writes one: "FROM TO text|ucs2|data TEXT"
fakesmsc_reply() {
    "$fakesmsc_bin" -H 127.0.0.1 -r "$mo_port" -i 0.01 -m 1 "$1" >"$kannel/reply.log" 2>&1 &
    local pid=$!
    disown
    boxes_until "a reply to be taken" reply_taken
    kill -9 $pid 2>/dev/null || :
    boxes_until "the end of a fakesmsc" boxes_online 'REPLIES\[REPLIES\].*(re-connecting'
}
replies_taken=0
reply_taken() { # bearerbox counts them
    local n
    n=$(boxes_status | sed -n 's/.*REPLIES\[REPLIES\].*rcvd: sms \([0-9]*\) .*/\1/p')
    [ "${n:-0}" -gt "$replies_taken" ] && replies_taken=$n
}

boxes_start() {
    bearerbox_start || return 1
    smsbox_start
    fakesmsc_start
}

# All that bearerbox took has been given to an SMSC and answered by it, all receipts and replies to an smsbox.
boxes_idle() {
    boxes_online '^SMS: received [0-9]* (0 queued), sent [0-9]* (0 queued), store size 0$'
}
