"""Workbooks of all kinds: XLSX, XLS and ODS, and what they say beside their values."""

from __future__ import annotations

import datetime as dt
import io
import random
import zipfile

import pytest
import xlsxwriter
import xlwt

from gateway.formats.base import Context, Limits
from gateway.formats.table import read
from gateway.formats.table.sheet_marks import Scan
from gateway.sources import Source
from tests.formats.tables import CASES, GTIN, HEAD, codes, convert, mapping, serials, told

NAMES = HEAD.split(",")


def xlsx(build, **options) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, options) as book:
        build(book)
    return out.getvalue()


def rows_of(sheet, *rows: list) -> None:
    for number, row in enumerate([NAMES, *rows]):
        for column, cell in enumerate(row):
            if cell != "":
                sheet.write(number, column, cell)


def xls(*rows: list, build=None, date_1904: bool = False) -> bytes:
    book = xlwt.Workbook()
    book.dates_1904 = date_1904
    sheet = book.add_sheet("Batch")
    rows_of(sheet, *rows)
    if build is not None:
        build(book, sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


ODS_HEAD = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" office:version="1.3">'
    "<office:body><office:spreadsheet>"
)
ODS_FOOT = "</office:spreadsheet></office:body></office:document-content>"


def cell(text: str, more: str = "") -> str:
    return f'<table:table-cell office:value-type="string"{more}><text:p>{text}</text:p></table:table-cell>'


def line(*cells: str, more: str = "") -> str:
    inside = "".join(one if one.startswith("<") else cell(one) for one in cells)
    return f"<table:table-row{more}>{inside}</table:table-row>"


def ods(*lines: str, before: str = "", name: str = "Batch", more: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    content = f'{ODS_HEAD}{before}<table:table table:name="{name}">{"".join(lines)}</table:table>{ODS_FOOT}'
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        files = '<m:file-entry m:full-path="/" m:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
        manifest = f'<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{files}</m:manifest>'
        for part, text in ({"META-INF/manifest.xml": manifest} | (more or {})).items():
            archive.writestr(part, text)
    return out.getvalue()


ROWS = [[GTIN, "A1", "L1", "2029-10-31", CASES[0]], [GTIN, "0007", "L1", "2029-10-31", CASES[0]]]


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_all_kinds_are_read_by_content_whatever_their_name(tmp_path, kind: str) -> None:
    made = {
        "xlsx": lambda: xlsx(lambda book: rows_of(book.add_worksheet("Batch"), *ROWS)),
        "xls": lambda: xls(*ROWS),
        "ods": lambda: ods(line(*NAMES), *(line(*row) for row in ROWS)),
    }
    for name in (f"b.{kind}", "b.xlsx", "b.dat"):
        events, findings = convert(mapping(tmp_path), made[kind](), name)
        assert not findings
        assert serials(events) == ["A1", "0007"]


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_an_error_is_no_empty_cell(tmp_path, kind: str) -> None:
    """The lot may be empty; here it is not, but its formula failed."""
    if kind == "xlsx":

        def build(book) -> None:
            sheet = book.add_worksheet()
            rows_of(sheet, *ROWS)
            sheet.write_formula(1, 2, "=#REF!", None, "#REF!")

        data = xlsx(build)
    elif kind == "xls":
        data = xls(
            [GTIN, "A1", "", "2029-10-31", CASES[0]], build=lambda _, sheet: sheet.row(1).set_cell_error(2, "#REF!")
        )
    else:
        failed = cell("#REF!", ' table:formula="of:=[.#REF!1]" calcext:value-type="error"')
        data = ods(line(*NAMES), line(GTIN, "A1", failed, "2029-10-31", CASES[0]))
    _, findings = convert(mapping(tmp_path), data, f"b.{kind}")
    assert told(findings) == [("TABLE-CELL-01", 2, "Lot")]
    assert findings[0].value == "#REF!"


def without_results(data: bytes, old: str, new: str) -> bytes:
    """A workbook whose writer left the results of its formulas out, as libraries do."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for part in archive.infolist():
            content = archive.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                assert old.encode() in content
                content = content.replace(old.encode(), new.encode())
            made.writestr(part.filename, content)
    return out.getvalue()


@pytest.mark.parametrize("value", ["", "<v></v>", "<v/>"])
def test_a_formula_without_a_saved_result_is_no_empty_cell(tmp_path, value: str) -> None:
    def build(book) -> None:
        sheet = book.add_worksheet()
        rows_of(sheet, *ROWS)
        sheet.write_formula(2, 2, "=A1", None, 77)

    data = without_results(xlsx(build), "<v>77</v>", value)
    _, findings = convert(mapping(tmp_path), data, "b.xlsx")
    assert told(findings) == [("TABLE-CELL-01", 3, "Lot")]
    assert "not saved" in findings[0].message


def test_rows_of_nothing_but_formulas_are_not_lost(tmp_path) -> None:
    def build(book) -> None:
        sheet = book.add_worksheet()
        rows_of(sheet, *ROWS)
        for column in range(5):
            sheet.write_formula(3, column, "=A1", None, 77)

    data = without_results(xlsx(build), "<v>77</v>", "")
    _, findings = convert(mapping(tmp_path), data, "b.xlsx")
    assert {(one.code, one.where.row) for one in findings} == {("TABLE-CELL-01", 4)}


def test_a_formula_with_an_empty_text_is_an_empty_cell(tmp_path) -> None:
    def build(book) -> None:
        sheet = book.add_worksheet()
        rows_of(sheet, *ROWS)
        sheet.write_formula(2, 2, '=""', None, 0)

    data = without_results(xlsx(build), '<c r="C3"><f>""</f><v>0</v>', '<c r="C3" t="str"><f>""</f><v></v>')
    assert not convert(mapping(tmp_path), data, "b.xlsx")[1]


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_hidden_rows_are_converted_and_said(tmp_path, kind: str) -> None:
    if kind == "xlsx":

        def build(book) -> None:
            sheet = book.add_worksheet("Batch")
            rows_of(sheet, *ROWS)
            sheet.set_row(2, None, None, {"hidden": True})

        data = xlsx(build)
    elif kind == "xls":

        def hide(_, sheet) -> None:
            sheet.row(2).hidden = 1

        data = xls(*ROWS, build=hide)
    else:
        data = ods(line(*NAMES), line(*ROWS[0]), line(*ROWS[1], more=' table:visibility="filter"'))
    events, findings = convert(mapping(tmp_path), data, f"b.{kind}")
    assert serials(events) == ["A1", "0007"]
    assert [(one.code, one.where.sheet, one.where.row) for one in findings] == [("TABLE-SHEET-03", "Batch", 3)]


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_hidden_columns_are_converted_and_said(tmp_path, kind: str) -> None:
    if kind == "xlsx":

        def build(book) -> None:
            sheet = book.add_worksheet()
            rows_of(sheet, *ROWS)
            sheet.set_column(2, 3, None, None, {"hidden": True})
            sheet.set_column(9, 99, None, None, {"hidden": True})

        data = xlsx(build)
    elif kind == "xls":

        def hide(_, sheet) -> None:
            for column in (2, 3, 9):
                sheet.col(column).hidden = True

        data = xls(*ROWS, build=hide)
    else:
        columns = (
            '<table:table-column table:number-columns-repeated="2"/>'
            '<table:table-column table:number-columns-repeated="2" table:visibility="collapse"/>'
        )
        data = ods(columns, line(*NAMES), *(line(*row) for row in ROWS))
    events, findings = convert(mapping(tmp_path), data, f"b.{kind}")
    assert serials(events) == ["A1", "0007"]
    assert codes(findings) == ["TABLE-SHEET-03"]
    assert findings[0].value == ("C, D" if kind == "xls" else "C to D")


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_the_first_sheet_is_the_first_that_people_see(tmp_path, kind: str) -> None:
    if kind == "xlsx":

        def build(book) -> None:
            hidden = book.add_worksheet("Old")
            rows_of(hidden, [GTIN, "OLD", "L0", "2029-10-31", CASES[1]])
            sheet = book.add_worksheet("Batch")
            sheet.activate()
            sheet.set_first_sheet()
            hidden.hide()
            rows_of(sheet, *ROWS)

        data = xlsx(build)
    else:

        def build_old(book, sheet) -> None:
            sheet.visibility = 1
            rows_of(book.add_sheet("New"), [GTIN, "N1", "L1", "2029-10-31", CASES[0]])

        data = xls(*ROWS, build=build_old)
    events, findings = convert(mapping(tmp_path), data, f"b.{kind}")
    assert serials(events) == (["A1", "0007"] if kind == "xlsx" else ["N1"])
    assert [one.message.partition(" is")[0] for one in findings] == [
        f"the hidden sheet {'Old' if kind == 'xlsx' else 'Batch'!r}"
    ]


def test_a_hidden_sheet_that_the_mapping_names_is_read_and_said(tmp_path) -> None:
    def build(book) -> None:
        book.add_worksheet("Cover").write(0, 0, "x")
        sheet = book.add_worksheet("Batch")
        sheet.hide()
        rows_of(sheet, *ROWS)

    events, findings = convert(mapping(tmp_path, {"xlsx": {"sheet": "Batch"}}), xlsx(build), "b.xlsx")
    assert serials(events) == ["A1", "0007"]
    assert codes(findings) == ["TABLE-SHEET-02", "TABLE-SHEET-03"]


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_a_merged_cell_holds_in_all_its_rows(tmp_path, kind: str) -> None:
    rows = [
        [GTIN, "A1", "L1", "", CASES[0]],
        [GTIN, "A2", "", "", ""],
        [GTIN, "A3", "", "", ""],
        [GTIN, "A4", "L2", "", ""],
    ]
    if kind == "xlsx":

        def build(book) -> None:
            sheet = book.add_worksheet()
            rows_of(sheet, *rows)
            sheet.merge_range(1, 2, 3, 2, "L1")
            sheet.merge_range(1, 4, 2, 4, CASES[0])

        data = xlsx(build)
    elif kind == "xls":

        def merge(_, sheet) -> None:
            sheet.merge(1, 3, 2, 2)
            sheet.merge(1, 2, 4, 4)

        data = xls(*rows, build=merge)
    else:
        lot = cell("L1", ' table:number-rows-spanned="3" table:number-columns-spanned="1"')
        case = cell(CASES[0], ' table:number-rows-spanned="2" table:number-columns-spanned="1"')
        covered, empty = "<table:covered-table-cell/>", "<table:table-cell/>"
        data = ods(
            line(*NAMES),
            line(GTIN, "A1", lot, empty, case),
            line(GTIN, "A2", covered, empty, covered),
            line(GTIN, "A3", covered, empty, empty),
            line(GTIN, "A4", "L2", empty, empty),
        )
    events, findings = convert(mapping(tmp_path), data, f"b.{kind}")
    lots = {epc[-2:]: event.ilmd[0].text for event in events for epc in getattr(event, "epc_list", None) or ()}
    assert lots == {"A1": "L1", "A2": "L1", "A3": "L1", "A4": "L2"}
    assert next(event.child_epcs for event in events if hasattr(event, "child_epcs"))[1].endswith("A2")
    assert told(findings) == [("TABLE-SHEET-04", 2, "")]


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_day_counts_begin_with_the_epoch_of_the_workbook(tmp_path, kind: str) -> None:
    count = (dt.date(2029, 10, 31) - dt.date(1904, 1, 1)).days
    row = [GTIN, "A1", "L1", count, CASES[0]]
    if kind == "xlsx":
        data = xlsx(lambda book: rows_of(book.add_worksheet(), row), date_1904=True)
    elif kind == "xls":
        data = xls(row, date_1904=True)
    else:
        number = cell(str(count)).replace('"string"', f'"float" office:value="{count}"')
        epoch = (
            '<table:calculation-settings><table:null-date table:date-value="1904-01-01"/></table:calculation-settings>'
        )
        data = ods(line(*NAMES), line(GTIN, "A1", "L1", number, CASES[0]), before=epoch)
    events, findings = convert(mapping(tmp_path), data, f"b.{kind}")
    assert events[0].ilmd[1].text == "2029-10-31"
    assert told(findings) == [("TABLE-DATE-02", 2, "Expiry")]


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_date_cells_of_both_epochs(tmp_path, kind: str) -> None:
    day = dt.datetime(2029, 10, 31)  # noqa: DTZ001 - a cell has no zone
    for date_1904 in (False, True):
        if kind == "xlsx":

            def build(book) -> None:
                sheet = book.add_worksheet()
                rows_of(sheet, *ROWS[:1])
                sheet.write_datetime(1, 3, day, book.add_format({"num_format": "dd.mm.yyyy"}))

            data = xlsx(build, date_1904=date_1904)
        else:

            def build_old(_, sheet) -> None:
                sheet.write(1, 3, day, xlwt.easyxf(num_format_str="DD.MM.YYYY"))

            data = xls([GTIN, "A1", "L1", "", CASES[0]], build=build_old, date_1904=date_1904)
        events, findings = convert(mapping(tmp_path), data, f"b.{kind}")
        assert (events[0].ilmd[1].text, findings) == ("2029-10-31", [])


def far(_, sheet) -> None:
    sheet.write(65535, 255, "x")


HUGE = ' table:number-columns-repeated="16384"'
BOMBS = [
    line(cell("x", HUGE), more=' table:number-rows-repeated="1048576"'),
    "".join(line(cell("x", HUGE)) for _ in range(1000)),
    line('<table:table-cell table:number-columns-repeated="16383"/>', "x")
    + line("<table:table-cell/>", more=' table:number-rows-repeated="1048574"')
    + line("x"),
]


@pytest.mark.parametrize("bomb", range(len(BOMBS)))
def test_few_bytes_that_stand_for_many_cells_are_a_limit(tmp_path, bomb: int) -> None:
    _, findings = convert(mapping(tmp_path), ods(line(*NAMES), BOMBS[bomb]), "b.ods")
    assert codes(findings) == ["TABLE-XLSX-04"]
    _, findings = convert(mapping(tmp_path), xls(*ROWS, build=far), "b.xls")
    assert codes(findings) == ["TABLE-XLSX-04"]


def test_empty_rows_to_the_end_of_an_ods_sheet_do_no_harm(tmp_path) -> None:
    rest = line(f"<table:table-cell{HUGE}/>", more=' table:number-rows-repeated="1048000"')
    events, findings = convert(mapping(tmp_path), ods(line(*NAMES), line(*ROWS[0]), rest), "b.ods")
    assert serials(events) == ["A1"]
    assert not findings


@pytest.mark.parametrize("length", [600, 2000, 4000])
def test_truncated_and_damaged_workbooks(tmp_path, length: int) -> None:
    mapped = mapping(tmp_path)
    for data, name in ((xls(*ROWS), "b.xls"), (ods(line(*NAMES), line(*ROWS[0])), "b.ods")):
        _, findings = convert(mapped, data[: min(length, len(data) - 1)], name)
        assert codes(findings) == ["TABLE-XLSX-03"]
    damaged = bytearray(xls(*ROWS))
    damaged[length : length + 64] = bytes(64)
    _, findings = convert(mapped, bytes(damaged), "b.xls")
    assert all(one.code.startswith(("TABLE-", "GS1-")) for one in findings)


def test_ods_with_a_password_or_without_content(tmp_path) -> None:
    mapped = mapping(tmp_path)
    secret = {"META-INF/manifest.xml": '<m:manifest xmlns:m="x"><m:encryption-data/></m:manifest>'}
    assert codes(convert(mapped, ods(line("x"), more=secret), "b.ods")[1]) == ["TABLE-XLSX-02"]
    data = ods(line("x")).replace(b"content.xml", b"c0ntent.xml")
    assert "no workbook" in convert(mapped, data, "b.ods")[1][0].message
    assert codes(convert(mapped, data, "b.ods")[1]) == ["TABLE-XLSX-03"]


def test_a_declared_entity_in_an_ods_is_not_read(tmp_path) -> None:
    data = ods(line(*NAMES), line(GTIN, "&x;", "", "", ""))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + archive.read("content.xml").decode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        made.writestr("content.xml", content)
    events, findings = convert(mapping(tmp_path), out.getvalue(), "b.ods")
    assert not serials(events)
    assert any(one.severity == "error" for one in findings)


def test_a_zip_file_that_could_be_read_in_two_ways_is_not_read(tmp_path) -> None:
    both = ods(line(*NAMES), more={"xl/workbook.xml": "<x/>"})
    _, findings = convert(mapping(tmp_path), both, "b.ods")
    assert codes(findings) == ["TABLE-XLSX-03"]
    assert "two workbooks in one" in findings[0].message
    _, findings = convert(mapping(tmp_path), both.replace(b"xl/workbook.xml", b"xl/workbook.bin"), "b.xlsb")
    assert "binary workbook" in findings[0].message
    late = ods(line(*NAMES), BOMBS[0])
    with zipfile.ZipFile(io.BytesIO(late)) as archive:
        content = archive.read("content.xml")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("Content.xml", content)  # without the mark in front, and in other letters
    _, findings = convert(mapping(tmp_path), out.getvalue(), "b.xlsx")
    assert codes(findings) == ["TABLE-XLSX-04"]


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods", ".dat", ""])
def test_files_are_read_whatever_their_suffix(tmp_path, suffix: str) -> None:
    for data in (
        xls(*ROWS),
        ods(line(*NAMES), *(line(*row) for row in ROWS)),
        xlsx(lambda b: rows_of(b.add_worksheet(), *ROWS)),
    ):
        path = tmp_path / f"stored{suffix}"
        path.write_bytes(data)
        context = Context(mapping=mapping(tmp_path))
        assert serials(list(read(Source.file(path, "b.xlsx"), context).events)) == ["A1", "0007"]


def test_damage_anywhere_in_an_old_workbook_is_a_finding(tmp_path) -> None:
    """The library panics on some of these, which is no Exception."""
    whole, mapped = xls(*ROWS), mapping(tmp_path)
    chance = random.Random(7)
    seen = set()
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(4):
            data[chance.randrange(len(data))] = chance.randrange(256)
        seen |= set(codes(convert(mapped, bytes(data[: chance.randrange(2000, len(data))]), "b.xls")[1]))
    assert "TABLE-XLSX-03" in seen


def test_a_mapping_limit_holds_for_old_workbooks(tmp_path) -> None:
    assert codes(convert(mapping(tmp_path), xls(*ROWS), "b.xls", Limits(input_bytes=100))[1]) == ["TABLE-LIMIT-01"]


@pytest.mark.parametrize("size", [60, 64, 97, 10_000])
def test_marks_are_found_however_the_sheet_is_cut(size: int) -> None:
    xml = (
        b'<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2" hidden="1"><c r="A2" t="e"><v>#N/A</v></c>'
        b'<c r="B2"><f>A1</f><v>1</v></c></row><row r="3" hidden="true"><c r="AA3" s="1"><f t="shared" si="0"/></c>'
        b'<c r="AB3" t="str"><f>A1</f><v></v></c></row><row r="9" hidden="0"/></sheetData>'
    )
    from gateway.formats.table.sheet_extent import whole_tags

    scan = Scan()
    for piece in whole_tags(xml[at : at + size] for at in range(0, len(xml), size)):
        scan.feed(piece)
    scan.end()
    assert scan.marks.hidden == [(2, 3)]
    assert scan.marks.faults == {2: [(0, "#N/A")], 3: [(26, "#NO-RESULT")]}


def test_a_cell_that_is_cut_before_its_mark_is_found() -> None:
    scan = Scan()
    for piece in (b'<row r="2"><c r="B2"><v>1</v></c></row>', b'<row r="3"><c r="C3"><f>A1', b"</f></c></row>"):
        scan.feed(piece)
    scan.end()
    assert scan.marks.faults == {3: [(2, "#NO-RESULT")]}
