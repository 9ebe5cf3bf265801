#!/bin/bash
# manual.sh BIN_DIR SOURCE_DIR: zhanchi(1) has every command and every option that --help shows, and no other; so has zhanchi-sandbox(1).
#
# In the page each command is an item of its own, `.It Cm campaign approve Ar C ...`; its options are the `Fl -name` up to the next such item.
set -u
bin=$1 man=$2/docs/man
work=$(mktemp -d "${TMPDIR:-/tmp}/zhanchi-manual.XXXXXX")
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
unset LANGUAGE
failed=0

# A command's options, its verbs' in turn: "list import --name", and "list import" alone.
walk() { # COMMAND...
    local verbs verb
    "$bin/zhanchi" "$@" --help >"$work/help" || { echo "FAIL: no help of zhanchi $*"; exit 1; }
    verbs=$(sed -n '4,$s/^  \([a-z][a-z-]*\) .*/\1/p' "$work/help")
    sed -n 's/^  \(-[a-z], \)\{0,1\}--\([a-z-]*\).*/\2/p' "$work/help" | while read -r option; do
        [ "$option" = help ] && [ $# -gt 0 ] || echo "$* --$option"
    done
    [ "$verbs" ] || echo "$*"
    for verb in $verbs; do walk "$@" "$verb"; done
}

in_the_page() { # FILE: the same lines of a page
    awk '
        function options(line) {
            while (match(line, /Fl [a-z , ]*-[a-z-]+/)) {
                option = substr(line, RSTART, RLENGTH)
                sub(/.* -/, "", option)
                print path " --" option
                line = substr(line, RSTART + RLENGTH)
                if (line ~ /^ , -[a-z]/) line = "Fl" substr(line, 3)
            }
        }
        /^\.Sh (STATES|EXIT)/ { exit }
        /^\.Sh DESCRIPTION/ { inside = 1 }
        !inside { next }
        /^\.It Cm / {
            path = $3
            if ($4 ~ /^[a-z]+$/) path = path " " $4
            print path
        }
        /Fl / && !/^\.Op Fl (c|-json)/ { options($0) }
    ' "$1"
}

compare() { # PAGE: $work/wanted against $work/got
    sed 's/^ *//' "$work/wanted" | sort -u >"$work/wanted.sorted"
    sed 's/^ *//' "$work/got" | sort -u >"$work/got.sorted"
    if [ "$(wc -l <"$work/wanted.sorted")" -lt 40 ]; then echo "FAIL: --help shows hardly anything"; failed=1; fi
    comm -23 "$work/wanted.sorted" "$work/got.sorted" | sed "s/^/FAIL: not in $1: /"
    comm -13 "$work/wanted.sorted" "$work/got.sorted" | sed "s/^/FAIL: in $1, but not in the program: /"
    cmp -s "$work/wanted.sorted" "$work/got.sorted" || failed=1
}

walk >"$work/wanted"
in_the_page "$man/zhanchi.1" >"$work/got"
compare "zhanchi(1)"

"$bin/zhanchi-sandbox" --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p' >"$work/wanted"
in_the_page "$man/zhanchi-sandbox.1" >"$work/got"
compare "zhanchi-sandbox(1)"

# Would a missing and a foreign one be seen?
walk >"$work/wanted"
sed 's/Op Fl -unconfirmed-because Ar text/Op Fl -no-such-option/' "$man/zhanchi.1" >"$work/wrong.1"
in_the_page "$work/wrong.1" >"$work/got"
seen=$(compare "a wrong page" | wc -l)
[ "$seen" = 2 ] || { echo "FAIL: a page with one option missing and a foreign one: $seen faults were seen"; failed=1; }
exit $failed
