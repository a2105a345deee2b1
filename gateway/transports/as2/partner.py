"""A partner at a given time: what its settings and certificates come to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import format_datetime
from pathlib import Path
from typing import Literal

from gateway.errors import ConfigurationError
from gateway.transports.as2 import keys, message, validity
from gateway.transports.as2.algorithms import micalg
from gateway.transports.as2.build import File, Outgoing
from gateway.transports.as2.compress import Limits
from gateway.transports.as2.encrypt import Encryption
from gateway.transports.as2.keys import Identity
from gateway.transports.as2.message import ReceiptRequest
from gateway.transports.as2.open import Terms
from gateway.transports.as2.receipt_read import ReceiptTerms
from gateway.transports.as2.settings import PartnerSettings, SignSettings
from gateway.transports.as2.sign import Signing
from gateway.transports.as2.validity import Listed, Rule, Use
from gateway.transports.base import Secrets


@dataclass(frozen=True)
class Partner:
    """A partner with certificates and keys in memory.

    Attributes:
        settings: as stated.
        ours: our certificates, each an `Identity`.
        theirs: the partner's certificates.
    """

    settings: PartnerSettings
    ours: tuple[Listed, ...]
    theirs: tuple[Listed, ...]

    @property
    def rule(self) -> Rule:
        """How strictly validity is taken."""
        return Rule(self.settings.expired, self.settings.grace_days)

    def outgoing(self, files: tuple[File, ...], delivery: str, now: dt.datetime, subject: str = "") -> Outgoing:
        """The message that a delivery is. At every try and after every crash it has the same message id.

        Args:
            files: what is sent.
            delivery: names the delivery, e.g. its id in the ledger.
            now: which certificates count, and the date in the message.
            subject: for people.

        Raises:
            ConfigurationError: a certificate that is needed does not count now.
        """
        settings = self.settings
        if settings.filename == "none":
            files = tuple(replace(file, filename="") for file in files)
        return Outgoing(
            settings.us,
            settings.them,
            message.make_message_id(delivery, settings.message_id_domain),
            files,
            subject,
            format_datetime(now.astimezone(dt.UTC)),
            self.signing(now),
            self.encryption(now),
            settings.compress,
            self.receipt_request(),
            quote_names=settings.filename == "quoted",
            bare_mic=settings.bare_mic,
            expanded_mic=settings.expanded_mic,
        )

    def signing(self, now: dt.datetime) -> Signing | None:
        """How we sign now; None if we do not.

        Raises:
            ConfigurationError: no certificate of ours counts now.
        """
        settings = self.settings
        return self._signing(now, settings.sign.digest, settings.sign.padding) if settings.sign else None

    def receipt_signing(self, now: dt.datetime) -> Signing | None:
        """How we sign receipts now; None if we have no certificate for it."""
        if not validity.current(self.ours, Use.SIGN, now, self.rule):
            return None
        sign = self.settings.sign or SignSettings()
        return self._signing(now, sign.digest, sign.padding)

    def _signing(self, now: dt.datetime, digest: str, padding: Literal["pkcs1", "pss"]) -> Signing:
        settings = self.settings
        identity = validity.newest(self.ours, Use.SIGN, now, self.rule, "ours").pin
        if not isinstance(identity, Identity):
            text = f"the certificate of {identity.subject} is listed as ours without its key"
            raise ConfigurationError(text)
        allow = frozenset[str](settings.allow)
        return Signing(identity, digest, padding, allow, settings.algorithm_protection, settings.old_micalg, now)

    def encryption(self, now: dt.datetime) -> Encryption | None:
        """How we encrypt now; None if we do not.

        Raises:
            ConfigurationError: no certificate of the partner counts now.
        """
        settings = self.settings.encrypt
        if settings is None:
            return None
        validity.newest(self.theirs, Use.ENCRYPT, now, self.rule, self.settings.them)
        found = validity.current(self.theirs, Use.ENCRYPT, now, self.rule)
        recipients = tuple(one.pin for one in (found if settings.to == "all" else found[:1]))
        allow = frozenset[str](self.settings.allow)
        return Encryption(recipients, settings.cipher, settings.key_transport, settings.oaep_digest, allow)

    def receipt_request(self) -> ReceiptRequest | None:
        """What receipt our messages ask for; None for none."""
        settings = self.settings.receipt
        if settings.mode == "none":
            return None
        names = settings.micalgs or (self.settings.sign.digest if self.settings.sign else "sha256",)
        spelled = tuple(micalg(name, old_names=self.settings.old_micalg) for name in names)
        return ReceiptRequest(settings.signed, spelled, settings.url)

    def terms(self, now: dt.datetime) -> Terms:
        """What the partner's messages must be now. Messages for any certificate of ours are read, ended or not."""
        settings = self.settings
        identities = [one.pin for one in self.ours if Use.ENCRYPT in one.uses]
        limits = settings.limits
        return Terms(
            tuple(pin for pin in identities if isinstance(pin, Identity)),
            self._signers(now),
            encrypted=settings.must_encrypt,
            signed=settings.must_sign,
            allow=frozenset(settings.allow),
            limits=Limits(limits.expanded_bytes, limits.ratio, limits.parts),
            gcm_in_enveloped=settings.gcm_in_enveloped,
            crlf_variants=settings.crlf_variants,
            bare_mic=settings.bare_mic,
        )

    def receipt_terms(self, now: dt.datetime) -> ReceiptTerms:
        """What the partner's receipts must be now."""
        settings = self.settings
        signed = settings.receipt.signed
        return ReceiptTerms(self._signers(now), signed, frozenset(settings.allow), settings.crlf_variants)

    def _signers(self, now: dt.datetime) -> tuple[keys.Pin, ...]:
        return tuple(one.pin for one in validity.current(self.theirs, Use.SIGN, now, self.rule))


def load(settings: PartnerSettings, read: Callable[[Path], bytes], secrets: Secrets) -> Partner:
    """Read certificates and keys.

    Args:
        settings: as stated.
        read: reads a file of the workspace.
        secrets: resolves references.

    Raises:
        ConfigurationError: a certificate or key cannot be read or is not the one that was confirmed.
    """
    ours = [
        Listed(
            keys.identity(
                read(one.certificate),
                secrets(one.key).encode("utf-8"),
                secrets(one.password).encode("utf-8") if one.password else None,
            ),
            frozenset(map(Use, one.uses)),
            one.since,
            one.until,
        )
        for one in settings.ours
    ]
    theirs = [
        Listed(
            validity.confirmed(keys.certificates(read(one.certificate))[0], one.sha256),
            frozenset(map(Use, one.uses)),
            one.since,
            one.until,
        )
        for one in settings.theirs
    ]
    return Partner(settings, tuple(ours), tuple(theirs))
