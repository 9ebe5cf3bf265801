#!/bin/sh
# interop.sh CASES_SIGNING: what the providers' own clients sign at this moment, against our schemes; and the same with every signature spoilt,
# which must fail to the last one. Needs build/interop (scripts/interop).
set -eu

program=$1
here=$(cd "$(dirname "$0")" && pwd)
modules=$here/../../build/interop
if ! cmp -s "$here/package.json" "$modules/installed"; then
    echo "the providers' clients are not installed in build/interop, or are other versions: scripts/interop" >&2
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

node "$here/witness.mjs" "$modules" "$work/signing-vectors.json" >"$work/said"
cat "$work/said"
count=$(sed -n 's/ signatures$//p' "$work/said")
[ "${count:-0}" -ge 100 ] || {
    echo "only ${count:-0} signatures" >&2
    exit 1
}

ZHANCHI_CASES_DIR=$work "$program" >"$work/out" || {
    cat "$work/out"
    exit 1
}
grep -qx "signing: $count passed, 0 failed, 0 deviate as declared, 0 files skipped" "$work/out" || {
    cat "$work/out"
    exit 1
}

# Sabotage: one character of each signature is another.
node -e '
    const fs = require("fs"), file = process.argv[1], all = JSON.parse(fs.readFileSync(file));
    const spoil = (text) => (text[0] === "0" ? "1" : "0") + text.slice(1);
    for (const { expected } of all.vectors)
        for (const name of ["signature", "x_twilio_signature"])
            if (expected[name]) {
                const wrong = spoil(expected[name]);
                expected.authorization = expected.authorization?.replace(expected[name], wrong);
                expected[name] = wrong;
            }
    fs.writeFileSync(file, JSON.stringify(all));
' "$work/signing-vectors.json"
ZHANCHI_CASES_DIR=$work "$program" >"$work/out" && {
    echo "spoilt signatures were not noticed" >&2
    exit 1
}
grep -qx "signing: 0 passed, $count failed, 0 deviate as declared, 0 files skipped" "$work/out" || {
    tail -n 1 "$work/out"
    echo "not every spoilt signature was noticed" >&2
    exit 1
}
echo "$count signatures are the providers' own; spoilt ones are noticed"
