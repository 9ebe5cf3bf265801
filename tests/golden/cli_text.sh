#!/bin/sh
# cli_text: what `zhanchi text` and `zhanchi stats` print, line by line. Usage: cli_text.sh ZHANCHI
zhanchi=$1
failed=0

# expect NAME STATUS EXPECTED ACTUAL_STATUS ACTUAL
expect() {
    [ "$2" = "$4" ] && [ "$3" = "$5" ] && return
    printf 'FAIL %s: status %s, expected %s\n--- expected\n%s\n--- got\n%s\n' "$1" "$4" "$2" "$3" "$5"
    failed=1
}

out=$(printf '138 0000 0001\n\n159OOOOOO28\r\n' | "$zhanchi" text phone)
expect phone 0 '{"valid":true,"number":"13800000001","reason":null,"class":"basic","repaired":true}
{"valid":false,"number":null,"reason":"phone-empty","class":null,"repaired":false}
{"valid":false,"number":null,"reason":"phone-chars","class":null,"repaired":false}' $? "$out"

out=$(printf '11010519491231002x\n110105194912310021' | "$zhanchi" text id)
expect id 0 '{"valid":true,"number":"11010519491231002X","reason":null,"upgraded":"11010519491231002X","kind":"citizen18","birth":"1949-12-31","sex":"F","issued_in":"朝阳区","code_abolished":false,"repaired":true}
{"valid":false,"number":null,"reason":"id-check","upgraded":null,"kind":null,"birth":null,"sex":null,"issued_in":null,"code_abolished":false,"repaired":false}' $? "$out"

han='{"character":"汉","code_point":"U+6C49","times":1,"at":1}'
out=$(printf '汉a\nhello€\n\377\n' | "$zhanchi" text count)
expect count 0 '{"valid":true,"encoding":"UCS-2","characters":2,"units":2,"segments":1,"part_units":[2],"forces_ucs2":['"$han"'],"double":[]}
{"valid":true,"encoding":"UCS-2","characters":6,"units":6,"segments":1,"part_units":[6],"forces_ucs2":[],"double":[]}
{"valid":false,"reason":"utf-8","offset":0}' $? "$out"

out=$(printf 'hello€\n汉\n' | "$zhanchi" text count --gsm)
expect count-gsm 0 '{"valid":true,"encoding":"GSM-7","characters":6,"units":7,"segments":1,"part_units":[7],"forces_ucs2":[],"double":[{"character":"€","code_point":"U+20AC","times":1,"at":6}]}
{"valid":true,"encoding":"UCS-2","characters":1,"units":1,"segments":1,"part_units":[1],"forces_ucs2":['"$han"'],"double":[]}' $? "$out"

# Which characters force it, each once; a surrogate pair is two units.
out=$(printf 'a汉𠮷汉\n' | "$zhanchi" text count --gsm)
wide='{"character":"𠮷","code_point":"U+20BB7","times":1,"at":3}'
expect count-forcing 0 '{"valid":true,"encoding":"UCS-2","characters":4,"units":5,"segments":1,"part_units":[5],"forces_ucs2":[{"character":"汉","code_point":"U+6C49","times":2,"at":2},'"$wide"'],"double":['"$wide"']}' $? "$out"

# Signature and hint are billed: 60 + 5 + 6 units are two parts.
text=$(printf '%060d' 0)
out=$(echo "$text" | "$zhanchi" text count --signature 某某局 --hint 拒收请回复R | sed 's/,"forces.*//')
expect count-frame 0 '{"valid":true,"encoding":"UCS-2","characters":71,"units":71,"segments":2,"part_units":[67,4]' $? "$out"
out=$(echo "$text" | "$zhanchi" text count --signature 某某局 | sed 's/,"forces.*//')
expect count-signature 0 '{"valid":true,"encoding":"UCS-2","characters":65,"units":65,"segments":1,"part_units":[65]' $? "$out"
out=$("$zhanchi" text count --hint "$(printf '\261')" </dev/null 2>/dev/null)
expect count-hint-no-utf8 64 '' $? "$out"

out=$(printf '%5000s\n' x | "$zhanchi" text count 2>/dev/null)
expect too-long 65 '' $? "$out"

LC_ALL=C
export LC_ALL
out=$("$zhanchi" text foo 2>&1)
expect unknown 64 'zhanchi: unknown command: text foo
         see `zhanchi text --help`' $? "$out"
out=$("$zhanchi" stats proportion 15 148)
expect proportion 0 '10.14 %  (95 % interval 6.24 % to 16.05 %, Wilson)' $? "$out"
out=$("$zhanchi" stats difference 56 70 48 80 --level 0.99)
expect difference 0 '+20.00 points  (99 % interval +0.54 to +37.18, Newcombe)' $? "$out"
for wrong in 'proportion 5 3' 'proportion 0 0' 'proportion 5' 'proportion x 3' 'proportion 1 2 --level 95' 'difference 1 2 3'; do
    # shellcheck disable=SC2086
    out=$("$zhanchi" stats $wrong 2>/dev/null)
    expect "$wrong" 64 '' $? "$out"
done
exit $failed
