"""X12 and EDIFACT cut into segments: what is written is read again, and broken files end in findings."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InputError, LimitExceeded
from gateway.formats.edi import edifact_syntax, x12_syntax
from gateway.formats.edi.segments import MAX_SEGMENT, Segment, segment_number

ISA = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *261005*1015*^*00501*000000001*0*P*:~"
UNB = "UNB+UNOC:3+S:14+R:14+261005:1015+1'"

TAGS = st.from_regex(r"[A-Z][A-Z0-9]{1,2}", fullmatch=True).filter(lambda tag: tag not in {"ISA", "UNA", "UNB"})


def x12(data: bytes | str, **more) -> list[Segment]:
    data = data.encode() if isinstance(data, str) else data
    return list(x12_syntax.segments(io.BytesIO(data), "f.x12", **more))


def edifact(data: bytes | str, **more) -> list[Segment]:
    data = data.encode() if isinstance(data, str) else data
    return list(edifact_syntax.segments(io.BytesIO(data), "f.edi", **more))


def trimmed(elements: list[list[str]]) -> list[list[str]]:
    """Elements as they are read again: empty ones at the end are not written."""
    out = []
    for components in elements:
        kept = list(components)
        while len(kept) > 1 and not kept[-1]:
            kept.pop()
        out.append(kept)
    while out and out[-1] == [""]:
        out.pop()
    return out


X12_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="*:~^\r\n", exclude_categories=["Cs"]), max_size=8)
EDIFACT_TEXT = st.text(st.characters(codec="iso8859-1", exclude_characters="\r\n"), max_size=8)


@given(st.lists(st.tuples(TAGS, st.lists(st.lists(X12_TEXT, min_size=1, max_size=3), max_size=5)), max_size=6))
def test_x12_is_read_as_it_was_written(segments) -> None:
    separators = x12_syntax.Separators()
    text = ISA + "".join(x12_syntax.written(tag, elements, separators) for tag, elements in segments)
    read = x12(text)[1:]
    assert [(one.tag, one.elements) for one in read] == [(tag, trimmed(elements)) for tag, elements in segments]
    assert [one.number for one in read] == list(range(2, len(segments) + 2))


SERVICE = st.permutations("+:?'#!*%&~").map(lambda marks: marks[:6])


@given(
    SERVICE, st.lists(st.tuples(TAGS, st.lists(st.lists(EDIFACT_TEXT, min_size=1, max_size=3), max_size=5)), max_size=6)
)
def test_edifact_is_read_as_it_was_written(marks, segments) -> None:
    component, element, release, repetition, terminator, _ = marks
    separators = edifact_syntax.Separators(component, element, ".", release, repetition, terminator)
    una = f"UNA{component}{element}.{release}{repetition}{terminator}"
    unb = edifact_syntax.written("UNB", [["UNOC", "3"], "S", "R", ["261005", "1015"], "1"], separators)
    text = una + unb + "".join(edifact_syntax.written(tag, elements, separators) for tag, elements in segments)
    read = edifact(text.encode("iso8859-1"))[1:]
    assert [(one.tag, one.elements) for one in read] == [(tag, trimmed(elements)) for tag, elements in segments]


@given(st.lists(st.lists(EDIFACT_TEXT.filter(lambda text: text.isascii() and text.isprintable()), min_size=1)))
@pytest.mark.filterwarnings("ignore::pydifact.exceptions.MissingImplementationWarning")
def test_edifact_agrees_with_an_independent_parser(elements) -> None:
    from pydifact.parser import Parser

    elements = [["x"], *elements]  # the other parser drops a segment without elements
    text = UNB + edifact_syntax.written("RFF", elements, edifact_syntax.Separators())
    theirs = next(one for one in Parser().parse(text) if one.tag == "RFF").elements
    ours = edifact(text)[1].elements
    assert [[one] if isinstance(one, str) else list(one) for one in theirs] == ours


@given(st.binary(max_size=300))
def test_garbage_ends_in_findings(data: bytes) -> None:
    for read, start in ((x12, ISA.encode()), (edifact, UNB.encode()), (x12, b""), (edifact, b"UNA")):
        try:
            read(start + data)
        except (InputError, LimitExceeded) as error:
            assert error.finding.code.startswith("EDI-")  # noqa: PT017 - no error at all is right, too


def test_line_ends_and_a_byte_order_mark_belong_to_no_segment() -> None:
    read = x12("\ufeff\r\n" + ISA + "\r\nGS*SH~\r\n\r\nST*856~~\n")
    assert [(one.number, one.tag) for one in read] == [(1, "ISA"), (2, "GS"), (3, "ST")]


def test_the_terminator_may_be_a_line_end() -> None:
    read = x12((ISA.replace("~", "\n") + "GS*SH\nST*856\n").replace("\n", "\r\n").replace(":\r\n", ":\n", 1))
    assert [one.elements for one in read[1:]] == [[["SH"]], [["856"]]]


def test_interchanges_may_have_separators_of_their_own() -> None:
    second = ISA.translate(str.maketrans("*:~^", "|>!="))
    read = x12(ISA + "GS*A:B^C~" + second + "GS|A>B=C*D!")
    assert read[1].elements == [["A", "B"]]
    assert read[1].repeats == {1: [["C"]]}
    assert read[3].elements == [["A", "B"]]
    assert read[3].repeats == {1: [["C*D"]]}


def test_before_version_00402_nothing_repeats() -> None:
    old = ISA.replace("*^*00501", "*U*00401")
    assert x12(old + "REF*SE*AUB^C~")[1].elements == [["SE"], ["AUB^C"]]


def test_syntax_version_4_repeats_with_a_star() -> None:
    assert edifact("UNB+UNOW:4+S+R+D+1'GIN+A*B'")[1].repeats == {1: [["B"]]}
    assert edifact("UNB+UNOC:3+S+R+D+1'GIN+A*B'")[1].elements == [["A*B"]]


def test_a_released_terminator_ends_nothing_and_two_releases_are_one() -> None:
    assert edifact(UNB + "FTX+a?'b??'RFF+c'")[1].elements == [["a'b?"]]


@pytest.mark.parametrize(
    ("read", "data", "code"),
    [
        (x12, "GS*SH~", "EDI-HEAD-01"),
        (x12, ISA[:80], "EDI-HEAD-01"),
        (x12, ISA.replace("SENDER  ", "SENDER"), "EDI-HEAD-01"),
        (x12, ISA.replace(":~", "*~"), "EDI-HEAD-01"),
        (x12, ISA.replace(":~", "AB"), "EDI-HEAD-01"),
        (x12, ISA + "GS*SH", "EDI-END-01"),
        (x12, ISA + "gs*SH~", "EDI-TAG-01"),
        (x12, ISA + "*SH~", "EDI-TAG-01"),
        (x12, (ISA + "N1*SF*M\u00fcller~").encode("latin-1"), "EDI-CHAR-01"),
        (x12, ISA + "REF*" + "9" * 10_000_000, "EDI-LIMIT-01"),
        (edifact, "UNA:+.? ", "EDI-HEAD-01"),
        (edifact, "UNA::.? '" + UNB, "EDI-HEAD-01"),
        (edifact, "UNA:+.? 'UNH+1'", "EDI-HEAD-01"),
        (edifact, "UNB+XXXX:3'", "EDI-HEAD-01"),
        (edifact, "UNB+UNOZ:3'", "EDI-CHAR-01"),
        (edifact, UNB + "UNH+1", "EDI-END-01"),
        (edifact, UNB + "UNH+1?'", "EDI-END-01"),
        (edifact, UNB + "?:+1'", "EDI-TAG-01"),
        (edifact, UNB.replace("UNOC", "UNOA") + "NAD+SF+M\u00fcller'", "EDI-CHAR-01"),
        (edifact, UNB.encode() + b"NAD+" + b"?'" * 5_000_000, "EDI-LIMIT-01"),
    ],
)
def test_a_broken_file_ends_in_its_finding(read, data, code: str) -> None:
    with pytest.raises((InputError, LimitExceeded)) as caught:
        read(data)
    finding = caught.value.finding
    assert finding.code == code
    assert segment_number(finding.where) in {1, 2}
    assert finding.hint


def test_a_declared_encoding_wins_over_unb() -> None:
    data = (UNB.replace("UNOC", "UNOA") + "NAD+SF+M\u00fcller'").encode("latin-1")
    assert edifact(data, encoding="iso8859-1")[1].value(2) == "M\u00fcller"


def test_a_long_file_is_read_in_pieces() -> None:
    body = "".join(f"REF*SE*{number:08}~\n" for number in range(20_000))
    read = x12(ISA + body)
    assert [one.value(2) for one in read[1:]] == [f"{number:08}" for number in range(20_000)]
    assert len(body) > 4 * 65536
    assert len(body) < MAX_SEGMENT


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(ValueError, match="separators"):
        x12_syntax.written("REF", ["LT", "A*B"], x12_syntax.Separators())
