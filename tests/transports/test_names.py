from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import TransportError
from gateway.transports import names


@given(st.binary(min_size=1).filter(lambda raw: b"/" not in raw and b"\0" not in raw and raw not in {b".", b".."}))
def test_every_name_has_a_path_that_leads_back(raw):
    name, path = names.from_bytes(raw)
    assert names.to_bytes(path) == raw
    name.encode()
    path.encode()


@given(st.text())
def test_a_plain_name_stays_in_its_folder(name):
    try:
        names.plain(name)
    except TransportError:
        return
    assert PurePosixPath(name).name == name
    assert name not in {"", ".", ".."}
    assert len(names.temporary(name).encode()) <= 255


def test_natural_order():
    assert sorted(["lot10", "Lot9", "lot1b", "lot1", "10", "9", "lot01"], key=names.natural) == [
        "9",
        "10",
        "lot01",
        "lot1",
        "lot1b",
        "Lot9",
        "lot10",
    ]


@given(st.lists(st.text()))
def test_natural_order_is_total(values):
    assert sorted(sorted(values, reverse=True), key=names.natural) == sorted(values, key=names.natural)


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("a.xml", 1, "a.xml"),
        ("a.xml", 2, "a-2.xml"),
        ("a.tar.gz", 3, "a.tar-3.gz"),
        (".profile", 2, ".profile-2"),
        ("noext", 2, "noext-2"),
    ],
)
def test_numbered(name, number, expected):
    assert names.numbered(name, number) == expected


def test_our_own_temporary_names_are_ignored():
    assert not names.matches(names.temporary("a.csv"), ["*"])
    assert names.matches("A.CSV", ["*.csv"])


@pytest.mark.parametrize("name", ["9" * 5000, "٣" * 5000, "a" + "0" * 5000 + "1.csv"])
def test_numbers_longer_than_any_number(name: str) -> None:
    """A server may list such a name; it must not keep the others back."""
    assert names.natural("8.csv") < names.natural(name)


def test_numbers_of_other_scripts_count_as_numbers() -> None:
    assert sorted(["lot١٠", "lot٢", "lot1", "lot007"], key=names.natural) == ["lot1", "lot٢", "lot007", "lot١٠"]
