"""From roles and structure to the mapping: fields, things and events, and what a person has to decide."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from gateway.formats.table.infer import open_points, times, words
from gateway.formats.table.infer.fields import Fields, decimal
from gateway.formats.table.infer.proposal import Proposal
from gateway.formats.table.infer.relations import Container, Structure
from gateway.formats.table.infer.role import HIGH, IGNORED, PARTIES, Role
from gateway.formats.table.infer.times import plural

_COMMISSIONING = {"biz_step": "commissioning", "disposition": "active"}
_PACKING = {"biz_step": "packing", "disposition": "in_progress"}
_SHIPPING = {"biz_step": "shipping", "disposition": "in_transit"}


class Builder:
    """Builds the parts of one mapping.

    Args:
        proposal: takes fields' comments and questions.
        roles: what the columns are.
        structure: how the rows hang together.
        names: the headers of the table.
    """

    def __init__(self, proposal: Proposal, roles: Sequence[Role], structure: Structure, names: Sequence[str]) -> None:
        self._proposal = proposal
        self._roles = {role.kind: role for role in reversed(roles)}
        self._all = roles
        self._structure = structure
        self._names = names
        self.fields = Fields(proposal)
        self.objects: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        #: Own settings of the mapping.
        self.settings: dict[str, str] = {}
        #: The smallest thing, empty when the sample names none.
        self.smallest = ""

    def build(self) -> bool:
        """Fill fields, objects and events; whether the sample says which things its rows are about."""
        containers = self._structure.containers
        own = self._smallest()
        if not own:
            return False
        names = [self.smallest, *(container.name for container in containers)]
        for container in containers:
            own[container.name] = self._container(container)
        for name, outer in zip(names, [*names[1:], ""], strict=True):
            self.objects[name] = own[name] | ({"inside": outer} if outer else {})
        ilmd = self._ilmd()
        if self._only_containers():
            self._ship(self.smallest)
        else:
            self._make(containers, ilmd)
            if "shipped" in self._roles:
                self._ship("outermost")
        open_points.left_out(self._proposal, self._all)
        open_points.codes(self._proposal, self._all, self.fields.specs)
        open_points.other_events(self._proposal, self._all, self.smallest, ilmd or containers)
        open_points.headers(self._proposal, self._all)
        open_points.company_prefixes(self._proposal, self._all)
        return True

    def _container(self, container: Container) -> dict[str, str]:
        required = not container.optional
        if container.gtin is None:
            kind = "epc" if container.role.look.uris else "sscc"
            return {kind: self.fields.add(container.role, container.name, required=required, transform=kind)}
        return {"epc": self.fields.joined(container.gtin, container.role, container.name, required=required)}

    def _smallest(self) -> dict[str, dict[str, Any]]:
        """How the smallest thing is identified; empty when the sample does not say."""
        fine, roles = self._structure.fine, self._roles
        own: dict[str, Any] = {}
        kind = "serial" if fine is not None and fine.kind in {"mixed", "serial"} else ""
        if fine is not None and self._structure.codes:
            self.smallest, own = "pack", {"epc": self.fields.add(fine, "code", transform="sgtin")}
        elif "code" in roles and (fine is None or fine.kind == "code"):
            self.smallest, own = "pack", {"epc": self.fields.add(roles["code"])}
            self.fields.elements(roles["code"], {"lot", "expiry"} - set(roles))
        elif "bare" in roles:
            self.smallest, own = "pack", {"sgtin": list(self.fields.code(roles["bare"]))}
        elif (kind or "serial" in roles) and ("gtin" in roles or self._may_lack_gtin()):
            gtin = self.fields.add(roles["gtin"]) if "gtin" in roles else self._missing_gtin()
            column = fine if fine is not None and kind else roles["serial"]
            serial = self.fields.add(column, "serial", transform="serial")
            self.smallest, own = "pack", {"sgtin": [gtin, serial]}
            self._numbers(fine or roles["serial"])
        elif "gtin" in roles and "quantity" in roles:
            self.smallest, own = "goods", {"quantity": self._quantity()}
        elif fine is not None and fine.kind in {"sscc", "parent"}:
            way = "epc" if fine.look.uris else "sscc"
            taken = {container.name for container in self._structure.containers}
            self.smallest = fine.thing if fine.thing in {*words.LEVELS[1:]} - taken else "unit"
            own = {way: self.fields.add(fine, self.smallest, transform=way)}
        return {self.smallest: own} if own else {}

    def _may_lack_gtin(self) -> bool:
        """Whether these are packs without a GTIN: nothing is called so, and that they are packs is sure."""
        called = any(match.kind == "gtin" for role in self._all for match in words.meanings(role.look.header))
        serial = self._roles.get("serial")
        return not called and ("sscc" in self._roles or (serial is not None and serial.confidence == HIGH))

    def _missing_gtin(self) -> str:
        """Packs without a GTIN: a setting gives it."""
        text = "no column and no cell above has the GTIN of the packs: give --set gtin=, or make it a constant column"
        self._proposal.ask("GTIN", text, "gtin")
        self.settings["gtin"] = "GTIN of the packs, for files that do not say it"
        return self.fields.setting("gtin", self._names)

    def _numbers(self, serial: Role) -> None:
        if serial.look.numbers:
            text = "the serial numbers are numbers in the sheet, leading zeros would be lost: such rows are refused"
            self._proposal.ask(serial.look.header, f"{text}; `numbers: as-shown` takes them if none begins with 0")

    def _quantity(self) -> dict[str, str]:
        roles = self._roles
        out = {"gtin": self.fields.add(roles["gtin"])}
        if "lot" in roles:
            out["lot"] = self.fields.add(roles["lot"])
        out["amount"] = self.fields.add(roles["quantity"])
        if "uom" in roles:
            # Pieces have no unit: the cell then counts as empty.
            out["uom"] = self.fields.add(roles["uom"], required=False)
        return out

    def _only_containers(self) -> bool:
        """Whether the table is a list of containers, which says what was shipped."""
        fine = self._structure.fine
        if fine is None or self._structure.levels is not None or self._structure.containers:
            return False
        if not {"shipped", "delivery", "receiver"} & set(self._roles):
            self._proposal.ask(
                fine.look.header, "nothing says what happened to these containers; a shipping event is proposed"
            )
        return True

    def _ilmd(self) -> dict[str, str]:
        out = {}
        for kind, attribute in (
            ("lot", "lotNumber"), ("expiry", "itemExpirationDate"), ("production", "productionDate"),
        ):  # fmt: skip
            role = self._roles.get(kind)
            if role is not None:
                gaps = role.look.gaps and self._structure.levels is None and role not in self._structure.fill_down
                out[attribute] = self.fields.add(role, required=not gaps)
            elif kind in self.fields.specs:
                out[attribute] = kind
        return out

    def _make(self, containers: Sequence[Container], ilmd: dict[str, str]) -> None:
        """Commissioning of everything, then packing."""
        made, packed = self._times(containers)
        place = self._place()
        names = [self.smallest, *(container.name for container in containers)]
        for index, name in enumerate(names):
            event: dict[str, Any] = {"event": "ObjectEvent", "action": "ADD", "epcs": name, "time": made[name]}
            event |= _COMMISSIONING | place
            if not index:
                event |= {"ilmd": ilmd} if ilmd else {}
                event |= {"group": ["gtin"]} if "gtin" in self.fields.specs else {}
            self.events.append(event)
        for inner, outer in pairwise(names):
            event = {"event": "AggregationEvent", "action": "ADD", "parent": outer, "children": inner}
            self.events.append(event | {"time": packed[inner]} | _PACKING | place)

    def _times(self, containers: Sequence[Container]) -> tuple[dict[str, str], dict[str, str]]:
        """For each thing the field of its commissioning, and of its packing into what contains it."""
        names = [self.smallest, *(container.name for container in containers)]
        levels = self._structure.levels
        if levels is not None:
            role = next((self._roles[k] for k in ("time", "commissioned", "packed") if k in self._roles), None)
            if role is None or role.above or role.look.gaps:
                return self._all_from(role, names)
            time = self.fields.add(role, "made")
            if levels.parent is not None:
                return dict.fromkeys(names, time), dict.fromkeys(names, time)
            inherited = self.fields.add(role, "packed")
            self._proposal.notes.append("a thing is packed at the time in the row of its container")
            return dict.fromkeys(names, time), dict.fromkeys(names, inherited)
        found = times.find(self._all, containers)
        made = {self.smallest: self._field(found.made, f"no column says when {plural(self.smallest)} were made")}
        packed = {}
        for inner, container in zip(names, containers, strict=False):
            made[container.name] = self._field(found.packed[container.name])
            packed[inner] = made[container.name]
        for doubt in found.doubts:
            self._proposal.ask("event time", doubt, "event-time")
        return made, packed

    def _all_from(self, role: Role | None, names: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
        name = self._field(role, "the sample does not say when things happened")
        return dict.fromkeys(names, name), dict.fromkeys(names, name)

    def _field(self, role: Role | None, doubt: str = "") -> str:
        if role is None:
            if doubt:
                self._proposal.ask("event time", doubt, "event-time")
            return self.fields.setting("event_time", self._names)
        more: dict[str, Any] = (
            {"otherwise": "event-time"} if role.look.gaps and role not in self._structure.fill_down else {}
        )
        return self.fields.add(role, **more)

    def _place(self) -> dict[str, str]:
        if "site" in self._roles:
            name = self.fields.add(self._roles["site"], required=not self._roles["site"].look.gaps)
            return {"read_point": name, "biz_location": name}
        self._no_place()
        return {}

    def _no_place(self) -> None:
        text = "no column says where: give --set read-point= with the GLN, or write `read_point` into the events"
        self._proposal.ask("read point", text, "read-point")

    def _ship(self, what: str) -> None:
        """What left, with documents and parties."""
        roles, alone = self._roles, what != "outermost"
        time = roles.get("shipped") or (roles.get("time") if alone else None)
        text = "the sample does not say when the containers left"
        event: dict[str, Any] = {"event": "ObjectEvent", "action": "OBSERVE", "epcs": what}
        event["time"] = self._field(time, text) if alone else self.fields.add(roles["shipped"], required=False)
        event |= _SHIPPING
        if "site" in roles:
            event["read_point"] = self.fields.add(roles["site"], required=not roles["site"].look.gaps)
        else:
            self._no_place()
        filled = [kind for kind in ("delivery", "order", *PARTIES[:3]) if kind in roles]
        fields = {kind: self.fields.add(roles[kind], required=alone and not roles[kind].look.gaps) for kind in filled
                  if kind not in {"delivery", "order"} or _issuer(kind) in roles}  # fmt: skip
        if not alone:
            event["when"] = [event["time"], *(f for k, f in fields.items() if not roles[k].look.gaps)]
        transactions = [
            {"type": kind_, "number": fields[kind], "issuer": fields[_issuer(kind)]}
            for kind, kind_ in (("delivery", "desadv"), ("order", "po"))
            if kind in fields
        ]
        if transactions:
            event["transactions"] = transactions
        event |= _parties("sources", fields, "owner", "sender")
        event |= _parties("destinations", fields, "", "receiver")
        self.events.append(event)

    def ignored(self) -> list[str]:
        """Headers of columns that are left out on purpose."""
        return [
            role.look.header
            for role in self._all
            if role.kind in {*IGNORED, "empty"} and not role.above and role.look.header
        ]

    def counts(self, structure: Structure) -> dict[str, int]:
        """How many of each thing there are in the sample."""
        out: dict[str, int] = {}
        levels = structure.levels
        if levels is not None:
            texts = levels.column.look.texts
            return {name: texts.count(value) for value, name in levels.objects.items()}
        fine = next((self._roles[k] for k in ("code", "bare", "serial") if k in self._roles), structure.fine)
        if fine is not None:
            out[self.smallest] = len(fine.look.filled)
        return out | {one.name: len(set(filter(None, one.values))) for one in structure.containers}

    def decimal(self) -> str:
        """The decimal sign of amounts."""
        if self.smallest != "goods":
            return "."
        sign, doubtful = decimal(self._roles["quantity"].look)
        if doubtful:
            text = (
                f"{doubtful!r} is read with the decimal sign {sign!r}; nothing shows that it is not the other way round"
            )
            self._proposal.ask(self._roles["quantity"].look.header, text)
        return sign


def _issuer(document: str) -> str:
    """Who gives a document its number: the seller a delivery note, the buyer an order."""
    return "sender" if document == "delivery" else "receiver"


def _parties(key: str, fields: dict[str, str], owner: str, holder: str) -> dict[str, Any]:
    found = [("owning_party", owner), ("possessing_party", holder)]
    parties = [{"type": kind, "party": fields[role]} for kind, role in found if role in fields]
    return {key: parties} if parties else {}
