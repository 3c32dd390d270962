"""Two saves of one form at the same moment: one wins, the other is told."""

from __future__ import annotations

from functools import partial

import pytest

from logisav.desk.tests.desk import at_desk, filled, line, manager, owner, page_of
from logisav.tests import crowd
from logisav.tests.figures import Figure, sample
from quotes.tests.factories import make_customer, make_quote

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_of_two_saves_at_once_exactly_one_wins(figure: Figure) -> None:
    quote = make_quote(owner=owner())
    tabs = (at_desk(quote.owner), at_desk(manager()))
    runs = sample(3, 50)
    for round_ in range(runs):
        count, titles = quote.lines.count(), [f"Onglet {number}, essai {round_}" for number in (1, 2)]
        calls = []
        for tab, title in zip(tabs, titles, strict=True):
            typed = {"title": title, "lines-TOTAL_FORMS": str(count + 1)}
            typed |= line(count, label=title, unit_price="5")
            calls.append(partial(tab.post, page_of(quote), filled(tab.get(page_of(quote))) | typed))
        answers = crowd.at_once(*calls)
        assert sorted(answer.status_code for answer in answers) == [302, 409], answers
        winner = next(
            title for title, answer in zip(titles, answers, strict=True) if answer.status_code == 302
        )
        quote.refresh_from_db()
        assert quote.title == winner
        assert [one.label for one in quote.lines.all()][count:] == [winner]
    figure("desk at once", f"two saves of one quote: {runs} runs, one wins and one is told each time")


def test_a_customers_new_address_and_a_save_of_his_quote_do_not_wait_for_each_other(
    figure: Figure,
) -> None:
    """The customer is locked before his quotes, whichever form begins."""
    customer = make_customer()
    quote = make_quote(owner=manager(), customer=customer)
    address = f"/admin/quotes/customer/{customer.pk}/change/"
    tabs = (at_desk(quote.owner), at_desk(manager()))
    runs = sample(3, 50)
    for round_ in range(runs):
        mail = filled(tabs[0].get(address)) | {"email": f"claire{round_}@exemple.fr"}
        title = filled(tabs[1].get(page_of(quote))) | {"title": f"Essai {round_}"}
        answers = crowd.at_once(
            partial(tabs[0].post, address, mail), partial(tabs[1].post, page_of(quote), title)
        )
        assert [answer.status_code for answer in answers] == [302, 302], answers
    figure("desk at once", f"customer's address×his quote: {runs} runs, 0 deadlocks")
