#!/bin/bash
# preview.sh BIN_DIR: what staff see before anything goes: texts of real rows chosen on purpose, masked, on the terminal and as a page; what they
# cost; and the real texts on the office's own telephones, outside of the wave.
set -u
bin=$1
. "$(dirname "$0")/scene.sh" preview
sandbox_pid=''
trap '[ "$sandbox_pid" ] && kill "$sandbox_pid"; wait 2>/dev/null; rm -rf "$work"' EXIT
must() { zh "$@" >"$work/out" 2>&1 || fail "$*: $(cat "$work/out")"; }
has() { grep -qF -- "$2" "$1" || fail "no '$2' in $1: $(head -c 1500 "$1")"; }
lacks() { grep -qE -- "$2" "$1" && fail "'$2' in $1: $(grep -oE -- ".{0,40}$2.{0,40}" "$1" | head -n 3)"; }

printf secretsecretsecret >"$work/secret"
"$bin/zhanchi-sandbox" --port 0 --port-file "$work/port" --app clear --secret-file "$work/secret" --ledger "$work/ledger" --ledger-text >"$work/sandbox.log" 2>&1 &
sandbox_pid=$!
for _ in $(seq 200); do [ -s "$work/port" ] && break; sleep 0.05; done
office "http://127.0.0.1:$(cat "$work/port")"

# One row for each reason; levels by their names; one name that is markup.
{
    echo 姓名,手机号码,工种,等级
    echo 张三,13800000001,焊工,初级工
    echo '李四四,13800000002,中央空调系统运行操作员与制冷设备维修工程技术人员<i>&,中级工'
    echo 王五,13800000003,车工,高级工
    echo 𠮷祥,13800000004,电工,高级工
    echo '<b>甲</b>,13800000005,钳工,高级工'
    for i in $(seq 10 60); do echo "赵$i,138000000$i,铣工,高级工"; done
    echo 孙九九,13800000099,铣工,技师
} >"$work/list.csv"
must list import "$work/list.csv" --name l
text() { # NAME WORDS
    printf 'name: %s\ntopic: t\nkind: status\nsignature: 示例市人社局\n---\n{{name}}您好：%s{{occupation}}（{{level_name}}）。\n' "$1" "$2" >"$work/$1.tmpl"
}
text a 甲
text b 乙
must campaign create c --list l --policy none --template "$work/a.tmpl" --template "$work/b.tmpl" --gateway 12333 --window 00:00-24:00

# ---- on the terminal ----

zh --json campaign preview c >"$work/preview.json" 2>/dev/null
jq -e 'any(.[]; .why == "rarest characters" and .line == 5) and any(.[]; .why == "longest" and .line == 3) and any(.[]; .why == "level 2" and .line == 58) and length == 12' "$work/preview.json" >/dev/null ||
    fail "the rows chosen: $(jq -c '[.[] | [.why, .line]]' "$work/preview.json")"
# Whoever stands there for one reason is not shown again for another: but every line of a reason is there.
jq -e '[.[].line] as $l | all(2, 3, 5; . as $x | $l | index($x) != null)' "$work/preview.json" >/dev/null ||
    fail "a level is missing: $(jq -c '[.[] | [.why, .line]]' "$work/preview.json")"
must campaign preview c --rows 3 --html "$work/page.html"
[ "$(grep -c '^-- line' "$work/out")" = 3 ] || fail "--rows 3 shows $(grep -c '^-- line' "$work/out")"
has "$work/out" 'messages now                        57'
has "$work/out" 'cost in yuan'
has "$work/out" 'warning: rare:'

# ---- as a page ----

must campaign preview c --html "$work/page.html"
[ "$(stat -c %a "$work/page.html")" = 600 ] || fail "the page has mode $(stat -c %a "$work/page.html")"
for part in '<title>Preview: c</title>' 'class="phone"' '【示例市人社局】' '<td>messages now</td><td class="n">57</td>' 'class="warning"' '𠮷*您好' 'rarest characters'; do
    has "$work/page.html" "$part"
done
[ "$(grep -c 'class="bubble"' "$work/page.html")" = 12 ] || fail "the page has $(grep -c 'class="bubble"' "$work/page.html") bubbles"
lacks "$work/page.html" '<b>甲|李四四|𠮷祥|1380000000'
has "$work/page.html" '技术人员&lt;i&gt;&amp;（'
lacks "$work/page.html" '技术人员<i>'
lacks "$work/page.html" 'https?://|<script|<link|@import'
must template preview "$work/a.tmpl" --list l --html "$work/template.html"
has "$work/template.html" '<title>Preview: a</title>'
lacks "$work/template.html" 'What it costs'
refuses 73 "$work/nowhere" campaign preview c --html "$work/nowhere/page.html"

# ---- on the office's own telephones ----

printf '13900000001\n139 0000 0002\n' >"$work/phones"
zh campaign test c <"$work/phones" >"$work/out" 2>&1 || fail "test: $(cat "$work/out")"
lacks "$work/out" '1390000000'
has "$work/out" '139****0001'
[ "$(wc -l <"$work/ledger")" = 4 ] || fail "two texts to two numbers: $(cat "$work/ledger")"
# The real text, longest first, with the name masked, marked as a test behind its signature.
grep -qE '【示例市人社局】（测试）李\*\*您好：[甲乙]中央空调' "$work/ledger" || fail "the text that was sent: $(cat "$work/ledger")"
lacks "$work/ledger" '李四四'
[ "$(sqlite3 "$dir/zhanchi.db" 'SELECT count(*) FROM message')" = 0 ] || fail "a test is a message of the campaign"
[ "$(zh --json campaign show c | jq -r .state)" = draft ] || fail "a test moves the campaign"
zh --json audit ls | jq -e 'any(.[]; .act == "campaign.test" and .object == "campaign c" and .detail == "2 texts to 2 numbers over gateway 12333")' >/dev/null ||
    fail "the record: $(zh --json audit ls)"
zh --json campaign test c --variant 2 <"$work/phones" >"$work/out" 2>/dev/null || fail "test --json"
jq -e 'length == 2 and all(.[]; .class == "OK" and .variant == 2)' "$work/out" >/dev/null || fail "test --json: $(cat "$work/out")"
before=$(wc -l <"$work/ledger")
printf '13900000001\n\nnonsense\n' >"$work/wrong"
refuses 65 'line 3 of standard input: that is no mobile number' campaign test c <"$work/wrong"
refuses 65 'no number to write to' campaign test c </dev/null
refuses 64 'from 1 to 2' campaign test c --variant 3 <"$work/phones"
refuses 64 'does not go over gateway other' campaign test c --gateway other <"$work/phones"
seq -f '139%08.0f' 1 21 >"$work/many"
refuses 65 'more than 20 numbers' campaign test c <"$work/many"
zh optout add <"$work/phones" >/dev/null 2>&1
refuses 77 'has refused' campaign test c <"$work/phones"
[ "$(wc -l <"$work/ledger")" = "$before" ] || fail "something was sent although the input is wrong"
exit $failed
