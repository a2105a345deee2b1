"""From roles to the fields of a mapping."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from gateway import gs1
from gateway.formats.table.infer.looks import Look
from gateway.formats.table.infer.proposal import Proposal
from gateway.formats.table.infer.roles import HIGH, TIMES, Role

#: What people write for pieces, which EPCIS counts without a unit, and codes of UN/ECE Recommendation 20.
_UNITS = {"kg": "KGM", "g": "GRM", "mg": "MGM", "l": "LTR", "ml": "MLT", "kgm": "KGM", "grm": "GRM", "ltr": "LTR"}
_PIECES = frozenset(
    "ea each pc pcs nos no st stk stck pce c62 unit units ad adet шт pz ud un uds und 盒 瓶 件".split()
)
_DECIMAL_COMMA = re.compile(r"[0-9]+(?:\.[0-9]{3})*,[0-9]{1,2}")
_GTIN_PART = {"regex": {"pattern": "01([0-9]{14})21.*"}}
_SERIAL_PART = {"regex": {"pattern": "01[0-9]{14}21([^\\x1d]{1,20})(?:\\x1d.*)?"}}
#: Fields by kind, where the name differs.
_NAMES = {"quantity": "amount", "uom": "unit", "site": "plant", "receiver": "ship_to"}
_TEXTS = frozenset({"delivery", "order"})
_GLNS = frozenset({"sender", "receiver", "owner", "site"})


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

    def elements(self, role: Role, missing: Iterable[str]) -> list[str]:
        """Lot and expiry out of a scanned code that holds them, for tables without columns of their own."""
        try:
            found = dict(gs1.parse_element_string(role.look.example))
        except gs1.Gs1Error:
            return []
        made = []
        for kind, ai, more in (
            ("lot", "10", {"transform": "lot"}),
            ("expiry", "17", {"transform": "date", "formats": ["YYMMDD"], "day_00": "last"}),
        ):
            if kind in missing and ai in found:
                made.append(self.add(role, kind, **{"steps": [{"element": ai}], **more}))
        return made

    def setting(self, name: str, taken: Iterable[str]) -> str:
        """A time that no column has: it comes from the setting ``event-time``."""
        if name not in self.specs:
            title, known = "Event time", {text.casefold() for text in taken}
            while title.casefold() in known:
                title += " (setting)"
            self.specs[name] = {"column": title, "transform": "datetime", "otherwise": "event-time"}
            self._proposal.comments[name] = "not in the sample: given by --set event-time=, or by such a column"
        return name

    def _transform(self, role: Role) -> dict[str, Any]:
        kind = role.kind
        if kind in {"sscc", "parent"}:
            return {"transform": "sscc"}
        if kind in TIMES:
            return self._time(role)
        if kind in {"expiry", "production"}:
            return _date(role)
        if kind == "code":
            return {"transform": "sgtin"}
        if kind == "uom":
            return self._unit(role)
        if kind in _GLNS:
            return {"transform": "gln"}
        return {"transform": "text" if kind in _TEXTS else kind}

    def _time(self, role: Role) -> dict[str, Any]:
        forms = role.look.dates
        out: dict[str, Any] = {"transform": "datetime"}
        if forms is not None and forms.formats:
            out["formats"] = list(forms.formats)
        if forms is None or forms.formats or forms.proof == "date cells":
            self._proposal.ask(
                "time zone",
                "the times have no zone: give --set time-zone=, or write `zone: Europe/Berlin` or the like into the fields",
                "time-zone",
            )
        return out

    def _unit(self, role: Role) -> dict[str, Any]:
        table = {}
        for text in role.look.distinct:
            key = text.casefold().rstrip(".")
            if key in _PIECES or key in _UNITS:
                table[text] = "" if key in _PIECES else _UNITS[key]
            else:
                self._proposal.ask(role.look.header, f"what unit is {text!r}? Write its code into `table`; \"\" is pieces")
        return {"transform": "uom", "table": table}


def _date(role: Role) -> dict[str, Any]:
    forms = role.look.dates
    out: dict[str, Any] = {"transform": "date"}
    if forms is not None and forms.formats:
        out["formats"] = list(forms.formats)
        if forms.kind == "month" or any(text.endswith("00") for text in role.look.distinct if "D" in forms.formats[0]):
            out["day_00"] = "last"
    return out


def decimal(look: Look) -> str:
    """The decimal sign of a column of numbers."""
    return "," if any(_DECIMAL_COMMA.fullmatch(text) for text in look.distinct) else "."
