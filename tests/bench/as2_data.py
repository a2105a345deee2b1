"""What the AS2 benchmark runs: both ends of an exchange, and the bare primitives over the same bytes.

``as2_data.py make FOLDER MB`` writes keys and a payload of serial numbers in EPCIS XML; ``send``, ``receive`` or
``both`` play the ends; ``bare-send``, ``bare-receive`` or ``bare-both`` do what no implementation can leave out:
SHA-256, zlib and AES-256-CBC over the bytes that each layer has, without formats, keys or files to write.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

CHUNK = 256 * 1024
LEVEL = 6


def make(folder: Path, megabytes: int) -> None:
    """Keys of both ends, and the payload."""
    import datetime as dt

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    for name in ("acme", "brand"):
        key = rsa.generate_private_key(65537, 2048)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start)
        certificate = builder.not_valid_after(start.replace(year=2036)).sign(key, hashes.SHA256())
        (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / f"{name}.key").write_bytes(key.private_bytes(*form))
    payload(payload_in(folder, megabytes), megabytes * 1_000_000)


def payload_in(folder: Path, megabytes: int) -> Path:
    """Where the payload lies."""
    return folder / f"as2-{megabytes}.xml"


def payload(path: Path, size: int) -> None:
    """EPC lists with serial numbers of twelve digits without order; they shrink to about an eighth."""
    numbers = random.Random(7)
    written = 0
    with path.open("wb") as stream:
        while written < size:
            lines = [
                f"          <epc>urn:epc:id:sgtin:9521321.001234.{numbers.randrange(10**12):012d}</epc>\n"
                for _ in range(10_000)
            ]
            block = "".join(lines).encode("ascii")[: size - written]
            written += stream.write(block)


def chunks(path: Path) -> Iterator[bytes]:
    """A file, piece by piece."""
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def _aes(*, encrypt: bool) -> Callable[[bytes], bytes]:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    cipher = Cipher(algorithms.AES(bytes(32)), modes.CBC(bytes(16)))
    return (cipher.encryptor() if encrypt else cipher.decryptor()).update


def bare_send(source: Path, *, packed: bool) -> None:
    """Compress, hash and encrypt."""
    squeeze, hashing, encrypt = zlib.compressobj(LEVEL), hashlib.sha256(), _aes(encrypt=True)
    for chunk in chunks(source):
        out = squeeze.compress(chunk) if packed else chunk
        hashing.update(out)
        encrypt(out)
    if packed:
        encrypt(squeeze.flush())


def bare_receive(source: Path, *, packed: bool) -> None:
    """Decrypt, hash and expand. What is expanded are the same bytes, compressed before: `make` does not count."""
    expand, hashing, decrypt = zlib.decompressobj(), hashlib.sha256(), _aes(encrypt=False)
    for chunk in chunks(source.with_suffix(".z") if packed else source):
        decrypt(chunk)
        hashing.update(chunk)
        if packed:
            expand.decompress(chunk)


def squeeze_beforehand(source: Path) -> None:
    """The compressed bytes that `bare_receive` expands."""
    squeeze = zlib.compressobj(LEVEL)
    with source.with_suffix(".z").open("wb") as stream:
        for chunk in chunks(source):
            stream.write(squeeze.compress(chunk))
        stream.write(squeeze.flush())


def send(source: Path, *, packed: bool) -> None:
    """Build the message and write its bytes."""
    from gateway.transports.as2 import Encryption, File, Outgoing, ReceiptRequest, Scratch, Signing, build, keys
    from gateway.transports.as2.content import Content, Region

    folder = source.parent
    ours = keys.identity((folder / "acme.crt").read_bytes(), (folder / "acme.key").read_bytes())
    theirs = tuple(keys.certificates((folder / "brand.crt").read_bytes()))
    file = File(Content.of(Region.whole(source)), "application/xml", source.name)
    outgoing = Outgoing(
        "ACME",
        "Brand",
        "<1@acme.example>",
        (file,),
        signing=Signing(ours),
        encryption=Encryption(theirs),
        compression="before" if packed else "none",
        receipt=ReceiptRequest(),
    )
    with Scratch(folder) as scratch:
        built = build(outgoing, scratch)
        (region,) = built.body.pieces
        assert isinstance(region, Region)
        region.path.rename(source.with_suffix(".wire"))
        source.with_suffix(".fields").write_text("".join(f"{name}: {value}\n" for name, value in built.fields))


def receive(source: Path, *, packed: bool) -> None:
    """Open the message."""
    from gateway.transports.as2 import Headers, Region, Scratch, Terms, keys, open_message

    folder = source.parent
    ours = keys.identity((folder / "brand.crt").read_bytes(), (folder / "brand.key").read_bytes())
    theirs = tuple(keys.certificates((folder / "acme.crt").read_bytes()))
    lines = source.with_suffix(".fields").read_text().splitlines()
    headers = Headers(tuple(line.split(": ", 1)) for line in lines)  # type: ignore[misc]
    with Scratch(folder) as scratch:
        body = Region.whole(source.with_suffix(".wire"))
        received = open_message(headers, body, Terms((ours,), theirs), scratch)
        assert received.payloads[0].region.size == source.stat().st_size
        assert ("compressed" in received.layers) is packed


def main(arguments: list[str]) -> None:
    """Run one of them; the last word ``packed`` compresses."""
    what, path, *more = arguments
    packed = more[-1:] == ["packed"]
    if what == "make":
        make(Path(path), int(more[0]))
        squeeze_beforehand(payload_in(Path(path), int(more[0])))
        return
    bare, _, end = what.rpartition("-")
    if end in {"send", "both"}:
        (bare_send if bare else send)(Path(path), packed=packed)
    if end in {"receive", "both"}:
        (bare_receive if bare else receive)(Path(path), packed=packed)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    os.umask(0o077)
    main(sys.argv[1:])
