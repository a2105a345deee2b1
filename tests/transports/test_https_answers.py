"""Whatever a peer says, reading it ends in bounds."""

from __future__ import annotations

import httpx
from hypothesis import given
from hypothesis import strategies as st

from gateway.transports.https.answers import LONGEST_PAUSE, MOST_CHARACTERS, Answer, pause, refusal

HEADERS = st.dictionaries(
    st.sampled_from(["location", "retry-after", "content-encoding", "content-type"]), st.text(max_size=300)
)


@given(st.text())
def test_any_retry_after_is_a_pause(value):
    assert 0 <= pause(value) <= LONGEST_PAUSE


@given(st.integers(100, 999), HEADERS, st.binary(max_size=5000))
def test_any_answer_is_a_line_for_people(status, headers, body):
    known = {name: value.encode("ascii", "replace").decode() for name, value in headers.items()}
    answer = Answer(status, httpx.Headers(known), body)
    assert len(answer.text) <= MOST_CHARACTERS + 30
    assert answer.text.isprintable()
    assert answer.detail.isprintable()
    assert answer.status_line.startswith(str(status))
    error = refusal(answer, "deliver 'a.xml'", "https POST https://a.example:443/in")
    assert 0 <= error.wait <= LONGEST_PAUSE
    assert len(str(error)) < 800
    assert error.retryable is (answer.may_pass and not 300 <= status < 400)
