"""What is missing before files can go to and fro with a partner, in words, with what to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.transports.as2 import validity
from gateway.transports.as2.partner import Partner
from gateway.transports.as2.settings import PartnerSettings
from gateway.transports.as2.validity import Ending, Listed, Use
from gateway.transports.as2_http.settings import As2Settings

SHORT = 2048
PLAIN = "http://"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a partner's settings.

    Attributes:
        wrong: nothing can be exchanged like this; otherwise it is only worth knowing.
        text: what it is.
        fix: what to do.
    """

    wrong: bool
    text: str
    fix: str


def remarks(
    settings: As2Settings, partner: Partner, now: dt.datetime, *, sends: bool, receives: bool, tls: bool
) -> Iterator[Remark]:
    """All that is missing or odd at `now`.

    Args:
        settings: of a channel or target.
        partner: the same with certificates.
        now: the time.
        sends: files are sent to the partner.
        receives: the partner's files come in through a channel.
        tls: our server speaks TLS.
    """
    them = settings.them
    if sends:
        yield from _sending(settings, partner, now)
    else:
        yield Remark(False, f"nothing is sent to {them}", "add a target with `url`, if they are to get files")
    if receives:
        yield from _receiving(settings, partner, now, tls=tls)
    else:
        yield Remark(False, f"files of {them} are not collected", "add a channel, if they send files")
    if (sends and settings.receipt.signed) or (receives and settings.must_sign):
        yield from _counts(partner, partner.theirs, Use.SIGN, now, f"signatures of {them} cannot be verified", "theirs")
    for whose, listed in (("our", partner.ours), ("their", partner.theirs)):
        for one in listed:
            key = one.pin.certificate.public_key()
            if isinstance(key, rsa.RSAPublicKey) and key.key_size < SHORT:
                text = f"{whose} certificate {one.pin.subject} has a key of {key.key_size} bits"
                yield Remark(False, text, f"RSA keys should have {SHORT} bits or more")


def _sending(settings: As2Settings, partner: Partner, now: dt.datetime) -> Iterator[Remark]:
    if settings.sign:
        yield from _counts(partner, partner.ours, Use.SIGN, now, "we cannot sign", "ours")
    else:
        yield Remark(False, "our messages are not signed", "`sign: {}`, unless the partner cannot verify")
    if settings.encrypt:
        yield from _counts(
            partner, partner.theirs, Use.ENCRYPT, now, f"we cannot encrypt for {settings.them}", "theirs"
        )
    elif settings.url.startswith(PLAIN):
        yield Remark(False, "our messages go over the network in the clear", "`encrypt: {}`, or an https url")
    if settings.receipt.mode == "none":
        text = "no receipts are asked for: nothing proves that a message arrived"
        yield Remark(False, text, "`receipt: {mode: sync, signed: true}`")
    elif not settings.receipt.signed:
        yield Remark(False, "receipts need not be signed: they prove nothing to others", "`receipt: {signed: true}`")
    if settings.message_id_domain == PartnerSettings.model_fields["message_id_domain"].default:
        text = f"message ids end with @{settings.message_id_domain}"
        yield Remark(False, text, "set `message-id-domain` to a domain of yours, so that ids are yours for ever")


def _receiving(settings: As2Settings, partner: Partner, now: dt.datetime, *, tls: bool) -> Iterator[Remark]:
    if settings.must_encrypt:
        if not any(Use.ENCRYPT in one.uses for one in partner.ours):
            text = "we cannot decrypt: no certificate of ours is listed for it"
            yield Remark(True, text, "list one under `ours` with its key")
    elif not tls:
        yield Remark(False, "messages may come in the clear", "`must-encrypt: true`, or TLS under [as2]")
    if partner.receipt_signing(now) is None:
        text = "we cannot sign receipts: no certificate of ours counts now for the use sign"
        yield Remark(True, text, "list one under `ours` with its key")
    if settings.must_tls and not tls:
        text = "the partner must show a certificate (must-tls), and our server has no TLS"
        yield Remark(True, text, "set certificate and key under [as2] in gateway.toml")
    if not settings.must_sign:
        text = "messages need not be signed: whoever knows both ids can send them"
        yield Remark(False, text, "`must-sign: true`")
    if not settings.receipt_url:
        text = "receipts cannot be sent later (asynchronously)"
        yield Remark(False, text, "`receipt-url`, if the partner asks for them so")


def _counts(
    partner: Partner, listed: tuple[Listed, ...], use: Use, now: dt.datetime, what: str, where: str
) -> Iterator[Remark]:
    if validity.current(listed, use, now, partner.rule):
        return
    there = [one for one in listed if use in one.uses]
    told = "; ".join(f"{one.pin.subject} counts from {one.begins:%Y-%m-%d} to {one.ends:%Y-%m-%d}" for one in there)
    yield Remark(True, f"{what}: {told or f'no certificate is listed for the use {use}'}", f"list one under `{where}`")


def endings(partner: Partner, now: dt.datetime) -> Iterator[tuple[str, Ending]]:
    """Certificates that end soon and that nothing follows: whose (``ours`` or ``theirs``), and which."""
    for whose, listed in (("ours", partner.ours), ("theirs", partner.theirs)):
        for ending in validity.endings(listed, now):
            yield whose, ending


def told(whose: str, them: str, ending: Ending) -> str:
    """An ending in words."""
    owner = "ours, for" if whose == "ours" else "of"
    left = "has ended" if ending.stage == 0 else f"ends in {ending.days} days, on {ending.listed.ends:%Y-%m-%d},"
    return f"the certificate {ending.listed.pin.subject} ({owner} {them}, {ending.use}) {left} and nothing follows it"
