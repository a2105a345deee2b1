"""Turkey's ITS: spoilt messages give findings, never a traceback."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.findings import Findings
from gateway.markets.tr.its.message import ITS
from tests.markets.tr_story import FIXTURES

GOOD = sorted((FIXTURES / "its" / "good").iterdir())
JSON = [orjson.loads(path.read_bytes()) for path in GOOD if path.suffix == ".json"]
VALUES = st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=4) | st.just("2028-02-30")
INNER = VALUES | st.lists(VALUES, max_size=2) | st.dictionaries(st.sampled_from(["gtin", "sn", "dd"]), VALUES)


def checked(data):
    findings = Findings()
    ITS.check(data, findings)
    return findings


@given(st.sampled_from(JSON), st.data())
def test_json_with_one_value_of_another_kind(good, data):
    name = data.draw(st.sampled_from(sorted(good)))
    checked(orjson.dumps({**good, name: data.draw(INNER)}))
    if isinstance(good.get("productList"), list):
        pack = {**good["productList"][0], data.draw(st.sampled_from(["gtin", "sn", "bn", "xd", "x"])): data.draw(INNER)}
        checked(orjson.dumps({**good, "productList": [pack]}))


@given(st.sampled_from(GOOD), st.data())
def test_bytes_cut_and_changed(path, data):
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    checked(whole[:at] + data.draw(st.binary(max_size=3)) + whole[at + data.draw(st.integers(0, 3)) :])


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_a_message_that_is_cut_is_found_wrong(path):
    whole = path.read_bytes()
    for at in (1, len(whole) // 2, len(whole) - 2):
        assert checked(whole[:at]).errors


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"a":' * 100_000, b"<a>" * 10_000, b"\xef\xbb\xbf{}", b"null"])
def test_deep_and_odd_messages_are_found_wrong(data):
    assert checked(data).errors
