"""Values that a target has no standard place for: carried where a schema allows foreign content, or lost.

Carried content has a name in the namespace `CARRY`, so that receivers ignore it and our reader restores it.
"""

from __future__ import annotations

from typing import Final

from gateway.findings import Losses, LossRule, Outcome
from gateway.formats.epcis_xml.names import CARRY, CARRY_PREFIX
from gateway.formats.epcis_xml.scope import Scope
from gateway.formats.epcis_xml.standalone import standalone

#: Carried content of an event: the place that it comes from.
ELEMENTS: Final = "elements"
INNER: Final = "extension"
BASE: Final = "baseExtension"
CERTIFICATION: Final = "certificationInfo"
QUANTITY_EVENT: Final = "quantityEvent"

#: Carried content of a document.
HEADER_ELEMENTS: Final = "headerElements"
MASTER_DATA_ELEMENTS: Final = "masterDataElements"
MASTER_DATA: Final = "masterData"
EVENT_LIST_ELEMENTS: Final = "eventListElements"
BODY_ELEMENTS: Final = "bodyElements"

#: Carried attributes of the root element.
DOCUMENT_ID: Final = "id"
SENDER: Final = "sender"
RECEIVER: Final = "receiver"
INSTANCE: Final = "instanceIdentifier"
BUILT_HEADER: Final = "builtHeader"
SCHEMA_LOCATION: Final = "schemaLocation"


def wrapped(name: str, content: str) -> str:
    """Content inside ``carry:name``, a complete element."""
    start = f'{CARRY_PREFIX}:{name} xmlns:{CARRY_PREFIX}="{CARRY}"'
    return f"<{start}>{content}</{CARRY_PREFIX}:{name}>" if content else f"<{start}/>"


class Homeless:
    """Enters losses for one event or document at a time.

    Args:
        losses: where they go.
        scope: prefixes that the document declares; a loss repeats those that it uses, so that it can be read alone.

    Attributes:
        event: number of the event, 0 for the document.
        event_id: its eventID, empty when there is none.
    """

    def __init__(self, losses: Losses, scope: Scope) -> None:
        self._losses = losses
        self._scope = scope
        self.carries = losses.carries()
        self.event = 0
        self.event_id = ""

    def place(self, rule: LossRule, field: str, value: str, carrier: str = "") -> str:
        """Enter a value and say what to write for it: the `carrier` (default: the value), or nothing if it is lost."""
        outcome = Outcome.CARRIED if self.carries else Outcome.LOST
        alone = standalone(value, self._scope.uris)
        self._losses.add(rule, outcome, field, alone, event=self.event, event_id=self.event_id)
        return (carrier or value) if self.carries else ""

    def lose(self, rule: LossRule, field: str, value: str) -> None:
        """Enter a value that has no place in any mode."""
        self._losses.add(rule, Outcome.LOST, field, value, event=self.event, event_id=self.event_id)
