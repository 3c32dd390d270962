"""Options chosen on line: the customer's own version, made of what was frozen."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from lib import limiter
from quotes import journal, workflow
from quotes.content import Contribution, DocumentFacts
from quotes.grounds import AidFacts
from quotes.journal import Actor
from quotes.models import Aid, Company, IllegalMove, Quote, QuoteVersion
from quotes.pages.options import Wish, offered
from quotes.rules import Reason
from quotes.tests.enclosures import add_document, add_photo
from quotes.tests.factories import (
    SYSTEM,
    complete,
    mails,
    make_link,
    make_quote,
    make_sent_quote,
    send,
    send_again,
    version_of,
)
from quotes.tests.frozen import in_force
from quotes.versions.choosing import Unchoosable
from quotes.versions.comparison import changes
from quotes.workflow import Choosing
from signing.tests.sealed import small_pdf

pytestmark = pytest.mark.django_db
CUSTOMER = Actor("customer", ip="192.0.2.7", agent="Firefox")
LINES: tuple[dict[str, Any], ...] = (
    {"label": "Pompe", "unit": "unité", "unit_price": Decimal(6000), "vat_rate": Decimal("5.5")},
    {"label": "Pose", "unit": "forfait", "unit_price": Decimal(1000)},
    {"label": "Thermostat", "unit": "unité", "unit_price": Decimal(249), "option": True},
    {"label": "Désembouage", "unit": "forfait", "unit_price": Decimal(400), "option": True, "vat_rate": Decimal(10)},
    {"label": "Ballon 200 l", "unit": "unité", "unit_price": Decimal(900), "option": True, "chosen": True,
     "choice_group": "Ballon", "choice_kind": "exactly_one"},
    {"label": "Ballon 300 l", "unit": "unité", "unit_price": Decimal(1200), "option": True,
     "choice_group": "Ballon", "choice_kind": "exactly_one"},
)  # fmt: skip


def sent(**fields: Any) -> Quote:
    return make_sent_quote(**{"lines": LINES} | fields)


def identities(quote: Quote, *labels: str) -> frozenset[str]:
    return frozenset(quote.lines.get(label=label).identity for label in labels)


def choose(
    quote: Quote, *labels: str, link: Any = None, chosen: Any = None, version_hash: str = ""
) -> Choosing | Unchoosable:
    return workflow.choose_options(
        quote.pk,
        link=link or make_link(quote)[0],
        chosen=identities(quote, *labels) if chosen is None else chosen,
        version_hash=version_hash or version_of(quote).version_hash,
        actor=CUSTOMER,
    )


def waiting(quote: Quote) -> QuoteVersion:
    return quote.versions.get(done_at=None, failed_at=None)


def again(quote: Quote) -> Quote:
    return Quote.objects.get(pk=quote.pk)


def test_a_choice_is_a_version_of_its_own_that_takes_the_place_of_the_one_in_force() -> None:
    quote = sent()
    first, links = version_of(quote), quote.links.count()
    link = make_link(quote)[0]
    assert choose(quote, "Thermostat", "Ballon 300 l", link=link) is Choosing.CHOSEN
    assert version_of(again(quote)) == first, "in force until the PDF is stored"
    second = waiting(quote)
    before, after = first.reading, second.reading
    assert [line.label for line in after.chosen] == ["Thermostat", "Ballon 300 l"]
    assert [line.label for line in after.options] == ["Désembouage", "Ballon 200 l"]
    assert after.total == before.total + Decimal("298.80") + Decimal("360.00")
    assert after.deposit is not None
    assert after.deposit.amount == (after.total * Decimal("0.3")).quantize(Decimal("0.01"))
    complete(second)
    quote = again(quote)
    assert (quote.state, version_of(quote).number) == (Quote.State.SENT, 2)
    assert (after.valid_until, after.issued_on, after.email) == (
        before.valid_until,
        before.issued_on,
        before.email,
    )
    assert quote.links.count() == links + 1, "the one that this test made"
    assert not quote.versions.filter(number=1, is_current=True).exists()
    assert journal.first_bad_row(quote) is None


def test_the_choice_is_the_customers_act_in_the_journal() -> None:
    quote = sent()
    link = make_link(quote)[0]
    choose(quote, "Thermostat", "Ballon 200 l", link=link)
    event = quote.events.get(kind="options_chosen")
    assert (event.actor["kind"], event.actor["ip"]) == ("customer", "192.0.2.7")
    assert (event.facts["version"], event.facts["based_on"], event.facts["link"]) == (2, 1, link.pk)
    assert event.facts["words"] == "Thermostat, Ballon 200 l"
    assert event.facts["content_sha256"] == waiting(quote).content_sha256


def test_no_mail_no_reminder_and_no_state_come_of_it() -> None:
    quote = sent()
    mailed, planned = mails("quotes/new_version", quote).count(), again(quote).next_reminder_at
    choose(quote, "Thermostat", "Ballon 200 l")
    complete(waiting(quote))
    now = again(quote)
    assert mails("quotes/new_version", quote).count() == mailed
    assert (now.next_reminder_at, now.state, now.revising) == (planned, Quote.State.SENT, False)


def test_with_the_choice_that_was_frozen_it_says_the_same_word_for_word() -> None:
    """Whatever the company and the working copy have become: nothing but numbers and choice differs."""
    quote = sent(contract=Quote.Contract.OFF_PREMISES)
    before = version_of(quote).reading
    choose(quote, "Thermostat", "Ballon 200 l")
    complete(waiting(quote))
    workflow.revise(quote.pk, actor=SYSTEM)
    Quote.objects.filter(pk=quote.pk).update(
        title="Autre chose", deposit_value=Decimal(5), waste_quantity="9 t"
    )
    quote.lines.filter(label="Pompe").update(unit_price=Decimal(1))
    Company.objects.update(
        insurer_name="Un autre", territory="dom", terms_text="D'autres conditions", rge="yes"
    )
    choose(quote, "Ballon 200 l")
    complete(waiting(quote))
    after = version_of(again(quote)).reading
    own = f"version\u00a0{after.version}"
    consents = tuple(replace(one, words=one.words.replace(own, "version\u00a01")) for one in after.consents)
    assert replace(after, version=1, consents=consents) == before


def test_the_working_copy_is_not_touched() -> None:
    quote = sent()
    workflow.revise(quote.pk, actor=SYSTEM)
    lines = list(quote.lines.values())
    choose(quote, "Thermostat", "Ballon 200 l")
    complete(waiting(quote))
    assert list(quote.lines.values()) == lines
    assert again(quote).revising


def test_the_owners_next_version_starts_with_the_choice() -> None:
    quote = sent()
    choose(quote, "Thermostat", "Ballon 300 l")
    complete(waiting(quote))
    assert not quote.lines.get(label="Thermostat").chosen
    send_again(quote)
    content = version_of(again(quote)).reading
    assert [line.label for line in content.chosen] == ["Thermostat", "Ballon 300 l"]
    assert again(quote).choice is None


def test_the_same_choice_makes_no_version() -> None:
    quote = sent()
    assert choose(quote, "Ballon 200 l") is Choosing.SAME
    assert quote.versions.count() == 1


def test_an_option_that_the_version_does_not_have_is_refused() -> None:
    quote = sent()
    unknown = frozenset({"000000000000"})
    assert choose(quote, chosen=unknown) is Unchoosable.UNKNOWN
    assert choose(quote, chosen=identities(quote, "Pompe", "Ballon 200 l")) is Unchoosable.UNKNOWN
    assert quote.versions.count() == 1


def test_of_a_group_exactly_one_is_chosen() -> None:
    quote = sent()
    assert choose(quote, "Ballon 200 l", "Ballon 300 l") is Unchoosable.TWO_OF_A_GROUP
    assert choose(quote, "Thermostat") is Unchoosable.NONE_OF_A_GROUP


def test_of_a_group_at_most_one_is_chosen() -> None:
    free = tuple(
        line | {"chosen": False, "choice_kind": "at_most_one"} if "choice_group" in line else line
        for line in LINES
    )
    quote = sent(lines=free)
    assert choose(quote, "Ballon 200 l", "Ballon 300 l") is Unchoosable.TWO_OF_A_GROUP
    assert choose(quote, "Thermostat") is Choosing.CHOSEN


def test_a_choice_that_leaves_less_than_the_aids_is_refused() -> None:
    lines = ({"label": "Pose", "unit": "forfait", "unit_price": Decimal(100)}, *LINES[4:])
    quote = make_quote(lines=lines)
    Aid.objects.create(quote=quote, kind=Aid.Kind.OTHER, payer="Ville", amount=Decimal(1300))
    quote.lines.filter(label="Ballon 200 l").update(chosen=False)
    quote.lines.filter(label="Ballon 300 l").update(chosen=True)
    quote = send(quote)
    assert choose(quote, "Ballon 200 l") is Unchoosable.LESS_THAN_AIDS
    assert quote.versions.count() == 1


def test_an_aid_that_is_tied_to_an_option_comes_with_it() -> None:
    quote = make_quote(lines=LINES)
    tied = list(identities(quote, "Thermostat"))
    Aid.objects.create(quote=quote, kind=Aid.Kind.MPR, payer="Anah", amount=Decimal(50), lines=tied)
    quote = send(quote)
    assert not version_of(quote).reading.aids
    choose(quote, "Thermostat", "Ballon 200 l")
    assert [aid.amount for aid in waiting(quote).reading.aids] == [Decimal(50)]


def test_a_reduced_rate_that_comes_with_an_option_brings_its_box() -> None:
    quote = sent()
    assert "vat_10" not in {box.id for box in version_of(quote).reading.consents}
    choose(quote, "Désembouage", "Ballon 200 l")
    content = waiting(quote).reading
    assert "vat_10" in {box.id for box in content.consents}
    assert "TVA à 10" in next(one.text for one in content.notices if one.id == "reduced_vat")


def test_the_law_is_asked_with_the_day_of_the_choice_and_stops_what_it_would_make_void() -> None:
    """Off premises a date of beginning that has passed makes the contract void (art. L221-9)."""
    quote = sent(
        contract=Quote.Contract.OFF_PREMISES, start="15 janvier 2099", valid_until=dt.date(2099, 3, 1)
    )
    with time_machine.travel(dt.datetime(2099, 1, 16, 9, tzinfo=dt.UTC)):
        link = make_link(quote)[0]
        assert choose(quote, "Thermostat", "Ballon 200 l", link=link) is Unchoosable.TO_BE_CHECKED
        assert offered(quote, version_of(quote).reading, Wish()) is None
    assert choose(quote, "Thermostat", "Ballon 200 l") is Choosing.CHOSEN


def test_what_would_be_refused_by_itself_is_not_offered() -> None:
    quote = make_quote(lines=LINES[2:])
    Aid.objects.create(quote=quote, kind=Aid.Kind.OTHER, payer="Ville", amount=Decimal(1300))
    quote.lines.filter(choice_group="Ballon").update(chosen=False)
    quote.lines.filter(label="Ballon 300 l").update(chosen=True)
    quote = send(quote)
    found = offered(quote, version_of(quote).reading, Wish())
    assert found is not None
    offers = [offer for group in found.groups for offer in group.offers]
    assert {offer.line.label: offer.is_offered for offer in offers} == {
        "Thermostat": True,
        "Désembouage": True,
        "Ballon 200 l": False,
        "Ballon 300 l": True,
    }


def test_what_was_read_must_be_what_is_in_force() -> None:
    quote = sent()
    old = version_of(quote).version_hash
    send_again(quote, title="Autre")
    assert choose(quote, "Thermostat", "Ballon 200 l", version_hash=old) is Choosing.CHANGED


@pytest.mark.parametrize("state", ["fixed", "preparing", "sending"])
def test_when_nothing_can_be_chosen(state: str) -> None:
    quote = sent()
    link = make_link(quote)[0]
    if state == "fixed":
        Quote.objects.filter(pk=quote.pk).update(options_fixed=True)
    elif state == "preparing":
        choose(quote, "Thermostat", "Ballon 200 l", link=link)
    else:
        workflow.revise(quote.pk, actor=SYSTEM)
        workflow.send(quote.pk, actor=SYSTEM)
    with pytest.raises(IllegalMove) as refusal:
        choose(quote, "Ballon 300 l", link=link)
    assert refusal.value.reason is {
        "fixed": Reason.OPTIONS_FIXED, "preparing": Reason.CHOOSING, "sending": Reason.STAGE,
    }[state]  # fmt: skip


def in_turn(quote: Quote, link: Any) -> Choosing | Unchoosable:
    """The other balloon, whichever it was."""
    kept = {line.label for line in version_of(again(quote)).reading.chosen}
    outcome = choose(again(quote), *({"Ballon 200 l", "Ballon 300 l"} - kept), link=link)
    if outcome is Choosing.CHOSEN:
        complete(waiting(quote))
    return outcome


def test_three_choices_by_a_link_and_six_by_all_within_an_hour() -> None:
    quote = sent()
    links = [make_link(quote)[0] for _ in range(3)]
    assert [in_turn(quote, links[0]) for _ in range(4)] == [*[Choosing.CHOSEN] * 3, Choosing.TOO_OFTEN]
    assert [in_turn(quote, links[1]) for _ in range(3)] == [Choosing.CHOSEN] * 3
    assert in_turn(quote, links[2]) is Choosing.TOO_OFTEN
    assert (limiter.CHOICE.most, limiter.CHOICE_BY_LINK.most) == (6, 3)


def test_forty_versions_are_a_quotes_life(monkeypatch: pytest.MonkeyPatch) -> None:
    quote = sent()
    first = version_of(quote)
    QuoteVersion.objects.bulk_create(
        QuoteVersion(
            quote=quote, number=number, content="{}", valid_until=first.valid_until, total=0, deposit=0,
            failed_at=first.frozen_at,
        )
        for number in range(2, 41)
    )  # fmt: skip
    assert choose(quote, "Thermostat", "Ballon 200 l") is Choosing.TOO_MANY_VERSIONS


def test_a_choice_whose_pdf_cannot_be_made_leaves_the_version_in_force_and_tells_the_owner() -> None:
    quote = sent()
    choose(quote, "Thermostat", "Ballon 200 l")
    workflow.abandon_sending(waiting(quote).pk, reason="Pas de police.")
    now = again(quote)
    assert (now.state, version_of(now).number, now.choice_state) == (Quote.State.SENT, 1, "failed")
    assert "Pas de police." in mails("quotes/choice_failed_owner", quote).get().text
    assert choose(now, "Thermostat", "Ballon 200 l") is Choosing.CHOSEN, "it may be tried again"


@pytest.mark.parametrize("rival", ["sent by its owner", "refused"])
def test_a_choice_that_was_overtaken_never_comes_into_force(rival: str) -> None:
    quote = sent()
    choose(quote, "Thermostat", "Ballon 200 l")
    chosen = waiting(quote)
    if rival == "refused":
        workflow.refuse(quote.pk, reason="", actor=CUSTOMER)
    else:
        send_again(quote, title="Autre")
    complete(chosen)
    now = again(quote)
    assert not QuoteVersion.objects.get(pk=chosen.pk).is_current
    assert now.choice_state == ""
    assert now.events.latest("seq").kind == "choice_overtaken"
    assert version_of(now).number == (1 if rival == "refused" else 3)


def test_a_version_of_before_offers_no_choice() -> None:
    """Nothing was kept of what law and money were asked with."""
    quote = in_force("3")
    options = version_of(quote).reading.options
    chosen = frozenset(line.identity for line in options)
    assert offered(quote, version_of(quote).reading, Wish()) is None
    assert choose(quote, chosen=chosen) is Unchoosable.UNKNOWN


def test_a_choice_keeps_photos_and_documents_and_what_the_box_says_of_them() -> None:
    quote = make_quote(lines=LINES)
    add_photo(quote, caption="La cave", line=quote.lines.get(label="Ballon 300 l").identity)
    add_document(quote, small_pdf())
    send(quote)
    before = version_of(quote).reading
    assert choose(again(quote), "Thermostat", "Ballon 300 l") is Choosing.CHOSEN
    complete(waiting(quote))
    after = version_of(quote).reading
    assert (after.photos, after.documents) == (before.photos, before.documents)
    assert "les documents qui font partie du contrat" in after.consents[0].words


def test_a_document_of_an_option_is_part_of_the_contract_with_it_alone() -> None:
    quote = make_quote(lines=LINES)
    add_document(quote, small_pdf(), title="Ballon 300", line=quote.lines.get(label="Ballon 300 l").identity)
    send(quote)
    before = version_of(quote).reading
    assert before.documents
    assert before.contract_documents == ()
    assert "les documents qui font partie du contrat" not in before.consents[0].words
    assert choose(again(quote), "Ballon 300 l") is Choosing.CHOSEN
    complete(waiting(quote))
    after = version_of(quote).reading
    assert [one.title for one in after.contract_documents] == ["Ballon 300"]
    assert "les documents qui font partie du contrat" in after.consents[0].words
    assert "Le document «\u00a0Ballon 300\u00a0» fait maintenant partie du contrat." in changes(before, after)


def test_documents_of_the_contract_are_mailed_before_the_others() -> None:
    heavy = DocumentFacts(
        sha256="a" * 64, title="Brochure", pages=1, size=4_000_000, in_contract=False, line=""
    )
    binding = replace(heavy, sha256="b" * 64, title="Fiche", size=2_000_000, in_contract=True)
    content = replace(version_of(sent()).reading, documents=(heavy, binding))
    assert content.mailed_documents == (binding,)


def test_the_frame_of_a_prime_goes_and_comes_with_it() -> None:
    aid = AidFacts(kind="cee", payer="Obligé", amount=Decimal(100), conditional=False, deducted=True)
    content = replace(version_of(sent()).reading, contribution=Contribution("c" * 64, dt.date(2026, 11, 1)))
    assert content.handed_contribution is None
    assert content.joined_files == [one for one in content.joined_files if "contributions" not in one[0]]
    assert replace(content, aids=(aid,)).handed_contribution == content.contribution
