"""Turkey's PTS: our schema against the official one, and a public sample."""

from __future__ import annotations

import copy
import re

import pytest
from lxml import etree

from gateway.gs1.check_digit import append
from gateway.markets.tr.pts import PTS
from gateway.testing import read_back
from tests.markets.tr_story import FIXTURES, SCHEMAS, TIME, codes


def mutations(xml):  # noqa: C901 - one branch for each kind
    """The transfer with one thing changed at a time: dropped, doubled, moved, renamed, of another type."""
    tree = etree.fromstring(xml)
    total = len(list(tree.iter()))
    for at in range(total):
        for kind in ("drop", "double", "first", "rename", "empty", "attribute"):
            mutant = copy.deepcopy(tree)
            node = list(mutant.iter())[at]
            parent = node.getparent()
            if kind == "attribute":
                for name in node.attrib:
                    for value in (None, "", "x" * 300, "2028-02-30"):
                        changed = copy.deepcopy(mutant)
                        target = list(changed.iter())[at]
                        target.attrib.pop(name) if value is None else target.set(name, value)
                        yield changed
                node.set("unknown", "1")
            elif kind == "empty":
                node.text = ""
            elif kind == "rename":
                node.tag = "other"
            elif parent is None:
                continue
            elif kind == "drop":
                parent.remove(node)
            elif kind == "double":
                node.addnext(copy.deepcopy(node))
            else:
                parent.insert(0, node)
            yield mutant


@pytest.mark.corpora
def test_our_schema_and_the_official_one_agree_and_what_we_compose_is_valid(corpora):
    official = etree.XMLSchema(etree.parse(corpora / "regulators" / "turkey" / "sanovel" / "PTSDosya.xsd"))
    ours = etree.XMLSchema(etree.parse(SCHEMAS / "pts" / "1.3" / "transfer.xsd"))
    for name in ("good/pallet.xml", "good/minimal.xml", "composed/transfer1.xml", "composed/transfer2.xml"):
        assert official.validate(etree.parse(FIXTURES / "pts" / name)), official.error_log
    verdicts = {True: 0, False: 0}
    sample = corpora / "regulators" / "turkey" / "samples_synthetic" / "pts_transfer.xml"
    for path in (FIXTURES / "pts" / "good" / "pallet.xml", sample):
        for mutant in mutations(path.read_bytes()):
            text = etree.tostring(mutant)
            verdict = official.validate(etree.fromstring(text))
            assert ours.validate(etree.fromstring(text)) == verdict, text
            verdicts[verdict] += 1
    assert min(verdicts.values()) > 40


@pytest.mark.corpora
def test_the_public_sample_is_read_once_its_check_digits_are_right(corpora):
    """All keys of the sample have wrong check digits: that is found, and the only thing that is."""
    xml = (corpora / "regulators" / "turkey" / "samples_synthetic" / "pts_transfer.xml").read_bytes()
    events, context = read_back(PTS, xml, "x.xml", TIME)
    assert codes(context) == ["TR-PTS-05", "TR-PTS-06", "TR-PTS-11"]
    keys = {match.decode() for match in re.findall(rb"[0-9]{20}|0?868[0-9]{10}", xml)}
    for key in keys:
        right = key[:2] + append(key[2:-1]) if len(key) == 20 else append(key[:-1])
        xml = xml.replace(b'"' + key.encode() + b'"', b'"' + right.encode() + b'"')
        xml = xml.replace(b">" + key.encode() + b"<", b">" + right.encode() + b"<")
    events, context = read_back(PTS, xml, "x.xml", TIME)
    assert codes(context) == []
    assert [event.type for event in events] == ["AggregationEvent", "AggregationEvent", "ObjectEvent"]
    assert [len(event.child_epcs) for event in events[:2]] == [2, 1]
