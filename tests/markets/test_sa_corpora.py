"""Our RSD schemas and descriptions against public ones: the same verdicts, the same bytes, real replies read."""

from __future__ import annotations

import copy
import json
import random

import pytest
from lxml import etree

from gateway.answers import Verdict
from gateway.markets.client import Account, Call, Reply
from gateway.markets.sa import MARKET
from gateway.markets.sa.codes import table
from gateway.markets.sa.operations import OF_SERVICE, OPERATIONS
from gateway.markets.sa.reply import answer_of, read
from gateway.markets.simulation import Rehearsal
from tests.markets.sa_story import FIXTURES, GLNS, SCHEMAS, commission, composed, move, pack_epc
from tests.markets.test_sa import SEEN

pytestmark = pytest.mark.corpora
TRIES = 150
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"


@pytest.fixture(scope="module")
def folder(corpora):
    return corpora / "regulators" / "saudi-sfda-rsd"


@pytest.fixture(scope="module")
def pairs(folder):
    """Official and own schema of each service that has both."""
    found = {
        path.stem: (
            etree.XMLSchema(etree.parse(path)),
            etree.XMLSchema(etree.parse(SCHEMAS / "rsd" / "1" / path.name)),
        )
        for path in sorted((folder / "xsd-reconstructed").glob("*.xsd"))
    }
    assert len(found) == 8
    return found


@pytest.fixture(scope="module")
def samples(pairs):
    """Requests, and replies of the simulator to them, of the services that have an official schema."""
    out = []
    for service in pairs:
        kind = OF_SERVICE[service].kind
        request = (FIXTURES / "rsd" / "good" / f"{kind}.xml").read_bytes()
        out.append((service, etree.fromstring(request)[0][0]))
        rows = "<PRODUCT><GTIN>05712249108427</GTIN><SN>10</SN><BN>NP</BN><XD>2025-08-31</XD><RC>00000</RC></PRODUCT>"
        rows = rows.replace("<SN>10</SN>", "<QUANTITY>5</QUANTITY>") if kind == "accept-dispatch" else rows
        root = f'<n:{service}Response xmlns:n="http://dtts.sfda.gov.sa/{service}"><NOTIFICATIONID>7</NOTIFICATIONID>'
        reply = f"{root}<PRODUCTLIST>{rows}{rows}</PRODUCTLIST></n:{service}Response>"
        out.append((service, etree.fromstring(reply)))
        fault = f'<n:ServiceError xmlns:n="http://dtts.sfda.gov.sa/{service}"><FC>80202</FC></n:ServiceError>'
        out.append((service, etree.fromstring(fault)))
    return out


def test_samples_are_valid_by_both(pairs, samples):
    for service, node in samples:
        official, ours = pairs[service]
        document = etree.ElementTree(node)
        assert official.validate(document), (service, official.error_log)
        assert ours.validate(document), (service, ours.error_log)


def test_what_we_compose_is_valid_by_the_official_schemas(pairs):
    events = [
        commission([pack_epc(1)]),
        move("receiving", [pack_epc(1)]),
        move("receiving", [pack_epc(2)], elements=[("DISPATCHNOTIFICATIONID", "7")]),
        move("destroying", [pack_epc(1)], disposition="expired"),
        *(
            move("holding", [pack_epc(1)], elements=[("rsdOperation", kind), ("PRESCRIPTIONID", "R1")])
            for kind in ("consume", "consume-cancel", "deactivation-cancel", "pharmacy-sale", "pharmacy-sale-cancel")
        ),
    ]
    made, context = composed(events, {"origin": "SA", "explanation": "x", "prescription-date": "2026-11-25"})
    assert not context.findings.errors
    checked = set()
    for submission in made:
        service = OPERATIONS[submission.kind].full
        if service in pairs:
            node = etree.ElementTree(etree.fromstring(submission.data)[0][0])
            assert pairs[service][0].validate(node), pairs[service][0].error_log
            checked.add(service)
    assert checked == set(pairs)


def test_spoilt_samples_have_the_same_verdict(pairs, samples):
    """Dropped, doubled and moved elements, too long, empty and odd values: 99 of 100 verdicts are the same."""
    rng = random.Random(1)
    same, refused, differ = 0, 0, []
    for service, node in samples:
        official, ours = pairs[service]
        for _ in range(TRIES):
            spoilt, how = _spoil(copy.deepcopy(node), rng)
            verdict = official.validate(spoilt)
            refused += not verdict
            if verdict == ours.validate(spoilt):
                same += 1
            else:
                differ.append((service, how, verdict))
    assert same + len(differ) == 24 * TRIES
    assert refused > 1000
    assert len(differ) <= (same + len(differ)) / 100, differ[:10]


VALUES = ("", " ", "x", "1", "x" * 5000, "2026-11-20", "29.02.2028", "2027-02-29", "-1", "1.5", "99999999999")


def _spoil(node, rng):
    tree = etree.ElementTree(node)
    nodes = list(node.iter(etree.Element))
    inner = nodes[1:]
    kind = rng.choice(["drop", "double", "move", "value", "rename", "attribute", "qualify"])
    chosen = rng.choice(inner)
    parent = chosen.getparent()
    if kind == "drop":
        parent.remove(chosen)
    elif kind == "double":
        parent.insert(parent.index(chosen), copy.deepcopy(chosen))
    elif kind == "move":
        parent.insert(rng.randrange(len(parent)), chosen)
    elif kind == "rename":
        chosen.tag = rng.choice(inner).tag
    elif kind == "attribute":
        chosen.set("odd", "1")
    elif kind == "qualify":
        chosen.tag = f"{{{etree.QName(node).namespace}}}{chosen.tag}"
    else:
        chosen = rng.choice([each for each in inner if not len(each)])
        chosen.text = rng.choice(VALUES)
    return tree, f"{kind}: {chosen.tag} {chosen.text!r:.40}"


def test_our_descriptions_say_what_the_official_ones_say(folder):
    compared = 0
    for path in sorted((folder / "wsdl").rglob("*.wsdl")):
        theirs = etree.parse(path)
        ours = etree.parse(SCHEMAS / "rsd" / "1" / f"{path.stem.removesuffix('_1')}.wsdl")
        assert _said(ours) == _said(theirs), path.name
        compared += 1
    assert compared == 8


def _said(tree):
    """Everything but comments, schema places and the WS-Addressing that ours leave out."""
    out = []
    for node in tree.getroot().iter(etree.Element):
        name = etree.QName(node)
        if name.namespace.endswith("XMLSchema"):
            continue
        if not name.namespace.startswith("http://schemas.xmlsoap.org/wsdl/"):
            continue
        about = {key: value for key, value in node.attrib.items() if not key.startswith("{")}
        out.append((name.text, tuple(sorted(about.items()))))
    return sorted(out)


def test_zeep_builds_the_same_bytes_from_the_public_descriptions(folder):
    import zeep

    for path in sorted((folder / "wsdl-offline").glob("*.wsdl")):
        operation = OF_SERVICE[path.stem]
        client = zeep.Client(str(path))
        values = {name: SEEN[name] for name in operation.fields if name in SEEN}
        product = {"GTIN": SEEN["GTIN"], "SN": "S1", "BN": "L1", "XD": "2028-09-30"}
        values["PRODUCTLIST"] = {"PRODUCT": [product]}
        envelope = client.create_message(client.service, operation.operation, **values)
        from gateway.markets.kit.soap import Service

        ours = Service(operation.description, operation.operation).request(values)
        assert etree.tostring(envelope, xml_declaration=True, encoding="utf-8") == ours


def test_real_replies_are_read(folder):
    body = (folder / "samples" / "DispatchDetailService.response.xml").read_bytes()
    found = read(Reply(200, {}, body), OPERATIONS["dispatch-detail"])
    assert found.fields["DISPATCHNOTIFICATIONID"] == "732162605"
    assert [row["SN"] for row in found.rows] == ["1065129204838", "1327592133362"]
    answer = answer_of(Reply(200, {}, body), OPERATIONS["dispatch-detail"], [])
    assert answer.verdict is Verdict.ACCEPTED
    body = (folder / "samples" / "fault_80202_ReturnService.xml").read_bytes()
    answer = answer_of(Reply(500, {}, body), OPERATIONS["return"], ["(01)1(21)2"])
    assert [reason.code for reason in answer.reasons] == ["80202"]
    assert answer.serials[0].verdict is Verdict.REJECTED


def test_the_simulator_answers_in_the_shape_of_the_real_replies(folder):
    server = MARKET.simulation.start(Rehearsal())
    user = Account(f"{GLNS['plant']}1", "x")
    from gateway.markets.client import Known, play
    from gateway.markets.sa.calls import call, request
    from gateway.markets.sa.client import CLIENT

    made, _ = composed([commission([pack_epc(1)]), move("shipping", [pack_epc(1)])])
    reference = [play(CLIENT.submit(each, user, Known("1")), server.reply).reference for each in made][-1]
    detail = OPERATIONS["dispatch-detail"]
    asked = call(detail, request(detail, DISPATCHNOTIFICATIONID=reference), user)
    assert isinstance(asked, Call)
    real = (folder / "samples" / "DispatchDetailService.response.xml").read_bytes()
    assert _tags(server.reply(asked).body)[:13] == _tags(real)[:13]
    wrong = call(OPERATIONS["return"], (FIXTURES / "rsd" / "bad" / "SA-RSD-01--order.xml").read_bytes(), user)
    real = (folder / "samples" / "fault_80202_ReturnService.xml").read_bytes()
    assert _tags(server.reply(wrong).body) == _tags(real)


def _tags(body):
    return [node.tag for node in etree.fromstring(body).iter(etree.Element)]


def test_the_table_has_the_codes_of_the_public_list(folder):
    public = json.loads((folder / "error_codes.json").read_text("utf-8"))
    assert set(table().reasons) == set(public)


def test_operations_are_those_of_the_public_list(folder):
    public = {each["service"]: each for each in json.loads((folder / "operations.json").read_text("utf-8"))}
    for service, operation in OF_SERVICE.items():
        entry = public[service]
        names = [part.split("/")[0].split("(")[0].rstrip("?*") for part in entry["elements"]]
        fields = [each for each in names if each not in ("PRODUCTLIST", "SNREQUESTLIST")]
        assert list(operation.fields) == fields, service
        assert entry["namespace"] == operation.namespace
        assert entry["path"] == operation.path
