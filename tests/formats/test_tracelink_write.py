"""Documents become TraceLink's messages: valid, complete, and the same events when they are read again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from gateway.checks.schema import check_xml
from gateway.convert import Request, convert
from gateway.epcis.document import Attribute, Document, Header, Vocabulary, VocabularyElement
from gateway.epcis.element import element
from gateway.epcis.events import (
    AggregationEvent,
    BizTransaction,
    ErrorDeclaration,
    Location,
    ObjectEvent,
    Party,
    QuantityElement,
)
from gateway.errors import InputError
from gateway.findings import NOWHERE, Findings, Severity
from gateway.formats import FORMATS
from gateway.formats.tracelink.times import in_utc, local_date
from gateway.gs1 import check_digit
from gateway.resources import shipped
from gateway.sources import Source
from tests.formats.tracelink_help import SHIPMENT, SNX, codes, context, errors, lost, read, write

SCHEMA = ("xsd", "tracelink", "snx", "messages.xsd")
MDA = "urn:epcglobal:cbv:mda"
PACK = "urn:epc:id:sgtin:9521321.000010."
CASE = "urn:epc:id:sscc:9521321.1000000020"
PLACE = "urn:epc:id:sgln:9521321.00001.0"
OTHER = "urn:epc:id:sgln:9521321.00002.0"
HEADER = {"sender": "9521321000018", "receiver": OTHER, "instance-identifier": "I-1"}
DATE = {"creation-date": "2026-03-02T10:15:00Z"}
NEEDED = {
    **HEADER,
    **DATE,
    "packaging-levels": "0=EA,sscc=CA",
    "production-line-id": "L1",
    "line-manager-name": "Manager",
    "country-drug-code": "09521321000100=US_NDC532:1234567890",
}


def valid(data: bytes) -> list[str]:
    findings = Findings()
    check_xml(data, shipped(*SCHEMA), findings)
    return [str(finding) for finding in findings]


def commissioning(*serials, **changes):
    return ObjectEvent(
        **{
            "event_time": "2026-03-02T09:00:00+01:00",
            "event_time_zone_offset": "+01:00",
            "action": "ADD",
            "epc_list": [PACK + serial for serial in serials] or [PACK + "A1"],
            "biz_step": "urn:epcglobal:cbv:bizstep:commissioning",
            "disposition": "urn:epcglobal:cbv:disp:active",
            "read_point": Location(PLACE),
            "ilmd": [element(MDA, "lotNumber", "L1"), element(MDA, "itemExpirationDate", "2028-01-31")],
            **changes,
        }
    )


def cased(**changes):
    return commissioning(**{"epc_list": [CASE], "ilmd": None, **changes})


def packing(*serials, **changes):
    return AggregationEvent(
        **{
            "event_time": "2026-03-02T08:30:00Z",
            "event_time_zone_offset": "+01:00",
            "action": "ADD",
            "parent_id": CASE,
            "child_epcs": [PACK + serial for serial in serials],
            "biz_step": "packing",
            "disposition": "container_closed",
            "read_point": Location(PLACE),
            **changes,
        }
    )


def shipping(**changes):
    return ObjectEvent(
        **{
            "event_time": "2026-03-05T23:30:00Z",
            "event_time_zone_offset": "+01:00",
            "action": "OBSERVE",
            "epc_list": [CASE],
            "biz_step": "shipping",
            "disposition": "in_transit",
            "biz_transaction_list": [BizTransaction("urn:epcglobal:cbv:bt:9521321000018:D%2F1", "desadv")],
            "source_list": [Party("owning_party", PLACE), Party("location", PLACE)],
            "destination_list": [Party("owning_party", OTHER)],
            **changes,
        }
    )


DELIVERY = {
    **HEADER,
    **DATE,
    "delivery-number": "DN1",
    "delivery-complete": "true",
    "transaction-date": "event-date",
    "ship-to-country": "US",
    "ship-from-country": "DE",
    "sales-distribution-type": "EXPORTTRANSFER",
}


def document(*events, **header):
    return Document(Header(**header), list(events))


@pytest.mark.parametrize("name", ["assigned", "shipment", "assigned-other-prefixes"])
@pytest.mark.parametrize("way", [(), ("epcis-1.2-xml",), ("epcis-2.0-xml",), ("epcis-2.0-json",)])
def test_a_message_comes_back(fixtures: Path, golden, name: str, way: tuple[str, ...]) -> None:
    """Read, written, perhaps through another format, and read again: the same events; and the message is valid."""
    path = fixtures / "formats" / "tracelink" / f"{name}.xml"
    values = SHIPMENT if name == "shipment" else {"company-prefix": "9521321"}
    found, before, _ = read(path.read_bytes(), values)
    for key in way:
        other = FORMATS.get(key)
        data = b"".join(other.write(found, context(format_=other)))
        found = other.read(Source.memory(data), context(format_=other))
    written, result = write(found)
    assert errors(result) == []
    assert valid(written) == []
    expected = {("LOSS-TL-02", "eventTime"): 1, ("LOSS-TL-02", "eventTimeZoneOffset"): 1}
    assert lost(result) == (expected if name == "shipment" else {})
    golden(fixtures / "formats" / "tracelink" / "expected" / f"{name}.again.xml", written)
    _, after, _ = read(written, values)
    assert after == before


def test_events_that_never_were_a_message(golden, fixtures: Path) -> None:
    data, found = write(document(packing("A1", "A2"), commissioning("A1", "A2"), cased()), NEEDED)
    assert codes(found) == ["TL-SNX-34"]
    assert lost(found) == {}
    assert valid(data) == []
    golden(fixtures / "formats" / "tracelink" / "expected" / "from-epcis.xml", data)
    _, events, _ = read(data)
    assert [event.type for event in events] == ["ObjectEvent", "ObjectEvent", "AggregationEvent"]


serials = st.text(st.sampled_from("ABZabz019!\"%&'()*+,-./:;<=>?_"), min_size=1, max_size=20)


@given(
    st.lists(serials, min_size=1, max_size=5, unique=True), st.booleans(), st.sampled_from(["Z", "+05:30", "-11:00"])
)
@settings(max_examples=60, deadline=None)
def test_any_serial_number_comes_back(found: list[str], with_prefix: bool, zone: str) -> None:
    from gateway.gs1 import Sgtin

    keys = [Sgtin("09521321000100", serial, prefix_length=7) for serial in found]
    epcs = [key.as_urn() if with_prefix else key.as_digital_link() for key in keys]
    event = commissioning(epc_list=epcs, event_time=f"2026-03-02T23:59:59.123456789{zone}")
    data, result = write(document(event), NEEDED)
    assert errors(result) == []
    assert valid(data) == []
    _, (again,), _ = read(data)
    assert again.epc_list == [key.as_urn() for key in keys]
    assert again.event_time == in_utc(event.event_time, "+01:00")
    assert [part.text for part in again.ilmd] == ["L1", "2028-01-31"]


def test_what_is_missing_is_named_with_its_setting() -> None:
    data, found = write(document(commissioning(ilmd=None, read_point=None)), {})
    assert data
    messages = [str(finding) for finding in found.findings]
    assert set(codes(found, Severity.ERROR)) == {"TL-SNX-30"}
    for wanted in (
        *("sender", "receiver", "instance-identifier", "creation-date", "read-point"),
        *("packaging-levels", "production-line-id", "line-manager-name", "country-drug-code"),
    ):
        assert sum(f"--set {wanted}=" in message for message in messages) == 1, wanted
    assert sum("in the event's ILMD" in message for message in messages) == 2


def test_a_missing_value_is_reported_once() -> None:
    _, found = write(
        document(*[commissioning()] * 3), {key: NEEDED[key] for key in NEEDED if key != "line-manager-name"}
    )
    assert errors(found) == ["TL-SNX-30"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"packaging-levels": "0=BOX,sscc=CA"}, "TL-SNX-37"),
        ({"country-drug-code": "1234567890"}, "TL-SNX-37"),
        ({"sender": "urn:epc:id:sgtin:9521321.000010.1"}, "TL-SNX-33"),
        ({"creation-date": "yesterday"}, "TL-SNX-20"),
        ({"read-point": "https://example.com/plant"}, "TL-SNX-33"),
    ],
)
def test_settings_that_are_wrong(values: dict[str, str], code: str) -> None:
    _, found = write(document(commissioning(read_point=None)), {**NEEDED, "read-point": "9521321000018", **values})
    assert errors(found) == [code]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (commissioning(event_id="urn:uuid:1"), {("LOSS-TL-02", "eventID")}),
        (commissioning(record_time="2026-03-02T10:00:00Z"), {("LOSS-TL-02", "recordTime")}),
        (commissioning(biz_location=Location(PLACE)), {("LOSS-TL-02", "bizLocation")}),
        (commissioning(disposition="damaged"), {("LOSS-TL-02", "disposition")}),
        (commissioning(extensions=[element("urn:v", "grade", "A")]), {("LOSS-TL-03", "{urn:v}grade")}),
        (commissioning(quantity_list=[QuantityElement("urn:x", "1")]), {("LOSS-TL-02", "quantityList")}),
        (packing("A1", child_quantity_list=[QuantityElement("urn:x", "1")]), {("LOSS-TL-02", "childQuantityList")}),
        (commissioning(error_declaration=ErrorDeclaration("2026-03-02T10:00:00Z")), {("LOSS-TL-01", "ObjectEvent")}),
        (packing("A1", action="DELETE", biz_step="unpacking"), {("LOSS-TL-01", "AggregationEvent")}),
        (packing("A1", parent_id=None), {("LOSS-TL-01", "AggregationEvent")}),
        (cased(ilmd=[element(MDA, "lotNumber", "L1")]), {("LOSS-TL-03", f"{{{MDA}}}lotNumber")}),
        (commissioning(inner_extensions=[element("", "x", "1")]), {("LOSS-TL-03", "x")}),
    ],
)
def test_what_has_no_place_is_listed(event, expected) -> None:
    _, found = write(document(commissioning("B1"), event), NEEDED)
    assert errors(found) == []
    assert set(lost(found)) == expected


def test_header_parts_without_place_are_listed() -> None:
    found_document = document(
        commissioning(), attributes=[("{urn:v}a", "1")], document_id="urn:d", extensions=[element("urn:v", "h", "1")]
    )
    _, found = write(found_document, {**NEEDED, "creation-date": "2026-03-02T10:15:00.5+01:00"})
    assert set(lost(found)) == {("LOSS-TL-04", name) for name in ("creationDate", "@{urn:v}a", "id", "{urn:v}h")}


def test_characters_that_xml_forbids_are_a_loss() -> None:
    data, found = write(document(commissioning()), {**NEEDED, "line-manager-name": "A\x01B"})
    assert "A\ufffdB".encode() in data
    assert set(lost(found)) == {("LOSS-XML-01", "text")}


def test_tracelinks_own_extension_of_epcis_is_used() -> None:
    ns = "http://epcis.tracelink.com/ns"
    item = element(
        ns, "itemDetail", children=[element(ns, "internalMaterialCode", "M1"), element(ns, "countryDrugCode", "77")]
    )
    item.children[1].attributes = [("type", "US_NDC532")]
    own = element(
        ns,
        "dispositionAssignedEventExtensions",
        children=[
            element(ns, "packagingLevel", "PK"),
            element(ns, "filterValue", "3"),
            item,
            element(ns, "novel", "x"),
        ],
    )
    values = {key: NEEDED[key] for key in NEEDED if key not in ("packaging-levels", "country-drug-code")}
    data, found = write(document(commissioning(extensions=[own])), values)
    assert errors(found) == []
    assert lost(found) == {("LOSS-TL-03", f"{{{ns}}}novel"): 1}
    for part in (b"<cmn:PackagingLevel>PK<", b"<cmn:FilterValue>3<", b">M1<", b'type="US_NDC532">77<'):
        assert part in data


def test_products_of_one_event_become_events_of_the_message() -> None:
    other = "urn:epc:id:sgtin:9521321.100010.A1"
    values = {**NEEDED, "packaging-levels": "0=EA,1=PK", "country-drug-code": "US_NDC532:1"}
    data, found = write(document(commissioning(epc_list=[PACK + "A1", other, PACK + "A2"])), values)
    assert (errors(found), valid(data)) == ([], [])
    _, events, _ = read(data)
    assert [event.epc_list for event in events] == [[PACK + "A1", PACK + "A2"], [other]]


class TestShipment:
    def test_from_epcis(self, golden, fixtures: Path) -> None:
        data, found = write(document(shipping()), DELIVERY)
        assert errors(found) == []
        assert valid(data) == []
        golden(fixtures / "formats" / "tracelink" / "expected" / "shipment-from-epcis.xml", data)
        assert b"<cmn:TransactionDate>2026-03-06<" in data
        assert set(lost(found)) == {
            ("LOSS-TL-02", "eventTime"),
            ("LOSS-TL-02", "eventTimeZoneOffset"),
            ("LOSS-TL-02", "bizTransactionList/bizTransaction/issuer"),
        }

    def test_names_and_addresses_come_from_master_data(self) -> None:
        mda = "urn:epcglobal:cbv:mda#"
        known = {
            "name": "Plant",
            "streetAddressOne": "1 Street",
            "city": "City",
            "state": "ST",
            "postalCode": "1",
            "countryCode": "DE",
        }
        record = VocabularyElement(PLACE, [Attribute(mda + name, value) for name, value in known.items()])
        record.attributes += [Attribute(mda + "latitude", "1"), Attribute(mda + "name", "Other name")]
        unknown = VocabularyElement("urn:epc:id:sgln:9521321.00009.0", [Attribute(mda + "name", "Elsewhere")])
        locations = Vocabulary("urn:epcglobal:epcis:vtype:Location", [record, unknown])
        data, found = write(document(shipping(), vocabularies=[locations]), DELIVERY)
        assert (errors(found), valid(data)) == ([], [])
        address = (
            b"<cmn:BusinessName>Plant</cmn:BusinessName><cmn:Street1>1 Street</cmn:Street1><cmn:City>City</cmn:City>"
            b"<cmn:StateOrRegion>ST</cmn:StateOrRegion><cmn:PostalCode>1</cmn:PostalCode><cmn:Country>DE</cmn:Country>"
        )
        assert b"</cmn:BusinessId><som:BusinessInfo>" + address in data
        assert b"</cmn:FacilityId><som:LocationInfo>" + address in data
        lost_values = [s.examples for s in found.losses.summaries.values() if s.field.startswith("EPCISMasterData")]
        assert len(lost_values) == 1
        assert [("latitude" in text, "Elsewhere" in text) for text in lost_values[0]] == [(True, False), (False, True)]
        assert "1 Street" not in str(lost_values)
        assert "Other name" in str(lost_values)

    def test_a_second_shipment_is_an_error(self) -> None:
        _, found = write(document(shipping(), shipping()), DELIVERY)
        assert errors(found) == ["TL-SNX-32"]

    def test_other_parties_and_documents_are_listed(self) -> None:
        event = shipping(
            biz_transaction_list=[
                BizTransaction("P1", "po"),
                BizTransaction("D1", "desadv"),
                BizTransaction("X", None),
            ],
            source_list=[Party("owning_party", PLACE), Party("possessing_party", PLACE)],
            read_point=Location(PLACE),
        )
        data, found = write(document(event), DELIVERY)
        assert b'type="PO">P1<' in data
        assert lost(found)["LOSS-TL-02", "bizTransactionList/bizTransaction"] == 2
        assert lost(found)["LOSS-TL-02", "sourceList"] == 1
        assert lost(found)["LOSS-TL-02", "readPoint"] == 1

    def test_what_only_the_document_can_give(self) -> None:
        _, found = write(
            document(shipping(biz_transaction_list=None, source_list=None, destination_list=None)), DELIVERY
        )
        assert errors(found) == ["TL-SNX-30"] * 3


class TestEndOfBatch:
    VALUES: ClassVar = {**NEEDED, "message": "SNXEndOfBatchMessage", "internal-material-code": "M1"}

    def test_totals(self, golden, fixtures: Path) -> None:
        data, found = write(
            document(commissioning("A1", "A2"), cased(), commissioning("A3"), packing("A1")), self.VALUES
        )
        assert errors(found) == []
        assert valid(data) == []
        assert b"<cmn:QuantityReported>3<" in data
        assert lost(found) == {
            ("LOSS-TL-05", "ObjectEvent"): 2,
            ("LOSS-TL-01", "ObjectEvent"): 1,
            ("LOSS-TL-01", "AggregationEvent"): 1,
        }
        golden(fixtures / "formats" / "tracelink" / "expected" / "end-of-batch.xml", data)

    def test_two_lots(self) -> None:
        other = commissioning("B1", ilmd=[element(MDA, "lotNumber", "L2")])
        assert errors(write(document(commissioning(), other), self.VALUES)[1]) == ["TL-SNX-35"]

    def test_nothing_to_count(self) -> None:
        assert errors(write(document(packing("A1")), self.VALUES)[1]) == ["TL-SNX-36"]


class TestMessage:
    @pytest.mark.parametrize("events", [(), (packing("A1", action="OBSERVE", biz_step="storing"),)])
    def test_unclear(self, events) -> None:
        with pytest.raises(InputError) as caught:
            write(document(*events), NEEDED)
        assert caught.value.finding.code == "TL-SNX-31"

    def test_nothing_fits_the_chosen_one(self) -> None:
        for message in ("SNXDispositionAssignedMessage", "SOMSalesShipmentMessage"):
            event = packing("A1", action="OBSERVE", biz_step="storing")
            _, found = write(document(event), {**NEEDED, "message": message})
            assert errors(found) == ["TL-SNX-36"]


@pytest.mark.parametrize(
    "epc", ["urn:epc:id:grai:9521321.00001.1", "https://example.com/1", "urn:epc:id:sgtin:9521321.0.1"]
)
def test_objects_that_cannot_be_written(epc: str) -> None:
    _, found = write(document(commissioning(epc_list=[PACK + "A1", epc])), NEEDED)
    assert errors(found) == ["TL-SNX-33"]


@pytest.mark.parametrize(
    ("time", "offset", "utc", "day"),
    [
        ("2026-03-02T00:30:00+01:00", "+01:00", "2026-03-01T23:30:00Z", "2026-03-02"),
        ("2026-03-02T00:30:00.120", "+01:00", "2026-03-01T23:30:00.120Z", "2026-03-02"),
        ("2026-03-01T24:00:00Z", "+00:00", "2026-03-02T00:00:00Z", "2026-03-02"),
        ("2026-03-01T22:00:00-00:00", "Z", "2026-03-01T22:00:00Z", "2026-03-01"),
        ("0001-01-01T00:00:00+01:00", "+01:00", None, None),
        ("soon", "+01:00", None, None),
        ("2026-03-02T00:30:00", "one", None, None),
    ],
)
def test_times(time: str, offset: str, utc: str | None, day: str | None) -> None:
    assert in_utc(time, offset) == utc
    assert local_date(time, offset) == day


def test_events_are_not_changed_by_writing(fixtures: Path) -> None:
    """Events that are alike share their parts; a writer that changes one changes others."""
    data = (fixtures / "formats" / "tracelink" / "assigned.xml").read_bytes()
    found, events, _ = read(data)
    _, same, _ = read(data)
    write(found)
    assert [structs.replace(event, where=NOWHERE) for event in events] == same


def test_numbers_of_the_fixtures_are_right() -> None:
    for number in ("09521321000100", "59521321000105", "195213210000000206", "9521321000018", "9521321000025"):
        assert check_digit.verify(number)
    assert SNX.write is not None


def test_the_example_of_the_docs(tmp_path: Path, fixtures: Path) -> None:
    """The command in docs/vendor-formats.md does what it says, for a document with a header."""
    page = (Path(__file__).parents[2] / "docs" / "vendor-formats.md").read_text("utf-8")
    block = page[page.index("```bash") : page.index("```\n", page.index("```bash") + 7)]
    values = dict(re.findall(r"--set ([a-z-]+)=(\S+)", block))
    assert len(values) == 4
    path = fixtures / "formats" / "dialects" / "optel.xml"
    request = Request(Source.file(path), to="tracelink-snx", values={**HEADER, **values}, now="2026-03-02T11:00:00Z")
    assert not convert(request, tmp_path).failed
