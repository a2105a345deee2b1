"""The simulator of RSD: takes calls, keeps state, and replies in RSD's shapes and codes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.findings import Findings
from gateway.formats.epcis_xml.escape import text
from gateway.markets.client import Call, Reply
from gateway.markets.kit.checks import is_gln
from gateway.markets.kit.soap import write_envelope
from gateway.markets.sa.check import check
from gateway.markets.sa.codes import table
from gateway.markets.sa.operations import OPERATIONS, Goods, Operation
from gateway.markets.sa.package import check_package
from gateway.markets.sa.sent import Sent, read_sent
from gateway.markets.sa.simulator import faults
from gateway.markets.sa.simulator.stock import OK, Pack, Stock, lots
from gateway.markets.sa.write import field_xml
from gateway.markets.simulation import Rehearsal

_BY_PATH: Final = {operation.path: operation for operation in OPERATIONS.values()}
#: What a wrong request is answered with. RSD's own choice among its codes is known for some of them only.
_FAULT_OF: Final = {
    "SA-RSD-01": "11031",
    "SA-RSD-02": "10600",
    "SA-RSD-03": "10601",
    "SA-RSD-04": "10602",
    "SA-RSD-05": "11019",
    "SA-RSD-06": "11016",
    "SA-RSD-07": "11038",
    "SA-RSD-09": "80610",
    "SA-RSD-10": "80609",
    "SA-RSD-11": "21020",
    "SA-RSD-12": "11817",
    "SA-RSD-13": "11031",
    "SA-RSD-21": "21003",
}
_OTHER: Final = "98765"
_XML: Final = {"content-type": "text/xml; charset=utf-8"}
_HTML: Final = {"content-type": "text/html", "www-authenticate": 'Basic realm="DTTS"'}
_PAGE: Final = (
    b"<!DOCTYPE html><html><head><title>Payara Server - Error report</title></head><body>HTTP 401</body></html>"
)
_DAY: Final = "2026-11-26"


@dataclass(frozen=True, slots=True)
class Package:
    """A package on its way."""

    sender: str
    receiver: str
    file: str


class RefusedError(Exception):
    """RSD refuses a request with a code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Server:
    """One running simulator.

    Args:
        rehearsal: how it is to behave.
    """

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal
        self._stock = Stock(rehearsal.refuse)
        self._dispatches: dict[str, tuple[str, str, list[Pack]]] = {}
        self._accepted: set[str] = set()
        self._packages: dict[str, Package] = {}
        self._fetched: set[str] = set()
        self._last: dict[str, str] = {}
        self._busy = faults.BUSY in rehearsal.faults
        self._early = faults.EARLY in rehearsal.faults

    def reply(self, call: Call) -> Reply:
        """Reply to a call."""
        operation = _BY_PATH.get(call.path.partition("?")[0])
        if operation is None or call.method != "POST":
            return Reply(404, {"content-type": "text/html"}, b"<html><body>HTTP Status 404</body></html>")
        user = self._user(call.headers.get("authorization") or call.headers.get("Authorization") or "")
        if user is None:
            return Reply(401, _HTML, _PAGE)
        try:
            payload = self._answer(operation, user, call.body)
        except RefusedError as refused:
            error = f'<ns2:ServiceError xmlns:ns2="{operation.namespace}"><FC>{refused.code}</FC></ns2:ServiceError>'
            return Reply(500, _XML, write_envelope(error, refused.code))
        return Reply(200, _XML, write_envelope(payload))

    def state(self) -> Mapping[str, object]:
        """Packs with owner and state; dispatches and packages."""
        return {
            "packs": {name: {"owner": pack.owner, "state": pack.state} for name, pack in self._stock.packs.items()},
            "dispatches": {key: {"from": by, "to": to} for key, (by, to, _) in self._dispatches.items()},
            "packages": {key: {"from": each.sender, "to": each.receiver} for key, each in self._packages.items()},
        }

    def _user(self, authorization: str) -> str | None:
        """Who logs in; None for who may not."""
        scheme, _, value = authorization.partition(" ")
        try:
            user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            return None
        rehearsal = self._rehearsal
        right = scheme.lower() == "basic" and bool(colon) and faults.UNAUTHORISED not in rehearsal.faults
        right = right and rehearsal.user in ("", user) and rehearsal.password in ("", password)
        return user if right else None

    def _answer(self, operation: Operation, user: str, body: bytes) -> str:
        actor = user[:13]
        if not is_gln(actor):
            raise RefusedError(code="11039")
        findings = Findings()
        check(body, findings)
        if findings.errors:
            raise RefusedError(code=_FAULT_OF.get(next(iter(findings)).code, _OTHER))
        sent = read_sent(body)
        if sent.operation is not operation:
            raise RefusedError(code="11031")
        if operation.kind in _ASKED:
            return _ASKED[operation.kind](self, sent, actor)
        self._guard(operation, actor, body)
        if operation.kind == "package-upload":
            return self._upload(sent, actor)
        return self._report(sent, actor)

    def _guard(self, operation: Operation, actor: str, body: bytes) -> None:
        """Refuse the same request again; without a clock, five minutes are over at the next try."""
        if self._busy:
            self._busy = False
            raise RefusedError(code="80508")
        if self._early:
            self._early = False
            raise RefusedError(code="80509")
        if faults.DATABASE in self._rehearsal.faults:
            raise RefusedError(code="11002")
        key = f"{actor} {operation.kind}"
        digest = hashlib.sha256(body).hexdigest()
        if self._last.get(key) == digest:
            del self._last[key]
            raise RefusedError(code="80509")
        self._last[key] = digest

    def _report(self, sent: Sent, actor: str) -> str:
        kind = sent.operation.kind
        if sent.fields.get("TOGLN") == actor:
            raise RefusedError(code="11815")
        if kind == "accept-dispatch":
            return self._accept_dispatch(sent, actor)
        effect = self._stock.amount if sent.operation.goods is Goods.BATCHES else self._stock.report
        self._stock.touched = []
        answers = [(row, effect(kind, actor, sent.fields, row)) for row in sent.rows]
        notification = self._rehearsal.ids()
        if kind.startswith("dispatch") and not kind.endswith("-cancel"):
            self._dispatches[notification] = (actor, sent.fields["TOGLN"], self._stock.touched)
        return self._reply(sent, notification, answers)

    def _reply(self, sent: Sent, notification: str, answers: Sequence[tuple[Mapping[str, str], str]]) -> str:
        on = self._rehearsal.faults
        if faults.SILENT in on:
            answers = answers[:-1]
        name = "NOTIFICATION_ID" if faults.OTHER_ID in on else "NOTIFICATIONID"
        rows = []
        for row, code in answers:
            code_xml = "" if faults.NO_CODES in on else field_xml("RC", code)
            inside = "".join([field_xml(key, value) for key, value in row.items()]) + code_xml
            rows.append(inside if sent.operation.goods is Goods.SERIALS else f"<PRODUCT>{inside}</PRODUCT>")
        holder = "SNRESPONSELIST" if sent.operation.goods is Goods.SERIALS else "PRODUCTLIST"
        body = f"{field_xml(name, notification)}<{holder}>{''.join(rows)}</{holder}>"
        return _response(sent.operation, body)

    def _accept_dispatch(self, sent: Sent, actor: str) -> str:
        key = sent.fields["DISPATCHNOTIFICATIONID"]
        by, to, packs = self._dispatches.get(key, ("", "", []))
        if to != actor:
            raise RefusedError(code="11819")
        if key in self._accepted:
            raise RefusedError(code="60009")
        self._accepted.add(key)
        answers = []
        for of_lot in lots(packs).values():
            fields = {"FROMGLN": by}
            rows = [{"GTIN": pack.gtin, "SN": pack.serial} for pack in of_lot]
            taken = [self._stock.report("accept", actor, fields, row) for row in rows]
            about = {"GTIN": of_lot[0].gtin, "QUANTITY": str(len(of_lot)), "BN": of_lot[0].lot, "XD": of_lot[0].expiry}
            answers.append((about, next((code for code in taken if code != OK), OK)))
        return self._reply(sent, self._rehearsal.ids(), answers)

    def _upload(self, sent: Sent, actor: str) -> str:
        findings = Findings()
        check_package(sent.fields["FILE"], findings)
        key = self._rehearsal.ids()
        self._packages[key] = Package(actor, sent.fields["TOGLN"], sent.fields["FILE"])
        return _response(sent.operation, field_xml("TRANSFERID", key) + _checksum(sent.fields["FILE"]))

    def _download(self, sent: Sent, actor: str) -> str:
        key = sent.fields["TRANSFERID"]
        package = self._packages.get(key)
        if package is None:
            raise RefusedError(code="20008")
        if actor not in (package.receiver, package.sender):
            raise RefusedError(code="21014")
        self._fetched.add(key)
        return _response(sent.operation, f"<FILE>{package.file}</FILE>{_checksum(package.file)}")

    def _query(self, sent: Sent, actor: str) -> str:
        sender, receiver = sent.fields.get("FROMGLN", ""), sent.fields.get("TOGLN", "")
        if not sender and not receiver:
            raise RefusedError(code="21027")
        if actor not in (sender, receiver):
            raise RefusedError(code="21014")
        rows = []
        for key, each in self._packages.items():
            if sender in ("", each.sender) and receiver in ("", each.receiver):
                if key in self._fetched and sent.fields["GETALL"] != "true":
                    continue
                about = {"TRANSFERID": key, "SENDER": each.sender, "RECEIVER": each.receiver, "SENDDATE": _DAY}
                inside = "".join([field_xml(name, value) for name, value in about.items()])
                rows.append(f"<TRANSFERDETAIL>{inside}{_checksum(each.file)}</TRANSFERDETAIL>")
        return _response(sent.operation, f"<TRANSFERDETAILLIST>{''.join(rows)}</TRANSFERDETAILLIST>")

    def _status(self, sent: Sent, _actor: str) -> str:
        rows = []
        for row in sent.rows:
            inside = "".join([field_xml(key, value) for key, value in row.items()])
            rows.append(f"<PRODUCT>{inside}{field_xml('RC', self._stock.told(row))}</PRODUCT>")
        return _response(sent.operation, f"<PRODUCTLIST>{''.join(rows)}</PRODUCTLIST>")

    def _detail(self, sent: Sent, actor: str) -> str:
        key = sent.fields["DISPATCHNOTIFICATIONID"]
        by, to, packs = self._dispatches.get(key, ("", "", []))
        if actor not in (by, to):
            raise RefusedError(code="11819")
        about = {"DISPATCHNOTIFICATIONID": key, "NOTIFICATIONDATE": _DAY, "FROMGLN": by}
        rows = []
        for pack in packs:
            values = {"GTIN": pack.gtin, "SN": pack.serial, "BN": pack.lot, "XD": pack.expiry, "RC": OK}
            rows.append(f"<PRODUCT>{''.join([field_xml(name, value) for name, value in values.items()])}</PRODUCT>")
        head = "".join([field_xml(name, value) for name, value in about.items()])
        body = f"{head}<PRODUCTLIST>{''.join(rows)}</PRODUCTLIST>"
        return _response(sent.operation, body, "AcceptDispatchNotificationServiceResponse")

    def _codes(self, sent: Sent, _actor: str) -> str:
        wanted = sent.fields.get("ERRORCODE", "")
        rows = [
            f"<ERROR>{field_xml('CODE', code)}{field_xml('MESSAGE', each.meaning)}</ERROR>"
            for code, each in table().reasons.items()
            if wanted in ("", code)
        ]
        return _response(sent.operation, f"<ERRORLIST>{''.join(rows)}</ERRORLIST>")

    def _countries(self, sent: Sent, _actor: str) -> str:
        rows = [f"<COUNTRY>{field_xml('COUNTRYCODE', code)}</COUNTRY>" for code in ("AE", "BH", "SA")]
        return _response(sent.operation, f"<COUNTRYLIST>{''.join(rows)}</COUNTRYLIST>")


_ASKED: Final = {
    "package-download": Server._download,  # noqa: SLF001 - the class's own table
    "package-query": Server._query,  # noqa: SLF001 - as above
    "check-status": Server._status,  # noqa: SLF001 - as above
    "dispatch-detail": Server._detail,  # noqa: SLF001 - as above
    "error-code-list": Server._codes,  # noqa: SLF001 - as above
    "country-list": Server._countries,  # noqa: SLF001 - as above
}


def _response(operation: Operation, body: str, name: str = "") -> str:
    root = f"ns2:{name or f'{operation.full}Response'}"
    return f'<{root} xmlns:ns2="{text(operation.namespace)}">{body}</{root}>'


def _checksum(file: str) -> str:
    digest = hashlib.md5(base64.b64decode(file), usedforsecurity=False).hexdigest()
    return field_xml("MD5CHECKSUM", digest)
