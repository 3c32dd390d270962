"""Rendering gives the same bytes for the same page, so that a page which many tests need is rendered once."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from quotes.pdf import engine

really_render = engine.render
rendered: dict[tuple[str, tuple[tuple[str, bytes], ...]], bytes] = {}


def render_once(html: str, *, images: Mapping[str, bytes] | None = None) -> bytes:
    key = (html, tuple(sorted((images or {}).items())))
    if key not in rendered:
        rendered[key] = really_render(html, images=images)
    return rendered[key]


@pytest.fixture(autouse=True)
def _render_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "render", render_once)


@pytest.fixture
def same_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that ask nothing of what a person reads in a PDF: the first page rendered serves as every PDF."""
    monkeypatch.setattr(engine, "render", render_the_first)


def render_the_first(html: str, *, images: Mapping[str, bytes] | None = None) -> bytes:
    return next(iter(rendered.values()), None) or render_once(html, images=images)
