"""« État de Logisav »: one line a subject, what to do, how big the database is; the first page leads there."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from logisav.desk.tests.desk import administrator, at_desk, manager, owner, text
from logisav.health import alarms, processes
from notifications import readings
from notifications.models import Alarm
from notifications.tests.factories import queue_code

pytestmark = [pytest.mark.django_db, pytest.mark.both]
PAGE, START = "/admin/etat/", "/admin/"
NOTICE = "Quelque chose ne va pas dans Logisav"


def all_processes_are_there() -> None:
    for beat in processes.beats({}):
        readings.note(beat.name)


def test_each_subject_has_its_word_its_figure_and_what_to_do() -> None:
    all_processes_are_there()
    queue_code()
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=16), tick=False):
        all_processes_are_there()
        response = at_desk(administrator()).get(PAGE)
    read = text(response)
    assert [fact.name for fact in response.context["unwell"]] == ["queue urgent mails"]
    line = read[read.index("Liens et codes") :][:400]
    assert '<span class="pill bad">En panne</span>' in line
    assert "1 en attente depuis 16\u00a0min" in line
    assert "Vérifiez le serveur de mail" in line
    assert '<span class="pill ok">Bon</span>' in read


def test_all_well_is_said() -> None:
    all_processes_are_there()
    assert "Tout va bien" in text(at_desk(manager()).get(PAGE))


def test_the_tables_are_told_with_their_size() -> None:
    holdings = at_desk(manager()).get(PAGE).context["holdings"]
    assert holdings.size > 0
    assert len(holdings.tables) > 5
    assert any(table.rows or table.size for table in holdings.tables)


def test_the_first_page_leads_there_when_something_is_not_well() -> None:
    user = manager()
    all_processes_are_there()
    assert NOTICE not in text(at_desk(user).get(START))
    Alarm.objects.create(name="x", subject="X", since=timezone.now())
    page = text(at_desk(user).get(START))
    assert NOTICE in page
    assert PAGE in page


def test_the_first_page_leads_there_when_nobody_watches_any_more() -> None:
    user = manager()
    all_processes_are_there()
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=6)):
        assert NOTICE in text(at_desk(user).get(START))


def test_what_is_well_again_is_no_longer_told() -> None:
    all_processes_are_there()
    Alarm.objects.create(name="x", subject="X", since=timezone.now())
    alarms.watch()
    assert NOTICE not in text(at_desk(manager()).get(START))


def test_who_has_quotes_of_their_own_alone_is_not_bothered() -> None:
    browser = at_desk(owner())
    assert NOTICE not in text(browser.get(START))
    assert browser.get(PAGE).status_code == 403
