#!/bin/bash
# tables.sh BIN TOOLS DATA MODULES: files that other programs write, through `list convert` and `list import --dry-run`: LibreOffice (kept in DATA),
# libxlsxwriter (TOOLS/mkxlsx), exceljs (npm, in MODULES: scripts/interop), Python's csv. All write the same list, and all must say the same.
set -euo pipefail

zh=$1/zhanchi tools=$2 data=$3 modules=$4
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8
failed=0

same() { # NAME WANT FILE [OPTIONS]
    local name=$1 want=$2 file=$3
    shift 3
    "$zh" list convert "$file" "$@" >"$work/got" 2>"$work/err" || {
        echo "$name: $(cat "$work/err")"
        failed=1
        return
    }
    if cmp -s "$work/got" "$want"; then
        echo "$name: as expected"
    else
        echo "$name: differs"
        diff "$want" "$work/got" || true
        failed=1
    fi
}

# ---- workbooks ----

same LibreOffice "$data/list.jsonl" "$data/libreoffice.xlsx"
same "LibreOffice, 1904" "$data/list.jsonl" "$data/libreoffice-1904.xlsx"
same "LibreOffice, .xls" "$data/list-xls.jsonl" "$data/libreoffice.xls"
same "LibreOffice, .xls, 1904" "$data/list-xls.jsonl" "$data/libreoffice-1904.xls"
for file in "$data/libreoffice.xlsx" "$data/libreoffice.xls"; do
    echo '{"line":1,"cells":["初级工"]}' >"$work/want"
    same "the hidden sheet by name" "$work/want" "$file" --sheet 字典
    same "... and by number" "$work/want" "$file" --sheet 3
    : >"$work/want"
    same "an empty sheet" "$work/want" "$file" --sheet 空表
done

"$tools/mkxlsx" list "$work/w.xlsx"
same libxlsxwriter "$data/list.jsonl" "$work/w.xlsx"
"$tools/mkxlsx" list "$work/wi.xlsx" inline
same "libxlsxwriter, inline strings" "$data/list.jsonl" "$work/wi.xlsx"

[ -d "$modules/node_modules/exceljs" ] || {
    echo "exceljs is not installed in $modules: scripts/interop" >&2
    exit 1
}
node "$here/exceljs.mjs" "$modules" "$work/e.xlsx" "$work/es.xlsx"
same exceljs "$data/list.jsonl" "$work/e.xlsx"
same "exceljs, streaming" "$data/list.jsonl" "$work/es.xlsx"

# ---- what was converted is read again, and says the same ----

"$zh" list convert "$data/libreoffice.xlsx" >"$work/again.jsonl"
"$zh" list convert "$work/again.jsonl" | sed 's/"line":[0-9]*/"line":N/' >"$work/got"
sed 's/"line":[0-9]*/"line":N/' "$data/list.jsonl" | cmp - "$work/got" && echo "converted again: the same"

# ---- Python's csv ----

python3 "$here/pycsv.py" "$work"
for file in "$work"/py-*.csv; do
    # Lines differ where a cell has a line break; cells must not.
    "$zh" list convert "$file" | jq -c .cells >"$work/got"
    if cmp -s "$work/got" "$work/py.jsonl"; then
        echo "Python, $(basename "$file"): as expected"
    else
        echo "Python, $(basename "$file"): differs"
        diff "$work/py.jsonl" "$work/got" || true
        failed=1
    fi
done

# ---- importing shows the header first and stores nothing ----

for file in "$data/libreoffice.xlsx" "$data/libreoffice.xls" "$work/again.jsonl"; do
    (cd "$work" && "$zh" list import "$file" --dry-run >"$work/out")
    grep -q "header in line 2:" "$work/out" && grep -q "手机号码 = phone" "$work/out" && grep -q "Dry run: nothing was stored" "$work/out" || {
        echo "$file: list import --dry-run does not say what it saw"
        cat "$work/out"
        failed=1
    }
done
[ ! -e "$work/zhanchi.db" ] || failed=1
printf 'phone = 电话\n' >"$work/map"
printf '{"姓名":"甲一","电话":"19900000001"}\n' >"$work/keys.jsonl"
"$zh" --json list import "$work/keys.jsonl" --columns "$work/map" --dry-run |
    jq -e '.encoding == "JSONL" and .header_line == 0 and .taken == 1 and .columns[1] == {"header":"电话","field":"phone"}' >/dev/null || {
    echo "JSON lines with a mapping file failed"
    failed=1
}
"$zh" --json list import "$data/libreoffice.xlsx" --sheet 名单 --dry-run | jq -e '.encoding == "XLSX" and .sheet == "名单" and .header_line == 2' >/dev/null || {
    echo "the sheet is not told"
    failed=1
}
exit $failed
