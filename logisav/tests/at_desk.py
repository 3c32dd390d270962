"""A manager at the desk in a real browser, for the tests of every application."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page

from logisav.desk.tests.desk import manager
from logisav.tests.browser import Watch
from quotes.tests.factories import make_company


@pytest.fixture
def julien(transactional_db: None) -> User:
    make_company()
    return manager()


@pytest.fixture
def desk(chromium: Browser, site: str, julien: User) -> Iterator[Page]:
    """Logged in; at the end nothing was asked of others and no rule was broken."""
    watch = Watch(site)
    context = chromium.new_context(
        base_url=site, viewport={"width": 1280, "height": 900}, locale="fr-FR", timezone_id="Europe/Paris"
    )
    context.set_default_timeout(15_000)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": _session(julien), "url": site}])
    watch.follow(context)
    yield context.new_page()
    context.close()
    assert watch.elsewhere == []
    assert watch.complaints == []


def _session(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value
