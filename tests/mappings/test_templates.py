"""Every shipped mapping gives a blank table, which it knows as its own and reads with its example rows."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import pytest
import python_calamine

from gateway.errors import UsageError
from gateway.findings import Severity
from gateway.formats.base import Context
from gateway.formats.table import Mapping, all_mappings, read
from gateway.formats.table.template import template
from gateway.formats.table.write.files import text_encoding
from gateway.gs1.check_digit import verify
from gateway.sources import Source
from tests.formats.table_writing import FIELDS
from tests.formats.table_writing import mapping as made_mapping

PAIRS = [
    (mapping, carrier)
    for mapping in all_mappings()
    for carrier in ("xlsx", "csv")
    if getattr(mapping.spec.table, carrier) is not None
]


def name_of(mapping: Mapping, carrier: str) -> str:
    return f"template_batch.{carrier}"


def test_there_are_mappings() -> None:
    assert len(PAIRS) >= 10


@pytest.mark.parametrize(("mapping", "carrier"), PAIRS, ids=lambda part: getattr(part, "name", part))
def test_a_template_is_read_by_its_mapping_and_by_no_other(mapping: Mapping, carrier: str) -> None:
    made = template(mapping, carrier)
    assert made.notes == []
    source = Source.memory(made.data, name_of(mapping, carrier))
    context = Context(mapping=mapping)
    events = list(read(source, context).events)
    assert [finding for finding in context.findings if finding.severity is not Severity.INFO] == []
    epcs = [epc for event in events for epc in (getattr(event, "epc_list", None) or [])]
    amounts = [one for event in events for one in (getattr(event, "quantity_list", None) or [])]
    children = [epc for event in events for epc in (getattr(event, "child_epcs", None) or [])]
    assert len(epcs) + len(amounts) + len(children) >= 2
    assert [one.name for one in all_mappings() if one.claims(source.head(), source.name, source)] == [mapping.name]


@pytest.mark.parametrize(("mapping", "carrier"), PAIRS, ids=lambda part: getattr(part, "name", part))
def test_a_template_has_all_columns_also_without_examples(mapping: Mapping, carrier: str) -> None:
    made = template(mapping, carrier, with_examples=False)
    wanted = {field.column[0] for field in mapping.spec.fields.values() if field.column}
    if carrier == "xlsx":
        sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(made.data)).get_sheet_by_index(0)
        rows = [[str(cell) for cell in row] for row in sheet.to_python()]
    else:
        dialect = mapping.spec.table.csv
        assert dialect is not None
        delimiter, encoding = text_encoding(dialect)
        rows = list(csv.reader(io.StringIO(made.data.decode(encoding)), delimiter=delimiter))
    assert wanted <= set(rows[-1])
    assert not any("EXAMPLE" in cell for row in rows for cell in row)


def test_example_numbers_are_right() -> None:
    by_name = {mapping.name: mapping for mapping, _ in PAIRS}
    rows = list(csv.DictReader(io.StringIO(template(by_name["acme-cmo/batch-us"], "csv").data.decode())))
    assert len(rows) == 2
    for row in rows:
        for column in ("GTIN", "Case SSCC", "Pallet SSCC", "Ship From GLN", "Owner GLN", "Ship To GLN"):
            assert verify(row[column]), column
    assert [row["Serial Number"] for row in rows] == ["EXAMPLE0001", "EXAMPLE0002"]


def parts(data: bytes) -> tuple[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return book.read("xl/worksheets/sheet1.xml").decode(), book.read("xl/comments1.xml").decode()


def test_a_workbook_checks_cells_and_explains_columns() -> None:
    mapping = next(one for one, _ in PAIRS if one.name == "acme-cmo/batch")
    sheet, notes = parts(template(mapping, "xlsx").data)
    assert 'topLeftCell="A2"' in sheet
    assert 'state="frozen"' in sheet
    formulas = re.findall(r"<formula1>(.*?)</formula1>", sheet)
    assert any("LEN(A2)=14" in formula for formula in formulas)
    assert any("LEN(E2)=18" in formula for formula in formulas)
    assert all(len(formula) < 256 for formula in formulas)
    assert "Must be filled." in notes
    assert "Form: DD.MM.YYYY or MM.YYYY." in notes
    assert "Local time of Europe/Berlin." in notes


def test_cells_above_the_table_are_checked_too() -> None:
    mapping = next(one for one, _ in PAIRS if one.name == "styles/box-blocks")
    sheet, notes = parts(template(mapping, "xlsx").data)
    assert "LEN(B1)=14" in sheet
    assert "In the row of the box only." in notes


def test_a_workbook_offers_the_words_of_lists_and_levels() -> None:
    levels = {"column": "Level", "objects": {"U": "unit", "B": "box", "P": "pallet"}}
    words = {"column": "What", "transform": "lookup", "table": {"NEW": "new", "OLD": "old"}}
    yes = {"column": "Cold", "transform": "flag", "table": {"ja": "true", "nein": "false"}}
    by = made_mapping(fields=FIELDS | {"what": words, "cold": yes}, table={"xlsx": {}, "levels": levels})
    made = template(by, "xlsx")
    assert made.notes == []
    sheet, _ = parts(made.data)
    lists = re.findall(r'type="list".*?<formula1>"(.*?)"</formula1>', sheet)
    assert lists == ["U,B,P", "NEW,OLD", "ja,nein,true,false"]


def test_a_mapping_that_cannot_be_written_with_has_a_template_without_examples() -> None:
    lot = {"column": "Lot", "transform": "lot", "steps": [{"regex": {"pattern": "LOT (.*)"}}]}
    made = template(made_mapping(fields=FIELDS | {"lot": lot}), "csv")
    assert made.data.decode().splitlines() == ["GTIN,Serial,Lot,Box,Pallet,Made,Packed"]
    assert "the step `regex` takes a part of the cell" in made.notes[0]


def test_examples_that_the_mapping_would_refuse_are_left_out() -> None:
    lot = {"column": "Lot", "transform": "lot"}
    size = {"column": "Size", "transform": "sgtin"}
    made = template(made_mapping(fields=FIELDS | {"lot": lot, "size": size}), "csv")
    assert len(made.data.decode().splitlines()) == 1
    assert made.notes[0].startswith("no example rows: ")


def test_the_same_mapping_gives_the_same_file() -> None:
    mapping = next(one for one, _ in PAIRS if one.name == "acme-cmo/batch")
    assert template(mapping, "xlsx").data == template(mapping, "xlsx").data


def test_a_kind_of_file_that_the_mapping_does_not_read_is_a_wrong_use() -> None:
    mapping = next(one for one, _ in PAIRS if one.name == "styles/box-blocks")
    with pytest.raises(UsageError, match="reads xlsx, not csv"):
        template(mapping, "csv")
