"""A document as processMessages of rfXcel's messaging service: one envelope around EPCIS 1.x XML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Final

from msgspec import structs

from gateway.epcis.document import Document
from gateway.epcis.element import Element
from gateway.epcis.events import Event, ObjectEvent, TransformationEvent
from gateway.epcis.legacy_ilmd import CBV_MASTER_DATA, GS1_US_HEALTHCARE
from gateway.findings import Outcome
from gateway.formats.base import Context
from gateway.formats.epcis_xml import write as epcis_write
from gateway.formats.epcis_xml.escape import attribute, text
from gateway.formats.epcis_xml.losses import HEADER
from gateway.formats.epcis_xml.names import V1
from gateway.formats.epcis_xml.scope import Scope, declaration
from gateway.formats.epcis_xml.write_element import write_element
from gateway.formats.rfxcel import rules, settings
from gateway.formats.rfxcel.names import (
    API,
    EVENTS_ENV,
    MESSAGING,
    MSG_FORMAT,
    MSG_TYPE,
    MSG_TYPE_VERSION,
    NAMESPACES,
    SOAP,
)
from gateway.options import CREATION_DATE, Setting

#: Lot and expiry in the order in which the flavour has them, and their names in both namespaces.
_LOT_FIRST: Final = ("lotNumber", "itemExpirationDate")
_RENAMED: Final = {f"{{{CBV_MASTER_DATA}}}{local}": f"{{{GS1_US_HEALTHCARE}}}{local}" for local in _LOT_FIRST}


def write(document: Document, context: Context) -> Iterator[bytes]:
    """Write a document.

    Raises:
        InputError: there is no creationDate, and nobody gave one.
    """
    options = context.options
    document = _without_envelopes(document, context)
    if options.get(settings.ILMD_NAMESPACE) == "gs1ushc":
        document.events = _in_healthcare_namespace(document.events)
    created = document.header.creation_date or options.get(CREATION_DATE) or context.now
    start, end = _around(context, created)
    version = replace(V1, number=options.get(settings.SCHEMA_VERSION))
    blocks = epcis_write.write(document, context, version)
    declared = epcis_write.DECLARATION.encode()
    first = next(blocks, b"")
    yield declared + start.encode()
    yield first.removeprefix(declared)
    yield from blocks
    yield end.encode()


def _without_envelopes(document: Document, context: Context) -> Document:
    """The envelopes of an earlier message are not those of this one: their values are listed as lost."""
    header = document.header
    old = [item for item in header.extensions if item.namespace in NAMESPACES]
    for item in old:
        context.losses.add(HEADER, Outcome.LOST, item.local, write_element(item, Scope({})))
    kept = [item for item in header.extensions if item.namespace not in NAMESPACES]
    return replace(document, header=structs.replace(header, extensions=kept))


def _in_healthcare_namespace(events: Iterable[Event]) -> Iterator[Event]:
    for event in events:
        if isinstance(event, ObjectEvent | TransformationEvent) and event.ilmd:
            event.kin = None
            event.ilmd = sorted(map(_renamed, event.ilmd), key=_rank)
        yield event


def _renamed(item: Element) -> Element:
    name = _RENAMED.get(item.name)
    return item if name is None else structs.replace(item, name=name, prefix="gs1ushc")


def _rank(item: Element) -> int:
    """Lot, expiry, then the rest in its order."""
    if item.namespace == GS1_US_HEALTHCARE and item.local in _LOT_FIRST:
        return _LOT_FIRST.index(item.local)
    return len(_LOT_FIRST)


def _around(context: Context, created: str) -> tuple[str, str]:
    """What stands before and behind the EPCIS document."""
    need = _Needs(context)
    options = context.options
    soap = options.get(settings.SOAP_ENVELOPE) == "envelope"
    version = attribute(need.value("contentStructVer", settings.CONTENT_VERSION))
    request = options.get(settings.REQUEST_ID)
    request_id = f' requestId="{attribute(request)}"' if request else ""
    env = need.value(f"namespace of {EVENTS_ENV}", settings.ENV_NAMESPACE)
    env_tag = EVENTS_ENV if env == settings.NONE else f"env:{EVENTS_ENV}"
    env_declared = "" if env == settings.NONE else declaration("env", env)
    info = chain(
        _party("senderId", need, (settings.SENDER_ID, settings.SENDER_QUALIFIER, settings.SENDER_TYPE)),
        _party("receiverId", need, (settings.RECEIVER_ID, settings.RECEIVER_QUALIFIER, settings.RECEIVER_TYPE)),
        (f"<a:msgFormat>{MSG_FORMAT}</a:msgFormat>",),
        (f'<a:msgType ver="{MSG_TYPE_VERSION}">{MSG_TYPE}</a:msgType>',),
        _optional("msgId", options.get(settings.MESSAGE_ID)),
        _optional("fileName", options.get(settings.FILE_NAME)),
    )
    start = (
        (f"<soap:Envelope{declaration('soap', SOAP)}>\n<soap:Body>\n" if soap else "")
        + f"<ms:processMessages{declaration('ms', MESSAGING)}{declaration('a', API)} "
        + f'contentStructVer="{version}" createDateTime="{attribute(created)}"{request_id}>\n'
        + "<ms:msgEnvelopeList>\n<a:envelope>\n<a:header><a:msgInfo>"
        + "".join(info)
        + f"</a:msgInfo></a:header>\n<a:body>\n<{env_tag}{env_declared}>\n"
    )
    end = f"</{env_tag}>\n</a:body>\n</a:envelope>\n</ms:msgEnvelopeList>\n</ms:processMessages>\n"
    return start, end + ("</soap:Body>\n</soap:Envelope>\n" if soap else "")


def _party(local: str, need: _Needs, found: tuple[Setting, Setting, Setting]) -> Iterator[str]:
    identifier, qualifier, kind = (need.value(f"{local} {s.key}", s) for s in found)
    yield f'<a:{local} qlfr="{attribute(qualifier)}" type="{attribute(kind)}">{text(identifier)}</a:{local}>'


def _optional(local: str, value: str) -> Iterator[str]:
    if value:
        yield f"<a:{local}>{text(value)}</a:{local}>"


class _Needs:
    """Settings that must be given."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def value(self, name: str, setting: Setting) -> str:
        """The setting's value; empty when it is missing, which is reported."""
        value = self._context.options.get(setting)
        if not value:
            hint = f"give it with --set {setting.key}=... ({setting.title})"
            self._context.findings.report(rules.VALUE_MISSING, f"{name} is not known", hint=hint)
        return value
