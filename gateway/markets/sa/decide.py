"""Which operation of RSD reports an event, and what the event says about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.epcis.events import Event, ObjectEvent, Party
from gateway.epcis.vocabulary import Field, word
from gateway.formats.base import Context
from gateway.gs1.errors import Gs1Error
from gateway.markets.kit.keys import gln_of
from gateway.markets.kit.needs import report_missing, table_of, value_of
from gateway.markets.kit.rules import NOT_WANTED
from gateway.markets.sa import rules, settings
from gateway.markets.sa.operations import CANCELS, COMPOSED, OPERATIONS, Operation
from gateway.options import Setting

HERE: Final = frozenset({"SA", "SAU", "682"})
_ELEMENT: Final = "rsdOperation"
_VOID: Final = "void_shipping"
#: Steps of which something has to be reported, though the step alone does not say what.
_UNCLEAR: Final = frozenset({"dispensing", "retail_selling", "consigning", "departing", "arriving"})
_ORDER: Final = {"owning_party": 0, "possessing_party": 1, "location": 2}


class Decisions:
    """Chooses operations and finds the values of their fields.

    Args:
        context: the conversion's.
    """

    def __init__(self, context: Context) -> None:
        self._options = context.options
        self._findings = context.findings
        self._operations = settings.DEFAULT_OPERATIONS | self._table(settings.OPERATIONS)
        self._reasons = settings.DEFAULT_REASONS | self._table(settings.REASONS)
        self._exports = self._table(settings.EXPORT_TO)
        self._suppliers = self._list(settings.IMPORT_FROM.key, self._options.get(settings.IMPORT_FROM))
        self._own = self._list(settings.OWN_GLNS.key, self._options.get(settings.OWN_GLNS))
        self._reporter = next(iter(self._list(settings.REPORTER.key, self._options.get(settings.REPORTER))), "")
        self._told: set[str] = set()

    def operation(self, event: Event) -> Operation | None:
        """The operation that reports an event; None for what is not reported, or is reported as wrong."""
        step = word(Field.BIZ_STEP, event.biz_step or "") or ""
        voided = step == _VOID
        kind = self._kind(event, "shipping" if voided else step)
        if kind is None:
            return None
        if kind not in COMPOSED:
            message = f"{kind!r} is no operation that is composed"
            self._findings.report(rules.OPERATION, message, where=event.where, value=kind, expected=", ".join(COMPOSED))
            return None
        if not voided and event.error_declaration is None:
            return OPERATIONS[kind]
        if kind.endswith("-cancel"):
            return OPERATIONS[kind]
        cancel = CANCELS.get(kind)
        if cancel is None:
            message = f"RSD has no cancel for {kind}"
            self._findings.report(rules.NO_CANCEL, message, where=event.where, value=kind)
            return None
        return OPERATIONS[cancel]

    def fields(self, operation: Operation, event: Event) -> dict[str, str] | None:
        """The values of the fields before the goods; None when one is missing, which is reported."""
        values: dict[str, str] = {}
        right = True
        for name in operation.fields:
            value = self._value(name, event)
            if value:
                values[name] = value
            elif name not in operation.optional:
                right = False
                self._ask(name, operation.kind, event)
        return values if right else None

    def is_local(self, event: Event, ilmd: Mapping[str, str]) -> bool | None:
        """Whether packs are made in the country; None when nobody says it, which is reported."""
        origin = value_of(settings.ORIGIN_NEED, self._options, ilmd)
        if not origin:
            self._ask(settings.ORIGIN_NEED.name, "packs that are commissioned", event)
            return None
        return origin.upper() in HERE

    def _kind(self, event: Event, step: str) -> str | None:
        named = next((each.text for each in event.extensions if each.local == _ELEMENT), "")
        if named:
            return named
        added = isinstance(event, ObjectEvent) and event.action == "ADD"
        if self._reporter and self._is_of_others(step, event):
            self._leave(f"{step} by others", event)
            return None
        kind = self._operations.get(step or ("commissioning" if added else ""), "")
        if kind == "supply" and not added:
            kind = ""  # only what begins to exist is supplied
        if kind == "dispatch":
            return self._dispatch(event)
        if kind == "accept":
            return self._accept(event)
        if kind:
            return kind
        what = step or event.biz_step or event.type
        if step in _UNCLEAR:
            message = f"no operation is set for {step}"
            self._findings.report(rules.OPERATION, message, where=event.where, value=step)
        else:
            self._leave(what, event)
        return None

    def _leave(self, what: str, event: Event) -> None:
        if what not in self._told:
            self._told.add(what)
            self._findings.report(NOT_WANTED, f"RSD does not take {what}", where=event.where, value=what)

    def _is_of_others(self, step: str, event: Event) -> bool:
        """Whether a shipment leaves somebody else, or a receipt is somebody else's."""
        parties = {"shipping": event.source_list, "receiving": event.destination_list}.get(step)
        return self.party(parties) not in ("", self._reporter)

    def _dispatch(self, event: Event) -> str:
        source, destination = self.party(event.source_list), self.party(event.destination_list)
        if destination in self._exports or self._given("COUNTRYCODE", event):
            return "export"
        if word(Field.DISPOSITION, event.disposition or "") == "returned":
            return "return"
        return "transfer" if source in self._own and destination in self._own else "dispatch"

    def _accept(self, event: Event) -> str:
        if self.party(event.source_list) in self._suppliers:
            return "import"
        known = self._given("DISPATCHNOTIFICATIONID", event) or self._options.get(settings.DISPATCH_ID)
        return "accept-dispatch" if known else "accept"

    def _value(self, name: str, event: Event) -> str:
        given = self._given(name, event)
        if given:
            return given
        match name:
            case "TOGLN":
                return self.party(event.destination_list) or self._options.get(settings.TO_GLN)
            case "FROMGLN":
                return self.party(event.source_list) or self._options.get(settings.FROM_GLN)
            case "COUNTRYCODE":
                return self._exports.get(self.party(event.destination_list), "")
            case "DR":
                disposition = word(Field.DISPOSITION, event.disposition or "") or event.disposition or ""
                step = word(Field.BIZ_STEP, event.biz_step or "") or ""
                return self._reasons.get(disposition) or self._reasons.get(step, "")
            case _:
                need = settings.NEED_OF.get(name)
                return value_of(need, self._options) if need is not None else ""

    def party(self, parties: Iterable[Party] | None) -> str:
        """The GLN of who owns, else holds the goods, else of the place; empty where none is named."""
        kinds = [
            (_ORDER.get(word(Field.SOURCE_DESTINATION_TYPE, each.type) or "", len(_ORDER)), each.id)
            for each in parties or ()
        ]
        for _, identifier in sorted(kinds, key=lambda pair: pair[0]):
            try:
                return gln_of(identifier, rules.GLN)
            except Gs1Error:
                continue  # another of them may have one; when none has, the field is asked for
        return ""

    @staticmethod
    def _given(name: str, event: Event) -> str:
        return next((each.text.strip() for each in event.extensions if each.local == name), "")

    def _ask(self, name: str, subject: str, event: Event) -> None:
        key = f"{name} {subject}"
        if key not in self._told:
            self._told.add(key)
            report_missing(settings.NEED_OF[name], self._findings, event.where, subject)

    def _table(self, setting: Setting) -> dict[str, str]:
        return table_of(setting, self._options, self._findings)

    def _list(self, key: str, text: str) -> frozenset[str]:
        glns = [part.strip() for part in text.split(",") if part.strip()]
        for each in glns:
            try:
                gln_of(each, rules.GLN)
            except Gs1Error:
                self._findings.report(rules.GLN, f"the setting {key} has {each!r}, which is no GLN", value=each)
        return frozenset(glns)
