#!/bin/bash
# regions.sh BIN_DIR: one region is one line of a report, however a list writes it, with a policy and without.
set -u
bin=$1
. "$(dirname "$0")/scene.sh" regions
zh() { "$bin/zhanchi" -c "$dir/zhanchi.conf" "$@" 2>"$work/err.log"; }
must() { zh "$@" >"$work/out.log" || die "$* failed"; }
sql() { sqlite3 "$dir/zhanchi.db" "$@"; }

office

row() { # N REGION
    printf '测试%s,138000%05d,%s,36,焊工,高级工,%s,示例厂\n' "$1" "$1" "$2" "$(date -d '-60 days' +%F)"
}
{
    echo '姓名,手机号,参保地,缴费月数,职业,技能等级,发证日期,单位'
    for n in $(seq 1 12); do row $n 示例市; done
    for n in $(seq 21 32); do row $n 示例省示例市; done
    for n in $(seq 41 52); do row $n '示例省 示例市'; done
    for n in $(seq 61 72); do row $n 示范市; done
} >"$work/list.csv"
must list import "$work/list.csv" --name spring
must list screen spring --policy "$top/conf/policies/example.conf"

sed 's/^kind: notice/kind: status/; /^---$/q' "$top/templates/skill-a.tmpl" >"$work/plain.tmpl" # a text that needs no policy and names no last day
printf '{{name}}您好：您的{{occupation}}证书可申领技能提升补贴。咨询投诉电话：{{phone12333}}。拒收请回复R\n' >>"$work/plain.tmpl"
step "what slipped under the region stays sealed, and its row undetermined"
{
    head -n 1 "$work/list.csv"
    for n in $(seq 1 12); do row $n 示例市; done
    row 13 李四
    row 14 王五六
    row 15 李红旗
} >"$work/slipped.csv"
zh list import "$work/slipped.csv" --name slipped --json >"$work/slipped.json" || die "import failed"
is taken "$(jq .taken "$work/slipped.json")" 15
is "rows without a region" "$(jq .no_regions "$work/slipped.json")" 3
is regions "$(sql "SELECT group_concat(DISTINCT r.region) FROM list_row r JOIN list l ON l.id = r.list_id WHERE l.name = 'slipped'")" "示例市,"
must list screen slipped --policy "$top/conf/policies/example.conf"
is undetermined "$(zh list show slipped --json | jq '[.verdicts[] | select(.reason == "no-region") | .rows] | add')" 3

step "a reason for people where the rule's days of issue have ended"
sed 's/^name = "example"/name = "late"/; s/valid_from = "2017-01-01";/valid_from = "2017-01-01"; issued_to = "2017-06-30";/' "$top/conf/policies/example.conf" >"$work/late.conf"
must list screen slipped --policy "$work/late.conf"
zh list show slipped | grep -q "issued-too-late.*issued after the rule's last day" || die "issued-too-late has no words"

lines() { zh report "$1" --by region --format json | jq -r '[.. | objects | .region? // empty] | flatten | map("\(.key):\(.members)") | sort | join(" ")'; }
for how in example none; do
    step "a campaign, policy $how"
    must campaign create $how --list spring --policy $how --template "$work/plain.tmpl" --gateway 12333
    must campaign submit $how
    is "regions of members" "$(sql "SELECT group_concat(region || ':' || n, ' ') FROM (SELECT region, count(*) n FROM member k JOIN campaign c ON c.id = k.campaign_id WHERE c.name = '$how' GROUP BY region ORDER BY region)")" "示例市:36 示范市:12"
    is "lines of the report" "$(lines $how)" "示例市:36 示范市:12"
done
echo "regions: one region, one line"
