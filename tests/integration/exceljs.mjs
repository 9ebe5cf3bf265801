// exceljs.mjs MODULES OUT.xlsx STREAMED.xlsx: the list of tests/data/tables/list.fods, as exceljs writes it, whole and as a stream.
import { createRequire } from "node:module";

const [modules, whole, streamed] = process.argv.slice(2);
const ExcelJS = createRequire(`${modules}/node_modules/`)("exceljs");
const day = (y, m, d, h = 0, min = 0) => new Date(Date.UTC(y, m - 1, d, h, min));

function fill(sheet, commit) {
    const put = (row, values, formats = {}) => {
        const r = sheet.getRow(row);
        values.forEach((v, i) => { if (v !== undefined) r.getCell(i + 1).value = v; });
        for (const [column, format] of Object.entries(formats)) r.getCell(Number(column)).numFmt = format;
        if (commit) r.commit();
    };
    put(1, ["2026年职工名单"]);
    put(2, ["姓名", "身份证号", "手机号码", "发证日期", "缴费月数", "单位名称", "备注"]);
    put(3, ["甲一", "110000190101010001", 19900000001, day(2018, 4, 22), 36, "某厂 & 某店", 4.35], { 4: 'yyyy"年"m"月"d"日"' });
    put(4, [{ richText: [{ text: "乙二", font: { bold: true } }, { text: "·𠮷" }] }, 440000200002290004, "19900000002", day(2020, 2, 29),
        { formula: "E3+4", result: 40 }, commit ? "某厂 & 某店" : undefined, "两\n行"], { 4: 'yyyy"年"m"月"d"日"' });
    put(7, ["丙三", undefined, { formula: '"199"&"00000003"', result: "19900000003" }, day(2018, 4, 22, 10, 30), 48, true, day(2020, 2, 1)],
        { 4: "yyyy/m/d hh:mm", 5: "000000", 7: "yyyy-mm" });
    if (!commit) {
        sheet.mergeCells("A1:G1");
        sheet.mergeCells("F3:F4");
    }
}

function rest(book) {
    const empty = book.addWorksheet("空表");
    const hidden = book.addWorksheet("字典", { state: "hidden" });
    hidden.getCell("A1").value = "初级工";
    return [empty, hidden];
}

const book = new ExcelJS.Workbook();
fill(book.addWorksheet("名单"), false);
rest(book);
await book.xlsx.writeFile(whole);

const stream = new ExcelJS.stream.xlsx.WorkbookWriter({ filename: streamed, useStyles: true, useSharedStrings: false });
const sheet = stream.addWorksheet("名单");
fill(sheet, true);
sheet.commit();
for (const s of rest(stream)) s.commit();
await stream.commit();
