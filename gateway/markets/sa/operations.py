"""The operations of RSD as a table: service, fields of the request in order, and what it lists."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

NAMESPACE: Final = "http://dtts.sfda.gov.sa/"
VERSION: Final = "1"


class Goods(enum.Enum):
    """What a request lists."""

    SERIALS = "SNREQUESTLIST"  # serial numbers of one GTIN and lot
    PRODUCTS = "PRODUCTLIST"  # packs, each with GTIN and serial number
    BATCHES = "PRODUCTLIST of QUANTITY"  # amounts of a GTIN and lot
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One service with its only operation.

    Attributes:
        kind: our word, which is `Submission.kind`.
        service: name without ``Service``.
        fields: before what is listed, in order.
        optional: those that may be left out.
        goods: what it lists.
        name: name of the operation, where it is not ``notify`` and the service.
    """

    kind: str
    service: str
    fields: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    goods: Goods = Goods.PRODUCTS
    name: str = ""

    @property
    def full(self) -> str:
        """Name of the service."""
        return f"{self.service}Service"

    @property
    def namespace(self) -> str:
        """Namespace of the root element, the only one that is qualified."""
        return NAMESPACE + self.full

    @property
    def operation(self) -> str:
        """Name of the operation in the service description."""
        return self.name or f"notify{self.service}"

    @property
    def description(self) -> tuple[str, ...]:
        """Its service description, below ``xsd/``."""
        return "sa", "rsd", VERSION, f"{self.full}.wsdl"

    @property
    def path(self) -> str:
        """Below the system's address."""
        return f"/ws/{self.full}/{self.full}"

    @property
    def required(self) -> tuple[str, ...]:
        """Fields that every request has."""
        return tuple(name for name in self.fields if name not in self.optional)


_DATED: Final = ("MD", "GTIN", "XD", "BN")
_TO, _FROM, _ID = ("TOGLN",), ("FROMGLN",), ("DISPATCHNOTIFICATIONID",)
_SALE: Final = ("TOGLN", "DOCTORID", "PATIENTNATIONALID", "PRESCRIPTIONID", "PRESCRIPTIONDATE")
_QUERY: Final = ("FROMGLN", "TOGLN", "GETALL", "STARTDATE", "ENDDATE")
_MD: Final = frozenset({"MD"})

OPERATIONS: Final[dict[str, Operation]] = {
    each.kind: each
    for each in (
        Operation("supply", "Supply", _DATED, _MD, Goods.SERIALS),
        Operation("supply-cancel", "SupplyCancel"),
        Operation("import", "Import", _DATED, _MD, Goods.SERIALS),
        Operation("import-cancel", "ImportCancel"),
        Operation("dispatch", "Dispatch", _TO),
        Operation("dispatch-cancel", "DispatchCancel", _TO),
        Operation("dispatch-batch", "DispatchBatch", _TO, goods=Goods.BATCHES),
        Operation("dispatch-batch-cancel", "DispatchCancelBatch", _TO, goods=Goods.BATCHES),
        Operation("accept", "Accept", _FROM),
        Operation("accept-batch", "AcceptBatch", _FROM, goods=Goods.BATCHES),
        Operation("accept-dispatch", "AcceptDispatch", _ID, goods=Goods.NOTHING),
        Operation("return", "Return", _TO),
        Operation("return-batch", "ReturnBatch", _TO, goods=Goods.BATCHES),
        Operation("transfer", "Transfer", _TO),
        Operation("transfer-cancel", "TransferCancel", _TO),
        Operation("transfer-batch", "TransferBatch", _TO, goods=Goods.BATCHES),
        Operation("transfer-batch-cancel", "TransferCancelBatch", _TO, goods=Goods.BATCHES),
        Operation("pharmacy-sale", "PharmacySale", _SALE, frozenset({"DOCTORID", "PATIENTNATIONALID"})),
        Operation("pharmacy-sale-cancel", "PharmacySaleCancel", ("TOGLN", "PRESCRIPTIONID")),
        Operation("consume", "Consume"),
        Operation("consume-cancel", "ConsumeCancel"),
        Operation("deactivation", "Deactivation", ("DR", "EXPLANATION")),
        Operation("deactivation-cancel", "DeactivationCancel"),
        Operation("export", "Export", ("COUNTRYCODE",)),
        Operation("export-cancel", "ExportCancel"),
        Operation("package-upload", "PackageUpload", ("TOGLN", "FILE"), goods=Goods.NOTHING, name="uploadFile"),
        Operation("package-download", "PackageDownload", ("TRANSFERID",), goods=Goods.NOTHING, name="downloadFile"),
        Operation(
            "package-query", "PackageQuery", _QUERY, frozenset(_QUERY) - {"GETALL"}, Goods.NOTHING, "packageQuery"
        ),
        Operation("check-status", "CheckStatus"),
        Operation("dispatch-detail", "DispatchDetail", _ID, goods=Goods.NOTHING),
        Operation("error-code-list", "ErrorCodeList", ("ERRORCODE",), frozenset({"ERRORCODE"}), Goods.NOTHING),
        Operation("country-list", "CountryList", goods=Goods.NOTHING),
    )
}
OF_SERVICE: Final = {each.full: each for each in OPERATIONS.values()}

#: What is composed of events; the others are asked by people, or bring files.
COMPOSED: Final = tuple(
    kind
    for kind in OPERATIONS
    if kind not in ("check-status", "dispatch-detail", "error-code-list", "country-list")
    and not kind.startswith("package-")
)
#: Operations that have a cancel. A wrong return is undone when the other side accepts; an accept has none.
CANCELS: Final = {kind: f"{kind}-cancel" for kind in OPERATIONS if f"{kind}-cancel" in OPERATIONS}
#: Movements that may list amounts of a lot instead of packs.
BATCHED: Final = {kind.removesuffix("-batch"): kind for kind in OPERATIONS if kind.endswith("-batch")}

#: Most products (error code 80610) and most serial numbers (80609) of one request.
MOST_PRODUCTS, MOST_SERIALS = 100_000, 200_000
#: "10 MB" of error codes 20009 and 21004: the smaller meaning is safe under both.
PACKAGE_BYTES: Final = 10_000_000
