"""One customer's journey over HTTP through nginx: link, form, code, signature, sealed PDF, deposit.

They do what a person does before a page that does not come: they try again. What they were told is kept.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

import requests

from logisav.tests.faults.mailserver import Arrival, MailServer

T = TypeVar("T")
PATIENCE = 900  # seconds; where one sweep after the other is killed, the last rows wait for the first
AGAIN = 1.0
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
HASH = re.compile(r'name="version_hash" value="([0-9a-f]{64})"')
CODE = re.compile(r"^ {4}(\d{3})\s(\d{3})\s*$", re.MULTILINE)
ACCEPTED = "Devis accepté le"
PERSON = {
    "first_name": "Claire",
    "last_name": "Morel",
    "phone": "06 39 98 12 34",
    "kind": "individual",
    "place": "distance",
    "drawing": "",
    "consent_quote": "on",
    "consent_electronic": "on",
    "consent_vat_5_5": "on",
}


class GaveUp(Exception):
    """Nobody waits longer than that."""


@dataclass(frozen=True)
class CodeMail:
    asked: float
    arrived: float


class Customer:
    def __init__(self, *, number: str, public_id: str, address: str, trust: Path, mails: MailServer) -> None:
        self.number, self.address, self.mails = number, address, mails
        self.page = f"{address}/devis/{public_id}/"
        self.browser = requests.Session()
        self.browser.verify, self.browser.trust_env = str(trust), False
        self.told_accepted = False
        self.failed_answers = 0
        self.code_mail: CodeMail | None = None
        self.sealed = b""

    def sign(self) -> None:
        link = re.search(rf"{re.escape(self.address)}/l/[\w-]+/", self._mail("Votre devis {}").text)
        assert link
        self._go(link[0], until=lambda answer: answer.url == self.page)
        self._type_the_code(*self._ask_for_a_code())

    def _ask_for_a_code(self) -> tuple[float, str]:
        """When it was asked for, and the address of the page that wants it."""
        form = self._go(f"{self.page}signer/", until=lambda answer: bool(HASH.search(answer.text)))
        match = HASH.search(form.text)
        assert match
        typed = PERSON | {"version_hash": match[1]}
        asked = time.time()
        answer = self._press(form, typed, until=lambda answer: answer.url.endswith("/signer/code/"))
        return asked, answer.url

    def _type_the_code(self, asked: float, page: str) -> None:
        arrival = self._mail("Votre code pour signer le devis {}", after=asked)
        self.code_mail = CodeMail(asked, arrival.at)
        code = CODE.search(arrival.text)
        assert code
        form = self._go(page, until=lambda answer: bool(TOKEN.search(answer.text)))
        self._press(form, {"code": code[1] + code[2]}, until=lambda answer: ACCEPTED in answer.text)
        self.told_accepted = True

    def receive_the_contract(self) -> None:
        """The acknowledgement with its PDF, and the same PDF from the page."""
        mail = self._mail("Votre devis {} est accepté").mail
        attached = [part.get_payload(decode=True) for part in mail.iter_attachments()]
        answer = self._go(f"{self.page}devis-signe.pdf", until=lambda answer: answer.content[:5] == b"%PDF-")
        self.sealed = answer.content
        assert attached == [self.sealed], f"{self.number}: the mail's file is not the page's"

    def pay(self, at_stripe: Callable[[str], object]) -> None:
        """« Régler mon acompte », the card at Stripe's page, and back to a page that says it is paid."""
        page = self._go(self.page, until=lambda answer: "acompte/carte/" in answer.text)
        answer = self._press(
            page,
            {},
            to=f"{self.page}acompte/carte/",
            until=lambda answer: answer.status_code == HTTPStatus.SEE_OTHER,
            follow=False,
        )
        at_stripe(answer.headers["Location"].rpartition("/")[2])
        self._go(self.page, until=lambda answer: "acompte/carte/" not in answer.text)

    def _mail(self, subject: str, *, after: float = 0.0) -> Arrival:
        wanted = subject.format(self.number)
        return self._until(lambda: self.mails.find(wanted, after=after), what=wanted)

    def _go(self, url: str, *, until: Callable[[requests.Response], bool]) -> requests.Response:
        return self._until(lambda: self._answer("GET", url, until), what=url)

    def _press(
        self,
        page: requests.Response,
        typed: dict[str, str],
        *,
        until: Callable[[requests.Response], bool],
        to: str = "",
        follow: bool = True,
    ) -> requests.Response:
        token = TOKEN.search(page.text)
        assert token
        data = typed | {"csrfmiddlewaretoken": html.unescape(token[1])}
        options = {"data": data, "headers": {"Referer": page.url}, "allow_redirects": follow}
        return self._until(lambda: self._answer("POST", to or page.url, until, **options), what=page.url)

    def _answer(
        self, method: str, url: str, until: Callable[[requests.Response], bool], **options: Any
    ) -> requests.Response | None:
        """None when it is not the page that was hoped for; the customer presses again."""
        try:
            answer = self.browser.request(method, url, timeout=60, **options)
        except requests.RequestException:
            self.failed_answers += 1
            return None
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.failed_answers += 1
            return None
        return answer if until(answer) else None

    def _until(self, found: Callable[[], T | None], *, what: str) -> T:
        end = time.monotonic() + PATIENCE
        while (one := found()) is None:
            if time.monotonic() > end:
                raise GaveUp(f"{self.number}: {what}")
            time.sleep(AGAIN / 4 if what.startswith("Votre") else AGAIN)
        return one
