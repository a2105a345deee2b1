"""The settings of a partner, as an agreement states them, and the presets.

Everything that differs between partners is a setting here, also what is odd about their systems; `presets.toml` holds
what is known of common ones. Values that are not stated come from the preset, then from the defaults.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, Field, ValidationInfo, field_validator, model_validator

from gateway.transports.as2 import message
from gateway.transports.as2.algorithms import CIPHERS, WEAK
from gateway.transports.as2.validity import Expired
from gateway.transports.base import TransportSettings
from gateway.transports.secrets import Reference

Weak = Literal["md5", "sha1", "3des"]
_FINGERPRINT = 64


def _in_workspace(value: Path, info: ValidationInfo) -> Path:
    root = (info.context or {}).get("root")
    return Path(root) / value if root is not None else value


WorkspacePath = Annotated[Path, AfterValidator(_in_workspace)]
"""A path that counts from the workspace."""


class OurCertificate(TransportSettings):
    """A certificate of ours with its key.

    Attributes:
        certificate: file in the workspace, PEM or DER.
        key: reference to the private key in PEM.
        password: reference to the key's password, if it has one.
        uses: what it is for.
        since: not used for signing before this time; the partner needs it first.
        until: not used from this time on.
    """

    certificate: WorkspacePath
    key: Reference
    password: Reference = ""
    uses: tuple[Literal["sign", "encrypt", "tls"], ...] = ("sign", "encrypt")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class TheirCertificate(TransportSettings):
    """A certificate of the partner.

    Attributes:
        certificate: file in the workspace, PEM or DER.
        sha256: its fingerprint as the partner confirmed it, 64 hexadecimal digits, colons allowed.
        uses: what it is for.
        since: not used before this time.
        until: not used from this time on.
    """

    certificate: WorkspacePath
    sha256: str
    uses: tuple[Literal["sign", "encrypt", "tls"], ...] = ("sign", "encrypt")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    @field_validator("sha256")
    @classmethod
    def _check_fingerprint(cls, value: str) -> str:
        plain = value.replace(":", "").replace(" ", "").lower()
        if len(plain) != _FINGERPRINT or not set(plain) <= set("0123456789abcdef"):
            text = "is no SHA-256 fingerprint: 64 hexadecimal digits"
            raise ValueError(text)
        return plain


class SignSettings(TransportSettings):
    """How we sign.

    Attributes:
        digest: hash function.
        padding: of RSA signatures.
    """

    digest: Literal["sha256", "sha384", "sha512", "sha1"] = "sha256"
    padding: Literal["pkcs1", "pss"] = "pkcs1"


class EncryptSettings(TransportSettings):
    """How we encrypt.

    Attributes:
        cipher: cipher of the content.
        key_transport: how the content's key is encrypted.
        oaep_digest: hash function of OAEP.
        to: all current certificates of the partner, or the newest one only, for peers that cannot read messages for
            several recipients.
    """

    cipher: str = "aes256-cbc"
    key_transport: Literal["pkcs1", "oaep"] = "pkcs1"
    oaep_digest: Literal["sha256", "sha384", "sha512", "sha1"] = "sha256"
    to: Literal["all", "newest"] = "all"

    @field_validator("cipher")
    @classmethod
    def _check_cipher(cls, value: str) -> str:
        if value not in CIPHERS:
            text = f"is no cipher that is known; known: {', '.join(CIPHERS)}"
            raise ValueError(text)
        return value


class ReceiptSettings(TransportSettings):
    """What receipts we ask for.

    Attributes:
        mode: in the answer, later to our address, or none.
        signed: they must be signed.
        micalgs: hash functions of the MIC by preference; by default the one that we sign with.
        url: our address for receipts that come later.
    """

    mode: Literal["sync", "async", "none"] = "sync"
    signed: bool = True
    micalgs: tuple[Literal["sha256", "sha384", "sha512", "sha1"], ...] = ()
    url: str = ""

    @model_validator(mode="after")
    def _url_for_async(self) -> ReceiptSettings:
        if (self.mode == "async") is not bool(self.url):
            text = "receipts of mode async need the url that they come to, and other modes none"
            raise ValueError(text)
        return self


class LimitSettings(TransportSettings):
    """Bounds on what one message of the partner may come to.

    Attributes:
        expanded_bytes: largest content after expanding.
        ratio: how many times larger than before it may become, once it is over one MiB.
        parts: most files in one message.
    """

    expanded_bytes: int = Field(default=4 << 30, ge=1)
    ratio: int = Field(default=200, ge=1)
    parts: int = Field(default=100, ge=1)


class PartnerSettings(TransportSettings):
    """A partner in an agreement.

    Attributes:
        us: our AS2 id.
        them: the partner's AS2 id.
        preset: a key of `presets.toml`; what is stated beside it wins.
        ours: our certificates.
        theirs: the partner's certificates.
        sign: how we sign; None for not at all.
        encrypt: how we encrypt; None for not at all.
        compress: before or after signing, or not.
        receipt: what receipts we ask for.
        must_sign: the partner's messages must be signed.
        must_encrypt: the partner's messages must be encrypted.
        allow: weak algorithms that this partner still needs.
        expired: what is done with certificates outside their validity.
        grace_days: how long ``grace`` goes on.
        algorithm_protection: state the algorithms in a signed attribute.
        old_micalg: spell hash functions without hyphen.
        crlf_variants: read what they sign with a line break less or more, too.
        gcm_in_enveloped: read AES-GCM inside EnvelopedData.
        bare_mic: the partner makes the MIC of messages that are compressed only without headers.
        expanded_mic: the partner makes the MIC of what was compressed before signing over what it has expanded.
        filename: state file names in quotes, without them where possible, or not at all.
        must_tls: the partner's connections to us must show one of its certificates for the use ``tls``.
        receipt_url: where this partner takes receipts that it wants later; nothing is posted to another host.
        message_id_domain: right side of our message ids.
        limits: bounds on their messages.
    """

    us: str
    them: str
    preset: str = "standard"
    ours: tuple[OurCertificate, ...] = ()
    theirs: tuple[TheirCertificate, ...] = ()
    sign: SignSettings | None = SignSettings()
    encrypt: EncryptSettings | None = EncryptSettings()
    compress: Literal["none", "before", "after"] = "before"
    receipt: ReceiptSettings = ReceiptSettings()
    must_sign: bool = True
    must_encrypt: bool = True
    must_tls: bool = False
    allow: frozenset[Weak] = frozenset()
    expired: Expired = Expired.BLOCK
    grace_days: int = Field(default=0, ge=0, le=366)
    algorithm_protection: bool = True
    old_micalg: bool = False
    crlf_variants: bool = False
    gcm_in_enveloped: bool = False
    bare_mic: bool = False
    expanded_mic: bool = False
    filename: Literal["quoted", "plain", "none"] = "quoted"
    receipt_url: str = ""
    message_id_domain: str = Field(default="gateway.invalid", pattern=r"^[A-Za-z0-9.-]{1,190}$")
    limits: LimitSettings = LimitSettings()

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        name = str(values.get("preset", "standard"))
        if name not in presets():
            text = f"there is no preset {name!r}; known: {', '.join(presets())}"
            raise ValueError(text)
        return _over(presets()[name].values, values)

    @field_validator("us", "them")
    @classmethod
    def _check_id(cls, value: str) -> str:
        message.write_id(value)
        return value

    @model_validator(mode="after")
    def _check_weak(self) -> PartnerSettings:
        used = {self.sign.digest if self.sign else "", self.encrypt.cipher if self.encrypt else ""}
        used |= {self.encrypt.oaep_digest} if self.encrypt and self.encrypt.key_transport == "oaep" else set()
        used |= set(self.receipt.micalgs)
        missing = sorted((WEAK & used) - self.allow)
        if missing:
            text = f"{', '.join(missing)} is weak; a partner who still needs it has to be allowed it: allow: {missing}"
            raise ValueError(text)
        if self.must_tls and not any("tls" in one.uses for one in self.theirs):
            text = "must-tls needs a certificate of theirs that is listed for the use tls"
            raise ValueError(text)
        if self.us == self.them:
            text = "us and them are the same"
            raise ValueError(text)
        return self


@dataclass(frozen=True, slots=True)
class Preset:
    """What is known of a partner's system.

    Attributes:
        title: which one.
        source: where it is known from.
        values: settings that fit it.
    """

    title: str
    source: str
    values: Mapping[str, Any]


@functools.cache
def presets() -> Mapping[str, Preset]:
    """All presets by name."""
    data = tomllib.loads(Path(__file__).with_name("presets.toml").read_text("utf-8"))
    return {name: Preset(entry["title"], entry["source"], entry.get("set", {})) for name, entry in data.items()}


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above`, and what only `below` has; tables are joined."""
    found = dict(below)
    for key, value in above.items():
        name = str(key).replace("_", "-")
        inner = found.get(name)
        found[name] = _over(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return found
