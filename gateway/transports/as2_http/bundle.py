"""A message with all its proofs as files in one zip, which anybody can verify with OpenSSL, without this gateway.

``README.txt`` in it holds the commands for exactly this message; they are run in the folder that the zip is unpacked
into. Names of files from partners are made safe; `SHA256SUMS` covers everything.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.transports.as2 import As2Error, Content, Pin, Region, Scratch, mime
from gateway.transports.as2.filenames import local_name
from gateway.transports.as2.sign import digest
from gateway.transports.as2_http.evidence import IN, Evidence, SignedPart
from gateway.transports.as2_http.reception import FIELDS, RECEIPT, RECEIPT_FIELDS, RECORD, WIRE
from gateway.transports.as2_http.sending import PROVEN, REFUSED, TRIES
from gateway.transports.as2_http.store import Entry, fields_of

_MOST_HEAD = 4096
_PATH = (0x30, 0x06, 0xA0, 0x30, 0x02, 0x30, 0x30, 0x06, 0xA0, 0x04)
_ENTERED = (True, False, True, True, False, False, True, False, True, True)
_LONG = 0x80
_AS_IT_WAS = {WIRE: "wire.bin", RECEIPT: "receipt.bin", TRIES: "tries.json", PROVEN: "proven.json"}
_AS_IT_WAS |= {REFUSED: "refused.json"}


def write(found: Evidence, told: str, target: BinaryIO, scratch: Scratch) -> list[str]:
    """Write the zip; gives the names of its members.

    Args:
        found: the message, verified again.
        told: the outcome in plain words.
        target: where to.
        scratch: for what is passing.
    """
    sums: list[str] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in _members(found, told, scratch):
            hashing = hashlib.sha256()
            with package.open(name, "w", force_zip64=True) as member:
                for chunk in content.chunks():
                    hashing.update(chunk)
                    member.write(chunk)
            sums.append(f"{hashing.hexdigest()}  {name}")
        package.writestr("SHA256SUMS", "".join(f"{line}\n" for line in sums))
        return package.namelist()


def _members(found: Evidence, told: str, scratch: Scratch) -> Iterator[tuple[str, Content]]:
    entry = found.entry
    names = _names(found)
    yield "README.txt", _text(_readme(found, names, scratch))
    yield "verification.txt", _text(told)
    yield "record.json", Content.of(entry.region(RECORD))
    yield from _kept(entry)
    if found.base is not None:
        yield "signed.bin", found.base
    if found.signed is not None:
        yield from _signed(found.signed, "")
    if found.receipt is not None:
        yield "receipt-signed.bin", found.receipt.content
        yield from _signed(found.receipt, "receipt-")
    for name, (_, region) in zip(names, found.files, strict=True):
        yield name, Content.of(region)


def _kept(entry: Entry) -> Iterator[tuple[str, Content]]:
    """What went over HTTP, as it was."""
    for kept, name in _AS_IT_WAS.items():
        if entry.has(kept):
            yield name, Content.of(entry.region(kept))
    for kept, name in ((FIELDS, "wire-headers.txt"), (RECEIPT_FIELDS, "receipt-headers.txt")):
        if entry.has(kept):
            lines = (f"{key}: {value}\n" for key, value in fields_of(entry.json(kept)))
            yield name, _text("".join(lines))


def _signed(part: SignedPart, prefix: str) -> Iterator[tuple[str, Content]]:
    yield f"{prefix}signature.der", Content.of(part.signature)
    if part.signer is not None:
        yield f"{prefix}signer.pem", Content.of(_pem([part.signer]))
    if part.carried:
        yield f"{prefix}chain.pem", Content.of(_pem(part.carried))


def _pem(pins: list[Pin]) -> bytes:
    return b"".join(pin.certificate.public_bytes(Encoding.PEM) for pin in pins)


def _names(found: Evidence) -> list[str]:
    return [f"files/{number}-{local_name(name, 'file')}" for number, (name, _) in enumerate(found.files, 1)]


# ── the commands ──────────────────────────────────────────────────────────────────────────────────────


def _readme(found: Evidence, names: list[str], scratch: Scratch) -> str:
    record = found.record
    sender, receiver = (json.dumps(record.get(key, ""), ensure_ascii=False)[1:-1] for key in ("sender", "receiver"))
    lines = [
        f"AS2 message {json.dumps(record.get('message-id', ''))[1:-1]}",
        f"from {sender} to {receiver}, {record.get('time', '')}",
        "",
        "Run the commands in this folder, with a POSIX shell and OpenSSL 3. Lines with # need a private key.",
        "",
        "The files are those that were packed:",
        "    sha256sum -c --quiet SHA256SUMS",
    ]
    if found.signed is not None and found.signed.signer is not None:
        lines += ["", f"{sender} signed signed.bin. Compare the fingerprint with the one confirmed then:"]
        lines += _verify("signature.der", "signed.bin", "signer.pem")
    if found.receipt is not None and found.receipt.signer is not None:
        lines += ["", f"{receiver} signed the receipt, receipt-signed.bin:"]
        lines += _verify("receipt-signature.der", "receipt-signed.bin", "receipt-signer.pem")
        lines += _mic(found)
    if found.base is not None and len(names) == 1:
        lines += ["", *_file(found, names[0], scratch)]
    elif names:
        lines += ["", "The files lie in signed.bin as parts of a multipart body; files/ holds them one by one."]
    if found.direction == IN and record.get("cipher"):
        lines += [
            "",
            "wire.bin is what came over HTTP, encrypted. With the receiver's private key; signed.bin is in the result:",
            "#   openssl cms -decrypt -binary -inform DER -in wire.bin -inkey KEY.pem -out decrypted.bin",
        ]
    lines += [
        "",
        "record.json is what the gateway wrote down then, verification.txt what it says today. No time is proven here:",
        "all are those of the gateway's clock. A certificate counts because its owner confirmed its fingerprint; the",
        "files chain.pem hold what came with the signature.",
    ]
    return "\n".join(lines) + "\n"


def _verify(signature: str, content: str, signer: str) -> list[str]:
    given = f"-in {signature} -content {content} -nointern -certfile {signer}"
    return [
        f"    openssl x509 -in {signer} -noout -subject -serial -dates -fingerprint -sha256",
        f"    openssl cms -verify -binary -inform DER {given} -noverify -out /dev/null",
    ]


def _mic(found: Evidence) -> list[str]:
    """That the receipt names the bytes in signed.bin."""
    if found.base is None or found.receipt is None:
        return []
    raw = b"".join(found.receipt.content.chunks())
    for name in ("sha256", "sha384", "sha512", "sha1"):
        value = base64.b64encode(digest(found.base.chunks(), name)[name])
        if value in raw:
            command = f'grep -aF "$(openssl dgst -{name} -binary signed.bin | openssl base64 -A)" receipt-signed.bin'
            return ["It names signed.bin by its hash, the MIC:", f"    {command}"]
    return []


def _file(found: Evidence, name: str, scratch: Scratch) -> list[str]:
    """How the one file lies in signed.bin."""
    size, base = found.files[0][1].size, found.base or Content(())
    if base.size == size:
        return ["The file is signed.bin itself:", f"    cmp signed.bin {_quoted(name)}"]
    region = scratch.keep(base.chunks())
    if _ends_with(region, found.files[0][1]):
        return ["The file is the end of signed.bin:", f"    tail -c {size} signed.bin | cmp - {_quoted(name)}"]
    place = _octets(region)
    if place is None:
        return ["The file lies compressed or encoded in signed.bin; files/ holds what the gateway made of it."]
    start, length = place
    expand = "import sys,zlib; sys.stdout.buffer.write(zlib.decompress(sys.stdin.buffer.read()))"
    cut = f"tail -c +{start + 1} signed.bin | head -c {length}"
    return [
        "The file lies in signed.bin, compressed by zlib, which OpenSSL is often built without; Python expands it:",
        f"    {cut} | python3 -c '{expand}' | tail -c {size} | cmp - {_quoted(name)}",
    ]


def _ends_with(region: Region, file: Region) -> bool:
    if file.size > region.size:
        return False
    return _digest(region.part(region.size - file.size, region.size)) == _digest(file)


def _digest(region: Region) -> bytes:
    return digest(region.chunks(), "sha256")["sha256"]


def _octets(region: Region) -> tuple[int, int] | None:
    """Where the zlib stream of CompressedData in DER lies; None if it lies in pieces, as BER allows."""
    try:
        _, body = mime.split(region)
    except As2Error:
        return None
    head, at = body.head(_MOST_HEAD), 0
    for tag, enter in zip(_PATH, _ENTERED, strict=True):
        if at + 2 > len(head) or head[at] != tag or head[at + 1] == _LONG:
            return None
        length, at = head[at + 1], at + 2
        if length > _LONG:
            more = length - _LONG
            length, at = int.from_bytes(head[at : at + more], "big"), at + more
        at += 0 if enter else length
    return body.start - region.start + at, length


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "'\\''") + "'"


def _text(text: str) -> Content:
    return Content.of(text.encode("utf-8", "replace"))
