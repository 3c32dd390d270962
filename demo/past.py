"""What happened to a sample quote, told with the product's own verbs, each at its moment.

After each step the queues are worked off here and now, so that PDFs and mails bear the time of what they tell.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from demo import clock
from lib.day import today_in_paris
from notifications import delivery
from notifications.models import OutgoingEmail
from payments import workflow as payments
from quotes import workflow
from quotes.journal import Actor
from quotes.models import AccessLink, Question, Quote
from quotes.pdf import rendering
from quotes.workflow.withdrawing import expected_code
from signing import sealing
from signing import workflow as signing
from signing.models import Signatory, Signature

AGENT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"


class Past:
    """One quote and its past; every step says how many hours ago it was."""

    def __init__(self, quote: Quote, *, now: dt.datetime) -> None:
        self.quote, self.now = quote, now
        self.staff = Actor.staff(quote.owner)
        self.customer = Actor("customer", ip="127.0.0.1", agent=AGENT)

    @contextmanager
    def _step(self, hours: float) -> Iterator[None]:
        with clock.at(self.now - dt.timedelta(hours=hours)):
            yield
            work_off(self.quote)

    @property
    def _link(self) -> AccessLink:
        return self.quote.links.latest("created_at")

    def send(self, hours: float) -> None:
        with self._step(hours):
            workflow.send(self.quote.pk, actor=self.staff)

    def resend(self, hours: float) -> None:
        with self._step(hours):
            workflow.resend_link(self.quote.pk, actor=self.staff)

    def open(self, hours: float) -> None:
        with self._step(hours):
            workflow.note_opened(self._link)

    def ask(self, hours: float, text: str, *, phone: str = "") -> None:
        with self._step(hours):
            workflow.ask(self.quote.pk, text=text, phone=phone, actor=self.customer)

    def answer(self, hours: float, text: str) -> None:
        question = Question.objects.get(quote=self.quote, answer=None)
        with self._step(hours):
            workflow.answer(question.pk, text=text, author=self.quote.owner, actor=self.staff)

    def remind(self, hours: float) -> None:
        with self._step(hours):
            workflow.remind(self.quote.pk, actor=self.staff)

    def block(self, hours: float, reason: str) -> None:
        with self._step(hours):
            workflow.block(self.quote.pk, reason=reason, actor=self.staff)

    def refuse(self, hours: float, reason: str) -> None:
        with self._step(hours):
            workflow.refuse(self.quote.pk, reason=reason, actor=self.customer)

    def cancel(self, hours: float) -> None:
        with self._step(hours):
            workflow.cancel(self.quote.pk, actor=self.staff)

    def change_email(self, hours: float, email: str) -> None:
        with self._step(hours):
            workflow.change_email(self.quote.customer_id, email=email, actor=self.staff)

    def revise(self, hours: float) -> None:
        with self._step(hours):
            workflow.revise(self.quote.pk, actor=self.staff)

    def sign(self, hours: float, *, capacity: str = "") -> None:
        """The whole way: form, code, acceptance two minutes later, sealed PDF."""
        browser = secrets.token_hex(32)
        version, link, customer = self.quote.current_version(), self._link, self.quote.customer
        if version is None:
            raise ValueError(f"{self.quote.number} was never sent")
        form = Signatory(
            first_name=customer.first_name,
            last_name=customer.last_name,
            phone=customer.phone,
            capacity=capacity,
            place=version.reading.contract,
            kind=version.reading.customer.kind,
            consents=frozenset(consent.id for consent in version.reading.consents if consent.required),
        )
        with self._step(hours):
            _, request = signing.request_code(
                self.quote.pk,
                link=link,
                form=form,
                version_hash=version.version_hash,
                browser=browser,
                actor=self.customer,
            )
        if request is None:
            raise ValueError(f"{self.quote.number} cannot be signed")
        with self._step(hours - 2 / 60):
            code = signing.expected_code(request, browser)
            signing.sign(request.pk, code=code, link=link, browser=browser, actor=self.customer)

    def announce_transfer(self, hours: float) -> None:
        with self._step(hours):
            payments.announce_transfer(self.quote.pk, actor=self.customer)

    def receive_transfer(self, hours: float) -> None:
        """The whole deposit, on the owner's account."""
        with self._step(hours):
            deposit = payments.ensure_deposit(self.quote.pk)
            if deposit is None:
                raise ValueError(f"{self.quote.number} asks for no deposit")
            payments.confirm_transfer(
                self.quote.pk, amount=deposit.remaining, received_on=today_in_paris(), actor=self.staff
            )

    def withdraw(self, hours: float) -> None:
        who, browser = self.quote.customer, secrets.token_hex(32)
        with self._step(hours):
            declaration = workflow.declare(
                self.quote.pk, name=who.contact, email=who.email, actor=self.customer, browser=browser
            )
            if declaration is None:
                raise ValueError(f"{self.quote.number} cannot be withdrawn from")
        with self._step(hours - 2 / 60):
            declaration.refresh_from_db()
            code = expected_code(declaration, browser)
            workflow.confirm_with_code(declaration.pk, code=code, browser=browser, actor=self.customer)

    def done(self, hours: float) -> None:
        with self._step(hours):
            workflow.mark_done(self.quote.pk, actor=self.staff)

    def stall(self) -> None:
        """Sent, and its PDF put off for a year: a state that otherwise lasts two seconds."""
        version = workflow.send(self.quote.pk, actor=self.staff)
        version.next_try_at = timezone.now() + dt.timedelta(days=365)
        version.save(update_fields=["next_try_at"])


def work_off(quote: Quote) -> None:
    """What the worker would do now for this quote, and for no other: others have clocks of their own."""
    for version in quote.versions.filter(done_at=None, failed_at=None):
        rendering.render_version(version.pk)
    for signature in Signature.objects.filter(quote=quote, done_at=None):
        sealing.seal_signature(signature.pk)
    payments.ensure_deposit(quote.pk)
    for email in OutgoingEmail.objects.filter(about=quote.number).due():
        delivery.deliver(email.pk)
