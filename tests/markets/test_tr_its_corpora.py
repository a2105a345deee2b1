"""Turkey's ITS: our service descriptions and schemas against the official ones, and the public samples."""

from __future__ import annotations

import copy

import orjson
import pytest
import zeep
from lxml import etree

from gateway.findings import Findings
from gateway.markets.client import Call
from gateway.markets.kit.soap import _client, read_envelope
from gateway.markets.tr.its import wire
from gateway.markets.tr.its.check import check_form, soap_schema
from gateway.markets.tr.its.operations import BY_ROOT, ERROR_CODES, OPERATIONS, VERIFICATION
from gateway.resources import shipped
from tests.markets.test_tr_schema import mutations
from tests.markets.tr_its_story import composed, made, simulator, step
from tests.markets.tr_story import FIXTURES, SOURCE, pack_epc, ship

pytestmark = pytest.mark.corpora

#: Where each of our schemas has its official counterpart.
OFFICIAL = {
    "production": "wsdl/UretimBildirimReceiver.wsdl",
    "dispatch": "webrefs_offline/SalesService__DispatchNotification.wsdl",
    "dispatch-cancel": "webrefs_offline/SalesCancelService__DispatchCancellation.wsdl",
    "receipt": "webrefs/ReceiptService__ReceiptNotification.wsdl",
    "deactivation": "wsdl/DeaktivasyonBildirimReceiver.wsdl",
    "export": "wsdl/IhracatReceiver.wsdl",
    "verification": "wsdl/UrunDogrulamaReceiver.wsdl",
    "error-codes": "webrefs_offline/ErrorCodes__ErrorCode.wsdl",
}
SOAPS = {each.soap.schema: each.soap for each in OPERATIONS.values() if each.soap is not None}
SOAPS |= {"verification": VERIFICATION, "error-codes": ERROR_CODES}
XS = "{http://www.w3.org/2001/XMLSchema}"
#: Texts that one field after the other is given: overlong, of another type, empty, at the edges.
TEXTS = ("x" * 300, "2028-02-30", "2028-01-01Z", "-1", "A1", "a1", "A" * 20, "A" * 21, "1" * 13, "1" * 14, "00000",
         "", " A1 ", "PP", "M", "I", "MI", "D", "X", "V", "20", "A.1", "\u0130\u011f", "x" * 100, "1" * 15)  # fmt: skip
AGREEMENT = 0.99


def folder(corpora):
    return corpora / "regulators" / "turkey" / "sanovel"


def official_schema(corpora, name):
    path = folder(corpora) / OFFICIAL[name]
    schemas = list(etree.parse(path).iter(f"{XS}schema"))
    found = next(each for each in schemas if each.get("targetNamespace") or each.find(f"{XS}import") is not None)
    if not found.get("targetNamespace"):
        return etree.XMLSchema(etree.parse(path.parent / found.find(f"{XS}import").get("schemaLocation")))
    return etree.XMLSchema(etree.fromstring(etree.tostring(found)))


def requests():
    """A request of each service, as we compose it."""
    epcs = [pack_epc("SN1"), pack_epc("SN2")]
    events = [made(epcs), ship(epcs), step("void_shipping", epcs), step("receiving", epcs), step("sampling", epcs)]
    settings = {"protocol": "soap", "document-number": "D1", "document-date": "2026-11-20"}
    made_of, _ = composed(events, settings)
    away = {"export-glns": "8699999000027", "receiver-fill": "spaces"}
    exported, _ = composed(events[:2], settings | away)
    pack = {"GTIN": "08699999111013", "BN": "LOT001", "SN": "SN1", "XD": "2028-09-30"}
    asked = VERIFICATION.service.request({"DT": "V", "FR": SOURCE, "URUNLER": {"URUN": [pack]}})
    return [*(each.data for each in made_of), exported[-1].data, asked, ERROR_CODES.service.request({})]


def answers():
    """What the simulator answers to them, and a fault of each."""
    auth = {"authorization": "Basic " + "ODY5OTk5OTAwMDAxMDpB"}
    for request in requests():
        root = etree.QName(read_envelope(request).payload).localname
        soap = next(each for each in SOAPS.values() if each.request == root)
        for faults in (frozenset(), frozenset({"database-error"})):
            reply = simulator(faults=faults).reply(Call("POST", soap.service.location, auth, request))
            assert reply.status in (200, 500)
            yield reply.body


def payloads(corpora):
    samples = sorted((corpora / "regulators" / "turkey" / "samples_synthetic").glob("soap_*.xml"))
    assert len(samples) == 4
    for data in (*requests(), *answers(), *(path.read_bytes() for path in samples)):
        root = read_envelope(data).payload
        (name,) = [name for name in SOAPS if _namespace(name) == etree.QName(root).namespace]
        yield name, etree.fromstring(etree.tostring(root, with_tail=False))


def _namespace(name):
    return etree.parse(shipped("xsd", "tr", "its", "soap", f"{name}.xsd")).getroot().get("targetNamespace")


def other_texts(tree):
    leaves = [node for node in tree.iter() if len(node) == 0]
    for at in range(len(leaves)):
        for text in TEXTS:
            mutant = copy.deepcopy(tree)
            [node for node in mutant.iter() if len(node) == 0][at].text = text
            yield mutant


def test_our_schemas_and_the_official_ones_agree_on_samples_and_mutations(corpora):
    seen, agreed, good, differing = set(), 0, 0, []
    for name, root in payloads(corpora):
        official, ours = official_schema(corpora, name), soap_schema(name)
        text = etree.tostring(root)
        assert official.validate(etree.fromstring(text)), (name, official.error_log)
        assert ours.validate(etree.fromstring(text)), (name, ours.error_log)
        for mutant in (*mutations(text), *other_texts(root)):
            changed = etree.tostring(mutant)
            if (name, changed) in seen:
                continue
            seen.add((name, changed))
            verdict = official.validate(etree.fromstring(changed))
            if ours.validate(etree.fromstring(changed)) == verdict:
                agreed += 1
                good += verdict
            else:
                differing.append((name, changed, verdict))
    assert len(seen) > 3000
    assert min(good, agreed - good) > 500
    assert differing == [], differing[:5]
    assert agreed / len(seen) >= AGREEMENT


def test_the_bar_that_the_official_pattern_lets_through_by_mistake_is_the_only_known_difference(corpora):
    """``[M|I]`` in the official schema takes a bar, too: a character class knows no alternatives."""
    root = next(root for name, root in payloads(corpora) if name == "production")
    root.find("DT").text = "|"
    assert official_schema(corpora, "production").validate(root)
    assert not soap_schema("production").validate(root)


class Offline(zeep.Transport):
    def _load_remote_data(self, url):
        raise AssertionError(url)


@pytest.mark.parametrize("name", OFFICIAL)
def test_zeep_builds_the_same_request_of_our_description_as_of_the_official_one(corpora, name):
    soap = SOAPS[name]
    official = zeep.Client(str(folder(corpora) / OFFICIAL[name]), transport=Offline())
    binding, ours = official.service._binding, _client(("tr", "its", "soap", f"{name}.wsdl")).service._binding
    operation = soap.service.operation
    assert binding.get(operation).soapaction == ours.get(operation).soapaction
    location = official.service._binding_options["address"]
    assert location.endswith(soap.service.location)
    assert (binding.get(operation).abstract.wsa_action is not None) == (soap.addressed or name == "error-codes")
    request = next(data for data in requests() if etree.QName(read_envelope(data).payload).localname == soap.request)
    values = _values(read_envelope(request).payload)
    envelope = official.create_message(official.service, operation, **values)
    for header in envelope.findall("{*}Header"):
        envelope.remove(header)
    assert etree.tostring(envelope, xml_declaration=True, encoding="utf-8") == request


def _values(node):
    found = {}
    for child in node:
        value = _values(child) if len(child) else child.text
        many = child.tag in ("PRODUCT", "URUN") or (child.tag == "SN" and node.tag == "URUNLER")
        if many:
            found.setdefault(child.tag, []).append(value)
        else:
            found[child.tag] = value
    return found


def _canonical(root):
    plain = etree.fromstring(etree.tostring(root, with_tail=False), etree.XMLParser(remove_blank_text=True))
    return etree.tostring(plain, method="c14n", exclusive=True)


@pytest.mark.parametrize("name", ["dispatch", "receipt", "uretim", "deaktivasyon"])
def test_the_public_soap_samples_are_what_we_write(corpora, name):
    data = (corpora / "regulators" / "turkey" / "samples_synthetic" / f"soap_{name}.xml").read_bytes()
    root = read_envelope(data).payload
    operation = BY_ROOT[etree.QName(root).localname]
    addressed = b"wsa:" in data
    again = wire.soap_bytes(wire.soap_notification(root, operation.shape), operation.soap, addressing=addressed)
    assert _canonical(read_envelope(again).payload) == _canonical(root)
    assert (b"wsa:" in again) == addressed
    if addressed:
        header, ours = (_header(each) for each in (data, again))
        assert (header["Action"], header["To"], list(header)) == (ours["Action"], ours["To"], list(ours))


def _header(data):
    found = etree.fromstring(data).find("{*}Header")
    return {etree.QName(each).localname: each.text for each in found}


@pytest.mark.parametrize("name", ["dispatch", "deactivation", "supplynotification"])
def test_the_public_rest_samples_are_what_we_write(corpora, name):
    data = (corpora / "regulators" / "turkey" / "samples_synthetic" / f"rest_{name}.json").read_bytes()
    findings = Findings()
    notification = check_form(data, findings)
    assert list(findings) == []
    again = wire.rest_bytes(notification)
    assert orjson.loads(again) == orjson.loads(data)
    assert list(orjson.loads(again))[:1] == list(orjson.loads(data))[:1]


def test_good_fixtures_are_valid_by_the_official_schemas(corpora):
    paths = sorted((FIXTURES / "its" / "good").glob("*.xml"))
    assert len(paths) > 5
    for path in paths:
        root = read_envelope(path.read_bytes()).payload
        name = BY_ROOT[etree.QName(root).localname].soap.schema
        official = official_schema(corpora, name)
        assert official.validate(etree.fromstring(etree.tostring(root))), official.error_log
