"""Signatures: a program of the operator's signs, or somebody who looks after two folders. Keys never come here."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gateway.errors import ConfigurationError, TransportError
from gateway.submit.settings import Signer

#: Bytes of a signature: a detached one with its certificates has a few thousand.
MOST_BYTES = 1 << 20
_LOOK = 0.2


def sign(signer: Signer, data: bytes, sleep: Callable[[float], None] = time.sleep) -> bytes:
    """Have bytes signed.

    Raises:
        ConfigurationError: the program or a folder is not there.
        TransportError: there is no signature in time, or none at all.
    """
    if signer.to_sign is not None and signer.signed is not None:
        return _by_folders(signer.to_sign, signer.signed, data, signer.seconds, sleep)
    return _by_command(signer, data)


def _by_command(signer: Signer, data: bytes) -> bytes:
    program = signer.command[0]
    with tempfile.TemporaryFile() as output:
        try:
            # A list of words, chosen by the operator; no shell. Its errors may hold anything and go nowhere.
            done = subprocess.run(  # noqa: S603
                list(signer.command),
                input=data,
                stdout=output,
                stderr=subprocess.DEVNULL,
                timeout=signer.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            message = f"the signer {program} gave no signature within {signer.seconds:g} s"
            raise TransportError(message, retryable=True) from None
        except OSError as error:
            message = f"the signer {program} cannot be started: {error.strerror or error}"
            raise ConfigurationError(message, hint="see sign.command in the agreement") from None
        if done.returncode:
            message = f"the signer {program} ended with {done.returncode}"
            raise TransportError(message, hint="run it by hand: bytes on standard input", retryable=True)
        output.seek(0)
        return _checked(output.read(MOST_BYTES + 1), program)


def _by_folders(to_sign: Path, signed: Path, data: bytes, seconds: float, sleep: Callable[[float], None]) -> bytes:
    name = hashlib.sha256(data).hexdigest()
    source, result = to_sign / f"{name}.bin", signed / f"{name}.sig"
    try:
        if not result.exists():  # after a crash the signature may be there already
            temporary = to_sign / f".{name}.tmp"
            temporary.write_bytes(data)
            temporary.replace(source)
        end = time.monotonic() + seconds
        seen = -1
        while True:
            size = result.stat().st_size if result.exists() else 0
            if size and size == seen:  # the same size in two looks: whole
                break
            seen = size
            if time.monotonic() > end:
                message = f"no signature appeared in {signed} within {seconds:g} s"
                raise TransportError(message, hint="is the signer at work?", retryable=True)
            sleep(_LOOK)
        with result.open("rb") as stream:
            signature = _checked(stream.read(MOST_BYTES + 1), str(signed))
        source.unlink(missing_ok=True)
        result.unlink(missing_ok=True)
    except OSError as error:
        message = f"the folders for signing cannot be used: {error.strerror or error}"
        raise ConfigurationError(message, hint="see sign.to-sign and sign.signed in the agreement") from None
    return signature


def _checked(signature: bytes, who: str) -> bytes:
    if not signature or len(signature) > MOST_BYTES:
        message = f"{who} gave {'no signature' if not signature else 'more than a signature'}"
        raise TransportError(message, retryable=True)
    return signature
