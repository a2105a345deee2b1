"""The notifications of ITS: their paths, and where the older SOAP services have one, its service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.markets.kit.soap import Service

SUPPLY, DISPATCH, DISPATCH_CANCEL = "supply", "dispatch", "dispatchcancel"
ACCEPT, RETURN, DEACTIVATION, EXPORT = "accept", "return", "deactivation", "export"
TRANSFER, TRANSFER_CANCEL = "transfer", "transfercancel"


@dataclass(frozen=True, slots=True)
class Soap:
    """The SOAP service of a notification.

    Attributes:
        service: what zeep builds a request of.
        schema: name of its schema below ``xsd/tr/its/soap``.
        request: local name of the request's root.
        answer: local name of the answer's root.
        addressed: whether its description asks for WS-Addressing headers.
    """

    service: Service
    schema: str
    request: str
    answer: str
    addressed: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of notification.

    Attributes:
        kind: its name here, and `Submission.kind`.
        title: in one line.
        path: of REST.
        shape: which form of ``xsd/tr/its/rest/notifications.json`` its JSON has.
        soap: its SOAP service; None where none is publicly described.
        done: states that say the notification was taken, where a state can say so.
        open: states that say it was not.
    """

    kind: str
    title: str
    path: str
    shape: str
    soap: Soap | None = None
    done: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()


def service(schema: str, operation: str) -> Service:
    """The service that a description of ours describes."""
    return Service(("tr", "its", "soap", f"{schema}.wsdl"), operation)


VERIFICATION: Final = Soap(
    service("verification", "UrunDogrulamaBildir"),
    "verification",
    "UrunDogrulamaBildirim",
    "UrunDogrulamaBildirimCevap",
)
ERROR_CODES: Final = Soap(service("error-codes", "getErrorCodes"), "error-codes", "request", "response")

_AT_HOME: Final = frozenset({"60001", "60002", "60003", "60008"})  # with a manufacturer, warehouse, pharmacy, centre
_GONE: Final = frozenset({"60000", "60004", "60005", "60006", "60007"})

_ALL: Final = (
    Operation(
        SUPPLY,
        "production or import",
        "/product/app/supplynotification/",
        SUPPLY,
        Soap(service("production", "UretimBildir"), "production", "Uretim", "UretimResponse"),
        done=_AT_HOME | _GONE | {"40004"},  # whatever a pack's state is: it is there
    ),
    Operation(
        DISPATCH,
        "sale to the next owner",
        "/wholesale/app/dispatch/",
        "to",
        Soap(
            service("dispatch", "sendDispatchNotification"),
            "dispatch",
            "DispatchRequest",
            "DispatchResponse",
            addressed=True,
        ),
        done=frozenset({"40004"}),
    ),
    Operation(
        DISPATCH_CANCEL,
        "cancellation of a sale",
        "/wholesale/app/dispatchcancel/",
        "packs",
        Soap(
            service("dispatch-cancel", "sendDispatchCancellation"),
            "dispatch-cancel",
            "DispatchCancellationRequest",
            "DispatchCancellationResponse",
            addressed=True,
        ),
        open=frozenset({"40004"}),
    ),
    Operation(
        ACCEPT,
        "purchase: the new owner accepts",
        "/common/app/accept/",
        "packs",
        Soap(
            service("receipt", "sendReceiptNotification"),
            "receipt",
            "ReceiptRequest",
            "ReceiptResponse",
            addressed=True,
        ),
    ),
    Operation(RETURN, "return to an earlier owner", "/common/app/return/", "to"),
    Operation(TRANSFER, "transfer to a stakeholder of the same kind", "/common/app/transfer/", "to"),
    Operation(TRANSFER_CANCEL, "cancellation of a transfer", "/common/app/transfercancel/", "packs"),
    Operation(
        DEACTIVATION,
        "deactivation: expired, damaged, recalled, removed",
        "/common/app/deactivation/",
        DEACTIVATION,
        Soap(
            service("deactivation", "DeaktivasyonBildir"),
            "deactivation",
            "DeaktivasyonBildirim",
            "DeaktivasyonBildirimCevap",
        ),
        done=frozenset({"60000"}),
        open=_AT_HOME,
    ),
    Operation(
        EXPORT,
        "sale abroad",
        "/wholesale/app/export/",
        EXPORT,
        Soap(service("export", "IhracatBildir"), "export", "IhracatBildirim", "IhracatBildirimCevap"),
        done=frozenset({"60005"}),
        open=_AT_HOME,
    ),
)
OPERATIONS: Final = {operation.kind: operation for operation in _ALL}
BY_PATH: Final = {operation.path: operation for operation in _ALL}
BY_ROOT: Final = {operation.soap.request: operation for operation in _ALL if operation.soap is not None}
BY_LOCATION: Final = {
    "/UretimBildirim/UretimBildirimReceiverService": SUPPLY,
    "/ITSServices/DispatchNotification": DISPATCH,
    "/ITSServices/DispatchCancellation": DISPATCH_CANCEL,
    "/ITSServices/ReceiptNotification": ACCEPT,
    "/DeaktivasyonBildirim/DeaktivasyonBildirimReceiverService": DEACTIVATION,
    "/IhracatBildirim/IhracatReceiverService": EXPORT,
}
