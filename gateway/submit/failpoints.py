"""The places of a submission where a test may kill the process; `gateway.failpoints` says how."""

from __future__ import annotations

from gateway.failpoints import reach

__all__ = ["POINTS", "reach"]

#: Around a call that has an effect at the regulator, in the order in which they are passed.
POINTS = (
    "market.doubted",  # the doubt is on the disk, the call is not made
    "market.called",  # the regulator has replied, nothing of that is remembered
)
