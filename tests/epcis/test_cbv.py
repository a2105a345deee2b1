"""CBV values: every word in every spelling, misspellings, and our lists against the official contexts."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.epcis.vocabulary import (
    Field,
    Style,
    is_bare,
    is_gs1_spelling,
    nearest,
    spell,
    spellings,
    suspected_new,
    word,
    words,
)

COUNTS = {
    Field.BIZ_STEP: 41,
    Field.DISPOSITION: 33,
    Field.BIZ_TRANSACTION_TYPE: 13,
    Field.SOURCE_DESTINATION_TYPE: 3,
    Field.ERROR_REASON: 2,
    Field.SENSOR_COMPONENT: 14,
}
PARTS = {
    Field.BIZ_STEP: ("bizstep", "BizStep"),
    Field.DISPOSITION: ("disp", "Disp"),
    Field.BIZ_TRANSACTION_TYPE: ("btt", "BTT"),
    Field.SOURCE_DESTINATION_TYPE: ("sdt", "SDT"),
    Field.ERROR_REASON: ("er", "ER"),
    Field.SENSOR_COMPONENT: ("", "Comp"),
}


def test_the_lists_have_the_words_of_the_source_each_once():
    assert {field: len(words(field)) for field in Field} == COUNTS
    assert all(len(set(words(field))) == len(words(field)) for field in Field)
    assert all(suspected_new(field) <= set(words(field)) for field in Field)


@pytest.mark.parametrize("field", Field)
def test_every_word_in_every_spelling_is_read_and_written(field):
    urn, uri = PARTS[field]
    seen = 0
    for name in words(field):
        written = {Style.BARE: name, Style.URI: f"https://ref.gs1.org/cbv/{uri}-{name}"}
        if urn:
            written[Style.URN] = f"urn:epcglobal:cbv:{urn}:{name}"
        for spelling in (*written.values(), f"cbv:{uri}-{name}"):
            assert word(field, spelling) == name
            assert not is_gs1_spelling(field, spelling)
            assert spell(field, spelling, Style.KEEP) == spelling
            for style, expected in written.items():
                assert spell(field, spelling, style) == expected
                seen += 1
    assert seen == len(words(field)) * (12 if urn else 6)


def test_a_sensor_component_has_no_urn_and_stays():
    assert spell(Field.SENSOR_COMPONENT, "x", Style.URN) == "x"
    assert spellings(Field.SENSOR_COMPONENT, Style.URN) == {}


@given(st.text(), st.sampled_from(Field), st.sampled_from(Style))
def test_what_is_not_standard_is_never_touched(value, field, style):
    if word(field, value) is None:
        assert spell(field, value, style) == value


@pytest.mark.parametrize(
    ("field", "value", "gs1", "near"),
    [
        (Field.BIZ_STEP, "shiping", False, "shipping"),
        (Field.BIZ_STEP, "urn:epcglobal:cbv:bizstep:decomissioning", True, "decommissioning"),
        (Field.BIZ_STEP, "URN:EPCglobal:cbv:BizStep:shipping", True, "shipping"),
        (Field.BIZ_STEP, "https://ns.gs1.org/cbv/BizStep-shipping", True, "shipping"),
        (Field.BIZ_STEP, "cbv:BizStep-shiping", True, "shipping"),
        (Field.BIZ_STEP, "Void Shipping", False, "void_shipping"),
        (Field.BIZ_TRANSACTION_TYPE, "urn:epcglobal:cbv:btt:RMA", True, "rma"),
        (Field.DISPOSITION, "urn:epcglobal:cbv:bizstep:shipping", True, None),
        (Field.DISPOSITION, "https://example.com/quarantine", False, None),
        (Field.DISPOSITION, "", False, None),
    ],
)
def test_misspellings_are_told_from_own_values(field, value, gs1, near):
    assert (is_gs1_spelling(field, value), word(field, value)) == (gs1, None)
    if near is not None:
        assert nearest(field, value) == near


def test_a_bare_word_has_no_colon():
    assert is_bare("shipping")
    assert not is_bare("https://example.com/x")


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("field", "name"),
    [
        (Field.BIZ_STEP, "bizstep"),
        (Field.DISPOSITION, "disposition"),
        (Field.BIZ_TRANSACTION_TYPE, "biztransaction-type"),
        (Field.SENSOR_COMPONENT, "component"),
        (Field.SOURCE_DESTINATION_TYPE, "sourcedest-type"),
        (Field.ERROR_REASON, "error-reason"),
    ],
)
def test_our_words_are_those_of_the_official_contexts(corpora, field, name):
    folder = corpora / "epcis" / "gs1-EPCIS" / "JSON-LD-Context"
    found = set(re.findall(rf"cbv:{PARTS[field][1]}-([a-z_]+)", _text(folder, name)))
    assert found == set(words(field))


def _text(folder, name):
    text = (folder / f"cbv-context-{name}.jsonld").read_text("utf-8")
    json.loads(text)
    return text
