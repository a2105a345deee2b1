"""Writes ``docs/transports.md`` and ``docs/transport-faults.md`` from the settings models and from the marks of tests.

``python docs/transport_page.py`` prints both pages.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
import typing
from collections.abc import Collection, Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from transport_faults import FAULTS

from gateway.transports import TRANSPORTS
from gateway.transports.base import TransportSettings
from gateway.transports.files import FileSettings
from gateway.transports.sftp.settings import QUIRKS

TESTS = Path(__file__).resolve().parent.parent / "tests"

INTRODUCTION = """# Transports

A transport collects files from a peer and delivers files to one. `gateway list transports` lists them; an agreement
names one in each channel and target, with its own keys under `settings` ([agreements](agreements.md)). Unknown keys are
errors with file and line. Passwords, keys and tokens are references: `env:NAME`, `file:PATH` or
`keyring:SERVICE/NAME`. `gateway check --online` reaches every peer and says what it found.

What all of them keep to:

* A file is taken only when it has **settled**: the same size and time in several looks and old enough, or its marker or
  checksum file is there. A single look cannot tell a whole file from half of one.
* The original is archived, renamed or deleted only after its bytes are durable here, and only if it still is the
  version that was read. A newer version under the same name stays, or goes back, and is offered again.
* A file is delivered under a temporary name and gets its final one when all its bytes are there. The same file
  delivered again does nothing; another file of that name is never replaced unless `exists` says so.
* Names from outside never become paths. They are kept as they are in the ledger; names that lead out of the folder are
  passed over with a warning.
* Every wait has an end: connecting, the key exchange, the login, each answer, each whole transfer.

What goes wrong, how it looks and what to do: [faults of transports](transport-faults.md).
"""

FILES = """## Settings of all file transports

For `folder`, `sftp` and `memory`. `patterns`, `ignore`, `settle`, `after`, `archive`, `archive-days`, `renamed` and
`max-size` matter when files are collected, `exists`, `marker` and `temporary` when they are delivered.
"""

TEXTS = {
    "folder": """
The folder must exist: a share that is not mounted must not look like an empty folder. Links, pipes and devices are
neither taken nor written through, and an archive folder that is a link is refused: a partner who may write into the
folder could have put it there. On shares without hard links (some SMB servers) the check that nobody else delivers the
same name at the same moment is missing; the exchange delivers one file at a time to a receiver anyway.
""",
    "sftp": """
The server is known by the fingerprints of its host keys, from the first connection on; there is no trust on first use.
Ask the partner for `ssh-keygen -lf` of the host key, by another way than this connection. While a partner changes keys,
list both. After a key that is not in the list the server's other types are asked for before it is refused.

Keys are Ed25519, ECDSA or RSA, in OpenSSH or PEM form, with or without passphrase. With `key` and `password` both are
given when the server asks for both. A server that asks for the password in a dialogue (keyboard-interactive) gets it
there; one that asks for more, such as a one-time code, cannot be used unattended. Key exchanges, host keys and client
signatures that need SHA-1 are not available; the error says what the server offers.

**Many small files.** Over 40 ms a small file costs five ways there and back, so that one after another gives five files
a second, whatever the bandwidth. `read-ahead` opens and reads that many in three rounds; originals are put away many
at a time. Nothing else changes: what was read is the version that was offered, or it is read again.

**Broken connections.** A session connects anew by itself (`reconnects`) and goes on with what it had listed; what had
been seen in the looks before the break needs no new looks.
""",
    "https": "\nHow it behaves, with examples: [HTTPS](http.md).\n",
    "market": "\nWhat it does, with examples: [submitting to regulators](submit.md).\n",
    "imap": """
E-mail is what many partners use today. Each attachment with a name that `patterns` takes becomes a file; what a mail
says in words is never logged and is kept nowhere but in the mailbox.

```yaml
channels:
  - id: acme-mail
    transport: imap
    settings:
      host: imap.brand.example
      username: serialization@brand.example
      password: env:MAIL_PASSWORD
      senders: ["batches@acme.example", "*@acme-pack.example"]
      trusted-results: mx.brand.example
      patterns: ["*.csv", "*.xlsx", "*.zip"]
    schedule: {interval: 300}
```

**Who sent it.** Anybody can write any sender into a mail. `senders` alone keeps out strangers and mistakes, not
somebody who knows an address in the list. What can be relied on is what the mail server that took the mail for you
has found out: it writes `Authentication-Results` (RFC 8601) into the mail. Set `trusted-results` to the name at the
beginning of that header, and a mail is taken only if the server says `dmarc=pass`, or `dkim=pass` for the sender's
domain. Only the topmost such header counts; make sure that your server removes those of its own name that come in
from outside. SPF does not count, because it is about an address that the mail does not show. If your server checks
nothing, ask for it, or take files from this partner by another way.

**What happens to a mail.** When the last of its attachments is durable here, it moves to the folder `processed` (or
is flagged, or deleted). A mail that is refused becomes one message in state `refused`, with a finding that says why,
and moves to the folder `rejected`, where somebody can look at it: a stranger (TRANSPORT-MAIL-01), no proof of the
sender (02), encrypted, wrapped in its signature, or `winmail.dat` (03), damaged (04), no attachment (05), too many or
too deep (06), too large (TRANSPORT-SIZE-01). Repair the cause, move it back, and it is taken. Signatures beside the
contents are no obstacle and are not checked.

**What counts as an attachment.** Parts with a name, or marked as attachment, or of a kind that is no text; files that
old programs write into the text (uuencode); the attachments of forwarded mails, unless `forwarded: false`. Not the
texts themselves (but see `body`), nor pictures that belong to them. Names are read in all the ways in which senders
write them; parts without a name get one.

**The same mail twice.** A file is known by the number of the folder (UIDVALIDITY), the mail's Message-ID and its own
SHA-256, so that a crash, a move back, or a copy of the mail does not make a second one. When a server numbers a
folder anew, everything that still lies in it is offered again; the same bytes are then recognised as duplicates.

**Servers.** Without MOVE mails are copied and marked as deleted; without UIDPLUS they stay there, marked, until
somebody removes them: removing one would remove all that are marked. A mail of 20 MiB needs about 80 MiB of memory
while it is read.

**OAuth.** Providers that take no passwords take access tokens that end after an hour. With `oauth2` the gateway asks
for them itself, with a refresh token (Google; somebody logs in once and keeps it) or in its own name (client
credentials, as Microsoft gives them to programs), keeps each until shortly before its end, and asks anew when the
mail server refuses one. Nothing of it is written down. Or let another program keep a fresh token in a file, and name
that in `token`. XOAUTH2 is spoken, or OAUTHBEARER where the server knows only that.

```yaml
      username: serialization@brand.example
      oauth2:
        token-url: https://login.microsoftonline.com/TENANT/oauth2/v2.0/token
        client-id: 6e5b…
        client-secret: file:keys/mail-client
        scope: https://outlook.office365.com/.default
```
""",
    "memory": "\nFor tests and rehearsals inside one process. Nothing is durable.\n",
}


def page() -> str:
    """The page about transports."""
    parts = [INTRODUCTION, FILES, *_tables(FileSettings)]
    for transport in TRANSPORTS:
        parts.append(f"## `{transport.key}`\n\n{transport.title[:1].upper()}{transport.title[1:]}.")
        parts.append(TEXTS.get(transport.key, ""))
        parts += _tables(transport.settings, without=FileSettings)
        if transport.key == "sftp":
            parts += ["### `quirks`\n", _quirks()]
    return "\n".join(part.strip("\n") + "\n" for part in parts if part.strip())


def _tables(model: type[BaseModel], without: type[BaseModel] | None = None, prefix: str = "") -> Iterator[str]:
    """The settings of a model, then those of the models in it."""
    inherited = without.model_fields if without and issubclass(model, without) else {}
    if prefix:
        yield f"### `{prefix}`\n"
        yield (model.__doc__ or "").split("\n")[0]
    yield _table(model, inherited)
    for name, field in model.model_fields.items():
        inner = [one for one in (field.annotation, *typing.get_args(field.annotation)) if _is_settings(one)]
        if inner and name not in inherited:
            yield from _tables(inner[0], prefix=f"{prefix}.{field.alias}".strip("."))


def _is_settings(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, TransportSettings)


def _quirks() -> str:
    return "\n".join(
        ["| quirk | what is done then |", "|---|---|", *(f"| `{key}` | {text} |" for key, text in QUIRKS.items())]
    )


def _table(model: type[BaseModel], inherited: Collection[str]) -> str:
    lines = ["| key | default | meaning |", "|---|---|---|"]
    meanings = _meanings(model)
    for name, field in model.model_fields.items():
        if name in inherited:
            continue
        default = "required" if field.is_required() else _shown(field.get_default(call_default_factory=True))
        lines.append(
            f"| `{field.alias or name}` | {default} | {_choices(field.annotation, meanings[name])}{meanings[name]} |"
        )
    return "\n".join(lines)


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """What the attributes mean, from the docstrings of the model and of what it inherits from."""
    found: dict[str, str] = {}
    for one in model.__mro__:
        if not (isinstance(one, type) and issubclass(one, TransportSettings)):
            continue
        section = (one.__doc__ or "").partition("Attributes:")[2]
        for entry in re.split(r"\n(?=\S)", textwrap.dedent(section).strip("\n")):
            names, _, text = entry.partition(":")
            words = " ".join(text.split()).replace("``", "`").replace("|", "\\|")
            for name in names.split(","):
                found.setdefault(name.strip(), words[:1].upper() + words[1:])
    return found


def _shown(default: object) -> str:
    if isinstance(default, BaseModel):
        return "see below"
    if default is PydanticUndefined or default in (None, "", (), frozenset(), {}):
        return ""
    if isinstance(default, bool):
        return "`true`" if default else "`false`"
    if isinstance(default, tuple):
        return ", ".join(f"`{one}`" for one in default)
    return f"`{default}`"


def _choices(annotation: object, meaning: str) -> str:
    """The words that may stand there, unless the meaning explains them all."""
    words = typing.get_args(annotation) if typing.get_origin(annotation) is typing.Literal else ()
    return "" if all(str(word) in meaning for word in words) else " or ".join(f"`{word}`" for word in words) + ". "


FAULT_PAGE = """# Faults of transports

What goes wrong between us and a peer, what the gateway does, how it looks to an operator (`gateway status`,
`gateway check --online`, the log) and what to do. Below, for each fault, the tests that bring it about: against
OpenSSH, against a server in a process of its own that misbehaves on the wire, against a proxy that cuts and stalls, and
on disks that are full.

A *retryable* error is tried again by itself, at the channel's next slot or by the target's `retry`; everything else
waits for somebody to act.

| fault | what the gateway does | how it looks | what to do |
|---|---|---|---|
"""


def fault_page() -> str:
    """The page about faults.

    Raises:
        LookupError: a test names a fault that is not in the table, or a fault has no test.
    """
    tests = _tests_by_fault()
    unknown, untested = set(tests) - {fault.row for fault in FAULTS}, {fault.row for fault in FAULTS} - set(tests)
    if unknown or untested:
        message = f"faults that are not in docs/transport_faults.py: {unknown}; without a test: {untested}"
        raise LookupError(message)
    rows = [f"| {fault.row} | {fault.done} | {fault.looks} | {fault.act} |" for fault in FAULTS]
    lines = ["## Tests\n", "| fault | test |", "|---|---|"]
    for fault in FAULTS:
        for file, names in sorted(tests[fault.row].items()):
            shown = ", ".join(f"`{name.removeprefix('test_')}`" for name in names)
            lines.append(f"| {fault.row} | `tests/{file}`: {shown} |")
    lines.append("\nTests in `tests/transports/common.py` run for every file transport.")
    return FAULT_PAGE + "\n".join(rows) + "\n\n" + "\n".join(lines) + "\n"


def _tests_by_fault() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted(TESTS.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "mark.fault(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                for row in _rows(node):
                    names = found.setdefault(row, {}).setdefault(path.relative_to(TESTS).as_posix(), [])
                    names.append(node.name)
    return found


def _rows(function: ast.FunctionDef) -> Iterator[str]:
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
            yield ast.literal_eval(mark.args[0])


if __name__ == "__main__":
    sys.stdout.write(page() + "\n" + fault_page())
