"""What happens by itself while the customer has not answered: reminders, and a word to the owner in time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from logisav.desk.tests.desk import at_desk, owner, page_of, text
from notifications.models import Notification
from quotes import reminding, schedule, workflow
from quotes.models import Company, IllegalMove, Quote, QuoteVersion
from quotes.tests.factories import (
    SYSTEM,
    mails,
    make_company,
    make_quote,
    make_sent_quote,
    send,
    send_again,
)

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
PARIS = ZoneInfo("Europe/Paris")
SENT = dt.datetime(2026, 11, 24, 14, 41, tzinfo=PARIS)  # a Tuesday
DAY = dt.timedelta(days=1)


def at(moment: dt.datetime) -> Any:
    return time_machine.travel(moment, tick=False)


def make(days: list[int], *, sent: dt.datetime = SENT, notice: int = 0, **fields: Any) -> Quote:
    make_company()
    Company.objects.update(quote_reminder_days=days, expiry_notice_days=notice)
    with at(sent):
        return make_sent_quote(owner=owner(), **fields)


def swept(quote: Quote, after: float, *, sent: dt.datetime = SENT) -> int:
    """How many reminders had left once the sweep ran so many days after the sending."""
    with at(sent + after * DAY):
        reminding.sweep()
    return int(mails("quotes/reminder", quote).count())


def kinds(quote: Quote) -> list[str]:
    return list(quote.events.values_list("kind", flat=True))


# When


def local(*numbers: int) -> dt.datetime:
    return dt.datetime(*numbers, tzinfo=PARIS)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("sent", "days", "due"),
    [
        (SENT, [1, 3], [local(2026, 11, 25, 14, 41), local(2026, 11, 27, 14, 41)]),
        # At the same hour in Paris, the clocks having changed in between (29 March, 25 October 2026).
        (local(2026, 3, 26, 9, 30), [5], [local(2026, 3, 31, 9, 30)]),
        (local(2026, 10, 22, 9, 30), [5], [local(2026, 10, 27, 9, 30)]),
        # Sent at an hour that the night of the change does not have.
        (local(2026, 3, 28, 2, 30), [2], [local(2026, 3, 30, 8)]),
        # Nobody is written to at night, on a Sunday or on a public holiday.
        (local(2026, 11, 24, 22, 15), [1], [local(2026, 11, 26, 8)]),
        (local(2026, 11, 24, 6, 15), [1], [local(2026, 11, 25, 8)]),
        (SENT, [5], [local(2026, 11, 30, 8)]),
        (local(2026, 12, 23, 15), [2], [local(2026, 12, 28, 8)]),
        # Saturday and Sunday both become Monday: one reminder.
        (SENT, [4, 5, 7], [local(2026, 11, 30, 8), local(2026, 12, 1, 14, 41)]),
        (SENT, [], []),
    ],
)  # fmt: skip
def test_reminders_fall_in_working_hours(sent: dt.datetime, days: list[int], due: list[dt.datetime]) -> None:
    assert schedule.reminders(sent.astimezone(dt.UTC), days) == due


def test_reminders_leave_on_their_days_and_never_more_than_three() -> None:
    quote = make([1, 3, 7, 8], valid_until=dt.date(2026, 12, 24))
    moments = (0, 0.99, 1, 1.1, 2.9, 3, 6.99, 7, 8.1, 20)
    assert [swept(quote, moment) for moment in moments] == [0, 0, 1, 1, 1, 2, 2, 3, 3, 3]
    quote.refresh_from_db()
    assert quote.state == Quote.State.REMINDED
    assert quote.next_reminder_at is None
    assert kinds(quote).count("reminded_automatically") == 3


def test_a_company_that_did_not_ask_for_reminders_sends_none() -> None:
    quote = make([])
    assert [swept(quote, moment) for moment in (3, 10)] == [0, 0]


def test_a_machine_that_was_off_reminds_once() -> None:
    quote = make([1, 2, 3])
    assert [swept(quote, moment) for moment in (9, 9.01, 10.1)] == [1, 1, 1]


@pytest.mark.parametrize("hour", [5, 21])
def test_a_late_sweep_waits_for_the_morning(hour: int) -> None:
    quote = make([1])
    with at(local(2026, 11, 26, hour)):
        reminding.sweep()
    assert not mails("quotes/reminder", quote).exists()
    with at(local(2026, 11, 27, 8)):
        reminding.sweep()
    assert mails("quotes/reminder", quote).count() == 1


def test_the_reminder_carries_a_fresh_link_and_the_journal_says_that_nobody_pressed() -> None:
    quote = make([1])
    swept(quote, 1)
    assert mails("quotes/reminder", quote).get().carries_secret
    event = quote.events.get(kind="reminded_automatically")
    assert event.actor["kind"] == "system"
    page = text(at_desk(quote.owner).get(page_of(quote)))
    assert "Relance automatique envoyée à claire.morel@exemple.fr." in page


# Not while


def _accept(quote: Quote) -> None:
    Quote.objects.filter(pk=quote.pk).update(state=Quote.State.ACCEPTED)


def _lapse(quote: Quote) -> None:
    QuoteVersion.objects.filter(quote=quote).update(valid_until=SENT.date())


ENDS: dict[str, Callable[[Quote], Any]] = {
    "refused": lambda quote: workflow.refuse(quote.pk, reason="", actor=SYSTEM),
    "accepted": _accept,
    "cancelled": lambda quote: workflow.cancel(quote.pk, actor=SYSTEM),
    "blocked": lambda quote: workflow.block(quote.pk, reason="", actor=SYSTEM),
    "lapsed": _lapse,
    "company stopped": lambda quote: Company.objects.update(quote_reminder_days=[]),
}


@pytest.mark.parametrize("end", ENDS)
def test_reminders_end_when_the_customer_has_nothing_to_answer_any_more(end: str) -> None:
    quote = make([2, 4])
    with at(SENT + DAY):
        ENDS[end](quote)
    assert [swept(quote, moment) for moment in (2, 4, 9)] == [0, 0, 0]
    quote.refresh_from_db()
    assert quote.next_reminder_at is None


def test_they_go_on_once_access_is_given_back() -> None:
    quote = make([2, 6])
    with at(SENT + DAY):
        workflow.block(quote.pk, reason="", actor=SYSTEM)
    assert swept(quote, 2) == 0
    with at(SENT + 3 * DAY):
        workflow.unblock(quote.pk, actor=SYSTEM)
    assert [swept(quote, moment) for moment in (3, 6)] == [0, 1]


def test_a_question_that_waits_for_us_postpones_them() -> None:
    quote = make([1])
    with at(SENT + 0.9 * DAY):
        workflow.ask(quote.pk, text="Et le thermostat ?", phone="", actor=SYSTEM)
    assert [swept(quote, moment) for moment in (1, 2)] == [0, 0]
    with at(SENT + 2.5 * DAY):
        workflow.answer(quote.questions.get().pk, text="Oui.", author=quote.owner, actor=SYSTEM)
    # The answer, on Friday 27 at 2 h 41, brought a link that opens for a day; after it comes the week-end.
    assert [swept(quote, moment) for moment in (3, 5.7, 6)] == [0, 0, 1]


def test_a_new_version_in_preparation_postpones_them_and_starts_its_own() -> None:
    quote = make([1, 9])
    with at(SENT + 0.5 * DAY):
        workflow.revise(quote.pk, actor=SYSTEM)
    assert [swept(quote, moment) for moment in (1, 2)] == [0, 0]
    with at(SENT + 2 * DAY):
        send(Quote.objects.get(pk=quote.pk))
    # Sent on Thursday 26: the first is due on Friday 27.
    assert [swept(quote, moment) for moment in (2.5, 3)] == [0, 1]


def test_one_sent_by_hand_stands_for_the_automatic_one_that_was_near() -> None:
    quote = make([2, 7])
    with at(SENT + 1.2 * DAY):
        workflow.remind(quote.pk, actor=SYSTEM)
    assert [swept(quote, moment) for moment in (2, 3, 7)] == [1, 1, 2]


def test_other_days_set_meanwhile_count_at_once() -> None:
    quote = make([1, 2])
    Company.objects.update(quote_reminder_days=[2])
    assert [swept(quote, moment) for moment in (1, 2, 3)] == [0, 1, 1]


def test_a_day_that_was_taken_out_meanwhile_sends_nothing() -> None:
    quote = make([1, 3, 7])
    assert swept(quote, 1) == 1
    Company.objects.update(quote_reminder_days=[1, 7])
    assert [swept(quote, moment) for moment in (3, 6, 7)] == [1, 1, 2]


def test_a_quote_past_its_date_is_not_reminded_of_by_hand_either() -> None:
    quote = make([])
    _lapse(quote)
    with at(SENT + 2 * DAY), pytest.raises(IllegalMove):
        workflow.remind(quote.pk, actor=SYSTEM)


# Before it is too late


def noticed(quote: Quote, day: dt.date, hour: int = 9) -> int:
    with at(dt.datetime.combine(day, dt.time(hour), tzinfo=PARIS)):
        reminding.sweep()
    return int(mails("quotes/expiring_owner", quote).count())


UNTIL = dt.date(2026, 12, 24)


def test_the_owner_is_told_once_some_days_before_the_end() -> None:
    quote = make([], notice=3, valid_until=UNTIL)
    days = [UNTIL - 4 * DAY, UNTIL - 3 * DAY, UNTIL - 2 * DAY, UNTIL]
    assert [noticed(quote, day) for day in days] == [0, 1, 1, 1]
    assert Notification.objects.get(user=quote.owner, kind="expiring").about == quote.number
    assert mails("quotes/expiring_owner", quote).get().to == quote.owner.email
    assert kinds(quote).count("expiry_told") == 1


def test_nobody_is_told_at_night() -> None:
    quote = make([], notice=3, valid_until=UNTIL)
    assert [noticed(quote, UNTIL - 3 * DAY, hour) for hour in (0, 7, 8)] == [0, 0, 1]


def test_a_new_date_is_told_anew() -> None:
    quote = make([], notice=3, valid_until=UNTIL)
    assert noticed(quote, UNTIL - DAY) == 1
    with at(SENT + 29 * DAY):
        send_again(quote, valid_until=UNTIL + 20 * DAY)
    assert [noticed(quote, UNTIL + days * DAY) for days in (5, 17, 18)] == [1, 2, 2]


def test_zero_days_is_never() -> None:
    quote = make([], notice=0, valid_until=UNTIL)
    assert [noticed(quote, UNTIL - DAY), noticed(quote, UNTIL)] == [0, 0]


def test_a_short_validity_is_not_told_on_the_day_of_the_sending() -> None:
    quote = make([], notice=3, valid_until=SENT.date() + 2 * DAY)
    assert [noticed(quote, SENT.date(), 20), noticed(quote, SENT.date() + DAY)] == [0, 1]


@pytest.mark.parametrize("end", ["refused", "accepted", "cancelled", "blocked", "asked", "revising"])
def test_only_a_quote_that_waits_for_its_customer_is_told_of(end: str) -> None:
    quote = make([], notice=3, valid_until=UNTIL)
    others: dict[str, Callable[[Quote], Any]] = {
        "asked": lambda quote: workflow.ask(quote.pk, text="Et après ?", phone="", actor=SYSTEM),
        "revising": lambda quote: workflow.revise(quote.pk, actor=SYSTEM),
    }
    with at(SENT + DAY):
        (ENDS | others)[end](quote)
    assert noticed(quote, UNTIL - DAY) == 0
    with at(SENT + 29 * DAY):
        assert workflow.tell_expiry(quote.pk) is False


def test_a_draft_is_nobodys_business() -> None:
    make_company()
    Company.objects.update(quote_reminder_days=[1], expiry_notice_days=3)
    with at(SENT):
        quote = make_quote(valid_until=SENT.date() + DAY)
    assert (swept(quote, 1), noticed(quote, SENT.date() + DAY)) == (0, 0)
