"""Whatever is typed on a customer's page: no mail that tells of it bears an address of the stranger's."""

from __future__ import annotations

import pytest

from notifications.models import OutgoingEmail
from quotes import workflow
from quotes.journal import Actor
from quotes.models import Question, Quote
from quotes.tests.factories import SYSTEM, make_sent_quote, visitor
from signing import emails
from signing.models import Signature
from signing.tests.factories import make_signing_request, right_code, sign
from signing.workflow import Outcome

pytestmark = pytest.mark.django_db
TYPED = "Voyez https://pirate.example/devis, www.pirate.example ou pirate@pirate.example"
LIVE = ("pirate.example", "https://pirate", "www.pirate", "pirate@")


def assert_defused(message: str, quote: Quote) -> None:
    mail = OutgoingEmail.objects.filter(message=message, about=quote.number).latest("pk")
    assert "pirate . example" in mail.text
    assert "pirate . example" in mail.html
    assert [one for one in LIVE if one in mail.subject + mail.text + mail.html] == []


def test_a_question_its_acknowledgement_and_its_answer() -> None:
    quote = make_sent_quote()
    assert visitor(quote).post(f"{quote.get_absolute_url()}question/", {"text": TYPED}).status_code == 302
    question = Question.objects.get()
    assert question.text == TYPED
    workflow.answer(question.pk, text="Non.", author=quote.owner, actor=Actor.staff(quote.owner))
    for message in ("quotes/question_owner", "quotes/question_received", "quotes/answer"):
        assert_defused(message, quote)


def test_a_refusal() -> None:
    quote = make_sent_quote()
    visitor(quote).post(f"{quote.get_absolute_url()}refuser/", {"reason": TYPED})
    for message in ("quotes/refused_owner", "quotes/refused"):
        assert_defused(message, quote)


def test_the_name_of_who_signs() -> None:
    request = make_signing_request(first_name="www.pirate.example", last_name="https://pirate.example")
    assert sign(request, right_code(request)) is Outcome.SIGNED
    signature = Signature.objects.get(quote=request.quote)
    write_of_a_late_seal(signature)
    for message in ("signing/accepted_owner", "signing/sealing_late", "signing/stamp_missing_owner"):
        assert_defused(message, request.quote)


def write_of_a_late_seal(signature: Signature) -> None:
    emails.sealing_late(signature)
    emails.stamp_missing(signature)


def test_what_the_owner_wrote_stays_as_it_is() -> None:
    quote = make_sent_quote()
    visitor(quote).post(f"{quote.get_absolute_url()}question/", {"text": TYPED})
    question = Question.objects.get()
    workflow.answer(question.pk, text="Notre site : thermo-rhone.example.", author=quote.owner, actor=SYSTEM)
    mail = OutgoingEmail.objects.get(message="quotes/answer")
    assert "thermo-rhone.example." in mail.text
