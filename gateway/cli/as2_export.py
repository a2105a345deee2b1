"""``gateway as2 export``: a message with all its proofs in one zip, for a dispute or an inspector."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from gateway.cli.as2_proofs import examined, told
from gateway.cli.workspace import workspace_option
from gateway.errors import UsageError

PRIVATE = 0o600


@click.command(epilog="Example: gateway as2 export 3f9a01c4 -o message.zip -C exchange")
@click.argument("id_", metavar="ID")
@workspace_option
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The zip.  [default: as2-ID.zip]")
@click.option("--why", default="", help="The reason, for the audit trail.")
def command(id_: str, root: Path, output: Path | None, why: str) -> None:
    """Write message ID with its proofs into a zip file that anybody can verify with OpenSSL.

    It holds the bytes of the wire with their headers, what was signed, the signatures, the certificates with what came
    beside them, the receipt, the files, and a README with the commands. It holds no key.
    """
    from gateway.exchange.workspace import opened, operator
    from gateway.transports.as2 import Scratch
    from gateway.transports.as2_http import bundle
    from gateway.transports.as2_http.archive import SHORT

    with opened(root) as workspace, tempfile.TemporaryDirectory() as folder, Scratch(Path(folder)) as scratch:
        workspace.act_as(operator(why))
        found, kept = examined(workspace, id_, scratch)
        name = kept.entry.path.name
        target = output or Path(f"as2-{name[:SHORT]}.zip")
        if target.exists():
            message = f"{target} is there already"
            raise UsageError(message, hint="choose another name: -o FILE")
        words = "\n".join(line for _, line in told(found, kept)) + "\n"
        part = target.with_name(f".{target.name}.part")
        try:
            descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, PRIVATE)
            with os.fdopen(descriptor, "w+b") as stream:
                members = bundle.write(found, words, stream, scratch)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(target)
        except OSError as error:
            message = f"{target} cannot be written: {error.strerror or error}"
            raise UsageError(message) from error
        finally:
            part.unlink(missing_ok=True)
        workspace.ledger.note("as2 exported", name, members=len(members))
    click.echo(f"{target}: {len(members)} files; README.txt in it says how to verify them")
