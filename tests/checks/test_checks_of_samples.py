"""What the checks say about public samples: no errors but those listed, each with its reason."""

from __future__ import annotations

from collections import Counter

import pytest

from gateway.checks.run import LAYERS, STORY, check_events
from gateway.errors import InputError
from gateway.findings import Severity
from gateway.formats import FORMATS
from gateway.formats.base import Context
from gateway.sources import Source

DOCUMENTS = 100  # with fewer the walk has missed the corpora

KNOWN = {
    # An ObjectEvent about nothing, made to test a server's handling of master data.
    ("Request_ObjectEvent_WithMasterdata.xml", "EPCIS-EVENT-02"): 1,
    # The standard's prefix is BizStep-, not Bizstep-; in two copies of the file.
    ("SensorDataExamples.xml", "EPCIS-CBV-02"): 2,
    # The same SSCC twice in one epcList.
    ("epcisDocWithAllGS1Keys.xml", "EPCIS-EVENT-05"): 1,
    # All kinds of keys in one epcList, to test how each is normalised: a GTIN, a lot, two parties.
    ("epclist_normalisation.jsonld", "EPCIS-ID-02"): 4,
}


@pytest.mark.corpora
def test_public_samples_have_only_the_known_errors(corpora):
    documents, errors = 0, Counter()
    for path in sorted((corpora / "epcis").rglob("*")):
        if path.suffix not in (".xml", ".json", ".jsonld") or b"EPCISDocument" not in path.read_bytes():
            continue
        key = "epcis-1.2-xml" if path.suffix == ".xml" else "epcis-2.0-json"
        try:
            events = list(FORMATS.get(key).read(Source.file(path), Context()).events)
        except InputError:  # schemas, and documents that are wrong by design: the readers' tests look at them
            continue
        documents += bool(events)
        context = Context(now="2026-11-22T10:00:00Z")
        assert len(list(check_events(events, context, (*LAYERS, STORY)))) == len(events)
        errors.update((path.name, f.code) for f in context.findings if f.severity is Severity.ERROR)
    assert documents >= DOCUMENTS
    assert errors == KNOWN
