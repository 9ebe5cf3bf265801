#!/bin/bash
# policy.sh BIN_DIR: policies as people use them: a case argued clause by clause with its days, both readings of the last day, what differs
# between two files, whom the second adds and drops, and screening again under a new version.
set -u
bin=$1
. "$(dirname "$0")/scene.sh" policy
zh() { "$bin/zhanchi" -c "$dir/zhanchi.conf" "$@" 2>"$work/err.log"; }
must() { zh "$@" >"$work/out" || die "$* failed"; }
says() { grep -qF -- "$1" "$work/out" || die "not said: $1"; }
json() { zh --json "$@" >"$work/out" || die "--json $* failed"; }
of() { jq -r "$1" "$work/out"; }

office

{
    echo '姓名,手机号,参保地,缴费月数,职业,技能等级,发证日期,单位'
    echo '测试甲,13800000001,示例市,36,电工,高级工,2024-02-29,示例厂'      # 2
    echo '测试甲,13800000001,示例市,36,焊工,中级工,2024-05-31,示例厂'      # 3: the same person
    echo '测试乙,13800000002,示例市,6,焊工,中级工,2024-06-01,示例厂'       # 4: too few months
    echo '测试丙,13800000003,示范市,12,电工,初级工,2023-03-01,示例厂'      # 5: expired
    echo '测试丁,13800000004,示范市,12,电工,初级工,2024-06-30,示例厂'      # 6
    echo '测试戊,13800000005,某市,12,电工,初级工,2024-06-30,示例厂'        # 7: no region of the policy
    echo '测试己,13800000006,示例市,8,电工,中级工,2024-06-01,示例厂'       # 8: too few months
} >"$work/list.csv"
must list import "$work/list.csv" --name spring --months-day 2024-07-01
must list screen spring --policy example --as-of 2024-07-01

step "a case, clause by clause"
must list explain spring --row 2
says 'policy example (version '
says 'line 2: 电工, 高级工, issued 2024-02-29'
says 'line 3 (the same person): 焊工, 中级工, issued 2024-05-31'
says 'ex-2017: in force, and the nearest: it decides'
says '+ level: 高级工; covered are 初级工 中级工 高级工'
says '2024-02-29 and 12 months is 2025-02-28; with that day included it is 2025-02-28 (the other reading: 2025-02-27); judged on 2024-07-01'
says '2024-05-31 and 12 months is 2025-05-31'
says '+ paid months: 36; at least 12 are needed'
says '  amount: 2,000 yuan'
must list explain spring --row 4
says 'not eligible: too few paid months'
says '- paid months: 6, counted through 2024-07-01, 0 months before; at least 12 are needed'
says '+ level: 中级工'
must list explain spring --row 5
says '- last day: 2023-03-01 and 12 months is 2024-03-01'
must list explain spring --row 7
says '  region: 某市, which is none of this policy'
says 'ex-2017: of another region, EX'
zh list explain spring --row 99 >"$work/out" && die "a row that is not there was explained"
[ ! -s "$work/out" ] || die "a head without a case: $(cat "$work/out")"
must list explain spring --row 2 --as-of 2024-02-28
says 'not looked at: the day of issue is missing or still to come'
must list explain spring --row 2 --policy ningxia
says 'which is none of this policy'

step "both readings"
json list explain spring --row 2
is in "$(of '.[0] | "\(.last_day) \(.last_day_if_in) \(.last_day_if_out) \(.last_day_included)"')" "2025-02-28 2025-02-28 2025-02-27 true"
is version "$(of '.[0].policy_version == .[0].screened_version')" true
is conditions "$(of '.[0].conditions | "\(.level) \(.months) \(.["last-day"]) \(.["issued-from"]) \(.["yearly-cap"])"')" "met met met not-asked not-asked"
is tried "$(of '.[0].tried | map("\(.rule) \(.outcome)") | join(",")')" "ex-2017 decides"
json list explain spring --row 2 --last-day out
is out "$(of '.[0] | "\(.outcome) \(.last_day)"')" "eligible 2025-02-27"
json list explain spring --row 2 --last-day out --as-of 2025-02-28
is "the last day, counted out" "$(of '.[0].reason')" expired
json list explain spring --row 2 --last-day in --as-of 2025-02-28
is "the last day, counted in" "$(of '.[0].reason')" ok
zh list explain spring --row 2 --last-day both >"$work/out" && die "a reading that there is not"
grep -q 'in or out' "$work/err.log" || die "no remedy: $(cat "$work/err.log")"

step "two files"
sed 's/months_min = 12;/months_min = 6;/; s/level3 = 2000; };$/level3 = 2200; };/; s/last_day_included = true;/last_day_included = false;/' \
    "$dir/policies/example.conf" >"$work/new.conf"
must policy diff "$dir/policies/example.conf" "$work/new.conf"
says '~ rule ex-2017  months_min: 12 → 6'
says 'amounts: 5: 1000, 4: 1500, 3: 2000 → 5: 1000, 4: 1500, 3: 2200'
says 'last_day_included: true → false'
says "$work/new.conf:"
json policy diff example "$work/new.conf"
is changes "$(of '[.changes[] | "\(.rule) \(.key)"] | join(",")')" "ex-2017 months_min,ex-2017 last_day_included,ex-2017 amounts"
is versions "$(of '.before.version != .after.version')" true
must policy diff example example
says 'no rule and no region differs'
zh policy diff example "$work/none.conf" >"$work/out" && die "a file that there is not"

step "whom the new one adds and drops"
must policy diff spring example "$work/new.conf" --as-of 2024-07-01
says '+ line 4  测**  138****0002  示例市  中级工, issued 2024-06-01: too-few-months → ok, 2000 yuan, to 2025-05-31'
says 'persons: 2 added, 0 dropped'
grep -q '测试乙\|13800000002' "$work/out" && die "not masked"
json policy diff spring example "$work/new.conf" --as-of 2024-07-01 --rows 1
is counts "$(of '"\(.rows) \(.eligible_before) \(.eligible_after) \(.added) \(.dropped) \(.changed) \(.persons_added)"')" "7 3 5 2 0 4 2"
is people "$(of '.people | map("\(.line) \(.before.reason) \(.after.reason) \(.phone)") | join(",")')" "4 too-few-months ok 138****0002"
is regions "$(of '.regions | map("\(.region):\(.added):\(.dropped)") | join(" ")')" "示例市:2:0 某市:0:0 示范市:0:0"
json policy diff spring "$work/new.conf" example --as-of 2024-07-01
is "the other way round" "$(of '"\(.added) \(.dropped) \(.persons_added) \(.persons_dropped)"')" "0 2 0 2"
json policy diff spring example "$work/new.conf" --as-of 2024-07-01 --changed
is "with the changed" "$(of '.people | map(.line) | sort | map(tostring) | join(",")')" "2,3,4,5,6,8"

step "screening again; a verdict has the version that made it"
json list show spring
old=$(of .policy_version)
cp "$work/new.conf" "$dir/policies/example.conf"
must list explain spring --row 4 --as-of 2024-07-01
says "the stored verdicts are of version $old: the file has changed since"
must list screen spring --policy example --as-of 2024-07-01
json list show spring
[ "$(of .policy_version)" != "$old" ] || die "the same version"
is eligible "$(of '[.verdicts[] | select(.outcome == "eligible").rows] | add')" 5
is "versions in the store" "$(sqlite3 "$dir/zhanchi.db" 'SELECT count(DISTINCT policy_id), count(*) FROM verdict')" '2|14'
must list screen spring --policy example --as-of 2024-07-01
is "the same again" "$(sqlite3 "$dir/zhanchi.db" 'SELECT count(DISTINCT policy_id), count(*) FROM verdict')" '2|14'

step "groups of people that a rule leaves out"
{
    echo '姓名,手机号,参保地,缴费月数,职业,技能等级,发证日期,人员类别'
    echo '测试庚,13800000011,640100,36,电工,高级工,2025-03-01, 公务 员 '
    echo '测试辛,13800000012,640100,36,电工,高级工,2025-03-01,企业职工'
    echo '测试壬,13800000013,640100,36,电工,高级工,2025-03-01,-'
} >"$work/groups.csv"
must list import "$work/groups.csv" --name groups
must list screen groups --policy ningxia --as-of 2025-06-01
for row in '2 excluded-group' '3 ok' '4 ok'; do
    json list explain groups --row "${row% *}"
    is "group of $row" "$(of ".[] | select(.line == ${row% *}).reason")" "${row#* }"
done
must list explain groups --row 2
says '- group: 公务员; left out are 公务员, 机关工作人员, 事业单位工作人员'
must list explain groups --row 3
says '+ group: 企业职工; left out are'
must list explain groups --row 4
says '+ group: (the list says none); left out are'

printf '电焊工\n' >"$work/value"
zh list fix groups --row 2 --column 职业 <"$work/value" >"$work/out" || die "fix failed"
json list explain groups --row 2 --as-of 2025-06-01 --policy ningxia
is "a repaired row keeps its group" "$(of '.[0] | "\(.occupation) \(.reason)"')" "电焊工 excluded-group"

step "check: gaps and overlaps with their lines"
cat >"$work/spans.conf" <<'CONF'
name = "spans";
rules = (
    { id = "a"; region = "CN"; source = "s"; confirmed = true; basis = "issued"; months_min = 12; levels = [ 5 ];
      window_months = 12; valid_to = "2019-12-31"; },
    { id = "b"; like = "a"; source = "s"; confirmed = true; valid_from = "2020-02-01"; valid_to = "open"; },
    { id = "c"; like = "a"; source = "s"; confirmed = true; basis = "applied"; valid_from = "2019-07-01"; valid_to = "open"; }
);
CONF
"$bin/zhanchi" policy check "$work/spans.conf" >"$work/out" || die "check failed"
says "CN  2020-01-01..2020-01-31  (issued)  $work/spans.conf:3"
says "CN  2019-07-01..2019-12-31  c ($work/spans.conf:6) before a ($work/spans.conf:3)"
"$bin/zhanchi" --json policy check "$work/spans.conf" >"$work/out" || die "check failed"
is gaps "$(of '.gaps | map("\(.rule) \(.from) \(.to) \(.other)") | join(",")')" "a 2020-01-01 2020-01-31 b"
is overlaps "$(of '.overlaps | map("\(.rule) \(.from) \(.to) \(.other)") | join(",")')" "c 2019-07-01 2019-12-31 a,b 2020-02-01 null c"
sed -i 's/valid_from = "2020-02-01"/valid_from = "2019-12-31"/' "$work/spans.conf"
"$bin/zhanchi" policy check "$work/spans.conf" >"$work/out" 2>"$work/err.log" && die "an overlap of one basis was taken"
grep -q 'spans.conf:5: rule b and rule a (.*spans.conf:3) are both in force in region CN on 2019-12-31' "$work/err.log" || die "$(cat "$work/err.log")"
echo "policy: argued, compared, screened again"
