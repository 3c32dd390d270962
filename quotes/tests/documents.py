"""Reading PDFs with tools that are not ours, and catching a renderer that reaches out."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from quotes.pdf import engine


def read(document: bytes, tool: str, *options: str) -> str:
    """What one of poppler's tools says of a PDF."""
    if shutil.which(tool) is None and not os.environ.get("CI"):
        pytest.skip(f"needs {tool}")
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(document)
        file.flush()
        command = [tool, *options, file.name, *(["-"] if tool == "pdftotext" else [])]
        return subprocess.run(command, capture_output=True, check=True).stdout.decode()


def squeezed(words: str) -> str:
    """Without spaces and hyphens: a PDF breaks its lines at them."""
    return re.sub(r"[\s-]", "", words)


class Server:
    """A server that counts who comes."""

    def __init__(self) -> None:
        self.hits = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.hits += 1
                self.send_response(200)
                self.end_headers()

            def log_message(self, *said: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"


def trap(pages: list[str], *, mode: str, scratch: Path) -> list[dict[str, Any]]:
    """Render the pages in a process that notes what it asks the machine for."""
    folder = scratch / "rendering"
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "quotes.tests.trap", mode],
        input=json.dumps(pages).encode(),
        capture_output=True,
        check=True,
        env=engine.environment(str(folder)),
    )
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


def asked(results: list[dict[str, Any]]) -> list[str]:
    return [event for result in results for event in result["seen"]]
