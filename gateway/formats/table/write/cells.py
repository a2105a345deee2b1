"""From the values of fields to cells, each proved by reading it back before it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gateway.findings import LossRule, Outcome
from gateway.formats.table import losses as loss_rules
from gateway.formats.table.cells import Cell, shown
from gateway.formats.table.guard import guarded
from gateway.formats.table.sheets import plain
from gateway.formats.table.spec import FieldSpec
from gateway.formats.table.transforms import TRANSFORMS, Refused, Tools
from gateway.formats.table.transforms.inverse import INVERSES, Inverse, NotInvertible, undone
from gateway.formats.table.transforms.steps import prepared

_REMEMBER = 65536
_SERIAL_MOST = 20

Note: TypeAlias = tuple[LossRule, Outcome]


@dataclass(frozen=True, slots=True)
class Medium:
    """What kind of file the cells go into.

    Attributes:
        typed: whether cells may be dates; else all are text.
        guards: whether texts that look like formulas get an apostrophe.
    """

    typed: bool = False
    guards: bool = False

    def cell(self, cell: Cell) -> Cell:
        """The cell as it goes into the file."""
        return guarded(cell) if self.guards and isinstance(cell, str) else cell


class FieldWriter:
    """Writes the values of one field.

    Args:
        name: the field's name in the mapping.
        spec: the field.
        tools: what transforms share.
        medium: where the cells go.

    Raises:
        NotInvertible: the field's transform has no inverse.
    """

    def __init__(self, name: str, spec: FieldSpec, tools: Tools, medium: Medium) -> None:
        self.name = name
        self.spec = spec
        if spec.transform not in INVERSES:
            message = f"the transform {spec.transform!r} has no inverse"
            raise NotInvertible(message)
        self._inverse: Inverse = INVERSES[spec.transform](spec, tools)
        self._convert = prepared(spec, TRANSFORMS.get(spec.transform)(spec, tools))
        self._bare = TRANSFORMS.get(spec.transform)(spec, tools)
        self._medium = medium
        self._known: dict[str, Cell] = {}
        self._notes: dict[str, list[Note]] = {}
        self._plain = spec.transform == "serial" and not spec.steps
        #: The word that says that there is none, e.g. no unit for pieces.
        self._none = "" if spec.required else next((word for word, meaning in spec.table.items() if not meaning), "")

    def cell(self, value: str) -> Cell:
        """The cell that is read as `value`; an empty one for no value.

        Raises:
            NotInvertible: there is none.
        """
        if self._plain and value.isascii() and value.isalnum() and len(value) <= _SERIAL_MOST:
            return value
        known = self._known.get(value)
        if known is None:
            found = self._find(value, 0, self._convert) if value else self._none
            known = self._medium.cell(found)
            if known != found:
                self._note(value, loss_rules.APOSTROPHE, Outcome.CARRIED)
            if len(self._known) >= _REMEMBER:
                self._known.clear()
                self._notes.clear()
            self._known[value] = known
        return known

    def notes(self, value: str) -> Sequence[Note]:
        """What the cell of a value does not hold as it was, and what became of it."""
        try:
            self.cell(value)
        except NotInvertible:
            return ()  # said where the row is written
        return self._notes.get(value, ())

    def part(self, value: str) -> str:
        """The text that the field's steps behind the first one, and its transform, read as `value`.

        Raises:
            NotInvertible: there is none.
        """
        rest = self.spec.model_copy(update={"steps": self.spec.steps[1:]})
        return shown(self._find(value, 1, prepared(rest, self._bare))) if value else ""

    def reads(self, cell: Cell, value: str) -> bool:
        """Whether the field's own converter gives `value` for the cell."""
        return self._read(cell, self._convert) == value

    def _find(self, value: str, first: int, convert: Callable[[Cell], object]) -> Cell:
        near: Cell | None = None
        if not _is_text(value):
            message = f"{value!r} holds half a character, which no file can hold"
            raise NotInvertible(message)
        for candidate in self._candidates(value):
            cell = undone(self.spec, candidate, first)
            read = self._read(cell, convert)
            if read == value:
                return cell
            if near is None and read is not None and self._inverse.same is not None and self._inverse.same(read, value):
                near = cell
        if near is not None:
            self._note(value, loss_rules.TIME, Outcome.LOST)
            return near
        if self._inverse.verbatim and self._read(value, convert) == value:
            if self.spec.formats:
                self._note(value, loss_rules.TIME_AS_ISO, Outcome.CARRIED)
            return value
        message = f"no cell of this column is read as {value!r}"
        raise NotInvertible(message)

    def _candidates(self, value: str) -> Iterable[Cell]:
        return (cell for cell in self._inverse.cells(value) if self._medium.typed or isinstance(cell, str))

    def _note(self, value: str, rule: LossRule, outcome: Outcome) -> None:
        self._notes.setdefault(value, []).append((rule, outcome))

    @staticmethod
    def _read(cell: Cell, convert: Callable[[Cell], object]) -> str | None:
        if shown(cell) == "":
            return ""
        try:
            return plain(convert(cell))  # type: ignore[arg-type]  # a converter gives text or a repair
        except Refused:
            return None


def _is_text(value: str) -> bool:
    """Whether all characters can be written; half of a surrogate pair cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def merged(parts: Iterable[Mapping[str, Cell]]) -> dict[str, Cell]:
    """The cells of several fields in one row.

    Raises:
        NotInvertible: two fields share a column and would write different cells.
    """
    row: dict[str, Cell] = {}
    for part in parts:
        for header, cell in part.items():
            if cell == "":
                row.setdefault(header, "")
            elif row.get(header, "") in {"", cell}:
                row[header] = cell
            else:
                message = f"the column {header!r} would have to hold {shown(row[header])!r} and {shown(cell)!r}"
                raise NotInvertible(message)
    return row
