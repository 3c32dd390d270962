"""What the certificate tells of how a quote was read and signed, word for word: it is sealed, so it never changes."""

from __future__ import annotations

import pytest
from django.db import transaction

from notifications.models import OutgoingEmail
from quotes import emails, workflow
from quotes.models import Quote
from quotes.tests.factories import SYSTEM, mails, make_link, make_sent_quote
from signing.models import Signature
from signing.proof import evidence
from signing.tests.factories import make_signing_request, right_code, sign, wrong_code

pytestmark = pytest.mark.django_db


def settle(quote: Quote, message: str, state: OutgoingEmail.State, reply: str = "") -> None:
    email = mails(message, quote).latest("pk")
    email.state, email.smtp_reply = state, reply
    with transaction.atomic():
        emails.delivered(email)


def test_the_certificate_tells_the_steps_in_these_words() -> None:
    quote = make_sent_quote()
    settle(quote, "quotes/link", OutgoingEmail.State.SENT, "250 2.0.0 Ok")
    workflow.note_opened(make_link(quote)[0])
    workflow.request_link(quote.pk, actor=SYSTEM)
    workflow.remind(quote.pk, actor=SYSTEM)
    workflow.ask(quote.pk, text="Quand {to} ?", phone="", actor=SYSTEM)
    workflow.answer(quote.questions.get().pk, text="Lundi.", author=quote.owner, actor=SYSTEM)
    request = make_signing_request(quote)
    settle(quote, "signing/code", OutgoingEmail.State.SENT, "250 2.0.0 Ok: queued as 4711")
    sign(request, wrong_code(request))
    sign(request, right_code(request))
    signature = Signature.objects.get(quote=quote)
    assert [step.words for step in evidence.steps(signature)] == [
        "Devis envoyé par mail à claire.morel@exemple.fr",
        "Lien d'accès ouvert (peut-être par un robot)",
        "Nouveau lien demandé, envoyé à claire.morel@exemple.fr",
        "Question posée",
        "Réponse envoyée à claire.morel@exemple.fr",
        "Accords cochés, code demandé",
        "Code à 6 chiffres remis au serveur de mail de claire.morel@exemple.fr (réponse 250)",
        "Code saisi, essai n° 2, dans le même navigateur : devis accepté",
    ]


def test_a_code_that_did_not_leave_is_not_told() -> None:
    quote = make_sent_quote()
    request = make_signing_request(quote)
    settle(quote, "signing/code", OutgoingEmail.State.ATTENTION, "451 later")
    sign(request, right_code(request))
    shown = [step.words for step in evidence.steps(Signature.objects.get(quote=quote))]
    assert not any("remis" in words for words in shown)
    assert len(shown) == 3
