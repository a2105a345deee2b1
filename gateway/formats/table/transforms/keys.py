"""GS1 keys: numbers with a check digit, and identifiers of single things in any GS1 spelling."""

from __future__ import annotations

from functools import partial

from gateway import gs1
from gateway.findings import Rule
from gateway.formats.table import rules
from gateway.formats.table.cells import Cell, shown
from gateway.formats.table.characters import as_digits
from gateway.formats.table.spec import FieldSpec
from gateway.formats.table.transforms.base import (
    Converter,
    Refused,
    Repaired,
    Tools,
    all_digits,
    as_formula,
    clean,
    clean_code,
    gs1_rules,
    kind,
    not_disguised,
    whole,
)
from gateway.gs1 import keys, schemes
from gateway.gs1.check_digit import is_digits, verify
from gateway.gs1.registry import key_of
from gateway.gs1.validate import check_number

_SCHEMES = {"GTIN": schemes.SGTIN, "SSCC": schemes.SSCC, "GLN": schemes.SGLN}


def gtin(_: FieldSpec, tools: Tools) -> Converter:
    """A GTIN of 8, 12, 13 or 14 digits, given as 14; check digit and company prefix are verified."""
    return partial(_key, title="GTIN", length=14, lengths=gs1.gtin.LENGTHS, skip=1, prefixes=tools.prefixes)


def sscc(_: FieldSpec, tools: Tools) -> Converter:
    """An SSCC of 18 digits; ``(00)`` before it is left out; check digit and company prefix are verified."""
    return partial(_key, title="SSCC", length=18, lengths=(18,), skip=1, prefixes=tools.prefixes)


def gln(_: FieldSpec, tools: Tools) -> Converter:
    """A GLN of 13 digits; check digit and company prefix are verified."""
    return partial(_key, title="GLN", length=13, lengths=(13,), skip=0, prefixes=tools.prefixes)


def _key(
    cell: Cell, *, title: str, length: int, lengths: tuple[int, ...], skip: int, prefixes: gs1.CompanyPrefixes
) -> str | Repaired:
    number = not isinstance(cell, str)
    if isinstance(cell, str) and len(cell) == length and verify(cell):
        # Nearly every cell is just right; a file has a different SSCC in every fifty rows.
        with gs1_rules():
            prefixes.length_of(cell[skip:])
        return cell
    value, mended = (whole(cell), None) if number else _typed(cell)
    if title == "SSCC" and not number:
        value = value.removeprefix("(00)")
        if len(value) == length + 2:
            value = value.removeprefix("00")
    full = value.zfill(length) if is_digits(value) else value
    if mended is not None and not (len(full) == length and verify(full)):
        value = full = clean(cell)  # nothing proves it: it is what it looks like
        mended = None
    lost = len(value) < length and (number or len(value) not in lengths)
    if lost and mended is None and not verify(full):
        message = f"{value!r} has {len(value)} digits, and is no {title} with zeros before it"
        raise Refused(_form(title), message, expected=f"{length} digits with a right check digit")
    with gs1_rules():
        check_number(_SCHEMES[title], full)
        prefixes.length_of(full[skip:])
    if mended is not None:
        message = f"{shown(cell)!r} was read as the {title} {full}, which its check digit proves"
        return Repaired(full, mended, message)
    if lost:
        message = f"the {title} {value} lacks leading zeros; it was read as {full}, which its check digit proves"
        return Repaired(full, rules.NUMBER_REPAIRED, message)
    if number:
        return Repaired(full, rules.NUMBER_TEXT, f"the {title} {full} stood in the sheet as a number")
    return full


def _typed(cell: Cell) -> tuple[str, Rule | None]:
    """The text of a number, and the rule under which it was put right; still to be proven by its check digit.

    Raises:
        Refused: as `clean` does.
    """
    value = shown(cell)
    if is_digits(value):
        return value, None
    wrapped = as_formula(value)
    if wrapped is not None and is_digits(wrapped):
        return wrapped, rules.FORMULA_READ
    exact = all_digits(value)
    if exact:
        return exact, rules.SCIENTIFIC_READ
    meant = as_digits(value.removeprefix("'"))  # what spreadsheets put before a number that is text
    return (meant, rules.LOOKALIKE_READ) if is_digits(meant) else (clean(cell), None)


def _form(title: str) -> Rule:
    return _SCHEMES[title].form


def sgtin(_: FieldSpec, tools: Tools) -> Converter:
    """A GTIN with serial number in one cell, given as EPC URN: URN, Digital Link or element string ``(01)…(21)…``."""
    return partial(_epc, kinds=(gs1.Sgtin,), what="GTIN with serial number", prefixes=tools.prefixes)


def lgtin(_: FieldSpec, tools: Tools) -> Converter:
    """A GTIN with lot in one cell, given as EPC class URN: URN, Digital Link or element string ``(01)…(10)…``."""
    return partial(_epc, kinds=(gs1.Lgtin,), what="GTIN with lot", prefixes=tools.prefixes)


def epc(_: FieldSpec, tools: Tools) -> Converter:
    """Any single thing (SGTIN, SSCC, GRAI, GIAI …), given as EPC URN: URN, Digital Link or element string."""
    return partial(_epc, kinds=_SINGLE, what="identifier of a single thing", prefixes=tools.prefixes)


_SINGLE = (gs1.Sgtin, gs1.Sscc, gs1.Grai, gs1.Giai, gs1.Itip, gs1.Upui, gs1.Cpi)
_NEEDS_SERIAL = (gs1.Grai,)
_SPELLINGS = "an EPC URN, a GS1 Digital Link or an element string such as (01)…(21)…"


def _epc(cell: Cell, *, kinds: tuple[type[gs1.Key], ...], what: str, prefixes: gs1.CompanyPrefixes) -> str:
    if not isinstance(cell, str):
        raise Refused(rules.NUMBER_CELL, f"{clean(cell)} is a {kind(cell)} in the sheet, not text", expected=_SPELLINGS)
    value = clean_code(cell)
    not_disguised(value, "identifier")
    with gs1_rules():
        key = key_of(_parts(value, kinds))
        if not isinstance(key, kinds) or (isinstance(key, _NEEDS_SERIAL) and not key.serial):
            raise Refused(rules.WRONG, f"{value!r} is no {what}", expected=_SPELLINGS)
        return key.as_urn(prefixes)


def _parts(value: str, kinds: tuple[type[gs1.Key], ...]) -> schemes.Parts:
    if gs1.Lgtin in kinds and not value.startswith("urn:") and "://" not in value:
        # (01) with (10): the lot makes the class; without it the same string is a GTIN.
        found = dict(gs1.parse_element_string(value))
        if "01" in found and "10" in found:
            return schemes.Parts(schemes.LGTIN, found["01"], found["10"])
    return keys.split(value)
