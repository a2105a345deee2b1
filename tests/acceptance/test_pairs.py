"""The pairs of an XML and a JSON document that the corpora call equal say the same in the gateway's model."""

from __future__ import annotations

import csv
import re

import pytest

from tests.acceptance.corpus import CORPORA, JSON, V2, without_doctype
from tests.acceptance.meaning import meanings
from tests.acceptance.shape import difference

pytestmark = pytest.mark.corpora

_OF_DOCUMENT = re.compile(rb'(?:schemaVersion|creationDate)="[^"]*"')
_TABLE = CORPORA / "epcis/PAIRS.tsv"
#: The JSON partner has a comment that the XML one lacks; event hashes ignore it, and so the two were found equal.
COMMENT = "{http://www.w3.org/2000/01/rdf-schema#}comment"
_WITH_COMMENT = "equal-pairs/ObjectEvent_with_comment.xml"


def _pairs() -> list[tuple[str, str]]:
    if not _TABLE.is_file():
        return []
    with _TABLE.open(encoding="utf-8") as lines:
        return [(row["xml"], row["json"]) for row in csv.DictReader(lines, delimiter="\t")]


def _read(path: str) -> bytes:
    data = without_doctype((CORPORA / "epcis" / path).read_bytes())
    if data.startswith(b"<AssociationEvent"):
        # JSON has single events, XML has not: the fragment goes into a document, and its document attributes go there.
        attributes = b" ".join(_OF_DOCUMENT.findall(data))
        head = b'<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:2" ' + attributes + b"><EPCISBody><EventList>"
        return head + _OF_DOCUMENT.sub(b"", data) + b"</EventList></EPCISBody></e:EPCISDocument>"
    return data


def test_all_pairs_are_there(corpora):
    assert len(_pairs()) >= 23


@pytest.mark.parametrize(("xml", "json"), _pairs())
def test_a_pair_gives_the_same_model(xml: str, json: str):
    left, right = meanings(_read(xml), V2), meanings(_read(json), JSON)
    assert len(left) == len(right) >= 1
    if xml == _WITH_COMMENT:
        assert [event.pop(COMMENT, "") != "" for event in right].count(True) == 1
    assert difference(left, right) == ""
