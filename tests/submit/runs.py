"""Runs of the exchange with the market for tests, each a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

PLUGIN = Path(__file__).parent / "plugin"
SETTLED = {"looks": 1, "interval": 0, "min-age": 0}


def once(site, failpoint="", wait=20, expect=0):
    """``gateway once`` as a process of its own; killed at a failpoint, if one is named."""
    words = [sys.executable, "-m", "gateway", "once", "-C", str(site.root), "--wait", str(wait)]
    environment = {**os.environ, "PYTHONPATH": f"{PLUGIN}{os.pathsep}{Path.cwd()}", "GATEWAY_FAILPOINT": failpoint}
    done = subprocess.run(words, capture_output=True, text=True, timeout=90, env=environment, check=False)
    expected = -signal.SIGKILL if failpoint else expect
    assert done.returncode == expected, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def verdicts(site):
    return dict(site.rows("SELECT verdict, count(*) FROM results GROUP BY verdict"))
