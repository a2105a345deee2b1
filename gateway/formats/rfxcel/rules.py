"""What can be wrong with rfXcel's envelopes, and what of them or of a document has no place."""

from __future__ import annotations

from typing import Final

from gateway.findings import LossRule, Rule, Severity
from gateway.formats.epcis_xml import losses as epcis_losses
from gateway.formats.epcis_xml import rules as epcis_rules

NOT_WELL_FORMED: Final = Rule(
    "RFX-01",
    Severity.ERROR,
    "A message must be well-formed XML",
    "XML 1.0: a parser must stop at the first such error; what follows cannot be trusted.",
    "ask the sender for the complete file; transfers that were cut are the most frequent cause",
)
DOCTYPE: Final = Rule(
    "RFX-02",
    Severity.ERROR,
    "A message must not have a document type declaration",
    "A DOCTYPE can name files, network addresses and entities that grow without bound.",
    "delete the <!DOCTYPE ...> line",
)
ROOT: Final = Rule(
    "RFX-03",
    Severity.ERROR,
    "The message must hold envelopes of rfXcel's messaging service",
    "Read are processMessages and getMessagesResponse in a SOAP 1.1 body or alone, and a bare msgEnvelopeList or "
    "envelope.",
    "check the root element and its namespace",
)
BODY: Final = Rule(
    "RFX-05",
    Severity.ERROR,
    "The body of an envelope must hold an EPCIS document as XML",
    "Other content of a body is not public.",
    "ask for messages of the type SYS_EVENTS_ENV in the format XML",
)
LIMIT: Final = Rule(
    "RFX-06",
    Severity.ERROR,
    "A message must stay within the limits",
    "The limits protect the machine from hostile and broken input.",
    "raise the limit for this partner if the file is genuine",
)
FAULT: Final = Rule(
    "RFX-07",
    Severity.ERROR,
    "The answer must be no SOAP fault",
    "A fault says why there are no messages.",
    "read its text and ask the operator of the service",
)
VALUE_MISSING: Final = Rule(
    "RFX-08",
    Severity.ERROR,
    "What the envelope needs must be known",
    "Neither the document nor a setting has it, and nothing that is missing is invented.",
    "the finding names the setting",
)
_OWN: Final = (NOT_WELL_FORMED, DOCTYPE, ROOT, BODY, LIMIT, FAULT, VALUE_MISSING)
RULES: Final = (*_OWN, *epcis_rules.RULES)

SOAP_HEADER: Final = LossRule(
    "LOSS-RFX-01",
    "the SOAP header is not part of the document",
    "It holds addresses and credentials of the transport. Only the names of its elements are listed, so that no "
    "password gets into a report.",
)
LATER_HEADER: Final = LossRule(
    "LOSS-RFX-02",
    "a document has one header, and the message holds several EPCIS documents",
    "The header of the first is that of the result. Of the others the events are kept.",
)
LOSS_RULES: Final = (SOAP_HEADER, LATER_HEADER, *epcis_losses.LOSS_RULES)
