"""An agreement: what a partner sends us, through which channels, and who gets what of it.

These are the words of ``agreements/*.yaml``; docs/agreements.md explains them with examples.
"""

from __future__ import annotations

import enum
import re
import string
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from gateway.agreements import timing, windows
from gateway.agreements.answers import Answers, Expectation
from gateway.agreements.part import Part
from gateway.findings import LossMode
from gateway.gs1 import check_digit
from gateway.transports.secrets import Reference

GLN_DIGITS = 13
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

#: What a target's file name may be made of. All of them are the same at every attempt and after every crash.
PLACEHOLDERS = {
    "stem": "name of the output without its suffix; it comes from the name of the file that came in",
    "suffix": "suffix of the output, with its dot",
    "message": "id of the message, e.g. 20261122093000123-00000042",
    "date": "day on which the file came in, UTC, YYYYMMDD",
    "target": "id of the target",
    "index": "number of the file where an input gives several, from 1",
}


def _id(value: str) -> str:
    if not _ID.fullmatch(value):
        message = f"{value!r} is no id: use small letters, digits and hyphens, at most 63"
        raise ValueError(message)
    return value


Id = Annotated[str, AfterValidator(_id)]


class CatchUp(enum.StrEnum):
    """What happens to slots that passed while the gateway was down."""

    NONE = "none"
    LATEST = "latest"
    ALL = "all"


class Certificate(Part):
    """A certificate of the partner, by reference.

    Attributes:
        use: what for.
        certificate: where it is, e.g. ``file:keys/acme.pem``. It may hold several, old and new.
    """

    use: Literal["sign", "encrypt", "tls", "any"] = "any"
    certificate: Reference


class Partner(Part):
    """Who sends.

    Attributes:
        id: short name in commands, logs and the ledger.
        name: full name.
        gln: Global Location Number, 13 digits with a right check digit.
        as2_id: the partner's AS2 identifier.
        identities: other names of the partner, by kind: ``duns``, ``edi``, a regulator's number.
        certificates: the partner's certificates; `gateway check` looks at their dates.
        hold: nothing is collected from it or delivered to it, as after ``gateway hold``.
    """

    id: Id
    name: str = ""
    gln: str = ""
    as2_id: str = ""
    identities: dict[str, str] = Field(default_factory=dict)
    certificates: tuple[Certificate, ...] = ()
    hold: bool = False

    @field_validator("gln")
    @classmethod
    def _check_gln(cls, value: str) -> str:
        if value and not (len(value) == GLN_DIGITS and check_digit.verify(value)):
            message = f"{value!r} is no GLN: 13 digits, the last one the check digit"
            raise ValueError(message)
        return value


class Schedule(Part):
    """When a channel is collected.

    Attributes:
        cron: five fields as in crontab(5), e.g. ``*/5 * * * *``.
        interval: seconds between two collections.
        windows: times of the day outside which nothing is due, e.g. ``mon-fri 06:00-20:00``; none for all.
        holidays: days on which nothing is due.
    """

    cron: str = ""
    interval: int = Field(default=0, ge=0, le=31 * 86400)
    windows: tuple[str, ...] = ()
    holidays: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _one_of_both(self) -> Schedule:
        if bool(self.cron) == bool(self.interval):
            message = "give either cron or interval"
            raise ValueError(message)
        if self.cron:
            timing.cron(self.cron, ZoneInfo("UTC"))
        return self

    @field_validator("windows")
    @classmethod
    def _check_windows(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for line in value:
            windows.window(line)
        return value

    def timing(self, zone: ZoneInfo) -> timing.Timing:
        """The rule that says when it is due in a zone."""
        rule = timing.cron(self.cron, zone) if self.cron else timing.every(self.interval, zone)
        opening = windows.Opening(tuple(map(windows.window, self.windows)), frozenset(self.holidays), zone)
        return rule if opening.always else replace(rule, opening=opening)


class Retry(Part):
    """How often a delivery is tried, and how long is waited in between.

    Attributes:
        attempts: tries in all.
        first: seconds before the second try.
        factor: by how much each wait is longer than the one before.
        longest: seconds that no wait exceeds.
    """

    attempts: int = Field(default=8, ge=1, le=100)
    first: float = Field(default=10, ge=0, le=86400)
    factor: float = Field(default=3, ge=1, le=10)
    longest: float = Field(default=3600, ge=0, le=7 * 86400)

    def wait(self, attempt: int, jitter: float) -> float | None:
        """Seconds to wait after a failed try; None when it was the last.

        Args:
            attempt: number of the try that failed, from 1.
            jitter: from 0 to 1; stretches the wait by up to a quarter, so that many deliveries to a peer that
                comes back do not all arrive at once.
        """
        if attempt >= self.attempts:
            return None
        return float(min(self.first * self.factor ** (attempt - 1), self.longest) * (1 + jitter / 4))


class Duplicates(Part):
    """What happens to what came before. What is skipped becomes a message in state ``duplicate`` that names the first.

    Attributes:
        content: the same bytes: ``skip`` or ``process``.
        file: a file with the same path, size and time that was taken and is still there: ``skip`` leaves it alone
            without a word, ``again`` takes it as put there again; ``auto`` skips where originals stay at the peer.
        control_number: another interchange with the same sender and number: ``process``, ``skip`` or ``refuse``.
    """

    content: Literal["skip", "process"] = "skip"
    file: Literal["auto", "skip", "again"] = "auto"
    control_number: Literal["process", "skip", "refuse"] = "process"


class Rate(Part):
    """How fast a target may be tried.

    Attributes:
        limit: tries.
        seconds: length of the time in which there are at most that many.
    """

    limit: int = Field(ge=1, le=100_000)
    seconds: float = Field(gt=0, le=86400)


class Channel(Part):
    """Where a partner's files are collected.

    Attributes:
        id: short name, unique over all agreements.
        transport: key of a transport.
        settings: the transport's own settings; after loading an instance of its settings model.
        schedule: when it is collected; without one only by ``gateway once``.
        time_zone: IANA zone of the cron line.
        catch_up: what happens to slots that passed while the gateway was down.
        format: format or market message of the files; empty to detect it.
        mappings: mappings that the files may need, by name; empty for all of the workspace and the shipped ones.
        limits: bounds on one file, by name, e.g. ``input-bytes``.
        targets: ids of the targets of this channel's files; empty for all targets of the agreement.
        parallel: how many of its files are processed at once; more than 1 gives up their order.
        answers: what kind of answers to our deliveries come through this channel, if any do.
        hold: nothing is collected or converted, as after ``gateway hold``.
        duplicates: what happens to what came before.
    """

    id: Id
    transport: str
    settings: Any = Field(default_factory=dict)
    schedule: Schedule | None = None
    time_zone: str = "UTC"
    catch_up: CatchUp = CatchUp.LATEST
    format: str = ""
    mappings: tuple[str, ...] = ()
    limits: dict[str, int] = Field(default_factory=dict)
    targets: tuple[str, ...] = ()
    parallel: int = Field(default=1, ge=1, le=64)
    answers: Answers | None = None
    hold: bool = False
    duplicates: Duplicates = Duplicates()

    @field_validator("time_zone")
    @classmethod
    def _check_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            message = f"there is no time zone {value!r}; write an IANA name, e.g. Europe/Berlin"
            raise ValueError(message) from error
        return value

    @property
    def leaves_files(self) -> bool:
        """Whether a file that was taken and stands at the peer still, or again, is left alone."""
        if self.duplicates.file == "auto":
            return getattr(self.settings, "after", "") == "keep"
        return self.duplicates.file == "skip"

    @property
    def timing(self) -> timing.Timing | None:
        """The rule that says when this channel is due, None when only ``gateway once`` collects it."""
        return None if self.schedule is None else self.schedule.timing(ZoneInfo(self.time_zone))


class Target(Part):
    """Who gets what, and how.

    Attributes:
        id: short name, unique over all agreements.
        partner: who receives; files for one receiver keep their order. By default the target's own id.
        to: format or market message to convert to.
        mapping: mapping to write a table with, by name.
        transport: key of a transport.
        settings: the transport's own settings; after loading an instance of its settings model.
        name: pattern of the file name there; `PLACEHOLDERS` says of what.
        set: values that the input lacks, or choices of the target, as with ``--set``.
        loss: what to do with values that the target has no place for.
        retry: how often to try.
        rate: how fast; without one as fast as it goes.
        parallel: how many files are on their way to the receiver at once; more than 1 gives up their order.
        answer: the answer that the receiver owes us; a message waits for it before it is closed.
        hold: nothing is delivered, as after ``gateway hold``.
    """

    id: Id
    partner: str = ""
    to: str
    mapping: str = ""
    transport: str
    settings: Any = Field(default_factory=dict)
    name: str = "{stem}-{message}{suffix}"
    set: dict[str, str] = Field(default_factory=dict)
    loss: Literal["carry", "drop", "fail"] = "carry"
    retry: Retry = Retry()
    rate: Rate | None = None
    parallel: int = Field(default=1, ge=1, le=64)
    answer: Expectation | None = None
    hold: bool = False

    @property
    def receiver(self) -> str:
        """Who receives."""
        return self.partner or self.id

    @property
    def loss_mode(self) -> LossMode:
        """What to do with values that the target has no place for."""
        return LossMode(self.loss)

    @field_validator("partner")
    @classmethod
    def _check_partner(cls, value: str) -> str:
        return _id(value)

    @field_validator("name")
    @classmethod
    def _check_name(cls, value: str) -> str:
        try:
            parts = list(string.Formatter().parse(value))
        except ValueError as error:
            message = f"not a name pattern: {error}"
            raise ValueError(message) from error
        for _, placeholder, form, conversion in parts:
            if placeholder is None:
                continue
            if placeholder not in PLACEHOLDERS or form or conversion:
                message = f"unknown placeholder {{{placeholder}}}; known: {', '.join(PLACEHOLDERS)}"
                raise ValueError(message)
        if not value.strip() or "/" in value or "\\" in value:
            message = "a file name must not be empty or hold a path separator"
            raise ValueError(message)
        return value


class Retention(Part):
    """How long bytes are kept.

    Attributes:
        days: days after a message's end; then `gateway archive prune` deletes what came in and what went out. What the
            ledger tells of it stays.
    """

    days: int = Field(ge=1, le=36525)


class Serials(Part):
    """What this partner's events say about serial numbers is kept, and expands what names containers only.

    Attributes:
        client: whose serial numbers they are; agreements that name the same client share what they know.
        contradictions: what happens when a message contradicts earlier ones: it is said (``report``), or the message is
            refused for what is an error (``refuse``).
    """

    client: Id = "main"
    contradictions: Literal["report", "refuse"] = "report"


class Agreement(Part):
    """One file ``agreements/*.yaml``.

    Attributes:
        partner: who sends.
        channels: where their files are collected.
        targets: who gets what of them.
        retention: how long the bytes of this partner's messages are kept; without it for ever.
        serials: keep what the events say about serial numbers; ``true`` for the defaults.
    """

    partner: Partner
    retention: Retention | None = None
    serials: Serials | None = None
    channels: tuple[Channel, ...]
    targets: tuple[Target, ...] = Field(default=(), validate_default=True)

    @field_validator("serials", mode="before")
    @classmethod
    def _with_defaults(cls, value: object) -> object:
        # YAML files are read with all values as texts.
        return {"true": {}, "false": None}.get(str(value).lower(), value) if isinstance(value, bool | str) else value

    @field_validator("channels")
    @classmethod
    def _at_least_one(cls, value: tuple[Channel, ...]) -> tuple[Channel, ...]:
        if not value:
            message = "give at least one"
            raise ValueError(message)
        return value

    @field_validator("targets")
    @classmethod
    def _somebody(cls, value: tuple[Target, ...], info: ValidationInfo) -> tuple[Target, ...]:
        if not value and not all(channel.answers for channel in info.data.get("channels", ())):
            message = "give at least one; only channels of `answers` need none"
            raise ValueError(message)
        return value

    def targets_of(self, channel: Channel) -> list[Target]:
        """The targets of a channel's files, in the order of the file."""
        return [target for target in self.targets if not channel.targets or target.id in channel.targets]
