"""« Mes options » by HTTP and without JavaScript: what is ticked, what is shown of it, what becomes of a code."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from quotes import workflow
from quotes.models import AccessLink, Quote
from quotes.tests.factories import SYSTEM, complete, send_again, version_of, visitor
from quotes.tests.test_choosing import again, identities, sent, waiting
from signing.models import Signature, SigningRequest
from signing.proof.evidence import certificate
from signing.tests.test_pages import code_of, path, send_code, send_form, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def quote() -> Quote:
    return sent()


@pytest.fixture
def browser(quote: Quote) -> Client:
    return visitor(quote)


def options(quote: Quote) -> str:
    return f"{quote.get_absolute_url()}options/"


def choose(browser: Client, quote: Quote, *labels: str, balloon: str = "Ballon 200 l", **said: str) -> Any:
    data: dict[str, Any] = {
        "option": list(identities(quote, *labels)),
        "groupe-2": list(identities(quote, balloon)) if balloon else [""],
        "version_hash": version_of(again(quote)).version_hash,
    }
    return browser.post(options(quote), data | said)


def page_of(browser: Client, quote: Quote) -> str:
    return text(browser.get(quote.get_absolute_url()))


def test_the_page_offers_each_option_alone_and_in_its_group(browser: Client, quote: Quote) -> None:
    page = page_of(browser, quote)
    boxes = re.findall(
        r'<input type="(checkbox|radio)" name="([^"]+)" value="([^"]*)"[^>]*?(checked)?>', page
    )
    assert [(kind, name, bool(checked)) for kind, name, _, checked in boxes] == [
        ("checkbox", "option", False),
        ("checkbox", "option", False),
        ("radio", "groupe-2", True),
        ("radio", "groupe-2", False),
    ]
    assert "298,80\xa0€ TTC" in page


def test_updating_shows_the_sums_and_stores_nothing(browser: Client, quote: Quote) -> None:
    answer = choose(browser, quote, "Thermostat", show="1")
    page = text(answer)
    assert answer.status_code == 200
    assert "8\u202f908,80\xa0€" in page, "with the thermostat"
    assert "8\u202f610,00\xa0€" in page, "what is still to be signed"
    assert (
        f'value="{next(iter(identities(quote, "Thermostat")))}" data-cents="24900" data-rate="20" checked'
        in page
    )
    assert quote.versions.count() == 1
    assert not quote.events.filter(kind="options_chosen").exists()


def test_a_choice_that_is_kept_prepares_itself_and_is_then_the_quote(browser: Client, quote: Quote) -> None:
    answer = choose(browser, quote, "Thermostat")
    assert (answer.status_code, answer.url) == (302, quote.get_absolute_url())
    shown = browser.get(quote.get_absolute_url())
    assert "Votre choix se prépare" in text(shown)
    assert shown.headers["Refresh"] == f"4; url={quote.get_absolute_url()}"
    complete(waiting(quote))
    page = page_of(browser, quote)
    assert "Votre choix se prépare" not in page
    assert "Option comprise dans le total" in page
    assert "«\xa0Thermostat\xa0» fait maintenant partie du total." in page
    assert browser.get(path(quote)).status_code == 200


@pytest.mark.parametrize("named", ["unknown", "two", "none"])
def test_what_cannot_be_chosen_is_told_and_stores_nothing(browser: Client, quote: Quote, named: str) -> None:
    both = identities(quote, "Ballon 200 l", "Ballon 300 l")
    said: Any = {
        "unknown": {"option": ["0" * 12]},
        "two": {"groupe-2": list(both)},
        "none": {"groupe-2": ""},
    }[named]
    answer = choose(browser, quote, **said)
    assert answer.status_code == 422
    assert 'role="alert"' in text(answer)
    assert quote.versions.count() == 1


def test_the_same_choice_says_so(browser: Client, quote: Quote) -> None:
    choose(browser, quote)
    assert "C'est déjà le choix de votre devis" in page_of(browser, quote)
    assert quote.versions.count() == 1


def test_looking_at_the_address_chooses_nothing(browser: Client, quote: Quote) -> None:
    chosen = identities(quote, "Thermostat")
    answer = browser.get(options(quote), {"option": list(chosen)})
    assert (answer.status_code, answer.url) == (302, quote.get_absolute_url())  # type: ignore[attr-defined]
    assert browser.head(options(quote)).status_code == 302
    assert quote.versions.count() == 1


def test_without_a_grant_or_its_token_nothing_is_chosen(quote: Quote) -> None:
    assert choose(Client(), quote, "Thermostat").status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = visitor(quote).cookies
    assert choose(strict, quote, "Thermostat").status_code == 403
    assert quote.versions.count() == 1


def test_a_link_that_died_chooses_nothing(browser: Client, quote: Quote) -> None:
    AccessLink.objects.update(expires_at=timezone.now())
    assert choose(browser, quote, "Thermostat").status_code == 403
    assert quote.versions.count() == 1


def test_what_has_changed_meanwhile_is_read_again(browser: Client, quote: Quote) -> None:
    old = version_of(quote).version_hash
    send_again(quote, title="Autre")
    answer = browser.get(quote.get_absolute_url())
    assert choose(browser, quote, "Thermostat", version_hash=old).status_code == 302
    assert "votre choix n'a pas été gardé" in page_of(browser, quote)
    assert answer.status_code == 200


def test_fixed_options_are_shown_and_not_offered(browser: Client, quote: Quote) -> None:
    Quote.objects.filter(pk=quote.pk).update(options_fixed=True)
    page = page_of(browser, quote)
    assert "Mes options" not in page
    assert "Thermostat" in page


def test_too_many_choices_are_told(browser: Client, quote: Quote) -> None:
    for balloon in ("Ballon 300 l", "Ballon 200 l", "Ballon 300 l"):
        choose(browser, quote, balloon=balloon)
        complete(waiting(quote))
    answer = choose(browser, quote)
    assert answer.status_code == 429
    assert "Réessayez dans une heure" in text(answer)


def test_a_failed_choice_is_told_on_the_page(browser: Client, quote: Quote) -> None:
    choose(browser, quote, "Thermostat")
    workflow.abandon_sending(waiting(quote).pk, reason="Pas de police.")
    page = page_of(browser, quote)
    assert "n'a pas pu être préparé" in page
    assert "Pas de police" not in page
    assert "Accepter et signer" in page


# Choice and code


def test_who_has_a_code_may_choose_and_reads_that_it_dies(browser: Client, quote: Quote) -> None:
    send_form(browser, quote)
    code = code_of(quote)
    assert "ce code ne servira plus" in page_of(browser, quote)
    assert choose(browser, quote, "Thermostat").status_code == 302
    assert SigningRequest.objects.get().state == SigningRequest.State.REPLACED
    assert send_code(browser, quote, code).status_code == 410
    assert not Signature.objects.exists()


def test_a_choice_that_is_refused_leaves_the_code_alive(browser: Client, quote: Quote) -> None:
    send_form(browser, quote)
    assert choose(browser, quote, balloon="").status_code == 422
    assert SigningRequest.objects.get().is_alive


def test_another_browser_reads_when_it_may_try_again(browser: Client, quote: Quote) -> None:
    send_form(browser, quote)
    other = visitor(quote)
    assert "Une signature est en cours, réessayez à" in page_of(other, quote)
    answer = choose(other, quote, "Thermostat")
    assert answer.status_code == 409
    assert "Une signature est en cours, réessayez à" in text(answer)
    assert SigningRequest.objects.get().is_alive
    assert quote.versions.count() == 1
    SigningRequest.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert choose(other, quote, "Thermostat").status_code == 302


def test_what_is_signed_is_the_version_of_the_choice(browser: Client, quote: Quote) -> None:
    choose(browser, quote, "Thermostat")
    complete(waiting(quote))
    send_form(browser, quote)
    send_code(browser, quote, code_of(quote))
    signature = Signature.objects.get()
    assert (signature.version.number, str(signature.version.total)) == (2, "8908.80")
    assert again(quote).state == Quote.State.ACCEPTED
    said = [step.words for step in certificate(signature).steps]
    assert "Options choisies par le client, version 2\xa0: Thermostat, Ballon 200 l" in said


def test_the_version_before_may_still_be_signed_while_the_choice_is_prepared(
    browser: Client, quote: Quote
) -> None:
    choose(browser, quote, "Thermostat")
    send_form(browser, quote)
    send_code(browser, quote, code_of(quote))
    assert Signature.objects.get().version.number == 1
    complete(waiting(quote))
    assert version_of(again(quote)).number == 1


def test_the_owner_who_sends_is_not_stopped_by_a_choice(browser: Client, quote: Quote) -> None:
    choose(browser, quote, "Thermostat")
    workflow.revise(quote.pk, actor=SYSTEM)
    chosen, owners = waiting(quote), workflow.send(quote.pk, actor=SYSTEM)
    complete(owners)
    complete(chosen)
    version = version_of(again(quote))
    assert version.number == 3
    assert [line.label for line in version.reading.chosen] == ["Thermostat", "Ballon 200 l"]
