#!/bin/sh
# libreoffice.sh: makes the files in this folder that LibreOffice wrote, from list.fods. They are kept here because LibreOffice is large (Debian:
# libreoffice-calc-nogui) and nobody needs it to run the tests. The texts of both are in list.jsonl and list-xls.jsonl.
set -eu
cd "$(dirname "$0")"
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
for to in "xlsx:Calc MS Excel 2007 XML" "xls:MS Excel 97"; do
    soffice -env:UserInstallation="file://$profile" --headless --convert-to "$to" --outdir "$profile/out" list.fods >/dev/null
    mv "$profile/out/list.${to%%:*}" "libreoffice.${to%%:*}"
done
# The same in the calendar that counts from 1904.
sed 's/<office:spreadsheet>/<office:spreadsheet><table:calculation-settings><table:null-date table:date-value="1904-01-01"\/><\/table:calculation-settings>/' \
    list.fods >"$profile/list.fods"
for to in "xlsx:Calc MS Excel 2007 XML" "xls:MS Excel 97"; do
    soffice -env:UserInstallation="file://$profile" --headless --convert-to "$to" --outdir "$profile/out" "$profile/list.fods" >/dev/null
    mv "$profile/out/list.${to%%:*}" "libreoffice-1904.${to%%:*}"
done
