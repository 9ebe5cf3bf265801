#!/bin/bash
# intake.sh BIN_DIR: `zhanchi list` as people use it: a file end to end, the same file again, SIGKILL and SIGINT in the middle, a full disk, a wrong key.
#
# The full disk needs a file system of its own (root); where there is none that part is skipped by name.
set -u
bin=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/zhanchi-intake.XXXXXX")
dir=$work/office
export ZHANCHI_ACTOR=wang LC_ALL=C.UTF-8

cleanup() {
    mountpoint -q "$work/small" && umount "$work/small"
    rm -rf "$work"
}
trap cleanup EXIT
die() {
    echo "intake: $*" >&2
    tail -n 20 "$work"/*.log >&2
    exit 1
}
step() { echo "intake: $*"; }
is() { [ "$2" = "$3" ] || die "$1: got '$2', expected '$3'"; }

make_office() { # DIR
    mkdir -p "$1"
    printf 'people = { actor_source = "environment"; };\nstore = { epoch_dir = "%s-epoch"; };\nlog = { level = "warn"; };\n' "$1" >"$1/zhanchi.conf"
    "$bin/zhanchi" init "$1" >"$work/init.log" 2>&1 || die "init failed"
}
zh() { "$bin/zhanchi" -c "$dir/zhanchi.conf" "$@"; }
lists() { zh list ls --json | jq -r '[.[].name] | join(" ")'; }
# Rows of no list, and persons of no row: what an interrupted import must not leave.
leftovers() {
    sqlite3 "$1/zhanchi.db" "SELECT (SELECT count(*) FROM list_row WHERE list_id NOT IN (SELECT id FROM list WHERE state <> 0))
        + (SELECT count(*) FROM list_row_sealed WHERE row_id NOT IN (SELECT id FROM list_row))
        + (SELECT count(*) FROM list WHERE state = 0 OR (state = 2 AND key_id IS NOT NULL))
        + (SELECT count(*) FROM person WHERE id NOT IN (SELECT person_id FROM list_row))
        + (SELECT count(*) FROM person_hash WHERE person_id NOT IN (SELECT id FROM person))"
}

step "a list of 20,000 rows, end to end"
make_office "$dir"
"$bin/zhanchi-mklist" --rows 20000 --seed 11 --title --encoding gb18030 >"$work/list.csv"
zh list import "$work/list.csv" --name spring --rejects "$work/rejects.csv" --json >"$work/import.json" 2>"$work/import.log" || die "import failed"
is encoding "$(jq -r .encoding "$work/import.json")" GB18030
is header "$(jq -r .header_line "$work/import.json")" 2
is rows "$(jq '.taken + .rejected + .review' "$work/import.json")" 20000
is skipped "$(jq .skipped "$work/import.json")" 1
[ "$(jq .rejected "$work/import.json")" -gt 300 ] || die "hardly anything was rejected"
[ "$(jq '.taken - .persons' "$work/import.json")" -gt 300 ] || die "no second certificates were seen"
[ "$(jq .shared_numbers "$work/import.json")" -gt 300 ] || die "no households were seen"
is "rejects file" "$(($(wc -l <"$work/rejects.csv") - 1))" "$(jq '.rejected + .review' "$work/import.json")"
is "rejects, stored" "$(($(zh list rejects spring --json | jq length) + $(zh list review spring --json | jq length)))" "$(jq '[.reasons[]] | add' "$work/import.json")"
[ "$(zh list review spring --json | jq length)" -gt 10 ] || die "hardly anything is in review"
zh list rejects spring --output "$work/rejects2.csv" || die "rejects --output failed"
cmp "$work/rejects.csv" "$work/rejects2.csv" || die "the rejects file of the list is not that of the import"
zh audit ls --json | jq -e '.[-1].act == "list.rejects"' >"$work/audit.log" || die "a file that names people has no record"
is "rejects in a file, mode" "$(stat -c %a "$work/rejects2.csv")" 600
# every way to refuse a row that a list can show
kinds=$(jq '.reasons | keys | length' "$work/import.json")
[ "$kinds" -ge 26 ] || die "only $kinds kinds of bad rows: $(jq -c '.reasons | keys' "$work/import.json")"
is "kinds in a short list" "$("$bin/zhanchi-mklist" --rows 2000 --seed 7 >"$work/short.csv" && zh list import "$work/short.csv" --name x --dry-run --json | jq '.reasons | keys | length')" "$kinds"
is "rejects, mode" "$(stat -c %a "$work/rejects.csv")" 600
is ls "$(zh list ls --json | jq '.[0].rows')" "$(jq .taken "$work/import.json")"
is leftovers "$(leftovers "$dir")" 0

step "every encoding gives the same list"
for encoding in utf-8 utf-8-bom; do
    "$bin/zhanchi-mklist" --rows 20000 --seed 11 --title --encoding $encoding >"$work/same.csv"
    zh list import "$work/same.csv" --name x --dry-run --json >"$work/same.json" || die "dry run failed"
    is "$encoding" "$(jq -c '[.rows, .taken, .rejected, .reasons]' "$work/same.json")" "$(jq -c '[.rows, .taken, .rejected, .reasons]' "$work/import.json")"
done
is lists "$(lists)" spring

zh list import "$work/same.csv" --dry-run >"$work/same.log" || die "dry run failed"
grep -q "rows would wait" "$work/same.log" || die "a dry run does not say what would wait"
if grep -q "list review" "$work/same.log"; then die "a dry run sends people to a list that is not there"; fi

step "review: fix, accept, drop"
row=$(zh list review spring --json | jq '[.[] | select(.reason == "phone-several") | .line][0]')
named=$(zh list review spring --json | jq '[.[] | select(.reason == "name-damaged") | .line][0]')
rows=$(zh list show spring --json | jq .rows)
zh list fix spring --row "$row" --column phone >"$work/fix.log" 2>&1 <<<"1380000"
is "a bad value" $? 65
grep -q "line $row, column 手机号" "$work/fix.log" || die "neither line nor column is named"
if grep -q 1380000 "$work/fix.log"; then die "the value is repeated"; fi
zh list fix spring --row "$row" --column phone --json <<<"13800099999" >"$work/fix.json" 2>"$work/fix.log" || die "fix failed"
is fixed "$(jq -c '[.line, .state, .revision]' "$work/fix.json")" "[$row,\"taken\",2]"
zh list fix spring --row "$named" --accept >"$work/fix.log" || die "accept failed"
zh list drop spring --row "$(zh list review spring --json | jq '.[0].line')" >"$work/fix.log" || die "drop failed"
is rows "$(zh list show spring --json | jq .rows)" $((rows + 2))
is acts "$(zh audit ls --json | jq -c '[.[-3:][].act]')" '["list.fix","list.fix","list.drop"]'
if zh audit ls --json | grep -q 13800099999; then die "the record tells the number"; fi
zh list fix spring --row "$row" --column phone >"$work/fix.log" 2>&1 </dev/null
is "no value" $? 64

step "the rejects file, repaired in part, comes back"
left=$(($(wc -l <"$work/rejects.csv") - 1 - 3))
sed 's/,去年秋天,/,,/; s/,2026-02-30,/,,/' "$work/rejects.csv" >"$work/back.csv"
zh list import "$work/back.csv" --into spring --rejects "$work/rest.csv" --json >"$work/back.json" 2>"$work/back.log" || die "import --into failed"
is known "$(jq .known "$work/back.json")" 3
[ "$(jq .taken "$work/back.json")" -gt 10 ] || die "hardly any row came back repaired"
is "all of them" "$(jq '.taken + .rejected + .review' "$work/back.json")" $left
is "what is left" "$(($(wc -l <"$work/rest.csv") - 1))" "$(jq '.rejected + .review' "$work/back.json")"
zh list import "$work/back.csv" --into spring --json >"$work/again.json" 2>"$work/back.log" || die "import --into failed"
is "twice brings nothing" "$(jq -c '[.taken, .known]' "$work/again.json")" "[0,$(jq '.taken + 3' "$work/back.json")]"
zh list import "$work/list.csv" --into spring --json >"$work/whole.json" 2>"$work/back.log" || die "import --into failed"
is "the whole list brings nothing" "$(jq -c '[.taken, .rows]' "$work/whole.json")" "[0,20000]"
zh list import "$work/back.csv" --into spring --name x >"$work/back.log" 2>&1
is "two names" $? 64
is leftovers "$(leftovers "$dir")" 0

step "the same file again"
cp "$work/list.csv" "$work/copy.csv"
zh list import "$work/copy.csv" --name autumn >"$work/again.log" 2>&1
is "exit status" $? 65
grep -q "is list spring already" "$work/again.log" || die "the list is not named"
is lists "$(lists)" spring

step "a file of which nothing can be taken: why"
printf '姓名,手机号\n张三,1380000\n李四,1.38E+10\n' >"$work/bad.csv"
zh list import "$work/bad.csv" --name bad >"$work/bad.log" 2>&1
is "exit status" $? 65
grep -q "^phone-length  *1 " "$work/bad.log" || die "the reasons are not told"
grep -q "2 were rejected" "$work/bad.log" || die "it does not say how many"
is lists "$(lists)" spring

step "SIGKILL in the middle, at random"
"$bin/zhanchi-mklist" --rows 60000 --seed 12 >"$work/big.csv"
for _ in 1 2 3 4 5 6; do
    "$bin/zhanchi" -c "$dir/zhanchi.conf" list import "$work/big.csv" --name big >"$work/kill.log" 2>&1 &
    pid=$! # of the program: behind a function it would be a shell's
    sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ "$(lists)" = spring ] || break # it was quicker than we
done
if [ "$(lists)" = spring ]; then
    zh list import "$work/big.csv" --name big >"$work/kill.log" 2>&1 || die "import after SIGKILL failed"
fi
is lists "$(lists)" "spring big"
is "leftovers after SIGKILL" "$(leftovers "$dir")" 0
is integrity "$(sqlite3 "$dir/zhanchi.db" 'PRAGMA integrity_check')" ok
zh list rm big --yes >"$work/rm.log" 2>&1 || die "rm failed"

step "SIGINT leaves nothing and says so"
"$bin/zhanchi-mklist" --rows 400000 --seed 13 >"$work/huge.csv"
before=$(leftovers "$dir") # hashes of the removed list's persons stay
"$bin/zhanchi" -c "$dir/zhanchi.conf" list import "$work/huge.csv" --name huge --rejects "$work/none.csv" >"$work/int.log" 2>&1 &
pid=$!
for _ in $(seq 300); do
    [ "$(sqlite3 "$dir/zhanchi.db" "SELECT count(*) FROM list WHERE name = 'huge'" 2>/dev/null)" = 1 ] && break
    sleep 0.01
done
kill -INT $pid
wait $pid
is "exit status" $? 75
grep -q "nothing of it remains" "$work/int.log" || die "it does not say that nothing remains"
is lists "$(lists)" spring
is "leftovers after SIGINT" "$(leftovers "$dir")" "$before"
[ ! -e "$work/none.csv" ] || die "half a rejects file is there"
is "temporary files" "$(find "$work" -maxdepth 1 -name 'none.csv*' | wc -l)" 0

step "progress says rows, rate and what was not taken, on any terminal"
for columns in 80 160; do
    script -qec "stty cols $columns; '$bin/zhanchi' list import '$work/huge.csv' --dry-run" "$work/bar.log" >/dev/null 2>&1 || die "dry run failed"
    grep -aq '% .*[0-9] rows, [0-9,]*/s, [0-9,]* not taken' "$work/bar.log" || die "no such progress in $columns columns"
done

step "retention: old lists, but not what a campaign needs"
printf 'retention = { lists_days = 30; };\n' >>"$dir/zhanchi.conf"
"$bin/zhanchi-mklist" --rows 300 --seed 21 >"$work/old.csv"
zh list import "$work/old.csv" --name old >"$work/old.log" || die "import failed"
zh list rm --expired --yes --json >"$work/expired.json" || die "rm --expired failed"
is "nothing is old yet" "$(cat "$work/expired.json")" '[]'
sqlite3 "$dir/zhanchi.db" "UPDATE list SET imported_at = imported_at - 31 * 86400000 WHERE name = 'old'"
zh doctor --json 2>"$work/doctor.log" | jq -e '.[] | select(.check == "retention") | .result == "warn"' >"$work/doctor.out" || die "doctor does not see it"
zh list rm --expired >"$work/expired.log" 2>&1 </dev/null
is "nobody was asked" $? 64
facts=$(sqlite3 "$dir/zhanchi.db" 'SELECT count(*), sum(level) FROM list_row')
zh list rm --expired --yes --json >"$work/expired.json" || die "rm --expired failed"
is expired "$(jq -c '[.[] | [.list, .removed]]' "$work/expired.json")" '[["old","yes"]]'
is lists "$(lists)" spring
is "facts stay" "$(sqlite3 "$dir/zhanchi.db" 'SELECT count(*), sum(level) FROM list_row')" "$facts"
is "what named people" "$(sqlite3 "$dir/zhanchi.db" "SELECT (SELECT count(*) FROM list_row_sealed x JOIN list_row r ON r.id = x.row_id JOIN list l ON l.id = r.list_id WHERE l.state = 2) + (SELECT count(*) FROM list_held h JOIN list l ON l.id = h.list_id WHERE l.state = 2) + (SELECT count(*) FROM list_reject h JOIN list l ON l.id = h.list_id WHERE l.state = 2)")" 0
is act "$(zh audit ls --json | jq -r '.[-1].act')" list.rm

step "a wrong key"
make_office "$work/other"
sum=$(sha256sum <"$dir/zhanchi.db")
cp "$dir/zhanchi.key" "$work/right.key"
cat "$work/other/zhanchi.key" >"$dir/zhanchi.key"
zh list import "$work/big.csv" --name big >"$work/key.log" 2>&1
is "exit status" $? 77
cat "$work/right.key" >"$dir/zhanchi.key"
is "the database" "$(sha256sum <"$dir/zhanchi.db")" "$sum"
is lists "$(lists)" spring

step "a full disk"
mkdir "$work/small"
if mount -t tmpfs -o size=12m zhanchi-intake "$work/small" 2>/dev/null; then
    dir=$work/small/office
    make_office "$dir"
    "$bin/zhanchi-mklist" --rows 300 --seed 14 >"$work/little.csv"
    zh list import "$work/little.csv" --name little >"$work/full.log" 2>&1 || die "import of the little list failed"
    zh list import "$work/big.csv" --name big >"$work/full.log" 2>&1
    is "exit status" $? 74
    grep -qi "disk" "$work/full.log" || die "the disk is not named"
    is lists "$(lists)" little
    mount -o remount,size=200m "$work/small"
    is "rows of the little list" "$(zh list ls --json | jq '.[0].rows')" "$(sqlite3 "$dir/zhanchi.db" 'SELECT rows FROM list WHERE state = 1')"
    zh list import "$work/big.csv" --name big >"$work/full.log" 2>&1 || die "import after making room failed"
    is lists "$(lists)" "little big"
    is "leftovers after the full disk" "$(leftovers "$dir")" 0
else
    echo "skipped: full disk (no file system can be mounted here)"
fi
echo "intake: all of it holds"
