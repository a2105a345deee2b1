"""The namespace of what the gateway carries: values for which a target has no place of its own.

A writer in loss mode ``carry`` puts them under a name of this namespace, into a place where the target allows foreign
content. Plain receivers ignore them; the gateway's readers put them back where they came from.
"""

from __future__ import annotations

from typing import Final

NAMESPACE: Final = "https://epcis-gateway.org/ns/carry#"
PREFIX: Final = "gwc"


def carried(local: str) -> str:
    """The model's name, ``{namespace}local``, of something carried."""
    return f"{{{NAMESPACE}}}{local}"
