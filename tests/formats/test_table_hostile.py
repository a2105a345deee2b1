"""Hostile and broken workbooks, made here and small."""

from __future__ import annotations

import io
import random
import zipfile

import pytest
import xlsxwriter

from gateway.errors import InputError, LimitExceeded, UsageError
from gateway.formats.base import Context, Limits
from gateway.formats.table import load, read
from gateway.formats.table.unique import Unique, mark
from gateway.options import Options
from gateway.sources import Source


def zip_of(size: int) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        for _ in range(size >> 20):
            part.write(bytes(1 << 20))
    return out.getvalue()


def code(data: bytes, limits: Limits | None = None, name: str = "b.xlsx") -> tuple[str, int]:
    context = Context(mapping=load("acme-cmo/batch"), limits=limits or Limits())
    with pytest.raises((InputError, LimitExceeded)) as caught:
        list(read(Source.memory(data, name), context).events)
    return caught.value.finding.code, caught.value.exit_code


def test_a_zip_bomb_is_a_limit() -> None:
    data = zip_of(64 << 20)
    assert len(data) < 100_000
    assert code(data) == ("TABLE-XLSX-01", 6)


def test_a_zip_that_lies_about_its_sizes_is_measured() -> None:
    data = bytearray(zip_of(32 << 20))
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = (100).to_bytes(4, "little")  # declared size in the central directory
    assert code(bytes(data)) == ("TABLE-XLSX-01", 6)


def test_unpacked_and_packed_sizes_have_caps() -> None:
    data = zip_of(2 << 20)
    assert code(data, Limits(unpacked_bytes=1 << 20)) == ("TABLE-XLSX-01", 6)
    assert code(data, Limits(input_bytes=100)) == ("TABLE-LIMIT-01", 6)


def test_too_many_rows() -> None:
    rows = b"GTIN;Seriennummer;Charge;G\xfcltig bis;Karton SSCC;Serialisiert am;Verpackt am\n" + b";;;;;;\n" * 20
    assert code(rows, Limits(rows=10), "b.csv") == ("TABLE-LIMIT-01", 6)


def test_a_protected_workbook_says_so() -> None:
    ole2 = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1500)
    assert code(ole2 + "EncryptedPackage".encode("utf-16-le") + bytes(600)) == ("TABLE-XLSX-02", 1)
    assert code(ole2) == ("TABLE-XLSX-03", 1)


@pytest.mark.parametrize("length", [4, 30, 200, 3000])
def test_a_truncated_workbook(length: int, fixtures) -> None:
    whole = (fixtures / "mappings" / "acme-cmo" / "batch-tr.xlsx").read_bytes()
    assert code(whole[:length]) == ("TABLE-XLSX-03", 1)


def test_a_zip_that_is_no_workbook() -> None:
    assert code(zip_of(1 << 20)) == ("TABLE-XLSX-03", 1)


def test_unique_finds_exactly_the_doubles() -> None:
    unique = Unique()
    keys = [f"k{n}" for n in range(200_000)]
    unique.add(keys)
    unique.add(["k5", "k199999", "new"])
    assert unique.suspects() == {mark("k5"), mark("k199999")}
    assert Unique().suspects() == set()


def sheet_of(xml: str) -> bytes:
    """A workbook that is no more than one sheet, as far as the guard looks."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet><sheetData>{xml}</sheetData></worksheet>")
    return out.getvalue()


FAR = [
    '<row r="1"><c r="A1"/></row><row r="1048576"><c r="XFD1048576"/></row>',
    '<row r="1"><c r="A1"/><c r="XFD1048576"/></row>',
    "<row r='1'><c r='A1'/></row><row r='1048576'><c r='XFD1048576'/></row>",
    '<row r = "1"><c r = "A1"/></row><row r = "1048576"><c r = "XFD1048576"/></row>',
    '<x:row r="1"><x:c r="A1"/></x:row><x:row r="1048576"><x:c r="xfd1048576"/></x:row>',
    '<row r="1"><c r="A1"/></row><row r="1048576"><c r="Z1048576"/></row>',
    "<row>" + "<c><v>1</v></c>" * 3000 + "</row>" + "<row><c/></row>" * 5000,
]


@pytest.mark.parametrize("xml", FAR)
def test_a_stray_cell_far_away_does_not_fill_the_memory(xml: str) -> None:
    assert code(sheet_of(xml)) == ("TABLE-XLSX-04", 6)


@pytest.mark.parametrize(
    "xml",
    [
        '<row r="1"><c r="A1"/></row><row r="1048576"><c r="C1048576"/></row>',  # a rectangle of 3 million: harmless
        "".join(f'<row r="{n}"><c r="A{n}"/><c r="B{n}"/></row>' for n in range(1, 200_001)),
        '<row r="1"><c r="A1"/><c r="XFD1"/></row>',
    ],
)
def test_long_and_wide_tables_pass_the_guard(xml: str) -> None:
    assert code(sheet_of(xml))[0] == "TABLE-XLSX-03"  # no workbook: the guard let it through, calamine did not


def test_a_flipped_byte_inside_a_workbook_is_found_by_its_checksum() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", '<c r="A1"><v>1234567</v></c>')
    assert code(out.getvalue().replace(b"1234567", b"1234568")) == ("TABLE-XLSX-03", 1)


def test_what_only_the_reader_of_a_sheet_finds_is_a_finding() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    book.add_worksheet("Batch").write_string(0, 0, "GTIN")
    book.close()
    broken = io.BytesIO()
    with zipfile.ZipFile(out) as whole, zipfile.ZipFile(broken, "w") as copy:
        for name in whole.namelist():
            data = whole.read(name)
            copy.writestr(name, data.replace(b'r="A1"', b'r="A1!"') if "sheet1" in name else data)
    assert code(broken.getvalue()) == ("TABLE-XLSX-03", 1)


def finding(data: bytes):
    context = Context(mapping=load("acme-cmo/batch"))
    with pytest.raises((InputError, LimitExceeded)) as caught:
        list(read(Source.memory(data, "b.csv"), context).events)
    return caught.value.finding


HEAD = "GTIN;Seriennummer;Charge;Gültig bis;Karton SSCC;Serialisiert am;Verpackt am\r\n".encode("cp1252")
ROW = b"08680001123452;A%d;L1;31.10.2029;086800010000000012;16.11.2026 06:30:00;16.11.2026 08:05:00\r\n"


def test_binary_garbage_is_no_bug() -> None:
    for seed in range(200):
        data = random.Random(seed).randbytes(2000)
        assert finding(data).code.startswith("TABLE-")


def test_utf_16_without_mark_and_binary_zeros_are_named() -> None:
    for data in (HEAD.decode("cp1252").encode("utf-16-be"), bytes(3000)):
        found = finding(data)
        assert (found.code, found.where.row) == ("TABLE-ENC-01", 1)
        assert "UTF-16" in found.hint


@pytest.mark.parametrize(("delimiter", "name"), [(b",", "commas"), (b"\t", "tabs"), (b"|", "bars (|)")])
def test_a_wrong_separator_is_named_instead_of_every_column(delimiter: bytes, name: str) -> None:
    found = finding(HEAD.replace(b";", delimiter) + (ROW % 1).replace(b";", delimiter))
    assert found.code == "TABLE-CSV-01"
    assert found.message == f"the cells are separated by {name}, the mapping acme-cmo/batch reads semicolons"


def test_a_setting_is_proposed_only_when_it_would_be_enough() -> None:
    assert finding(b"GTIN;Seriennummer\r\n").hint.startswith("Name the column as the mapping does")
    without = HEAD.replace(b";Serialisiert am;Verpackt am", b"")
    assert finding(without).hint == "Add the column, or give --set event-time=."


@pytest.mark.parametrize("quoted", [b"", b'"'])
def test_a_line_without_end_and_an_open_quote_are_found_in_their_line(quoted: bytes) -> None:
    head = HEAD.replace(b"GTIN", quoted + b"GTIN" + quoted)
    rows = head + b"".join(ROW % n for n in range(2000))
    found = finding(rows + b"x" * (5 << 20))
    assert (found.code, found.where.line) == ("TABLE-LIMIT-01", 2002)
    found = finding(rows + (ROW % 1).replace(b"L1", b'"L1" x') + ROW % 2)
    assert (found.code, found.where.line) == ("TABLE-CSV-01", 2002)


def test_detection_tells_why_a_workbook_cannot_be_opened() -> None:
    mapping = load("acme-cmo/batch")
    protected = bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le")
    for data, wanted in ((protected, "TABLE-XLSX-02"), (zip_of(64 << 20), "TABLE-XLSX-01"), (b"PK", "TABLE-XLSX-03")):
        source = Source.memory(data, "b.xlsx")
        with pytest.raises((InputError, LimitExceeded)) as caught:
            mapping.claims(source.head(), source.name, source)
        assert caught.value.finding.code == wanted
    assert mapping.claims(protected, "b.doc", Source.memory(protected, "b.doc")) is None


def test_a_creation_date_is_a_time_with_a_zone() -> None:
    options = Options.check({"creation-date": "yesterday"}, load("acme-cmo/batch").settings)
    with pytest.raises(UsageError, match="creation-date=yesterday is no time with a zone"):
        read(Source.memory(HEAD + ROW % 1, "b.csv"), Context(options=options, mapping=load("acme-cmo/batch")))


def test_a_total_is_not_compared_when_rows_were_refused() -> None:
    rows = HEAD + ROW % 1 + (ROW % 2).replace(b"123452", b"123453") + b"Summe Packungen;2;;;;;\r\n"
    context = Context(mapping=load("acme-cmo/batch"))
    list(read(Source.memory(rows, "b.csv"), context).events)
    assert [found.code for found in context.findings] == ["GS1-GTIN-02"]
