"""The pages of a signature, by HTTP: what is typed is kept, every outcome has a page that says what to do."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from lib import french
from quotes.models import AccessLink, Customer, Quote
from quotes.tests.factories import (
    mails,
    make_business,
    make_customer,
    make_link,
    make_sent_quote,
    secrets_of,
    send_again,
    version_of,
    visitor,
)
from signing.models import BUTTON, Signature, SigningRequest
from signing.proof.evidence import certificate
from signing.tests.factories import let_the_minute_pass

pytestmark = pytest.mark.django_db
TYPED = {
    "first_name": "Claire",
    "last_name": "Morel-Dupont",
    "phone": "06 39 98 12 34",
    "place": "distance",
    "kind": "individual",
    "consent_quote": "on",
    "consent_electronic": "on",
    "consent_vat_5_5": "on",
}


@pytest.fixture
def quote() -> Quote:
    return make_sent_quote()


@pytest.fixture
def browser(quote: Quote) -> Client:
    return visitor(quote)


def path(quote: Quote, step: str = "") -> str:
    return f"{quote.get_absolute_url()}signer/{step}"


def send_form(browser: Client, quote: Quote, **changes: str) -> Any:
    data = TYPED | {"version_hash": version_of(quote).version_hash} | changes
    return browser.post(path(quote), {name: value for name, value in data.items() if value})


def send_code(browser: Client, quote: Quote, code: str) -> Any:
    return browser.post(path(quote, "code/"), {"code": code})


def code_of(quote: Quote) -> str:
    return secrets_of("signing/code", quote)["code"]


def wrong(quote: Quote) -> str:
    return f"{(int(code_of(quote)) + 1) % 1_000_000:06}"


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


def test_from_form_to_accepted_page(browser: Client, quote: Quote) -> None:
    assert send_form(browser, quote).headers["Location"] == path(quote, "code/")
    page = text(browser.get(path(quote, "code/")))
    assert page.count("<button") - page.count('formaction="') >= 1
    assert BUTTON in page
    assert "c•••@e•••.fr" in page
    code = code_of(quote)
    response = send_code(browser, quote, f"{code[:3]} {code[3:]}")
    assert response.headers["Location"] == quote.get_absolute_url()
    page = text(browser.get(quote.get_absolute_url()))
    assert "Devis accepté le" in page
    contract = page.partition("Relire le devis signé")[2]
    for line in version_of(quote).reading.lines:
        assert line.label in contract, "who comes back reads what was signed"


def test_the_form_shows_the_exact_amounts_and_ticks_nothing(browser: Client, quote: Quote) -> None:
    page = text(browser.get(path(quote)))
    assert "checked" not in page
    assert "/signature-electronique/" in page
    assert "8\u202f939,35\u00a0€" in page


@pytest.mark.parametrize("cause", ["small", "visit"])
def test_a_contradiction_that_kind_and_place_do_not_show_is_told_with_its_cause(cause: str) -> None:
    """Without it the owner would read back what the quote says already, and send the same again."""
    today = timezone.now()
    planned: dict[str, Any] = {"delivery": "12 janvier 2099", "start": "3 semaines après la signature"}
    if cause == "small":
        quote = make_sent_quote(
            customer=make_business(), contract="off_premises", small_business=False, **planned
        )
        typed = {"kind": "business", "place": "off_premises", "capacity": "gérante", "is_small": "yes"}
        told, shown = "cinq salariés au plus", "de plus de cinq salariés"
    else:
        ahead = (today + dt.timedelta(days=1)).date()
        quote = make_sent_quote(contract="on_premises", visited_on=ahead, **planned)
        typed = {"place": "on_premises"}
        told, shown = "le jour de la visite", "aujourd'hui est le jour de notre visite"
        today += dt.timedelta(days=1)
    with time_machine.travel(today, tick=False):
        browser = visitor(quote)
        answer = [send_form(browser, quote, **typed) for _ in range(2)][-1]
    assert answer.status_code == 409
    assert shown in text(answer)
    mail = mails("signing/contradiction_owner", quote).get().text
    assert told in mail
    assert ("a déclaré autre chose" in mail) is (cause == "small")
    assert told in quote.events.get(kind="contradiction").facts["said"]


def test_a_code_that_is_typed_after_midnight_on_the_day_of_a_visit_signs_nothing() -> None:
    """The form was sent the evening before: off premises the version would give no notice of the right to withdraw."""
    ahead = timezone.localdate() + dt.timedelta(days=1)
    planned: dict[str, Any] = {"delivery": "12 janvier 2099", "start": "3 semaines après la signature"}
    quote = make_sent_quote(contract="on_premises", visited_on=ahead, **planned)
    midnight = dt.datetime.combine(ahead, dt.time(), tzinfo=french.PARIS)
    with time_machine.travel(midnight - dt.timedelta(minutes=5), tick=False) as clock:
        link, address = make_link(quote)
        assert link.is_valid
        browser = Client()
        browser.get(address)
        assert send_form(browser, quote, place="on_premises").status_code == 302
        clock.shift(dt.timedelta(minutes=8))
        answer = send_code(browser, quote, code_of(quote))
    assert answer.status_code == 409
    assert "aujourd'hui est le jour de notre visite" in text(answer)
    assert not Signature.objects.exists()
    assert mails("signing/contradiction_owner", quote).count() == 1


def test_a_quote_is_signed_with_its_boxes_and_the_code_alone() -> None:
    """Name, phone, kind and place stand there: who agrees ticks, and types nothing but the code."""
    quote = make_sent_quote(customer=make_customer(phone="06 39 98 12 42"))
    browser = visitor(quote)
    page = text(browser.get(path(quote)))
    assert 'value="Claire"' in page
    assert "Je signe en tant que particulier, à distance" in page
    assert quote.customer.phone not in page
    hidden = re.findall(r'name="(shown|version_hash)" value="([^"]+)"', page)
    typed = dict(hidden) | {"first_name": "Claire", "last_name": "Morel", "phone": ""}
    boxes = {f"consent_{one.id}": "on" for one in version_of(quote).reading.consents if one.required}
    assert browser.post(path(quote), typed | boxes).headers["Location"] == path(quote, "code/")
    assert send_code(browser, quote, code_of(quote)).status_code == 302
    signature = Signature.objects.get()
    assert (signature.phone, signature.kind, signature.place) == (
        quote.customer.phone,
        "individual",
        "distance",
    )
    fact = quote.events.get(kind="accepted").facts
    assert fact["prefilled"] == {"name": "kept", "phone": "kept"}
    assert fact["said"] == signature.said != ""
    assert certificate(signature).signatory.said == signature.said


@pytest.mark.parametrize(
    "changes",
    [
        {"phone": "0478"},
        {"consent_quote": ""},
        {"last_name": ""},
        {"phone": "06-39-98-12-34-56-78-90-12-34-56"},
    ],
)
def test_a_refused_form_keeps_what_was_typed(browser: Client, quote: Quote, changes: dict[str, str]) -> None:
    response = send_form(browser, quote, **changes)
    assert response.status_code == 422
    assert 'value="Claire"' in text(response)
    assert 'aria-invalid="true"' in text(response)
    assert 'role="alert"' in text(response)
    assert not SigningRequest.objects.exists()


def test_a_professional_tells_in_what_capacity(quote: Quote) -> None:
    business = make_sent_quote(customer=make_business())
    browser = visitor(business)
    assert send_form(browser, business).status_code == 422
    assert send_form(browser, business, capacity="Gérant", kind="business").status_code == 302
    assert SigningRequest.objects.get().capacity == "Gérant"


@pytest.mark.parametrize("changes", [{"place": "off_premises"}, {"kind": "business"}])
def test_a_contradiction_stops_the_signature_and_tells_the_owner(
    browser: Client, quote: Quote, changes: dict[str, str]
) -> None:
    assert [send_form(browser, quote, **changes).status_code for _ in range(2)] == [409, 409]
    assert not SigningRequest.objects.exists()
    assert mails("signing/contradiction_owner", quote).count() == 1
    assert quote.events.filter(kind="contradiction").count() == 1


@pytest.mark.parametrize("name", ["place", "kind"])
def test_where_a_right_hangs_on_it_where_and_as_whom_one_signs_is_asked_and_never_answered_beforehand(
    name: str,
) -> None:
    planned: dict[str, Any] = {"delivery": "12 janvier 2099", "start": "3 semaines après la signature"}
    quote = make_sent_quote(visited_on=timezone.localdate(), **planned)
    browser = visitor(quote)
    assert send_form(browser, quote, **{name: ""}).status_code == 422
    page = text(browser.get(path(quote)))
    assert "Où signez-vous\u00a0?" in page
    assert "Ce n'est pas le cas" not in page


def test_the_mail_of_the_signatory_is_the_links_and_no_other(browser: Client, quote: Quote) -> None:
    send_form(browser, quote, email="voleur@exemple.net")
    assert SigningRequest.objects.get().email == "claire.morel@exemple.fr"


def test_a_wrong_code_says_how_many_tries_are_left(browser: Client, quote: Quote) -> None:
    send_form(browser, quote)
    response = send_code(browser, quote, wrong(quote))
    assert response.status_code == 422
    assert "Il vous reste 4\u00a0essais" in text(response)


def test_what_is_no_code_costs_no_try(browser: Client, quote: Quote) -> None:
    send_form(browser, quote)
    assert send_code(browser, quote, "12345").status_code == 422
    assert SigningRequest.objects.get().tries == 0


def test_after_five_tries_the_page_says_so(browser: Client, quote: Quote) -> None:
    send_form(browser, quote)
    code = wrong(quote)
    assert [send_code(browser, quote, code).status_code for _ in range(6)] == [422] * 5 + [429]
    opened_again = browser.get(path(quote, "code/"))
    assert opened_again.status_code == 429
    assert "Ce code ne peut plus servir" in text(opened_again)


def test_a_code_page_that_another_tab_has_overtaken_signs_nothing_and_shows_what_would_be_signed(
    browser: Client, quote: Quote
) -> None:
    """Art. L221-14: what is read above the button is what the button orders."""
    send_form(browser, quote)
    stale = re.findall(r'name="challenge" value="(\d+)"', text(browser.get(path(quote, "code/"))))
    assert len(stale) == 1
    send_again(quote, title="Une chaudière à granulés", deposit_value=50)
    let_the_minute_pass(quote)
    assert send_form(browser, quote).status_code == 302
    answer = browser.post(path(quote, "code/"), {"code": code_of(quote), "challenge": stale[0]})
    assert answer.status_code == 409
    assert "Cette page n'était plus à jour" in text(answer)
    assert "Une chaudière à granulés" in text(answer)
    assert not Signature.objects.exists()
    assert SigningRequest.objects.latest("pk").tries == 0
    fresh = re.findall(r'name="challenge" value="(\d+)"', text(answer))
    assert (
        browser.post(path(quote, "code/"), {"code": code_of(quote), "challenge": fresh[0]}).status_code == 302
    )
    assert Signature.objects.get().version == version_of(quote)


def test_a_request_of_before_place_and_kind_were_asked_leads_to_the_form(
    browser: Client, quote: Quote
) -> None:
    send_form(browser, quote)
    SigningRequest.objects.update(place="", kind="")
    let_the_minute_pass(quote)
    assert browser.post(path(quote, "nouveau-code/")).headers["Location"] == path(quote)


def test_a_form_that_is_shown_again_records_what_it_showed() -> None:
    """The owner changes phone and name between the page and its sending: twice refused, then sent as it stands."""
    customer = make_customer(phone="06 39 98 12 12")
    quote = make_sent_quote(customer=customer)
    browser = visitor(quote)
    page = text(browser.get(path(quote)))
    Customer.objects.update(phone="06 39 98 88 77", last_name="Autre")
    boxes = {f"consent_{one.id}": "on" for one in version_of(quote).reading.consents if one.required}
    typed = {
        "first_name": "Claire",
        "last_name": "Morel",
        "phone": "",
        "version_hash": version_of(quote).version_hash,
    }
    for _ in range(2):
        token = re.findall(r'name="shown" value="([^"]+)"', page)[0]
        answer = browser.post(path(quote), typed | {"shown": token})
        assert answer.status_code == 422
        page = text(answer)
    assert "77, c'est bien le vôtre" in page
    token = re.findall(r'name="shown" value="([^"]+)"', page)[0]
    assert browser.post(path(quote), typed | boxes | {"shown": token}).status_code == 302
    request = SigningRequest.objects.get()
    assert (request.name_from, request.phone_from, request.phone) == ("kept", "kept", "06 39 98 88 77")


def test_another_browser_is_told_to_go_back_to_the_first(browser: Client, quote: Quote) -> None:
    send_form(browser, quote)
    response = send_code(visitor(quote), quote, code_of(quote))
    assert response.status_code == 409
    assert SigningRequest.objects.get().tries == 0


def test_a_version_sent_between_page_and_form_is_shown_with_what_changed(
    browser: Client, quote: Quote
) -> None:
    read = version_of(quote).version_hash
    send_again(quote, title="Une chaudière à granulés")
    response = send_form(browser, quote, version_hash=read)
    assert response.status_code == 409
    assert (
        "Objet du devis\u00a0: «\u00a0Une chaudière à granulés\u00a0» au lieu de «\u00a0Remplacement"
        in text(response)
    )
    assert not SigningRequest.objects.exists()


def test_a_version_sent_between_code_and_submit_is_shown_with_what_changed(
    browser: Client, quote: Quote
) -> None:
    send_form(browser, quote)
    code = code_of(quote)
    send_again(quote, deposit_value=50)
    response = send_code(browser, quote, code)
    assert response.status_code == 409
    assert "Acompte" in text(response)
    assert not Signature.objects.exists()


def test_an_outdated_code_leads_to_a_new_one(browser: Client, quote: Quote) -> None:
    send_form(browser, quote)
    code = code_of(quote)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=11)):
        assert send_code(browser, quote, code).status_code == 410
        assert browser.post(path(quote, "nouveau-code/")).headers["Location"] == path(quote, "code/")
        assert send_code(browser, quote, code_of(quote)).status_code == 302
    assert Signature.objects.count() == 1


def test_a_new_code_within_a_minute_is_refused_with_the_time_to_wait_for(
    browser: Client, quote: Quote
) -> None:
    send_form(browser, quote)
    response = browser.post(path(quote, "nouveau-code/"))
    assert response.status_code == 429
    assert "Un nouveau pourra être demandé à" in text(response)
    assert SigningRequest.objects.count() == 1
    # Loaded again, as the script of the waiting page does, or as somebody does.
    assert browser.get(path(quote, "nouveau-code/")).headers["Location"] == path(quote, "code/")


def test_a_mail_that_is_late_is_told(browser: Client, quote: Quote) -> None:
    send_form(browser, quote)
    assert "Envoi retardé" not in text(browser.get(path(quote, "code/")))
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=21)):
        assert "Envoi retardé" in text(browser.get(path(quote, "code/")))


def test_with_little_time_left_on_the_link_a_new_one_is_offered_first(browser: Client, quote: Quote) -> None:
    AccessLink.objects.filter(quote=quote).update(expires_at=timezone.now() + dt.timedelta(minutes=14))
    page = text(browser.get(path(quote)))
    assert "Recevoir un lien d'accès par mail" in page


def test_the_same_post_again_shows_the_same_result(browser: Client, quote: Quote) -> None:
    send_form(browser, quote)
    code = code_of(quote)
    answers = [send_code(browser, quote, code).headers["Location"] for _ in range(2)]
    assert answers == [quote.get_absolute_url()] * 2
    assert Signature.objects.count() == 1


def test_a_fresh_link_in_the_same_browser_asks_for_the_form_again(browser: Client, quote: Quote) -> None:
    """The code is bound to the link: after a new link the form is sent once more, no try is lost."""
    send_form(browser, quote)
    browser.get(make_link(quote)[1])
    assert send_code(browser, quote, code_of(quote)).status_code == 409
    assert SigningRequest.objects.get().tries == 0
