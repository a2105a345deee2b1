"""What a message needs and an event may lack: from the document, else from a setting, else an error that names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.epcis.element import Element
from gateway.epcis.events import Event
from gateway.findings import Finding, Where
from gateway.formats.base import Context
from gateway.formats.tracelink import rules, settings
from gateway.formats.tracelink.keys import Serial
from gateway.formats.tracelink.names import EPCIS_EXTENSION
from gateway.options import Setting

_LEVELS: Final = ("EA", "PK", "CA", "PL")
_SSCC: Final = "sscc"


class Values:
    """Looks values up in the settings and reports each missing one once."""

    def __init__(self, context: Context) -> None:
        self._options = context.options
        self._findings = context.findings
        self._levels = self._table(settings.PACKAGING_LEVELS)
        self._codes = self._table(settings.DRUG_CODE)
        self._missing: set[str] = set()
        for level in self._levels.values():
            if level not in _LEVELS:
                self._wrong(settings.PACKAGING_LEVELS, level, ", ".join(_LEVELS))

    def need(self, name: str, given: str, setting: Setting, where: Where) -> str:
        """The value that the document gives, else the setting's; empty when both are, which is reported."""
        value = given or self._options.get(setting)
        if not value:
            self.missing(name, setting, where)
        return value

    def missing(self, name: str, source: Setting | str, where: Where) -> None:
        """Report a value that nobody gave, once for each name.

        Args:
            name: of the element.
            source: the setting that can give it, or what of the document should have it.
            where: place of the event.
        """
        if name not in self._missing:
            self._missing.add(name)
            hint = f"it comes from {source}"
            if isinstance(source, Setting):
                hint = f"give it with --set {source.key}=... ({source.title})"
            self._findings.report(rules.VALUE_MISSING, f"{name} is not known", where=where, hint=hint)

    def level(self, serial: Serial, where: Where) -> str:
        """PackagingLevel of an object, from the setting."""
        if serial.ai == "00":
            level = self._levels.get(_SSCC, "")
        else:
            level = self._levels.get(serial.number) or self._levels.get(serial.number[0], "")
        if not level:
            self.missing(f"PackagingLevel of {serial.number}", settings.PACKAGING_LEVELS, where)
        return level

    def drug_code(self, gtin: str, where: Where) -> tuple[str, str]:
        """Type and code of the national drug code of an item, from the setting."""
        text = self._codes.get(gtin) or self._codes.get("", "")
        kind, colon, code = text.partition(":")
        if text and not (colon and kind and code):
            self._wrong(settings.DRUG_CODE, text, "GTIN=TYPE:CODE, e.g. 09521321000008=US_NDC532:1234567890")
        elif not text:
            self.missing(f"CountryDrugCode of {gtin}", settings.DRUG_CODE, where)
        return kind, code

    def _table(self, setting: Setting) -> Mapping[str, str]:
        """``KEY=VALUE`` pairs with commas between; a value alone has the key ``""``."""
        out = {}
        for part in filter(None, (part.strip() for part in self._options.get(setting).split(","))):
            key, sign, value = part.partition("=")
            out[key.strip() if sign else ""] = (value if sign else key).strip()
        return out

    def _wrong(self, setting: Setting, value: str, expected: str) -> None:
        message = f"the setting {setting.key} has {value!r}"
        self._findings.add(Finding.of(rules.SETTING, message, value=value, expected=expected))


def epcis_extension(event: Event) -> dict[str, tuple[str, str]]:
    """What TraceLink's own extension of EPCIS says: text and type by local name. The first of a name counts."""
    out: dict[str, tuple[str, str]] = {}
    for item in (*event.extensions, *event.inner_extensions):
        if item.namespace == EPCIS_EXTENSION:
            for part in item.walk():
                if not part.children:
                    out.setdefault(part.local, (part.text.strip(), dict(part.attributes).get("type", "")))
    return out


def unused_extension(item: Element, used: frozenset[str]) -> list[Element]:
    """The leaves of TraceLink's extension of EPCIS that a message has no place for."""
    return [part for part in item.walk() if not part.children and part.local not in used]
