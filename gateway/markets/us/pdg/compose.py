"""A report of exceptions: what differs between the seller's shipping and the buyer's receiving."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from gateway.epcis import sbdh
from gateway.epcis.document import Document, Header
from gateway.epcis.events import ObjectEvent
from gateway.epcis.vocabulary import Field, word
from gateway.findings import NOWHERE, Where
from gateway.formats.base import Context
from gateway.gs1.errors import Gs1Error
from gateway.markets.base import Need, Submission
from gateway.markets.kit.dates import is_date
from gateway.markets.kit.events import counting, moment_of, read_all
from gateway.markets.kit.expand import TooDeep, leaves
from gateway.markets.kit.ids import IdPool
from gateway.markets.kit.joined import Joined
from gateway.markets.kit.keys import gln_of, is_pack, parts_of, transaction_number
from gateway.markets.kit.needs import report_missing
from gateway.markets.us import rules as dscsa_rules
from gateway.markets.us.pdg import rules, settings
from gateway.options import CREATION_DATE, SENDER, Setting

_HASH: Final = 12
_OWNER: Final = "owning_party"


@dataclass(slots=True)
class _Compared:
    """Packs by (GTIN, serial number), with what is said of them: by the seller's data, and by who received them."""

    shipped: dict[tuple[str, str], str] = field(default_factory=dict)
    received: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    orders: dict[str, None] = field(default_factory=dict)
    buyer: str = ""
    ships: bool = False
    receives: bool = False
    where: Where = NOWHERE


def compose(document: Document, context: Context) -> Iterator[Submission]:
    """One report, or none where shipping and receiving agree or something is wrong."""
    hierarchy, events = read_all(document, context.findings, dscsa_rules.WITHDRAWAL)
    joined = Joined(hierarchy, context.hierarchy)
    found = _Compared()
    for event in counting(events, hierarchy):
        if isinstance(event, ObjectEvent):
            try:
                _take(event, joined, found, context)
            except TooDeep as error:
                context.findings.report(dscsa_rules.TOO_DEEP, str(error), where=event.where)
    if not (found.ships and found.receives):
        lacking = "shipped" if not found.ships else "received"
        context.findings.report(rules.NOTHING, f"the document does not tell what was {lacking}")
        return
    order = _order(found, context)
    maker = _Maker(found, joined, document.header, context)
    exceptions = maker.exceptions()
    if not exceptions and not context.findings.errors:
        context.findings.report(rules.NO_EXCEPTION, "what was shipped was received")
        return
    report = maker.report(order, exceptions)
    if not context.findings.errors:
        data = orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n"
        count = sum(map(len, exceptions.values()))
        yield Submission(f"pdg-{hashlib.sha256(data).hexdigest()[:_HASH]}.json", data, count, "report")


def _take(event: ObjectEvent, hierarchy: Joined, found: _Compared, context: Context) -> None:
    step = word(Field.BIZ_STEP, event.biz_step or "")
    if step not in ("shipping", "receiving"):
        return
    for each in event.biz_transaction_list or ():
        if word(Field.BIZ_TRANSACTION_TYPE, each.type or "") == "po":
            found.orders[transaction_number(each.id) or each.id] = None
    if step == "shipping":
        found.ships = True
        found.where = event.where
        owners = [each.id for each in event.destination_list or () if _role(each.type) == _OWNER]
        found.buyer = found.buyer or (owners[0] if owners else "")
        for key, epc in _packs(event, hierarchy, context):
            found.shipped[key] = epc
    else:
        found.receives = True
        label = {each.local: each.text for each in event.extensions if not each.children}
        for key, _ in _packs(event, hierarchy, context):
            found.received[key] = label


def _packs(event: ObjectEvent, hierarchy: Joined, context: Context) -> Iterator[tuple[tuple[str, str], str]]:
    as_of = moment_of(event)
    for top in event.epc_list or ():
        for epc in leaves(hierarchy, top, as_of):
            try:
                parts = parts_of(epc)
            except Gs1Error as error:
                context.findings.add(error.finding(event.where))
                continue
            if is_pack(parts):
                yield (parts.number, parts.serial or ""), epc
            else:
                message = f"{epc} is no pack, and nothing is known to be in it"
                context.findings.report(rules.PACK, message, where=event.where, value=epc)


def _order(found: _Compared, context: Context) -> str:
    given = context.options.get(settings.ORDER)
    orders = list(found.orders)
    if given:
        return given
    if len(orders) > 1:
        context.findings.report(rules.ORDERS, f"the document names {len(orders)} purchase orders", value=orders)
    elif not orders:
        context.findings.report(rules.ORDER, "no event names a purchase order", where=found.where)
    return orders[0] if orders else ""


class _Maker:
    """Makes the parts of the report; what is asked for and not known becomes a finding, once."""

    def __init__(self, found: _Compared, hierarchy: Joined, header: Header, context: Context) -> None:
        self._found = found
        self._hierarchy = hierarchy
        self._header = header
        self._context = context
        self._options = context.options
        keys = sorted((*found.shipped, *found.received))
        self._ids = IdPool(orjson.dumps(keys) + str(context.options.values).encode())
        self._asked: set[str] = set()

    def report(self, order: str, exceptions: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
        """The whole report."""
        return {
            "message_uuid": self._ids.uuid(),
            "exception_case_uuid": self._options.get(settings.CASE) or self._ids.uuid(),
            "timestamp": self._timestamp(),
            "po_number": order,
            "sender_information": {
                "vp": None,
                "gln": self._gln(),
                "email": self._needed(settings.EMAIL_NEED, settings.EMAIL),
                "phone": self._options.get(settings.PHONE) or None,
            },
            "exceptions": exceptions,
            "other_errors": None,
            "case_resolved": False,
        }

    def exceptions(self) -> dict[str, list[dict[str, Any]]]:
        """The exceptions by kind; kinds without any are left out."""
        shipped, received = self._found.shipped, self._found.received
        kinds = {
            "missing_product_data": [self._without_data(key) for key in received if key not in shipped],
            "missing_product": [self._without_product(key) for key in shipped if key not in received],
            "data_misalignment": list(self._misaligned(key for key in shipped if key in received)),
        }
        return {kind: items for kind, items in kinds.items() if items}

    def _without_data(self, key: tuple[str, str]) -> dict[str, Any]:
        return {
            "exception_item_uuid": self._ids.uuid(),
            "product_gtin": key[0],
            "observation_source": self._options.get(settings.SOURCE),
            "resolution_request": self._needed(settings.DATA_NEED, settings.FOR_DATA),
            "product_serial": key[1],
        }

    def _without_product(self, key: tuple[str, str]) -> dict[str, Any]:
        return {
            "exception_item_uuid": self._ids.uuid(),
            "file_id": self._file_id(),
            "product_gtin": key[0],
            "product_serial": key[1],
            "resolution_request": self._needed(settings.PRODUCT_NEED, settings.FOR_PRODUCT),
        }

    def _misaligned(self, keys: Iterable[tuple[str, str]]) -> Iterator[dict[str, Any]]:
        """Packs whose label (told by the receiving event) has another lot or expiry than the seller's data."""
        for key in keys:
            label = self._found.received[key]
            if not ({"lotNumber", "itemExpirationDate"} & label.keys()):
                continue
            data = self._hierarchy.attributes(self._found.shipped[key])
            told = [(data.get(name, ""), label.get(name, "")) for name in ("lotNumber", "itemExpirationDate")]
            if all(one == other for one, other in told):
                continue
            (data_lot, label_lot), (data_expiry, label_expiry) = told
            for need, value in ((settings.LOT_NEED, label_lot), (settings.EXPIRY_NEED, label_expiry)):
                if not value:
                    report_missing(need, self._context.findings, subject="a received pack whose label differs")
            yield {
                "exception_item_uuid": self._ids.uuid(),
                "received_product_gtin": key[0],
                "received_product_lot": label_lot,
                "received_product_expiry": self._date(label_expiry),
                "received_product_serial": key[1],
                "product_data_gtin": key[0],
                "product_data_lot": data_lot,
                "product_data_expiry": self._date(data_expiry),
                "product_data_serial": key[1],
                "resolution_request": self._needed(settings.MISALIGNMENT_NEED, settings.FOR_MISALIGNMENT),
            }

    def _date(self, iso: str) -> str:
        if self._options.get(settings.DATE_FORM) == "YYYY-MM-DD" or not is_date(iso):
            return iso
        year, month, day = iso.split("-")
        return f"{month}{day}{year}"

    def _file_id(self) -> str:
        given = self._options.get(settings.FILE_ID) or self._header.instance_identifier or ""
        if not given and self._header.sbdh is not None:
            given = sbdh.identification(self._header.sbdh).instance_identifier
        if not given:
            self._miss(settings.FILE_NEED)
        return given

    def _gln(self) -> str | None:
        party = self._options.get(SENDER) or self._found.buyer
        if not party:
            return None
        try:
            return gln_of(party, dscsa_rules.NAMED)
        except Gs1Error as error:
            self._context.findings.add(error.finding(self._found.where))
            return None

    def _timestamp(self) -> int:
        given = self._options.get(CREATION_DATE) or self._context.now
        try:
            return int(datetime.fromisoformat(given).timestamp())
        except ValueError:
            report_missing(_TIME_NEED, self._context.findings)
            return 0

    def _needed(self, need: Need, setting: Setting) -> str:
        value = self._options.get(setting)
        if not value:
            self._miss(need)
        return value

    def _miss(self, need: Need) -> None:
        if need.name not in self._asked:
            self._asked.add(need.name)
            report_missing(need, self._context.findings, self._found.where, "the report")


_TIME_NEED: Final = Need("timestamp", "when the report was made", CREATION_DATE)


def _role(type_: str) -> str:
    return word(Field.SOURCE_DESTINATION_TYPE, type_) or type_
