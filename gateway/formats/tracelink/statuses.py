"""What a PackagingSerialNumberStatus means in EPCIS.

TraceLink's mapping names business step and disposition. The action follows from what EPCIS says of actions (EPCIS
2.0, clause 7.3.3.1): what ends the life of a serial number is DELETE, everything else but commissioning OBSERVE.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Meaning(NamedTuple):
    """A status in words of EPCIS.

    Attributes:
        action: of the ObjectEvent.
        biz_step: CBV word.
        disposition: CBV word; empty when the status alone says none.
    """

    action: str
    biz_step: str
    disposition: str


STATUSES: Final[Mapping[str, Meaning]] = {
    "ENCODED": Meaning("OBSERVE", "encoding", "encoded"),
    "DEACTIVATED": Meaning("DELETE", "decommissioning", "inactive"),
    "DECOMMISSIONED": Meaning("DELETE", "decommissioning", ""),
    "DESTROYED": Meaning("DELETE", "destroying", "destroyed"),
}

#: ItemAttribute that says the disposition of a decommissioned object.
ATTRIBUTES: Final[Mapping[str, str]] = {"DAMAGED": "damaged"}
