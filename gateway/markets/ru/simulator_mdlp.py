"""The simulator of MDLP's REST API: log-in, documents whole or by a link, tickets, incoming documents."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote
from xml.sax.saxutils import escape

from lxml import etree

from gateway.findings import Findings
from gateway.markets.client import Call, Reply
from gateway.markets.ru.check import check_schema, check_values, parse
from gateway.markets.ru.documents import VERSION
from gateway.markets.ru.simulator_packs import Error, Packs
from gateway.markets.ru.simulator_reply import failed, given, object_of
from gateway.markets.simulation import Rehearsal

#: Documents that MDLP hands on to the other side, as which ones.
_HANDED_ON: Final = {
    "251": ("605", "refusal_sender_notification"),
    "252": ("606", "refusal_receiver_notification"),
    "314": ("618", "move_to_release_notification"),
    "331": ("613", "foreign_shipment_notification"),
    "336": ("620", "import_info_notification"),
    "381": ("603", "move_owner_notification"),
    "415": ("601", "move_order_notification"),
    "416": ("602", "receive_order_notification"),
    "701": ("607", "accept_notification"),
}
_API: Final = "/api/v1/"
_TIME: Final = "2026-01-01T00:00:00Z"  # a simulator has no clock
_DATE: Final = "2026-01-01 00:00:00"
_SMALL, _TINY = 1_000_000, 400
_ASKS, _CALLS = 2, 4
_NAMESPACE: Final = uuid.UUID("6f1c7a52-95a4-4c1a-8a4e-3c8a3a9f0d10")
_GUID: Final = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(slots=True)
class _Document:
    """A document that MDLP has or waits for."""

    id: str
    request: str
    data: bytes = b""
    digest: str = ""
    status: str = "PROCESSING_DOCUMENT"
    asks: int = _ASKS
    ticket: bytes = b""
    number: int = 0
    incoming: bool = False


@dataclass(slots=True)
class MdlpSimulator:
    """Replies to calls of MDLP's REST API."""

    rehearsal: Rehearsal
    packs: Packs
    _codes: dict[str, str] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)
    _used: dict[str, int] = field(default_factory=dict)
    documents: dict[str, _Document] = field(default_factory=dict)

    def reply(self, call: Call, path: str) -> Reply:
        """Reply to a call below ``/api/v1/`` or to a link."""
        name = path.removeprefix(_API)
        if name in ("auth", "token") and call.method == "POST":
            values = object_of(call.body)
            if values is None:
                return failed(400, "the body is no JSON object")
            return self._auth(values) if name == "auth" else self._token(values)
        token = call.headers.get("authorization", "").removeprefix("token ")
        if not self._is_let_in(token):
            return failed(401, "the token is missing, unknown or has run out")
        if not path.startswith(_API) or call.method == "GET":
            return self._get(name) if path.startswith(_API) else self._file(call, path)
        return self._post(call, name, token)

    def _post(self, call: Call, name: str, token: str) -> Reply:
        values = object_of(call.body)
        ways: dict[str, Callable[[dict[str, Any], str], Reply]] = {
            "documents/send": self._send,
            "documents/send_large": self._send_large,
            "documents/send_finished": self._finished,
            "documents/income": self._income,
        }
        if call.method != "POST" or name not in ways:
            return failed(404, "Not Found")
        return failed(400, "the body is no JSON object") if values is None else ways[name](values, token)

    # ---- log-in -------------------------------------------------------------------------------------------------

    def _auth(self, values: dict[str, Any]) -> Reply:
        kind = values.get("auth_type")
        if not all(isinstance(values.get(key), str) and values[key] for key in ("client_id", "client_secret")):
            return failed(400, "client_id and client_secret are required")
        if kind not in ("SIGNED_CODE", "PASSWORD"):
            return failed(400, "auth_type is SIGNED_CODE or PASSWORD")
        if not values.get("user_id") or self.rehearsal.user not in ("", values["user_id"]):
            return failed(401, "the user is not known")
        code = self._guid()
        self._codes[code] = str(kind)
        return given({"code": code})

    def _token(self, values: dict[str, Any]) -> Reply:
        kind = self._codes.pop(str(values.get("code")), None)
        if kind is None:
            return failed(400, "the code is not known")
        if kind == "SIGNED_CODE" and not _is_base64(values.get("signature")):
            return failed(400, "signature is required: a detached CMS in base64")
        if kind == "PASSWORD" and (
            not values.get("password") or self.rehearsal.password not in ("", values.get("password"))
        ):
            return failed(401, "the password is wrong")
        token = self._guid()
        self._tokens[token] = kind
        return given({"token": token, "life_time": 30})

    def _is_let_in(self, token: str) -> bool:
        self._used[token] = self._used.get(token, 0) + 1
        if "short-tokens" in self.rehearsal.faults and self._used[token] > _CALLS:
            self._tokens.pop(token, None)
        return token in self._tokens

    # ---- documents ----------------------------------------------------------------------------------------------

    @property
    def _most(self) -> int:
        return _TINY if "small-documents" in self.rehearsal.faults else _SMALL

    def _refused(self, values: dict[str, Any], token: str) -> Reply | None:
        request = values.get("request_id")
        if not isinstance(request, str) or not _GUID.fullmatch(request):
            return failed(400, "request_id is a GUID")
        if self._tokens[token] == "SIGNED_CODE" and not _is_base64(values.get("sign")):
            return failed(400, "sign is required: a detached CMS in base64")
        if any(document.request == request for document in self.documents.values()):
            return failed(400, "query.reusing: the request was sent before")
        return None

    def _send(self, values: dict[str, Any], token: str) -> Reply:
        refused = self._refused(values, token)
        if refused is not None:
            return refused
        if not _is_base64(values.get("document")):
            return failed(400, "document is base64")
        data = base64.b64decode(values["document"])
        if len(data) > self._most:
            return failed(400, "the document is too large to be sent whole")
        return given({"document_id": self._take(str(values["request_id"]), data).id})

    def _send_large(self, values: dict[str, Any], token: str) -> Reply:
        refused = self._refused(values, token)
        if refused is not None:
            return refused
        digest = values.get("hash_sum")
        if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
            return failed(400, "hash_sum is a SHA-256")
        id_ = self._guid()
        self.documents[id_] = _Document(id_, str(values["request_id"]), digest=digest, status="UPLOADING_DOCUMENT")
        return given({"document_id": id_, "link": f"/link/{id_}"})

    def _finished(self, values: dict[str, Any], _token: str) -> Reply:
        document = self.documents.get(str(values.get("document_id")))
        if document is None or document.status != "UPLOADING_DOCUMENT":
            return failed(400, "no document with this id is being brought")
        if hashlib.sha256(document.data).hexdigest() != document.digest:
            return failed(400, "hash_sum is that of other bytes")
        del self.documents[document.id]
        return given({"document_id": self._take(document.request, document.data, document.id).id})

    def _take(self, request: str, data: bytes, id_: str = "") -> _Document:
        document = _Document(id_ or self._guid(), request, data)
        self.documents[document.id] = document
        if "never-ready" in self.rehearsal.faults:
            document.asks = 1 << 30
        return document

    def _income(self, values: dict[str, Any], _token: str) -> Reply:
        start, count = values.get("start_from", 0), values.get("count", 0)
        if not (isinstance(values.get("filter"), dict) and isinstance(start, int) and isinstance(count, int)):
            return failed(400, "filter, start_from and count are required")
        found = [document for document in self.documents.values() if document.incoming]
        listed = [self._said(document) for document in found[start : start + count]]
        return given({"documents": listed, "total": len(found)})

    def _get(self, name: str) -> Reply:
        match name.split("/"):
            case ["documents", "doc_size"]:
                return given({"doc_size": self._most})
            case ["documents", "request", request]:
                found = [each for each in self.documents.values() if each.request == unquote(request)]
                return given({"documents": [self._said(each) for each in found], "total": len(found)})
            case ["documents", "download", id_] if unquote(id_) in self.documents:
                return given({"link": f"/link/{id_}"})
            case ["documents", id_, "ticket"] if self.documents.get(unquote(id_), _Document("", "")).ticket:
                return given({"link": f"/link/{id_}/ticket"})
            case ["documents", id_] if unquote(id_) in self.documents:
                document = self.documents[unquote(id_)]
                self._work(document)
                return given(self._said(document))
        return failed(404, "Not Found")

    def _file(self, call: Call, path: str) -> Reply:
        _, _, id_, *ticket = path.split("/")
        document = self.documents.get(unquote(id_))
        if document is None:
            return failed(404, "Not Found")
        if call.method == "PUT" and document.status == "UPLOADING_DOCUMENT":
            document.data = call.body
            return Reply(200)
        if call.method != "GET":
            return failed(405, "Method Not Allowed")
        return Reply(200, {"content-type": "application/xml"}, document.ticket if ticket else document.data)

    def _said(self, document: _Document) -> dict[str, Any]:
        return {
            "request_id": document.request,
            "document_id": document.id,
            "date": _DATE,
            "doc_type": document.number,
            "doc_status": document.status,
            "version": VERSION,
        }

    # ---- work ---------------------------------------------------------------------------------------------------

    def _work(self, document: _Document) -> None:
        """Work on a document that was asked for often enough: its ticket, and what the other side is told."""
        if document.status != "PROCESSING_DOCUMENT":
            return
        document.asks -= 1
        if document.asks > 0:
            return
        if "failed" in self.rehearsal.faults:
            document.status = "FAILED"
            return
        document.status = "PROCESSED_DOCUMENT"
        root, error = _read(document.data)
        if root is None:
            document.status = "FAILED_RESULT_READY"
            document.ticket = self._ticket("document", 0, [("SIM-SCHEMA", error, "")])
        else:
            document.number = int(root[0].get("action_id", "0"))
            done, errors = self.packs.apply(root[0])
            document.ticket = self._ticket(str(document.number), done, errors)
            if done:
                self._hand_on(document, {name for _, _, name in errors})
        if "bad-ticket" in self.rehearsal.faults:
            document.ticket = b"<html><body>the ticket is not here</body></html>"

    def _ticket(self, operation: str, done: int, errors: list[Error]) -> bytes:
        result = "Accepted" if not errors else "Partial" if done else "Rejected"
        inside = "".join(
            f"<errors><error_code>{code}</error_code><error_desc>{escape(text[:4000])}</error_desc>"
            + (f"<object_id>{name}</object_id></errors>" if name else "</errors>")
            for code, text, name in errors
        )
        head = f"<operation>{operation}</operation><operation_id>{self._guid()}</operation_id>"
        body = f"{head}<operation_result>{result}</operation_result>{inside}"
        return (
            f'<documents version="{VERSION}"><result action_id="200" accept_time="{_TIME}">{body}</result></documents>'
        ).encode()

    def _hand_on(self, document: _Document, refused: set[str]) -> None:
        number, element = _HANDED_ON.get(str(document.number), ("", ""))
        root, _ = _read(document.data)
        if not number or root is None:
            return
        told = root[0]
        told.tag = element
        told.set("action_id", number)
        for node in list(told.iter("sgtin", "sscc")):
            parent = node.getparent()
            if node.text in refused and parent is not None and parent.tag == "order_details":
                parent.remove(node)
        copy = _Document(self._guid(), self._guid(), etree.tostring(root), number=int(number), incoming=True)
        copy.status = "PROCESSED_DOCUMENT"
        self.documents[copy.id] = copy

    def _guid(self) -> str:
        return str(uuid.uuid5(_NAMESPACE, self.rehearsal.ids()))


def _read(data: bytes) -> tuple[etree._Element | None, str]:
    findings = Findings()
    root = parse(data, findings)
    if root is not None and check_schema(root, findings):
        check_values(root, findings)
    first = next((each.message for each in findings if each.severity == "error"), "")
    return (None, first) if first or root is None else (root, "")


def _is_base64(value: object) -> bool:
    if not isinstance(value, str) or not value:
        return False
    try:
        base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        return False
    return True
