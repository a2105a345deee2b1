"""EPCIS for Masar against the official schema of EPCIS 1.2: the same verdict, also on what is spoilt."""

from __future__ import annotations

import copy
import random

import pytest
from lxml import etree

from gateway.resources import shipped
from tests.markets.test_eg_masar import ENVELOPES, FIXTURES, GIVEN, composed, story

pytestmark = pytest.mark.corpora
TRIES = 200
_XSD = "epcis/gs1-EPCIS/XSL/1.2/XSD/EPCglobal-epcis-1_2.xsd"


@pytest.fixture(scope="module")
def official(corpora):
    return etree.XMLSchema(etree.parse(corpora / _XSD))


@pytest.fixture(scope="module")
def ours():
    return etree.XMLSchema(etree.parse(shipped("xsd", "eg", "masar", "1", "document.xsd")))


def _document(data):
    """The EPCIS document in any envelope, as one of its own."""
    return etree.fromstring(etree.tostring(next(etree.fromstring(data).iter("{*}EPCISDocument")), with_tail=False))


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_what_we_compose_is_valid_by_the_official_schema(official, envelope):
    (made,), _ = composed(story(), {**GIVEN, "envelope": envelope})
    assert official.validate(etree.ElementTree(_document(made.data))), official.error_log


def test_spoilt_documents_have_the_same_verdict(official, ours):
    """Dropped, doubled and moved elements, too long, empty and odd values: 99 of 100 verdicts are the same."""
    rng = random.Random(1)
    same, refused, differ = 0, 0, []
    for path in sorted((FIXTURES / "masar" / "good").glob("*.xml")):
        whole = _document(path.read_bytes())
        for _ in range(TRIES):
            spoilt, how = _spoil(copy.deepcopy(whole), rng)
            verdict = official.validate(spoilt)
            refused += not verdict
            if verdict == ours.validate(spoilt):
                same += 1
            else:
                differ.append((path.name, how, verdict))
    assert refused > 300
    assert len(differ) <= (same + len(differ)) / 100, differ[:10]


VALUES = ("", " ", "x", "ADD", "x" * 5000, "2026-11-20", "2026-11-20T25:00:00Z", "+2:00", "-1")


def _spoil(root, rng):
    tree = etree.ElementTree(root)
    inner = list(root.iter(etree.Element))[1:]
    kind = rng.choice(["drop", "double", "move", "value", "rename", "attribute"])
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
    else:
        chosen = rng.choice([each for each in inner if not len(each)])
        chosen.text = rng.choice(VALUES)
    return tree, f"{kind}: {chosen.tag} {chosen.text!r:.40}"
