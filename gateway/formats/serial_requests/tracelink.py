"""TraceLink's SNX serial number request (SOAP 1.1): ``serialNumbersRequest`` and its answer.

Source: the schema of the service. Elements below the message have no namespace. The request has ``IdType``, the answer
``IDType``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import InputError
from gateway.findings import Finding
from gateway.formats.base import Limits
from gateway.formats.epcis_xml.escape import text
from gateway.formats.serial_requests import messages, rules
from gateway.formats.serial_requests.messages import attributes, child, children, in_soap, one, value
from gateway.formats.serial_requests.model import Kind, Number, NumberAnswer, NumberRequest

NAMESPACE: Final = "urn:tracelink:soap"
ID_TYPES: Final = ("GS1_SER", "CN_SER")
ENCODING_TYPES: Final = ("SGTIN", "SSCC", "CN_EDMC", "NTIN")
KEY_NAMES: Final = ("GTIN", "NTIN", "COMPANY_PREFIX", "CN_RESCODE", "CN_SUBTYPE_LEVEL_RATIO")
_GS1: Final = "GS1_SER"
_KEYS: Final = {Kind.SGTIN: "GTIN", Kind.NTIN: "NTIN", Kind.SSCC: "COMPANY_PREFIX"}
_DOCUMENTS: Final = ("PONumber", "POLine", "WorkOrderNumber", "ReferenceId")
_BETWEEN: Final = "|"
_IN_BOTH: Final = ("SendingSystem", "ReceivingSystem", "EncodingType", "ObjectKey/Name", "ObjectKey/Value")
_IN_REQUEST: Final = (
    *_IN_BOTH,
    *("IdType", "Size", "RequestRandomizedNumber", "SyncRequest"),
    *(f"ReferenceDocuments/{name}" for name in _DOCUMENTS),
)
_IN_ANSWER: Final = (
    *_IN_BOTH,
    *("ActionCode", "IDType", "Interval/NumberFrom", "Interval/NumberTo", "RandomizedNumberList/SerialNo"),
    *("RfidException/ErrorCode", "RfidException/ErrorMessage"),
    *(f"ReferenceDocuments/{name}" for name in _DOCUMENTS),
)


@dataclass(frozen=True, slots=True)
class Request:
    """All fields of a request; what is empty is left out.

    Attributes:
        id_type: one of `ID_TYPES`.
        encoding_type: one of `ENCODING_TYPES`.
        size: how many numbers; None is left out.
        key_name: one of `KEY_NAMES`.
        key_value: the key; for SSCC company prefix, pipe sign, extension digit.
        randomized: RequestRandomizedNumber, verbatim: its values are not public.
        documents: PONumber, POLine, WorkOrderNumber, ReferenceId; those that are there.
        synchronous: SyncRequest.
    """

    sending_system: str = ""
    receiving_system: str = ""
    id_type: str = ""
    encoding_type: str = ""
    size: int | None = None
    key_name: str = ""
    key_value: str = ""
    randomized: str = ""
    documents: Mapping[str, str] = field(default_factory=dict)
    synchronous: bool = True

    @classmethod
    def of(cls, request: NumberRequest, *, sending_system: str, receiving_system: str, randomized: str = "") -> Request:
        """A synchronous request for GS1 numbers. The transaction id becomes ReferenceId."""
        key = request.key
        if request.kind is Kind.SSCC:
            key = f"{request.key}{_BETWEEN}{request.extension_digit}"
        documents = {"ReferenceId": request.transaction_id} if request.transaction_id else {}
        return cls(
            sending_system,
            receiving_system,
            _GS1,
            request.kind.value,
            request.quantity,
            _KEYS[request.kind],
            key,
            randomized,
            documents,
        )

    def neutral(self) -> NumberRequest:
        """What is asked for.

        Raises:
            InputError: it asks for numbers of another kind, or has no Size.
        """
        kind = next((kind for kind in Kind if kind.value == self.encoding_type), None)
        if kind is None or self.key_name != _KEYS[kind]:
            message = f"the request is for {self.encoding_type or 'nothing'} by {self.key_name or 'nothing'}"
            expected = ", ".join(f"{one} by {name}" for one, name in _KEYS.items())
            raise InputError(Finding.of(rules.VALUE, message, value=self.encoding_type, expected=expected))
        if self.size is None:
            raise InputError(Finding.of(rules.VALUE, "the request has no Size", expected="Size"))
        key, _, extension = self.key_value.partition(_BETWEEN)
        return NumberRequest(kind, key, self.size, self.documents.get("ReferenceId", ""), extension)


def build_request(request: Request) -> bytes:
    """A request in its SOAP envelope.

    Raises:
        InputError: a code is not one of the schema's.
    """
    _check_codes(request.id_type, request.encoding_type, request.key_name)
    key = one("Name", request.key_name) + one("Value", request.key_value)
    documents = "".join(one(name, request.documents.get(name, "")) for name in _DOCUMENTS)
    body = (
        one("SendingSystem", request.sending_system)
        + one("ReceivingSystem", request.receiving_system)
        + one("IdType", request.id_type)
        + one("EncodingType", request.encoding_type)
        + one("Size", "" if request.size is None else str(request.size))
        + (f"<ObjectKey>{key}</ObjectKey>" if key else "")
        + one("RequestRandomizedNumber", request.randomized)
        + (f"<ReferenceDocuments>{documents}</ReferenceDocuments>" if documents else "")
        + one("SyncRequest", "true" if request.synchronous else "false")
    )
    return in_soap(f'<tl:serialNumbersRequest xmlns:tl="{NAMESPACE}">{body}</tl:serialNumbersRequest>')


def parse_request(data: bytes, limits: Limits | None = None) -> Request:
    """A request from its SOAP envelope or without one.

    Raises:
        InputError: it is not such a request, a value cannot be, or it asks for something that is not known.
        LimitExceeded: it is too large.
    """
    node = messages.open_message(data, "serialNumbersRequest", NAMESPACE, limits or Limits())
    messages.refuse_unknown(node, _IN_REQUEST)
    key, documents, size = child(node, "ObjectKey"), child(node, "ReferenceDocuments"), value(node, "Size")
    found = Request(
        value(node, "SendingSystem"),
        value(node, "ReceivingSystem"),
        value(node, "IdType"),
        value(node, "EncodingType"),
        messages.whole_number(size, "Size") if size else None,
        value(key, "Name"),
        value(key, "Value"),
        value(node, "RequestRandomizedNumber"),
        {name: said for name in _DOCUMENTS if (said := value(documents, name))},
        _boolean(value(node, "SyncRequest")),
    )
    _check_codes(found.id_type, found.encoding_type, found.key_name)
    return found


def build_answer(answer: NumberAnswer) -> bytes:
    """An answer in its SOAP envelope, as a simulator of the service gives it."""
    other = answer.other
    encoding = answer.kind.value if answer.kind is not None else other.get("EncodingType", "")
    key = one("Name", _KEYS[answer.kind] if answer.kind is not None else other.get("ObjectKey/Name", ""))
    key += one("Value", answer.key)
    ends = ""
    if answer.interval is not None:
        ends = "".join(one(name, end) for name, end in zip(("NumberFrom", "NumberTo"), answer.interval, strict=True))
    documents = "".join(
        one(name, answer.transaction_id if name == "ReferenceId" else other.get(name, "")) for name in _DOCUMENTS
    )
    numbers = "".join(
        f"<SerialNo{attributes(('cryptoKey', n.crypto_key), ('cryptoCode', n.crypto_code))}>{text(n.text)}</SerialNo>"
        for n in answer.numbers
    )
    error = one("ErrorCode", answer.error_code) + one("ErrorMessage", answer.error_message)
    body = (
        "".join(one(name, other.get(name, "")) for name in ("ReceivingSystem", "SendingSystem", "ActionCode"))
        + one("EncodingType", encoding)
        + one("IDType", other.get("IDType", ""))
        + (f"<Interval>{ends}</Interval>" if ends else "")
        + (f"<ObjectKey>{key}</ObjectKey>" if key else "")
        + (f"<ReferenceDocuments>{documents}</ReferenceDocuments>" if documents else "")
        + (f"<RandomizedNumberList>{numbers}</RandomizedNumberList>" if numbers else "")
        + (f"<RfidException>{error}</RfidException>" if error else "")
    )
    name = "serialNumbersRequestResponse"
    return in_soap(f'<tl:{name} xmlns:tl="{NAMESPACE}"><SNResponse>{body}</SNResponse></tl:{name}>')


def parse_answer(data: bytes, limits: Limits | None = None) -> NumberAnswer:
    """An answer from its SOAP envelope or without one. Numbers are verbatim.

    Raises:
        InputError: it is not such an answer, or a SOAP fault.
        LimitExceeded: it is too large.
    """
    root = messages.open_message(data, "serialNumbersRequestResponse", NAMESPACE, limits or Limits())
    node = child(root, "SNResponse")
    key, interval, error = child(node, "ObjectKey"), child(node, "Interval"), child(node, "RfidException")
    documents = child(node, "ReferenceDocuments")
    names = ("ReceivingSystem", "SendingSystem", "ActionCode", "IDType")
    other = {name: said for name in names if (said := value(node, name))}
    other |= {name: said for name in _DOCUMENTS[:-1] if (said := value(documents, name))}
    other |= messages.unknown(node, _IN_ANSWER)
    kind = next((kind for kind in Kind if kind.value == value(node, "EncodingType")), None)
    if kind is None:
        for name, said in (("EncodingType", value(node, "EncodingType")), ("ObjectKey/Name", value(key, "Name"))):
            other |= {name: said} if said else {}
    return NumberAnswer(
        kind,
        value(key, "Value"),
        tuple(
            Number((found.text or "").strip(), str(found.get("cryptoKey", "")), str(found.get("cryptoCode", "")))
            for found in children(child(node, "RandomizedNumberList"), "SerialNo")
        ),
        (value(interval, "NumberFrom"), value(interval, "NumberTo")) if interval is not None else None,
        value(documents, "ReferenceId"),
        value(error, "ErrorCode"),
        value(error, "ErrorMessage"),
        other,
    )


def _check_codes(id_type: str, encoding_type: str, key_name: str) -> None:
    for name, code, known in (
        ("IdType", id_type, ID_TYPES),
        ("EncodingType", encoding_type, ENCODING_TYPES),
        ("ObjectKey/Name", key_name, KEY_NAMES),
    ):
        if code and code not in known:
            raise InputError(Finding.of(rules.VALUE, f"{name} is {code!r}", value=code, expected=", ".join(known)))


def _boolean(written: str) -> bool:
    if written not in ("true", "false", "1", "0"):
        message = f"SyncRequest is {written!r}"
        raise InputError(Finding.of(rules.VALUE, message, value=written, expected="true or false"))
    return written in ("true", "1")
