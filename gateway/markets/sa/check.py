"""Checks a finished request as it streams by: the schema, then what the schema cannot say."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from lxml import etree

from gateway.findings import Findings, Where
from gateway.markets.kit.checks import is_gln, is_gtin
from gateway.markets.kit.dates import is_date
from gateway.markets.sa import rules
from gateway.markets.sa.goods import LONGEST, SHORTEST, check_lot
from gateway.markets.sa.operations import MOST_PRODUCTS, MOST_SERIALS, OF_SERVICE, VERSION, Operation
from gateway.markets.sa.package import check_package
from gateway.resources import shipped

SCHEMA: Final = ("sa", "rsd", VERSION, "requests.xsd")
#: Reasons of a deactivation, as one client quotes them.
REASONS: Final = {
    "10": "recall",
    "20": "expired",
    "30": "damaged",
    "40": "quality defect",
    "50": "improper storage",
    "60": "customer return",
    "70": "other",
}
PATIENT: Final = "0" * 13
_BLOCK: Final = 1 << 16
_MOST: Final = 100
_NEEDED: Final = ("EXPLANATION", "COUNTRYCODE", "PRESCRIPTIONID", "DISPATCHNOTIFICATIONID", "TRANSFERID")
_LEVEL: Final = 4  # of a field: Envelope, Body, request, field


def check(data: bytes, findings: Findings) -> None:
    """Check the bytes of one request."""
    reader = Reader(lambda *_: None)
    request = _Request(findings)
    reader.product = request.product
    if not read(data, reader, findings):
        return
    if reader.root == "AcceptDispatchNotificationServiceResponse":
        return  # what DispatchDetail replies: to be read, not sent
    if reader.operation is None:
        message = f"{reader.root or 'nothing'} is no request of RSD"
        findings.report(rules.SCHEMA, message, value=reader.root)
        return
    request.finish(reader.operation, reader.fields)


def read(data: bytes, reader: Reader, findings: Findings) -> bool:
    """Read a request through the schema; whether it is valid."""
    target: Any = reader
    options: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False}
    # One text may be large: a package of 10 MB. Entities do not grow, because a DOCTYPE ends everything.
    parser = etree.XMLParser(target=target, schema=_schema(), huge_tree=True, **options)
    log: Any = parser.feed_error_log
    try:
        for at in range(0, len(data), _BLOCK):
            parser.feed(data[at : at + _BLOCK])
            if len(parser.feed_error_log) >= _MOST:
                break
        else:
            parser.close()
    except DoctypeError:
        findings.report(rules.DOCTYPE, "the request has a DOCTYPE")
        return False
    except etree.XMLSyntaxError as error:
        log = parser.feed_error_log
        if not len(log):
            findings.report(rules.SCHEMA, f"not well-formed: {error.msg}", where=Where(line=error.position[0]))
            return False
    log = parser.feed_error_log
    for entry in log:
        findings.report(rules.SCHEMA, entry.message, where=Where(line=entry.line))
    return not len(log)


class DoctypeError(Exception):
    """A document type declaration came up."""


class Reader:
    """A parser target that hands on one product after the other and keeps the fields.

    Args:
        product: takes GTIN, serial number, amount, lot and expiry; the GTIN of a Supply stands in `fields`.

    Attributes:
        operation: what is asked for, None when it is no request of RSD.
        fields: those before the goods.
        root: name of the root element in the body.
    """

    def __init__(self, product: Callable[[dict[str, str]], None]) -> None:
        self.product = product
        self.operation: Operation | None = None
        self.fields: dict[str, str] = {}
        self.root = ""
        self._depth = 0
        self._text: list[str] = []
        self._row: dict[str, str] = {}

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        """Refuse a document type declaration."""
        raise DoctypeError

    def start(self, tag: str, _attributes: Any) -> None:
        """An element opens."""
        self._depth += 1
        self._text.clear()
        if self._depth == _LEVEL - 1:
            self.root = tag.rpartition("}")[2]
            operation = OF_SERVICE.get(self.root.removesuffix("Request"))
            if operation is not None and tag == f"{{{operation.namespace}}}{operation.full}Request":
                self.operation = operation

    def data(self, text: str) -> None:
        """Text."""
        self._text.append(text)

    def end(self, tag: str) -> None:
        """An element closes."""
        depth, self._depth = self._depth, self._depth - 1
        if self.operation is None:
            pass  # a header, or no request at all
        elif depth == _LEVEL:
            self.fields[tag] = "".join(self._text)
        elif depth == _LEVEL + 1:
            self.product({"SN": "".join(self._text)} if tag == "SN" else self._row)
            self._row = {}
        elif depth == _LEVEL + 2:
            self._row[tag] = "".join(self._text)
        self._text.clear()

    def close(self) -> None:
        """The end of the document."""


class _Request:
    """Checks values."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._seen: set[str] = set()
        self._rows = 0
        self._listed = 0
        self._right: set[tuple[str, ...]] = set()

    def product(self, row: dict[str, str]) -> None:
        """One product, or one serial number of a Supply."""
        serial = row.get("SN")
        where = Where(path=f"PRODUCT[{self._rows + 1}]")
        if "GTIN" not in row:
            where = Where(path=f"SN[{self._listed + 1}]")
            self._listed += 1
        else:
            self._rows += 1
            self._product(row, where)
        if serial is None:
            if not row.get("QUANTITY", "").lstrip("+").strip("0") or row["QUANTITY"].startswith("-"):
                message = f"QUANTITY is {row.get('QUANTITY')!r}"
                self._findings.report(rules.QUANTITY, message, where=where, value=row.get("QUANTITY", ""))
            return
        if not SHORTEST <= len(serial) <= LONGEST:
            message = f"SN {serial!r} has not 2 to 20 characters"
            self._findings.report(rules.SERIAL, message, where=where, value=serial)
        key = f"{row.get('GTIN', '')} {serial}"
        if key in self._seen:
            self._findings.report(rules.TWICE, f"{key.strip()} stands twice", where=where, value=serial)
        self._seen.add(key)

    def finish(self, operation: Operation, fields: dict[str, str]) -> None:
        """Check the fields, and what only the whole request shows."""
        if self._rows > MOST_PRODUCTS:
            message = f"the request has {self._rows:,} products"
            self._findings.report(rules.PRODUCTS, message, value=self._rows, expected=f"at most {MOST_PRODUCTS:,}")
        if self._listed > MOST_SERIALS:
            message = f"the request has {self._listed:,} serial numbers"
            self._findings.report(rules.SERIALS, message, value=self._listed, expected=f"at most {MOST_SERIALS:,}")
        if self._listed:
            self._product(fields, Where(path=operation.full))
        for name, value in fields.items():
            self._field(name, value, operation)

    def _field(self, name: str, value: str, operation: Operation) -> None:
        where = Where(path=name)
        if name in ("TOGLN", "FROMGLN"):
            patient = operation.kind.startswith("pharmacy-sale")
            if not (is_gln(value) and (value != PATIENT or patient)):
                self._findings.report(rules.GLN, f"{name} {value!r} is no GLN of a party", where=where, value=value)
        elif name == "DR" and value not in REASONS:
            expected = ", ".join(REASONS)
            self._findings.report(rules.REASON, f"DR is {value!r}", where=where, value=value, expected=expected)
        elif name in _NEEDED and not value.strip():
            self._findings.report(rules.TEXT, f"{name} is empty", where=where)
        elif name in ("PRESCRIPTIONDATE", "STARTDATE", "ENDDATE") and not is_date(value):
            self._findings.report(rules.DATE, f"{name} {value!r} is not YYYY-MM-DD", where=where, value=value)
        elif name == "FILE":
            check_package(value, self._findings)

    def _product(self, row: dict[str, str], where: Where) -> None:
        key = tuple(row.get(name, "") for name in ("GTIN", "BN", "XD", "MD"))
        if key in self._right:
            return
        gtin, lot, expiry, made = key
        right = is_gtin(gtin)
        if not right:
            message = f"GTIN {gtin!r} is not 14 digits with a right check digit"
            self._findings.report(rules.GTIN, message, where=where, value=gtin)
        if "BN" in row and not lot:
            self._findings.report(rules.LOT, "BN is empty", where=where)
            right = False
        if check_lot(lot, expiry, made, self._findings, where) and right:
            self._right.add(key)


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(shipped("xsd", *SCHEMA)))
