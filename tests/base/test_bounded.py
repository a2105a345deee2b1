"""Keys of a database: short ones as they are, long ones by hash, never two alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.bounded import bounded


@given(st.text(max_size=300), st.text(max_size=300), st.integers(64, 200))
def test_keys_fit_and_differ_as_the_texts_do(one: str, two: str, most: int) -> None:
    key = bounded(one, most)
    assert len(key.encode("utf-8", "surrogatepass")) <= most
    assert (key == one) == (len(one.encode("utf-8", "surrogatepass")) <= most)
    assert (key == bounded(two, most)) == (one == two)


def test_surrogates_do_no_harm() -> None:
    assert bounded("\udcff" * 2000, 64) != bounded("\udcfe" * 2000, 64)
