"""``gateway demo``: the main job once, from nothing, on this machine.

It plays everybody: an SFTP server with a CMO's drop folder and two receivers' inboxes, a workspace with an
agreement, a good spreadsheet and a broken one. Then it runs the exchange once and tells what happened.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

EPILOG = """\b
Example:
  gateway demo --keep demo-workspace
  gateway demo --as2
  gateway messages -C demo-workspace"""


@click.command(epilog=EPILOG)
@click.option(
    "--keep", metavar="DIR", type=click.Path(path_type=Path), help="Where to leave it all; must not exist yet."
)
@click.option("--as2", is_flag=True, help="Two companies exchange a batch by AS2, with signed receipts.")
def command(keep: Path | None, *, as2: bool) -> int:
    """See the whole way once, on this machine, with sample files.

    A contract manufacturer drops a spreadsheet and a broken file on an SFTP server. The gateway collects both, refuses
    the broken one with its reasons, turns the good one into EPCIS 1.2 XML, EPCIS 2.0 JSON-LD and Turkey's PTS package,
    and delivers them over SFTP to two receivers. With --as2 two gateways of two companies exchange a batch, and each
    shows what it can prove afterwards. Everything stays in a folder to look at; nothing leaves this machine.
    """
    from gateway import logs
    from gateway.cli.demo import account, stage
    from gateway.cli.demo.server import serve
    from gateway.errors import UsageError
    from gateway.exchange.service import once
    from gateway.exchange.workspace import opened

    if keep is not None and keep.exists():
        message = f"{keep} exists already"
        raise UsageError(message, hint="choose another folder, or remove it")
    root = (keep or Path(tempfile.mkdtemp(prefix="gateway-demo-"))).resolve()
    if as2:
        from gateway.cli.demo.as2 import play

        return play(root)
    stage.build_peers(root)
    with serve(root / stage.PEERS, stage.PASSWORDS) as server:
        workspace_folder = stage.build_workspace(root, server)
        account.before(root, server)
        with opened(workspace_folder) as workspace:
            logs.setup("error", workspace.settings.logs.format)
            outcome = once(workspace)
            status = account.after(root, workspace, outcome)
    account.further(workspace_folder)
    return status
