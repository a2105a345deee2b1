"""Mappings that would claim each other's files. A file that two mappings claim is refused as ambiguous."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.errors import InputError, LimitExceeded
from gateway.formats.table import header
from gateway.formats.table.carriers import CARRIERS
from gateway.formats.table.cells import Cell
from gateway.formats.table.mappings import Mapping
from gateway.formats.table.samples import samples_of
from gateway.formats.table.spec import AUTO, MappingSpec
from gateway.sources import Source

_ANY = "x"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two mappings that are in each other's way.

    Attributes:
        mapping: the one whose files are meant.
        other: the one that claims them, too; empty when the mapping does not claim its own sample.
        sample: name of the sample; empty when the files could only look so.
        message: what is wrong, in a sentence.
    """

    mapping: str
    other: str
    sample: str
    message: str

    @property
    def proven(self) -> bool:
        """Whether a sample shows it."""
        return bool(self.sample)


def conflicts(mappings: Sequence[Mapping], others: Sequence[Mapping]) -> Iterator[Conflict]:
    """What stands between `mappings` and `others`: first what samples prove, then what could happen.

    Args:
        mappings: those that are checked.
        others: all that may claim files, `mappings` among them.
    """
    for mapping in mappings:
        proven: set[str] = set()
        for conflict in _by_samples(mapping, others):
            proven.add(conflict.other)
            yield conflict
        for other in others:
            if other.name != mapping.name and other.name not in proven and _could_claim(other.spec, mapping.spec):
                message = (
                    f"a file with the columns of {mapping.name} can be claimed by {other.name}, too; tell them apart "
                    "by identify.names, columns, without or contains, or name the mapping in the agreement"
                )
                yield Conflict(mapping.name, other.name, "", message)


def _by_samples(mapping: Mapping, others: Sequence[Mapping]) -> Iterator[Conflict]:
    for path in samples_of(mapping):
        source = Source.file(path)
        head = source.head()
        if not _claims(mapping, head, source):
            message = f"the sample {path.name} is not claimed by its own mapping: see identify and the required columns"
            yield Conflict(mapping.name, "", path.name, message)
        for other in others:
            if other.name != mapping.name and _claims(other, head, source):
                message = f"the sample {path.name} is claimed by {other.name}, too"
                yield Conflict(mapping.name, other.name, path.name, message)


def _claims(mapping: Mapping, head: bytes, source: Source) -> bool:
    try:
        return mapping.claims(head, source.name, source) is not None
    except (InputError, LimitExceeded):
        return False  # a sample that cannot be opened: reading it says so


def _could_claim(one: MappingSpec, of: MappingSpec) -> bool:
    """Whether `one` would claim a file that has all that `of` may have."""
    return _same_carrier(one, of) and _same_names(one, of) and header.find(one, _typical(of)) is not None


def _same_carrier(one: MappingSpec, of: MappingSpec) -> bool:
    if one.table.csv is not None and of.table.csv is not None:
        delimiters = {one.table.csv.delimiter, of.table.csv.delimiter}
        if AUTO in delimiters or len(delimiters) == 1:
            return True
    if _others(one) & _others(of):
        return True
    if one.table.xlsx is None or of.table.xlsx is None:
        return False
    sheets = [{name.casefold() for name in spec.table.xlsx.sheet} for spec in (one, of) if spec.table.xlsx is not None]
    return not all(sheets) or any("*" in names for names in sheets) or bool(sheets[0] & sheets[1])


def _others(spec: MappingSpec) -> set[str]:
    """The carriers that a mapping declares besides CSV and XLSX."""
    return {key for key in CARRIERS.keys() if spec.table.kind(key) is not None} - {"csv", "xlsx"}  # noqa: SIM118


def _same_names(one: MappingSpec, of: MappingSpec) -> bool:
    """Whether a file that `of` knows by its name can have one that `one` knows."""
    wanted = [pattern.lower() for pattern in one.identify.names]
    names = [pattern.lower().replace("*", _ANY).replace("?", _ANY) for pattern in of.identify.names]
    patterns = [pattern.lower() for pattern in of.identify.names]
    typical = [pattern.replace("*", _ANY).replace("?", _ANY) for pattern in wanted]
    return any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in wanted) or any(
        fnmatch.fnmatchcase(name, pattern) for name in typical for pattern in patterns
    )


def _typical(spec: MappingSpec) -> list[list[Cell]]:
    """The first rows of a file of this mapping: titles, labelled cells, and the header with all columns."""
    rows: list[list[Cell]] = [[word] for word in spec.identify.contains]
    columns: list[str] = [*spec.identify.columns]
    for field in spec.fields.values():
        if field.preamble and not field.headers:
            rows.append([field.preamble[0], _ANY])
        columns += field.column[:1] or field.join or field.first_of
    if spec.table.levels is not None:
        columns += [*spec.table.levels.column[:1], *spec.table.levels.parent[:1]]
    columns += spec.table.ignore
    rows.append(list(dict.fromkeys(columns)))
    return rows
