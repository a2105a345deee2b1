"""YAML files of people: each complaint with file, line and key."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ConfigDict

from gateway import yamlfile
from gateway.errors import ConfigurationError


class Channel(BaseModel):
    model_config = ConfigDict(extra="forbid")
    pattern: str
    looks: int = 2


class Partner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    gln: str = ""
    channels: list[Channel] = []


def loads(text: str) -> Partner:
    return yamlfile.loads(text.encode(), Partner, "p.yaml")


def test_plain_scalars_are_text_until_the_model_asks_for_more():
    partner = loads("name: no\ngln: 0868000000001\nchannels:\n- pattern: '*.csv'\n  looks: 3\n")
    assert partner == Partner(name="no", gln="0868000000001", channels=[Channel(pattern="*.csv", looks=3)])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("gln: '1'\n", "p.yaml:1: name: is missing"),
        ("name: a\nnam: b\n", "p.yaml:2: nam: unknown key, did you mean 'name'?"),
        ("name: a\nname: b\n", "p.yaml:2: the key 'name' stands here twice"),
        ("name: a\nchannels:\n- pattern: x\n  looks: many\n", "p.yaml:4: channels.0.looks: "),
        ("name: [\n", "p.yaml:2: not YAML: "),
        ("name: &a x\ngln: b\nchannels:\n- &c {pattern: p}\n- *c\n", "p.yaml:4: aliases are not allowed"),
        ("", "p.yaml:1: the file: "),
    ],
)
def test_a_complaint_names_file_line_and_key(text, complaint):
    with pytest.raises(ConfigurationError) as caught:
        loads(text)
    assert str(caught.value).startswith(complaint)


def test_all_complaints_come_at_once():
    with pytest.raises(ConfigurationError) as caught:
        loads("gln: a\nx: 1\ny: 2\n")
    assert len(str(caught.value).splitlines()) == 3


def test_bytes_that_are_no_text_and_files_that_are_not_there(tmp_path):
    with pytest.raises(ConfigurationError, match=r"p\.yaml: not UTF-8: invalid continuation byte at byte 6"):
        yamlfile.loads(b"name: \xe4x", Partner, "p.yaml")
    with pytest.raises(ConfigurationError, match="No such file"):
        yamlfile.load(tmp_path / "none.yaml", Partner)
    (tmp_path / "big.yaml").write_bytes(b"#" * (yamlfile.MAX_BYTES + 1))
    with pytest.raises(ConfigurationError, match="larger than"):
        yamlfile.load(tmp_path / "big.yaml", Partner)


def test_python_tags_are_not_run():
    with pytest.raises(ConfigurationError, match="the file"):
        loads("!!python/object/apply:os.system ['true']\n")
