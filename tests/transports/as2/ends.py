"""Two ends of an AS2 exchange and the wire between them; certificates are made once, for tests only."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from gateway.transports.as2 import (
    Answer,
    Built,
    Content,
    Encryption,
    File,
    Headers,
    Identity,
    Outgoing,
    Pin,
    Receipt,
    ReceiptRequest,
    ReceiptTerms,
    Received,
    Region,
    Scratch,
    Signing,
    Terms,
    build,
    build_receipt,
    open_message,
    prove,
    read_receipt,
)

START, END = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2036, 1, 1, tzinfo=dt.UTC)
EDI = b"ISA*00*          *00*          *ZZ*ACME           ~\r\nGS*SH*ACME~\r\n" * 20
IDS = {"message": "<1@acme.example>", "receipt": "<2@brand.example>"}


def identity(name: str, kind: str = "rsa", start: dt.datetime = START, end: dt.datetime = END) -> Identity:
    """A certificate of its own signature, with a key of 2048 bits or on P-256 or P-384; made once for a name."""
    return _identity(name, kind, start, end)


@functools.cache
def _identity(name: str, kind: str, start: dt.datetime, end: dt.datetime) -> Identity:
    key: Any
    if kind == "rsa":
        key = rsa.generate_private_key(65537, 2048)
    else:
        key = ec.generate_private_key(ec.SECP384R1() if kind == "p384" else ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    usage = x509.KeyUsage(
        digital_signature=True,
        key_encipherment=True,
        content_commitment=True,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = builder.add_extension(usage, critical=False)
    return Identity(builder.sign(key, hashes.SHA256()), key)


def pin(name: str, kind: str = "rsa") -> Pin:
    """The same without its key."""
    return Pin(identity(name, kind).certificate)


def pem(name: str, folder: Path, kind: str = "rsa") -> tuple[Path, Path]:
    """Certificate and key as files."""
    certificate, key = folder / f"{name}-{kind}.crt", folder / f"{name}-{kind}.key"
    found = identity(name, kind)
    certificate.write_bytes(found.certificate.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key.write_bytes(found.key.private_bytes(*form))
    return certificate, key


@dataclass
class Wire:
    """What went over the wire: fields and bytes, as a server would keep them."""

    headers: Headers
    body: Region

    @classmethod
    def of(cls, built: Built, path: Path) -> Wire:
        with path.open("wb") as stream:
            assert built.body.write_to(stream) == built.body.size
        return cls(Headers(built.fields), Region.whole(path))

    @classmethod
    def raw(cls, headers: list[tuple[str, str]], body: bytes, path: Path) -> Wire:
        path.write_bytes(body)
        return cls(Headers(headers), Region.whole(path))

    @property
    def bytes(self) -> bytes:
        return self.body.slice(0, self.body.size)

    def changed(self, body: bytes, path: Path | None = None) -> Wire:
        path = path or self.body.path.with_suffix(".changed")
        path.write_bytes(body)
        return Wire(self.headers, Region.whole(path))

    def with_fields(self, **fields: str | None) -> Wire:
        names = {name.replace("_", "-").lower(): value for name, value in fields.items()}
        kept = [(name, value) for name, value in self.headers.fields if name.lower() not in names]
        return Wire(Headers(kept + [(name, value) for name, value in names.items() if value is not None]), self.body)


@dataclass
class Exchange:
    """Acme sends to Brand, each in a folder of its own."""

    folder: Path
    sender: str = "acme"
    receiver: str = "brand"
    kind: str = "rsa"
    scratches: list[Scratch] = field(default_factory=list)

    def scratch(self) -> Scratch:
        self.scratches.append(Scratch(self.folder))
        return self.scratches[-1]

    def outgoing(self, data: bytes = EDI, **changes: Any) -> Outgoing:
        """Signed, encrypted, with a signed receipt, unless changed."""
        plain = Outgoing(
            "ACME CMO",
            "Brand",
            IDS["message"],
            (File(Content.of(data), "application/edi-x12", "batch 1.edi"),),
            signing=Signing(identity(self.sender, self.kind)),
            encryption=Encryption((pin(self.receiver),)),
            receipt=ReceiptRequest(),
        )
        return replace(plain, **changes)

    def send(self, data: bytes = EDI, **changes: Any) -> tuple[Built, Wire]:
        built = build(self.outgoing(data, **changes), self.scratch())
        return built, Wire.of(built, self.folder / f"wire-{len(self.scratches)}")

    def terms(self, **changes: Any) -> Terms:
        return replace(Terms((identity(self.receiver),), (pin(self.sender, self.kind),)), **changes)

    def open(self, wire: Wire, **changes: Any) -> Received:
        return open_message(wire.headers, wire.body, self.terms(**changes), self.scratch())

    def answer(self, answer: Answer, signing: Signing | None = None) -> Wire:
        signing = signing or Signing(identity(self.receiver))
        built = build_receipt(answer, IDS["receipt"], signing)
        return Wire.of(built, self.folder / f"receipt-{len(list(self.folder.iterdir()))}")

    def receipt_terms(self, **changes: Any) -> ReceiptTerms:
        return replace(ReceiptTerms((pin(self.receiver),)), **changes)

    def judge(self, wire: Wire, built: Built, **changes: Any) -> Receipt:
        terms = self.receipt_terms(**changes)
        receipt = read_receipt(wire.headers, wire.body, terms, self.scratch())
        prove(receipt, IDS["message"], built.mics, terms)
        return receipt


def data_of(received: Received) -> list[bytes]:
    return [payload.region.slice(0, payload.region.size) for payload in received.payloads]
