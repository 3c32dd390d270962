"""How long the editor of a quote takes until one can type, in Chromium: `python -m bench.editor` prints the figures.

Run by `python -m bench`. A ratio, sixty lines beside an empty form, so that a slow or busy machine does not mislead;
with it the heights that the desk promises, of ten lines as experience has them.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.test.testcases import LiveServerThread
from django.test.utils import setup_test_environment

from bench.measuring import Result
from logisav.tests.environment import sqlite_variables

LINES, ROUNDS, LIMIT = 60, 9, 3.0
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
ADD = "/admin/quotes/quote/add/"
# The page is shown, its scripts have run, and the first line takes what is typed.
READY = """() => {
  const field = document.querySelector(".desk-lines.scripted [name$=-label]");
  if (!field || document.documentElement.hasAttribute("x-cloak") || document.readyState === "loading") return false;
  if (innerWidth > 1000) field.focus();
  return innerWidth <= 1000 || document.activeElement === field ? performance.now() : false;
}"""


@contextmanager
def desk() -> Iterator[Any]:
    """A page of Chromium at the desk of an installation of its own."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (wants the settings)

    from logisav.desk.tests.desk import at_desk, manager  # noqa: PLC0415
    from logisav.tests.browser import QUIET, AsItIs  # noqa: PLC0415

    setup_test_environment()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    session = at_desk(manager()).cookies[settings.SESSION_COOKIE_NAME].value
    server = LiveServerThread("127.0.0.1", AsItIs)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    site = f"http://127.0.0.1:{server.port}"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        context = browser.new_context(
            base_url=site,
            viewport=DESK,  # type: ignore[arg-type]
            locale="fr-FR",
        )
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
        yield context.new_page()
        browser.close()
    server.terminate()


def lines(number: int) -> tuple[dict[str, Any], ...]:
    """Every other one with a description, every tenth with a discount."""
    return tuple(
        {
            "label": f"Fourniture et pose n° {rank}",
            "description": "Cuivre calorifugé, vannes et filtre magnétique." if rank % 2 else "",
            "unit": "unité",
            "unit_price": Decimal(100 + rank),
            "discount": Decimal(0 if rank % 10 else 5),
        }
        for rank in range(number)
    )


def ready(page: Any, address: str) -> float:
    page.goto(address, wait_until="commit")
    return float(page.wait_for_function(READY, polling=5).json_value()) / 1000


def median(work: Callable[[], float], other: Callable[[], float]) -> tuple[float, float]:
    """Both in turn, after one round of each to warm up."""
    work(), other()
    pairs = [(work(), other()) for _ in range(ROUNDS)]
    one, two = (statistics.median(column) for column in zip(*pairs, strict=True))
    return one, two


def measure() -> Iterator[Result]:
    from logisav.desk.tests.desk import page_of  # noqa: PLC0415
    from quotes.tests.factories import make_quote  # noqa: PLC0415 (models want the settings)

    with desk() as page:
        long, ten = make_quote(lines=lines(LINES)), make_quote(lines=lines(10))
        filled, empty = median(lambda: ready(page, page_of(long)), lambda: ready(page, ADD))
        yield Result(
            f"éditeur de {LINES} lignes prêt à taper (Chromium)",
            filled,
            "formulaire vide",
            empty,
            limit_ratio=LIMIT,
        )
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            ready(page, page_of(ten))
            heights = page.evaluate(
                "[...document.querySelectorAll('.lines > .line')].map(line => line.offsetHeight)"
            )
            whole = page.evaluate("document.querySelector('.desk-lines').offsetHeight")
            total = page.evaluate("document.documentElement.scrollHeight")
            print(
                f"{size['width']} px: lines of {min(heights)} to {max(heights)} px, ten with all that belongs to them "
                f"{whole} px, page {total} px",
                file=sys.stderr,
            )


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="logisav-bench-") as folder:
        os.environ.update(sqlite_variables(Path(folder)))
        django.setup()
        results = list(measure())
        django.db.connections.close_all()
    print(json.dumps([result.document for result in results]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
