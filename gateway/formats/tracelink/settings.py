"""What a document may lack for a TraceLink message, and what a message lacks for EPCIS."""

from __future__ import annotations

from typing import Final

from gateway.formats.tracelink.names import ASSIGNED, END_OF_BATCH, SHIPMENT
from gateway.options import (
    COMPANY_PREFIX,
    CREATION_DATE,
    EVENT_TIME,
    INSTANCE_IDENTIFIER,
    READ_POINT,
    RECEIVER,
    SENDER,
    TIME_ZONE,
    Setting,
)

#: Value of ``event-time``: the date and time of the order that a shipment names.
TRANSACTION: Final = "transaction"
#: Value of ``transaction-date``: the local date of the shipping event.
EVENT_DATE: Final = "event-date"

MESSAGE: Final = Setting(
    "message", "message to write; unset, the first event decides", (ASSIGNED, SHIPMENT, END_OF_BATCH)
)
TRANSACTION_ISSUER: Final = Setting(
    "transaction-issuer",
    "13-digit GLN of who gave out the TransactionIdentifier; with it the id becomes a URN of CBV, without it the bare "
    "number stays",
)
PACKAGING_LEVELS: Final = Setting(
    "packaging-levels",
    "PackagingLevel (EA, PK, CA, PL) by GTIN-14, by indicator digit, or for sscc, e.g. 0=EA,5=CA,sscc=PL",
)
PRODUCTION_LINE: Final = Setting("production-line-id", "ProductionLineId where the document names none")
LINE_MANAGER: Final = Setting("line-manager-name", "LineManagerName where the document names none")
DRUG_CODE: Final = Setting(
    "country-drug-code",
    "CountryDrugCode by GTIN-14 as GTIN=TYPE:CODE, comma-separated; TYPE:CODE alone holds for all",
)
MATERIAL_CODE: Final = Setting("internal-material-code", "InternalMaterialCode where the document names none")
DELIVERY_NUMBER: Final = Setting("delivery-number", "DeliveryNumber of a shipment where the document names none")
DELIVERY_COMPLETE: Final = Setting(
    "delivery-complete", "DeliveryCompleteFlag of a shipment where the document names none", ("true", "false")
)
TRANSACTION_DATE: Final = Setting(
    "transaction-date",
    f"TransactionDate of a shipment that names none: YYYY-MM-DD, or {EVENT_DATE}: the local date of the event",
)
SHIP_TO_COUNTRY: Final = Setting("ship-to-country", "ShipToCountryCode of a shipment where the document names none")
SHIP_FROM_COUNTRY: Final = Setting(
    "ship-from-country", "ShipFromCountryCode of a shipment where the document names none"
)
DISTRIBUTION_TYPE: Final = Setting(
    "sales-distribution-type", "SalesDistributionType, e.g. INCOUNTRYTRANSFER, where the document names none"
)

READING: Final = (COMPANY_PREFIX, EVENT_TIME, TIME_ZONE, READ_POINT, TRANSACTION_ISSUER)
WRITING: Final = (
    MESSAGE,
    SENDER,
    RECEIVER,
    INSTANCE_IDENTIFIER,
    CREATION_DATE,
    PACKAGING_LEVELS,
    PRODUCTION_LINE,
    LINE_MANAGER,
    DRUG_CODE,
    MATERIAL_CODE,
    DELIVERY_NUMBER,
    DELIVERY_COMPLETE,
    TRANSACTION_DATE,
    SHIP_TO_COUNTRY,
    SHIP_FROM_COUNTRY,
    DISTRIBUTION_TYPE,
)
