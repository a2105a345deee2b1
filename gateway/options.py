"""Settings of a conversion: what an input lacks, or which spelling a target should have.

A user supplies them with ``--set KEY=VALUE``, an agreement under ``set:``.
Each format, mapping and market declares the settings it knows. Unknown keys are refused with the list of known
ones; a setting that is needed and missing is a finding that names it. Nothing that is missing is invented.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.errors import UsageError


@dataclass(frozen=True, slots=True)
class Setting:
    """One key that ``--set`` may give.

    Attributes:
        key: e.g. ``creation-date``.
        title: what it means, with its form.
        choices: allowed values; empty for free text.
        default: used when it is not given; empty means "not set".
    """

    key: str
    title: str
    choices: tuple[str, ...] = ()
    default: str = ""


EVENT_TIME = Setting("event-time", "eventTime for inputs that have none, ISO 8601 with zone")
TIME_ZONE = Setting("time-zone", "IANA zone of local times in the input, e.g. Europe/Istanbul")
READ_POINT = Setting("read-point", "readPoint for inputs that have none: SGLN URN, Digital Link or 13-digit GLN")
CREATION_DATE = Setting("creation-date", "creationDate of a document that is built here, ISO 8601 with zone")
COMPANY_PREFIX = Setting(
    "company-prefix", "GS1 company prefixes of the parties, comma-separated, to split GTIN, SSCC and GLN"
)
EPC = Setting("epc", "spelling of identifiers in the output", ("keep", "urn", "dl"), "keep")
CBV = Setting("cbv", "spelling of CBV values in the output", ("native", "urn", "uri"), "native")
EVENT_ID = Setting(
    "event-id", "keep eventIDs, or add a CBV 2.0 hash id to events that have none", ("keep", "hash"), "keep"
)
SENDER = Setting("sender", "GLN or SGLN of the sender for a header that has to be built")
RECEIVER = Setting("receiver", "GLN or SGLN of the receiver for a header that has to be built")
INSTANCE_IDENTIFIER = Setting(
    "instance-identifier", "InstanceIdentifier of a header that has to be built, unique for the sender"
)
COMPACT = Setting("layout", "pretty or compact output", ("pretty", "compact"), "compact")


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of one conversion, checked against those that its parts declare."""

    values: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, Setting] = field(default_factory=dict)

    @classmethod
    def check(cls, values: Mapping[str, str], settings: Iterable[Setting]) -> Options:
        """Check given values.

        Raises:
            UsageError: an unknown key, or a value that is not among the choices.
        """
        known = {setting.key: setting for setting in settings}
        for key, value in values.items():
            setting = known.get(key)
            if setting is None:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                message = f"nothing in this conversion knows the setting {key!r}"
                raise UsageError(message, hint=f"{hint}known: {', '.join(sorted(known))}")
            if setting.choices and value not in setting.choices:
                message = f"the setting {key!r} cannot be {value!r}"
                raise UsageError(message, hint=f"choose one of {', '.join(setting.choices)}")
        return cls(dict(values), known)

    def get(self, setting: Setting) -> str:
        """The value given, else the setting's default, else ``""``."""
        return self.values.get(setting.key) or setting.default
