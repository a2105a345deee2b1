"""The libraries of the extra ``scan``. Who never reads a page need not install them."""

from __future__ import annotations

from gateway.errors import ConfigurationError


def require() -> None:
    """Make sure that the extra is installed, before modules that need it are imported.

    Raises:
        ConfigurationError: a library is missing; says how to install it.
    """
    try:
        import PIL.Image  # noqa: F401, PLC0415 - only who reads pages has it
        import pypdfium2  # noqa: F401, PLC0415
        import zxingcpp  # noqa: F401, PLC0415
    except ImportError as error:
        message = f"scanned pages are read by the extra `scan`, which is not installed ({error})"
        raise ConfigurationError(message, hint="pip install 'epcis-gateway[scan]'") from error
