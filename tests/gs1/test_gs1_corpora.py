"""Every identifier in the public samples that looks like a GS1 URN or Digital Link parses and round-trips."""

from __future__ import annotations

import html
import re
from collections import Counter

import pytest

from gateway.gs1 import Gs1Error, parse_any, read_digital_link

pytestmark = pytest.mark.corpora

SHORT_NAME = re.compile("/(?:gtin|giai|gdti)/")
_VALUE = re.compile(rb"[\"'>]\s*((?:urn:epc:(?:id|class|idpat):[a-z]+:|https?://)[^\"'<>\s]*)\s*[\"'<]")


def values(corpora) -> Counter[str]:
    found: Counter[str] = Counter()
    for path in sorted(corpora.rglob("*")):
        if path.suffix in {".xml", ".json", ".jsonld"} and path.is_file():
            for match in _VALUE.finditer(path.read_bytes()):
                text = match[1].decode("utf-8", "replace")
                found[html.unescape(text) if path.suffix == ".xml" else text] += 1
    return found


#: Identifiers of the samples that break the syntax, with the rule and why they are right to be refused.
KNOWN_WRONG = {
    # An SGLN URN has three parts; these lack the extension, which is 0 when there is none (TDS section 6.3.3).
    "urn:epc:id:sgln:0054321.00729": "GS1-URN-01",
    "urn:epc:id:sgln:0054321.00730": "GS1-URN-01",
    "urn:epc:id:sgln:0054321.00731": "GS1-URN-01",
}


def test_every_key_of_the_samples_is_read_and_written_back(corpora):
    urns, links, wrong = 0, 0, {}
    for text in values(corpora):
        try:
            key = parse_any(text)
        except Gs1Error as error:
            wrong[text] = error.rule.code
            continue
        if key is None:
            assert not text.startswith(("urn:epc:", "https://id.gs1.org/")), text
        elif text.startswith("urn:"):
            urns += 1
            assert key.as_urn() == text
            assert parse_any(key.as_digital_link()) == key
        else:
            links += 1
            assert parse_any(key.as_digital_link()) == key
            link = read_digital_link(text)
            if link.only_key and not SHORT_NAME.search(text):
                assert key.as_digital_link() == text
    assert wrong == KNOWN_WRONG
    assert urns >= 190
    assert links >= 35
