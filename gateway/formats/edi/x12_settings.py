"""The ``--set`` keys of the 856 that is written: what an EPCIS document does not say about an interchange."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.errors import UsageError
from gateway.formats.base import Context
from gateway.options import CREATION_DATE, Setting

SENDER: Final = Setting("x12-sender", "qualifier and id of the interchange sender (ISA05, ISA06), e.g. ZZ:ACME")
RECEIVER: Final = Setting(
    "x12-receiver", "qualifier and id of the interchange receiver (ISA07, ISA08), e.g. 01:123456789"
)
GROUP_SENDER: Final = Setting("x12-group-sender", "application sender (GS02); without it the id of x12-sender")
GROUP_RECEIVER: Final = Setting("x12-group-receiver", "application receiver (GS03); without it the id of x12-receiver")
CONTROL: Final = Setting(
    "x12-control-number", "control number of the interchange (ISA13), 1 to 9 digits, a new one each time"
)
GROUP_CONTROL: Final = Setting(
    "x12-group-control-number", "control number of the group (GS06), 1 to 9 digits; without it that of the interchange"
)
USAGE: Final = Setting("x12-usage", "production or test (ISA15)", ("P", "T"))
VERSION: Final = Setting("x12-version", "version of the message (GS08)", ("005010", "004010"), "005010")
SERIALS: Final = Setting("x12-serials", "serial numbers are lost, or stand in REF*SE", ("loss", "ref"), "loss")
SHIPMENT_ID: Final = Setting("x12-shipment-id", "number of the ship notice (BSN02) where the events do not tell it")
SEPARATORS: Final = Setting(
    "x12-separators",
    "element, component, terminator, repetition, e.g. *:~^; without it characters that stand in no value",
)
WRITER_SETTINGS: Final = (
    SENDER,
    RECEIVER,
    GROUP_SENDER,
    GROUP_RECEIVER,
    CONTROL,
    GROUP_CONTROL,
    USAGE,
    VERSION,
    SERIALS,
    SHIPMENT_ID,
    SEPARATORS,
)
_PARTY = re.compile(r"([A-Z0-9]{2}):([ -~]{1,15})")
_GROUP_PARTY = re.compile(r"[ -~]{2,15}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2})")
_FOUR = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """What ISA, GS and BSN say about the interchange.

    Attributes:
        sender: ISA05 and ISA06.
        receiver: ISA07 and ISA08.
        group_sender: GS02.
        group_receiver: GS03.
        control: ISA13, nine digits.
        group_control: GS06.
        usage: ISA15.
        version: GS08.
        day: CCYYMMDD of the interchange.
        minute: HHMM of the interchange.
        separators: four characters, empty to choose them.
    """

    sender: tuple[str, str]
    receiver: tuple[str, str]
    group_sender: str
    group_receiver: str
    control: str
    group_control: str
    usage: str
    version: str
    day: str
    minute: str
    separators: str


def frame(context: Context) -> Frame:
    """The settings of an interchange.

    Raises:
        UsageError: one is missing or has no right form; it is named.
    """
    sender = _party(context, SENDER)
    receiver = _party(context, RECEIVER)
    control = _needed(context, CONTROL, _NUMBER, "1 to 9 digits")
    day, minute = _moment(context)
    separators = context.options.get(SEPARATORS)
    unlike = len(separators) == len(set(separators)) == _FOUR and separators.isascii()
    if separators and (not unlike or any(mark.isalnum() or mark == " " for mark in separators)):
        raise _wrong(SEPARATORS, separators, "four different characters beside letters, digits and blanks")
    return Frame(
        sender=sender,
        receiver=receiver,
        group_sender=_group_party(context, GROUP_SENDER, sender[1]),
        group_receiver=_group_party(context, GROUP_RECEIVER, receiver[1]),
        control=control.zfill(9),
        group_control=_given(context, GROUP_CONTROL, _NUMBER, "1 to 9 digits") or control,
        usage=_needed(context, USAGE, re.compile("[PT]"), "P or T"),
        version=context.options.get(VERSION),
        day=day,
        minute=minute,
        separators=separators,
    )


def _party(context: Context, setting: Setting) -> tuple[str, str]:
    found = _PARTY.fullmatch(_needed(context, setting, _PARTY, "two characters, a colon, and 1 to 15 characters"))
    return ("", "") if found is None else (found[1], found[2])


def _group_party(context: Context, setting: Setting, otherwise: str) -> str:
    return _given(context, setting, _GROUP_PARTY, "2 to 15 characters") or otherwise


def _moment(context: Context) -> tuple[str, str]:
    """Day and minute of the interchange, in the zone in which they are given."""
    text = context.options.get(CREATION_DATE) or context.now
    found = _TIME.match(text)
    if found is None:
        message = (
            f"the setting {CREATION_DATE.key}={text} is no time" if text else "the time of the interchange is not known"
        )
        raise UsageError(message, hint=f"give --set {CREATION_DATE.key}=2026-11-22T10:00:00Z")
    return found[1] + found[2] + found[3], found[4] + found[5]


def _needed(context: Context, setting: Setting, form: re.Pattern[str], words: str) -> str:
    value = _given(context, setting, form, words)
    if not value:
        message = f"an X12 interchange needs the setting {setting.key}: {setting.title}"
        raise UsageError(message, hint=f"give --set {setting.key}=")
    return value


def _given(context: Context, setting: Setting, form: re.Pattern[str], words: str) -> str:
    value = context.options.get(setting)
    if value and form.fullmatch(value) is None:
        raise _wrong(setting, value, words)
    return value


def _wrong(setting: Setting, value: str, words: str) -> UsageError:
    return UsageError(f"the setting {setting.key} cannot be {value!r}", hint=f"it has {words}")
