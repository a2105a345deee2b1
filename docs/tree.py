"""Is the tree clean? Nothing untracked or changed after generating and testing, no module that has two ideas.

Part of ``make check``; prints what is wrong and exits 1.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_LINES = 400
TOP = {
    ".ci", ".gitignore", "LICENSE", "Makefile", "README.md", "docs", "fixtures", "gateway", "mappings",
    "pyproject.toml", "tests", "xsd",
}  # fmt: skip
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def main() -> int:
    """Run all looks at the tree."""
    tracked = [ROOT / name for name in _git("ls-files", "-z").split("\0") if name]
    complaints = [f"not committed: {line}" for line in _git("status", "--porcelain").splitlines()]
    complaints += [f"does not belong at the top: {name}" for name in sorted({_top(path) for path in tracked} - TOP)]
    for path in tracked:
        if path.suffix == ".py" and path.is_relative_to(ROOT / "gateway"):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > MOST_LINES:
                complaints.append(f"{path.relative_to(ROOT)} has {lines} lines; over {MOST_LINES} it has two ideas")
        if path.suffix == ".md":
            complaints += [f"{path.relative_to(ROOT)}: dead link {link}" for link in _dead_links(path)]
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


def _dead_links(page: Path) -> list[str]:
    return [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]


def _top(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603, S607 - our own git


if __name__ == "__main__":
    sys.exit(main())
