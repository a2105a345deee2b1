"""Requests for serial numbers and their answers, as pure functions; docs/vendor-formats.md lists the systems.

`gateway.formats.serial_requests.tracelink` and `gateway.formats.serial_requests.dawa` build and parse the messages of
one system each, `gateway.formats.serial_requests.model` holds what they have in common.
"""

from gateway.formats.serial_requests.rules import RULES

__all__ = ["RULES"]
