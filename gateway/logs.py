"""Logging: structlog for our own lines, and the loggers of libraries through the same door.

On a terminal lines are for people, elsewhere they are JSON, one object a line, on standard error. Nobody logs
secrets, and nobody logs serial numbers at ``info`` or above: message ids, file names and counts are enough to find
the rest in the ledger.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

from gateway.printable import printable

if "rich" in sys.modules:
    import structlog
else:
    # structlog loads rich, which would draw tracebacks; ours are never drawn, and each process is five MiB smaller.
    sys.modules["rich"] = None  # type: ignore[assignment] # so an import says that it is not there
    try:
        import structlog
    finally:
        del sys.modules["rich"]

#: Libraries that talk much; only their warnings are of interest. ``dbos`` keeps a console handler of its own
#: unless it finds one on its logger, therefore ours is put there.
QUIET = ("dbos", "paramiko", "apscheduler", "alembic", "sqlalchemy", "asyncssh", "httpx", "httpcore", "uvicorn")

#: What has several lines of ours.
_LINES = ("exception", "stack")


def setup(level: str = "info", style: str = "auto", stream: TextIO | None = None) -> None:
    """Configure logging for this process. May be called again.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        style: ``console`` (colours), ``plain`` (the same without colours), ``json``, or ``auto``.
        stream: where lines go, by default standard error.
    """
    out = stream or sys.stderr
    if style == "auto":
        style = "console" if out.isatty() else "json"
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(style)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
    dbos = logging.getLogger("dbos")
    dbos.handlers[:] = [handler]
    dbos.propagate = False


def _renderers(style: str) -> list[Any]:
    if style == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(sort_keys=True)]
    return [_plainly, structlog.dev.ConsoleRenderer(colors=style == "console")]


def _plainly(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Values as a terminal may get them: names of files come from outside. JSON escapes them anyway."""
    for key, value in event.items():
        if isinstance(value, str) and key not in _LINES:
            event[key] = printable(value)
    return event


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger, named after the module that logs."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
