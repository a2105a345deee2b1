"""Composes utilisation reports and orders of codes of commissioning events."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

import orjson

from gateway.epcis.document import Document
from gateway.epcis.events import Event, ObjectEvent
from gateway.epcis.vocabulary import Field, word
from gateway.findings import Outcome, Where
from gateway.formats.base import Context
from gateway.markets.base import Submission
from gateway.markets.kit.dates import is_date
from gateway.markets.kit.events import read_all
from gateway.markets.kit.needs import report_missing, value_of
from gateway.markets.kit.rules import NOT_WANTED
from gateway.markets.kit.split import by_count
from gateway.markets.ru import oms_rules as rules
from gateway.markets.ru import oms_settings as settings
from gateway.markets.ru import rules as mdlp_rules
from gateway.markets.ru.extension import is_told_by_mdlp
from gateway.markets.ru.fields import Values
from gateway.markets.ru.keys import GTIN_DIGITS, SGTIN, items
from gateway.markets.ru.oms_codes import code_of, full_code, sgtin_of
from gateway.secret import CRYPTO_CODE, CRYPTO_KEY, FULL_CODE

CODES: Final = 30_000
PRODUCT_GROUP: Final = "pharma"
_GUID: Final = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PLACE: Final = re.compile("[0-9]{14}", re.ASCII)
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|([+-]\d\d):(\d\d))", re.ASCII)
_LOT_LENGTH: Final = 20
_HASH: Final = 12


@dataclass(frozen=True, slots=True)
class _Marked:
    """Packs of one event that were marked alike."""

    packs: list[str]
    attributes: tuple[tuple[str, str], ...]


def compose(document: Document, context: Context) -> Iterator[Submission]:
    """Utilisation reports, one for each GTIN, lot and expiry, of at most 30,000 codes; none when something is wrong."""
    reports = _Reports(context)
    hierarchy, events = read_all(document, context.findings, mdlp_rules.WITHDRAWAL)
    found = (reports.take(event) for event in events if not hierarchy.withdrawn(event))
    marked = [each for each in found if each is not None]
    if context.findings.errors:
        return
    if not marked:
        context.findings.report(rules.NOTHING, "no event of the document is a commissioning")
        return
    made = reports.finish(marked)
    if not context.findings.errors:
        yield from made


class _Reports:
    """Takes commissioning events, and makes reports of them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._findings = context.findings
        self._values = Values(context)
        self._seen: dict[str, Where] = {}
        self._codes_told: dict[str, str] = {}
        self._unwanted: set[str] = set()

    def take(self, event: Event) -> _Marked | None:
        """What an event says; None for one that is not reported."""
        if not is_commissioning(event):
            step = word(Field.BIZ_STEP, event.biz_step or "") or event.type
            if step not in self._unwanted:
                self._unwanted.add(step)
                message = f"the order management station is not told of {step}"
                self._findings.report(NOT_WANTED, message, where=event.where, value=step)
            return None
        for quantity in event.quantity_list or ():
            self._context.losses.add(
                rules.EVENT_LOST, Outcome.LOST, "quantityElement", quantity.epc_class, event=event.where.event
            )
        found = items(event.epc_list or (), self._findings, event.where)
        packs = [item.text for item in found if item.tag == SGTIN]
        if not packs:
            return None
        for pack in packs:
            if pack in self._seen:
                message = f"pack {pack} is commissioned twice"
                self._findings.report(rules.TWICE, message, where=event.where, value=pack)
            self._seen[pack] = event.where
        self._codes_told |= self._told(event, packs)
        return _Marked(packs, tuple(self._attributes(event).items()))

    def finish(self, marked: Iterable[_Marked]) -> list[Submission]:
        """The reports."""
        made: list[Submission] = []
        together: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
        for found in marked:
            for pack in found.packs:
                together.setdefault((pack[:GTIN_DIGITS], found.attributes), []).append(pack)
        for (_, attributes), packs in together.items():
            for part in by_count(packs, CODES):
                codes = self._codes(part)
                report = {
                    "productGroup": PRODUCT_GROUP,
                    "sntins": codes,
                    "attributes": {
                        name: int(value) if name == "orderType" and self._as_number else value
                        for name, value in attributes
                    },
                }
                made.append(submission_of("utilisation", report, len(codes), len(made) + 1))
        return made

    @property
    def _as_number(self) -> bool:
        return self._context.options.get(settings.ORDER_TYPE_FORM) == "number"

    def _codes(self, packs: list[str]) -> list[str]:
        store = self._context.codes
        ordered = store.codes(packs) if store is not None else {}
        out = []
        for pack in packs:
            told, kept = self._codes_told.get(pack, ""), ordered.get(pack, "")
            if told and kept and told != kept:
                message = f"the code of pack {pack} in the document is not the one that was ordered"
                self._findings.report(rules.TWO_CODES, message, where=self._seen[pack], value=pack)
            elif not (told or kept):
                message = f"the full code of pack {pack} is not known"
                self._findings.report(rules.NO_CODE, message, where=self._seen[pack], value=pack)
            out.append(told or kept)
        return out

    def _told(self, event: ObjectEvent, packs: list[str]) -> dict[str, str]:
        """The codes in an event itself, by pack."""
        said = [*(event.ilmd or ()), *event.extensions]
        codes: dict[str, str] = {}
        names = set(packs) if any(each.local == FULL_CODE for each in said) else frozenset[str]()
        for element in said:
            if element.local != FULL_CODE:
                continue
            code = full_code(element.text)
            if code is None or sgtin_of(code) not in names:
                words = "is no full code" if code is None else f"is of {sgtin_of(code)}, which the event does not name"
                self._findings.report(rules.FORM, f"a {FULL_CODE} of the event {words}", where=event.where)
                continue
            pack = sgtin_of(code)
            if codes.get(pack, code) != code:
                message = f"the event gives two codes for pack {pack}"
                self._findings.report(rules.TWO_CODES, message, where=event.where, value=pack)
            codes[pack] = code
        tail = {each.local: each.text for each in said if each.local in (CRYPTO_KEY, CRYPTO_CODE)}
        if tail and len(packs) == 1:
            text = packs[0]
            code = full_code(
                code_of(text[:GTIN_DIGITS], text[GTIN_DIGITS:], tail.get(CRYPTO_KEY, ""), tail.get(CRYPTO_CODE, ""))
            )
            if code is None:
                message = f"{CRYPTO_KEY} and {CRYPTO_CODE} of pack {text} are not 4 and 44 characters"
                self._findings.report(rules.FORM, message, where=event.where, value=text)
            else:
                codes[text] = code
        elif tail:
            message = f"{CRYPTO_KEY} and {CRYPTO_CODE} stand in an event of {len(packs)} packs"
            self._findings.report(rules.FORM, message, where=event.where)
        return codes

    def _attributes(self, event: ObjectEvent) -> dict[str, str]:
        ilmd = {each.local: each.text for each in event.ilmd or ()}
        lot, expiry = ilmd.get("lotNumber", ""), ilmd.get("itemExpirationDate", "")
        if not 0 < len(lot) <= _LOT_LENGTH or lot != lot.strip():
            message = f"the lot {lot!r} is not 1 to 20 characters"
            self._findings.report(rules.BATCH, message, where=event.where, value=lot)
        if not is_date(expiry):
            message = f"the expiry {expiry!r} is not YYYY-MM-DD"
            self._findings.report(rules.BATCH, message, where=event.where, value=expiry, expected="YYYY-MM-DD")
        out = {"expirationDate": expiry, "seriesNumber": lot}
        abroad = self._context.options.get(settings.MADE) == settings.ABROAD
        wanted = ("packingId", "controlId", "customsReceiverId") if abroad else ("orderType", "ownerId")
        for name in ("subjectId", *wanted):
            value = self._value(name, event)
            if value:
                out[name] = value
                self._check(name, value, event, abroad=abroad)
            elif self._is_required(name, out):
                report_missing(settings.NEED_OF[name], self._findings, event.where, "a utilisation report")
        if "customsReceiverId" in out and "controlId" not in out:
            report_missing(
                settings.NEED_OF["controlId"], self._findings, event.where, "packs marked in the customs zone"
            )
        if not abroad and out.get("orderType") != "2":
            out.pop("ownerId", None)
        production = ilmd.get("productionDate", "")
        time = _TIME.fullmatch(production)
        if time is not None:
            out["productionDate"] = f"{time[1]}{time[2] or '+00'}{time[3] or '00'}"
        elif production:
            where = event.where.event
            self._context.losses.add(rules.PRODUCTION_LOST, Outcome.LOST, "productionDate", production, event=where)
        return out

    def _value(self, name: str, event: ObjectEvent) -> str:
        need = settings.NEED_OF[name]
        ilmd = {each.local: each.text for each in event.ilmd or ()}
        told = next((each.text for each in event.extensions if each.local == name), "") or ilmd.get(name, "")
        if name == "subjectId":
            return told or self._values.subject(event)
        return told or value_of(need, self._context.options)

    @staticmethod
    def _is_required(name: str, out: Mapping[str, str]) -> bool:
        return settings.NEED_OF[name].required or (name == "ownerId" and out.get("orderType") == "2")

    def _check(self, name: str, value: str, event: ObjectEvent, *, abroad: bool) -> None:
        if name == "orderType":
            right, expected = value in ("1", "2"), "1 or 2"
        elif name == "subjectId" and not abroad:
            right, expected = _PLACE.fullmatch(value) is not None, "14 digits"
        else:
            right, expected = _GUID.fullmatch(value) is not None, "a GUID"
        if not right:
            message = f"{name} {value!r} is not {expected}"
            self._findings.report(rules.ID, message, where=event.where, value=value, expected=expected)


def is_commissioning(event: Event) -> TypeGuard[ObjectEvent]:
    """Whether an event tells that packs were marked."""
    if not isinstance(event, ObjectEvent) or is_told_by_mdlp(event.extensions) or event.error_declaration is not None:
        return False
    step = word(Field.BIZ_STEP, event.biz_step or "")
    return event.action == "ADD" and (event.biz_step is None or step == "commissioning")


def submission_of(kind: str, message: Mapping[str, Any], epcs: int, position: int) -> Submission:
    """A message with a name that keeps the order, the same for the same content."""
    data = orjson.dumps(message)
    digest = hashlib.sha256(data).hexdigest()[:_HASH]
    return Submission(f"oms-{kind}-{position:05}-{digest}.json", data, epcs, kind)
