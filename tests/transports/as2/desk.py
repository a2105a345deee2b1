"""Two workspaces made by the commands that an operator uses, and the commands themselves."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from gateway.cli.main import cli
from gateway.errors import GatewayError
from gateway.transports.as2 import keys
from gateway.transports.as2_http.server import application
from gateway.transports.as2_http.serving import serving
from gateway.transports.as2_http.site import site
from gateway.transports.secrets import secrets
from gateway.web.protocol import protocol

RECEIVES = """\
partner: {{id: acme}}
channels:
  - id: acme-as2
    transport: as2
    settings: &acme
      us: BrandPharma
      them: ACME CMO
      message-id-domain: brand.example
      ours: [{{certificate: keys/brand.crt, key: "file:keys/brand.key"}}]
      theirs: [{{certificate: keys/acme.crt, sha256: "{acme}"}}]
      {more}
targets:
  - {{id: one, to: epcis-2.0-json, transport: folder, settings: {{path: data/one}}}}
"""
SENDS = """\
partner: {{id: line}}
channels:
  - {{id: drop, transport: folder, settings: {{path: data/in}}}}
targets:
  - id: brand
    to: epcis-1.2-xml
    transport: as2
    settings:
      us: ACME CMO
      them: BrandPharma
      url: {url}
      message-id-domain: acme.example
      private-addresses: true
      ours: [{{certificate: keys/acme.crt, key: "file:keys/acme.key"}}]
      theirs: [{{certificate: keys/brand.crt, sha256: "{brand}"}}]
      {more}
"""


@dataclass
class Done:
    code: int
    out: str
    err: str


def run(*arguments: object, say: str = "") -> Done:
    """A command, with the exit code that `gateway` would end with."""
    result = CliRunner().invoke(cli, [str(one) for one in arguments], input=say or None, standalone_mode=False)
    error = result.exception
    if isinstance(error, GatewayError):
        return Done(error.exit_code, result.stdout, f"{result.stderr}{error}")
    if error is not None and not isinstance(error, SystemExit):
        raise error
    return Done(int(result.return_value or 0), result.stdout, result.stderr)


class Desk:
    """Acme sends to Brand."""

    def __init__(self, folder: Path) -> None:
        self.acme, self.brand = folder / "acme", folder / "brand"
        for root in (self.acme, self.brand):
            assert run("init", root).code == 0
            (root / "agreements" / "example.yaml").unlink()
            for name in ("in", "one"):
                (root / "data" / name).mkdir(parents=True)
        made = [
            run("as2", "cert", "new", root.name, "--bits", 2048, "-C", root).code for root in (self.acme, self.brand)
        ]
        assert made == [0, 0]
        for of, to in ((self.acme, self.brand), (self.brand, self.acme)):
            line = ("as2", "cert", "import", of / "keys" / f"{of.name}.crt", "--fingerprint", self.pin(of), "-C", to)
            assert run(*line).code == 0
        self.agree()

    @staticmethod
    def pin(root: Path) -> str:
        return keys.certificates((root / "keys" / f"{root.name}.crt").read_bytes())[0].fingerprint

    def agree(self, url: str = "http://127.0.0.1:9/as2", more: str = "", sends: str = "") -> None:
        texts = {
            self.brand: RECEIVES.format(acme=self.pin(self.acme), more=more),
            self.acme: SENDS.format(brand=self.pin(self.brand), url=url, more=sends),
        }
        for root, text in texts.items():
            (root / "agreements" / "partner.yaml").write_text(text)

    @contextlib.contextmanager
    def serving(self, root: Path | None = None) -> Iterator[str]:
        """Brand's server, or another one's; Acme's agreement names it."""
        from gateway.exchange.operations.as2_parties import stated
        from gateway.exchange.workspace import opened

        root = root or self.brand
        with opened(root) as workspace:
            made = site(stated(workspace.agreements), secrets(root))
            with serving(application(made), speaks=protocol(50, 10)) as url:
                if root == self.brand:
                    self.agree(f"{url}/as2")
                yield f"{url}/as2"
            made.close()
