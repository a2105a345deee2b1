"""Taking up a changed configuration while the gateway runs: all of it when all of it is right, else none of it.

Files are looked at every few seconds. A change counts when two looks see the same, so that an editor or a copy has time
to finish. What is wrong is logged, stands in ``gateway status``, and the old configuration goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gateway import logs
from gateway import settings as settings_
from gateway.agreements.load import Agreements, configuration_files, load
from gateway.errors import GatewayError
from gateway.exchange.workspace import Workspace
from gateway.settings import Settings

#: Seconds between two looks at the files.
LOOK = 2.0

#: Settings that a running gateway takes up. The others need a restart.
LIVE = ("limits",)

Apply = Callable[[Agreements, str], None]
"""Makes everything that runs go by new agreements; the second value is the hash of the configuration."""

log = logs.get(__name__)


class Reloader:
    """Watches the configuration of a workspace.

    Args:
        workspace: the workspace, whose agreements are loaded.
        configuration: hash of the configuration that is in force.
        apply: puts another one in force.
    """

    def __init__(self, workspace: Workspace, configuration: str, apply: Apply) -> None:
        self._workspace = workspace
        self._worker = workspace.settings.engine.worker
        self._apply = apply
        self._in_force = configuration
        self._tried = self._last = _signature(workspace.settings)
        self._tell("")

    def look(self) -> bool:
        """Look at the files once; True when another configuration came into force."""
        seen = _signature(self._workspace.settings)
        settled, self._last = seen == self._last, seen
        if seen == self._tried or not settled:
            return False
        self._tried = seen
        try:
            settings = settings_.load(self._workspace.settings.root)
            agreements = load(settings)
        except GatewayError as error:
            log.error("the changed configuration is wrong, the old one goes on", error=str(error))  # noqa: TRY400 - the operator needs no traceback
            self._tell(str(error))
            return False
        self._ask_for_restart(settings)
        configuration = self._workspace.ledger.configuration(agreements.files)
        changed = configuration != self._in_force
        if changed:
            self._workspace.agreements = agreements
            self._apply(agreements, configuration)
            self._in_force = configuration
            log.info("configuration in force", configuration=configuration)
        self._tell("")
        return changed

    def _tell(self, error: str) -> None:
        self._workspace.ledger.in_force(self._worker, self._in_force, error)

    def _ask_for_restart(self, settings: Settings) -> None:
        old = self._workspace.settings
        if replace(settings, **{name: getattr(old, name) for name in LIVE}) != old:
            log.warning("gateway.toml was changed: all but its limits is taken up by a restart only")


def _signature(settings: Settings) -> tuple[tuple[str, int, int], ...]:
    """Tells whether a file came, went or was written."""
    return tuple(_stat(path) for path in configuration_files(settings))


def _stat(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (str(path), 0, -1)
    return (str(path), found.st_mtime_ns, found.st_size)
