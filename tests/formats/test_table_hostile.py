"""Hostile and broken workbooks, made here and small."""

from __future__ import annotations

import io
import zipfile

import pytest

from gateway.errors import InputError, LimitExceeded
from gateway.formats.base import Context, Limits
from gateway.formats.table import load, read
from gateway.formats.table.unique import Unique, mark
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
