"""Measure a command against a yardstick: both run in turn, the figure is the median of the paired CPU ratios.

Machines are shared and drift by a factor of two, so seconds from different minutes say little; a ratio of two
neighbouring runs holds. CPU is user plus system time of the whole process, as the operating system accounts it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Usage:
    """What one finished process used: CPU seconds, wall seconds, peak memory in MiB."""

    cpu: float
    wall: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Case:
    """One comparison.

    Attributes:
        name: what is compared, for a person.
        command: the case.
        yardstick: what it is compared with, or nothing when only memory counts.
        must_ratio: most CPU that the case may use, in yardsticks; 0 when nothing is asked.
        must_mib: most peak memory in MiB.
        units: how many rows or events the input holds.
        unit: their name.
    """

    name: str
    command: Sequence[str]
    yardstick: Sequence[str]
    must_ratio: float
    must_mib: float
    units: int
    unit: str


@dataclass(slots=True)
class Result:
    """What was measured, and whether it is good enough."""

    name: str
    ratios: list[float] = field(default_factory=list)
    ratio: float = 0.0
    cpu: float = 0.0
    wall: float = 0.0
    peak_mib: float = 0.0
    per_second: int = 0
    unit: str = ""
    must_ratio: float = 0.0
    must_mib: float = 0.0
    passed: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For the JSON file."""
        return asdict(self)


def run_once(command: Sequence[str]) -> Usage:
    """Run one process to its end.

    Raises:
        RuntimeError: it failed; with the end of what it printed.
    """
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    stderr = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        message = f"{' '.join(command)} ended with {process.returncode}: {stderr.decode(errors='replace')[-500:]}"
        raise RuntimeError(message)
    return Usage(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def measure(case: Case, pairs: int) -> Result:
    """Run yardstick and case in turn, `pairs` times."""
    result = Result(case.name, unit=case.unit, must_ratio=case.must_ratio, must_mib=case.must_mib)
    runs = []
    for _ in range(pairs):
        yard = run_once(case.yardstick)
        run = run_once(case.command)
        runs.append(run)
        result.ratios.append(round(run.cpu / yard.cpu, 3))
    result.ratio = round(statistics.median(result.ratios), 2)
    result.cpu = round(statistics.median(run.cpu for run in runs), 2)
    result.wall = round(statistics.median(run.wall for run in runs), 2)
    result.peak_mib = round(max(run.peak_mib for run in runs), 1)
    result.per_second = round(case.units / result.cpu)
    result.passed = (not case.must_ratio or result.ratio <= case.must_ratio) and result.peak_mib <= case.must_mib
    return result
