"""Forms of dates and times, those of US spreadsheets among them."""

from __future__ import annotations

import pytest

from gateway.formats.table.dates import Form


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("M/D/YYYY h:mm AM", "1/5/2029 2:15 PM", (2029, 1, 5, 14, 15)),
        ("M/D/YYYY h:mm AM", "11/20/2026 12:00 am", (2026, 11, 20, 0, 0)),
        ("MM/DD/YYYY hh:mmAM", "11/20/2026 12:30PM", (2026, 11, 20, 12, 30)),
        ("M/D/YYYY h:mm AM", "11/20/2026 13:00 PM", None),
        ("M/D/YYYY h:mm AM", "11/20/2026 0:30 AM", None),
        ("MM/DD/YYYY hh:mm", "11/20/2026 2:15", None),
        ("YYYY-MM-DDThh:mm:ss", "2026-11-20T02:15:59", (2026, 11, 20, 2, 15, 59)),
    ],
)
def test_a_form_reads_what_it_says(form: str, text: str, expected: tuple[int, ...] | None) -> None:
    found = Form.compile(form).read(text)
    assert (found and found.timetuple()[: len(expected or ())]) == expected


@pytest.mark.parametrize(
    "form",
    ["MM/DD/YYYY hh:mm A", "MM/DD/YYYY HH:mm", "YYYYMDD", "DMYYYY", "MM/M/YYYY", "MM/YYYY AM", "DD.MM", "dd.MM.YYYY"],
)
def test_a_form_that_could_never_be_right_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match=r"the form"):
        Form.compile(form)
