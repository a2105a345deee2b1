"""The columns of a table that is written: which there are, and how the cells of a row come from its fields' values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from gateway import gs1
from gateway.errors import ConfigurationError
from gateway.formats.table.cells import Cell, header_key
from gateway.formats.table.mappings import Mapping as TableMapping
from gateway.formats.table.spec import FieldSpec, MappingSpec
from gateway.formats.table.transforms import Tools
from gateway.formats.table.transforms.inverse import PARTS, NotInvertible, kind_of, lossy
from gateway.formats.table.write.cells import FieldWriter, Medium, Note, merged
from gateway.formats.table.write.frame import Frame, distinct

Values = Mapping[str, str]
"""Field name and value."""


class Part(ABC):
    """Some columns that are made of some fields.

    Attributes:
        fields: names of the fields.
        headers: headers of the columns.
    """

    fields: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()

    @abstractmethod
    def cells(self, values: Values) -> dict[str, Cell]:
        """Header and cell.

        Raises:
            NotInvertible: no cells give these values.
        """


class Own(Part):
    """A column of one field."""

    def __init__(self, header: str, writer: FieldWriter) -> None:
        self.fields = (writer.name,)
        self.headers = (header,)
        self._header = header
        self._writer = writer

    def cells(self, values: Values) -> dict[str, Cell]:
        """The field's cell."""
        return {self._header: self._writer.cell(values.get(self._writer.name, ""))}


class Joined(Part):
    """Several columns whose texts make one value.

    Raises:
        NotInvertible: nothing says where one text ends and the next begins.
    """

    def __init__(self, writer: FieldWriter) -> None:
        self.fields = (writer.name,)
        self.headers = tuple(writer.spec.join)
        self._writer = writer
        self._separator = writer.spec.separator
        if len(self.headers) > 1 and not self._separator:
            message = "`join` without a separator: nothing says where one text ends and the next begins"
            raise NotInvertible(message)

    def cells(self, values: Values) -> dict[str, Cell]:
        """The texts between the separators."""
        value = values.get(self._writer.name, "")
        whole = str(self._writer.cell(value)) if value else ""
        texts = whole.split(self._separator) if whole and self._separator else [whole] * len(self.headers)
        if len(texts) != len(self.headers) or (value and not all(texts)):
            message = f"{value!r} is not made of {len(self.headers)} texts with {self._separator!r} between them"
            raise NotInvertible(message)
        return dict(zip(self.headers, texts, strict=True))


class Composed(Part):
    """A column of which several fields take a part each.

    Args:
        header: the column's header.
        writers: the fields.
        compose: makes the cell of the parts, in the order of the fields.
        medium: where the cell goes.

    Attributes:
        marked: cells that were marked as no formula, since somebody asked.
    """

    def __init__(
        self,
        header: str,
        writers: Sequence[FieldWriter],
        compose: Callable[[Sequence[str]], str],
        medium: Medium,
    ) -> None:
        self.marked: list[str] = []
        self.fields = tuple(writer.name for writer in writers)
        self.headers = (header,)
        self._header = header
        self._writers = writers
        self._compose = compose
        self._medium = medium

    def cells(self, values: Values) -> dict[str, Cell]:
        """The cell of which each field takes its own part."""
        if not any(values.get(name) for name in self.fields):
            return {self._header: ""}
        cell = self._compose([writer.part(values.get(writer.name, "")) for writer in self._writers])
        for writer in self._writers:
            value = values.get(writer.name, "")
            if not writer.reads(cell, value):
                message = f"{cell!r} is not read as {value!r} by the field {writer.name!r}"
                raise NotInvertible(message)
        safe = self._medium.cell(cell)
        if safe != cell:
            self.marked.append(cell)
        return {self._header: safe}


class Columns:
    """The columns of a mapping's table.

    Args:
        mapping: the mapping.
        tools: what transforms share.
        medium: where the cells go.

    Attributes:
        headers: in the order of the table.
        level: header of the level column, empty when there is none.
        parent: header of the column that names the containing object, empty when there is none.
        titles: texts above the table by which the mapping knows its files.
        labels: label and field of each cell above the table.

    Raises:
        ConfigurationError: the mapping can be read with and not written with; says why, field by field.
    """

    def __init__(self, mapping: TableMapping, tools: Tools, medium: Medium) -> None:
        spec = mapping.spec
        self._medium = medium
        self._complaints: list[str] = []
        frame = Frame(spec)
        self.headers, self.level, self.parent = frame.headers, frame.level, frame.parent
        self.titles, self.labels = frame.titles, frame.labels
        self._writers = dict(self._made(spec, tools))
        self._parts: list[Part] = list(self._columns(spec))
        self._check(spec)
        if self._complaints:
            message = f"the mapping {mapping.name} can be read with, not written with: {'; '.join(self._complaints)}"
            raise ConfigurationError(message, hint="write with a mapping whose columns hold whole values")

    def _made(self, spec: MappingSpec, tools: Tools) -> Iterator[tuple[str, FieldWriter]]:
        for name, field in spec.fields.items():
            try:
                yield name, FieldWriter(name, field, tools, self._medium)
            except NotInvertible as error:
                self._complaints.append(f"fields.{name}: {error}")

    def _columns(self, spec: MappingSpec) -> Iterator[Part]:
        together: dict[str, list[str]] = {}
        for name, field in spec.fields.items():
            if field.column and name in self._writers:
                together.setdefault(header_key(field.column[0]), []).append(name)
        for name, field in spec.fields.items():
            if name not in self._writers:
                continue
            try:
                if field.first_of:
                    self._refuse("`first_of`: which of the columns the value came from is not known")
                elif field.column:
                    yield from self._column(name, together.pop(header_key(field.column[0]), []))
                else:
                    for why in filter(None, map(lossy, field.steps)):
                        self._refuse(why)
                    if field.join:
                        yield Joined(self._writers[name])
            except NotInvertible as error:
                self._complaints.append(f"fields.{name}: {error}")

    def _column(self, name: str, names: Sequence[str]) -> Iterator[Part]:
        """The parts of a column; all of its fields at the first of them."""
        writers = [self._writers[one] for one in names]
        if not writers:
            return
        header = self._writers[name].spec.column[0]
        first = [writer.spec.steps[0] for writer in writers if writer.spec.steps]
        kinds = {kind_of(step) for step in first} | ({""} if len(first) < len(writers) else set())
        together = kinds in ({"element"}, {"split"})
        unknown = [step for writer in writers for step in writer.spec.steps[int(together) :] if lossy(step)]
        if unknown:
            self._refuse(lossy(unknown[0]))
        if kinds == {"element"}:
            yield Composed(header, writers, _elements([writer.spec for writer in writers]), self._medium)
        elif kinds == {"split"}:
            yield Composed(header, writers, _splits([writer.spec for writer in writers]), self._medium)
        else:
            yield from (Own(header, writer) for writer in writers)

    @staticmethod
    def _refuse(why: str) -> None:
        raise NotInvertible(why)

    def _check(self, spec: MappingSpec) -> None:
        keys = {header_key(header): header for header in self.headers}
        for name, field in spec.fields.items():
            found = distinct([keys[header_key(text)] for text in field.column if header_key(text) in keys])
            if len(found) > 1:
                both = " and ".join(map(repr, found))
                self._complaints.append(f"fields.{name}: the columns {both} would both stand for it")

    def cells(self, values: Values, fields: Iterable[str] | None = None) -> dict[str, Cell]:
        """Header and cell of a row.

        Args:
            values: fields and their values.
            fields: only the columns of these fields; all when left out.

        Raises:
            NotInvertible: no cells give these values.
        """
        wanted = None if fields is None else set(fields)
        parts = self._parts if wanted is None else [part for part in self._parts if wanted.intersection(part.fields)]
        return merged(part.cells(values) for part in parts)

    def alone(self, name: str) -> tuple[str, FieldWriter] | None:
        """Header and writer of a field that has a column to itself; None when it shares it."""
        own = [part for part in self._parts if name in part.fields]
        others = [part for part in self._parts if part not in own and set(part.headers) & set(own[0].headers)]
        if others or not isinstance(own[0], Own):
            return None
        return own[0].headers[0], self._writers[name]

    def notes(self, name: str, value: str) -> Sequence[Note]:
        """What the column of a field does not hold of a value as it was."""
        return self._writers[name].notes(value) if name in self._writers else ()

    def marked(self) -> Iterator[tuple[str, str]]:
        """Header and text of cells of several fields that were marked as no formula, since the last time."""
        for part in self._parts:
            if isinstance(part, Composed):
                yield from ((part.headers[0], cell) for cell in part.marked)
                part.marked.clear()

    def above(self, name: str, value: str) -> Cell:
        """The cell above the table that holds a field.

        Raises:
            NotInvertible: no cell gives this value.
        """
        return self._writers[name].cell(value)


def _elements(fields: Sequence[FieldSpec]) -> Callable[[Sequence[str]], str]:
    ais = [field.steps[0].element or "" for field in fields]
    if len(set(ais)) != len(ais):
        message = "two fields of the column take the same application identifier"
        raise NotInvertible(message)
    order = sorted(range(len(ais)), key=lambda index: ais[index] not in {"00", "01"})

    def compose(texts: Sequence[str]) -> str:
        elements = [gs1.Element(ais[index], texts[index]) for index in order if texts[index]]
        try:
            return _element_string(elements)
        except gs1.Gs1Error as error:
            raise NotInvertible(error.message) from error

    return compose


def _element_string(elements: Sequence[gs1.Element]) -> str:
    """The element string with brackets; the one of scanners where a value looks like brackets."""
    from gateway.gs1.element_string import with_brackets, with_fnc1  # noqa: PLC0415 - few mappings need it

    try:
        return with_brackets(elements)
    except gs1.Gs1Error:
        return with_fnc1(elements, "]d2")


def _splits(fields: Sequence[FieldSpec]) -> Callable[[Sequence[str]], str]:
    steps = [step for field in fields if (step := field.steps[0].split) is not None]
    count = max([*(step.of for step in steps), *(step.part for step in steps)])
    places = [step.part if step.part > 0 else step.part + count + 1 for step in steps]
    alike = len({(step.by, step.of) for step in steps}) == 1
    if not alike or sorted(places) != list(range(1, count + 1)):
        raise NotInvertible(PARTS["split"])

    def compose(texts: Sequence[str]) -> str:
        return steps[0].by.join(texts[places.index(place)] for place in range(1, count + 1))

    return compose
