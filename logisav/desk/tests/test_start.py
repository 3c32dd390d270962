"""The first page: every figure is its list's, for those who may see it; the year in months, drawn and told."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from lib import french
from logisav.desk import paging
from logisav.desk.quotes import figures, months
from logisav.desk.tests.desk import at_desk, manager, owner, text
from notifications.models import OutgoingEmail
from notifications.tests.factories import queue_mail
from quotes import list_columns, workflow
from quotes.models import Company, Quote, QuoteVersion
from quotes.tests.factories import SYSTEM, make_quote, make_sent_quote

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 24, 15, tzinfo=dt.UTC)
LIST = "/admin/quotes/quote/"


def page(user: User) -> Any:
    return at_desk(user).get("/admin/")


def shown(user: User) -> list[Any]:
    context = page(user).context
    return [*context["ours"], *context["theirs"]]


def rows(browser: Client, url: str) -> int:
    return len(browser.get(url).context["cl"].result_list)


def make_one_of_each(user: User) -> None:
    """Drafts, a question, quotes with the customer, for long, not for long, no more; yes and no."""
    make_quote(owner=user)
    asked = make_sent_quote(owner=user)
    workflow.ask(asked.pk, text="Quand ?", phone="", actor=SYSTEM)
    make_sent_quote(owner=user)
    for days in (-1, 3):
        held = make_sent_quote(owner=user)
        QuoteVersion.objects.filter(quote=held).update(
            valid_until=timezone.localdate() + dt.timedelta(days=days)
        )
        list_columns.refresh(held)
    signed(make_sent_quote(owner=user), timezone.now())
    workflow.refuse(make_sent_quote(owner=user).pk, reason="", actor=SYSTEM)


def signed(quote: Quote, at: dt.datetime, *, after: dt.timedelta = dt.timedelta(hours=1)) -> Quote:
    """Written as it would stand after a signature at that moment, so long after its sending."""
    Quote.objects.filter(pk=quote.pk).update(
        signed_notice="delivery",
        state=Quote.State.ACCEPTED,
        accepted_at=at,
        first_sent_at=at - after,
        in_force_since=at - after,
    )
    quote.refresh_from_db()
    Quote.objects.filter(pk=quote.pk).update(turn=list_columns.facts_of(quote.pk)["turn"])
    return quote


def test_each_figure_is_the_number_of_rows_of_its_list() -> None:
    user = manager()
    make_one_of_each(user)
    queue_mail()
    OutgoingEmail.objects.update(state=OutgoingEmail.State.FAILED)
    browser = at_desk(user)
    found = shown(user)
    assert [figure.count for figure in found][:3] == [1, 2, 1]
    assert [figure.count for figure in found][4:] == [2, 1, 1, 1]
    mails = OutgoingEmail.objects.count()
    assert [rows(browser, figure.url) for figure in found] == [figure.count for figure in found]
    assert found[3].count == mails


def test_owners_count_their_own() -> None:
    mine, other = owner(), owner()
    make_one_of_each(other)
    assert {figure.count for figure in shown(mine)} == {0}
    assert "mails" not in "".join(figure.words for figure in shown(other))
    assert [figure.count for figure in shown(other)] == [1, 2, 1, 2, 1, 1, 1]


def test_how_soon_a_quote_expires_is_the_companys_to_say() -> None:
    user = manager()
    make_one_of_each(user)
    assert rows(at_desk(user), f"{LIST}?tour=bientot") == 1
    Company.objects.update(expiry_notice_days=2)
    assert rows(at_desk(user), f"{LIST}?tour=bientot") == 0


def test_beyond_its_cap_nobody_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST", 3)
    user = manager()
    for _ in range(4):
        make_quote(owner=user)
    assert shown(user)[1].shown == "2+"
    assert "<strong>2+</strong>" in text(page(user))


def test_where_nothing_is_yet_the_page_says_what_will_come() -> None:
    user = manager()
    Company.objects.create(legal_name="Thermo Rhône", siret="91234567500017")
    read = text(page(user))
    for words in (
        "Rien n'attend de vous pour l'instant.",
        "Aucun devis en cours.",
        "Aucun devis signé depuis douze mois. Le premier paraîtra ici.",
        "Aucun devis envoyé depuis douze mois.",
    ):
        assert words in read


# The year in months


def year(user: User) -> dict[str, months.Month]:
    return {month.key: month for month in months.year_of(user)}


@pytest.fixture
def julien() -> User:
    return manager()


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=french.PARIS)


@time_machine.travel(NOW, tick=False)
def test_a_month_is_a_month_of_paris(julien: User) -> None:
    signed(make_sent_quote(owner=julien), at(2026, 11, 1, 0, 0))
    signed(make_sent_quote(owner=julien), at(2026, 10, 31, 23, 59))
    found = year(julien)
    assert list(found) == [f"2025-{12}", *(f"2026-{month:02}" for month in range(1, 12))]
    assert [found["2026-10"].signed, found["2026-11"].signed] == [1, 1]
    assert rows(at_desk(julien), f"{LIST}?signe=2026-10") == 1
    assert rows(at_desk(julien), f"{LIST}?signe=12-mois") == 2


@time_machine.travel(NOW, tick=False)
def test_amounts_add_up_without_what_was_withdrawn(julien: User) -> None:
    kept = [signed(make_sent_quote(owner=julien), at(2026, 11, day)) for day in (3, 5)]
    gone = signed(make_sent_quote(owner=julien), at(2026, 11, 6))
    Quote.objects.filter(pk=gone.pk).update(state=Quote.State.WITHDRAWN)
    month = year(julien)["2026-11"]
    assert (month.signed, month.amount) == (2, sum((quote.shown_total for quote in kept), Decimal(0)))
    assert rows(at_desk(julien), f"{LIST}?signe=2026-11") == 2
    assert f"{french.money(month.amount)} en novembre\xa02026 (2\xa0devis)" in text(page(julien))


@time_machine.travel(NOW, tick=False)
def test_conversion_follows_the_quotes_of_the_month_in_which_they_were_sent(julien: User) -> None:
    signed(make_sent_quote(owner=julien), at(2026, 11, 2), after=dt.timedelta(days=5))
    waiting = make_sent_quote(owner=julien)
    Quote.objects.filter(pk=waiting.pk).update(first_sent_at=at(2026, 10, 3))
    october = year(julien)["2026-10"]
    assert (october.sent, october.of_these_signed) == (2, 1)
    read = text(page(julien))
    assert "50\xa0% des 2 devis envoyés en douze mois" in read
    assert rows(at_desk(julien), f"{LIST}?envoye=2026-10") == 2


@time_machine.travel(NOW, tick=False)
def test_the_time_to_sign_is_a_median(julien: User) -> None:
    for days in (1, 3, 40):
        signed(make_sent_quote(owner=julien), at(2026, 11, 20), after=dt.timedelta(days=days))
    assert year(julien)["2026-11"].median == dt.timedelta(days=3)
    assert "3\xa0jours en novembre\xa02026" in text(page(julien))


@pytest.mark.sqlite  # whose cache lives in this process, where the test moves the clock
@time_machine.travel(NOW, tick=False)
def test_the_current_month_is_read_each_time_and_those_before_once_an_hour(julien: User) -> None:
    year(julien)
    signed(make_sent_quote(owner=julien), at(2026, 11, 20))
    signed(make_sent_quote(owner=julien), at(2026, 9, 20))
    found = year(julien)
    assert [found["2026-09"].signed, found["2026-11"].signed] == [0, 1]
    with time_machine.travel(NOW + dt.timedelta(minutes=61), tick=False):
        assert year(julien)["2026-09"].signed == 1


@time_machine.travel(NOW, tick=False)
def test_owners_see_their_own_year(julien: User) -> None:
    mine = owner()
    signed(make_sent_quote(owner=mine), at(2026, 9, 20))
    signed(make_sent_quote(owner=julien), at(2026, 9, 20))
    assert [year(mine)["2026-09"].signed, year(julien)["2026-09"].signed] == [1, 2]


@time_machine.travel(NOW, tick=False)
def test_every_month_of_every_chart_leads_to_its_list(julien: User) -> None:
    signed(make_sent_quote(owner=julien), at(2026, 11, 20))
    browser = at_desk(julien)
    for chart in figures.charts(julien):
        assert len(chart.rows) == len(chart.bars) == months.YEAR
        for url in (chart.url, chart.rows[0].url):
            assert rows(browser, url) == 1


@time_machine.travel(NOW, tick=False)
def test_charts_are_drawn_without_style_or_script_and_told_in_a_table(julien: User) -> None:
    signed(make_sent_quote(owner=julien), at(2026, 11, 20))
    read = text(page(julien))
    drawings = re.findall(r"<svg viewBox.*?</svg>", read, re.DOTALL)
    assert len(drawings) == read.count("<caption") == 3
    for drawing in drawings:
        assert 'role="img"' in drawing
        assert "<title" in drawing
        assert "style" not in drawing
        assert "script" not in drawing


@pytest.mark.parametrize("value", ["2026-13", "hier", "", "2026-11-01", "9999-12", "0001-01"])
def test_a_month_that_does_not_exist_filters_nothing(value: str, julien: User) -> None:
    make_quote(owner=julien)
    assert rows(at_desk(julien), f"{LIST}?signe={value}") == 1


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (None, "–"),
        (dt.timedelta(seconds=30), "moins d'une\xa0minute"),
        (dt.timedelta(minutes=1), "1\xa0minute"),
        (dt.timedelta(hours=36), "2\xa0jours"),
        (dt.timedelta(hours=23), "23\xa0heures"),
    ],
)
def test_a_duration_is_told_in_its_largest_unit(span: dt.timedelta | None, words: str) -> None:
    assert figures.duration(span) == words
