"""Every field of the model goes through XML and comes back. A new field without a sample value fails here."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from gateway.epcis import sbdh
from gateway.epcis.document import (
    Attribute,
    Document,
    Header,
    QueryResults,
    Vocabulary,
    VocabularyElement,
)
from gateway.epcis.element import XSI, Element
from gateway.epcis.events import (
    EVENT_TYPES,
    BizTransaction,
    ErrorDeclaration,
    Event,
    Location,
    ObjectEvent,
    Party,
    PersistentDisposition,
    QuantityElement,
    SensorElement,
)
from gateway.findings import NOWHERE, Losses, LossMode
from gateway.formats.base import Context, Format
from gateway.formats.epcis_xml import EPCIS_1_2_XML, EPCIS_2_0_XML
from gateway.options import Options
from gateway.sources import Source

FORMATS = [EPCIS_1_2_XML, EPCIS_2_0_XML]
ACME = "https://acme.example/ns/"


def vendor(local: str = "field", text: str = "v <&> \"'") -> Element:
    return Element(f"{{{ACME}}}{local}", text, [("a", '1"2'), (f"{{{ACME}}}b", "\tx\n")], prefix="acme")


def bare(local: str = "localField") -> Element:
    return Element(local, "without namespace", children=[])


def typed() -> Element:
    return Element(
        f"{{{ACME}}}typed",
        "42",
        [(f"{{{XSI}}}type", "xsd:int")],
        prefix="acme",
        namespaces=[("xsd", "http://www.w3.org/2001/XMLSchema")],
    )


def mixed() -> Element:
    child = Element(f"{{{ACME}}}bold", "b", prefix="acme", tail=" tail")
    return Element(f"{{{ACME}}}mixed", "text ", children=[child], prefix="acme")


BOTH = [bare(), vendor(), typed(), mixed()]  # elements without namespace come first in a file
QUANTITIES = [
    QuantityElement("urn:epc:class:lgtin:9521234.012345.L1", "10.50", "KGM"),
    QuantityElement("urn:epc:class:lgtin:9521234.012345.L2", None, "KGM"),
    QuantityElement("urn:epc:class:lgtin:9521234.012345.L3"),
]
EPCS = ["urn:epc:id:sgtin:9521234.012345.1", "urn:epc:id:sgtin:9521234.012345.A%26&<>"]
SAMPLES: dict[str, Any] = {
    "event_time": "2026-05-01T08:00:00.1200Z",
    "event_time_zone_offset": "+02:00",
    "record_time": "2026-05-01T08:00:01+00:00",
    "event_id": "urn:uuid:00000000-0000-4000-8000-000000000001",
    "error_declaration": ErrorDeclaration(
        "2026-05-02T08:00:00Z", "urn:epcglobal:cbv:er:incorrect_data", ["urn:uuid:2", "urn:uuid:3"], BOTH
    ),
    "certification_info": ["https://certificates.example/1", "https://certificates.example/2"],
    "biz_step": "urn:epcglobal:cbv:bizstep:commissioning",
    "disposition": "urn:epcglobal:cbv:disp:active",
    "read_point": Location("urn:epc:id:sgln:9521234.00001.1", BOTH),
    "biz_location": Location("urn:epc:id:sgln:9521234.00001.0", BOTH),
    "biz_transaction_list": [BizTransaction("urn:bt:1", "urn:epcglobal:cbv:btt:po"), BizTransaction("urn:bt:2")],
    "source_list": [Party("urn:epcglobal:cbv:sdt:owning_party", "urn:epc:id:pgln:9521234.00001")],
    "destination_list": [Party("urn:epcglobal:cbv:sdt:location", "urn:epc:id:sgln:9521235.00001.0")],
    "sensor_element_list": [
        SensorElement(
            [("time", "2026-05-01T08:00:00Z"), (f"{{{ACME}}}room", "4")],
            [[("type", "gs1:Temperature"), ("value", "26.0")], [("value", "1e3")]],
            BOTH,
        ),
        SensorElement(None, [[("stringValue", 'a"b')]]),
    ],
    "sensor_list_extensions": [bare("localSensors")],
    "persistent_disposition": PersistentDisposition(
        ["urn:epcglobal:cbv:disp:completeness_verified"], ["urn:epcglobal:cbv:disp:in_progress"]
    ),
    "extensions": [vendor("one"), vendor("two"), typed(), mixed()],
    "inner_extensions": [vendor("inner")],
    "base_extensions": [bare("base")],
    "attributes": [("plain", "1"), (f"{{{ACME}}}line", "L<1>")],
    "where": NOWHERE,
    "kin": None,
    "action": "OBSERVE",
    "epc_list": EPCS,
    "quantity_list": QUANTITIES,
    "ilmd": BOTH,
    "parent_id": "urn:epc:id:sscc:9521234.0000000001",
    "child_epcs": EPCS,
    "child_quantity_list": QUANTITIES,
    "epc_class": "urn:epc:idpat:sgtin:9521234.012345.*",
    "quantity": "12",
    "input_epc_list": EPCS,
    "input_quantity_list": QUANTITIES,
    "output_epc_list": EPCS,
    "output_quantity_list": QUANTITIES,
    "transformation_id": "urn:epc:id:gdti:9521234.00001.T1",
}


def write(document: Document, format_: Format, **values: str) -> bytes:
    context = Context(options=Options.check(values, format_.settings), losses=Losses(LossMode.CARRY))
    return b"".join(format_.write(document, context))


def read(data: bytes, format_: Format) -> tuple[Document, list[Event]]:
    context = Context()
    document = format_.read(Source.memory(data), context)
    events = [structs.replace(event, where=NOWHERE) for event in document.events]
    assert [str(finding) for finding in context.findings] == []
    document.events = ()
    return document, events


def full(cls: type[Event]) -> Event:
    return cls(**{name: SAMPLES[name] for name in cls.__struct_fields__})


def test_there_is_a_sample_for_every_field_and_it_is_not_the_default() -> None:
    for cls in EVENT_TYPES:
        for field in structs.fields(cls):
            assert field.name in SAMPLES, f"{cls.type}.{field.name} has no sample in this test"
            if field.name not in {"where", "kin"}:
                assert SAMPLES[field.name], f"{cls.type}.{field.name}: the sample is empty"


@pytest.mark.parametrize("layout", ["pretty", "compact"])
@pytest.mark.parametrize("format_", FORMATS, ids=lambda f: f.key)
@pytest.mark.parametrize("cls", EVENT_TYPES, ids=lambda c: c.type)
def test_every_field_of_every_event_type_comes_back(cls: type[Event], format_: Format, layout: str) -> None:
    event = full(cls)
    header = Header(creation_date="2026-05-01T10:00:00Z")
    _, events = read(write(Document(header, [event, event]), format_, layout=layout), format_)
    assert events == [event, event]


@pytest.mark.parametrize("format_", FORMATS, ids=lambda f: f.key)
@pytest.mark.parametrize("cls", EVENT_TYPES, ids=lambda c: c.type)
def test_fields_that_are_absent_stay_absent(cls: type[Event], format_: Format) -> None:
    required = [field.name for field in structs.fields(cls) if field.required]
    event = cls(**{name: SAMPLES[name] for name in required})
    _, events = read(write(Document(Header(creation_date="2026-05-01T10:00:00Z"), [event]), format_), format_)
    assert events == [event]


@pytest.mark.parametrize("format_", FORMATS, ids=lambda f: f.key)
def test_vendor_content_at_places_that_do_not_allow_it_comes_back(format_: Format) -> None:
    event = structs.replace(
        full(ObjectEvent),
        extensions=[vendor(), bare()],
        inner_extensions=[vendor(), bare()],
        base_extensions=[vendor(), bare()],
    )
    _, events = read(write(Document(Header(creation_date="2026-05-01T10:00:00Z"), [event]), format_), format_)
    assert events == [event]


def header(**changes: Any) -> Header:
    record = VocabularyElement(
        "urn:epc:id:sgln:9521234.00001.0",
        [Attribute("urn:a", "1 < 2"), Attribute("urn:b", "", [vendor(), vendor()]), Attribute("urn:c", "")],
        ["urn:epc:id:sgln:9521234.00001.1"],
        BOTH,
    )
    values: dict[str, Any] = {
        "creation_date": "2026-05-01T10:00:00.000+02:00",
        "document_id": "https://acme.example/doc/1",
        "sbdh": None,
        "vocabularies": [
            Vocabulary("urn:epcglobal:epcis:vtype:BusinessLocation", [record], BOTH),
            Vocabulary("urn:x"),
        ],
        "master_data_extensions": [bare("m")],
        "extensions": [bare("h"), vendor("h")],
        "attributes": [(f"{{{ACME}}}batch", "1")],
        "namespaces": [("acme", ACME), ("xsi", XSI), ("xsd", "http://www.w3.org/2001/XMLSchema")],
    }
    return Header(**(values | changes))


TREE = sbdh.build("urn:epc:id:sgln:9521234.00001.0", "urn:epc:id:sgln:9521235.00001.0", "DOC-1", "2026-05-01T10:00:00Z")
TREE.children.append(Element(f"{{{sbdh.NAMESPACE}}}BusinessScope", prefix="sbdh"))
HEADERS = {
    "sbdh": header(sbdh=TREE),
    "no sbdh": header(),
    "json": header(sender="urn:s", receiver="urn:r", instance_identifier="I-1"),
    "json, in part": header(sender="urn:s"),
    "query": header(query=QueryResults("SimpleEventQuery", "sub-1", BOTH)),
    "foreign master data content": header(sbdh=TREE, master_data_extensions=[bare("m"), vendor("m")]),
}


@pytest.mark.parametrize("format_", FORMATS, ids=lambda f: f.key)
@pytest.mark.parametrize("name", HEADERS)
def test_every_part_of_a_header_comes_back(name: str, format_: Format) -> None:
    before = HEADERS[name]
    event = full(ObjectEvent)
    written = write(
        Document(before, [event], [bare("b"), vendor("b")], [bare("e"), vendor("e")], [bare("d"), vendor("d")]),
        format_,
    )
    document, events = read(written, format_)
    assert events == [event]
    assert document.header == structs.replace(before, schema_version=format_.key.split("-")[1])
    assert document.body_extensions == [bare("b"), vendor("b")]
    assert document.event_list_extensions == [bare("e"), vendor("e")]
    assert document.extensions == [bare("d"), vendor("d")]


@pytest.mark.parametrize("format_", FORMATS, ids=lambda f: f.key)
def test_documents_of_master_data_and_query_results_without_events(format_: Format) -> None:
    plain = header(sbdh=TREE, document_id=None)
    for before, root in (
        (structs.replace(plain, master_data_document=True), b"<epcismd:EPCISMasterDataDocument"),
        (structs.replace(plain, query=QueryResults("SimpleMasterDataQuery"), master_data_extensions=[]), b"<epcisq:"),
    ):
        before.master_data_extensions = []
        written = write(Document(before, []), format_)
        assert root in written
        document, events = read(written, format_)
        assert events == []
        assert document.header == structs.replace(before, schema_version=format_.key.split("-")[1])


def test_what_no_header_can_be_built_from_is_said() -> None:
    context = Context(
        options=Options.check({"sender": "9521234000013"}, EPCIS_1_2_XML.settings), now="2026-05-01T10:00:00Z"
    )
    written = b"".join(EPCIS_1_2_XML.write(Document(Header(), []), context))
    assert b"EPCISHeader" not in written
    assert [(f.code, f.message) for f in context.findings] == [
        (
            "EPCIS-XML-16",
            "the StandardBusinessDocumentHeader was not written: receiver and instance identifier is not known",
        )
    ]


def test_a_header_is_built_from_settings() -> None:
    values = {"sender": "9521234000013", "receiver": "urn:epc:id:sgln:9521235.00001.0", "instance-identifier": "I-1"}
    written = write(Document(Header(creation_date="2026-05-01T10:00:00Z"), []), EPCIS_1_2_XML, **values)
    document, _ = read(written, EPCIS_1_2_XML)
    assert document.header.sbdh is not None
    assert sbdh.senders(document.header.sbdh) == [sbdh.Partner("9521234000013", "GLN")]
    assert sbdh.receivers(document.header.sbdh) == [sbdh.Partner("urn:epc:id:sgln:9521235.00001.0", "SGLN")]
    assert sbdh.identification(document.header.sbdh) == sbdh.Identification("I-1", "2026-05-01T10:00:00Z")


# XML turns line ends of values into spaces or line feeds, and forbids most control characters.
_TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"), max_size=40)


@settings(max_examples=60, deadline=None)
@given(text=_TEXT.filter(lambda t: t == t.strip()), attribute=_TEXT)
def test_any_text_survives(text: str, attribute: str) -> None:
    element = Element(f"{{{ACME}}}t", text, [("a", attribute)], prefix="acme")
    event = ObjectEvent(
        event_time="2026-05-01T08:00:00Z",
        event_time_zone_offset="+00:00",
        action="ADD",
        epc_list=[text, text],
        biz_transaction_list=[BizTransaction(text, attribute)],
        extensions=[element],
    )
    for format_ in FORMATS:
        for layout in ("pretty", "compact"):
            written = write(Document(Header(creation_date="2026-05-01T10:00:00Z"), [event]), format_, layout=layout)
            assert read(written, format_)[1] == [event]


def test_characters_that_xml_forbids_are_a_loss() -> None:
    event = ObjectEvent(event_time="t", event_time_zone_offset="", action="ADD", epc_list=["a\x00b", "c"])
    for format_ in FORMATS:
        context = Context(now="2026-05-01T10:00:00Z")
        written = b"".join(format_.write(Document(Header(), [event]), context))
        assert "<epc>a\ufffdb</epc>".encode() in written
        assert [s.code for s in context.losses.summaries.values()] == ["LOSS-XML-01"]


def test_times_that_2_0_does_not_allow_are_completed_and_reported() -> None:
    event = structs.replace(full(ObjectEvent), event_time="2026-12-31T24:00:00", record_time="2026-05-01T08:00:00")
    context = Context()
    document = Document(Header(creation_date="2026-05-01T10:00:00Z"), [event])
    written = b"".join(EPCIS_2_0_XML.write(document, context))
    assert b"<eventTime>2027-01-01T00:00:00+02:00</eventTime>" in written
    assert b"<recordTime>2026-05-01T08:00:00+02:00</recordTime>" in written
    assert [(f.code, f.value) for f in context.findings] == [
        ("EPCIS-XML-14", "2026-12-31T24:00:00"),
        ("EPCIS-XML-13", "2026-12-31T24:00:00"),
        ("EPCIS-XML-13", "2026-05-01T08:00:00"),
    ]


@pytest.mark.parametrize(
    ("cbv", "format_", "expected"),
    [
        ("native", EPCIS_1_2_XML, ["urn:epcglobal:cbv:bizstep:shipping"] * 3),
        (
            "native",
            EPCIS_2_0_XML,
            [
                "urn:epcglobal:cbv:bizstep:shipping",
                "urn:epcglobal:cbv:bizstep:shipping",
                "https://ref.gs1.org/cbv/BizStep-shipping",
            ],
        ),
        ("uri", EPCIS_1_2_XML, ["https://ref.gs1.org/cbv/BizStep-shipping"] * 3),
        ("urn", EPCIS_2_0_XML, ["urn:epcglobal:cbv:bizstep:shipping"] * 3),
    ],
)
def test_standard_values_are_spelt_for_the_target(cbv: str, format_: Format, expected: list[str]) -> None:
    steps = [
        "shipping",
        "urn:epcglobal:cbv:bizstep:shipping",
        "https://ref.gs1.org/cbv/BizStep-shipping",
        "https://acme.example/step",
    ]
    events = [structs.replace(full(ObjectEvent), biz_step=step) for step in steps]
    written = write(Document(Header(creation_date="2026-05-01T10:00:00Z"), events), format_, cbv=cbv)
    assert [event.biz_step for event in read(written, format_)[1]] == [*expected, "https://acme.example/step"]


def test_exponents_of_json_become_decimals() -> None:
    event = structs.replace(
        full(ObjectEvent), quantity_list=[QuantityElement("urn:c", "1.5E3"), QuantityElement("urn:c", "1e-2")]
    )
    written = write(Document(Header(creation_date="2026-05-01T10:00:00Z"), [event]), EPCIS_2_0_XML)
    assert b"<quantity>1500</quantity>" in written
    assert b"<quantity>0.01</quantity>" in written
