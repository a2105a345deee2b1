"""The simulator of the order management station: orders, codes, utilisation reports."""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs

from gateway.findings import Findings, Severity
from gateway.markets.client import Call, Reply
from gateway.markets.ru.oms_check import check_order, check_utilisation
from gateway.markets.ru.oms_client import MOST_CODES
from gateway.markets.ru.oms_codes import code_of, sgtin_of
from gateway.markets.ru.simulator_packs import Packs
from gateway.markets.ru.simulator_reply import given, object_of
from gateway.markets.simulation import Rehearsal

_NAMESPACE: Final = uuid.UUID("8d1f7f0e-0d3b-4a59-9f0e-2f4f6c1d2a33")
_STATES: Final = ("PENDING", "SENT", "CHECK")
_SERIAL: Final = 13


@dataclass(slots=True)
class _Buffer:
    """Codes of one GTIN of an order."""

    gtin: str
    serials: list[str]


@dataclass(slots=True)
class _Report:
    """A utilisation report."""

    packs: list[str]
    owner: str
    asks: int = 0
    status: str = ""
    refused: int = 0


@dataclass(slots=True)
class OmsSimulator:
    """Replies to calls of the station's API 3.0."""

    rehearsal: Rehearsal
    packs: Packs
    _orders: dict[str, list[_Buffer]] = field(default_factory=dict)
    _reports: dict[str, _Report] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)

    def reply(self, call: Call, path: str, query: str) -> Reply:
        """Reply to a call below ``/api/v3/``."""
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        token = call.headers.get("clienttoken") or call.headers.get("authorization", "").removeprefix("token ")
        if not token or self.rehearsal.password not in ("", token):
            return _wrong(401, "the token is not known")
        if not asked.get("omsId") or self.rehearsal.user not in ("", asked["omsId"]):
            return _wrong(400, "omsId is not known")
        name = path.removeprefix("/api/v3/")
        ways = {
            ("POST", "order"): self._order,
            ("POST", "utilisation"): self._utilisation,
            ("GET", "order/status"): self._status,
            ("GET", "order/list"): self._list,
            ("GET", "codes"): self._codes,
            ("GET", "report/info"): self._info,
        }
        way = ways.get((call.method, name))
        return way(call.body, asked) if way is not None else _wrong(404, "Not Found")

    def _order(self, body: bytes, asked: dict[str, str]) -> Reply:
        wrong = _first_error(check_order, body)
        if wrong:
            return _wrong(400, wrong)
        order = self._guid()
        self._orders[order] = [
            _Buffer(each["gtin"], each.get("serialNumbers") or self._numbers(each["quantity"]))
            for each in (object_of(body) or {})["products"]
        ]
        return given({"omsId": asked["omsId"], "orderId": order, "expectedCompleteTimestamp": 0})

    def _numbers(self, count: int) -> list[str]:
        return [f"N{self.rehearsal.ids():>0{_SERIAL - 1}}" for _ in range(count)]

    def _status(self, _body: bytes, asked: dict[str, str]) -> Reply:
        if asked.get("orderId") not in self._orders:
            return _wrong(404, "the order is not known")
        return given([self._buffer(asked, each) for each in self._orders[asked["orderId"]]])

    def _buffer(self, asked: dict[str, str], each: _Buffer) -> dict[str, Any]:
        left = len(each.serials)
        status = "ACTIVE" if left else "EXHAUSTED"
        return {"omsId": asked["omsId"], "gtin": each.gtin, "bufferStatus": status, "availableCodes": left}

    def _list(self, _body: bytes, asked: dict[str, str]) -> Reply:
        orders = [
            {"orderId": order, "orderStatus": "READY", "buffers": [self._buffer(asked, each) for each in buffers]}
            for order, buffers in self._orders.items()
        ]
        return given({"omsId": asked["omsId"], "orderInfos": orders})

    def _codes(self, _body: bytes, asked: dict[str, str]) -> Reply:
        buffers = [each for each in self._orders.get(asked.get("orderId", ""), []) if each.gtin == asked.get("gtin")]
        text = asked.get("quantity", "")
        quantity = int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0  # noqa: PLR2004 - digits
        if not buffers or not 0 < quantity <= min(MOST_CODES, len(buffers[0].serials)):
            return _wrong(400, "there are not so many codes")
        given_now, buffers[0].serials = buffers[0].serials[:quantity], buffers[0].serials[quantity:]
        codes = [made_up_code(asked["gtin"], serial) for serial in given_now]
        self._made.update(sgtin_of(code) for code in codes)
        return given({"omsId": asked["omsId"], "codes": codes, "blockId": self._guid()})

    def _utilisation(self, body: bytes, asked: dict[str, str]) -> Reply:
        wrong = _first_error(check_utilisation, body)
        if wrong:
            return _wrong(400, wrong)
        values = object_of(body) or {}
        id_ = self._guid()
        packs = [sgtin_of(code) for code in values["sntins"]]
        self._reports[id_] = _Report(packs, values["attributes"]["subjectId"])
        return given({"omsId": asked["omsId"], "reportId": id_})

    def _info(self, _body: bytes, asked: dict[str, str]) -> Reply:
        report = self._reports.get(asked.get("reportId", ""))
        if report is None:
            return _wrong(404, "the report is not known")
        if not report.status and (report.asks < len(_STATES) or "never-ready" in self.rehearsal.faults):
            status = _STATES[min(report.asks, len(_STATES) - 1)]
            report.asks += 1
        else:
            status = report.status = report.status or self._work(report)
        told: dict[str, Any] = {"omsId": asked["omsId"], "reportId": asked["reportId"], "reportStatus": status}
        if report.refused:
            told["errorReason"] = f"{report.refused} codes were not taken"
        return given(told)

    def _work(self, report: _Report) -> str:
        taken = sum(self._mark(pack, report.owner) for pack in report.packs)
        report.refused = len(report.packs) - taken
        return "SUCCESS" if not report.refused else "PARTIALLY" if taken else "REJECTED"

    def _mark(self, pack: str, owner: str) -> bool:
        if "strict" in self.rehearsal.faults and pack not in self._made:
            return False
        return self.packs.mark(pack, owner)

    def _guid(self) -> str:
        return str(uuid.uuid5(_NAMESPACE, self.rehearsal.ids()))


def made_up_code(gtin: str, serial: str) -> str:
    """A full code with a tail that no regulator has given: for rehearsals and tests."""
    tail = base64.b64encode(hashlib.sha256(f"{gtin}{serial}".encode()).digest()).decode()
    return code_of(gtin, serial, tail[:4], tail[:44])


def _first_error(check: Any, body: bytes) -> str:
    findings = Findings()
    check(body, findings)
    return next((each.message for each in findings if each.severity is Severity.ERROR), "")


def _wrong(status: int, text: str) -> Reply:
    error = {"fieldErrors": [], "globalErrors": [{"error": text, "errorCode": status}], "success": False}
    return given(error, status)
