"""``gateway run``: the exchange as a service."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import click

from gateway.cli.main import BUG, INTERRUPTED
from gateway.cli.serve import beside
from gateway.cli.workspace import worker_option, workspace_option

#: Seconds that an error has to be told before the process ends without waiting for anybody.
LAST_WORDS = 2.0


@click.command(epilog="Example: gateway run -C /srv/exchange")
@workspace_option
@worker_option
def command(root: Path, worker: str) -> None:
    """Run the exchange until stopped: collect on schedule, convert, deliver, retry.

    On PostgreSQL several workers may run at once, each with a name of its own. With `listen` under [web] in
    gateway.toml partners can push files meanwhile, as with `gateway serve`.

    SIGTERM and Ctrl-C stop it. Nothing is lost when it is killed: whatever was at work goes on at the next start.
    Messages go to standard error, on a terminal for people, elsewhere as JSON lines.
    """
    from gateway import logs
    from gateway.exchange.service import run
    from gateway.exchange.workspace import opened

    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with opened(root, worker=worker) as workspace, never_hanging():
        logs.setup(workspace.settings.logs.level, workspace.settings.logs.format)
        with beside(workspace):
            run(workspace, stopping)
    leave(0)


@contextlib.contextmanager
def never_hanging() -> Iterator[None]:
    """An error inside ends the process soon, even if a delivery sleeps until its next try.

    Python waits for the engine's threads, which may sleep for an hour. A service that hangs so is neither at work nor
    restarted by whoever watches over it.
    """
    try:
        yield
    except BaseException as error:
        status = INTERRUPTED if isinstance(error, KeyboardInterrupt) else getattr(error, "exit_code", BUG)
        end = threading.Timer(LAST_WORDS, os._exit, (status,))
        end.daemon = True
        end.start()
        raise


def leave(status: int) -> None:
    """End the process now, even if a delivery sleeps until its next try: the engine remembers when that is."""
    if any(t.name.startswith("dbos-executor") and t.is_alive() for t in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
