"""Small documents in which a value once vanished or an output was not legal; found by tests/acceptance."""

from __future__ import annotations

import json

import pytest
from lxml import etree

from gateway.epcis.carry import NAMESPACE
from gateway.epcis.name_escape import meant, spelt
from gateway.findings import Loss, Losses, LossMode
from gateway.formats.base import Context
from gateway.formats.epcis_json import EPCIS_2_0_JSON
from gateway.formats.epcis_xml import EPCIS_1_2_XML, EPCIS_2_0_XML
from gateway.formats.epcis_xml.standalone import standalone
from gateway.options import Options
from gateway.sources import Source

V = "https://ns.example.com/vendor/"
EVENT = (
    "<ObjectEvent><eventTime>2026-01-01T00:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
    "<epcList><epc>urn:epc:id:sgtin:9506000.134352.1</epc></epcList><action>ADD</action>{}</ObjectEvent>"
)


def xml(body: str, *, root: str = "epcis:EPCISDocument", n: int = 2, more: str = "") -> bytes:
    names = (
        f'xmlns:epcis="urn:epcglobal:epcis:xsd:{n}" xmlns:epcisq="urn:epcglobal:epcis-query:xsd:{n}"'
        f' xmlns:v="{V}" xmlns:cbvmda="urn:epcglobal:cbv:mda"'
    )
    return f'<{root} {names} schemaVersion="{n}.0" creationDate="2026-01-01T00:00:00Z"{more}>{body}</{root}>'.encode()


def document(event: str = "", **more) -> bytes:
    return xml(f"<EPCISBody><EventList>{EVENT.format(event)}</EventList></EPCISBody>", **more)


def jsonld(**event) -> bytes:
    base = {"type": "ObjectEvent", "eventTime": "2026-01-01T00:00:00Z", "eventTimeZoneOffset": "+00:00"}
    return json.dumps(
        {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"v": V}],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-01-01T00:00:00Z",
            "epcisBody": {"eventList": [{**base, "epcList": [], "action": "ADD", **event}]},
        }
    ).encode()


def convert(data: bytes, source, target, mode: LossMode = LossMode.CARRY, **options) -> tuple[bytes, list[Loss]]:
    losses: list[Loss] = []
    settings = [*source.settings, *target.settings]
    context = Context(Options.check(options, settings), losses=Losses(mode, losses.append))
    output = b"".join(target.write(source.read(Source.memory(data), context), context))
    assert [str(finding) for finding in context.findings if finding.severity == "error"] == []
    return output, losses


QUERY = xml(
    "<EPCISBody><epcisq:QueryResults><queryName>Q</queryName><resultsBody><EventList>"
    + EVENT.format("")
    + "</EventList></resultsBody><extension><local>r1</local></extension>"
    '<v:r a="1">r2</v:r></epcisq:QueryResults></EPCISBody>',
    root="epcisq:EPCISQueryDocument",
)


@pytest.mark.parametrize("layout", ["compact", "pretty"])
def test_vendor_content_behind_the_results_of_a_query_reaches_json(layout):
    """The reader learns of it behind the last event, when the JSON header is written already."""
    output, _ = convert(QUERY, EPCIS_2_0_XML, EPCIS_2_0_JSON, layout=layout)
    results = json.loads(output)["epcisBody"]["queryResults"]
    assert results["v:r"] == {"@a": "1", "value": "r2"}
    assert len(results["resultsBody"]["eventList"]) == 1
    back, _ = convert(output, EPCIS_2_0_JSON, EPCIS_2_0_XML)
    assert b"<extension><local>r1</local></extension>" in back
    assert b'<v:r a="1">r2</v:r>' in back


def test_types_of_vendor_content_behind_the_events_come_back():
    types = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    foreign = '<v:n xsi:type="xs:int">1</v:n>'
    body = f"<EPCISBody><EventList>{EVENT.format('')}</EventList>{foreign}</EPCISBody>{foreign}"
    output, _ = convert(xml(body, more=f" {types}"), EPCIS_2_0_XML, EPCIS_2_0_JSON)
    assert convert(output, EPCIS_2_0_JSON, EPCIS_2_0_XML)[0].count(b'xsi:type="xs:int">1</v:n>') == 2


def test_prefixes_that_come_up_behind_the_results_are_declared():
    late = QUERY.replace(b'<v:r a="1">r2</v:r>', b'<l:r xmlns:l="urn:late:">r2</l:r>')
    output, _ = convert(late, EPCIS_2_0_XML, EPCIS_2_0_JSON)
    back, _ = convert(output, EPCIS_2_0_JSON, EPCIS_2_0_XML)
    root = etree.fromstring(back)
    assert [node.text for node in root.iter("{urn:late:}r")] == ["r2"]
    assert root.find(".//{urn:late:}r").getparent().tag == "{urn:epcglobal:epcis-query:xsd:2}QueryResults"


def test_master_data_of_a_query_is_its_result_in_json_too():
    vocabulary = (
        '<VocabularyList><Vocabulary type="urn:t"><VocabularyElementList><VocabularyElement id="urn:i"/>'
        "</VocabularyElementList></Vocabulary></VocabularyList>"
    )
    data = xml(
        "<EPCISBody><epcisq:QueryResults><queryName>Q</queryName>"
        f"<resultsBody>{vocabulary}</resultsBody></epcisq:QueryResults></EPCISBody>",
        root="epcisq:EPCISQueryDocument",
    )
    output, losses = convert(data, EPCIS_2_0_XML, EPCIS_2_0_JSON)
    assert json.loads(output)["epcisBody"]["queryResults"]["resultsBody"] == {
        "vocabularyList": [{"type": "urn:t", "vocabularyElementList": [{"id": "urn:i"}]}],
        "eventList": [],
    }
    assert losses == []
    back = etree.fromstring(convert(output, EPCIS_2_0_JSON, EPCIS_2_0_XML)[0], etree.XMLParser(remove_blank_text=True))
    assert [etree.tostring(node, method="c14n2") for node in back.iter("resultsBody")] == [
        etree.tostring(etree.fromstring(f"<resultsBody>{vocabulary}</resultsBody>"), method="c14n2")
    ]


def test_the_document_s_own_extension_comes_back_from_json():
    body = f"<EPCISBody><EventList>{EVENT.format('')}</EventList></EPCISBody><extension><local>d</local></extension>"
    output, _ = convert(xml(body), EPCIS_2_0_XML, EPCIS_2_0_JSON)
    assert b"<extension><local>d</local></extension>" in convert(output, EPCIS_2_0_JSON, EPCIS_2_0_XML)[0]


@pytest.mark.parametrize("mode", [LossMode.DROP, LossMode.CARRY])
def test_a_loss_can_be_read_without_its_document(mode):
    report = '<sensorReport type="Temperature" v:x="1"/>'
    sensors = f"<sensorElementList><sensorElement>{report}</sensorElement></sensorElementList>"
    inner = '<extension><v:a kind="v:code">1</v:a><v:b/></extension>'
    output, losses = convert(document(sensors + inner), EPCIS_2_0_XML, EPCIS_1_2_XML, mode)
    assert [loss.field for loss in losses] == ["sensorElementList", "extension"]
    read = etree.fromstring(losses[0].value).find(".//sensorReport")
    assert read.attrib == {"type": "Temperature", f"{{{V}}}x": "1"}
    whole = etree.fromstring(f"<all>{losses[1].value}</all>")
    assert [(node.tag, node.text, node.nsmap["v"]) for node in whole] == [(f"{{{V}}}a", "1", V), (f"{{{V}}}b", None, V)]
    assert etree.fromstring(output) is not None


def test_standalone_declares_for_each_element_what_it_uses():
    uris = {"v": "urn:v", "w": "urn:w&", "xsd": "urn:x"}
    assert standalone("<v:a/><b c='1'/>tail", uris) == "<v:a xmlns:v=\"urn:v\"/><b c='1'/>tail"
    assert standalone('<a w:b="1"><v:c/></a>', uris) == '<a xmlns:w="urn:w&amp;" xmlns:v="urn:v" w:b="1"><v:c/></a>'
    assert standalone('<v:a xmlns:v="urn:other"/>', uris) == '<v:a xmlns:v="urn:other"/>'
    assert standalone('<a t="xsd:int">1</a>', uris) == '<a xmlns:xsd="urn:x" t="xsd:int">1</a>'
    assert standalone("v:plain <value>", uris) == "v:plain <value>"


def test_foreign_attributes_that_the_model_cannot_hold_are_listed():
    ilmd = '<ilmd v:mark="ilmd"><cbvmda:lotNumber>A</cbvmda:lotNumber></ilmd>'
    event = f'{ilmd}<extension v:mark="wrapper"><v:x/></extension>'
    header = (
        '<EPCISHeader v:mark="header"><extension><EPCISMasterData><VocabularyList>'
        '<Vocabulary type="urn:t" v:mark="list"><VocabularyElementList>'
        '<VocabularyElement id="urn:i" v:mark="record"><attribute id="urn:a" v:mark="attribute"/>'
        '<children v:mark="children"><id>urn:c</id></children></VocabularyElement></VocabularyElementList></Vocabulary>'
        "</VocabularyList></EPCISMasterData></extension></EPCISHeader>"
    )
    body = f'<EPCISBody v:mark="body"><EventList v:mark="events">{EVENT.format(event)}</EventList></EPCISBody>'
    output, losses = convert(xml(header + body), EPCIS_2_0_XML, EPCIS_2_0_XML)
    found = {(loss.field, loss.value, loss.event) for loss in losses}
    name = f"@{{{V}}}mark"
    assert found == {
        (f"EPCISHeader/{name}", "header", 0),
        (f"Vocabulary/{name}", "list", 0),
        (f"VocabularyElement/{name}", "record", 0),
        (f"attribute/{name}", "attribute", 0),
        (f"children/{name}", "children", 0),
        (f"EPCISBody/{name}", "body", 0),
        (f"EventList/{name}", "events", 0),
        (f"ilmd/{name}", "ilmd", 1),
        (f"extension/{name}", "wrapper", 1),
    }
    assert {(loss.code, loss.outcome) for loss in losses} == {("LOSS-C35-PART", "lost")}
    assert b"mark" not in output


@pytest.mark.parametrize("target", [EPCIS_1_2_XML, EPCIS_2_0_XML])
def test_a_json_key_that_is_no_xml_name_is_escaped_and_comes_back(target):
    event = {"v:1name": "a", "v:a/b": {"v:c d": ["1", "2"]}, "v:_x0031_": "b", "v:ok": {"@v:2": "x", "value": "y"}}
    output, losses = convert(jsonld(**event), EPCIS_2_0_JSON, target)
    assert b"<v:_x0031_name>a</v:_x0031_name>" in output
    assert losses == []
    back = json.loads(convert(output, target, EPCIS_2_0_JSON)[0])["epcisBody"]["eventList"][0]
    assert {key: back[key] for key in event} == event


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("name", "name"),
        ("é-1.b_", "é-1.b_"),
        ("1", "_x0031_"),
        ("", "_x005F_"),
        ("a b", "a_x0020_b"),
        ("-", "_x002D_"),
        ("\U0001f600x", "\U0001f600x"),
        ("_x0031_", "_x005F_x0031_"),
        ("_x005F_abc", "_x005F_abc"),
        ("1_x0031_", "_x0031__x005F_x0031_"),
    ],
)
def test_names_are_spelt_as_sql_xml_spells_them(name, written):
    assert spelt(name) == written
    assert meant(written) == name or name == ""
    etree.QName("urn:n", written)


@pytest.mark.parametrize("name", ["_x005F_abc", "_x0041_", "_x110000_", "a_x00_b", "_x0031", "_xyz_", "name"])
def test_a_name_that_nobody_escaped_is_left_alone(name):
    assert meant(name) == name
    assert meant(f"{{urn:_x0031_}}{name}") == f"{{urn:_x0031_}}{name}"


@pytest.mark.parametrize("target", [EPCIS_1_2_XML, EPCIS_2_0_XML])
@pytest.mark.parametrize("value", ["5.50", "7", "true", '"5.50"'])
def test_a_number_beside_attributes_gets_no_xsi_type(target, value):
    """A schema knows the simple types: an element of one of them may have no attributes."""
    data = jsonld().replace(b'"epcList"', f'"v:n": {{"@code": "KGM", "value": {value}}}, "epcList"'.encode())
    output, _ = convert(data, EPCIS_2_0_JSON, target)
    node = next(etree.fromstring(output).iter(f"{{{V}}}n"))
    assert "{http://www.w3.org/2001/XMLSchema-instance}type" not in node.attrib
    assert node.get("code") == "KGM"
    assert node.text == value.strip('"')
    assert f'"v:n":{{"@code":"KGM","value":{value}}}'.encode() in convert(output, target, EPCIS_2_0_JSON)[0]


def test_both_codecs_carry_in_one_namespace():
    uris = ["https://c.example/1", "https://c.example/2"]
    output, _ = convert(jsonld(certificationInfo=uris), EPCIS_2_0_JSON, EPCIS_2_0_XML)
    carried = next(etree.fromstring(output).iter(f"{{{NAMESPACE}}}certificationInfo"))
    assert carried.text == uris[1]
    back, _ = convert(output, EPCIS_2_0_XML, EPCIS_2_0_JSON)
    assert json.loads(back)["epcisBody"]["eventList"][0]["certificationInfo"] == uris


def test_cbv_urns_in_json_are_understood_and_reported_once():
    context = Context()
    step, kind = "urn:epcglobal:cbv:bizstep:receiving", "urn:epcglobal:cbv:btt:po"
    transactions = [{"type": kind, "bizTransaction": "urn:epcglobal:cbv:bt:9506000111117:1"}]
    data = jsonld(bizStep=step, bizTransactionList=transactions, disposition="urn:epcglobal:cbv:disp:nonsense")
    data = data.replace(
        b'"eventList": [',
        b'"eventList": [' + json.dumps(json.loads(data)["epcisBody"]["eventList"][0]).encode() + b", ",
    )
    events = list(EPCIS_2_0_JSON.read(Source.memory(data), context).events)
    assert [event.biz_step for event in events] == [step, step]
    found = [(finding.code, finding.value, finding.expected, finding.where.event) for finding in context.findings]
    assert found == [("EPCIS-JSON-31", step, "receiving", 1), ("EPCIS-JSON-31", kind, "po", 1)]


def test_the_id_of_a_master_data_attribute_must_be_a_uri():
    context = Context()
    vocabulary = {
        "type": "urn:t",
        "vocabularyElementList": [{"id": "urn:i", "attributes": [{"id": "name", "attribute": "x"}]}],
    }
    whole = {**json.loads(jsonld()), "epcisHeader": {"epcisMasterData": {"vocabularyList": [vocabulary]}}}
    header = EPCIS_2_0_JSON.read(Source.memory(json.dumps(whole).encode()), context).header
    assert header.vocabularies[0].elements[0].attributes[0].id == "name"
    assert [(finding.code, finding.value) for finding in context.findings] == [("EPCIS-JSON-32", "name")]
