"""The demo of AS2: two companies, each with a gateway of its own, and a batch that goes from one to the other."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.demo.account import MISSED, WIDTH
from gateway.cli.init import SETTINGS
from gateway.resources import shipped
from gateway.settings import AGREEMENTS, FILE, KEYS, MAPPINGS

if TYPE_CHECKING:
    from gateway.exchange.workspace import Workspace

ACME, BRAND = "acme", "brand"
NAMES = {ACME: "Acme CMO", BRAND: "BrandPharma"}
SHEET = "batch-tr.xlsx"

SENDS = """\
# Acme CMO's agreement: what lies in the folder goes to BrandPharma, as EPCIS 1.2, by AS2.
partner: {{id: packaging-line}}
channels:
  - id: line
    transport: folder
    settings: {{path: data/outgoing, settle: {{looks: 1, interval: 0, min-age: 0}}}}
    mappings: [acme-cmo/batch]
targets:
  - id: brand
    to: epcis-1.2-xml
    name: "{{stem}}{{suffix}}"
    transport: as2
    settings: {settings}
"""
RECEIVES = """\
# BrandPharma's agreement: what Acme CMO sends by AS2 goes into a folder, as EPCIS 2.0.
partner: {{id: acme}}
channels:
  - id: acme-as2
    transport: as2
    settings: {settings}
targets:
  - id: warehouse
    to: epcis-2.0-json
    name: "{{stem}}{{suffix}}"
    transport: folder
    settings: {{path: data/warehouse}}
"""


def play(root: Path) -> int:
    """Play it; gives an exit code.

    Raises:
        PluginError: the extra ``as2`` is not installed.
    """
    from gateway import logs
    from gateway.exchange.workspace import opened

    roots = {name: root / name for name in NAMES}
    pins = {name: _company(roots[name], name) for name in NAMES}
    for name, other in ((ACME, BRAND), (BRAND, ACME)):
        shutil.copyfile(roots[other] / KEYS / f"{other}.crt", roots[name] / KEYS / f"{other}.crt")
    _agree(roots[BRAND], RECEIVES, _settings(BRAND, ACME, pins))
    shutil.copyfile(shipped("fixtures", "mappings", "acme-cmo", SHEET), roots[ACME] / "data" / "outgoing" / SHEET)
    with ExitStack() as stack:
        brand = stack.enter_context(opened(roots[BRAND]))
        logs.setup("error", brand.settings.logs.format)
        url = stack.enter_context(_serving(brand))
        _agree(roots[ACME], SENDS, _settings(ACME, BRAND, pins, url=url, private_addresses=True))
        acme = stack.enter_context(opened(roots[ACME]))
        _stage(roots, pins, url)
        return _story(acme, brand)


def _company(root: Path, name: str) -> str:
    """A workspace with a key of its own; gives its certificate's fingerprint."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from gateway.exchange.clock import system
    from gateway.transports.as2_http.new_certificate import new_identity

    for folder in (AGREEMENTS, MAPPINGS, KEYS, "data/outgoing", "data/warehouse"):
        (root / folder).mkdir(parents=True)
    (root / KEYS).chmod(0o700)
    (root / FILE).write_text(SETTINGS, encoding="utf-8")
    made = new_identity(NAMES[name], system() - timedelta(hours=1), 30, ["127.0.0.1"])
    (root / KEYS / f"{name}.crt").write_bytes(made.certificate.public_bytes(Encoding.PEM))
    key = root / KEYS / f"{name}.key"
    key.touch(mode=0o600)
    key.write_bytes(made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made.fingerprint


def _settings(us: str, them: str, pins: dict[str, str], **more: Any) -> dict[str, Any]:
    uses = ["sign", "encrypt", "tls"]
    return {
        "us": NAMES[us],
        "them": NAMES[them],
        "message-id-domain": f"{us}.invalid",
        "ours": [{"certificate": f"{KEYS}/{us}.crt", "key": f"file:{KEYS}/{us}.key", "uses": uses}],
        "theirs": [{"certificate": f"{KEYS}/{them}.crt", "sha256": pins[them], "uses": uses}],
    } | {key.replace("_", "-"): value for key, value in more.items()}


def _agree(root: Path, text: str, settings: dict[str, Any]) -> None:
    stated = text.format(settings=json.dumps(settings))
    (root / AGREEMENTS / "partner.yaml").write_text(stated, encoding="utf-8")


@contextmanager
def _serving(workspace: Workspace) -> Iterator[str]:
    """BrandPharma's server on a free port of this machine, with TLS."""
    from gateway.errors import PluginError
    from gateway.exchange.operations.as2_parties import stated
    from gateway.transports.secrets import secrets

    try:
        from gateway.transports.as2_http.server import application
        from gateway.transports.as2_http.serving import serving
        from gateway.transports.as2_http.site import server_tls, site
        from gateway.web.protocol import protocol
    except ImportError as error:
        message = f"the server needs the extra `as2`: {error.name} is not installed"
        raise PluginError(message, hint="pip install 'epcis-gateway[as2]'") from error
    resolve, keys = secrets(workspace.settings.root), workspace.settings.root / KEYS
    made = site(stated(workspace.agreements), resolve)
    context = server_tls(keys / f"{BRAND}.crt", f"file:{KEYS}/{BRAND}.key", resolve, made.partners)
    try:
        with serving(application(made), speaks=protocol(50, 20), context=context) as url:
            yield f"{url}/as2"
    finally:
        made.close()


# ── what is told ──────────────────────────────────────────────────────────────────────────────────────


def _stage(roots: dict[str, Path], pins: dict[str, str], url: str) -> None:
    _title("Two companies, two gateways")
    click.echo("Acme CMO packs medicine for BrandPharma, and has to report what it packed, so that neither can")
    click.echo("deny it later. Each side has a private key and knows the other one's certificate by its fingerprint:")
    for name, title in NAMES.items():
        click.echo(f"  {title:12} {pins[name][:32]}…")
    click.echo(f"BrandPharma's gateway waits at {url}")
    size = (roots[ACME] / "data" / "outgoing" / SHEET).stat().st_size
    click.echo(f"Acme's line has written {SHEET}, {size:,} bytes")


def _story(acme: Workspace, brand: Workspace) -> int:
    from gateway.exchange.service import once
    from gateway.transports.as2_http.archive import kept

    _title("Acme CMO sends")
    once(acme)
    sent = [one for one in kept(acme.settings.data / "as2") if one.state == "proven"]
    if len(sent) != 1:
        return _missed()
    (message,) = sent
    wire, (name,) = message.entry.region("wire").size, message.names
    click.echo(f"  turned the sheet into {name}, EPCIS 1.2")
    click.echo("  signed it with its private key, so that BrandPharma can prove where it comes from")
    click.echo("  encrypted it for BrandPharma, so that nobody on the way can read it")
    click.echo(f"  sent {wire:,} bytes; the answer was a receipt, signed with BrandPharma's key")
    _title("BrandPharma has")
    once(brand)
    files = sorted((brand.settings.data / "warehouse").iterdir())
    for path in files:
        click.echo(f"  {path.name}, {path.stat().st_size:,} bytes, EPCIS 2.0, made of what came in")
    proven = [_prove(workspace, message.entry.path.name) for workspace in (acme, brand)]
    repeated = _again(acme)
    _further(acme, brand, message.entry.path.name[:12])
    return 0 if len(files) == 1 and all(proven) and repeated else _missed()


def _prove(workspace: Workspace, id_: str) -> bool:
    """Verify one side's copy again, and tell the outcome."""
    from gateway.cli.as2_proofs import examined, told
    from gateway.transports.as2 import Scratch

    side = NAMES[workspace.settings.root.name]
    _title(f"What {side} can prove, also in ten years and without the other")
    with tempfile.TemporaryDirectory() as folder, Scratch(Path(folder)) as scratch:
        found, kept = examined(workspace, id_, scratch)
        for colour, line in told(found, kept):
            if colour == "green" and not line.startswith("holds"):
                click.secho(f"  {line}", fg="green")
        for name, region in found.files:
            click.echo(f"  {name}, {region.size:,} bytes; {len(found.checks)} checks: gateway as2 verify")
        return found.proven and not found.failed


def _again(acme: Workspace) -> bool:
    """The same file once more, as after a crash: nothing is sent twice."""
    from gateway.cli.as2_sending import send
    from gateway.exchange.operations.as2_parties import party
    from gateway.transports.as2_http.archive import kept

    settings = party(acme.agreements, BRAND).sending
    (one,) = kept(acme.settings.data / "as2")
    (delivery,) = acme.queries.lineage(acme.queries.message("1").id).deliveries
    if settings is None:
        return False
    with acme.archive.open(delivery.sha256) as source:
        data = io.BytesIO(source.read())
    sent = send(acme, settings, delivery.name, data, len(data.getvalue()), 0)
    _title("The same file once more, as after a crash")
    click.echo(f"  BrandPharma's receipt for it is there ({one.state}): nothing was sent a second time")
    return sent.repeated and sent.error is None


def _further(acme: Workspace, brand: Workspace, id_: str) -> None:
    _title("Look further")
    for workspace, command, what in (
        (acme, f"verify {id_}", "all that was checked, in plain words"),
        (brand, f"export {id_}", "a zip that anybody can verify with OpenSSL"),
        (brand, "partner show acme", "ids, terms, certificates, and what is missing"),
    ):
        click.echo(f"  gateway as2 {command} -C {workspace.settings.root}\n      {what}")


def _missed() -> int:
    click.secho("This is not how the demo must end.", fg="red", err=True)
    return MISSED


def _title(text: str) -> None:
    click.echo()
    click.secho(f"── {text} ".ljust(WIDTH, "─"), bold=True)
