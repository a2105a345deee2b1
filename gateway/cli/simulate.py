"""``gateway simulate``: a regulator's system on this machine, for rehearsals."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.lazy import loading
from gateway.errors import UsageError

if TYPE_CHECKING:
    import ssl

    from gateway.markets.base import Market

EPILOG = """\b
Examples:
  gateway simulate tr
  gateway simulate ru --port 8801 --user tester --password secret
  gateway simulate sa --refuse SN0000000042 --fault unavailable:2
  gateway simulate tr --fault lost-reply@supply

\b
Faults of every simulator (NAME, NAME:CALLS, NAME@PART-OF-THE-PATH):
  slow, cut, lost-reply, html-401, unavailable, nonsense
The page of each market (docs/markets/) lists its own, and how the simulator differs from the real system.
An agreement reaches it with `plain-http: true` under the target's settings."""


@click.command(epilog=EPILOG)
@click.argument("market")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen at; a free one when left out.")
@click.option("--user", default="", help="The only name that may log in; any when left out.")
@click.option("--password", default="", help="Its password.")
@click.option(
    "--refuse", multiple=True, metavar="SERIAL", help="Serial number or code to refuse, as the market spells it."
)
@click.option("--fault", "faults", multiple=True, metavar="NAME", help="Something that goes wrong; see below.")
@click.option(
    "--tls",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Speak TLS with a self-made certificate that is put into DIR (simulator.pem, for `ca`).",
)
@click.option("--for", "seconds", type=click.FloatRange(min=0.1), metavar="SECONDS", help="Stop after so many seconds.")
def command(
    market: str,
    port: int,
    user: str,
    password: str,
    refuse: tuple[str, ...],
    faults: tuple[str, ...],
    folder: Path | None,
    seconds: float | None,
) -> None:
    """Simulate the system of MARKET (tr, ru, sa, us-vrs, …) on this machine until stopped.

    It checks requests against the schema and the rules that it can know, keeps state until it is stopped, and answers
    in the system's own shapes and codes. Only this machine can reach it. Each request is printed as one line.
    """
    with loading():
        from gateway.markets.simulation import Rehearsal
        from gateway.web.simulate import simulating

        found = simulated_market(market)
    rehearsal = Rehearsal(user, password, frozenset(refuse))
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    assert found.simulation is not None  # noqa: S101 - `simulated_market` sees to it
    with simulating(found.simulation, rehearsal, faults, port, _tls(folder) if folder else None) as at:
        click.echo(f"simulating {found.name} at {at.url}")
        for line in found.simulation.unlike:
            click.echo(f"  unlike the real system: {line}")
        if folder:
            click.echo(f"  its certificate: {folder / 'simulator.pem'}")
        at.seen = lambda method, path, status: click.echo(f"{method} {path} {status or 'no reply'}")
        stopping.wait(seconds)
    click.echo("stopped")


def simulated_market(key: str) -> Market:
    """The market of a key, or of one of its messages or systems, that has a simulator.

    Raises:
        UsageError: there is none.
    """
    from gateway.markets import MARKETS

    known = {market.key: market for market in MARKETS if market.simulation is not None}
    for market in known.values():
        if key in (market.key, *(message.key for message in market.messages)):
            return market
    words = ", ".join(known) or "none"
    message = f"no simulator for {key!r}"
    raise UsageError(message, hint=f"known: {words}")


def _tls(folder: Path) -> ssl.SSLContext:
    from gateway.web.self_made import context

    folder.mkdir(parents=True, exist_ok=True)
    return context(folder)
