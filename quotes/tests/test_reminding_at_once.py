"""Two workers take up the same due quote: one reminder, one notice, a journal without a gap."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from logisav.tests import crowd
from logisav.tests.figures import sample
from quotes import journal, reminding
from quotes.tests.factories import mails
from quotes.tests.test_reminding import DAY, SENT, at, make

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_two_workers_at_the_same_moment_send_one_reminder_and_one_notice(
    figure: Callable[[str, str], None],
) -> None:
    runs = sample(3, 100)
    for _ in range(runs):
        quote = make([1], notice=9, valid_until=SENT.date() + 5 * DAY)
        with at(SENT + DAY):
            results = crowd.at_once(reminding.sweep, reminding.sweep)
        assert not [result for result in results if isinstance(result, Exception)], results
        assert mails("quotes/reminder", quote).count() == 1
        assert mails("quotes/expiring_owner", quote).count() == 1
        assert journal.first_bad_row(quote) is None
    figure("same moment", f"reminder×reminder, notice×notice: {runs} runs, one each")
