"""The test kit for markets fails for everything that can be missing, and a regime that has ended is refused."""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import date

import pytest

import gateway.markets
from gateway.convert import Request, convert
from gateway.epcis.document import Document, Header
from gateway.formats import FORMATS
from gateway.formats.base import Context
from gateway.markets.base import Limit, Market, Need
from gateway.markets.tr import MARKET
from gateway.plugins import Registry
from gateway.sources import Source
from gateway.testing import MarketTests
from tests.markets.test_tr import TestTr
from tests.markets.tr_story import story

PTS = MARKET.messages[0]
ENDED = date(2022, 2, 11)


def kit(market=MARKET, **more):
    """The tests of Turkey with something taken away."""
    return type("Kit", (TestTr,), {"market": market, **more})()


def with_message(**fields):
    return replace(MARKET, messages=(replace(PTS, **fields),))


LACKING = {
    "no source": (replace(MARKET, references=()), "test_every_fact_has_a_source_with_the_date_read"),
    "no dates": (replace(MARKET, dates=()), "test_the_market_describes_itself"),
    "dates out of order": (replace(MARKET, dates=MARKET.dates[::-1]), "test_the_market_describes_itself"),
    "revoked without a day": (replace(MARKET, status="revoked"), "test_the_market_describes_itself"),
    "ended and in force": (replace(MARKET, ended=ENDED), "test_the_market_describes_itself"),
    "unknown grade": (with_message(grade="A++"), "test_every_message_says_how_good_its_evidence_is"),
    "no schema named": (with_message(schema=()), "test_every_message_has_a_schema"),
    "schema missing": (with_message(schema=("tr", "no.xsd")), "test_every_message_has_a_schema"),
    "schema of another": (with_message(schema=("gs1", "sbdh", "sbdh.xsd")), "test_every_message_has_a_schema"),
    "need from nowhere": (with_message(needs=(Need("x", "x"),)), "test_what_epcis_cannot_supply_has_a_place"),
    "need twice": (with_message(needs=PTS.needs * 2), "test_what_epcis_cannot_supply_has_a_place"),
    "need without its setting": (
        with_message(settings=PTS.settings[:2]),
        "test_what_epcis_cannot_supply_has_a_place",
    ),
    "limit without a test": (with_message(limits=(Limit("other", 1, "x", "y"),)), "test_every_limit_has_a_test"),
    "gap not in the README": (
        replace(MARKET, unknown=("something",)),
        "test_the_readme_names_messages_sources_and_gaps",
    ),
}


@pytest.mark.parametrize("case", LACKING)
def test_what_a_market_lacks_fails(case):
    market, name = LACKING[case]
    getattr(kit(), name)()
    with pytest.raises(AssertionError):
        getattr(kit(market), name)()


def test_a_missing_readme_schema_or_fixture_fails(tmp_path):
    for attribute, name in (
        ("package", "test_the_readme_names_messages_sources_and_gaps"),
        ("schemas", "test_schemas_compile_and_name_their_source"),
        ("fixtures", "test_good_fixtures_are_accepted"),
        ("fixtures", "test_bad_fixtures_break_the_rule_in_their_name"),
    ):
        with pytest.raises((AssertionError, FileNotFoundError)):
            getattr(kit(**{attribute: tmp_path}), name)()


def test_every_market_is_tested_by_the_kit():
    for market in gateway.markets.MARKETS:
        importlib.import_module(f"tests.markets.test_{market.key}")
    kits = {each.market.key for each in _all(MarketTests) if isinstance(getattr(each, "market", None), Market)}
    assert set(gateway.markets.MARKETS.keys()) <= kits


def _all(cls):
    return [each for sub in cls.__subclasses__() for each in (sub, *_all(sub))]


def test_a_regime_that_has_ended_is_refused_with_the_date(monkeypatch, tmp_path):
    over = replace(MARKET, status="revoked", ended=ENDED)
    registry = Registry("gateway.markets", "market", Market, {"tr": f"{__name__}:OVER"}, [])
    registry._loaded["tr"] = over
    monkeypatch.setattr(gateway.markets, "MARKETS", registry)
    (tmp_path / "out").mkdir()
    document = Document(Header(creation_date="2026-11-22T00:00:00Z"), story())
    xml = b"".join(FORMATS.get("epcis-2.0-xml").write(document, Context()))
    source = Source.memory(xml, "story.xml")
    report = convert(Request(source, to="tr-pts"), tmp_path / "out")
    (found,) = [each for each in report.findings if each.code == "MARKET-01"]
    assert "2022-02-11" in found.message
    assert report.exit_code == 1
    assert list((tmp_path / "out").iterdir()) == []
