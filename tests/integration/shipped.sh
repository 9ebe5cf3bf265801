#!/bin/bash
# shipped.sh BIN_DIR SOURCE_DIR: every shipped template is within the rules of its gateways, has the number of segments that its file states, and
# says what it must: a notice the condition, where, until when and whom to call; both languages of each.
set -u
bin=$1 dir=$2/templates
failed=0
fail() {
    echo "FAIL: $*" >&2
    failed=1
}
export LC_ALL=C.UTF-8
cd /
count=0
check() { # FILE RULES
    "$bin/zhanchi" --json template check "$1" --rules "$2" || fail "$1 is not within the rules of $2"
}
for file in "$dir"/*.tmpl; do
    name=$(basename "$file" .tmpl) count=$((count + 1))
    kind=$(sed -n 's/^kind: //p' "$file") channel=$(sed -n 's/^channel: //p' "$file")
    [ "$(sed -n 's/^name: //p' "$file")" = "$name" ] || fail "$file has another name"
    for rules in $([ "$channel" = email ] && echo email || echo mainland mainland-gbk); do
        told=$(check "$file" "$rules")
        [ "$(jq -c .lint <<<"$told")" = '[]' ] || fail "$name, $rules: $(jq -c .lint <<<"$told")"
    done
    stated=$(sed -n 's/^# \(条数：\|segments: \)\([0-9]*\)$/\2/p' "$file")
    [ "$stated" = "$(jq .parts <<<"$told")" ] || fail "$name states '$stated' segments, it has $(jq .parts <<<"$told")"
    slots='phone12333'
    [ "$kind" = notice ] && slots='occupation level_name apply_where deadline phone12333'
    for slot in $slots; do
        # Outside of every section: whatever the row, it is said.
        sed '1,/^---$/d; s/{{#\([a-z_0-9]*\)}}.*{{\/\1}}//; s/{{\^\([a-z_0-9]*\)}}.*{{\/\1}}//' "$file" | grep -q "{{$slot}}" || fail "$name does not say {{$slot}}"
    done
done
for name in skill-notice skill-remind-90 skill-remind-30 skill-remind-7 skill-accepted skill-approved skill-paid skill-missing skill-refusal; do
    [ -f "$dir/$name.tmpl" ] && [ -f "$dir/$name-en.tmpl" ] || fail "$name is not there in both languages"
    grep -q '^language: en$' "$dir/$name-en.tmpl" || fail "$name-en is not in English"
    "$bin/zhanchi" --json template check "$dir/$name-en.tmpl" --rules international >/dev/null || fail "$name-en is not within the rules of international"
done
[ $count -ge 22 ] || fail "only $count templates were looked at"

# Would a text that breaks a rule, and a wrong figure, be seen?
work=$(mktemp -d "${TMPDIR:-/tmp}/zhanchi-shipped.XXXXXX")
trap 'rm -rf "$work"' EXIT
sed 's/{{deadline}}/月底/' "$dir/skill-notice.tmpl" >"$work/skill-notice.tmpl"
"$bin/zhanchi" template check "$work/skill-notice.tmpl" >/dev/null 2>&1 && fail "a notice without its last day was taken"
exit $failed
