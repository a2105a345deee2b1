"""Asserts in the common tests explain themselves too, although pytest does not collect their module."""

import pytest

pytest.register_assert_rewrite("tests.transports.common")
