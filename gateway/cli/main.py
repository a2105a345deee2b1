"""The command ``gateway``: one file a command, loaded only when it is called.

The table below is the whole list. Exit codes are those of `gateway.errors` (docs/exit-codes.md).
"""

from __future__ import annotations

import os
import sys

import click

from gateway import __version__
from gateway.cli.lazy import LazyGroup
from gateway.errors import GatewayError, UsageError
from gateway.printable import printable

BUG = 70
INTERRUPTED = 130

#: command name -> module and the line that `gateway --help` shows, so that help imports none of the modules.
COMMANDS: dict[str, tuple[str, str]] = {
    "convert": ("gateway.cli.convert", "Convert one file into another format."),
    "validate": ("gateway.cli.validate", "Check one file and say what is wrong with it, and where."),
    "list": ("gateway.cli.list", "List formats, markets, mappings, transports or rules."),
    "mapping": ("gateway.cli.mapping", "Propose mappings, check them, test them against their samples."),
    "submit": ("gateway.cli.submit", "Submit one file to a regulator and show the answer for each pack."),
    "submissions": ("gateway.cli.submissions", "List what `gateway submit` remembers; settle and prune it."),
    "ask": ("gateway.cli.ask", "Ask a regulator's system something."),
    "simulate": ("gateway.cli.simulate", "Simulate a regulator's system on this machine, for rehearsals."),
    "codes": ("gateway.cli.codes", "Keep secret codes of packs that a regulator gave."),
    "init": ("gateway.cli.init", "Make a workspace for unattended exchange."),
    "check": ("gateway.cli.check", "Check a workspace: settings, agreements, mappings, secrets, peers."),
    "run": ("gateway.cli.run", "Run the exchange until stopped."),
    "serve": ("gateway.cli.serve", "Let partners push files over HTTPS, until stopped."),
    "as2": ("gateway.cli.as2", "Exchange by AS2: server, partners, certificates, proofs."),
    "once": ("gateway.cli.once", "Collect from every channel once, finish the work, and stop."),
    "status": ("gateway.cli.status", "Show channels, schedules and messages in work."),
    "messages": ("gateway.cli.messages", "List messages."),
    "show": ("gateway.cli.show", "Show one message: what came in, what went out, what was wrong."),
    "alerts": ("gateway.cli.alerts", "Show what is wrong now, or try out who is told."),
    "answers": ("gateway.cli.answers", "List answers to our deliveries, and who owes one."),
    "trace": ("gateway.cli.trace", "List every message that names an EPC, in any spelling."),
    "serials": ("gateway.cli.serials", "Say what is known of a pack or a container; undo what a message said."),
    "archive": ("gateway.cli.archive", "Verify, export or prune the bytes of messages; legal holds."),
    "backup": ("gateway.cli.backup", "Copy a whole workspace, and put a copy back."),
    "audit": ("gateway.cli.audit", "Show the audit trail, or prove that it is whole."),
    "config": ("gateway.cli.config", "Show which configuration was in force when, and what changed."),
    "replay": ("gateway.cli.replay", "Run a message again from its archived original."),
    "resend": ("gateway.cli.resend", "Deliver the same bytes of a message once more."),
    "hold": ("gateway.cli.hold", "Hold a partner, a channel or a target."),
    "release": ("gateway.cli.release", "Let what was held go on."),
    "cancel": ("gateway.cli.cancel", "End a message that is at work."),
    "settle": ("gateway.cli.settle", "Say what became of a submission that a regulator may have taken."),
    "demo": ("gateway.cli.demo", "See the whole way once, on this machine, with sample files."),
}


@click.command(
    cls=LazyGroup,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Start with `gateway demo`, or `gateway convert --help`. Exit codes: docs/exit-codes.md.",
)
@click.version_option(__version__, prog_name="gateway")
def cli() -> None:
    """Exchange medicine serialization data: partners' files, EPCIS, regulators' formats."""


def main() -> None:
    """Entry point of the command ``gateway``."""
    try:
        status = cli.main(prog_name="gateway", standalone_mode=False)
    except GatewayError as error:
        _say(f"error: {error.message}")
        if error.hint:
            _say(f"  fix: {error.hint}")
        sys.exit(error.exit_code)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _say("stopped")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader of our standard output went away, as `| head` does; nothing is wrong with us.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("GATEWAY_DEBUG"):
            raise
        sys.exit(_unforeseen(error))
    sys.exit(status if isinstance(status, int) else 0)


def _unforeseen(error: Exception) -> int:
    """Say what nobody foresaw, and give the exit code."""
    if isinstance(error, OSError):
        # A full disk, a missing right, a file that went away: the caller's machine, not a bug of ours.
        what = f"{error.filename}: " if error.filename else ""
        _say(f"error: {what}{error.strerror or error}")
        return UsageError.exit_code
    _say(f"error: a bug in the gateway: {type(error).__name__}: {error}")
    _say("  fix: run again with GATEWAY_DEBUG=1 and report what it prints")
    return BUG


def _say(text: str) -> None:
    # Errors quote names from outside. Some have a line for each thing that is wrong.
    click.echo("\n".join(map(printable, text.split("\n"))), err=True)
