"""``gateway archive``: the bytes of every message, kept, proved, handed out and deleted in time."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gateway.cli.workspace import short_time, table, workspace_option
from gateway.errors import UsageError

SHOWN = 50


@click.group(epilog="Example: gateway archive verify -C exchange")
def command() -> None:
    """Verify the archive, export a message, delete what need not be kept, or forbid to delete it."""


@command.command("verify", epilog="Example: gateway archive verify -C exchange")
@workspace_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(root: Path, *, as_json: bool) -> None:
    """Read every content that the ledger names and compare it with its hash.

    Says what is missing or damaged and which messages it belongs to, and ends with 4 then. Contents that no message
    names are counted; they are what a crash left, and `prune` deletes them.
    """
    from gateway.exchange.archive.store import StorageError
    from gateway.exchange.workspace import opened

    users: dict[str, list[str]] = {}
    with opened(root) as workspace:
        for sha256, what in workspace.queries.named_contents():
            users.setdefault(sha256, []).append(what)
        archive = workspace.archive
        wrong = {}
        for sha256 in users:
            if not archive.has(sha256):
                wrong[sha256] = "missing"
            elif not archive.verify(sha256):
                wrong[sha256] = "damaged"
        unknown = sum(sha256 not in users for sha256, _ in archive.contents())
    if as_json:
        faults = [{"sha256": sha256, "fault": fault, "of": users[sha256]} for sha256, fault in wrong.items()]
        click.echo(json.dumps({"contents": len(users), "unknown": unknown, "faults": faults}, indent=2))
    else:
        click.echo(f"{len(users):,} contents named by the ledger, {unknown:,} others")
        for sha256, fault in list(wrong.items())[:SHOWN]:
            click.echo(click.style(f"{fault} {sha256}: {', '.join(users[sha256][:3])}", fg="red"))
    if wrong:
        message = f"{len(wrong):,} of {len(users):,} contents are missing or damaged"
        raise StorageError(message, hint="restore them from a backup of data/archive")
    if not as_json:
        click.echo(click.style("whole", fg="green"))


@command.command("export", epilog="Example: gateway archive export 42 -o message-42.zip -C exchange")
@click.argument("id_", metavar="ID")
@workspace_option
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The zip file. [default: ID.zip]")
@click.option("--why", default="", help="The reason, for the audit trail.")
def export(id_: str, root: Path, output: Path | None, why: str) -> None:
    """Write message ID with all its stages into a zip file, with a manifest of hashes.

    It holds the original and the outputs, what the ledger and the audit trail tell of them, and the configuration that
    was in force.
    """
    from gateway.cli.show import as_dict
    from gateway.exchange.operations import export as export_
    from gateway.exchange.workspace import opened, operator

    with opened(root) as workspace:
        workspace.act_as(operator(why))
        lineage = workspace.queries.lineage(id_)
        target = output or Path(f"{lineage.message.id}.zip")
        manifest = export_.export(workspace, lineage.message, as_dict(lineage), target)
        workspace.ledger.note("exported", lineage.message.id, file=str(target))
    size = sum(member["size"] for member in manifest["members"])
    click.echo(f"{target}: {len(manifest['members']) + 1} files, {size:,} bytes of content")


@command.command("prune", epilog="Example: gateway archive prune --dry-run -C exchange")
@workspace_option
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
def prune(root: Path, *, dry_run: bool) -> None:
    """Delete the bytes of messages whose time is over, as `retention` of their agreement says.

    The ledger and the audit trail keep all that they tell. A legal hold keeps the bytes, too. Messages of partners
    whose agreement says nothing, or that have none, are kept for ever.
    """
    from gateway.exchange.operations import retention
    from gateway.exchange.operations.as2_retention import prune_as2
    from gateway.exchange.operations.market_retention import prune_markets
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        result = retention.prune(
            workspace.database, workspace.archive, workspace.agreements, workspace.clock(), really=not dry_run
        )
        as2 = prune_as2(workspace, workspace.clock(), really=not dry_run)
        markets = prune_markets(workspace, workspace.clock(), really=not dry_run)
    would = "would be " if dry_run else ""
    click.echo(f"{len(result.messages):,} messages {would}pruned, {result.held:,} kept by legal holds")
    click.echo(f"{result.contents:,} contents with {result.size:,} bytes {would}deleted")
    if as2.messages:
        click.echo(f"{as2.messages:,} AS2 messages: {as2.size:,} bytes {would}deleted; receipts and hashes stay")
    if markets.submissions or markets.open:
        gone = f"{markets.submissions:,} submissions to regulators: {markets.size:,} bytes of replies {would}deleted"
        click.echo(f"{gone}; what was taken stays known; {markets.open:,} stay whole because a question is open")


@command.command("hold", epilog="Example: gateway archive hold --lot L1 --why 'complaint 2026-17' -C exchange")
@workspace_option
@click.option("--message", default="", metavar="ID", help="This message.")
@click.option("--partner", default="", metavar="ID", help="All messages of this partner.")
@click.option("--lot", default="", metavar="LOT", help="All messages that name this lot.")
@click.option("--all", "all_", is_flag=True, help="Everything.")
@click.option("--why", required=True, help="The reason, for the audit trail.")
def hold(root: Path, message: str, partner: str, lot: str, *, all_: bool, why: str) -> None:
    """Put a legal hold on something: its bytes are not deleted, whatever the retention says."""
    from gateway.exchange.operations import retention
    from gateway.exchange.workspace import opened, operator

    chosen = [(kind, key) for kind, key in (("message", message), ("partner", partner), ("lot", lot)) if key]
    chosen += [("all", "")] if all_ else []
    if len(chosen) != 1:
        text = "say what to hold: one of --message, --partner, --lot and --all"
        raise UsageError(text)
    kind, key = chosen[0]
    with opened(root) as workspace:
        workspace.act_as(operator(why))
        if kind == "message":
            key = workspace.queries.message(key).id
        number = retention.hold(workspace.database, kind, key, workspace.ledger.now())
    click.echo(f"legal hold {number}: {kind} {key}".rstrip())


@command.command("release", epilog="Example: gateway archive release 3 --why 'case closed' -C exchange")
@click.argument("number", type=int)
@workspace_option
@click.option("--why", required=True, help="The reason, for the audit trail.")
def release(number: int, root: Path, why: str) -> None:
    """End legal hold NUMBER."""
    from gateway.exchange.operations import retention
    from gateway.exchange.workspace import opened, operator

    with opened(root) as workspace:
        workspace.act_as(operator(why))
        retention.release(workspace.database, number, workspace.ledger.now())
    click.echo(f"legal hold {number} has ended")


@command.command("holds", epilog="Example: gateway archive holds -C exchange")
@workspace_option
def holds(root: Path) -> None:
    """List legal holds."""
    from gateway.exchange.operations import retention
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        rows = retention.holds(workspace.database)
    table(
        ("hold", "of", "since", "by", "why", "ended"),
        [(str(r.id), f"{r.kind} {r.key}", short_time(r.at), r.who, r.why, short_time(r.released_at)) for r in rows],
    )


@command.command("index", epilog="Example: gateway archive index -C exchange")
@workspace_option
@click.option("--again", is_flag=True, help="Also those that could not be read at an earlier time.")
@click.option("--limit", type=click.IntRange(min=0), default=0, help="Stop after so many messages; 0 for all.")
def index(root: Path, limit: int, *, again: bool) -> None:
    """Put messages into the index of identifiers that are not in it: those from before there was one.

    Each is read again from the archive, by the agreements of now or, where its channel is gone, of its time. The
    gateway may run beside it. It may be broken off and begun again.
    """
    from itertools import islice

    from gateway.exchange.operations import backfill
    from gateway.exchange.workspace import opened

    count = events = 0
    with opened(root) as workspace:
        for one in islice(backfill.fill(workspace, again=again), limit or None):
            count, events = count + 1, events + one.events
            if one.unread:
                click.echo(f"{one.message.id} could not be read to its end: {one.unread}", err=True)
        left = backfill.lacking(workspace)
    click.echo(f"{count:,} messages with {events:,} events put into the index, {left:,} left")


@command.command("encrypt", epilog="Example: gateway archive encrypt -C exchange")
@workspace_option
def encrypt(root: Path) -> None:
    """Encrypt what is plain, or was encrypted with an older key, with the archive's key.

    New contents are encrypted as soon as `key` is set under [archive] in gateway.toml; this is for those from before.
    It may run beside the gateway, and may be broken off and begun again.
    """
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        if not workspace.settings.archive_keys:
            message = "the archive has no key"
            raise UsageError(message, hint="set `key` under [archive] in gateway.toml")
        with workspace.archive.aside():
            count = workspace.archive.seal_all()
        workspace.ledger.note("archive encrypted", "archive", contents=count)
    click.echo(f"{count:,} contents encrypted")
