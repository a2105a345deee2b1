"""Names, namespaces and orders of TraceLink's SNX and SOM messages.

The schemas are not public: the orders are those of samples and of programs that write the messages, as
docs/vendor-formats.md says for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

SNX: Final = "urn:tracelink:mapper:sl:serial_number_exchange"
SOM: Final = "urn:tracelink:mapper:sl:serialized_operations_manager"
CMN: Final = "urn:tracelink:mapper:sl:commontypes"
#: TraceLink's extensions of EPCIS documents.
EPCIS_EXTENSION: Final = "http://epcis.tracelink.com/ns"

PREFIXES: Final[Mapping[str, str]] = {SNX: "snx", SOM: "som", CMN: "cmn"}

ASSIGNED: Final = "SNXDispositionAssignedMessage"
UPDATED: Final = "SNXDispositionUpdatedMessage"
DISAGGREGATED: Final = "SNXDisaggregatedMessage"
SHIPMENT: Final = "SOMSalesShipmentMessage"
END_OF_BATCH: Final = "SNXEndOfBatchMessage"
PRODUCTION_ORDER: Final = "SNXProductionOrderMessage"

#: Namespace of a message and of the structure in it.
MESSAGES: Final[Mapping[str, str]] = {
    ASSIGNED: SNX,
    UPDATED: SNX,
    DISAGGREGATED: SNX,
    SHIPMENT: SOM,
    END_OF_BATCH: SNX,
    PRODUCTION_ORDER: SNX,
}

#: Elements that hold elements; they stand in the message's own namespace, all others in that of the common types.
#: ReferenceDocuments and SerialNumberList of an aggregation are the exceptions that the samples show.
STRUCTURE: Final = frozenset(
    {
        "CommissionEvent",
        "CommissionEventDetail",
        "CommissionCommonAttributes",
        "ItemDetail",
        "AggregationEvent",
        "AggregationEventDetail",
        "OrderDetails",
        "OrderItemList",
        "OrderItem",
        "SenderInfo",
        "ReceiverInfo",
        "AddPickedItems",
        "ProductionQuantity",
    }
)

#: The elements of each element that we write, in their order.
ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "ControlFileHeader": (
        "FileSenderNumber",
        "FileReceiverNumber",
        "FileControlNumber",
        "FileDate",
        "FileTime",
        "FileTransactionType",
    ),
    "CommissionEventDetail": (
        "EventDateTime",
        "EventTimeZoneOffset",
        "SerialNumber",
        "FilterValue",
        "PackagingLevel",
        "BarcodeContent",
    ),
    "CommissionCommonAttributes": (
        "EventLocation",
        "ProductionLineId",
        "LineManagerName",
        "CompanyPrefix",
        "ItemDetail",
    ),
    "ItemDetail": (
        "InternalMaterialCode",
        "ItemCode",
        "CountryDrugCode",
        "LotNumber",
        "ExpirationDate",
        "ManufacturingDate",
    ),
    "AggregationEventDetail": (
        "EventDateTime",
        "EventTimeZoneOffset",
        "EventLocation",
        "ParentSerialNumber",
        "PackedStatus",
        "Quantity",
        "SerialNumberList",
    ),
    "EndOfBatch": ("InternalMaterialCode", "LotNumber", "ProductionQuantity"),
    "ProductionQuantity": ("PackagingItemCode", "PackagingLevel", "QuantityReported"),
    "SalesShipment": (
        "DeliveryNumber",
        "DeliveryCompleteFlag",
        "OrderDetails",
        "WarehouseOperatorName",
        "AddPickedItems",
        "AddPickedLot",
    ),
    "OrderDetails": (
        "TransactionIdentifier",
        "TransactionDate",
        "TransactionTime",
        "ShipToCountryCode",
        "ShipFromCountryCode",
        "SalesDistributionType",
        "OrderItemList",
        "SenderInfo",
        "ReceiverInfo",
    ),
}

#: Where lot and dates of an item stand in ILMD. CBV has no word for the date of manufacture; productionDate is the
#: name that the gateway uses for it everywhere.
ILMD: Final[Mapping[str, str]] = {
    "LotNumber": "lotNumber",
    "ExpirationDate": "itemExpirationDate",
    "ManufacturingDate": "productionDate",
}

#: Value of ``format`` of a serial number, by its application identifier.
SERIAL_FORMATS: Final[Mapping[str, str]] = {"01": "AI(01)+AI(21)", "00": "AI(00)"}

GTIN_14: Final = "GTIN-14"


@lru_cache(maxsize=1024)
def name_of(tag: str) -> str:
    """The local name of an element of TraceLink's namespaces, whichever of them it is; empty for any other.

    Samples use the namespaces of structure and of common types for the same element.
    """
    uri, _, local = tag[1:].rpartition("}")
    return local if uri in PREFIXES else ""


def qualified(local: str, structure: str) -> str:
    """The model's name of an element that we write.

    Args:
        local: its local name.
        structure: namespace of the message's structure.
    """
    return f"{{{structure if local in STRUCTURE else CMN}}}{local}"
