"""A draft saves itself while it is typed: by the form's own stamp and rules, and without a word to anybody."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from logisav.desk.tests.desk import at_desk, filled, line, manager, owner, page_of, text
from logisav.staff.models import Session
from quotes import workflow
from quotes.models import Customer, Quote, QuoteEvent, QuoteLine
from quotes.tests.factories import SYSTEM, make_quote, make_sent_quote

pytestmark = pytest.mark.django_db


AT_MOST_ONE = QuoteLine.ChoiceKind.AT_MOST_ONE.value


def address(quote: Quote) -> str:
    return reverse("admin:quotes_quote_autosave", args=[quote.pk])


def opened(browser: Client, quote: Quote) -> dict[str, Any]:
    return filled(browser.get(page_of(quote)))


def draft(**fields: Any) -> Quote:
    return make_quote(owner=owner(), **fields)


def with_keys(typed: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """What the page's script makes of an answer: the new stamp, and the keys of what is stored now."""
    keys = {
        f"{prefix}-{index}-id": key for prefix, lines in told["keys"].items() for index, key in lines.items()
    }
    return typed | {"_stamp": told["stamp"]} | keys


def test_what_is_typed_is_stored_and_the_form_goes_on_under_a_new_stamp() -> None:
    quote, browser = draft(), at_desk(manager())
    typed = opened(browser, quote) | {"title": "Chauffage"}
    for title in ("Chauffage", "Chauffage et eau chaude", "Chauffage central"):
        answer = browser.post(address(quote), typed | {"title": title})
        assert answer.json()["outcome"] == "saved", answer.json()
        quote.refresh_from_db()
        assert quote.title == title
        assert answer.json()["said"].startswith("Enregistré à ")
        typed = with_keys(typed | {"title": title}, answer.json())
    assert browser.post(page_of(quote), typed | {"title": "Par le bouton"}).status_code == 302


def test_a_new_line_is_stored_once_and_a_removed_one_can_come_back() -> None:
    quote, browser = draft(), at_desk(manager())
    typed = opened(browser, quote)
    count = int(typed["lines-TOTAL_FORMS"])
    typed |= line(count, label="Purge", unit_price="80") | {"lines-TOTAL_FORMS": str(count + 1)}
    told = browser.post(address(quote), typed).json()
    assert told["keys"]["lines"][str(count)]
    typed = with_keys(typed, told) | {f"lines-{count}-label": "Purge et rinçage", "lines-1-DELETE": "on"}
    told = browser.post(address(quote), typed).json()
    labels = [one.label for one in quote.lines.all()]
    assert labels.count("Purge et rinçage") == 1
    assert "Pompe à chaleur" not in labels
    typed = with_keys(typed, told)
    del typed["lines-1-DELETE"]
    assert browser.post(page_of(quote), typed).status_code == 302
    assert sorted(one.label for one in quote.lines.all()) == sorted([*labels, "Pompe à chaleur"])


def test_a_save_that_was_answered_into_the_void_adds_no_line_twice() -> None:
    """The page sends again what it does not know to be stored; two lines that say they are one are two."""
    quote, browser = draft(), at_desk(manager())
    typed = opened(browser, quote)
    count = int(typed["lines-TOTAL_FORMS"])
    new = line(count, label="Purge", unit_price="80", own_identity="0123456789ab", choice_kind=AT_MOST_ONE)
    typed |= new | {"lines-TOTAL_FORMS": str(count + 1)}
    assert browser.post(address(quote), typed).json()["outcome"] == "saved"
    told = browser.post(address(quote), typed)
    assert told.json()["outcome"] == "saved", told.json()
    assert [one.identity for one in quote.lines.filter(label="Purge")] == ["0123456789ab"]
    twice = line(count + 1, label="Purge", own_identity="0123456789ab") | {
        "lines-TOTAL_FORMS": str(count + 2)
    }
    answer = browser.post(address(quote), with_keys(typed, told.json()) | twice)
    assert answer.json()["outcome"] == "saved", answer.json()
    assert quote.lines.filter(label="Purge").count() == 2


def test_nothing_is_told_of_it() -> None:
    quote, browser = draft(), at_desk(manager())
    typed = opened(browser, quote)
    events, entries = QuoteEvent.objects.count(), LogEntry.objects.count()
    answer = browser.post(address(quote), typed | {"title": "Autre"})
    assert answer.json()["outcome"] == "saved", answer.json()
    assert (QuoteEvent.objects.count(), LogEntry.objects.count()) == (events, entries)
    assert "messages" not in browser.get(page_of(quote)).cookies


def test_it_keeps_no_log_in_open() -> None:
    """Nor does the bell, which its page looks at by itself; what a person opens does."""
    browser, start = at_desk(manager()), timezone.now()
    quote = draft()
    typed = opened(browser, quote)
    with time_machine.travel(start + dt.timedelta(hours=1), tick=False):
        told = browser.post(address(quote), typed | {"title": "Une heure après"})
        assert told.json()["outcome"] == "saved", told.json()
        assert browser.get(reverse("admin:notifications_notification_count")).status_code == 200
        assert Session.objects.get().used_at < start + dt.timedelta(minutes=1)
        browser.get(page_of(quote))
        assert Session.objects.get().used_at == timezone.now()


def test_what_somebody_else_saved_stops_it_and_is_shown() -> None:
    quote = draft()
    mine, theirs = at_desk(manager()), at_desk(manager(first_name="Karim", last_name="Benali"))
    typed = opened(mine, quote) | {"conditions": "Accès par la cour"}
    assert theirs.post(page_of(quote), opened(theirs, quote) | {"title": "Le leur"}).status_code == 302
    answer = mine.post(address(quote), typed)
    assert answer.json()["outcome"] == "stopped"
    assert "modifié entre-temps par Karim Benali" in answer.json()["notice"]
    assert "Le leur" in answer.json()["notice"]
    quote.refresh_from_db()
    assert (quote.title, quote.conditions) == ("Le leur", "")
    knowing = typed | {"_stamp": answer.json()["stamp"]}
    assert mine.post(page_of(quote), knowing).status_code == 302
    quote.refresh_from_db()
    assert quote.conditions == "Accès par la cour"


def test_who_saved_it_is_named_where_it_saved_itself(django_capture_on_commit_callbacks: Any) -> None:
    quote, marie = draft(), manager(first_name="Marie", last_name="Petit")
    one, two, other = at_desk(marie), at_desk(marie), at_desk(manager())
    typed, later, elsewhere = opened(one, quote), opened(two, quote), opened(other, quote)
    with django_capture_on_commit_callbacks(execute=True):
        assert one.post(address(quote), typed | {"title": "Le sien"}).json()["outcome"] == "saved"
    assert "par vous-même dans une autre fenêtre" in two.post(address(quote), later).json()["notice"]
    assert "entre-temps par Marie Petit" in text(other.post(page_of(quote), elsewhere))


def test_a_customer_who_is_being_typed_waits_for_a_person() -> None:
    quote, browser = draft(title="Avant"), at_desk(manager())
    typed = opened(browser, quote) | {"title": "Après", "nouveau-last_name": "Dur"}
    customers = Customer.objects.count()
    assert browser.post(address(quote), typed).json()["outcome"] == "wrong"
    assert Customer.objects.count() == customers
    quote.refresh_from_db()
    assert quote.title == "Avant"


def test_a_form_without_its_stamp_saves_nothing() -> None:
    quote, browser = draft(title="Avant"), at_desk(manager())
    typed = opened(browser, quote) | {"title": "Après"}
    for stamp in ("", "faux"):
        assert browser.post(address(quote), typed | {"_stamp": stamp}).json()["outcome"] == "stopped"
    quote.refresh_from_db()
    assert quote.title == "Avant"


def test_what_is_wrong_is_told_in_a_sentence_and_nothing_is_stored() -> None:
    quote, browser = draft(title="Avant"), at_desk(manager())
    typed = opened(browser, quote) | {"title": "Après", "lines-1-unit_price": "beaucoup"}
    answer = browser.post(address(quote), typed)
    assert answer.json()["outcome"] == "wrong"
    assert answer.json()["said"].startswith("Pas encore enregistré. Ligne 2, prix HT (€)\xa0: ")
    quote.refresh_from_db()
    assert quote.title == "Avant"


def test_only_what_may_be_edited_is_saved() -> None:
    browser, sent = at_desk(manager()), make_sent_quote()
    leaving = draft()
    typed = opened(browser, leaving) | {"title": "Autre"}
    workflow.send(leaving.pk, actor=SYSTEM)  # its version is frozen, its PDF not made yet
    for quote in (leaving, sent):
        answer = browser.post(address(quote), typed)
        assert answer.json()["outcome"] == "stopped"
        assert "ne se modifie plus ici" in answer.json()["said"]
        quote.refresh_from_db()
        assert quote.title != "Autre"


def test_the_version_that_is_out_stays_as_it_is_while_the_next_one_saves_itself() -> None:
    browser, quote = at_desk(manager()), make_sent_quote(owner=owner())
    workflow.revise(quote.pk, actor=SYSTEM)
    version = Quote.objects.get(pk=quote.pk).versions.get()
    before = (version.content_sha256, version.total, version.is_current)
    assert (
        browser.post(address(quote), opened(browser, quote) | {"title": "Suite"}).json()["outcome"] == "saved"
    )
    version.refresh_from_db()
    assert (version.content_sha256, version.total, version.is_current) == before


def test_nobody_saves_what_they_do_not_see() -> None:
    quote = draft()
    typed = opened(at_desk(manager()), quote) | {"title": "Autre"}
    assert at_desk(owner()).post(address(quote), typed).status_code == 404
    assert at_desk(manager()).get(address(quote)).status_code == 405
    assert Client().post(address(quote), typed).status_code == 302
    checked = Client(enforce_csrf_checks=True)
    checked.force_login(manager())
    assert checked.post(address(quote), typed).status_code == 403
    assert Quote.objects.get().title != "Autre"
