"""What a nudge has missed: one pass over every queue, or passes without end beside the broker."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from logisav import sweeping


class Command(BaseCommand):
    help = "One pass over every queue (for cron, for tests), or with --loop one every 20 seconds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until SIGTERM")
        parser.add_argument("--note", type=Path, help="a file to touch once the passes run")

    def handle(self, *args: Any, loop: bool, note: Path | None, **options: Any) -> None:
        if not loop:
            self.stdout.write(f"{sweeping.sweep_and_watch()} ligne(s) reprise(s)")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        if note is not None:
            note.touch()
        sweeping.keep_sweeping(stop)
