"""Certificates named by their SHA-256."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

_PIN = re.compile(r"[0-9A-F]{64}")


def _pin(value: str) -> str:
    plain = value.upper().replace(":", "").replace("SHA256", "")
    if not _PIN.fullmatch(plain):
        message = "must be the SHA-256 of a certificate in hex, as `openssl x509 -noout -fingerprint -sha256` prints it"
        raise ValueError(message)
    return plain


Pin = Annotated[str, AfterValidator(_pin)]
"""The SHA-256 of a certificate in capital hex digits; colons and small letters are understood."""
