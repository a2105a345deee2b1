"""Turkey's PTS: what every market proves, and a bad case for every rule."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

import gateway.markets.tr
from gateway.convert import Request, validate
from gateway.epcis.element import element
from gateway.epcis.events import (
    ErrorDeclaration,
    Party,
)
from gateway.errors import UsageError
from gateway.findings import Findings
from gateway.markets.hierarchy import CBV_MDA
from gateway.markets.tr import MARKET
from gateway.markets.tr.check import check_limited
from gateway.markets.tr.pts import PACKAGE_BYTES, PTS
from gateway.markets.tr.rules import RULES
from gateway.markets.tr.write import package_bytes
from gateway.sources import Source
from gateway.testing import MarketTests
from tests.markets.tr_story import (
    DESTINATION,
    FIXTURES,
    SCHEMAS,
    SOURCE,
    codes,
    commission,
    composed,
    end,
    one,
    pack,
    pack_epc,
    sgln,
    ship,
    sscc,
    story,
)


class TestTr(MarketTests):
    market = MARKET
    package = Path(gateway.markets.tr.__file__).parent
    schemas = SCHEMAS
    fixtures = FIXTURES
    least_good = 2
    least_bad = 27

    def submission(self, path):
        data = path.read_bytes()
        return data if "its" in path.parts else package_bytes(data, path.name)

    def test_limit_package_bytes(self):
        """Composed at limit - 1, limit and limit + 1; and checked at them."""
        (whole,), _ = composed(story())
        size = len(whole.data)
        for limit, packages in ((size + 1, 1), (size, 1), (size - 1, 2)):
            made, context = composed(story(), limit=limit)
            assert len(made) == packages
            assert not context.findings.errors
            findings = Findings()
            check_limited(whole.data, findings, limit)
            assert [finding.code for finding in findings] == (["TR-PTS-03"] if limit < size else [])
        assert PACKAGE_BYTES.value == 10_000_000
        for size in (9_999_999, 10_000_000, 10_000_001):
            findings = Findings()
            PTS.check(package_of(size), findings)
            assert [finding.code for finding in findings] == (["TR-PTS-03"] if size > 10_000_000 else [])


def package_of(size):
    """A right package of exactly so many bytes: nothing in it is compressed, and comments fill it."""
    xml = (FIXTURES / "pts" / "good" / "minimal.xml").read_bytes().rstrip()

    def zipped(fill):
        comments = b"".join(b"<!--%s-->" % (b"x" * min(1_000_000, fill - at)) for at in range(0, fill, 1_000_000))
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as package:
            package.writestr("x.xml", xml + comments)
        return out.getvalue()

    fill = size - len(zipped(0)) - 7 * 10
    made = zipped(fill)
    assert len(made) == size
    return made


def lot_case(**values):
    return [commission([pack_epc("SN0001")], **values), pack(sscc(9), [pack_epc("SN0001")]), ship([sscc(9)])]


BAD_STORIES = {
    "TR-PTS-03": lambda: one(ship([sscc(9)])),
    "TR-PTS-04": lambda: one(ship([sscc(9)], source_list=None)),
    "TR-PTS-05": lambda: one(
        ship([sscc(9)], source_list=[Party("owning_party", "urn:epc:id:sscc:8699999.1000000001")])
    ),
    "TR-PTS-06": lambda: [
        *one(),
        pack("urn:epc:id:grai:8699999.00001.1", [sscc(9)]),
        ship(["urn:epc:id:grai:8699999.00001.1"]),
    ],
    "TR-PTS-07": lambda: one(ship([pack_epc("SN0001")])),
    "TR-PTS-08": lambda: [ship([sscc(9)])],
    "TR-PTS-09": lambda: lot_case(lot=""),
    "TR-PTS-10": lambda: lot_case(lot="lot-1"),
    "TR-PTS-12": lambda: lot_case(expiry="280930"),
    "TR-PTS-13": lambda: one(ship([sscc(9)]), ship([sscc(9)], "OTHER")),
    "TR-PTS-14": lambda: one(end("decommissioning", pack_epc("SN0001"), "09:30", "DELETE"), ship([sscc(9)])),
    "TR-PTS-15": lambda: one(ship([sscc(9)], "")),
    "TR-PTS-16": lambda: one(ship([sscc(9)], "urn:example:unreadable")),
    "TR-PTS-17": lambda: one(ship([sscc(9)])),
    "TR-PTS-18": lambda: one(ship([sscc(9)])),
    "TR-PTS-19": lambda: [commission([sscc(9)])],
    "TR-PTS-20": lambda: one(ship([sscc(9)])),
    "TR-PTS-22": lambda: one(ship([sscc(9)])),
    "TR-PTS-23": lambda: [pack(sscc(9), ["urn:epc:id:giai:8699999.1"]), ship([sscc(9)])],
    "TR-PTS-24": lambda: one(
        ship([sscc(9)], source_list=[Party("owning_party", sgln(SOURCE)), Party("owning_party", sgln(DESTINATION))])
    ),
    "TR-PTS-25": lambda: [
        commission([pack_epc("SN0001")], "L1", "2026-01-01", element(CBV_MDA, "productionDate", "2026-10-01")),
        pack(sscc(9), [pack_epc("SN0001")]),
        ship([sscc(9)]),
    ],
    "TR-PTS-27": lambda: one(ship([sscc(9)])),
    "TR-PTS-29": lambda: one(ship([sscc(9)], error_declaration=ErrorDeclaration())),
    "GS1-SSCC-01": None,
    "HIER-01": lambda: one(pack(sscc(8), [pack_epc("SN0001")]), ship([sscc(8)])),
    "HIER-02": lambda: one(pack(sscc(8), [sscc(9)]), pack(sscc(9), [sscc(8)]), ship([sscc(8)])),
}
SETTINGS = {
    "TR-PTS-17": {"action-type": "SALE"},
    "TR-PTS-18": {"container-types": "PALLET"},
    "TR-PTS-20": {"note": "\x01"},
    "TR-PTS-22": {"source-gln": DESTINATION},
}
del BAD_STORIES["GS1-SSCC-01"]


@pytest.mark.parametrize("code", BAD_STORIES)
def test_a_bad_story_gives_its_finding_and_no_package_when_it_is_an_error(code):
    limit = 10 if code == "TR-PTS-03" else PACKAGE_BYTES.value
    made, context = composed(BAD_STORIES[code](), SETTINGS.get(code), limit)
    assert code in codes(context)
    assert (made == []) == bool(context.findings.errors)
    rule = next(rule for rule in PTS.rules if rule.code == code)
    found = next(finding for finding in context.findings if finding.code == code)
    assert found.severity is rule.severity
    assert found.hint


def test_every_rule_has_a_bad_case():
    read = {"TR-PTS-02", "TR-PTS-21", "TR-PTS-30"}  # tested below
    fixtures = {path.name.partition("--")[0] for path in (FIXTURES / "pts" / "bad").iterdir()}
    assert {rule.code for rule in RULES} - fixtures - set(BAD_STORIES) - read == set()


def test_a_voided_shipping_is_refused():
    _, context = composed(one(ship([sscc(9)]), end("void_shipping", sscc(9), "11:00")))
    assert "TR-PTS-14" in codes(context)


def test_a_missing_party_names_the_setting():
    _, context = composed(one(ship([sscc(9)], source_list=None)))
    (found,) = [finding for finding in context.findings if finding.code == "TR-PTS-04"]
    assert "--set source-gln=" in found.hint
    assert "set:" in found.hint
    assert "owning_party" in found.hint


@pytest.mark.parametrize("values", [{}, {"event-time": "2026-05-01T10:00:00+03:00"}])
def test_a_package_is_validated_without_what_only_events_would_need(values):
    (whole,), _ = composed(story())
    report = validate(Request(Source.memory(whole.data, whole.name), values=values))
    assert (report.format_in, report.exit_code, list(report.findings)) == ("tr-pts", 0, [])
    xml = (FIXTURES / "pts" / "bad" / min(path.name for path in (FIXTURES / "pts" / "bad").iterdir())).read_bytes()
    wrong = validate(Request(Source.memory(package_bytes(xml, "x.xml"), "x.zip"), from_="tr-pts", values=values))
    found = [str(finding) for finding in wrong.findings]
    assert found
    assert len(found) == len(set(found))
    with pytest.raises(UsageError):
        validate(Request(Source.memory(whole.data, whole.name), values={"no-such-setting": "1"}))
