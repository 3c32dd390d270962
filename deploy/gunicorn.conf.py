"""gunicorn -c deploy/gunicorn.conf.py logisav.wsgi

`-b` and `--workers` say otherwise where they must: in a container, in a test.
"""

import os
from pathlib import Path
from typing import Any

bind = "127.0.0.1:8000"
workers = 3
threads = 4
timeout = 30
graceful_timeout = 30
max_requests = 5000
max_requests_jitter = 500
# Memory, not a disk: a worker shows there that it lives, and all else is read-only.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - gunicorn makes a file of its own there
control_socket_disable = True
# No access log of its own: the product's (`logisav.requests`) knows the client's address and the request's id.
accesslog = None
logconfig_dict = {
    "formatters": {
        "masked": {"()": "logisav.masking.formatter", "form": os.environ.get("LOG_FORMAT") or "text"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "masked"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "gunicorn.error": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}


def on_starting(server: Any) -> None:
    """What processes that are gone have counted for /metrics is forgotten with a new start, else it would pile up."""
    for file in Path(os.environ.get("METRICS_DIR") or os.devnull).glob("*.db"):
        if not Path("/proc", file.stem.rpartition("_")[2]).exists():
            file.unlink(missing_ok=True)
