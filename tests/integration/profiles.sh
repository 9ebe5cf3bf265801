#!/bin/bash
# Every shipped profile, and the one of docs/new-gateway.md: it is read, makes its requests, and reads its samples as it says. A sample that is read in
# another way must be told.
#
#   profiles.sh BIN SOURCE
set -euo pipefail
bin=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
die() { echo "profiles: $*" >&2; exit 1; }

sed -n '/^```conf$/,/^```$/p' "$source/docs/new-gateway.md" | sed '/^```/d' | sed '/^gateways = (/,$d' >"$work/youlian.conf"
[ -s "$work/youlian.conf" ] || die "the guide has no profile in it"

count=0
for profile in "$source"/conf/gateways/*.conf "$work/youlian.conf"; do
    "$bin/zhanchi" gateway check "$profile" >"$work/out" 2>&1 || { cat "$work/out"; die "$profile"; }
    grep -q '^samples:' "$work/out" || die "$profile has no samples"
    "$bin/zhanchi" --json gateway check "$profile" | jq -e '.requests | length > 0' >/dev/null || die "$profile shows no request"
    count=$((count + 1))
done
[ "$count" -ge 12 ] || die "only $count profiles"

# A sample that lies.
sed 's/expect = "RETRY"/expect = "OK"/' "$work/youlian.conf" >"$work/lie.conf"
if "$bin/zhanchi" gateway check "$work/lie.conf" >"$work/out" 2>&1; then die "a wrong sample was not told"; fi
grep -q 'is read as RETRY, but should be OK' "$work/out" || { cat "$work/out"; die "what is wrong was not told"; }
# A key that is not there.
sed 's/encoding = "form"/encodign = "form"/' "$work/youlian.conf" >"$work/typo.conf"
if "$bin/zhanchi" gateway check "$work/typo.conf" >"$work/out" 2>&1; then die "an unknown key was taken"; fi
grep -q 'typo.conf:[0-9]*:.*encod' "$work/out" || { cat "$work/out"; die "line and nearest key were not told"; }
echo "$count profiles"
