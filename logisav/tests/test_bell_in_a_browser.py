"""The bell follows while somebody looks, and is silent while nobody does."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from notifications import outbox

pytestmark = pytest.mark.browser
BELL = "/admin/notifications/notification/"
HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def tell(julien: User) -> None:
    outbox.notify(julien, kind="question", text="Mme Morel pose une question.", about="D-2026-0001", url="/")


def test_the_figure_follows_and_no_clock_runs_in_a_hidden_tab(desk: Page, julien: User) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url) if "/nombre/" in request.url else None)
    desk.clock.install()
    desk.goto(BELL)
    figure = desk.locator(".desk-figure")
    expect(figure).to_be_hidden()
    tell(julien)
    desk.clock.run_for(60_000)
    expect(figure).to_have_text("1")
    expect(desk.get_by_role("status").filter(has_text="1 non lue")).to_be_attached()
    expect(desk.get_by_role("link", name="De nouvelles notifications sont là")).to_be_visible()
    desk.evaluate(HIDE, True)
    before = len(asked)
    tell(julien)
    desk.clock.run_for(600_000)
    assert len(asked) == before
    expect(figure).to_have_text("1")
    desk.evaluate(HIDE, False)
    expect(figure).to_have_text("2")
    assert len(asked) == before + 1
