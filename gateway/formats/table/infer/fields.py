"""From roles to the fields of a mapping."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from gateway import gs1
from gateway.formats.table.infer import words
from gateway.formats.table.infer.looks import Look
from gateway.formats.table.infer.proposal import Proposal
from gateway.formats.table.infer.role import HIGH, TIMES, Role

_DECIMAL_COMMA = re.compile(r"[0-9]+(?:\.[0-9]{3})*,[0-9]{1,2}")
_GTIN_PART = {"regex": {"pattern": "01([0-9]{14})21.*"}}
_SERIAL_PART = {"regex": {"pattern": "01[0-9]{14}21([^\\x1d]{1,20})(?:\\x1d.*)?"}}
_LOOKED_AT = 500
#: Digits with one sign three places before the end: thousands, or three decimals.
_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}([.,])[0-9]{3}")
#: Fields by kind, where the name differs.
_NAMES = {"quantity": "amount", "uom": "unit", "site": "plant", "receiver": "ship_to"}
#: Transforms by kind, where the name differs.
_TRANSFORMS = {
    "sscc": "sscc", "parent": "sscc", "code": "sgtin", "delivery": "text", "order": "text", "sender": "gln",
    "receiver": "gln", "owner": "gln", "site": "gln",
}  # fmt: skip

#: Fields that a setting supplies: header of the column that could, the setting, the transform.
_SETTINGS = {"event_time": ("Event time", "event-time", "datetime"), "gtin": ("GTIN", "gtin", "gtin")}


class Fields:
    """Collects the fields of a proposal.

    Args:
        proposal: takes comments and questions.
    """

    def __init__(self, proposal: Proposal) -> None:
        self._proposal = proposal
        self.specs: dict[str, dict[str, Any]] = {}

    def add(self, role: Role, name: str = "", *, required: bool = True, **more: Any) -> str:
        """Make a field of a role; gives its name."""
        name = name or _NAMES.get(role.kind, role.kind)
        if name in self.specs:
            return name
        spec: dict[str, Any] = {"preamble" if role.above else "column": role.look.header}
        if role.joins:
            spec = {"join": role.joins, "separator": " "}
        spec |= self._transform(role)
        spec |= more
        if not required:
            spec["required"] = False
        self.specs[name] = spec
        self._proposal.used.setdefault(id(role), []).append(name)
        if role.doubt:
            self._proposal.ask(role.look.header, role.doubt)
        if role.confidence != HIGH or role.doubt:
            self._proposal.comments[name] = f"{role.confidence}: {role.doubt or role.reasons[-1]}"
        return name

    def code(self, role: Role) -> tuple[str, str]:
        """GTIN and serial number out of one cell; gives the names of the two fields."""
        gtin = self.add(role, "gtin", steps=[_GTIN_PART], transform="gtin")
        return gtin, self.add(role, "serial", steps=[_SERIAL_PART], transform="serial")

    def joined(self, gtin: Role, serial: Role, name: str, *, required: bool) -> str:
        """One identifier out of a column of GTINs and one of serial numbers, put together as an element string."""
        self.specs[name] = {
            "join": [gtin.look.header, serial.look.header],
            "separator": "(21)",
            "steps": [{"prefix": "(01)"}],
            "transform": "sgtin",
        } | ({} if required else {"required": False})
        for role in (gtin, serial):
            self._proposal.used.setdefault(id(role), []).append(name)
        return name

    def elements(self, role: Role, missing: Iterable[str]) -> list[str]:
        """Lot and expiry out of a scanned code that holds them, for tables without columns of their own."""
        found = _identifiers(role.look.distinct[:_LOOKED_AT])
        made = []
        parts: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("lot", "10", {"transform": "lot"}),
            ("expiry", "17", {"transform": "date", "formats": ["YYMMDD"], "day_00": "last"}),
        )
        for kind, ai, more in parts:
            if kind in missing and ai in found:
                made.append(self.add(role, kind, steps=[{"element": ai}], **more))
        return made

    def setting(self, name: str, taken: Iterable[str]) -> str:
        """A value that no column has: it comes from a setting, ``event-time`` or ``gtin``."""
        if name not in self.specs:
            title, key, transform = _SETTINGS[name]
            known = {text.casefold() for text in taken}
            while title.casefold() in known:
                title += " (setting)"
            self.specs[name] = {"column": title, "transform": transform, "otherwise": key}
            self._proposal.comments[name] = f"not in the sample: given by --set {key}=, or by such a column"
        return name

    def _transform(self, role: Role) -> dict[str, Any]:
        kind = role.kind
        if kind in TIMES:
            return self._time(role)
        if kind in {"expiry", "production"}:
            return _date(role)
        return self._unit(role) if kind == "uom" else {"transform": _TRANSFORMS.get(kind, kind)}

    def _time(self, role: Role) -> dict[str, Any]:
        forms = role.look.dates
        out: dict[str, Any] = {"transform": "datetime"}
        if forms is not None and forms.formats:
            out["formats"] = list(forms.formats)
            if forms.steps:
                out["steps"] = [*forms.steps]
        if forms is None or forms.formats or forms.proof == "date cells":
            self._proposal.ask(
                "time zone",
                "the times have no zone: give --set time-zone=, or write `zone: Europe/Berlin` or the like into fields",
                "time-zone",
            )
        return out

    def _unit(self, role: Role) -> dict[str, Any]:
        table = {}
        for text in role.look.distinct:
            code = words.unit(text)
            if code is None:
                question = f'what unit is {text!r}? Write its code into `table`; "" is pieces'
                self._proposal.ask(role.look.header, question)
            else:
                table[text] = code
        return {"transform": "uom", "table": table}


def _identifiers(codes: Sequence[str]) -> set[str]:
    """The application identifiers that all of the codes have; none where one of them is no element string."""
    common: set[str] | None = None
    for code in codes:
        try:
            found = {element.ai for element in gs1.parse_element_string(code)}
        except gs1.Gs1Error:
            return set()
        common = found if common is None else common & found
    return common or set()


def _date(role: Role) -> dict[str, Any]:
    forms = role.look.dates
    out: dict[str, Any] = {"transform": "date"}
    if forms is not None and forms.formats:
        out["formats"] = list(forms.formats)
        if forms.steps:
            out["steps"] = [*forms.steps]
        zero = any(text.endswith("00") for text in role.look.distinct if "D" in forms.formats[0])
        if zero or any("D" not in form for form in forms.formats):
            out["day_00"] = "last"
    return out


def decimal(look: Look) -> tuple[str, str]:
    """The decimal sign of a column of numbers, and a value that leaves it open, empty when nothing does."""
    if any(_DECIMAL_COMMA.fullmatch(text) for text in look.distinct):
        return ",", ""
    open_ = next((text for text in look.distinct if _AMBIGUOUS.fullmatch(text)), "")
    proven = any(re.search(r"\.[0-9]{1,2}$", text) for text in look.distinct)
    return ".", "" if proven else open_
