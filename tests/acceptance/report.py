"""Prints what the conversion of every corpus document gave, as a Markdown table: ``python tests/acceptance/report.py``.

The same measures as the tests, which assert them; here they are counted for the documentation.
"""

from __future__ import annotations

import collections
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from gateway.findings import LossMode
from tests.acceptance.conversions import converted, not_accounted, output_error, round_trip
from tests.acceptance.corpus import FORMATS, JSON, V1, V2, Sample
from tests.acceptance.expected import not_restored, refusal, valid

NAMES = {V1: "1.x XML", V2: "2.0 XML", JSON: "2.0 JSON"}


def main() -> int:
    """Print the tables; 1 when a document is neither right nor listed with its reason."""
    samples = [sample for sample in valid() if not sample.name.startswith("own/")]
    if not samples:
        print("the corpora are not on this machine")
        return 1
    wrong: list[str] = []
    refused: dict[str, set[str]] = collections.defaultdict(set)
    columns = ("from", "to", "documents", "refused", "valid", "values kept", "dropped listed", "round trip equal")
    print(f"| {' | '.join(columns)} |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for source in FORMATS:
        for target in FORMATS:
            own = [sample for sample in samples if sample.format == source]
            counts = collections.Counter(name for s in own for name in _measure(s, target, wrong, refused))
            done = len(own) - counts["refused"]
            trip = f"{counts['trip']}/{done}" if source != target else "-"
            print(
                f"| {NAMES[source]} | {NAMES[target]} | {len(own)} | {counts['refused']} | {counts['valid']}/{done} "
                f"| {counts['kept']}/{done} | {counts['listed']}/{done} | {trip} |"
            )
    print("\nRefused, with the reason:\n")
    for reason, names in sorted(refused.items()):
        print(f"* {len(names)} document{'s' if len(names) > 1 else ''}: {reason}")
        for name in sorted(names):
            print(f"  * {name}")
    print("\nNot exactly as it was after a round trip, with the reason:\n")
    for name, (_, reason) in not_restored().items():
        if not name.startswith("own/"):
            print(f"* {name}: {reason}")
    for line in wrong:
        print(f"WRONG {line}")
    return 1 if wrong else 0


def _measure(sample: Sample, target: str, wrong: list[str], refused: dict[str, set[str]]) -> Iterator[str]:
    """The names of the measures that one conversion meets."""
    expected = refusal(sample, target)
    if expected is not None:
        refused[f"{expected.reason} ({', '.join(expected.findings)})"].add(sample.name)
        if converted(sample, target).errors != sorted(expected.findings):
            wrong.append(f"{sample.name} to {target}: refused with {converted(sample, target).errors}")
        yield "refused"
        return
    measures = {
        "valid": not output_error(sample, target) and not output_error(sample, target, LossMode.DROP),
        "kept": not converted(sample, target).report.failed and not not_accounted(sample, target),
        "listed": not not_accounted(sample, target, LossMode.DROP),
        "trip": sample.format == target or not round_trip(sample, target)[1] or sample.name in not_restored(),
    }
    for name, met in measures.items():
        if met:
            yield name
        else:
            wrong.append(f"{sample.name} to {target}: not {name}")


if __name__ == "__main__":
    sys.exit(main())
