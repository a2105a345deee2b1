"""Following one identifier through all messages, whatever spelling each of them uses.

The index names the messages that probably name it; each of them is then read from the archive, which proves it and says
in which events. A message that cannot be read any more (its bytes are gone) is told as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from gateway.convert import convert
from gateway.epcis.events import Event
from gateway.errors import ConfigurationError, GatewayError, UsageError
from gateway.exchange.flow.requests import events_of, request_of
from gateway.exchange.ledger import epc_index, left_out
from gateway.exchange.ledger.epcs import canonical, classes, instances
from gateway.exchange.ledger.past import Past
from gateway.exchange.ledger.tables import Message
from gateway.exchange.workspace import Workspace
from gateway.findings import LossMode
from gateway.opening import settings_of

#: Events that are told of one message.
MOST_EVENTS = 100

#: What the events of a message are shown as.
JSON = "epcis-2.0-json"


@dataclass(frozen=True, slots=True)
class Mention:
    """An event that names the identifier.

    Attributes:
        number: which event of the message, from 1.
        event: the event.
        spelt: the identifier as it stands there.
        left_out: it was wrong and not passed on.
    """

    number: int
    event: Event
    spelt: str
    left_out: bool = False


@dataclass(slots=True)
class Named:
    """A message that names the identifier.

    Attributes:
        message: the message.
        mentions: its events that do, at most `MOST_EVENTS`.
        unread: why it could not be read again; then only the index says that it names it.
    """

    message: Message
    mentions: list[Mention] = field(default_factory=list)
    unread: str = ""


def trace(workspace: Workspace, links: Sequence[str], *, read: bool = True) -> Iterator[Named]:
    """The messages that name one of these canonical spellings, in the order in which they came.

    Args:
        workspace: the workspace.
        links: canonical spellings, from `gateway.exchange.ledger.epcs`.
        read: read each message to be sure; False believes the index.
    """
    with workspace.database.read() as session:
        numbers = epc_index.candidates(session, links)
    wanted, past = frozenset(links), Past(workspace.settings, workspace.database)
    for message in workspace.queries.by_numbers(numbers):
        named = Named(message)
        if read:
            try:
                gone = _left_out(workspace, message)
                named.mentions = list(_mentions(events_now_or_then(workspace, past, message), wanted, gone))
            except GatewayError as error:
                named.unread = str(error)
            if not named.mentions and not named.unread:
                continue  # two identifiers with one hash
        yield named


@contextmanager
def events_as_json(workspace: Workspace, message: Message) -> Iterator[Path]:
    """A file with the events of a message as EPCIS 2.0 JSON, in a private folder that is gone afterwards.

    Raises:
        GatewayError: it cannot be read.
    """
    request = replace(
        request_of(workspace.agreements, workspace.archive, message), to=JSON, to_mapping=None, loss=LossMode.CARRY
    )
    known = {setting.key for setting in settings_of(request)}
    request = replace(request, values={key: value for key, value in request.values.items() if key in known})
    with workspace.archive.aside(), workspace.archive.folder() as folder:
        if message.left_out:
            leaving = left_out.leaving(_left_out(workspace, message), message.left_out + 1)
            request = replace(request, leaving=leaving)
        report = convert(request, folder)
        if report.failed:
            text = f"{message.id} cannot be read: {report.findings.errors:,} errors"
            raise UsageError(text, hint=f"gateway show {message.number}")
        yield Path(report.outputs[0].path)


def events_now_or_then(workspace: Workspace, past: Past, message: Message) -> Iterator[Event]:
    """The events of a message by the agreements of now; by those of its time where its channel or mapping is gone.

    Raises:
        GatewayError: it cannot be read, at all or from there on.
    """
    try:
        request_of(workspace.agreements, workspace.archive, message)
    except ConfigurationError:
        if message.pruned_at:
            raise
        return events_of(past.agreements(message.configuration), workspace.archive, message)
    return events_of(workspace.agreements, workspace.archive, message)


def _left_out(workspace: Workspace, message: Message) -> frozenset[int]:
    """The events of a message that were wrong and not passed on."""
    if not message.left_out:
        return frozenset()
    return left_out.numbers(workspace.archive, workspace.queries.lineage(message.id).outputs)


def _mentions(events: Iterator[Event], wanted: frozenset[str], gone: frozenset[int]) -> Iterator[Mention]:
    found = 0
    for place, event in enumerate(events, 1):
        number = event.where.event or place  # events that cannot be read count too
        texts = [*instances(event), *classes(event)]
        for text, link in zip(texts, canonical(texts), strict=True):
            if link in wanted:
                yield Mention(number, event, text, number in gone)
                found += 1
                break
        if found == MOST_EVENTS:
            return
