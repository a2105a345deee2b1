"""What an X12 856 has no place for, and what cannot be written at all."""

from __future__ import annotations

from gateway.findings import LossRule, Rule, Severity

EVENT = LossRule(
    "LOSS-X12-01",
    "an event other than shipping: its time, place and step",
    "A ship notice tells of one shipment. Of commissioning and packing only lot, expiry and containers are carried.",
)
SERIAL = LossRule(
    "LOSS-X12-02",
    "a serial number",
    "The 856 is a message at lot level; serial numbers are counted in SN1. With x12-serials=ref they stand in REF*SE.",
)
CASE = LossRule(
    "LOSS-X12-03",
    "a container without SSCC",
    "MAN*GM holds SSCCs only; what is in another container is listed in the SSCC around it.",
)
FIELD = LossRule(
    "LOSS-X12-04",
    "a field of the shipping event that the 856 does not have",
    "The 856 has no place for it, or none that partners agree on.",
)
TRANSACTION = LossRule(
    "LOSS-X12-05",
    "a business transaction, or the issuer of one",
    "BSN02 holds the number of the despatch advice, PRF01 and REF*PO those of purchase orders; no issuer is told.",
)
PARTY = LossRule(
    "LOSS-X12-06",
    "a source or destination",
    "N1 is written for owning_party (SE, BY) and location (SF, ST) with a GLN; a GLN extension is not told.",
)
MASTER_DATA = LossRule(
    "LOSS-X12-07",
    "master data",
    "N1 to N4 hold name and address of the parties, LIN and PID the NDC and the name of the items.",
)
HEADER = LossRule(
    "LOSS-X12-08",
    "a part of the document's header",
    "ISA and GS are built from settings; the 856 has no other header.",
)
ILMD = LossRule(
    "LOSS-X12-09",
    "an ILMD attribute",
    "REF*LT holds the lot, DTM*036 the expiry.",
)
TEXT = LossRule(
    "LOSS-X12-10",
    "a text that X12 cannot hold",
    "X12 (X12.6) has the printable ASCII characters only, and each element a greatest length.",
)
PRECISION = LossRule(
    "LOSS-X12-11",
    "fractions of a second",
    "DTM03 is written as HHMM or HHMMSS.",
)
KEY = LossRule(
    "LOSS-X12-12",
    "an identifier that is no SGTIN, LGTIN, GTIN or SSCC",
    "LIN*UK holds GTINs and MAN*GM holds SSCCs; other keys have no place.",
)
LOSS_RULES = (EVENT, SERIAL, CASE, FIELD, TRANSACTION, PARTY, MASTER_DATA, HEADER, ILMD, TEXT, PRECISION, KEY)

NO_SHIPMENT = Rule(
    "EDI-OUT-01",
    Severity.ERROR,
    "A ship notice needs a shipping event.",
    "One transaction set is written for each shipment: ObjectEvents with bizStep shipping.",
    "Convert a document that has a shipping event.",
)
NO_NUMBER = Rule(
    "EDI-OUT-02",
    Severity.ERROR,
    "A ship notice needs a number.",
    "BSN02 is mandatory. It is the last part of the business transaction of type desadv.",
    "Give --set x12-shipment-id=, or a bizTransaction of type desadv in the shipping event.",
)
VALUE = Rule(
    "EDI-OUT-03",
    Severity.ERROR,
    "A value that must be written does not fit into X12.",
    "Identifiers, lots and dates are never cut or spelled anew; X12 has printable ASCII and fixed lengths.",
    "Correct the value at its source.",
)
SEPARATORS = Rule(
    "EDI-OUT-04",
    Severity.ERROR,
    "No separators are left that stand in no value.",
    "X12 has no release character: a separator inside a value would end it.",
    "Give others with --set x12-separators=, or correct the values.",
)
VOIDED = Rule(
    "EDI-OUT-05",
    Severity.ERROR,
    "A shipment that the document itself voids is not announced.",
    "A ship notice of goods that were not shipped would mislead its receiver.",
    "Leave the voided shipping event out.",
)
UNIT = Rule(
    "EDI-OUT-06",
    Severity.ERROR,
    "A unit of measure has no X12 code that is known here.",
    "EPCIS has the codes of UN/ECE Recommendation 20, X12 has its own (data element 355).",
    "Give the amount in pieces, KGM, GRM, LTR, MLT or LBR.",
)
OUT_RULES = (NO_SHIPMENT, NO_NUMBER, VALUE, SEPARATORS, VOIDED, UNIT)
