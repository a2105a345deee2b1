"""CSV whose mapping does not say how it is written: separator and encoding go by evidence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import InputError, UsageError
from gateway.formats.base import Context
from gateway.formats.table import read
from gateway.formats.table.encoding_evidence import judge
from gateway.sources import Source
from tests.formats.tables import GTIN, codes, convert, mapping, serials, told

ROWS = [["GTIN", "Serial", "Lot", "Note"], [GTIN, "A1", "L1", ""], [GTIN, "A2", "L1", ""]]
NOTE = {"csv": {}, "ignore": ["Note"]}


def text(separator: str = ",", note: str = "", end: str = "\n", rows=ROWS) -> str:
    return "".join(separator.join([*row[:3], row[3] or note]) + end for row in rows)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_separator_and_encoding_of_all_kinds(tmp_path, separator: str, encoding: str) -> None:
    mapped = mapping(tmp_path, NOTE)
    data = text(separator, "a; b").encode(encoding)
    if separator == ";":
        data = text(separator, '"a; b"').encode(encoding)
    events, findings = convert(mapped, data)
    assert (serials(events), findings) == (["A1", "A2"], [])
    assert mapped.claims(data, "s.csv") is not None


def test_what_the_mapping_declares_is_not_guessed(tmp_path) -> None:
    declared = {"csv": {"delimiter": ",", "encoding": "ascii"}, "ignore": ["Note"]}
    assert codes(convert(mapping(tmp_path, declared), text(";"))[1]) == ["TABLE-CSV-01"]
    assert codes(convert(mapping(tmp_path, declared), text(",", "é"))[1]) == ["TABLE-ENC-01"]
    assert (
        codes(
            convert(
                mapping(tmp_path, {"csv": {"encoding": "cp1250"}, "ignore": ["Note"]}), text(",", "ř").encode("cp1250")
            )[1]
        )
        == []
    )


HEADERS = {
    "cp1252": ["Numéro de série", "Größe", "Señal"],
    "cp1250": ["Sériové číslo", "Nr części", "Gyártási tétel őr", "Šarže"],
    "cp1251": ["Серийный номер", "Серия"],
    "cp1254": ["Seri numarası", "Parti şekli", "Ürün ağırlığı"],
}


@pytest.mark.parametrize(("encoding", "header"), [(key, one) for key, found in HEADERS.items() for one in found])
def test_a_header_of_the_mapping_proves_the_encoding(tmp_path, encoding: str, header: str) -> None:
    rows = [["GTIN", header, "Lot", "Note"], *ROWS[1:]]
    mapped = mapping(
        tmp_path, NOTE, serial={"column": ["Serial", *(one for found in HEADERS.values() for one in found)]}
    )
    events, findings = convert(mapped, text(";", rows=rows).encode(encoding))
    assert (serials(events), findings) == (["A1", "A2"], [])


WORDS = {
    "cp1252": "Répétition générale à Orléans, contrôle terminé où l'œuvre se crée, garçon, même, fête, très, déjà",
    "cp1250": "Příbram žlutý kůň; Číslo šarže; výrobní příkaz; Jiří",
    "cp1251": "Иванов Пётр, проверено; Склад готовой продукции",
    "cp1254": "İstanbul ağırlık şişe; Ürün çıkışı yapıldı; Işık",
}


@pytest.mark.parametrize("encoding", WORDS)
def test_words_decide_where_no_header_does_and_the_finding_says_so(tmp_path, encoding: str) -> None:
    note = WORDS[encoding].replace(",", " ").replace(";", " ")
    _, findings = convert(mapping(tmp_path, NOTE), text(",", note).encode(encoding))
    assert told(findings) == [("TABLE-ENC-03", 2, "")]
    assert f"was read as {encoding}: its words look right so; in cp125" in findings[0].message
    assert findings[0].expected == encoding
    assert "table.csv.encoding" in findings[0].hint


def test_letters_that_are_the_same_in_all_encodings_need_no_finding(tmp_path) -> None:
    assert not convert(mapping(tmp_path, NOTE), text(",", "Müller und Söhne").encode("cp1252"))[1]


def test_a_letter_that_nothing_decides_is_said_with_what_it_may_be() -> None:
    found = judge([b"a,b\nx,Mu\xf1oz\n"], [])
    assert (found.encoding, found.proven, found.sample, found.line) == ("cp1252", False, "Muñoz", 2)
    assert found.reason == "nothing decides it; in cp1250 'Muñoz' would be 'Muńoz'"


def test_a_setting_decides_where_the_mapping_leaves_it_open(tmp_path) -> None:
    data = text(",", "Mu\xf1oz").encode("latin-1")
    for encoding, code in (("cp1252", []), ("cp1250", []), ("utf-8", ["TABLE-ENC-01"])):
        context = Context(mapping=mapping(tmp_path, NOTE))
        context.options.values["encoding"] = encoding
        try:
            list(read(Source.memory(data, "s.csv"), context).events)
        except InputError as error:
            context.findings.add(error.finding)
        assert codes(list(context.findings)) == code
    context.options.values["encoding"] = "cp9999"
    with pytest.raises(UsageError, match="there is no encoding 'cp9999'"):
        read(Source.memory(data, "s.csv"), context)


def test_bytes_that_are_no_text(tmp_path) -> None:
    mapped = mapping(tmp_path, NOTE)
    assert codes(convert(mapped, bytes(range(256)) * 20)[1]) != []
    assert codes(convert(mapped, b"\0\x01\0\0" * 500)[1]) == ["TABLE-ENC-01"]
    assert mapped.claims(b"\0\x01\0\0" * 500, "s.csv") is None


@settings(deadline=None)
@given(st.binary(max_size=400), st.lists(st.text(max_size=5), max_size=3))
def test_any_bytes_are_judged(data: bytes, words: list[str]) -> None:
    found = judge([data[:100], data[100:]], words)
    if found.encoding and found.proven and not found.encoding.startswith("utf"):
        data.decode(found.encoding)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_utf_8_is_proven_however_it_is_cut(words: str) -> None:
    data = words.encode()
    assert (
        all(judge([data[:at], data[at:]], []).encoding.startswith("utf") for at in range(1, len(data), 7))
        or b"\0" in data
    )


def test_mixed_line_ends_are_taken_and_said(tmp_path) -> None:
    mixed = (
        text(end="\r\n") + text(end="\n", rows=[[GTIN, "A3", "L1", ""]]) + text(end="\r", rows=[[GTIN, "A4", "L1", ""]])
    )
    events, findings = convert(mapping(tmp_path, NOTE), mixed + f"{GTIN},A5,L1,\n")
    assert serials(events) == ["A1", "A2", "A3", "A4", "A5"]
    assert codes(findings) == ["TABLE-CSV-02"]
    assert "3 x CR LF, 2 x LF, 1 x CR" in findings[0].message
    quoted = text(end="\r\n").replace("A1,L1,", 'A1,L1,"two\nlines"')
    assert not convert(mapping(tmp_path, NOTE), quoted)[1]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_one_kind_need_no_finding(tmp_path, end: str) -> None:
    events, findings = convert(mapping(tmp_path, NOTE), text(end=end))
    assert (serials(events), findings) == (["A1", "A2"], [])


def test_quotes_inside_fields(tmp_path) -> None:
    mapped = mapping(tmp_path, NOTE)
    assert serials(convert(mapped, text(note='5" wide'))[0]) == ["A1", "A2"]
    assert serials(convert(mapped, text(note='"5"" wide, white"'))[0]) == ["A1", "A2"]
    assert codes(convert(mapped, text(note='"5" wide"'))[1]) == ["TABLE-CSV-01"]


def test_a_mark_in_the_middle_is_that_of_a_joined_file(tmp_path) -> None:
    joined = ("\ufeff" + text() + "\ufeff" + text().replace("A", "B")).encode()
    events, findings = convert(mapping(tmp_path, NOTE), joined)
    assert serials(events) == ["A1", "A2", "B1", "B2"]
    assert told(findings) == [("TABLE-HEAD-05", 4, "")]


def test_the_separator_is_that_of_the_header_and_not_of_the_notes(tmp_path) -> None:
    rows = [*ROWS[:1], *([GTIN, f"A{n}", "L1", "a;b;c;d;e"] for n in range(30))]
    events, findings = convert(mapping(tmp_path, NOTE), text(",", rows=rows))
    assert (len(serials(events)), findings) == (30, [])
    titled = "Packing list; week 41; line 4\n\n" + text(",", rows=rows)
    assert codes(convert(mapping(tmp_path, NOTE), titled)[1]) == ["TABLE-HEAD-04"]


def test_a_header_that_does_not_fit_is_read_with_the_separator_that_most_of_it_has(tmp_path) -> None:
    _, findings = convert(mapping(tmp_path, NOTE), text(";").replace("Serial", "Seriennr"))
    assert codes(findings) == ["TABLE-HEAD-01"]
    assert "'Serial' (nearest: 'Seriennr')" in findings[0].message
