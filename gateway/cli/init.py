"""``gateway init``: make a workspace that passes ``gateway check`` as it is."""

from __future__ import annotations

import os
from pathlib import Path

import click

from gateway import private
from gateway.errors import UsageError
from gateway.settings import AGREEMENTS, DATA, FILE, KEYS, MAPPINGS

SETTINGS = """\
# Settings of this workspace. Every line has a default; docs/exchange.md explains them all.

[database]
url = "sqlite:///data/ledger.sqlite"   # or postgresql://USER@HOST/NAME with `password = "env:NAME"`

[engine]
worker = "gateway-1"        # keep it: a worker takes up the unfinished work of its own name
poll-interval = 0.5         # seconds
concurrency = 4             # channels whose files are converted at the same time

[intake]
free-bytes = 67108864       # nothing is collected when the disk has less room than this

[limits]                    # bounds on one file; an agreement may set its own
input-bytes = 2147483648

# [web]                     # the server that partners push files into: docs/http.md
# listen = "127.0.0.1:8080"

# [as2]                     # the server that AS2 partners send to: docs/as2.md
# listen = "127.0.0.1:8088"

[logs]
level = "info"              # debug, info, warning, error
format = "auto"             # console on a terminal, JSON lines elsewhere
"""

EXAMPLE = """\
# yaml-language-server: $schema=agreement.schema.json
# Who sends us what, and who gets what of it. One file for each partner; docs/agreements.md explains every key.
# This example collects EPCIS documents from one folder and writes EPCIS 2.0 JSON and EPCIS 1.2 XML into two others.

partner:
  id: example
  name: Example Packaging Ltd

channels:
  - id: example-in
    transport: folder
    settings:
      path: data/example/in
    schedule:
      cron: "*/5 * * * *"
    time-zone: Europe/Berlin
    catch-up: latest

targets:
  - id: example-json
    to: epcis-2.0-json
    transport: folder
    settings:
      path: data/example/out-json

  - id: example-xml
    to: epcis-1.2-xml
    transport: folder
    settings:
      path: data/example/out-xml
"""

EXAMPLE_FOLDERS = ("example/in", "example/out-json", "example/out-xml")


@click.command(epilog="Example: gateway init exchange && gateway check -C exchange")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
def command(folder: Path) -> None:
    """Make a workspace for unattended exchange in DIR.

    It holds gateway.toml, agreements/, mappings/, keys/ and data/, with an example agreement between drop folders
    that passes `gateway check`, and a JSON Schema with which editors help. Nothing that is there already is changed.
    """
    from gateway.agreements import json_schema

    if (folder / FILE).exists():
        message = f"{folder} is a workspace already"
        raise UsageError(message, hint=f"edit {folder / FILE}, or choose another folder")
    try:
        private.folder(folder, private.SHARED_FOLDER)
        for name in (KEYS, DATA):
            private.folder(folder / name)
            (folder / name).chmod(private.FOLDER)
        for name in (AGREEMENTS, MAPPINGS, *(f"{DATA}/{path}" for path in EXAMPLE_FOLDERS)):
            private.folder(folder / name, private.SHARED_FOLDER)
        _write(folder / AGREEMENTS / "example.yaml", EXAMPLE)
        _write(folder / AGREEMENTS / json_schema.FILE, json_schema.text())
        _write(folder / FILE, SETTINGS)
    except OSError as error:
        message = f"the workspace cannot be made: {error.strerror or error}: {error.filename}"
        raise UsageError(message) from error
    click.echo(f"made {folder}/ with {FILE}, {AGREEMENTS}/example.yaml, {MAPPINGS}/, {KEYS}/ and {DATA}/")
    click.echo(f"next: gateway check -C {folder}, then gateway once -C {folder}")


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, private.SHARED_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
