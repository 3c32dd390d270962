"""The card page that a session's `url` leads to. In French, without scripts, and honest about what it is."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from demo.stripe_standin import cards, forms
from demo.stripe_standin.bank import Payer, PaymentStep
from demo.stripe_standin.cards import Card
from demo.stripe_standin.html import Html, fill, many, money, whole_page
from demo.stripe_standin.standin import StandIn
from demo.stripe_standin.store import Resource
from demo.stripe_standin.web import Request, Response, see_other

ADDRESS = re.compile(r"/c/pay/([^/]+)(/banque)?")
EXPIRY = re.compile(r"\s*(\d{1,2})\s*/?\s*(\d{2}|20\d{2})\s*")
PARIS = ZoneInfo("Europe/Paris")
LONGEST_NAME = 120


@dataclass
class Typed:
    """What somebody typed, and what is wrong with it. Number and cryptogram are never shown again."""

    name: str = ""
    email: str = ""
    expiry: str = ""
    number: str = ""
    cvc: str = ""
    wrong: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, body: bytes) -> Typed:
        given = dict(parse_qsl(body.decode("utf-8", "replace")))
        return cls(
            name=" ".join(given.get("name", "").split())[:LONGEST_NAME],
            email=given.get("email", "").strip(),
            expiry=given.get("expiry", "").strip(),
            number=re.sub(r"[\s-]", "", given.get("number", "")),
            cvc=given.get("cvc", "").strip(),
        )

    @property
    def card(self) -> Card:
        return cards.BY_NUMBER.get(self.number, cards.NO_TEST_CARD)

    @property
    def expires(self) -> tuple[int, int] | None:
        match = EXPIRY.fullmatch(self.expiry)
        if match is None or not 1 <= int(match[1]) <= 12:
            return None
        return int(match[1]), int(match[2]) % 100 + 2000

    def check(self, today: dt.date) -> None:
        if not cards.is_well_formed(self.number):
            self.wrong["number"] = "Ce numéro de carte n'est pas valide."
        if self.expires is None:
            self.wrong["expiry"] = "Donnez le mois et l'année, par exemple 12/34."
        elif (self.expires[1], self.expires[0]) < (today.year, today.month):
            self.wrong["expiry"] = "Cette carte est expirée."
        if not re.fullmatch(r"\d{3}", self.cvc):
            self.wrong["cvc"] = "Le cryptogramme a trois chiffres."
        if not self.name:
            self.wrong["name"] = "Donnez le nom du titulaire de la carte."
        if not forms.EMAIL.fullmatch(self.email):
            self.wrong["email"] = "Donnez une adresse e-mail valide."


class CardPage:
    def __init__(self, standin: StandIn) -> None:
        self.standin, self.bank = standin, standin.bank

    def answer(self, request: Request) -> Response:
        match = ADDRESS.fullmatch(request.path)
        self.bank.expire_due()
        session = self.bank.store.now("checkout.session", match[1]) if match else None
        if match is None or session is None:
            return message(
                "Page introuvable", "Cette page de paiement n'existe pas.", status=HTTPStatus.NOT_FOUND
            )
        if request.method == "POST":
            return self._answer_bank(session, request) if match[2] else self._pay(session, request)
        if session["status"] != "open":
            return over(session)
        if match[2] and self.bank.has_question(session):
            return question(session)
        return form(session, Typed())

    def _pay(self, session: Resource, request: Request) -> Response:
        typed = Typed.of(request.body)
        typed.email = session["customer_email"] or typed.email
        typed.check(dt.datetime.fromtimestamp(self.bank.now(), PARIS).date())
        if session["status"] == "open" and (typed.wrong or typed.expires is None):
            return form(session, typed, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        payer = Payer(typed.name, typed.email, typed.expires or (1, 2000))
        tried = self.standin.pay(session["id"], card=typed.card, payer=payer)
        if tried.step is PaymentStep.QUESTION:
            return see_other(f"/c/pay/{session['id']}/banque")
        if tried.step is PaymentStep.REFUSED:
            return form(session, typed, sentence=tried.sentence, status=HTTPStatus.PAYMENT_REQUIRED)
        return self._after(session)

    def _answer_bank(self, session: Resource, request: Request) -> Response:
        confirmed = dict(parse_qsl(request.body.decode("utf-8", "replace"))).get("answer") == "yes"
        if not self.bank.has_question(session):
            return self._after(session)
        tried = self.standin.answer_question(session["id"], confirmed=confirmed)
        if tried.step is PaymentStep.REFUSED:
            return form(session, Typed(), sentence=tried.sentence, status=HTTPStatus.PAYMENT_REQUIRED)
        return self._after(session)

    def _after(self, session: Resource) -> Response:
        """Back to the shop when it is paid or waiting; the same for who pressed twice."""
        session = self.bank.session(session["id"])
        if session["status"] == "complete":
            return see_other(back_from(session))
        return see_other(f"/c/pay/{session['id']}")


def back_from(session: Resource) -> str:
    address: str = session["success_url"]
    return address.replace("{CHECKOUT_SESSION_ID}", session["id"])


def form(session: Resource, typed: Typed, *, sentence: str = "", status: int = HTTPStatus.OK) -> Response:
    sentence = sentence or ("Vérifiez les champs signalés." if typed.wrong else "")
    amount = money(session["amount_total"], session["currency"])
    values = {
        "amount": amount,
        "action": f"/c/pay/{session['id']}",
        "lines": many("line.html", [{"name": name} for name in session_lines(session)]),
        "alert": fill("alert.html", {"sentence": sentence}) if sentence else Html(),
        "email": _email(session, typed),
        "number": _field(
            typed, "number", "Numéro de carte", "cc-number", "4242 4242 4242 4242", numeric=True
        ),
        "expiry": _field(typed, "expiry", "Expiration (MM/AA)", "cc-exp", "12/34", numeric=True),
        "cvc": _field(typed, "cvc", "Cryptogramme", "cc-csc", "123", numeric=True),
        "name": _field(typed, "name", "Nom du titulaire", "cc-name", ""),
        "cancel": fill("cancel.html", {"url": session["cancel_url"]}) if session["cancel_url"] else Html(),
        "cards": many("card.html", [{"number": card.grouped, "shows": card.shows} for card in cards.CARDS]),
    }
    return whole_page(
        "pay.html", values, title=f"Payer {amount}", status=status, leads_to=session["success_url"]
    )


def session_lines(session: Resource) -> list[str]:
    return [line["description"] for line in session["_standin"]["line_items"]]


def _email(session: Resource, typed: Typed) -> Html:
    if session["customer_email"]:
        return fill("email.html", {"email": session["customer_email"]})
    return _field(typed, "email", "E-mail", "email", "")


def _field(
    typed: Typed, name: str, label: str, autocomplete: str, example: str, *, numeric: bool = False
) -> Html:
    """Number and cryptogram come back empty, as everywhere."""
    wrong = typed.wrong.get(name, "")
    return fill(
        "field.html",
        {
            "name": name,
            "label": label,
            "value": "" if name in {"number", "cvc"} else getattr(typed, name),
            "autocomplete": autocomplete,
            "type": "email" if name == "email" else "text",
            "example": example,
            "mode": "numeric" if numeric else "text",
            "invalid": "true" if wrong else "false",
            "wrong": wrong,
        },
    )


def question(session: Resource) -> Response:
    amount = money(session["amount_total"], session["currency"])
    return whole_page(
        "bank.html",
        {"amount": amount},
        title="Confirmation auprès de la banque",
        leads_to=session["success_url"],
    )


def over(session: Resource) -> Response:
    """Paid before, or its time is over: one way back."""
    if session["status"] == "complete":
        return message(
            "Paiement déjà transmis",
            "Cette page a déjà servi, rien ne sera payé deux fois.",
            back_from(session),
        )
    return message(
        "Page expirée",
        "Cette page de paiement n'est plus valable. Rien n'a été payé ici.",
        session["cancel_url"] or "",
        status=HTTPStatus.GONE,
    )


def message(title: str, text: str, back: str = "", *, status: int = HTTPStatus.OK) -> Response:
    link = fill("back.html", {"url": back}) if back else Html()
    return whole_page(
        "message.html", {"title": title, "text": text, "back": link}, title=title, status=status
    )
