"""The libraries of the extra ``scan``. Who never reads a page need not install them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import ConfigurationError


@contextmanager
def extra() -> Iterator[None]:
    """Stands around imports of the extra's libraries.

    Raises:
        ConfigurationError: one of them is not installed; says how to install it.
    """
    try:
        yield
    except ImportError as error:
        message = f"scanned pages are read by the extra `scan`, which is not installed ({error})"
        raise ConfigurationError(message, hint="pip install 'epcis-gateway[scan]'") from error
