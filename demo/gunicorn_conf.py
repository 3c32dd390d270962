"""How the demo's web server runs: a worker of Gunicorn dies with Gunicorn, as Gunicorn dies with the supervisor."""

from __future__ import annotations

from typing import Any

from demo.processes import die_with_parent

workers = 1
threads = 8
worker_class = "gthread"
graceful_timeout = 2
control_socket_disable = True


def post_fork(arbiter: Any, worker: Any) -> None:
    die_with_parent(arbiter.pid)
