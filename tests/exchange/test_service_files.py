"""The unit and the container file that the docs give: as they stand there, they are right."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.exchange.engine_words import PATIENCE

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
NAME = "gateway.service"
#: Of what `systemd-analyze security` says, from 0 (closed) to 10 (open): the unit without its limits has 9.
MOST_EXPOSED = 3.0


def block(beginning: str) -> str:
    """The fenced block of the page that begins with these words."""
    found = re.search(rf"```\w+\n({re.escape(beginning)}.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    return found[1]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd")
def test_the_unit_is_right_and_closed(tmp_path: Path) -> None:
    unit = block(f"# /etc/systemd/system/{NAME}")
    program = tmp_path / "gateway"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / NAME).write_text(unit.replace("/opt/gateway/bin/gateway", str(program)))
    for command in (
        ["verify", "--man=no", str(tmp_path / NAME)],
        ["security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED * 10:.0f}", str(tmp_path / NAME)],
    ):
        done = subprocess.run(["systemd-analyze", *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-300:] + done.stderr
        assert "Unknown" not in done.stderr


def test_the_unit_tries_for_ever_and_gives_a_stop_its_time() -> None:
    unit = dict(re.findall(r"^(\w+)=(.*)$", block(f"# /etc/systemd/system/{NAME}"), re.MULTILINE))
    assert unit["StartLimitIntervalSec"] == "0"
    assert unit["Restart"] == "always"
    assert int(unit["TimeoutStopSec"]) > PATIENCE + 10
    assert unit["KillMode"] == "mixed"


def test_the_container_runs_as_a_user_who_can_write_its_volume() -> None:
    lines = [line for line in block("FROM python").splitlines() if not line.startswith("#")]
    text = "\n".join(lines)
    user, volume = re.search(r"^USER (\d+)$", text, re.MULTILINE), re.search(r"^VOLUME (\S+)$", text, re.MULTILINE)
    assert user
    assert volume
    assert user[1] != "0"
    made = text.index(f"-m 0700 {volume[1]}")
    assert text.index(f"--uid {user[1]}") < made < text.index("\nUSER ") < text.index("\nVOLUME ")
    assert "epcis-gateway[postgres,web]==${VERSION}" in text
    assert "HEALTHCHECK" in text
    assert "/health/ready" in text
