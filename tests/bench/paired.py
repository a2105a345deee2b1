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
        yardstick: what it is compared with, or nothing when only memory or time counts.
        must_ratio: most CPU that the case may use, in yardsticks; 0 when nothing is asked.
        must_mib: most peak memory in MiB; 0 when nothing is asked.
        units: how many rows or events the input holds.
        unit: their name.
        scale: size of the yardstick's input over that of the case's, when they read different files.
        must_wall: most seconds of the quickest run; 0 when nothing is asked.
        on_wall: whether wall time is compared instead of CPU time: only this shows what several processes gain.
    """

    name: str
    command: Sequence[str]
    yardstick: Sequence[str]
    must_ratio: float
    must_mib: float
    units: int
    unit: str
    scale: float = 1.0
    must_wall: float = 0.0
    on_wall: bool = False


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
    must_wall: float = 0.0
    passed: bool = False
    more: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For the JSON file."""
        return asdict(self)


def run_once(command: Sequence[str], *, allowed: Sequence[int] = (0,)) -> Usage:
    """Run one process to its end.

    Raises:
        RuntimeError: it ended with another exit code than those allowed; with the end of what it printed.
    """
    started = time.perf_counter()
    process = subprocess.Popen(command, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    stderr = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in allowed:
        message = f"{' '.join(command)} ended with {process.returncode}: {stderr.decode(errors='replace')[-500:]}"
        raise RuntimeError(message)
    return Usage(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def _environment() -> dict[str, str]:
    """As users have it: an installed package keeps its byte code, whatever this machine's settings are."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measure(case: Case, pairs: int) -> Result:
    """Run yardstick and case in turn, `pairs` times."""
    result = Result(
        case.name, unit=case.unit, must_ratio=case.must_ratio, must_mib=case.must_mib, must_wall=case.must_wall
    )
    runs = []
    for _ in range(pairs):
        yard = run_once(case.yardstick) if case.yardstick else None
        run = run_once(case.command)
        runs.append(run)
        if yard is not None:
            used = run.wall / yard.wall if case.on_wall else run.cpu / yard.cpu
            result.ratios.append(round(used * case.scale, 3))
    result.ratio = round(statistics.median(result.ratios), 2) if result.ratios else 0.0
    result.cpu = round(statistics.median(run.cpu for run in runs), 2)
    result.wall = round(min(run.wall for run in runs), 2)
    result.peak_mib = round(max(run.peak_mib for run in runs), 1)
    result.per_second = round(case.units / min(run.cpu for run in runs))
    result.passed = (
        (not case.must_ratio or result.ratio <= case.must_ratio)
        and (not case.must_mib or result.peak_mib <= case.must_mib)
        and (not case.must_wall or result.wall <= case.must_wall)
    )
    return result
