"""Documents against schemas: what is found, where, and at which cost; and our schemas against the official ones."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Self

import pytest
from lxml import etree

from gateway.checks.schema import check_xml
from gateway.checks.schema_rules import RULES
from gateway.errors import ConfigurationError
from gateway.findings import Findings
from gateway.resources import shipped
from gateway.sources import Source

XSD_1 = shipped("xsd", "gs1", "epcis", "1.2", "all.xsd")
XSD_2 = shipped("xsd", "gs1", "epcis", "2.0", "all.xsd")
EVENT = """<ObjectEvent>
<eventTime>2026-05-01T08:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
<epcList><epc>urn:epc:id:sgtin:9521234.012345.1</epc></epcList>
<action>ADD</action>
</ObjectEvent>
"""
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2" creationDate="2026-05-01T10:00:00Z">
<EPCISBody><EventList>
"""
TAIL = "</EventList></EPCISBody></e:EPCISDocument>\n"


def check(text: str | bytes, schema: Path = XSD_1) -> list[tuple[str, int, int, str]]:
    findings = Findings()
    check_xml(text.encode() if isinstance(text, str) else text, schema, findings)
    for finding in findings:
        assert finding.message
        assert finding.hint
    return [(f.code, f.where.line, f.where.event, f.where.path) for f in findings]


def test_a_valid_document_has_no_findings() -> None:
    assert check(HEAD + EVENT * 3 + TAIL) == []


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (EVENT.replace("ADD", "ADDED"), ("XSD-05", 12, 2, "ObjectEvent/action")),
        (EVENT.replace("2026-05-01T08:00:00Z", "yesterday"), ("XSD-05", 10, 2, "ObjectEvent/eventTime")),
        (EVENT.replace("<action>ADD</action>", ""), ("XSD-04", 13, 2, "ObjectEvent")),
        (EVENT.replace("<action>", "<oops/>\n<action>"), ("XSD-04", 12, 2, "ObjectEvent/oops")),
        (
            EVENT.replace(
                "</ObjectEvent>", "<extension><sourceList><source>x</source></sourceList></extension></ObjectEvent>"
            ),
            ("XSD-06", 13, 2, "ObjectEvent/extension/sourceList/source/@type"),
        ),
        (EVENT.replace("ObjectEvent", "ObjectEvnt"), ("XSD-04", 9, 1, "EPCISDocument/EPCISBody/EventList/ObjectEvnt")),
    ],
)
def test_each_error_has_its_rule_and_its_place(event: str, expected: tuple[str, int, int, str]) -> None:
    found = check(HEAD + EVENT + event + EVENT + TAIL)
    assert found[0][:3] == expected[:3]
    assert found[0][3].removesuffix("/@type") == expected[3].removesuffix("/@type")
    assert len(found) == 1


def test_the_finding_says_what_was_expected() -> None:
    findings = Findings()
    check_xml((HEAD + EVENT.replace("ADD", "ADDED") + TAIL).encode(), XSD_1, findings)
    (finding,) = findings
    assert finding.value == "ADDED"
    assert "{" not in finding.message.replace("{'ADD', 'OBSERVE', 'DELETE'}", "")
    findings = Findings()
    check_xml((HEAD + EVENT.replace("<action>", "<oops/><action>") + TAIL).encode(), XSD_1, findings)
    (finding,) = findings
    assert finding.expected == "action"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "XSD-01"),
        (b"<a", "XSD-01"),
        (HEAD + EVENT, "XSD-01"),
        (HEAD + EVENT + "</x>", "XSD-01"),
        ("<a/>", "XSD-03"),
        ("<!DOCTYPE a><a/>", "XSD-02"),
        ("<!DOCTYPE a [<!ENTITY b 'c'><!ENTITY d '&b;&b;'>]><a e='&d;'>&d;</a>", "XSD-02"),
        ("<a>" * 100_000, "XSD-01"),
    ],
)
def test_broken_and_hostile_documents(text: str | bytes, code: str) -> None:
    assert code in [finding[0] for finding in check(text)]


def test_a_cut_document_with_other_errors_says_both() -> None:
    found = check(HEAD + EVENT.replace("ADD", "ADDED") + EVENT)
    assert [finding[0] for finding in found] == ["XSD-05", "XSD-01"]


def test_far_errors_are_found_and_their_number_is_bounded() -> None:
    bad = EVENT.replace("ADD", "ADDED")
    found = check(HEAD + EVENT * 7776 + bad + EVENT * 300 + TAIL)
    assert found == [("XSD-05", 4 + 7776 * 5 + 3, 7777, "ObjectEvent/action")]
    findings = Findings(limit=10_000)
    check_xml((HEAD + bad * 5000 + TAIL).encode(), XSD_1, findings)
    codes = [finding.code for finding in findings]
    assert codes[-1] == "XSD-08"
    assert len(codes) <= 1100


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_bytes((HEAD + EVENT + TAIL).encode())
    findings = Findings()
    check_xml(Source.file(path), XSD_1, findings)
    assert not list(findings)
    path.write_bytes(path.read_bytes()[:-30])
    check_xml(Source.file(path), XSD_1, findings)
    assert [f.code for f in findings] == ["XSD-01"]


def test_a_schema_that_cannot_be_loaded_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        check_xml(b"<a/>", tmp_path / "none.xsd", Findings())


def test_codes_are_unique() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)


# --- our schemas against the official ones ---------------------------------------------------------------------

#: Kinds of documents that our schemas leave out on purpose: calls of interfaces, not documents to convert.
LEFT_OUT = re.compile(
    rb"<(\w+:)?(EPCISCaptureJob|GetQueryNames|GetStandardVersion|GetSubscriptionIDs|GetVendorVersion|Unsubscribe"
    rb"|ImplementationException|QueryTooLargeException)[\s>/]"
)
OFFICIAL = {"1": "XSL/1.2/XSD", "2": "XSD"}
OURS = {"1": XSD_1, "2": XSD_2}


def official(corpora: Path, major: str) -> etree.XMLSchema:
    """All official schemas of a version behind one."""
    imports = ""
    for path in sorted((corpora / "epcis" / "gs1-EPCIS" / OFFICIAL[major]).glob("EPCglobal-epcis*.xsd")):
        namespace = etree.parse(str(path)).getroot().get("targetNamespace")
        imports += f'<xsd:import namespace="{namespace}" schemaLocation="{path.as_uri()}"/>'
    return etree.XMLSchema(
        etree.fromstring(f'<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema">{imports}</xsd:schema>')
    )


def documents(corpora: Path) -> list[tuple[Path, str, etree._Element]]:
    found = []
    for path in sorted(corpora.rglob("*.xml")):
        data = re.sub(rb"<!DOCTYPE[^>]*>", b"", path.read_bytes())
        try:
            root = etree.fromstring(data)
        except etree.XMLSyntaxError:
            continue
        namespace = etree.QName(root).namespace or ""
        if namespace.startswith("urn:epcglobal:epcis") and not LEFT_OUT.search(data):
            found.append((path, namespace[-1], root))
    return found


@pytest.mark.corpora
def test_our_schemas_give_the_official_verdict(corpora: Path) -> None:
    theirs = {major: official(corpora, major) for major in OFFICIAL}
    ours = {major: etree.XMLSchema(etree.parse(str(path))) for major, path in OURS.items()}
    verdicts = []
    for path, major, root in documents(corpora):
        verdict = theirs[major].validate(root)
        assert ours[major].validate(root) == verdict, path
        verdicts.append(verdict)
    assert verdicts.count(True) >= 60
    assert verdicts.count(False) >= 5


@pytest.mark.corpora
def test_our_schemas_agree_on_damaged_documents(corpora: Path, fixtures: Path) -> None:
    """Every element of full documents removed, doubled, renamed, moved, emptied: the official verdict each time."""
    theirs = {major: official(corpora, major) for major in OFFICIAL}
    ours = {major: etree.XMLSchema(etree.parse(str(path))) for major, path in OURS.items()}
    verdicts = []
    for name, major in (("every-field-1.2.xml", "1"), ("every-field-2.0.xml", "2")):
        tree = etree.parse(str(fixtures / "formats" / "epcis_xml" / name))
        for number in range(1, len(list(tree.iter()))):
            for damage in (_removed, _doubled, _renamed, _moved, _foreign, _emptied, _without_attributes):
                damaged = copy.deepcopy(tree)
                damage(list(damaged.iter())[number])
                verdict = theirs[major].validate(damaged)
                assert ours[major].validate(damaged) == verdict, (name, number, damage.__name__)
                verdicts.append(verdict)
    assert verdicts.count(True) >= 300
    assert verdicts.count(False) >= 300


def _removed(node: etree._Element) -> None:
    node.getparent().remove(node)


def _doubled(node: etree._Element) -> None:
    node.addnext(copy.deepcopy(node))


def _renamed(node: etree._Element) -> None:
    node.tag = "unknown"


def _moved(node: etree._Element) -> None:
    node.getparent().insert(0, node)


def _foreign(node: etree._Element) -> None:
    node.tag = "{urn:x}foreign"


def _emptied(node: etree._Element) -> None:
    for child in node:
        node.remove(child)
    node.text = None


def _without_attributes(node: etree._Element) -> None:
    node.attrib.clear()


@pytest.mark.parametrize("xsd", [XSD_1, XSD_2])
def test_checking_many_events_takes_no_more_memory_than_few(xsd: Path) -> None:
    """libxml2 keeps every child of a list whose choice repeats; in our schemas the sequence around it does."""
    namespace = "urn:epcglobal:epcis:xsd:1" if xsd == XSD_1 else "urn:epcglobal:epcis:xsd:2"
    head = HEAD.replace("urn:epcglobal:epcis:xsd:1", namespace).encode()

    class Events:
        """A document of as many events as asked, which never lies in memory."""

        def __init__(self, count: int) -> None:
            self.pieces = iter((head, *[(EVENT * 100).encode()] * (count // 100), TAIL.encode(), b""))

        def read(self, _size: int = -1) -> bytes:
            return next(self.pieces)

        def seek(self, _at: int) -> None: ...

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...

    def pages() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1])

    def run(count: int) -> int:
        findings = Findings()
        check_xml(Source("x", opener=lambda: Events(count)), xsd, findings)
        assert not list(findings)
        return pages()

    few = run(1000)
    assert (run(60_000) - few) * 4096 < 2_500_000  # at 104 bytes for each it would be 6 MB
