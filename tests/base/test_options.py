"""--set values: unknown keys and values are refused with help."""

from __future__ import annotations

import pytest

from gateway.errors import UsageError
from gateway.options import CREATION_DATE, EPC, TIME_ZONE, Options


def test_values_defaults_and_nothing():
    options = Options.check({"time-zone": "Europe/Istanbul"}, [EPC, TIME_ZONE, CREATION_DATE])
    assert options.get(TIME_ZONE) == "Europe/Istanbul"
    assert options.get(EPC) == "keep"
    assert options.get(CREATION_DATE) == ""


def test_an_unknown_key_lists_the_known_ones():
    with pytest.raises(UsageError) as caught:
        Options.check({"timezone": "UTC"}, [EPC, TIME_ZONE])
    assert caught.value.message == "nothing in this conversion knows the setting 'timezone'"
    assert caught.value.hint == "did you mean 'time-zone'? known: epc, time-zone"


def test_a_value_that_is_no_choice():
    with pytest.raises(UsageError, match="the setting 'epc' cannot be 'URN'"):
        Options.check({"epc": "URN"}, [EPC])
