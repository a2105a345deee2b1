"""The simulator: who calls, what for, and the answer in the shape of REST or SOAP."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from gateway.findings import Findings
from gateway.markets.client import Call, Reply
from gateway.markets.simulation import Rehearsal
from gateway.markets.tr import transfers
from gateway.markets.tr.its import questions, wire
from gateway.markets.tr.its.check import check_rest, check_soap
from gateway.markets.tr.its.codes import ANSWERS, SUCCESS
from gateway.markets.tr.its.operations import (
    BY_LOCATION,
    BY_PATH,
    ERROR_CODES,
    OPERATIONS,
    SUPPLY,
    VERIFICATION,
    Operation,
    Soap,
)
from gateway.markets.tr.its.wire import Notification
from gateway.markets.tr.session import TOKEN
from gateway.markets.tr.simulator import faults
from gateway.markets.tr.simulator.packages import Packages, Refused
from gateway.markets.tr.simulator.soap import answer_xml, codes_xml, fault_xml
from gateway.markets.tr.simulator.stock import Stock

_JSON: Final = {"content-type": "application/json"}
_XML: Final = {"content-type": "text/xml; charset=utf-8"}
_HTML: Final = {"content-type": "text/html"}
_FORM: Final = "20007"
_SOURCE: Final = "20001"
_DATABASE: Final = "11002"
_STRANGE: Final = "99999"
_OWN_GLN: Final = ("mi", "fr", "frGln")


class Server:
    """One running simulator.

    Args:
        rehearsal: how it is to behave.
    """

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal
        self._tokens: dict[str, str] = {}
        self._stock = Stock(rehearsal.refuse)
        self._packages = Packages()

    def state(self) -> Mapping[str, object]:
        """Packs by element string with owner, state and who may accept; packages by transferId."""
        packs = {
            wire.identifier(gtin, serial): {"owner": pack.owner, "state": pack.state, "coming": pack.coming}
            for (gtin, serial), pack in self._stock.packs.items()
        }
        packages = {
            number: {"source": each.source, "destination": each.destination, "fetched": each.fetched}
            for number, each in self._packages.sent.items()
        }
        return {"packs": packs, "packages": packages}

    def reply(self, call: Call) -> Reply:
        """Reply to a call."""
        path = urlsplit(call.path).path
        authorization = next((value for name, value in call.headers.items() if name.lower() == "authorization"), "")
        if call.method != "POST":
            return Reply(405, _HTML, b"<html><body>Method Not Allowed</body></html>")
        if path == TOKEN:
            return self._log_in(call.body)
        if path in BY_LOCATION or path in (VERIFICATION.service.location, ERROR_CODES.service.location):
            return self._soap(path, call.body, authorization)
        user = self._user(authorization)
        if user is None:
            return Reply(401, _HTML, b"<html><body>Unauthorized</body></html>")
        return self._rest(path, call.body, user)

    def _log_in(self, body: bytes) -> Reply:
        given = _object(body)
        user, password = (str(given.get(name) or "") for name in ("username", "password"))
        if not self._may(user, password):
            return Reply(401, _HTML, b"<html><body>Unauthorized</body></html>")
        token = f"simulated-{self._rehearsal.ids()}"
        self._tokens[token] = user
        return _json(200, {"token": token})

    def _may(self, user: str, password: str) -> bool:
        expected = self._rehearsal
        if not user or not password or (expected.user and user != expected.user):
            return False
        return not expected.password or password == expected.password

    def _user(self, authorization: str) -> str | None:
        if faults.NO_TOKEN in self._rehearsal.faults:
            return None
        token = authorization.removeprefix("Bearer ")
        return self._tokens.pop(token, None) if self._on(faults.TOKEN) else self._tokens.get(token)

    def _on(self, fault: str) -> bool:
        return fault in self._rehearsal.faults

    def _rest(self, path: str, data: bytes, user: str) -> Reply:
        body = _object(data)
        asked: dict[str, Callable[[], dict[str, Any]]] = {
            questions.STATUS: lambda: {"responseObjectList": self._states(body, user)},
            questions.VERIFICATION: lambda: {
                "notificationid": self._rehearsal.ids(),
                "productList": self._states(body, user),
            },
            questions.ERROR_CODES: lambda: {
                "errorCodeList": [{"code": each.code, "message": each.meaning} for each in ANSWERS.reasons.values()]
            },
            transfers.SEND: lambda: self._packages.send(body, user, self._rehearsal.ids()),
            transfers.SEARCH: lambda: self._packages.search(body, user),
            transfers.GET: lambda: self._packages.get(body, user),
        }
        operation = BY_PATH.get(path)
        if operation is not None:
            return self._notified(operation, data, body, user)
        if path not in asked:
            return Reply(404, _HTML, b"<html><body>Not Found</body></html>")
        try:
            return _json(200, asked[path]())
        except Refused as refused:
            return _fault(str(refused))

    def _notified(self, operation: Operation, data: bytes, body: dict[str, Any], user: str) -> Reply:
        if self._on(faults.DATABASE):
            return _fault(_DATABASE)
        if not check_rest(body, operation.shape, Findings()):
            return _fault(_FORM)
        notification = wire.read_rest(data)
        if not _speaks_for(notification, user):
            return _fault(_SOURCE)
        codes = self._codes(operation, notification, user)
        if self._on(faults.SHAPELESS):
            return _json(200, {"result": "ok"})
        number = self._rehearsal.ids()
        if operation.kind == SUPPLY:
            head = {name: notification.fields[name] for name in ("md", "gtin", "xd", "bn")}
            serials = [{"sn": item.sn, "rc": code} for item, code in codes]
            return _json(200, {"notificationid": number, **head, "snresponselist": serials})
        packs = [{"gtin": item.gtin, "sn": item.sn, "uc": code} for item, code in codes]
        return _json(200, {"notificationid": number, "productList": packs})

    def _codes(self, operation: Operation, notification: Notification, user: str) -> Sequence[tuple[wire.Item, str]]:
        codes = self._stock.notify(operation.kind, notification, user)
        if self._on(faults.STRANGE):
            codes[0] = _STRANGE
        pairs = list(zip(notification.items, codes, strict=True))
        return pairs[:-1] if self._on(faults.SILENT) else pairs

    def _states(self, body: dict[str, Any], user: str) -> list[dict[str, str]]:
        found = []
        packs = body.get("productList")
        for each in packs if isinstance(packs, list) else ():
            gtin, serial = (
                (str(each.get(name) or "") for name in ("gtin", "sn")) if isinstance(each, dict) else ("", "")
            )
            code, pack = self._stock.state(gtin, serial, user)
            owner, coming = (pack.owner, pack.coming) if pack is not None else ("", "")
            found.append({"gln1": owner, "gln2": coming, "gtin": gtin, "sn": serial, "uc": code})
        return found

    def _soap(self, path: str, body: bytes, authorization: str) -> Reply:
        user = self._basic(authorization)
        if user is None:
            return Reply(401, _HTML, b"<html><body>Unauthorized</body></html>")
        if path == ERROR_CODES.service.location:
            return Reply(200, _XML, codes_xml())
        operation = OPERATIONS.get(BY_LOCATION.get(path, ""))
        soap = operation.soap if operation is not None else VERIFICATION
        if soap is None:
            return Reply(404, _HTML, b"<html><body>Not Found</body></html>")
        try:
            return Reply(200, _XML, self._answer(body, operation, soap, user))
        except Refused as refused:
            return Reply(500, _XML, fault_xml(soap, str(refused)))

    def _answer(self, body: bytes, operation: Operation | None, soap: Soap, user: str) -> bytes:
        try:
            root, found = wire.read_soap(body)
        except ValueError:
            raise Refused(_FORM) from None
        if found is not operation or not check_soap(root, soap.schema, Findings()):
            raise Refused(_FORM)
        notification = wire.soap_notification(root, operation.shape if operation is not None else "")
        if self._on(faults.DATABASE):
            raise Refused(_DATABASE)
        if not _speaks_for(notification, user):
            raise Refused(_SOURCE)
        if operation is not None:
            pairs = self._codes(operation, notification, user)
        else:
            pairs = [(item, self._stock.state(item.gtin, item.sn, user)[0]) for item in notification.items]
        return answer_xml(soap, notification, pairs, self._rehearsal.ids())

    def _basic(self, authorization: str) -> str | None:
        try:
            text = base64.b64decode(authorization.removeprefix("Basic "), validate=True).decode()
        except (binascii.Error, ValueError):
            return None
        user, _, password = text.partition(":")
        return user if self._may(user, password) else None


def _speaks_for(notification: Notification, user: str) -> bool:
    """Whether a notification names, where it names anybody, the one who sends it."""
    return all(notification.fields.get(name, user) == user for name in _OWN_GLN)


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _json(status: int, body: dict[str, Any]) -> Reply:
    return Reply(status, _JSON, orjson.dumps(body))


def _fault(code: str) -> Reply:
    assert code != SUCCESS  # noqa: S101 - a fault is none
    return _json(400, {"fc": code, "fm": ANSWERS(code).meaning})
