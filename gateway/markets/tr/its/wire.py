"""A notification as plain values, and as the bytes of REST or SOAP, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson
from lxml import etree

from gateway.markets.kit.ids import IdPool
from gateway.markets.kit.soap import read_envelope
from gateway.markets.tr.its.operations import BY_ROOT, DEACTIVATION, EXPORT, SUPPLY, VERIFICATION, Operation, Soap

#: Names of the fields that are not packs: of REST, and of SOAP in the order of its schema.
FIELDS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    SUPPLY: (
        ("dt", "DT"),
        ("mi", "MI"),
        ("pt", "PT"),
        ("md", "MD"),
        ("gtin", "GTIN"),
        ("xd", "XD"),
        ("bn", "BN"),
    ),
    "to": (("togln", "TOGLN"),),
    "packs": (),
    DEACTIVATION: (("dt", "DT"), ("frGln", "FR"), ("ds", "DS"), ("description", "ISACIKLAMA")),
    EXPORT: (("dt", "DT"), ("fr", "FR"), ("rt", "RT")),
}
_DOCUMENT: Final = frozenset({SUPPLY, DEACTIVATION, EXPORT})
_PLAIN: Final = frozenset({"to", "packs"})


class Item(NamedTuple):
    """One pack as it stands in a notification."""

    gtin: str
    sn: str
    bn: str = ""
    xd: str = ""

    @property
    def identifier(self) -> str:
        """What tells it from all others, as a GS1 element string."""
        return identifier(self.gtin, self.sn)


def identifier(gtin: str, serial: str) -> str:
    """A pack in one text, as a GS1 element string."""
    return f"(01){gtin}(21){serial}"


@dataclass(frozen=True, slots=True)
class Notification:
    """What a notification says.

    Attributes:
        shape: `Operation.shape`.
        fields: values by their REST name, packs and document left out.
        items: the packs.
        document: ``dd`` and ``dn``, empty where there is none.
    """

    shape: str
    fields: Mapping[str, str]
    items: Sequence[Item]
    document: Mapping[str, str] = field(default_factory=dict)


def rest_bytes(notification: Notification) -> bytes:
    """The JSON of a notification."""
    body: dict[str, Any] = {rest: notification.fields[rest] for rest, _ in FIELDS[notification.shape]}
    if notification.shape == SUPPLY:
        body["snlist"] = [item.sn for item in notification.items]
        return orjson.dumps(body)
    if notification.document:
        body["document"] = dict(notification.document)
    body["productList"] = [
        {"gtin": item.gtin, "bn": item.bn, "sn": item.sn, "xd": item.xd} for item in notification.items
    ]
    return orjson.dumps(body)


def soap_bytes(notification: Notification, soap: Soap, *, addressing: bool) -> bytes:
    """The envelope of a notification."""
    values: dict[str, Any] = {name: notification.fields[rest] for rest, name in FIELDS[notification.shape]}
    if notification.shape in _DOCUMENT:
        number, day = notification.document.get("dn"), notification.document.get("dd")
        values["BELGE"] = {"DD": day, "DN": number} if day else None
    if notification.shape == SUPPLY:
        values["URUNLER"] = {"SN": [item.sn for item in notification.items]}
    else:
        outer, inner = ("PRODUCTS", "PRODUCT") if notification.shape in _PLAIN else ("URUNLER", "URUN")
        packs = [{"GTIN": item.gtin, "BN": item.bn, "SN": item.sn, "XD": item.xd} for item in notification.items]
        values[outer] = {inner: packs}
    plain = soap.service.request(values)
    if not (addressing and soap.addressed):
        return plain
    return soap.service.request(values, soap.service.addressing(IdPool(plain).uuid()))


def read_rest(data: bytes) -> Notification:
    """The notification in a JSON text, whatever it lacks.

    Raises:
        ValueError: it is no JSON object, or has no list of packs.
    """
    body = orjson.loads(data)
    if not isinstance(body, dict):
        message = "the JSON is no object"
        raise ValueError(message)  # noqa: TRY004 - the caller asks for one kind of error
    shape = shape_of(body)
    fields = {name: value for name, value in body.items() if isinstance(value, str)}
    document = body.get("document")
    known = {name: str(value) for name, value in document.items()} if isinstance(document, dict) else {}
    if shape == SUPPLY:
        gtin, lot, expiry = (fields.get(name, "") for name in ("gtin", "bn", "xd"))
        items = [Item(gtin, serial, lot, expiry) for serial in _list(body, "snlist") if isinstance(serial, str)]
        return Notification(shape, fields, items, known)
    packs = [pack for pack in _list(body, "productList") if isinstance(pack, dict)]
    names = ("gtin", "sn", "bn", "xd")
    return Notification(shape, fields, [Item(*(str(pack.get(name, "")) for name in names)) for pack in packs], known)


def shape_of(body: Mapping[str, Any]) -> str:
    """Which form a JSON object has, by the fields that only one has."""
    if "snlist" in body or "mi" in body:
        return SUPPLY
    if "rt" in body or body.get("dt") == "X":
        return EXPORT
    if "ds" in body or body.get("dt") == "D":
        return DEACTIVATION
    return "to" if "togln" in body else "packs"


def read_soap(data: bytes) -> tuple[etree._Element, Operation | None]:
    """The root in an envelope, and which notification it is; None for a verification.

    Raises:
        ValueError: it is no envelope, or holds no request of ITS.
    """
    root = read_envelope(data).payload
    name = etree.QName(root).localname if root is not None else ""
    if root is None or (name not in BY_ROOT and name != VERIFICATION.request):
        message = f"the envelope holds {name or 'nothing'}, which is no request of ITS"
        raise ValueError(message)
    return root, BY_ROOT.get(name)


def soap_notification(root: etree._Element, shape: str) -> Notification:
    """The notification in the root of a valid request."""
    fields = {rest: root.findtext(name) or "" for rest, name in FIELDS.get(shape, (("fr", "FR"),))}
    document = {"dd": root.findtext("BELGE/DD"), "dn": root.findtext("BELGE/DN")}
    known = {name: value for name, value in document.items() if value}
    if shape == SUPPLY:
        serials = [(node.text or "").strip() for node in root.iterfind("URUNLER/SN")]
        return Notification(
            shape, fields, [Item(fields["gtin"], serial, fields["bn"], fields["xd"]) for serial in serials], known
        )
    return Notification(shape, fields, list(_packs(root)), known)


def _packs(root: etree._Element) -> Iterable[Item]:
    for path in ("PRODUCTS/PRODUCT", "URUNLER/URUN"):
        for node in root.iterfind(path):
            yield Item(*((node.findtext(name) or "").strip() for name in ("GTIN", "SN", "BN", "XD")))


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    found = body.get(name)
    if not isinstance(found, list):
        message = f"the JSON has no list {name}"
        raise ValueError(message)  # noqa: TRY004 - the caller asks for one kind of error
    return found


def read(data: bytes) -> Notification:
    """The notification in bytes of either protocol.

    Raises:
        ValueError: they are none.
    """
    if not is_soap(data):
        return read_rest(data)
    root, operation = read_soap(data)
    return soap_notification(root, operation.shape if operation is not None else "")


def is_soap(data: bytes) -> bool:
    """Whether bytes are XML rather than JSON."""
    return data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
