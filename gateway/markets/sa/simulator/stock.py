"""What the simulator knows of packs: who owns each one, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.markets.sa.sent import lot_name, pack_name

OK: Final = "00000"
ACTIVE, DEACTIVATED, EXPORTED, CONSUMED = "active", "deactivated", "exported", "consumed"
DISPATCHED: Final = "dispatched"
#: Answers about packs that have left the market.
ENDS: Final = {DEACTIVATED: "60000", EXPORTED: "60005", CONSUMED: "60006"}
_OTHER_MAKER, _EXPIRY, _NOT_YOURS, _NOT_HERE, _NOT_FOUND = "10306", "11016", "40002", "11036", "80506"
_NO_ACTION, _IMPORTED, _MADE, _OF_OTHERS, _ACCEPTED = "11805", "11808", "11809", "21023", "60009"
_TOO_FEW, _MORE_THAN_SHIPPED, _NOT_REGISTERED = "11042", "11043", "11035"
#: The state that an operation brings about.
_ENDING: Final = {
    "deactivation": DEACTIVATED,
    "export": EXPORTED,
    "consume": CONSUMED,
    "pharmacy-sale": CONSUMED,
}


@dataclass(slots=True)
class Pack:
    """One pack.

    Attributes:
        gtin: GTIN.
        serial: serial number.
        lot: lot.
        expiry: expiry.
        owner: GLN of who has it.
        origin: ``supply`` or ``import``.
        state: one of the states of this module.
        to: GLN of who has to accept it, while it is on its way.
        before: GLN of who transferred it.
    """

    gtin: str
    serial: str
    lot: str
    expiry: str
    owner: str
    origin: str
    state: str = ACTIVE
    to: str = ""
    before: str = ""


Row = Mapping[str, str]


class Stock:
    """All packs by name.

    Args:
        refuse: packs that are not taken, as ``(01)GTIN(21)serial`` or as serial number.

    Attributes:
        packs: by name.
        touched: packs on which operations had an effect, since somebody emptied the list.
    """

    def __init__(self, refuse: Collection[str]) -> None:
        self.packs: dict[str, Pack] = {}
        self.touched: list[Pack] = []
        self._refuse = refuse

    def told(self, row: Row) -> str:
        """What CheckStatus says of a pack."""
        pack = self.packs.get(pack_name(row["GTIN"], row["SN"]))
        return _NOT_FOUND if pack is None else ENDS.get(pack.state, OK)

    def report(self, kind: str, actor: str, fields: Row, row: Row) -> str:  # noqa: PLR0911 - a ladder of refusals
        """Let an operation have its effect on a pack; the code of the answer."""
        name = pack_name(row.get("GTIN") or fields.get("GTIN", ""), row["SN"])
        refused = name in self._refuse or row["SN"] in self._refuse
        if kind in ("supply", "import"):
            return _NOT_REGISTERED if refused else self._supply(kind, actor, fields, name, row["SN"])
        pack = self.packs.get(name)
        if pack is None:
            return _NOT_FOUND
        if refused:
            return _NOT_HERE
        if row.get("XD") and pack.expiry != row["XD"]:
            return _EXPIRY
        if kind.endswith("-cancel"):
            return self._cancel(kind.removesuffix("-cancel"), actor, fields, name, pack)
        if pack.state in ENDS:
            return ENDS[pack.state]
        if kind == "accept":
            return _accept(actor, fields, pack)
        if pack.owner != actor:
            return _NOT_YOURS
        if pack.state != ACTIVE:
            return _NOT_HERE
        self.touched.append(pack)
        return _leave(kind, fields, pack)

    def amount(self, kind: str, actor: str, fields: Row, row: Row) -> str:
        """Let an operation have its effect on an amount of a lot: on so many packs of it, or on none."""
        plain = kind.replace("-batch", "")
        accepting = plain == "accept"
        found: list[Pack] = []
        for pack in self.packs.values():
            if (pack.gtin, pack.lot) == (row["GTIN"], row["BN"]) and self._fits(plain, actor, fields, pack):
                found.append(pack)
                if len(found) == int(row["QUANTITY"]):
                    break
        if len(found) < int(row["QUANTITY"]):
            return _MORE_THAN_SHIPPED if accepting else _TOO_FEW
        for pack in found:
            self.report(plain, actor, fields, {"GTIN": pack.gtin, "SN": pack.serial})
        return OK

    def _fits(self, kind: str, actor: str, fields: Row, pack: Pack) -> bool:
        if pack_name(pack.gtin, pack.serial) in self._refuse or pack.serial in self._refuse:
            return False
        if kind == "accept":
            return (pack.state, pack.owner, pack.to) == (DISPATCHED, fields["FROMGLN"], actor)
        if kind == "dispatch-cancel":
            return (pack.state, pack.owner, pack.to) == (DISPATCHED, actor, fields["TOGLN"])
        if kind == "transfer-cancel":
            return (pack.state, pack.before) == (ACTIVE, actor)
        return (pack.state, pack.owner) == (ACTIVE, actor)

    def _supply(self, kind: str, actor: str, fields: Row, name: str, serial: str) -> str:
        if name in self.packs:
            return _OTHER_MAKER
        self.packs[name] = Pack(fields["GTIN"], serial, fields["BN"], fields["XD"], actor, kind)
        return OK

    def _cancel(  # noqa: PLR0911 - as above
        self, kind: str, actor: str, fields: Row, name: str, pack: Pack
    ) -> str:
        if kind == "transfer":
            if pack.before != actor or pack.state != ACTIVE:
                return _OF_OTHERS
            pack.owner, pack.before = actor, ""
            return OK
        if pack.owner != actor:
            return _OF_OTHERS
        if kind in ("supply", "import"):
            if pack.origin != kind:
                return _IMPORTED if kind == "supply" else _MADE
            if pack.state != ACTIVE:
                return _NOT_HERE
            del self.packs[name]
            return OK
        wanted = DISPATCHED if kind == "dispatch" else _ENDING[kind]
        if pack.state != wanted or (kind == "dispatch" and pack.to != fields["TOGLN"]):
            return _NO_ACTION
        pack.state, pack.to = ACTIVE, ""
        return OK


def _accept(actor: str, fields: Row, pack: Pack) -> str:
    if pack.state == ACTIVE and pack.owner == actor:
        return _ACCEPTED
    if (pack.state, pack.owner, pack.to) != (DISPATCHED, fields["FROMGLN"], actor):
        return _NOT_HERE
    pack.state, pack.owner, pack.to, pack.before = ACTIVE, actor, "", ""
    return OK


def _leave(kind: str, fields: Row, pack: Pack) -> str:
    if kind in ("dispatch", "return"):
        pack.state, pack.to = DISPATCHED, fields["TOGLN"]
    elif kind == "transfer":
        pack.before, pack.owner = pack.owner, fields["TOGLN"]
    else:
        pack.state = _ENDING[kind]
    return OK


def lots(packs: Collection[Pack]) -> dict[str, list[Pack]]:
    """Packs by lot."""
    found: dict[str, list[Pack]] = {}
    for pack in packs:
        found.setdefault(lot_name(pack.gtin, pack.lot), []).append(pack)
    return found
