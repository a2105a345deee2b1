"""What ITS asks for and EPCIS does not say, and how notifications are sent."""

from __future__ import annotations

from typing import Final

from gateway.markets.base import Need
from gateway.markets.tr.its.codes import DEFAULT_REASONS, PRODUCT_TYPES
from gateway.markets.tr.settings import DESTINATION_GLN, DOCUMENT_DATE, DOCUMENT_NUMBER, EVENT_DATE
from gateway.options import Setting

REST, SOAP = "rest", "soap"
MADE, IMPORTED = "made", "imported"

#: Which notification reports which business step, where nothing else is said.
DEFAULT_KINDS: Final = {
    "commissioning": "supply",
    "shipping": "dispatch",
    "void_shipping": "dispatchcancel",
    "receiving": "accept",
    "returning": "return",
    "decommissioning": "deactivation",
    "destroying": "deactivation",
    "sampling": "deactivation",
}

PROTOCOL: Final = Setting("protocol", "REST with JSON, or the older SOAP services", (REST, SOAP), REST)
ADDRESSING: Final = Setting(
    "ws-addressing",
    "whether SOAP requests have WS-Addressing headers where the service's description names them",
    ("no", "yes"),
    "no",
)
BATCH_SIZE: Final = Setting("batch-size", "most packs in one notification; no official bound is known", (), "1000")
REPORTER: Final = Setting("reporter-gln", "GLN of who notifies, 13 digits; for production, deactivation and export")
ORIGIN: Final = Setting("origin", "whether commissioned packs are made in Turkey or imported", (MADE, IMPORTED))
PRODUCT_TYPE: Final = Setting("product-type", "pt of production; SOAP takes PP only", PRODUCT_TYPES, "PP")
PRODUCTION_DATE: Final = Setting(
    "production-date",
    f"production date of packs whose ILMD has none, YYYY-MM-DD, or {EVENT_DATE}: the local date of their commissioning",
)
NOTIFICATIONS: Final = Setting(
    "notifications",
    "which notification reports which business step, bizStep=kind,...; an element itsNotification of the event comes "
    "first; else " + ", ".join(f"{step}={kind}" for step, kind in DEFAULT_KINDS.items()),
)
EXPORT_GLNS: Final = Setting("export-glns", "GLNs abroad, with commas between: shipping to them is export")
REASONS: Final = Setting(
    "deactivation-reasons",
    "ds by disposition or business step, KEY=CODE,...; else "
    + ", ".join(f"{key}={code}" for key, code in DEFAULT_REASONS.items())
    + ", and 10",
)
DESCRIPTION: Final = Setting("description", "why packs are deactivated, in words")
RECEIVER_TEXT: Final = Setting("receiver-text", "rt of export: the receiver abroad, up to 100 characters")
RECEIVER_FILL: Final = Setting(
    "receiver-fill",
    "whether receiver-text is filled with spaces to the 100 characters that SOAP asks for",
    ("no", "spaces"),
    "no",
)

SETTINGS: Final = (
    PROTOCOL,
    ADDRESSING,
    BATCH_SIZE,
    REPORTER,
    DESTINATION_GLN,
    ORIGIN,
    PRODUCT_TYPE,
    PRODUCTION_DATE,
    NOTIFICATIONS,
    EXPORT_GLNS,
    REASONS,
    DESCRIPTION,
    RECEIVER_TEXT,
    RECEIVER_FILL,
    DOCUMENT_NUMBER,
    DOCUMENT_DATE,
)

REPORTER_NEED: Final = Need("mi / fr", "GLN of who notifies", REPORTER)
DESTINATION_NEED: Final = Need("togln", "GLN of the other side, where the event names none", DESTINATION_GLN)
ORIGIN_NEED: Final = Need("dt", "whether packs are made in Turkey (M) or imported (I)", ORIGIN, "origin")
TYPE_NEED: Final = Need("pt", "product type", PRODUCT_TYPE, "productType", required=False)
MADE_NEED: Final = Need("md", "production date", PRODUCTION_DATE, "productionDate")
REASON_NEED: Final = Need("ds", "reason of deactivation", REASONS, "deactivationReason", required=False)
DESCRIPTION_NEED: Final = Need("description", "why packs are deactivated", DESCRIPTION, "description")
RECEIVER_NEED: Final = Need("rt", "receiver abroad", RECEIVER_TEXT, "receiverText")
NUMBER_NEED: Final = Need("dn", "number of the document", DOCUMENT_NUMBER, "documentNumber", required=False)
DATE_NEED: Final = Need("dd", "date of the document", DOCUMENT_DATE, "documentDate", required=False)

NEEDS: Final = (
    REPORTER_NEED,
    DESTINATION_NEED,
    ORIGIN_NEED,
    TYPE_NEED,
    MADE_NEED,
    REASON_NEED,
    DESCRIPTION_NEED,
    RECEIVER_NEED,
    NUMBER_NEED,
    DATE_NEED,
)
