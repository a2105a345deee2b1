"""A small application of the engine's library, set up as the gateway sets it up: four steps that each leave a line."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

STEPS = ("one", "two", "three", "four")


def client(url: str) -> DBOSClient:
    return DBOSClient(system_database_url=url, serializer=DBOSPortableJSONSerializer(), application_name="gateway")


def enqueue(url: str, workflow: str, id_: str, partition: str = "p", version: str = "v-1") -> None:
    with contextlib.closing(_Closing(client(url))) as opened:
        opened.client.enqueue(
            {
                "workflow_name": workflow,
                "queue_name": "line",
                "workflow_id": id_,
                "app_version": version,
                "queue_partition_key": partition,
            },
            id_,
        )


class _Closing:
    def __init__(self, opened: DBOSClient) -> None:
        self.client = opened
        self.close = opened.destroy


def run(url: str, log: str, options: dict[str, Any]) -> None:
    """Work until killed. Options: kill (id/step), version, worker, steps, watch."""
    if options.get("watch"):
        sys.addaudithook(lambda event, arguments: _watched(log, event, arguments))
    steps = options.get("steps", STEPS)

    def line(text: str) -> None:
        descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{text}\n".encode())
        os.close(descriptor)

    def step(name: str, id_: str) -> str:
        line(f"{id_} {name}")
        if options.get("kill") == f"{id_}/{name}":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(options.get("pause", 0))
        line(f"{id_} {name} done")
        return name

    @DBOS.workflow(name="work")
    def work(id_: str) -> str:
        for name in steps:
            DBOS.run_step({"name": name}, step, name, id_)
        return id_

    @DBOS.workflow(name="wait")
    def wait(id_: str) -> str:
        answer = DBOS.recv("answer", timeout_seconds=60)
        DBOS.run_step({"name": "answered"}, step, f"answered {answer}", id_)
        return id_

    DBOS(
        config={
            "name": "gateway",
            "system_database_url": url,
            "application_version": options.get("version", "v-1"),
            "executor_id": options.get("worker", "w-1"),
            "log_level": "ERROR",
            "console_log_level": "ERROR",
            "serializer": DBOSPortableJSONSerializer(),
            "notification_listener_polling_interval_sec": 0.1,
        }
    )
    DBOS.launch()
    DBOS.register_queue("line", partition_concurrency=1, polling_interval_sec=0.1, on_conflict="always_update")
    line("launched")
    while not Path(f"{log}.stop").exists():
        time.sleep(0.05)
    os._exit(0)


def _watched(log: str, event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.getaddrinfo"}:
        where = arguments[1] if event == "socket.connect" else arguments[:2]
        with Path(f"{log}.net").open("a") as stream:
            stream.write(f"{where}\n")


__all__ = ["client", "enqueue", "run", "socket"]
