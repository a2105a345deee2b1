"""Coverage-guided fuzzing of the AS2 core: ``make fuzz TARGET=as2``, or ``python tests/fuzz/as2.py --seconds N``.

Bytes that grew out of good messages, signatures and receipts are opened as a message, as a receipt, as a signature and
as bare CMS structures. Whatever they are: the message, or one of our errors; never another exception, a hang, or more
memory than the limits allow. What was signed may only be what we signed. An input that breaks this is kept in
``tests/fuzz/found/``; running with its path repeats it alone.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

try:
    import atheris
except ImportError:
    sys.exit("atheris is not installed: pip install -e '.[fuzz]'")

with atheris.instrument_imports(include=["gateway.transports.as2", "asn1crypto"], enable_loader_override=False):
    from gateway.transports.as2 import (
        Answer,
        Headers,
        Limits,
        Region,
        Scratch,
        Signing,
        is_receipt,
        open_message,
        read_receipt,
        sign,
    )
    from gateway.transports.as2.errors import As2Error, AuthenticationFailed, InsufficientSecurity, IntegrityFailed
    from gateway.transports.as2.verify import verify

from tests.transports.as2.ends import EDI, Exchange, Wire, identity, pin  # noqa: E402

LARGEST = 20_000
LIMITS = Limits(expanded_bytes=4 << 20, parts=10)
KINDS = b"MRSC"
"""The first byte of an input: message or receipt with its headers before it, signature, CMS structure."""


class Fuzz:
    """Holds the folder that files go to."""

    def __init__(self, folder: Path) -> None:
        self.exchange = Exchange(folder)

    def one_input(self, data: bytes) -> None:
        """Open one input in its way; an exception or a failed assertion is a find."""
        kind, body = KINDS.find(data[:1]), data[1:]
        with Scratch(self.exchange.folder) as scratch:
            if kind == 2:
                hashers = [lambda name: name.encode()]
                for exact in (False, True):
                    with contextlib.suppress(AuthenticationFailed, InsufficientSecurity, IntegrityFailed):
                        verify(body, [pin("acme")], hashers, frozenset({"sha1", "md5"}), exact=exact)
                return
            head, _, rest = body.partition(b"\r\n\r\n")
            fields = [("AS2-From", "A"), ("AS2-To", "B"), ("Message-ID", "<1@a>")]
            if kind == 3:
                fields.append(("Content-Type", "application/pkcs7-mime"))
                rest = body
            else:
                lines = (line.partition(":") for line in head.decode("latin-1").split("\r\n"))
                fields += [(name, value) for name, _, value in lines]
            self._open(Headers(fields), scratch.keep([rest]), scratch)

    def _open(self, headers: Headers, body: Region, scratch: Scratch) -> None:
        with contextlib.suppress(As2Error):
            is_receipt(headers, body)
            read_receipt(headers, body, self.exchange.receipt_terms(signed=False), scratch)
        with contextlib.suppress(As2Error):
            terms = self.exchange.terms(encrypted=False, signed=False, limits=LIMITS, crlf_variants=True)
            received = open_message(headers, body, terms, scratch)
            total = sum(payload.region.size for payload in received.payloads)
            assert total <= LIMITS.expanded_bytes + body.size
            if received.signature:
                assert EDI in b"".join(p.region.slice(0, p.region.size) for p in received.payloads)


def _seeds(exchange: Exchange) -> list[bytes]:
    bare = {"encryption": None}
    forms = ({}, bare, {"compression": "after"} | bare, {"compression": "before"} | bare, {"signing": None} | bare)
    found = []
    for form in forms:
        _, wire = exchange.send(**form)
        found.append(b"M" + _with_head(wire))
        if not form:
            received = exchange.open(wire)
            receipt = exchange.answer(Answer(received.request, mic=received.mic))
            found += [b"R" + _with_head(receipt), b"C" + wire.bytes]
    for padding in ("pkcs1", "pss"):
        found.append(b"S" + sign.signed_data(b"sha256", Signing(identity("acme"), padding=padding)))
    return found


def _with_head(wire: Wire) -> bytes:
    content_type = wire.headers.get("Content-Type")
    return f"Content-Type: {content_type}\r\n\r\n".encode("ascii") + wire.bytes


def main(arguments: list[str]) -> None:
    """Fuzz for some time, or run inputs that were found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, help="how long")
    parser.add_argument("inputs", nargs="*", type=Path, help="inputs to run once, instead of fuzzing")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as corpus:
        fuzz = Fuzz(Path(folder))
        if options.inputs:
            for path in options.inputs:
                fuzz.one_input(path.read_bytes())
                print(f"{path}: nothing wrong")
            return
        found = Path(__file__).parent / "found"
        found.mkdir(exist_ok=True)
        for number, seed in enumerate(_seeds(fuzz.exchange)):
            (Path(corpus) / str(number)).write_bytes(seed)
        flags = [f"-max_total_time={options.seconds}", f"-max_len={LARGEST}", "-timeout=20", "-rss_limit_mb=1024"]
        atheris.Setup([sys.argv[0], *flags, f"-artifact_prefix={found}/", corpus], fuzz.one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
