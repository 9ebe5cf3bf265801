#!/bin/bash
# templates.sh BIN_DIR: template files as an office has them: partials of the folder, errors with file, line and the nearest name, versions that never
# change, a campaign that keeps the one with which it was made.
set -u
bin=$1
. "$(dirname "$0")/scene.sh" templates
# says WANTED COMMAND...: it succeeds, and WANTED stands in what it prints. wrong: it fails, and says so.
says() {
    local wanted=$1
    shift
    zh "$@" >"$work/out" 2>&1 || fail "$*: $(cat "$work/out")"
    grep -qF -- "$wanted" "$work/out" || fail "$*: no '$wanted' in: $(cat "$work/out")"
}
wrong() {
    local wanted=$1
    shift
    zh "$@" >"$work/out" 2>&1 && fail "$*: not refused"
    grep -qF -- "$wanted" "$work/out" || fail "$*: no '$wanted' in: $(cat "$work/out")"
}

office
printf '姓名,手机号码,身份证号,批次\n张三,13800000001,110000190101010001,1\n李四,13800000002,440000200002290012,2\n' >"$work/list.csv"
zh list import "$work/list.csv" --name l >/dev/null 2>&1 || fail "import"

# ---- partials ----

t=$dir/templates
printf '咨询{{phone12333}}。{{>refusal}}\r\n' >"$t/closing.part"
printf '拒收请回复R\n\n' >"$t/refusal.part"
write() { # TEXT
    printf 'name: n\ntopic: t\nkind: status\nsignature: 示例局\ncolumns: 批次\n---\n%s\n' "$1" >"$t/n.tmpl"
}
write '{{name}}{{#honorific}}{{.}}{{/honorific}}您好。{{>closing}}'
says '张建国先生您好。咨询12333。拒收请回复R' template check n
says '张*女士您好。咨询12333。拒收请回复R' template preview n --list l
echo '{"name":"王五","phone12333":"12333"}' >"$work/data.json"
says '【示例局】王五您好。咨询12333。拒收请回复R' template render "$t/n.tmpl" --data "$work/data.json"

write '{{>nothing}}'
wrong "$t/n.tmpl: line 7, column 1: there is no partial nothing" template check n
# A partial is no path, and nothing outside the folder is one.
printf 'outside\n' >"$dir/outside.part"
write '{{>../outside}}'
wrong "$t/n.tmpl: line 7, column 1: a partial's name has 1 to 63 bytes, no slash" template check n
ln -s ../outside.part "$t/link.part"
ln -s refusal.part "$t/near.part"
write '{{>link}}'
wrong "$t/n.tmpl: line 7, column 1: $t/link.part leads out of the template's folder" template check n
write '{{>near}}'
says '拒收请回复R' template check n
(cd "$t" && says '拒收请回复R' template check ./n.tmpl)
(cd "$t" && says '拒收请回复R' template check n.tmpl)
write '{{>.hidden}}'
wrong 'no dot in front' template check n
printf '{{#name}}' >"$t/open.part"
write '{{>open}}'
wrong "$t/n.tmpl: partial open, line 1, column 1: the section name is never closed" template check n
printf 'a\n {{nmae}}' >"$t/typo.part"
write '{{>typo}}'
wrong "$t/n.tmpl: partial typo, line 2, column 2: unknown variable nmae; did you mean name?" template check n
printf '{{>round}}x' >"$t/round.part"
write '{{>round}}'
wrong 'nested too deeply' template check n
printf '\xb2\xbb' >"$t/gbk.part"
write '{{>gbk}}'
wrong "$t/gbk.part is not UTF-8 (byte 0)" template check n
head -c 9000 /dev/zero | tr '\0' x >"$t/long.part"
write '{{>long}}'
wrong 'its partials are longer than 8191 bytes' template check n
write '{{deadlin}}'
wrong "$t/n.tmpl: line 7, column 1: unknown variable deadlin; did you mean deadline?" template check n

# Nobody at all is no success.
printf 'name: m\ntopic: t\nkind: status\nchannel: email\nsubject: x\nsignature: 示例局\n---\n{{name}}\n' >"$t/m.tmpl"
wrong 'template m can be written to nobody of list l' template preview m --list l

# ---- versions ----

write '{{name}}甲{{批次}}。{{>closing}}'
says 'template n, version 1' template add "$t/n.tmpl"
says 'template n, version 1' template add "$t/n.tmpl"
zh campaign create c --list l --template n --gateway 12333 >"$work/out" 2>&1 || fail "create: $(cat "$work/out")"
# Another partial is another version; the campaign keeps the one that it was made with.
printf '不再接收请回复R\n' >"$t/refusal.part"
says 'template n, version 2' template add "$t/n.tmpl"
write '{{name}}乙。'
says 'template n, version 3' template add "$t/n.tmpl"
says '张*甲1。咨询12333。拒收请回复R' campaign preview c
says 'note: the file of template n was edited; this campaign keeps version 1' campaign preview c
says 'the file of template n was edited' campaign forecast c
printf '拒收请回复R\n' >"$t/refusal.part"
write '{{name}}甲{{批次}}。{{>closing}}'
says 'template n, version 1' template add "$t/n.tmpl"
[ "$(zh --json template ls | jq '[.[].version] == [1, 2, 3]')" = true ] || fail "template ls: $(zh --json template ls)"
zh campaign preview c >"$work/out" 2>&1
grep -q 'was edited' "$work/out" && fail "the file is as it was, and is said to be edited"

# What was stored can be read again, word by word, and is a file as it was.
says '{{name}}乙。' template show n
says '#   拒收请回复R' template show n --version 1
says '#   不再接收请回复R' template show n --version 2
zh template show n --version 1 >"$t/again.tmpl" 2>/dev/null
says 'template n, version 1' template add "$t/again.tmpl"
rm "$t/again.tmpl"
[ "$(zh --json template show n --version 2 | jq -r '.version, .columns, .text, .partials.refusal' | tr '\n' '|')" = '2|批次|{{name}}甲{{批次}}。{{>closing}}|不再接收请回复R|' ] ||
    fail "template show: $(zh --json template show n --version 2)"
wrong 'there is no version 4 of template n' template show n --version 4
wrong '--version 1x is no number of a version' template show n --version 1x
wrong 'there is no stored template nn' template show nn

# ---- what goes to a carrier ----

carrier() { # VARIABLES
    printf 'name: k\ntopic: t\nkind: status\nsignature: 示例局\ncarrier_template: 7\ncarrier_variables: %s\n---\n{{name}}，{{phone12333}}\n' "$1" >"$t/k.tmpl"
}
carrier 'tel=phone12333, who=name.masked:text(10)'
says 'k is correct' template check k
carrier 'tel=phone12333, who=nmae'
wrong "$t/k.tmpl: carrier_variables: who: line 1, column 1: unknown variable nmae; did you mean name?" template check k

# ---- languages: nobody is sent one by chance ----

text() { # NAME LANGUAGE TEXT
    printf 'name: %s\ntopic: s\nsignature: 示例局\nlanguage: %s\n---\n%s，12333\n' "$1" "$2" "$3" >"$t/$1.tmpl"
}
text han zh-CN '{{name}}您好'
text english en 'Dear {{name}}'
wrong 'template han is in zh-CN, template english in en: the list does not say who reads which' \
    campaign create two --list l --template han --template english --gateway 12333
printf '姓名,手机号码,语言\n张三,13800000001,\n李四,13800000002,英语\n王五,13800000003,中文\n赵六,13800000004,en\n' >"$work/two.csv"
zh list import "$work/two.csv" --name two >/dev/null 2>&1 || fail "import of two languages"
zh campaign create two --list two --template han --template english --gateway 12333 >"$work/out" 2>&1 || fail "two languages: $(cat "$work/out")"
[ "$(zh --json campaign preview two --rows 9 2>/dev/null | jq -r '.. | .text? // empty' | grep -o 'Dear ..\|.. *您好' | sort | tr '\n' ' ')" = \
    'Dear 李* Dear 赵* 张*您好 王*您好 ' ] || fail "two languages: $(zh --json campaign preview two --rows 9)"

# ---- variants: the shares are right in each region and level, and what was shown is what is frozen ----

text one zh-CN '{{name}}甲'
text other zh-CN '{{name}}乙'
{
    echo 姓名,手机号码,参保地,技能等级
    for i in $(seq 10 89); do
        case $((i % 4)) in 0) p=测试市,高级工 ;; 1) p=测试市,中级工 ;; 2) p=示例市,高级工 ;; 3) p=示例市,中级工 ;; esac
        echo "张$(sed 'y/0123456789/零一二三四五六七八九/' <<<"$i"),138000001$i,$p"
    done
} >"$work/many.csv"
zh list import "$work/many.csv" --name many >"$work/out" 2>&1 || fail "import of many: $(cat "$work/out")"
zh campaign create many --list many --template one:1 --template other:3 --gateway 12333 --seed 7 >"$work/out" 2>&1 || fail "many: $(cat "$work/out")"
shown=$(zh --json campaign preview many --rows 64 2>/dev/null | jq -r '.. | objects | select(has("text") and has("line")) | "\(.line) \(.variant)"' | sort -u)
[ "$(echo "$shown" | wc -l)" -gt 50 ] || fail "the preview shows hardly anybody: $shown"
zh campaign submit many --allow complaint --allow last_day --why test >"$work/out" 2>&1 || fail "submit: $(cat "$work/out")"
db() { sqlite3 "$dir/zhanchi.db" "$1"; }
[ "$(db "SELECT group_concat(n) FROM (SELECT count(*) AS n FROM member m JOIN campaign c ON c.id = m.campaign_id WHERE c.name = 'many'
    GROUP BY m.region, m.level, m.variant ORDER BY m.region, m.level, m.variant)")" = 5,15,5,15,5,15,5,15 ] ||
    fail "not balanced: $(db 'SELECT region, level, variant, count(*) FROM member GROUP BY 1, 2, 3')"
frozen=$(db "SELECT r.line || ' ' || (m.variant + 1) FROM member m JOIN list_row r ON r.id = m.row_id JOIN campaign c ON c.id = m.campaign_id
    WHERE c.name = 'many'" | sort -u)
[ -z "$(comm -23 <(echo "$shown") <(echo "$frozen"))" ] || fail "shown, but not frozen: $(comm -23 <(echo "$shown") <(echo "$frozen"))"
exit $failed
