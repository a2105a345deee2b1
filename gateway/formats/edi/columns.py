"""What the values of a segment are called: the columns that mappings use.

``<level>.<segment><element>`` for plain segments (``shipment.BSN02``), ``<level>.<segment>*<qualifier>`` for the main
value of a segment whose qualifier says what it is (``item.REF*LT``, ``line.QTY*12``), with ``.<element>`` for its other
elements (``shipment.N1*SF.02``). Components but the first have their number behind a hyphen (``line.QTY*12.01-3``).
What follows the header of a loop is named behind its header (``shipment.N1*SF/N401``). docs/edi.md shows it all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.formats.edi.segments import Segment

#: Element and component, from 1.
At = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Form:
    """Where the qualifiers and the main value of a segment stand.

    Attributes:
        by: the qualifiers of the segment as a whole.
        main: the value that has no number in its name; (0, 0) for none.
        main_by: a further qualifier, of the main value only.
        list_from: first of the elements that are a list of values of the same meaning; 0 for none.
        pairs: whether that list is made of pairs, qualifier before value (LIN of X12).
        range_end: where a range of numbers ends that begins with the main value; (0, 0) for none.
        typed: component of each list element that says what it is (PIA, GIR), 0 for none.
    """

    by: tuple[At, ...] = ()
    main: At = (0, 0)
    main_by: tuple[At, ...] = ()
    list_from: int = 0
    pairs: bool = False
    typed: int = 0
    range_end: At = (0, 0)


_BY_1 = ((1, 1),)
_QUALIFIED = Form(_BY_1, (2, 1))

#: Segments of the X12 856 that have qualifiers (ASC X12 005010, segment directory). All others are plain.
X12_FORMS = {
    "REF": _QUALIFIED,
    "DTM": _QUALIFIED,
    "MAN": Form(_BY_1, (2, 1), range_end=(3, 1)),
    "N9": _QUALIFIED,
    "G62": _QUALIFIED,
    "NTE": _QUALIFIED,
    "PER": _QUALIFIED,
    "N1": Form(_BY_1, (4, 1), ((3, 1),)),
    "PID": Form(((1, 1), (2, 1)), (5, 1)),
    "MEA": Form(((1, 1), (2, 1)), (3, 1)),
    "LIN": Form(list_from=2, pairs=True),
}
#: Segments of the DESADV that have qualifiers (UN/EDIFACT D.96A to D.07A). All others are plain.
EDIFACT_FORMS = {
    "DTM": Form(((1, 1),), (1, 2), ((1, 3),)),
    "RFF": Form(((1, 1),), (1, 2)),
    "QTY": Form(((1, 1),), (1, 2)),
    "CNT": Form(((1, 1),), (1, 2)),
    "NAD": Form(((1, 1),), (2, 1), ((2, 3),)),
    "LOC": Form(((1, 1),), (2, 1), ((2, 3),)),
    "LIN": Form((), (3, 1), ((3, 2),)),
    "PIA": Form(((1, 1),), list_from=2, typed=2),
    "IMD": Form(((1, 1),), (3, 4)),
    "PCI": Form(((1, 1),)),
    "GIN": Form(((1, 1),), list_from=2),
    "GIR": Form(((1, 1),), list_from=2, typed=2),
    "MEA": Form(((1, 1), (2, 1)), (3, 2)),
    "FTX": Form(((1, 1),), (4, 1)),
    "TDT": Form(((1, 1),)),
    "CTA": Form(((1, 1),)),
    "COM": Form(((1, 2),), (1, 1)),
    "ALI": Form(),
}
_PLAIN = Form()

#: Where a range of numbers ends (GIN, MAN): the number behind it, ``GIN*BN.to``.
RANGE = "to"


def name_of(segment: Segment, form: Form) -> str:
    """The segment with its qualifiers, e.g. ``REF*LT``."""
    values = [segment.value(*at) for at in form.by]
    while values and not values[-1]:
        values.pop()
    return "*".join([segment.tag, *values])


def occurrences(segment: Segment, forms: dict[str, Form]) -> Iterator[tuple[str, dict[str, str]]]:
    """The values of a segment by name, in groups of values that belong together.

    Each group has a key; groups with the same key in one level are repetitions of each other.
    """
    form = forms.get(segment.tag, _PLAIN)
    name = name_of(segment, form)
    if form.pairs:
        yield from _pairs(segment, form)
    elif form.list_from and not form.typed:
        yield from _list(segment, form, name)
    else:
        values: dict[str, str] = {}
        for column, value in _values(segment, form, name):
            if column in values:  # two numbers of the same kind (GIR): one repeats the other
                yield name, values
                values = {}
            values[column] = value
        if values:
            yield name, values
    for element, more in segment.repeats.items():
        for components in more:
            yield name, {_numbered(name, form, element, n): one for n, one in enumerate(components, 1) if one}


def _values(segment: Segment, form: Form, name: str) -> Iterator[tuple[str, str]]:
    # Qualifiers of a main value that is not there are values of their own: nothing is left out.
    known = {*form.by, *(form.main_by if form.main_by and segment.value(*form.main) else ())}
    for element, components in enumerate(segment.elements, 1):
        for component, value in enumerate(components, 1):
            at = (element, component)
            if not value or at in known:
                continue
            if form.typed and element >= form.list_from:
                if component != form.typed:
                    kind = segment.value(element, form.typed)
                    yield f"{name}*{kind}" + (f"-{component}" if component > 1 else ""), value
            else:
                yield _named(segment, form, name, at), value


def _named(segment: Segment, form: Form, name: str, at: At) -> str:
    if at == form.range_end:
        return f"{name}.{RANGE}"
    if at != form.main:
        return _numbered(name, form, *at)
    if not form.main_by:
        return name
    more = segment.value(*form.main_by[0])
    return f"{name}*{more}" if more else _numbered(name, form, *at)


def _pairs(segment: Segment, form: Form) -> Iterator[tuple[str, dict[str, str]]]:
    for element in range(1, form.list_from):
        value = segment.value(element)
        if value:
            yield segment.tag, {f"{segment.tag}{element:02}": value}
    for element in range(form.list_from, len(segment.elements) + 1, 2):
        qualifier, value = segment.value(element), segment.value(element + 1)
        if qualifier or value:
            name = f"{segment.tag}*{qualifier}" if qualifier else f"{segment.tag}{element + 1:02}"
            if value:
                yield name, {name: value}


def _list(segment: Segment, form: Form, name: str) -> Iterator[tuple[str, dict[str, str]]]:
    for element, components in enumerate(segment.elements[form.list_from - 1 :], form.list_from):
        names = (name, f"{name}.{RANGE}", *(_numbered(name, form, element, n) for n in range(3, len(components) + 1)))
        values = {own: value for own, value in zip(names, components, strict=False) if value}
        if values:
            yield name, values


def _numbered(name: str, form: Form, element: int, component: int) -> str:
    dot = "." if form.by else ""
    return f"{name}{dot}{element:02}" + (f"-{component}" if component > 1 else "")
