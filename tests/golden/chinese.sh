#!/bin/bash
# chinese.sh BUILD_DIR GOLDEN_DIR: what the program prints with LANG=zh_CN.UTF-8, against golden files: help, the summary of an import, a rejects
# file, an error. Twice: on a machine that has no such locale, and on one that has it (localedef makes it here). Machines read the same in every
# language, and LC_ALL=C is English.
set -u
bin=$(realpath "$1")/src
golden=$(realpath "$2")
work=$(mktemp -d "${TMPDIR:-/tmp}/zhanchi-chinese.XXXXXX")
trap 'rm -rf "$work"' EXIT
unset LANGUAGE LC_ALL LC_MESSAGES LC_CTYPE
failed=0

is() { # NAME GOLDEN GOT
    diff -u "$2" "$3" && return
    echo "FAIL: $1"
    failed=1
}
zh() { LANG=zh_CN.UTF-8 "$bin/zhanchi" "$@"; }

cat >"$work/list.csv" <<'END'
职工名单
姓名,身份证号码,手机号码,备注
张三,11010519491231002X,13800000001,
李四,,1380000000,
王五,110105194912310021,010-12345678,夜班
赵六,,13800000002,
END

cd "$work" || exit 1
outputs() { # FOLDER
    mkdir -p "$1"
    zh --help >"$1/help.txt"
    zh list import --help >>"$1/help.txt"
    zh list import list.csv --dry-run --rejects "$1/rejects.csv" >"$1/import.txt"
    zh lst >"$1/error.txt" 2>&1
    tr -d '\r' <"$1/rejects.csv" >>"$1/import.txt"
}

# glibc's setlocale never gives back what it made of LOCPATH; all other leaks count.
echo 'leak:argz_add_sep' >leaks
export LSAN_OPTIONS="suppressions=$work/leaks:print_suppressions=0"

mkdir -p none locale
# Messages of localedef are about names of days; whether it made something is seen below.
localedef -i zh_CN -f UTF-8 locale/zh_CN.UTF-8 >localedef.log 2>&1
[ "$(LOCPATH=$work/locale LC_ALL=zh_CN.UTF-8 locale charmap 2>/dev/null)" = UTF-8 ] || {
    cat localedef.log
    echo "FAIL: localedef makes no zh_CN.UTF-8 (package locales)"
    exit 1
}
for which in none locale; do
    export LOCPATH=$work/$which
    outputs $which
    for name in help import error; do
        is "$name, locales: $which" "$golden/zh_CN/$name.txt" $which/$name.txt
    done
    zh list import list.csv --dry-run --json >$which/zh.json
    LC_ALL=C "$bin/zhanchi" list import list.csv --dry-run --json >$which/c.json
    is "json, locales: $which" $which/c.json $which/zh.json
    LC_ALL=C zh lst >$which/english.txt 2>&1
    grep -q 'unknown command' $which/english.txt || {
        echo "FAIL: LC_ALL=C is not English, locales: $which"
        failed=1
    }
done
exit $failed
