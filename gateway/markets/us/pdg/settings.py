"""What a report of exceptions needs to know besides the events."""

from __future__ import annotations

from typing import Final

from gateway.markets.base import Need
from gateway.options import CREATION_DATE, SENDER, Setting

RESOLUTIONS: Final = (
    "Send new data",
    "Send product",
    "Return product",
    "Send back product",
    "Credit account",
    "Debit account",
)
SOURCES: Final = ("Scan", "Packing Slip", "ASN", "Other")

EMAIL: Final = Setting("email", "address of who reports")
PHONE: Final = Setting("phone", "telephone of who reports")
ORDER: Final = Setting("po-number", "purchase order, where the events do not name it")
FILE_ID: Final = Setting(
    "file-id", "id of the seller's file; without it the InstanceIdentifier of the document's header"
)
SOURCE: Final = Setting("observation-source", "how it was seen that data are missing", SOURCES, "Scan")
FOR_DATA: Final = Setting("missing-data-resolution", "what is asked for where a product came without data", RESOLUTIONS)
FOR_PRODUCT: Final = Setting(
    "missing-product-resolution", "what is asked for where data came without the product", RESOLUTIONS
)
FOR_MISALIGNMENT: Final = Setting(
    "misalignment-resolution", "what is asked for where label and data differ", RESOLUTIONS
)
CASE: Final = Setting("case", "exception_case_uuid of a case that is open already; a new one comes from the content")
DATE_FORM: Final = Setting(
    "expiry-form",
    "how expiries are written, which the schema leaves open: MMDDYYYY as in the published samples, or YYYY-MM-DD",
    ("MMDDYYYY", "YYYY-MM-DD"),
    "MMDDYYYY",
)
SETTINGS: Final = (
    EMAIL,
    PHONE,
    ORDER,
    FILE_ID,
    SOURCE,
    FOR_DATA,
    FOR_PRODUCT,
    FOR_MISALIGNMENT,
    CASE,
    DATE_FORM,
    SENDER,
    CREATION_DATE,
)

EMAIL_NEED: Final = Need("email", "address of who reports", EMAIL)
FILE_NEED: Final = Need("file_id", "id of the seller's file", FILE_ID, required=False)
DATA_NEED: Final = Need("resolution_request", "what is asked for: product without data", FOR_DATA, required=False)
PRODUCT_NEED: Final = Need(
    "resolution_request (missing_product)", "what is asked for: data without product", FOR_PRODUCT, required=False
)
MISALIGNMENT_NEED: Final = Need(
    "resolution_request (data_misalignment)",
    "what is asked for: label and data differ",
    FOR_MISALIGNMENT,
    required=False,
)
LOT_NEED: Final = Need("received_product_lot", "lot on the label, of received packs", None, "lotNumber", required=False)
EXPIRY_NEED: Final = Need(
    "received_product_expiry", "expiry on the label, of received packs", None, "itemExpirationDate", required=False
)
NEEDS: Final = (EMAIL_NEED, FILE_NEED, DATA_NEED, PRODUCT_NEED, MISALIGNMENT_NEED, LOT_NEED, EXPIRY_NEED)
