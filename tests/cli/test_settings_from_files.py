"""``--set KEY=@FILE``: long values come from files."""

from __future__ import annotations

import pytest

from gateway.cli.inputs import pairs
from gateway.errors import UsageError


def test_a_value_comes_from_a_file_without_its_last_line_end(tmp_path):
    path = tmp_path / "master.json"
    path.write_bytes('{"products": {"ä": {}}}\r\n'.encode())
    assert pairs((f"master-data=@{path}", "epc=urn")) == {"master-data": '{"products": {"ä": {}}}', "epc": "urn"}


def test_only_the_first_character_means_a_file():
    assert pairs(("email=a@b",)) == {"email": "a@b"}


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read"), (b"\xff", "is not UTF-8"), (b"x" * ((1 << 20) + 1), "has more than 1,048,576 bytes")],
)
def test_a_file_that_cannot_be_taken_is_named(tmp_path, content, words):
    path = tmp_path / "value"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=words):
        pairs((f"key=@{path}",))


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        pairs((f"key=@{tmp_path}",))
