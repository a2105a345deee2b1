"""``gateway submit``: one file in, submissions to a regulator, and its answer for each pack."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli import inputs, outfiles, output, secret_codes
from gateway.cli.lazy import loading
from gateway.errors import AnswerPending, NotAccepted, TransportError, UsageError
from gateway.printable import printable

if TYPE_CHECKING:
    from gateway.agreements.account import Account
    from gateway.report import Output
    from gateway.submit.sending import Sent

SHOWN = 20  # refused packs that are printed for a person; --json has all
ANSWERS = "answers.json"

EPILOG = """\b
Examples:
  gateway submit story.jsonld --market tr-its --agreement agreements/regulator.yaml --dry-run -o files/
  gateway submit batch.xlsx --mapping acme-cmo/batch --market ru-mdlp --agreement ru.yaml --wait 600
  gateway submit story.jsonld --market sa-rsd --agreement sa.yaml --json > answers.json

\b
Rehearse with `gateway simulate MARKET` in another terminal, and its address as `url` in the agreement.
Exit codes: 0 all is accepted, 1 the input has errors (nothing was sent), 2 wrong usage, 4 configuration,
5 the system cannot be reached, 7 something is refused or not understood, 8 the answer has not come yet.
Run again, it sends nothing twice: what was accepted is shown, what is pending is asked for."""


@click.command(epilog=EPILOG)
@click.argument("in_", metavar="IN")
@click.option("--market", required=True, metavar="KEY", help="Market, or one of its messages, e.g. tr-its.")
@click.option(
    "--agreement",
    "file",
    required=True,
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="FILE",
    help="Agreement with a target of `transport: market`: address, user, password by reference.",
)
@click.option("--target", "target", default="", metavar="ID", help="Which target, if the agreement has several.")
@inputs.input_options
@secret_codes.codes_options
@click.option("--dry-run", is_flag=True, help="Compose and check; write the files, send nothing.")
@click.option("-o", "--output", "out", metavar="DIR", default="", help=f"Also write the files and {ANSWERS} into DIR.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="For each file: how long to ask for an answer that comes later, and to try a busy system again.",
)
@click.option("--keep-going", is_flag=True, help="Send what follows also when a file is refused as a whole.")
@click.option(
    "--again", is_flag=True, help="Send also what was sent before: you know that the regulator has nothing of it."
)
@click.option("--json", "as_json", is_flag=True, help="Print all answers as JSON on standard output.")
def command(
    in_: str,
    market: str,
    file: Path,
    target: str,
    from_: str,
    mapping: str,
    folder: str | None,
    values: tuple[str, ...],
    vault: Path | None,
    vault_key: str,
    out: str,
    wait: float,
    *,
    dry_run: bool,
    keep_going: bool,
    again: bool,
    as_json: bool,
) -> int:
    """Submit IN (a file, or - for standard input) to a regulator, and show its answer for each pack.

    The file is read and checked as by `gateway convert`, and becomes one or more submissions, which are sent in order.
    What follows a submission that is not accepted is not sent. IN with errors is not sent at all.
    """
    if dry_run and not out:
        out = "."
    if out and Path(out).exists() and not Path(out).is_dir():
        message = f"{out} is no folder"
        raise UsageError(message, hint="give a folder with -o")
    with loading():
        from gateway.agreements.account import read
        from gateway.cli.submit_compose import compose

        account = read(file, market, target)
    with (
        inputs.source_of(in_) as source,
        outfiles.private_folder(out or "-") as private,
        secret_codes.opened(vault, vault_key) as codes,
    ):
        chosen, candidates = inputs.mappings_of(mapping, folder)
        report = compose(account, source, private, from_, (chosen, candidates), inputs.pairs(values), codes)
        outputs = [replace(each) for each in report.outputs]
        for each in report.outputs:  # for people: where the file goes, not where it lies meanwhile
            each.path = str(Path(out) / each.name) if out else each.name
        if report.failed or dry_run or not outputs or not as_json:
            output.print_report(report, source.name, verb="composed")
        if report.failed or not outputs:
            return report.exit_code
        if out:
            _write(outputs, out)
        if dry_run:
            return 0
        sent = _send(account, outputs, wait, again=again, keep_going=keep_going, quiet=as_json)
    if out:
        _put(Path(out) / ANSWERS, json.dumps(as_dict(account, sent), ensure_ascii=False, indent=2) + "\n")
    if as_json:
        click.echo(json.dumps(as_dict(account, sent), ensure_ascii=False, indent=2))
    return _verdict(sent)


def _write(outputs: Sequence[Output], out: str) -> None:
    """Copies of the submissions for the user; the originals are still needed."""
    Path(out).mkdir(parents=True, exist_ok=True)
    for each in outputs:
        _put(Path(out) / each.name, Path(each.path).read_bytes())


def _put(path: Path, data: str | bytes) -> None:
    aside = path.with_name(f".{path.name}.part")
    with outfiles.writing_to(path):
        try:
            aside.write_bytes(data.encode() if isinstance(data, str) else data)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


def _send(
    account: Account, outputs: Sequence[Output], wait: float, *, again: bool, keep_going: bool, quiet: bool
) -> list[Sent]:
    from gateway.submit import connect
    from gateway.submit.sending import Sending
    from gateway.transports.secrets import secrets

    resolve = secrets(account.root)
    sending = Sending(
        lambda: connect(account.settings, resolve), account.settings.ask, wait, again=again, keep_going=keep_going
    )
    done = []
    for number, sent in enumerate(sending.send(outputs), 1):
        done.append(sent)
        if not quiet:
            _print(sent, number, len(outputs))
    if not quiet:
        _print_sum(account, done)
    return done


def _print(sent: Sent, number: int, of: int) -> None:
    name, packs = sent.output.name, f"{sent.output.packs:,} packs" if sent.output.packs else ""
    head = f"{number} of {of}  {printable(name)}  {packs}".rstrip()
    answer = sent.answer
    if answer is None:
        why = str(sent.error) if sent.error else "not sent, because of what came before it"
        output.say(f"{head}: {why}", "red" if sent.error else "yellow")
        return
    refused = answer.rejected()
    good = len(answer.serials) - len(refused)
    counts = f": {good:,} accepted, {len(refused):,} not" if answer.serials and refused else ""
    before = " (sent before; nothing was sent now)" if sent.repeated else ""
    colour = "green" if answer.good else "yellow" if answer.verdict == "pending" else "red"
    output.say(f"{head}: {answer.verdict}{counts}{before}", colour)
    if answer.reference:
        output.say(f"  the regulator's reference: {printable(answer.reference)}")
    for reason in answer.reasons:
        output.say(f"  {printable(str(reason))}")
    if answer.unexpected:
        output.say(f"  not understood: {printable(answer.unexpected)}")
    for serial in refused[:SHOWN]:
        why = "; ".join(map(str, serial.reasons)) or "no reason is given"
        output.say(f"  {serial.verdict}  {printable(serial.identifier)}  {printable(why)}", "red")
    if len(refused) > SHOWN:
        output.say(f"  … and {len(refused) - SHOWN:,} more: --json prints them all")
    if sent.error:
        output.say(f"  {printable(str(sent.error))}", "red")


def _print_sum(account: Account, sent: Sequence[Sent]) -> None:
    good = sum(each.good for each in sent)
    output.say(
        f"{good} of {len(sent)} submissions to {account.settings.message} are accepted",
        "green" if good == len(sent) else "red",
    )


def _verdict(sent: Sequence[Sent]) -> int:
    """The exit code: the first of these that is true."""
    if any(each.error for each in sent):
        return TransportError.exit_code
    answers = [each.answer for each in sent if each.answer is not None]
    if any(not answer.good and answer.verdict != "pending" for answer in answers):
        return NotAccepted.exit_code
    return AnswerPending.exit_code if any(answer.verdict == "pending" for answer in answers) else 0


def as_dict(account: Account, sent: Sequence[Sent]) -> dict[str, Any]:
    """All answers, as JSON has them."""
    return {"message": account.settings.message, "target": account.target.id, "submissions": list(map(_one, sent))}


def _one(sent: Sent) -> dict[str, Any]:
    answer = sent.answer
    found: dict[str, Any] = {
        "name": sent.output.name,
        "kind": sent.output.kind,
        "packs": sent.output.packs,
        "sha256": sent.output.sha256,
        "sent_before": sent.repeated,
        "verdict": answer.verdict.value if answer else "not sent",
        "error": str(sent.error) if sent.error else "",
    }
    if answer is not None:
        found |= {"reference": answer.reference, "unexpected": answer.unexpected, "reasons": _reasons(answer.reasons)}
        found["serials"] = [
            {"identifier": each.identifier, "verdict": each.verdict.value, "reasons": _reasons(each.reasons)}
            for each in answer.serials
        ]
    return found


def _reasons(reasons: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"code": each.code, "meaning": each.meaning, "retryable": each.retryable} for each in reasons]
