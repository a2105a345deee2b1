"""The tutorial's commands do what the tutorial says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_command_of_the_tutorial_ends_as_it_says(tmp_path):
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    lines = [line[2:] for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    assert len(lines) >= 15
    shutil.copytree(ROOT / "fixtures" / "mappings", tmp_path / "fixtures" / "mappings")
    (tmp_path / "out").mkdir()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for line in lines:
        command, _, promise = line.partition("  # exit ")
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True
        )
        assert done.returncode == int(promise or 0), f"{command}\n{done.stdout}{done.stderr}"
    assert not (tmp_path / "out" / "broken.xml").exists()
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"batch.xml", "batch.jsonld", "pts", "broken.json"}
    made = sorted(p.name for p in (tmp_path / "out/exchange/data/example").glob("out-*/*"))
    assert len(made) == 4, made  # two files of the message, two of its replay
