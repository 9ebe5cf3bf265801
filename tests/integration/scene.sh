# scene.sh NAME: what shell tests of commands share, to be sourced behind bin=BIN_DIR. A folder of their own that goes with them, a language and an
# actor that do not depend on the machine, and two ways to fail: die at once, or fail and go on to `exit $failed`.
# shellcheck shell=bash disable=SC2034
scene=$1
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/zhanchi-$scene.XXXXXX")
trap 'rm -rf "$work"' EXIT
dir=$work/office
export ZHANCHI_ACTOR=wang LC_ALL=C.UTF-8
unset LANGUAGE
die() {
    echo "$scene: $*" >&2
    tail -n 30 "$work"/*.log >&2
    [ -f "$work/out" ] && tail -n 30 "$work/out" >&2
    exit 1
}
failed=0
fail() {
    echo "FAIL: $scene: $*" >&2
    failed=1
}
step() { echo "$scene: $*"; }
zh() { "$bin/zhanchi" -c "$dir/zhanchi.conf" "$@"; }
refuses() { # STATUS WANTED COMMAND...: it ends with STATUS, and WANTED stands in what it prints
    local status=$1 wanted=$2 got
    shift 2
    zh "$@" >"$work/out" 2>&1
    got=$?
    [ $got = "$status" ] || fail "$*: status $got, not $status: $(cat "$work/out")"
    grep -qF -- "$wanted" "$work/out" || fail "$*: no '$wanted' in: $(cat "$work/out")"
}
is() { [ "$2" = "$3" ] || die "$1: got '$2', expected '$3'"; }

# office [URL [GATEWAYS]]: a work directory with a gateway 12333 at that URL (by default nobody answers there), and further ones in libconfig's words.
office() {
    mkdir -p "$dir/secrets"
    printf clear >"$dir/secrets/app"
    printf secretsecretsecret >"$dir/secrets/secret"
    chmod 600 "$dir"/secrets/*
    cat >"$dir/zhanchi.conf" <<CONF
people = { actor_source = "environment"; };
store = { epoch_dir = "$work/epoch"; };
log = { level = "warn"; };
gateways = ( { name = "12333"; profile = "gateways/12333.conf"; url = "${1:-http://127.0.0.1:9}";
               secret_files = { app = "secrets/app"; secret = "secrets/secret"; }; }${2:+, $2} );
CONF
    "$bin/zhanchi" init "$dir" >"$work/init.log" 2>&1 || die "init failed"
}
