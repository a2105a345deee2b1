"""Lists of certificates: which one counts when, how one takes the place of another, and when somebody must act.

Every use has a list, so that an old and a new certificate overlap and neither side has to switch at a given minute: we
sign with the newest one that has begun; we decrypt with every one that is listed; we encrypt for the partner's current
ones; a signature counts if any current certificate of the partner made it. Times are arguments; there is no clock here.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization

from gateway.errors import ConfigurationError
from gateway.transports.as2.keys import Pin

WARN_DAYS = (90, 30, 14, 7, 1)
"""Days before the end of a certificate at which somebody is told, each once."""


class Use(enum.StrEnum):
    """What a certificate is for. Ours and theirs are separate lists, so there are six uses."""

    SIGN = "sign"
    ENCRYPT = "encrypt"
    TLS = "tls"


class Expired(enum.StrEnum):
    """What becomes of a partner's message or of ours when the certificate has ended or not yet begun."""

    WARN = "warn"
    GRACE = "grace"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Listed:
    """A certificate in a list.

    Attributes:
        pin: the certificate; an `Identity` in our lists.
        uses: what it is for.
        since: not used before this time, even if it is valid; None for as soon as it is valid.
        until: not used from this time on; None for as long as it is valid.
    """

    pin: Pin
    uses: frozenset[Use]
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    @property
    def begins(self) -> dt.datetime:
        """When it counts for the first time."""
        valid = self.pin.certificate.not_valid_before_utc
        return max(valid, self.since) if self.since else valid

    @property
    def ends(self) -> dt.datetime:
        """When it does not count any more."""
        valid = self.pin.certificate.not_valid_after_utc
        return min(valid, self.until) if self.until else valid


@dataclass(frozen=True, slots=True)
class Rule:
    """How strictly validity is taken.

    Attributes:
        expired: what is done outside of the validity.
        grace: days after the end for which ``grace`` goes on.
    """

    expired: Expired = Expired.BLOCK
    grace: int = 0

    def counts(self, listed: Listed, now: dt.datetime) -> bool:
        """Whether a certificate may be used now. Times that an operator states are always kept."""
        if (listed.since and now < listed.since) or (listed.until and now >= listed.until):
            return False
        if self.expired is Expired.WARN:
            return True
        longer = dt.timedelta(days=self.grace if self.expired is Expired.GRACE else 0)
        return listed.begins <= now < listed.ends + longer


def current(listed: Iterable[Listed], use: Use, now: dt.datetime, rule: Rule) -> list[Listed]:
    """The certificates that count now for a use, the newest first."""
    found = [one for one in listed if use in one.uses and rule.counts(one, now)]
    return sorted(found, key=lambda one: (one.begins, one.ends), reverse=True)


def newest(listed: Iterable[Listed], use: Use, now: dt.datetime, rule: Rule, whose: str) -> Listed:
    """The certificate to use now where only one can be.

    Raises:
        ConfigurationError: there is none; the text says which ones there are and when they count.
    """
    all_of_them = [one for one in listed if use in one.uses]
    found = current(all_of_them, use, now, rule)
    if not found:
        told = "; ".join(f"{one.pin.subject}, {one.begins:%Y-%m-%d} to {one.ends:%Y-%m-%d}" for one in all_of_them)
        message = f"no certificate of {whose} counts now for the use {use}: {told or 'none is listed'}"
        raise ConfigurationError(message, hint="list a certificate that is valid now")
    return found[0]


@dataclass(frozen=True, slots=True)
class Ending:
    """A certificate that ends soon and that no other one follows.

    Attributes:
        listed: the certificate.
        use: the use that would be without one.
        days: full days that are left; negative when it has ended.
        stage: the entry of `WARN_DAYS` that was reached, 0 when it has ended. Tell once for each stage.
    """

    listed: Listed
    use: Use
    days: int
    stage: int


def endings(listed: Iterable[Listed], now: dt.datetime) -> list[Ending]:
    """Who has to act: for each use the last certificate in its row, if it ends soon or has ended.

    A certificate that ends while another one of the same use goes on needs no one.
    """
    found = []
    for use in Use:
        row = [one for one in listed if use in one.uses]
        if not row:
            continue
        last = max(row, key=lambda one: one.ends)
        left = last.ends - now
        days = left // dt.timedelta(days=1)
        stages = [stage for stage in WARN_DAYS if left <= dt.timedelta(days=stage)]
        if stages:
            found.append(Ending(last, use, days, 0 if left <= dt.timedelta(0) else stages[-1]))
    return found


def confirmed(pin: Pin, fingerprint: str) -> Pin:
    """The certificate, if its fingerprint is the one that the partner stated on another way (telephone, letter).

    Raises:
        ConfigurationError: it is another one.
    """
    stated = fingerprint.replace(":", "").replace(" ", "").lower().removeprefix("sha256")
    if stated != pin.fingerprint:
        message = f"the certificate of {pin.subject} has the SHA-256 fingerprint {pin.fingerprint}, not the one stated"
        raise ConfigurationError(message, hint="compare with the partner before it is listed; it may be forged or old")
    return pin


def public_set(listed: Iterable[Listed], now: dt.datetime) -> bytes:
    """Our certificates that count now or later, in PEM, each under a line that says what it is for; never a key."""
    lines = []
    for one in listed:
        if one.ends <= now:
            continue
        uses = ", ".join(sorted(one.uses))
        lines.append(f"# {one.pin.subject}: {uses}; {one.begins:%Y-%m-%d} to {one.ends:%Y-%m-%d}\n")
        lines.append(f"# SHA-256 {one.pin.fingerprint}\n")
        lines.append(one.pin.certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"))
    return "".join(lines).encode("utf-8")
