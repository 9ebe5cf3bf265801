#!/bin/bash
# ledger.sh BIN_DIR: the ledger of a list, by region and by employer, as text, JSON and CSV: every person once, small lines withheld, and a second
# one where the total would tell them; names of employers only with the key, and audited.
set -u
bin=$1
. "$(dirname "$0")/scene.sh" ledger
zh() { "$bin/zhanchi" -c "$dir/zhanchi.conf" "$@" 2>"$work/err.log"; }
must() { zh "$@" >"$work/out" || die "$* failed"; }
wrong() {
    local says=$1
    shift
    zh "$@" >"$work/out" && die "$* was taken"
    grep -qF -- "$says" "$work/err.log" || die "$*: not said: $says: $(cat "$work/err.log")"
}
json() { zh --json "$@" >"$work/out" || die "--json $* failed"; }
of() { jq -r "$1" "$work/out"; }

office

row() { # N REGION MONTHS ISSUED EMPLOYER
    printf '测试%s,138000%05d,%s,%s,电工,高级工,%s,%s\n' "$1" "$1" "$2" "$3" "$4" "$5"
}
{
    echo '姓名,手机号,参保地,缴费月数,职业,技能等级,发证日期,单位'
    for n in $(seq 1 15); do row "$n" 示例市 36 2024-05-01 甲厂; done        # eligible
    for n in $(seq 16 20); do row "$n" 示例省示例市 6 2024-05-01 甲厂; done  # too few months
    for n in $(seq 31 38); do row "$n" 示范市 36 2023-01-01 乙厂; done       # expired
    for n in $(seq 39 45); do row "$n" 示范市 '' 2024-05-01 丙厂; done       # undetermined
    for n in $(seq 51 62); do row "$n" 示例县 36 2024-05-01 丁厂; done       # eligible
    for n in $(seq 51 62); do row "$n" 示例县 36 2022-05-01 丁厂; done       # the same people, another certificate
    row 71 样本县 36 2024-05-01 戊厂                                        # one alone
} >"$work/list.csv"
must list import "$work/list.csv" --name spring --months-day 2024-07-01
wrong 'was never screened' list ledger spring
must list screen spring --policy example --as-of 2024-07-01

step "by region, before anything is known of claims"
json list ledger spring
# 样本县 is one person; the smallest line beside it goes with it.
is lines "$(of '.lines | map("\(.key) \(.persons) \(.withheld)") | join(",")')" "示例市 20 false,示范市 15 false,样本县 null true,示例县 null true"
is total "$(of '.total | "\(.persons) \(.certified) \(.eligible) \(.undetermined) \(.expired) \(.other) \(.reached) \(.claimed) \(.coverage) \(.claim_rate)"')" \
    "48 48 28 7 8 5 0 null 0 null"
is "one line" "$(of '.lines[0] | "\(.eligible) \(.other) \(.coverage)"')" "15 5 0"
is version "$(of '.policy_version | length')" 16
is "claims" "$(of '.claims_known')" false
json list ledger spring --by none
is none "$(of '.lines | length')" 0
is "the same total" "$(of '.total.persons')" 48

step "claims"
{
    echo '姓名,手机号,职业,技能等级,申领日期,状态'
    for n in 1 2 3; do printf '测试%s,138000%05d,电工,高级工,2024-06-01,申领\n' "$n" "$n"; done
    printf '测试1,13800000001,电工,高级工,2024-06-20,发放\n'
    printf '测试16,13800000016,电工,高级工,2024-06-01,申领\n' # too few months, and claimed all the same
} >"$work/claims.csv"
must response import "$work/claims.csv" --through 2024-06-30
json list ledger spring
is "with claims" "$(of '.lines[] | select(.key == "示例市") | "\(.eligible) \(.other) \(.claimed) \(.paid) \(.claim_rate) \(.paid_rate)"')" "16 4 4 1 0.25 0.25"
is complete "$(of '.claims_complete_through')" 2024-06-30
must list screen spring --policy example --as-of 2024-07-01
json list ledger spring
is "screened again, who has claimed stays in" "$(of '.lines[] | select(.key == "示例市") | "\(.eligible) \(.claimed)"')" "16 4"

step "by employer: small ones are withheld"
json list ledger spring --by employer
is shown "$(of '[.lines[] | select(.withheld | not) | "\(.persons) \(.eligible)"] | join(",")')" "20 16,12 12"
is withheld "$(of '[.lines[] | select(.withheld)] | length')" 3
is "nothing of them" "$(of '[.lines[] | select(.withheld) | .persons, .eligible, .claimed, .coverage] | unique | tostring')" '[null]'
grep -q 厂 "$work/out" && die "a name without being asked for"
before=$(sqlite3 "$dir/zhanchi.db" "SELECT count(*) FROM audit WHERE act = 'list.ledger'")
json list ledger spring --by employer --names
is names "$(of '[.lines[] | select(.withheld | not) | .name] | sort | join(",")')" "丁厂,甲厂"
is "no name of a withheld one" "$(of '[.lines[] | select(.withheld) | .name] | unique | tostring')" '[""]'
is audited "$(sqlite3 "$dir/zhanchi.db" "SELECT count(*) - $before FROM audit WHERE act = 'list.ledger'")" 1

step "a list that has changed since it was screened"
is "unscreened yet" "$(of .unscreened)" 0
"$bin/zhanchi" -c "$dir/zhanchi.conf" list fix spring --row 6 --column 缴费月数 <<<48 >"$work/out" 2>&1 || die "fix failed"
json list ledger spring
is unscreened "$(of '"\(.unscreened) \(.total.undetermined)"')" "1 8"
must list ledger spring
grep -q '^1 rows were repaired or added since' "$work/out" || die "the text does not say that a verdict is missing"
must list screen spring --policy example --as-of 2024-07-01
json list ledger spring
is "screened again" "$(of .unscreened)" 0

step "text and CSV"
must list ledger spring
grep -q '^示例市 *20 *20 *16 *0 *0 *4 *0 *4 *1 *0.0 % *25.0 % *25.0 %$' "$work/out" || die "no line of 示例市"
grep -q '^样本县 *\*  ' "$work/out" || die "样本县 is not withheld"
must list ledger spring --by employer --names
grep -q '^甲厂 *20' "$work/out" || die "no name"
must list ledger spring --by employer
grep -q '^employer [0-9]* *20' "$work/out" || die "no number"
must list ledger spring --format csv -o "$work/ledger.csv"
is "mark" "$(head -c 3 "$work/ledger.csv" | od -An -tx1 | tr -d ' ')" efbbbf
is mode "$(stat -c %a "$work/ledger.csv")" 600
is head "$(head -1 "$work/ledger.csv" | tail -c +4 | tr -d '\r')" \
    "section,key,name,withheld,persons,certified,eligible,undetermined,expired,other,reached,claimed,paid,coverage,claim_rate,paid_rate"
is total "$(sed -n '2p' "$work/ledger.csv" | tr -d '\r')" "total,,,0,48,48,29,7,8,4,0,4,1,0,0.137931034483,0.25"
is "a withheld line" "$(grep 样本县 "$work/ledger.csv" | tr -d '\r')" "region,样本县,,1,,,,,,,,,,,,"
must list ledger spring --format json -o "$work/ledger.json"
is "a file of JSON" "$(jq .total.persons "$work/ledger.json")" 48

step "wrong ways to ask"
wrong 'region, employer or none' list ledger spring --by level
wrong 'text, json or csv' list ledger spring --format xlsx
wrong 'add --by employer' list ledger spring --names
wrong 'say --format csv' list ledger spring -o "$work/x"
wrong 'autumn' list ledger autumn
echo "ledger: everybody once"
