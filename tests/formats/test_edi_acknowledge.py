"""Answers: 997, 999 and CONTRL read, written, and made of what was read."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pydifact.segmentcollection import Interchange
from pyx12.x12file import X12Reader

from gateway.convert import Request, convert
from gateway.errors import InputError
from gateway.findings import Findings
from gateway.formats.edi import acknowledge_edifact, acknowledge_x12
from gateway.formats.edi.acknowledge import Answer, ElementError, MessageAnswer, SegmentError, Status, answers, survey
from gateway.formats.edi.x12_settings import Frame
from gateway.formats.table import load
from gateway.sources import Source

MAPPINGS = Path(__file__).resolve().parents[2] / "mappings" / "edi"
FRAME = Frame(
    sender=("ZZ", "BRANDOWNER"),
    receiver=("ZZ", "ACMECMO"),
    group_sender="BRANDOWNER",
    group_receiver="ACMECMO",
    control="000000008",
    group_control="8",
    usage="P",
    version="005010",
    day="20261005",
    minute="1300",
    separators="",
)
ENVELOPE = acknowledge_edifact.Envelope(("952114100001", "14"), ("952132100001", "14"), "261005", "1300", "77", 5)
DETAIL = SegmentError(4, "LIN", "", "8", [ElementError(3, 0, "7", "234", "A*B"), ElementError(2, 1, "1")])


def group(*messages: MessageAnswer, status: Status = Status.ACCEPTED, accepted: int = 1, **more) -> Answer:
    count = len(messages)
    return Answer(
        "SH", "17", status, "005010", messages=list(messages), included=count, received=count, accepted=accepted, **more
    )


GOOD = MessageAnswer("856", "0001", Status.ACCEPTED)
BAD = MessageAnswer("856", "0002", Status.REJECTED, codes=["5", "4"], segments=[DETAIL])
NOTED = MessageAnswer(
    "856", "0003", Status.ACCEPTED_WITH_ERRORS, codes=["5"], segments=[SegmentError(9, "HL", "", "8")]
)


@pytest.mark.parametrize(("kind", "version"), [("997", "005010"), ("997", "004010"), ("999", "005010X231A1")])
@pytest.mark.parametrize(
    "answer",
    [
        group(GOOD),
        group(BAD, status=Status.REJECTED, accepted=0, codes=["4", "5"]),
        group(GOOD, BAD, NOTED, status=Status.ACCEPTED_WITH_ERRORS, accepted=2),
    ],
)
def test_an_x12_answer_is_read_as_it_was_written(answer: Answer, kind: str, version: str) -> None:
    frame = Frame(*(version if name == "version" else getattr(FRAME, name) for name in FRAME.__slots__))
    data = acknowledge_x12.written([answer, answer], frame, kind)
    findings = Findings()
    assert acknowledge_x12.read(data, findings) == [answer, answer]
    assert not findings
    reader = X12Reader(io.StringIO(data.decode()))
    segments = [one.get_seg_id() for one in reader]
    reader.cleanup()
    assert not reader.err_list
    assert segments.count("ST") == 2
    assert ("IK5" in segments) == (kind == "999")


def test_the_words_of_a_997() -> None:
    data = acknowledge_x12.written([group(GOOD, BAD, status=Status.ACCEPTED_WITH_ERRORS, accepted=1)], FRAME).decode()
    assert data.split(data[105])[2:11] == [
        "ST|997|0001",
        "AK1|SH|17|005010",
        "AK2|856|0001",
        "AK5|A",
        "AK2|856|0002",
        "AK3|LIN|4||8",
        "AK4|3|234|7|A*B",
        "AK4|2:1||1",
        "AK5|R|5|4",
    ]
    assert "AK9|P|2|2|1" in data


def test_what_is_only_received_has_no_x12_code() -> None:
    with pytest.raises(ValueError, match="17"):
        acknowledge_x12.written([group(status=Status.RECEIVED)], FRAME)


def contrl(*messages: MessageAnswer, status: Status = Status.ACCEPTED, codes: list[str] | None = None) -> Answer:
    parties = (("9521321000018", "14"), ("9521141000014", "14"))
    return Answer("", "8801", status, "", *parties, codes=codes or [], messages=list(messages))


LINE = SegmentError(7, code="", elements=[ElementError(2, 1, "12"), ElementError(3, 0, "13")])


@pytest.mark.parametrize(
    "answer",
    [
        contrl(),
        contrl(status=Status.RECEIVED),
        contrl(status=Status.REJECTED, codes=["28"]),
        contrl(MessageAnswer("DESADV", "1", Status.REJECTED, "D96A", ["29"]), status=Status.ACCEPTED_WITH_ERRORS),
        contrl(
            MessageAnswer("DESADV", "1", Status.REJECTED, "D96A", [], [LINE, SegmentError(9, code="13")]),
            MessageAnswer("DESADV", "2", Status.ACCEPTED_WITH_ERRORS, "D96A", [], [SegmentError(3, code="12")]),
            status=Status.ACCEPTED_WITH_ERRORS,
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::pydifact.exceptions.MissingImplementationWarning")
def test_a_contrl_is_read_as_it_was_written(answer: Answer) -> None:
    data = acknowledge_edifact.written([answer], ENVELOPE)
    findings = Findings()
    assert acknowledge_edifact.read(data, findings) == [answer]
    assert not findings
    theirs = Interchange.from_str(data.decode())
    assert [message.type for message in theirs.get_messages()] == ["CONTRL"]
    assert theirs.control_reference == "77"


def test_the_words_of_a_contrl() -> None:
    rejected = MessageAnswer("DESADV", "1", Status.REJECTED, "D96A", [], [LINE])
    data = acknowledge_edifact.written([contrl(rejected, status=Status.ACCEPTED_WITH_ERRORS)], ENVELOPE).decode()
    assert data.split("'")[1:-1] == [
        "UNB+UNOC:3+952114100001:14+952132100001:14+261005:1300+77",
        "UNH+5+CONTRL:D:3:UN",
        "UCI+8801+9521321000018:14+9521141000014:14+7",
        "UCM+1+DESADV:D:96A:UN+4",
        "UCS+7",
        "UCD+12+2:1",
        "UCD+13+3",
        "UNT+7+5",
        "UNZ+1+77",
    ]


@pytest.mark.parametrize(
    "change",
    [(b"AK9|P", b"AK9|Q"), (b"AK5|A", b"AK5|"), (b"AK1|SH", b"AK7|SH"), (b"AK2|856|0001", b"ZZZ|1")],
)
def test_an_x12_answer_that_says_nothing_known_is_an_error(change: tuple[bytes, bytes]) -> None:
    data = acknowledge_x12.written([group(GOOD, BAD, status=Status.ACCEPTED_WITH_ERRORS, accepted=1)], FRAME)
    assert change[0] in data
    with pytest.raises(InputError) as caught:
        acknowledge_x12.read(data.replace(*change), Findings())
    assert caught.value.finding.code == "EDI-ANS-01"


@pytest.mark.parametrize("change", [(b"14+7'", b"14+6'"), (b"UCI", b"UCJ"), (b"UCM", b"UCN")])
def test_a_contrl_that_says_nothing_known_is_an_error(change: tuple[bytes, bytes]) -> None:
    rejected = MessageAnswer("DESADV", "1", Status.REJECTED, "D96A", [], [LINE])
    data = acknowledge_edifact.written([contrl(rejected, status=Status.ACCEPTED_WITH_ERRORS)], ENVELOPE)
    assert change[0] in data
    with pytest.raises(InputError) as caught:
        acknowledge_edifact.read(data.replace(*change), Findings())
    assert caught.value.finding.code == "EDI-ANS-01"


@pytest.mark.parametrize("read", [acknowledge_x12.read, acknowledge_edifact.read])
def test_other_messages_are_no_answers(read) -> None:
    name = "x12-856/shipment-4711.x12" if read is acknowledge_x12.read else "desadv-d96a/despatch-587.edi"
    findings = Findings()
    assert read((MAPPINGS / name).read_bytes(), findings) == []
    assert [one.code for one in findings] == ["EDI-SET-01"]


@pytest.fixture
def surveyed(tmp_path: Path):
    """The answers to a sample, with what its conversion finds."""

    def answer(name: str, old: bytes = b"", new: bytes = b"") -> list[Answer]:
        data = (MAPPINGS / name).read_bytes()
        assert old in data
        data = data.replace(old, new) if old else data
        request = Request(
            Source.memory(data, "f"),
            to="epcis-2.0-json",
            mapping=load(f"edi/{Path(name).parent.name}"),
            values={"time-zone": "UTC"},
            now="2026-01-01T00:00:00Z",
        )
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        report = convert(request, folder)
        return list(answers(survey(io.BytesIO(data), "f", Findings()), report.findings))

    return answer


def test_a_good_file_is_accepted(surveyed) -> None:
    (answer,) = surveyed("x12-856/two-sets-004010.x12")
    assert (answer.kind, answer.control, answer.status, answer.codes) == ("SH", "17", Status.ACCEPTED, [])
    assert (answer.included, answer.received, answer.accepted) == (2, 2, 2)
    assert [(one.kind, one.control, one.status) for one in answer.messages] == [
        ("856", "0001", Status.ACCEPTED),
        ("856", "0002", Status.ACCEPTED),
    ]


def test_errors_of_the_envelope_and_of_values_reject_the_message(surveyed) -> None:
    (answer,) = surveyed("x12-856/broken-levels.x12")
    assert (answer.status, answer.codes) == (Status.REJECTED, ["4", "5"])
    (message,) = answer.messages
    assert message.status is Status.REJECTED
    assert message.codes == ["4", "5"]
    assert [(one.position, one.tag) for one in message.segments] == [(15, "HL"), (20, "HL"), (24, "HL"), (28, "CTT")]
    assert acknowledge_x12.read(acknowledge_x12.written([answer], FRAME), Findings())[0].messages[0].codes == ["4", "5"]


def test_only_the_wrong_one_of_two_messages_is_rejected(surveyed) -> None:
    (answer,) = surveyed("x12-856/two-sets-004010.x12", b"SN1||5|EA", b"SN1||x|EA")
    assert [one.status for one in answer.messages] == [Status.ACCEPTED, Status.REJECTED]
    assert (answer.status, answer.accepted) == (Status.ACCEPTED_WITH_ERRORS, 1)


def test_an_edifact_file_is_answered_as_a_whole(surveyed) -> None:
    (answer,) = surveyed("desadv-d96a/despatch-587.edi")
    assert (answer.status, answer.control, answer.sender) == (Status.ACCEPTED, "8801", ("9521321000018", "14"))
    (answer,) = surveyed("desadv-d96a/broken-despatch.edi")
    assert answer.status is Status.REJECTED
    assert [(one.position, one.code) for one in answer.messages[0].segments] == [(23, "12"), (26, "12"), (35, "12")]
    data = acknowledge_edifact.written([answer], ENVELOPE).decode()
    assert "UCM+1+DESADV:D:96A:UN+4'UCS+23+12'UCS+26+12'UCS+35+12'" in data


@pytest.mark.parametrize(
    ("cut", "group_codes", "message_codes"), [(-60, ["3"], ["2"]), (-27, ["3"], []), (-25, ["3"], []), (-2, [], [])]
)
def test_a_cut_file_is_rejected_with_what_was_found(cut: int, group_codes, message_codes) -> None:
    data = (MAPPINGS / "x12-856/shipment-4711.x12").read_bytes()[:cut]
    findings = Findings()
    (answer,) = answers(survey(io.BytesIO(data), "f", findings), findings)
    assert findings.errors
    assert (answer.codes, answer.messages[0].codes) == (group_codes, message_codes)
    assert answer.status is (Status.REJECTED if group_codes else Status.ACCEPTED)


def test_errors_may_be_noted_instead_of_rejecting() -> None:
    data = (MAPPINGS / "x12-856/broken-levels.x12").read_bytes()
    (answer,) = answers(survey(io.BytesIO(data), "f", Findings()), wrong=Status.ACCEPTED_WITH_ERRORS)
    assert answer.status is Status.ACCEPTED_WITH_ERRORS
    assert [one.status for one in answer.messages] == [Status.ACCEPTED_WITH_ERRORS]
