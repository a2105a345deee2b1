"""SOAP without a network: requests that zeep builds from our WSDLs, and envelopes that come back.

zeep is imported when the first request is built, and only here. Its transport opens nothing but files of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from lxml import etree

from gateway.resources import shipped

ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
ADDRESSING: Final = "http://www.w3.org/2005/08/addressing"
CONTENT_TYPE: Final = "text/xml; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Service:
    """One operation of a service, as one of our WSDLs describes it.

    Attributes:
        path: the WSDL below ``xsd/``.
        operation: the name of the operation.
    """

    path: tuple[str, ...]
    operation: str

    @property
    def action(self) -> str:
        """The SOAPAction, empty where the service wants none."""
        return str(_binding(self.path).get(self.operation).soapaction or "")

    @property
    def address(self) -> str:
        """Where the service stood when its description was written."""
        return str(_client(self.path).service._binding_options["address"])  # noqa: SLF001 - zeep has no public name

    @property
    def location(self) -> str:
        """The path of that address."""
        return urlsplit(self.address).path

    def headers(self) -> dict[str, str]:
        """The HTTP headers of a request."""
        return {"Content-Type": CONTENT_TYPE, "SOAPAction": f'"{self.action}"'}

    def request(self, values: Mapping[str, Any], headers: Iterable[etree._Element] = ()) -> bytes:
        """The envelope of a request. Values are named as the description names them; None is written as nil.

        Raises:
            zeep.exceptions.ValidationError: a value that the description asks for is missing.
        """
        client = _client(self.path)
        extra = {"_soapheaders": list(headers)} if headers else {}
        envelope = client.create_message(client.service, self.operation, **values, **extra)
        return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")

    def addressing(self, message_id: str) -> list[etree._Element]:
        """The three headers of WS-Addressing 1.0: Action, MessageID and To.

        Args:
            message_id: a UUID, in text.
        """
        pairs = (("Action", self.action), ("MessageID", f"urn:uuid:{message_id}"), ("To", self.address))
        out = []
        for name, value in pairs:
            element = etree.Element(f"{{{ADDRESSING}}}{name}", nsmap={"wsa": ADDRESSING})
            element.text = value
            out.append(element)
        return out


@dataclass(frozen=True, slots=True)
class Envelope:
    """What came in an envelope.

    Attributes:
        payload: the first element of the body, or of a fault's detail; None for an empty one.
        fault: the fault's text where the envelope holds one, else None.
    """

    payload: etree._Element | None
    fault: str | None = None


def read_envelope(data: bytes) -> Envelope:
    """Open an envelope, without entities, DTD and network.

    Raises:
        ValueError: it is no SOAP 1.1 envelope.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        message = f"the XML is not well-formed: {error.msg}"
        raise ValueError(message) from error
    if root.getroottree().docinfo.internalDTD is not None:
        message = "the XML has a document type declaration"
        raise ValueError(message)
    body = root.find(f"{{{ENVELOPE}}}Body") if root.tag == f"{{{ENVELOPE}}}Envelope" else None
    if body is None:
        message = f"the XML is no SOAP 1.1 envelope with a body, but {root.tag}"
        raise ValueError(message)
    first = next(iter(body), None)
    if first is None or first.tag != f"{{{ENVELOPE}}}Fault":
        return Envelope(first)
    detail = first.find("detail")
    return Envelope(next(iter(detail), None) if detail is not None else None, first.findtext("faultstring") or "")


def write_envelope(payload: str, fault: str | None = None) -> bytes:
    """An envelope around an element that is written already, as a server answers; with `fault`, as detail of a fault.

    Args:
        payload: the element.
        fault: the fault's text, escaped.
    """
    if fault is not None:
        payload = (
            f"<S:Fault><faultcode>S:Server</faultcode><faultstring>{fault}</faultstring>"
            f"<detail>{payload}</detail></S:Fault>"
        )
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    return f'{head}<S:Envelope xmlns:S="{ENVELOPE}"><S:Body>{payload}</S:Body></S:Envelope>'.encode()


def _binding(path: tuple[str, ...]) -> Any:
    return _client(path).service._binding  # noqa: SLF001 - zeep has no public name for it


@cache
def _client(path: tuple[str, ...]) -> Any:
    import zeep  # noqa: PLC0415 - it costs a third of a second, and only SOAP needs it

    library: Any = zeep  # it has no types

    class Offline(library.Transport):  # type: ignore[misc]
        """Reads our files and refuses everything else."""

        def _load_remote_data(self, url: str) -> bytes:
            message = f"nothing is fetched: {url}"
            raise ValueError(message)

        def get(self, address: str, params: Any, headers: Any) -> Any:  # noqa: ARG002 - zeep's signature
            return self._load_remote_data(address)

        def post(self, address: str, message: Any, headers: Any) -> Any:  # noqa: ARG002 - zeep's signature
            return self._load_remote_data(address)

    offline: Any = Offline
    return library.Client(str(shipped("xsd", *path)), transport=offline())
