"""`python -m demo.stripe_standin --port 8002` runs it in the foreground. Key and secrets come from the environment."""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path

from demo.stripe_standin.server import running
from demo.stripe_standin.standin import TEST_KEY


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.stripe_standin", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--webhook-url", default="", help="where webhooks go, on this machine")
    parser.add_argument("--file", type=Path, help="keeps everything across restarts")
    options = parser.parse_args()
    secrets = [secret for secret in os.environ.get("STRIPE_WEBHOOK_SECRETS", "").split(",") if secret]
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    with running(
        port=options.port,
        key=os.environ.get("STRIPE_SECRET_KEY") or TEST_KEY,
        webhook_url=options.webhook_url,
        webhook_secrets=secrets,
        file=options.file,
    ):
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main()
