"""What EPCIS cannot supply: looked for where it may stand, and asked for by name where it is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gateway.epcis.element import Element
from gateway.findings import NOWHERE, Findings, Where
from gateway.markets.base import Need
from gateway.markets.kit import rules
from gateway.options import Options, Setting


def places(setting: Setting, field_name: str) -> str:
    """Where a value can be put, for a finding's hint.

    Args:
        setting: supplies it for a whole document.
        field_name: the field of the document that it is looked for in first.
    """
    return (
        f"give it with --set {setting.key}=..., under set: in the agreement, or as {field_name} "
        "(a mapping can fill it from a column)"
    )


def hint_of(need: Need) -> str:
    """Where the value of a need can be put."""
    attribute = f"the ILMD attribute or event element {need.attribute}"
    if need.setting is None:
        return f"give it as {attribute} (a mapping can fill it from a column)"
    if need.attribute:
        return places(need.setting, attribute)
    return f"give it with --set {need.setting.key}=... or under set: in the agreement"


def value_of(
    need: Need, options: Options, ilmd: Mapping[str, str] | None = None, elements: Iterable[Element] = ()
) -> str:
    """The value of a need: of the pack, else of the event, else of the setting; empty when nobody says it."""
    if need.attribute:
        found = (ilmd or {}).get(need.attribute, "")
        found = found or next((each.text for each in elements if each.local == need.attribute), "")
        if found:
            return found
    return options.get(need.setting) if need.setting is not None else ""


def report_missing(need: Need, findings: Findings, where: Where = NOWHERE, subject: str = "the document") -> None:
    """Say that a value is missing, and where to put it."""
    message = f"{need.name} ({need.title}) is not known for {subject}"
    findings.report(rules.MISSING, message, where=where, expected=need.name, hint=hint_of(need))


def table_of(setting: Setting, options: Options, findings: Findings) -> dict[str, str]:
    """The code table in a setting: ``KEY=VALUE,KEY=VALUE``."""
    table: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in options.get(setting).split(","))):
        key, separator, value = (part.strip() for part in pair.partition("="))
        if not (separator and key and value) or table.get(key, value) != value:
            message = f"the setting {setting.key} has {pair!r}, which is no KEY=VALUE, or has {key!r} twice"
            findings.report(rules.TABLE_FORM, message, value=pair, expected="KEY=VALUE")
            continue
        table[key] = value
    return table
