"""``gateway show``: everything about one message, or the bytes of one of its stages."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from gateway.cli.messages import FIELDS, MORE
from gateway.cli.workspace import STATE_COLOURS, cell_text, short_time, workspace_option
from gateway.errors import UsageError
from gateway.findings import Where

SHOWN = 20

#: The stage that lists events which were left out, and the name of that list among a message's outputs
#: (`gateway.exchange.ledger.left_out.LIST`, here so that help needs no database; a test compares them).
LEFT_OUT_STAGE = "left-out"
LEFT_OUT = "(left out)"


@click.command(
    epilog="Examples: gateway show 42 · gateway show 42 --open raw > original.xlsx · gateway show 42 --open TARGET"
)
@click.argument("id_", metavar="ID")
@workspace_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--open",
    "stage",
    metavar="STAGE",
    help="Write bytes: `raw`, `events`, `left-out`, a target's id (`ID.2` its second file), or `answer.NUMBER`.",
)
def command(id_: str, root: Path, stage: str | None, *, as_json: bool) -> None:
    """Show message ID: what came in, what was made of it, who got it, and what was wrong.

    ID may be the whole id or its number. `--open events` reads the original again and writes its events as EPCIS 2.0
    JSON, whatever the targets got. `--open left-out` lists the events that were left out because they were wrong.
    """
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        lineage = workspace.queries.lineage(id_)
        if stage and stage.startswith("answer."):
            stage_hash = _answer(workspace, lineage, stage)
            with workspace.archive.open(stage_hash) as stream:
                shutil.copyfileobj(stream, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        elif stage == "events":
            _write_events(workspace, lineage.message)
        elif stage:
            with workspace.archive.open(_hash_of(lineage, stage)) as stream:
                shutil.copyfileobj(stream, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        elif as_json:
            click.echo(json.dumps(as_dict(lineage), ensure_ascii=False, indent=2))
        else:
            _print(lineage, _refused(workspace, lineage))


def _hash_of(lineage: Any, stage: str) -> str:
    if stage == "raw":
        if lineage.message.sha256:
            return str(lineage.message.sha256)
        message = f"{lineage.message.id} was never taken from its sender"
        raise UsageError(message, hint=lineage.message.reason)
    target, _, number = stage.partition(".")
    target = LEFT_OUT if target == LEFT_OUT_STAGE else target
    for output in lineage.outputs:
        if output.target == target and output.position == int(number if number.isdecimal() else 1):
            return str(output.sha256)
    stages = (LEFT_OUT_STAGE if output.target == LEFT_OUT else output.target for output in lineage.outputs)
    known = ["raw", "events", *dict.fromkeys(stages)]
    message = f"{lineage.message.id} has no stage {stage!r}"
    raise UsageError(message, hint=f"known: {', '.join(known)}")


def _answer(workspace: Any, lineage: Any, stage: str) -> str:
    """Hash of the bytes of an answer to this message."""
    for answer in lineage.answers:
        if stage == f"answer.{answer.id}":
            if answer.sha256 or answer.carrier:
                return str(answer.sha256 or workspace.queries.message(answer.carrier).sha256)
            message = f"no bytes of answer {answer.id} were kept"
            raise UsageError(message)
    message = f"{lineage.message.id} has no {stage!r}"
    known = ", ".join(f"answer.{answer.id}" for answer in lineage.answers) or "none has come"
    raise UsageError(message, hint=f"known: {known}")


def _write_events(workspace: Any, message: Any) -> None:
    """The events of the original, as they are read today."""
    from gateway.exchange.operations.trace import events_as_json

    with events_as_json(workspace, message) as path, path.open("rb") as stream:
        shutil.copyfileobj(stream, sys.stdout.buffer)
    sys.stdout.buffer.flush()


def as_dict(lineage: Any) -> dict[str, Any]:
    """All that the ledger knows of a message, as JSON has it."""
    out: dict[str, Any] = {name: getattr(lineage.message, name) for name in FIELDS + MORE}
    out["duplicates"], out["replays"] = list(lineage.duplicates), list(lineage.replays)
    for name in ("history", "stages", "outputs", "deliveries", "answers", "owed", "brought", "findings", "losses"):
        rows = [row for row in getattr(lineage, name) if name != "outputs" or row.target != LEFT_OUT]
        out[name] = [
            {c.key: getattr(row, c.key) for c in row.__table__.columns if c.key not in hidden(name)} for row in rows
        ]
    out["lineage"] = way(lineage)
    return out


def hidden(name: str) -> tuple[str, ...]:
    """Columns that say nothing: the message is the same in all, places matter only where files have numbers."""
    return ("message",) if name in ("outputs", "deliveries") else ("message", "position")


def way(lineage: Any) -> dict[str, Any]:
    """From the raw bytes over the events to each output, its delivery and its answers; `open` fetches the bytes."""
    message, show = lineage.message, f"gateway show {lineage.message.number} --open"
    outputs = []
    for output in (each for each in lineage.outputs if each.target != LEFT_OUT):
        number = f".{output.position}" if output.position > 1 else ""
        deliveries = [d for d in lineage.deliveries if (d.target, d.position) == (output.target, output.position)]
        outputs.append(
            {
                "target": output.target,
                "name": output.name,
                "sha256": output.sha256,
                "open": f"{show} {output.target}{number}",
                "deliveries": [
                    {
                        "id": d.id,
                        "state": d.state,
                        "name": d.name,
                        "delivered_at": d.delivered_at,
                        "said": d.said,
                        "answers": [_answer_way(a, show) for a in lineage.answers if a.delivery == d.id],
                    }
                    for d in deliveries
                ],
            }
        )
    lists = [output.sha256 for output in lineage.outputs if output.target == LEFT_OUT]
    return {
        "raw": {"name": message.name, "sha256": message.sha256, "open": f"{show} raw"},
        "events": {"format": message.format, "events": message.events, "epcs": message.epcs, "open": f"{show} events"},
        "left_out": [
            {"events": message.left_out, "sha256": sha256, "open": f"{show} {LEFT_OUT_STAGE}"} for sha256 in lists
        ],
        "outputs": outputs,
    }


def _answer_way(answer: Any, show: str) -> dict[str, Any]:
    facts = {name: getattr(answer, name) for name in ("id", "kind", "at", "verdict", "standing", "carrier", "sha256")}
    kept = answer.sha256 or answer.carrier
    return facts | {"open": f"{show} answer.{answer.id}" if kept else ""}


def _refused(workspace: Any, lineage: Any) -> dict[int, list[Any]]:
    """What each answer says of the identifiers that it does not accept: the first ones."""
    from gateway.exchange.ledger.queries_answers import AnswerQueries

    queries = AnswerQueries(workspace.database)
    told = [answer.id for answer in lineage.answers if answer.results]
    return {id_: list(queries.refused(id_, limit=SHOWN + 1)) for id_ in told}


def _print(lineage: Any, refused: dict[int, list[Any]]) -> None:
    message = lineage.message
    reason = cell_text(f": {message.reason}" if message.reason else "")
    click.echo(f"message   {message.id}  {_coloured(message.state)}{reason}")
    _say(f"file      {message.name}, {message.size:,} bytes, from {message.partner} by {message.channel}")
    _say(f"received  {short_time(message.received_at)}   sha256 {message.sha256 or '(never taken)'}")
    if message.format:
        mapping = f" with mapping {message.mapping}" if message.mapping else ""
        gone = f"; {message.left_out:,} more were LEFT OUT, see --open left-out" if message.left_out else ""
        what = f"{message.events:,} events, {message.epcs:,} identifiers{gone}"
        _say(f"read as   {message.format}{mapping}, {what}")
    for word, ids in (
        ("duplicate", [message.duplicate_of]),
        ("replay of", [message.replay_of]),
        ("came again", lineage.duplicates),
        ("replayed", lineage.replays),
    ):
        if any(ids):
            _say(f"{word:9} {', '.join(ids)}")
    _print_way(lineage, refused)
    _print_findings(lineage.findings)
    for loss in lineage.losses:
        kept = "carried in an extension" if loss.outcome == "carried" else "LEFT OUT"
        _say(f"  loss {loss.code} for {loss.target}: {loss.field}, {loss.count:,} values {kept}: {loss.reason}")


def _print_way(lineage: Any, refused: dict[int, list[Any]]) -> None:
    _say("way")
    for entry in lineage.history:
        _say(f"  {short_time(entry.at)}  {entry.state}{f': {entry.detail}' if entry.detail else ''}")
    outputs = [output for output in lineage.outputs if output.target != LEFT_OUT]
    if outputs:
        _say("outputs and deliveries")
    for output in outputs:
        _say(f"  {output.target}: {output.name}, {output.format}, {output.size:,} bytes, sha256 {output.sha256}")
        for d in lineage.deliveries:
            if (d.target, d.position) == (output.target, output.position):
                click.echo(f"    -> {cell_text(f'{d.address} as {d.name}')}: {_coloured(d.state)}{cell_text(_how(d))}")
                if d.said:
                    _say(f"    <- when it took the file: {d.said}")
                _print_answers(lineage, d.id, refused)
    for answer in lineage.brought:
        _say(f"  answers {answer.delivery or answer.reference}: {answer.verdict} ({answer.standing})")


def _print_answers(lineage: Any, delivery: str, refused: dict[int, list[Any]]) -> None:
    for answer in lineage.answers:
        if answer.delivery == delivery:
            of = f", {answer.results:,} identifiers: gateway answers --results {answer.id}" if answer.results else ""
            said = f": {answer.detail}" if answer.detail else ""
            what = f"{answer.kind} answer.{answer.id} {short_time(answer.at)}: {answer.verdict} ({answer.standing})"
            _say(f"    <- {what}{of}{said}")
            bad = refused.get(answer.id, [])
            for result in bad[:SHOWN]:
                _say(f"       {result.identifier}: {verdict_of(result)}", "red")
            if len(bad) > SHOWN:
                _say(f"       … and more: gateway answers --results {answer.id}")
    for owed in lineage.owed:
        if owed.delivery == delivery:
            _say(f"    <- {owed.kind}: {owed.state}, due {short_time(owed.due_at)}, then {owed.then}")


def verdict_of(result: Any) -> str:
    """What an answer says of an identifier, in words."""
    why = ": ".join(filter(None, (result.code, result.text)))
    return f"{result.verdict}, {why}" if why else str(result.verdict)


def _how(delivery: Any) -> str:
    tries = f", {delivery.attempts} tries" if delivery.attempts > 1 else ""
    if delivery.delivered_at:
        return f" {short_time(delivery.delivered_at)}{tries}"
    error = f": {delivery.error}" if delivery.error else ""
    if delivery.state == "uncertain":
        return f"{tries}{error}; find out, then: gateway settle {delivery.id}"
    return tries + error + (f"; next try {short_time(delivery.next_try_at)}" if delivery.next_try_at else "")


def _print_findings(findings: Any) -> None:
    """The same finding for several targets is printed once."""
    unique = {(f.code, json.dumps(f.where, sort_keys=True), f.text): f for f in findings}
    if unique:
        _say("findings")
    for f in list(unique.values())[:SHOWN]:
        place = f"{Where(**f.where)}: " if f.where else ""
        _say(f"  {f.severity} {f.code} {place}{f.text}", {"error": "red"}.get(f.severity))
        if f.value and f.expected:
            _say(f"    read {f.value!r}, expected {f.expected}")
        if f.hint:
            _say(f"    fix: {f.hint}")
    if len(unique) > SHOWN:
        _say(f"  … and {len(unique) - SHOWN:,} more: --json prints them all")


def _say(text: str, colour: str | None = None) -> None:
    """Print a line; names and what receivers said come from outside."""
    click.echo(click.style(cell_text(text), fg=colour) if colour else cell_text(text))


def _coloured(state: str) -> str:
    return click.style(state, fg=STATE_COLOURS.get(state))
