"""What the demo plays with: the peers' folders, the files that the CMO drops, and our workspace."""

from __future__ import annotations

import shutil
from pathlib import Path

from gateway.cli.demo.server import DemoServer
from gateway.cli.init import SETTINGS
from gateway.resources import shipped
from gateway.settings import AGREEMENTS, FILE, KEYS, MAPPINGS

PEERS = "peers"
WORKSPACE = "workspace"
SHEET = "batch-tr.xlsx"
BROKEN = "batch-friday.csv"

#: Users of the demo's SFTP server. They guard nothing: the server lives for a minute, on the loopback address only.
PASSWORDS = {"acme-cmo": "demo-cmo", "brand-owner": "demo-brand", "wholesaler": "demo-wholesaler"}

_INBOX = "inbox"
_OUTGOING = "outgoing"
_SAMPLES = ("fixtures", "mappings", "acme-cmo")
_BROKEN_ROWS = 12

AGREEMENT = """\
# Acme CMO packs for us and drops batch sheets on its SFTP server. The brand owner wants EPCIS in two spellings,
# the wholesaler in Turkey wants the PTS package of the shipment.
partner:
  id: acme-cmo
  name: Acme CMO
  gln: "8680001000012"

channels:
  - id: acme-batches
    transport: sftp
    settings:
      host: 127.0.0.1
      port: {port}
      username: acme-cmo
      password: file:{keys}/acme-cmo
      host-key-fingerprints: ["{fingerprint}"]
      path: /{outgoing}
      patterns: ["*.xlsx", "*.csv"]
      settle: {{looks: 2, interval: 0.5, min-age: 0}}
      after: archive
    schedule:
      cron: "*/15 * * * *"
    time-zone: Europe/Istanbul
    catch-up: latest
    mappings: [acme-cmo/batch]

targets:
"""


def _target(identity: str, partner: str, to: str, server: DemoServer, extra: str = "") -> str:
    return f"""
  - id: {identity}
    partner: {partner}
    to: {to}
    name: "{{stem}}{{suffix}}"
    transport: sftp
    settings:
      host: 127.0.0.1
      port: {server.port}
      username: {partner}
      password: file:{KEYS}/{partner}
      host-key-fingerprints: ["{server.fingerprint}"]
      path: /{_INBOX}
{extra}"""


def agreement(server: DemoServer) -> str:
    """The demo's agreement as YAML."""
    head = AGREEMENT.format(port=server.port, keys=KEYS, fingerprint=server.fingerprint, outgoing=_OUTGOING)
    return head.rstrip() + (
        _target("brand-epcis-xml", "brand-owner", "epcis-1.2-xml", server)
        + _target("brand-epcis-json", "brand-owner", "epcis-2.0-json", server)
        + _target("wholesaler-pts", "wholesaler", "tr-pts", server, "    set: {document-date: event-date}\n")
    )


def build_peers(root: Path) -> None:
    """Make the peers' folders and drop the CMO's two files."""
    for name in PASSWORDS:
        (root / PEERS / name / (_OUTGOING if name == "acme-cmo" else _INBOX)).mkdir(parents=True)
    outgoing = root / PEERS / "acme-cmo" / _OUTGOING
    shutil.copyfile(shipped(*_SAMPLES, SHEET), outgoing / SHEET)
    (outgoing / BROKEN).write_bytes(broken(shipped(*_SAMPLES, "batch-tr.csv").read_bytes()))


def broken(sheet: bytes) -> bytes:
    """What a hurried Friday makes of a good CSV file: the first rows of it, with four faults."""
    header, *rows = [line.split(b";") for line in sheet.splitlines()[: _BROKEN_ROWS + 1]]
    columns = {name: header.index(name) for name in (b"GTIN", b"Seriennummer", b"Charge", b"G\xfcltig bis")}
    rows[2][columns[b"GTIN"]] = b"8,68E+12"  # a spreadsheet program opened the file and saved it again
    rows[4][columns[b"G\xfcltig bis"]] = b"31.11.2029"  # a day that November does not have
    rows[6][columns[b"Seriennummer"]] = rows[5][columns[b"Seriennummer"]]
    rows[8][columns[b"Charge"]] = b""
    return b"\r\n".join(b";".join(row) for row in (header, *rows)) + b"\r\n"


def build_workspace(root: Path, server: DemoServer) -> Path:
    """Make a workspace with the demo's agreement, and return its folder."""
    folder = root / WORKSPACE
    for name in (AGREEMENTS, MAPPINGS, KEYS):
        (folder / name).mkdir(parents=True)
    (folder / KEYS).chmod(0o700)
    for user, password in PASSWORDS.items():
        secret = folder / KEYS / user
        secret.write_text(password, encoding="utf-8")
        secret.chmod(0o600)
    (folder / FILE).write_text(SETTINGS, encoding="utf-8")
    (folder / AGREEMENTS / "acme-cmo.yaml").write_text(agreement(server), encoding="utf-8")
    return folder


def inbox(root: Path, receiver: str) -> list[Path]:
    """Files that a receiver has, by name."""
    return sorted(path for path in (root / PEERS / receiver / _INBOX).iterdir() if path.is_file())


def left_with_sender(root: Path) -> list[Path]:
    """Files that still wait in the CMO's drop folder."""
    return sorted(path for path in (root / PEERS / "acme-cmo" / _OUTGOING).iterdir() if path.is_file())
