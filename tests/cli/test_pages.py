"""The tutorial's commands do what the tutorial says, and README shows real output."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def consoles(page: Path) -> list[str]:
    return re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    return subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_readme_shows_what_the_commands_print(tmp_path):
    shutil.copytree(ROOT / "fixtures" / "mappings", tmp_path / "fixtures" / "mappings")
    blocks = consoles(ROOT / "README.md")
    shown = [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if part]
    examples = [part.split("\n", 1) for part in shown if part.startswith("gateway ")]
    assert len(examples) >= 3
    for command, output in examples:
        done = run(command, tmp_path)
        assert done.stdout + done.stderr == output, command


def test_every_command_of_the_tutorial_ends_as_it_says(tmp_path):
    lines = [line[2:] for block in consoles(ROOT / "docs" / "tutorial.md") for line in block.splitlines()]
    assert len(lines) >= 15
    shutil.copytree(ROOT / "fixtures" / "mappings", tmp_path / "fixtures" / "mappings")
    (tmp_path / "out").mkdir()
    for line in lines:
        command, _, promise = line.partition("  # exit ")
        done = run(command, tmp_path)
        assert done.returncode == int(promise or 0), f"{command}\n{done.stdout}{done.stderr}"
    assert not (tmp_path / "out" / "broken.xml").exists()
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"batch.xml", "batch.jsonld", "pts", "broken.json"}
    made = sorted(p.name for p in (tmp_path / "out/exchange/data/example").glob("out-*/*"))
    assert len(made) == 4, made  # two files of the message, two of its replay


def test_the_page_about_spreadsheets_shows_what_happens(tmp_path):
    shutil.copytree(ROOT / "fixtures" / "infer", tmp_path / "fixtures" / "infer")
    (tmp_path / "out").mkdir()
    text = (ROOT / "docs" / "from-a-spreadsheet.md").read_text(encoding="utf-8")
    ran = compared = 0
    for kind, block in re.findall(r"```(console|yaml)\n(.*?)```", text, re.DOTALL):
        if kind == "yaml":
            name = re.match(r"# (out/\S+)\n", block)
            if name:
                (tmp_path / name[1]).write_text(block, encoding="utf-8")
            continue
        for part in filter(None, re.split(r"^\$ ", block, flags=re.MULTILINE)):
            command, output = part.split("\n", 1)
            done = run(command, tmp_path)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            ran += 1
            if output:
                assert done.stdout + done.stderr == output, command
                compared += 1
    assert (ran, compared) >= (15, 7)
    delivered = list((tmp_path / "out/lyon/data/lyon/out").iterdir())
    assert len(delivered) == 1
    assert delivered[0].read_text("utf-8").count("<AggregationEvent>") == 4
