"""What is wrong with AS2 partners: certificates that end with nothing to follow, and messages that were refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gateway.errors import ConfigurationError
from gateway.exchange.operations.as2_parties import Party, parties
from gateway.exchange.operations.troubles import MEMORY, Trouble
from gateway.exchange.workspace import Workspace
from gateway.transports.as2.partner import Partner
from gateway.transports.as2.validity import WARN_DAYS
from gateway.transports.as2_http.incidents import Incident, Incidents
from gateway.transports.as2_http.readiness import endings, told
from gateway.transports.as2_http.session import INCIDENTS, partner_of
from gateway.transports.secrets import secrets


def loaded(workspace: Workspace) -> Iterator[tuple[Party, Partner]]:
    """All AS2 partners with their certificates; those whose files cannot be read are left out: `gateway check`."""
    resolve = secrets(workspace.settings.root)
    for party in parties(workspace.agreements):
        try:
            yield party, partner_of(party.settings, resolve)
        except ConfigurationError:
            continue


def incidents(workspace: Workspace, since: datetime) -> list[Incident]:
    """Refused messages since then, the last first."""
    folders = {party.settings.data / INCIDENTS for party in parties(workspace.agreements)}
    return [one for folder in sorted(folders) for one in Incidents(folder).since(since)]


def troubles(workspace: Workspace, now: datetime) -> Iterator[Trouble]:
    """What is wrong now. A certificate's count rises at each of `WARN_DAYS`, so that it is told again then."""
    seen: set[str] = set()
    for party, partner in loaded(workspace):
        for whose, ending in endings(partner, now):
            about = f"as2 {whose} {ending.use} {ending.listed.pin.fingerprint[:32]}"
            if about in seen:
                continue
            seen.add(about)
            step = WARN_DAYS.index(ending.stage) + 1 if ending.stage else len(WARN_DAYS) + 1
            yield Trouble("certificate", about, f"{told(whose, party.them, ending)}: gateway as2 cert list", step)
    for one in incidents(workspace, now - MEMORY):
        what = "message ids that came before with other content" if one.kind == "duplicate" else one.kind
        text = f"AS2: {one.count:,} messages of {one.sender} were refused ({what}), the last at {one.last[:16]}"
        yield Trouble("as2", f"{one.kind} {one.sender}", f"{text}: gateway as2 partner show", one.count)
