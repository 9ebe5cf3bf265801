"""pycsv.py FOLDER: one list as Python's csv module writes it, in its dialects and in the encodings that lists come in; and what it says."""
import csv
import json
import sys

folder = sys.argv[1]
rows = [
    ["姓名", "手机号码", "单位名称", "备注"],
    ["甲一", "19900000001", "某厂, 某店", 'a "quoted" word'],
    ["乙二·䶮", "１９９０００００００２", "两\n行", ""],
    ["丙三", "19900000003", " blanks ", "semi;colon\ttab|pipe"],
    ["", "", "", ""],
]
with open(f"{folder}/py.jsonl", "w", encoding="utf-8") as out:
    for row in rows:
        out.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")

dialects = {
    "excel": {"dialect": "excel"},
    "unix": {"dialect": "unix"},
    "tab": {"dialect": "excel-tab"},
    "semicolon": {"delimiter": ";"},
    "pipe": {"delimiter": "|", "quoting": csv.QUOTE_ALL},
}
encodings = {"utf8": "utf-8", "bom": "utf-8-sig", "gb18030": "gb18030", "utf16": "utf-16"}
for name, options in dialects.items():
    for word, encoding in encodings.items():
        with open(f"{folder}/py-{name}-{word}.csv", "w", encoding=encoding, newline="") as out:
            csv.writer(out, **options).writerows(rows)
