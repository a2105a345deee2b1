"""The example of docs/as2.md runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from gateway.cli.main import cli
from gateway.transports.as2 import Headers, Region, Scratch, Terms, open_message
from gateway.transports.as2.settings import PartnerSettings, presets
from gateway.transports.as2_http.settings import As2Settings
from tests.conftest import ROOT
from tests.transports.as2.ends import data_of, identity, pem, pin


def test_the_example_builds_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("keys", "data"):
        Path(folder).mkdir()
    for name in ("acme", "brand"):
        for path, suffix in zip(pem(name, tmp_path), ("crt", "key"), strict=True):
            path.rename(tmp_path / "keys" / f"{name}.{suffix}")
    Path("batch.xml").write_bytes(b"<epcis/>")
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "as2.md").read_text("utf-8"), re.DOTALL)
    names: dict = {}
    exec(code, names)
    message = names["message"]
    with Scratch(tmp_path) as scratch:
        terms = Terms((identity("brand"),), (pin("acme"),))
        received = open_message(Headers(message.fields), Region.whole(Path("message.bin")), terms, scratch)
        assert data_of(received) == [b"<epcis/>"]
        assert received.mic.same(message.mics["sha256"])
        assert received.layers == ("encrypted", "signed", "compressed")


def test_the_settings_of_the_page_are_settings():
    text = (ROOT / "docs" / "as2.md").read_text("utf-8")
    agreement, stated = (
        yaml.safe_load(block.replace("5f:2a:…", "5f" * 32))
        for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    )
    for part in (*agreement["channels"], *agreement["targets"]):
        assert As2Settings.model_validate(part["settings"]).them == "ACME CMO"
    settings = PartnerSettings.model_validate(stated)
    assert not settings.algorithm_protection
    for name, preset in presets().items():
        assert f"| `{name}` | {preset.title} |" in text


def test_the_page_about_partners_names_commands_and_settings_that_are_there():
    text = (ROOT / "docs" / "as2-partner.md").read_text("utf-8")
    (agreement,) = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))
    for part in (*agreement["channels"], *agreement["targets"][:1]):
        assert As2Settings.model_validate(part["settings"]).them == "ACME CMO"
    lines = re.findall(r"`(gateway [^`]+)`", text) + re.findall(r"^\$ (gateway .+)$", text, re.MULTILINE)
    assert len(lines) > 15
    for line in lines:
        command: click.Command = cli
        for word in shlex.split(line)[1:]:
            if isinstance(command, click.Group):
                found = command.get_command(click.Context(command), word)
                assert found is not None, line
                command = found
            elif word.startswith("-"):
                assert any(word in option.opts for option in command.params), line
