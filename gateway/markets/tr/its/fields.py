"""The fields of a notification that are not packs: from the event, its ILMD and elements, and the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.epcis.events import Event, ObjectEvent, Party, TransactionEvent
from gateway.epcis.vocabulary import Field, word
from gateway.findings import NOWHERE, Where
from gateway.formats.base import Context
from gateway.gs1.errors import Gs1Error
from gateway.markets.base import Need
from gateway.markets.kit import keys
from gateway.markets.kit.dates import is_date, local_date
from gateway.markets.kit.needs import places, report_missing, table_of, value_of
from gateway.markets.tr.its import rules, settings
from gateway.markets.tr.its.codes import DEACTIVATION_REASONS, DEFAULT_REASONS, PRODUCT_TYPES
from gateway.markets.tr.its.operations import DEACTIVATION, EXPORT, Operation
from gateway.markets.tr.keys import NUMBER
from gateway.markets.tr.settings import DESTINATION_GLN, EVENT_DATE
from gateway.options import Setting

_OWNER, _HOLDER = "owning_party", "possessing_party"
_REMOVAL: Final = "10"
_TEXT_LENGTH: Final = 100
_SOAP_TYPE: Final = "PP"


@dataclass(frozen=True, slots=True)
class Supply:
    """What is the same for all packs of a commissioning event.

    Attributes:
        fields: values by their REST name; GTIN comes with the packs.
        document: ``dd`` and ``dn``, empty where there is none.
    """

    fields: Mapping[str, str]
    document: Mapping[str, str]


class Fields:
    """Gives the fields and reports what is missing, each thing once.

    Args:
        context: the conversion's.
        soap: whether SOAP is spoken, which asks for some fields differently.
    """

    def __init__(self, context: Context, *, soap: bool) -> None:
        self._options = context.options
        self._findings = context.findings
        self._soap = soap
        self._asked: set[tuple[str, str]] = set()
        self._reporter = self._setting_gln(settings.REPORTER)
        self._configured = self._setting_gln(DESTINATION_GLN)
        self._abroad = frozenset(filter(None, (part.strip() for part in self._get(settings.EXPORT_GLNS).split(","))))
        reasons = table_of(settings.REASONS, context.options, context.findings)
        self._reasons = DEFAULT_REASONS | reasons

    def of_supply(self, event: Event) -> Supply | None:
        """The fields of a production or import; None when something is missing."""
        ilmd = {each.local: each.text for each in (event.ilmd if isinstance(event, ObjectEvent) else None) or ()}
        errors = self._findings.errors
        where = event.where
        lot, expiry = ilmd.get("lotNumber", ""), ilmd.get("itemExpirationDate", "")
        for name, value in (("lot", lot), ("expiry", expiry)):
            if not value:
                self._findings.report(rules.UNDESCRIBED, f"the {name} of commissioned packs is not known", where=where)
        if lot and NUMBER.fullmatch(lot) is None:
            message = f"lot {lot!r} is not 1 to 20 of A-Z and 0-9"
            self._findings.report(rules.CHARACTERS, message, where=where, value=lot)
        made = self._made(event, ilmd)
        self._check_date("expiry", expiry, where)
        self._check_date("production date", made, where)
        if is_date(made) and is_date(expiry) and made > expiry:
            self._findings.report(rules.DATE, f"the production date {made} is after the expiry {expiry}", where=where)
        origin = self._needed(settings.ORIGIN_NEED, event, ilmd)
        fields = {
            "dt": "I" if origin == settings.IMPORTED else "M",
            "mi": self._own(where),
            "pt": self._type(event, ilmd),
            "bn": lot,
            "md": made,
            "xd": expiry,
        }
        document = self._document(event)
        return Supply(fields, document) if self._findings.errors == errors and all(fields.values()) else None

    def of_movement(self, operation: Operation, event: Event) -> tuple[Mapping[str, str], Mapping[str, str]] | None:
        """The fields and the document of another notification; None when something is missing."""
        errors = self._findings.errors
        document: Mapping[str, str] = {}
        fields: dict[str, str] = {}
        if operation.shape == "to":
            fields = {"togln": self._receiver(event)}
        elif operation.kind == DEACTIVATION:
            why = self._needed(settings.DESCRIPTION_NEED, event)
            fields = {"dt": "D", "frGln": self._own(event.where), "ds": self._reason(event), "description": why}
            document = self._document(event)
        elif operation.kind == EXPORT:
            fields = {"dt": "X", "fr": self._own(event.where), "rt": self._text(event)}
            document = self._document(event)
        right = self._findings.errors == errors and all(fields.values())
        return (fields, document) if right else None

    def abroad(self, event: Event) -> bool:
        """Whether an event ships to a GLN that the settings call foreign."""
        return bool(self._abroad) and not self._abroad.isdisjoint(self._parties(event)[1])

    def _own(self, where: Where) -> str:
        if not self._reporter:
            self._missing(settings.REPORTER_NEED, where)
        return self._reporter

    def _receiver(self, event: Event) -> str:
        role, found = self._parties(event)
        if len(found) > 1:
            message = f"destinationList has {len(found)} entries of type {role}"
            self._findings.report(rules.RECEIVER, message, where=event.where, value=", ".join(found))
            return ""
        gln = next(iter(found), "")
        if gln and self._configured and gln != self._configured:
            key = DESTINATION_GLN.key
            message = f"the setting {key} is {self._configured!r}, but the event says {gln!r}, which is used"
            self._findings.report(rules.DIFFERENT, message, where=event.where, value=self._configured, expected=gln)
        if not gln and not self._configured:
            hint = places(DESTINATION_GLN, f"an entry of type {_OWNER} in destinationList of the event")
            message = "the event does not say who receives the packs"
            self._findings.report(rules.RECEIVER, message, where=event.where, hint=hint)
        return gln or self._configured

    def _parties(self, event: Event) -> tuple[str, list[str]]:
        """The GLNs of the new owners, else of the new holders."""
        parties: list[Party] = []
        if isinstance(event, (ObjectEvent, TransactionEvent)):
            parties = event.destination_list or []
        for role in (_OWNER, _HOLDER):
            named = [each.id for each in parties if word(Field.SOURCE_DESTINATION_TYPE, each.type) == role]
            if named:
                found = [self._gln(each, f"destinationList, {role}", event.where) for each in named]
                return role, list(dict.fromkeys(filter(None, found)))
        return _OWNER, []

    def _reason(self, event: Event) -> str:
        words = (word(Field.DISPOSITION, event.disposition or ""), word(Field.BIZ_STEP, event.biz_step or ""))
        told = next((each.text for each in event.extensions if each.local == settings.REASON_NEED.attribute), "")
        reason = told or next((self._reasons[each] for each in words if each in self._reasons), _REMOVAL)
        if reason not in DEACTIVATION_REASONS:
            expected = ", ".join(DEACTIVATION_REASONS)
            message = f"{reason!r} is no reason of deactivation"
            self._findings.report(rules.REASON, message, where=event.where, value=reason, expected=expected)
        return reason

    def _text(self, event: Event) -> str:
        text = self._needed(settings.RECEIVER_NEED, event)
        if self._soap and self._get(settings.RECEIVER_FILL) == "spaces":
            text = text and text.ljust(_TEXT_LENGTH)
        if text and (len(text) > _TEXT_LENGTH or (self._soap and len(text) != _TEXT_LENGTH)):
            message = f"the receiver's text has {len(text)} characters"
            expected = "exactly 100" if self._soap else "1 to 100"
            self._findings.report(rules.RECEIVER_TEXT, message, where=event.where, value=text, expected=expected)
        return text

    def _type(self, event: Event, ilmd: Mapping[str, str]) -> str:
        found = value_of(settings.TYPE_NEED, self._options, ilmd, event.extensions)
        if found not in PRODUCT_TYPES or (self._soap and found != _SOAP_TYPE):
            expected = _SOAP_TYPE if self._soap else ", ".join(PRODUCT_TYPES)
            message = f"the product type is {found!r}"
            self._findings.report(rules.PRODUCT_TYPE, message, where=event.where, value=found, expected=expected)
        return found

    def _made(self, event: Event, ilmd: Mapping[str, str]) -> str:
        found = value_of(settings.MADE_NEED, self._options, ilmd, event.extensions)
        if found == EVENT_DATE:
            found = local_date(event.event_time, event.event_time_zone_offset)
        if not found:
            self._missing(settings.MADE_NEED, event.where)
        return found

    def _document(self, event: Event) -> Mapping[str, str]:
        number = value_of(settings.NUMBER_NEED, self._options, elements=event.extensions)
        day = value_of(settings.DATE_NEED, self._options, elements=event.extensions)
        if day == EVENT_DATE:
            day = local_date(event.event_time, event.event_time_zone_offset)
        if number and NUMBER.fullmatch(number) is None:
            message = f"document number {number!r} is not 1 to 20 of A-Z and 0-9"
            self._findings.report(rules.CHARACTERS, message, where=event.where, value=number)
        if number and not day:
            self._findings.report(rules.DOCUMENT, f"document {number} has no date", where=event.where, value=number)
        self._check_date("document date", day, event.where)
        # A date alone is not told: production asks for both, and who gives event-date may mean PTS only.
        return {"dd": day, "dn": number} if number else {}

    def _check_date(self, name: str, value: str, where: Where) -> None:
        if value and not is_date(value):
            message = f"the {name} {value!r} is not YYYY-MM-DD"
            self._findings.report(rules.DATE, message, where=where, value=value, expected="YYYY-MM-DD")

    def _needed(self, need: Need, event: Event, ilmd: Mapping[str, str] | None = None) -> str:
        found = value_of(need, self._options, ilmd, event.extensions)
        if not found:
            self._missing(need, event.where)
        elif need.setting is not None and need.setting.choices and found not in need.setting.choices:
            self._missing(need, event.where, f"{found!r} is none of {', '.join(need.setting.choices)}: ")
            found = ""
        elif not found.isprintable():
            message = f"{need.name} {found!r} has control characters or line breaks"
            self._findings.report(rules.TEXT, message, where=event.where, value=found)
        return found

    def _missing(self, need: Need, where: Where, why: str = "") -> None:
        """Ask once for what a whole document lacks; an error each time would bury the others."""
        if (need.name, why) not in self._asked:
            self._asked.add((need.name, why))
            report_missing(need, self._findings, where, f"{why}the notification" if why else "the notification")

    def _setting_gln(self, setting: Setting) -> str:
        given = self._get(setting)
        return self._gln(given, f"the setting {setting.key}", NOWHERE) if given else ""

    def _gln(self, text: str, what: str, where: Where) -> str:
        try:
            return keys.gln_of(text, rules.GLN)
        except Gs1Error as error:
            message = f"{what}: {error.message}"
            self._findings.report(rules.GLN, message, where=where, value=error.value, expected=error.expected)
            return ""

    def _get(self, setting: Setting) -> str:
        return self._options.get(setting)
