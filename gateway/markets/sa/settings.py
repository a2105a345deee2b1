"""What RSD asks for and EPCIS does not say, and the points on which sources differ."""

from __future__ import annotations

from typing import Final

from gateway.markets.base import Need
from gateway.options import CREATION_DATE, EVENT_TIME, Setting

#: Which operation reports which business step, where nothing else is said.
DEFAULT_OPERATIONS: Final = {
    "commissioning": "supply",
    "shipping": "dispatch",
    "receiving": "accept",
    "accepting": "accept",
    "decommissioning": "deactivation",
    "destroying": "deactivation",
}
#: Reasons that a disposition says by itself.
DEFAULT_REASONS: Final = {"recalled": "10", "expired": "20", "damaged": "30"}

CONTENT: Final = Setting(
    "content",
    "reports: requests that report the events; package: one package (EPCIS 1.2 in a zip file) for the receiver",
    ("reports", "package"),
    "reports",
)
OPERATIONS: Final = Setting(
    "operations",
    "which operation reports which business step, bizStep=operation,...; an element rsdOperation of the event comes "
    "first; else " + ", ".join(f"{step}={kind}" for step, kind in DEFAULT_OPERATIONS.items()),
)
ORIGIN: Final = Setting(
    "origin", "country where the packs are made, two letters, where the ILMD has no countryOfOrigin; SA is reported"
    " as Supply when commissioned, others as Import when received"
)  # fmt: skip
IMPORT_FROM: Final = Setting(
    "import-from", "GLNs of suppliers abroad, with commas between: what is received from them is reported as Import"
)
OWN_GLNS: Final = Setting(
    "own-glns", "GLNs of stakeholders of one establishment: shipping among them is reported as Transfer"
)
EXPORT_TO: Final = Setting(
    "export-to", "receivers abroad, GLN=COUNTRYCODE with commas between: shipping to them is reported as Export"
)
REPORTER: Final = Setting(
    "reporter", "GLN of who reports, the one in the user name: what others shipped or received is left out"
)
TO_GLN: Final = Setting("to-gln", "GLN of the receiver for events that name none")
FROM_GLN: Final = Setting("from-gln", "GLN of the sender for events that name none")
DISPATCH_ID: Final = Setting("dispatch-notification-id", "the sender's NOTIFICATIONID: accepts its whole dispatch")
REASONS: Final = Setting(
    "deactivation-reasons",
    "DR by disposition or business step, e.g. inactive=70: 10 recall, 20 expired, 30 damaged, 40 quality defect, "
    "50 improper storage, 60 customer return, 70 other; "
    "else " + ", ".join(f"{word}={code}" for word, code in DEFAULT_REASONS.items()),
)
EXPLANATION: Final = Setting("explanation", "EXPLANATION of a deactivation, in words")
DOCTOR: Final = Setting("doctor-id", "DOCTORID of a pharmacy sale")
PATIENT: Final = Setting("patient-id", "PATIENTNATIONALID of a pharmacy sale")
PRESCRIPTION: Final = Setting("prescription-id", "PRESCRIPTIONID of a pharmacy sale")
PRESCRIPTION_DATE: Final = Setting("prescription-date", "PRESCRIPTIONDATE of a pharmacy sale, YYYY-MM-DD")
EXPIRIES: Final = Setting("expiry-dates", "expiry by lot for amounts without serial numbers, LOT=YYYY-MM-DD,...")
SUPPLY_ORDER: Final = Setting(
    "supply-order", "order of the fields of Supply and Import, on which sources differ", default="MD,GTIN,XD,BN"
)
BATCH_ORDER: Final = Setting(
    "batch-order", "order of the fields of a batch product, on which sources differ", default="GTIN,QUANTITY,BN,XD"
)

SETTINGS: Final = (
    CONTENT,
    OPERATIONS,
    REPORTER,
    ORIGIN,
    IMPORT_FROM,
    OWN_GLNS,
    EXPORT_TO,
    TO_GLN,
    FROM_GLN,
    DISPATCH_ID,
    REASONS,
    EXPLANATION,
    DOCTOR,
    PATIENT,
    PRESCRIPTION,
    PRESCRIPTION_DATE,
    EXPIRIES,
    SUPPLY_ORDER,
    BATCH_ORDER,
    CREATION_DATE,
    EVENT_TIME,
)

ORIGIN_NEED: Final = Need("country of origin", "where the packs are made", ORIGIN, "countryOfOrigin")
NEEDS: Final = (
    ORIGIN_NEED,
    Need("TOGLN", "GLN of the receiver, where the event names none", TO_GLN, "TOGLN"),
    Need("FROMGLN", "GLN of the sender, where the event names none", FROM_GLN, "FROMGLN"),
    Need(
        "DISPATCHNOTIFICATIONID",
        "the sender's notification",
        DISPATCH_ID,
        "DISPATCHNOTIFICATIONID",
        required=False,
    ),
    Need("DR", "reason of a deactivation", REASONS, "DR"),
    Need("EXPLANATION", "why, in words", EXPLANATION, "EXPLANATION"),
    Need("COUNTRYCODE", "country of an export, as CountryListService has it", EXPORT_TO, "COUNTRYCODE"),
    Need("DOCTORID", "the doctor", DOCTOR, "DOCTORID", required=False),
    Need("PATIENTNATIONALID", "the patient", PATIENT, "PATIENTNATIONALID", required=False),
    Need("PRESCRIPTIONID", "number of the prescription", PRESCRIPTION, "PRESCRIPTIONID"),
    Need("PRESCRIPTIONDATE", "its date", PRESCRIPTION_DATE, "PRESCRIPTIONDATE"),
    Need("XD", "expiry of an amount of a lot", EXPIRIES, "itemExpirationDate"),
)
NEED_OF: Final = {need.name: need for need in NEEDS}
