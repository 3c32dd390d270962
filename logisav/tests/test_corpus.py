"""People and quotes as they come: made-up names of two dozen countries, texts and figures by dice, from form to mail.

Nothing of it may be refused without a sentence, break a page, be lost in a search, or be printed otherwise than it was
typed; and what it comes to is counted again here, in whole cents and by no code of ours.
"""

from __future__ import annotations

import csv
import html
import io
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from faker import Faker

from lib import french
from lib.printable import not_printed
from logisav.desk.quotes.searching import search_customers
from logisav.desk.tests.desk import at_desk, filled, line, manager, text
from logisav.tests.figures import SEED, Figure, chance, sample
from quotes import workflow
from quotes.models import Company, Customer, Quote
from quotes.pdf import rendering
from quotes.tests.documents import read, squeezed
from quotes.tests.factories import SYSTEM, complete, mails, make_company, version_of, visitor

pytestmark = pytest.mark.django_db
LOCALES = (
    "fr_FR", "fr_BE", "fr_CH", "de_DE", "es_ES", "it_IT", "pt_PT", "pl_PL", "tr_TR", "ro_RO", "cs_CZ", "hu_HU",
    "sv_SE", "vi_VN", "el_GR", "ru_RU", "uk_UA", "ar_AA", "he_IL", "ka_GE", "zh_CN", "ja_JP", "ko_KR", "hi_IN",
)  # fmt: skip
RIGHT_TO_LEFT = ("ar_AA", "he_IL")
PHONES = (
    "06 39 98 {} {}",
    "0639 98{}{}",
    "+33 6 39 98 {} {}",
    "06.39.98.{}.{}",
    "+33 (0)6-39-98-{}-{}",
    "00336399 8{}{}",
)
SIGNS = (
    "l'été",
    "« 11 kW »",
    "œuvre",
    "m²",
    "20 °C",
    "−5 %",
    "≥ 3 µm",
    "½",
    "n° 7",
    "50/60 Hz",
    "Ø 125",
    "→",
    "1 500 W",
    "…",
)
CUSTOMER, QUOTE = "/admin/quotes/customer/", "/admin/quotes/quote/add/"
RATES = ("20", "10", "5.5", "0")


@dataclass(frozen=True)
class Person:
    first_name: str
    last_name: str
    phone: str
    email: str
    address: str
    locale: str


def people(count: int) -> Iterator[Person]:
    dice = chance("corpus, people")
    speaking = {locale: Faker(locale) for locale in LOCALES}
    for number, faker in enumerate(speaking.values()):
        faker.seed_instance(SEED + number)
    for number in range(count):
        locale = LOCALES[number % len(LOCALES)]
        faker = speaking[locale]
        digits = f"{number:04}"
        yield Person(
            first_name=faker.first_name(),
            last_name=faker.last_name(),
            phone=dice.choice(PHONES).format(digits[:2], digits[2:]),
            email=f"client{number}@exemple.fr",
            address=f"{dice.randint(1, 200)} rue {faker.last_name()}\n69{digits[1:]} {faker.city()}",
            locale=locale,
        )


@pytest.fixture
def desk() -> Client:
    make_company()
    Company.objects.update(travel_costs="compris", quote_cost="Devis gratuit", payment_methods=["transfer"])
    return at_desk(manager())


def typed_in(desk: Client, person: Person) -> None:
    answer = desk.get(f"{CUSTOMER}add/")
    form = filled(answer) | {
        "kind": "individual",
        "first_name": person.first_name,
        "last_name": person.last_name,
        "phone": person.phone,
        "email": person.email,
        "address": person.address,
    }
    response = desk.post(f"{CUSTOMER}add/", form)
    assert response.status_code == 302, (person, response.context["adminform"].form.errors)


def brought_over(desk: Client, persons: list[Person]) -> None:
    sheet = io.StringIO()
    rows = csv.writer(sheet, delimiter=";")
    rows.writerow(("Prénom", "Nom", "Téléphone", "Mail", "Adresse"))
    for person in persons:
        rows.writerow((person.first_name, person.last_name, person.phone, person.email, person.address))
    file = SimpleUploadedFile("clients.csv", sheet.getvalue().encode(), content_type="text/csv")
    preview: Any = desk.post(f"{CUSTOMER}importer/", {"file": file}, follow=True)
    assert preview.status_code == 200
    plan = preview.context["plan"]
    assert [row.errors for row in plan.wrong] == []
    desk.post(preview.redirect_chain[-1][0], {"fingerprint": plan.fingerprint})


def test_customers_of_all_countries_are_taken_and_found_again(desk: Client, figure: Figure) -> None:
    persons = list(people(sample(2 * len(LOCALES), 2000)))
    by_hand, by_file = persons[::2], persons[1::2]
    for person in by_hand:
        typed_in(desk, person)
    brought_over(desk, by_file)
    lost = []
    for person in persons:
        customer = Customer.objects.get(email=person.email)
        name = " ".join(f"{person.first_name} {person.last_name}".split())
        assert unicodedata.normalize("NFC", name) == f"{customer.first_name} {customer.last_name}"
        digits = "".join(sign for sign in person.phone if sign.isdecimal())[-9:]
        one = Customer.objects.filter(pk=customer.pk)
        typed = (name, person.phone, f"0{digits}")
        lost += [(person.locale, words) for words in typed if not search_customers(one, words).exists()]
    assert lost == []
    figure(
        "corpus customers",
        f"{len(persons)} of {len(LOCALES)} countries, found by name and phone",
        {"": len(persons)},
    )


# Quotes


@dataclass(frozen=True)
class TypedLine:
    label: str
    description: str
    quantity: str
    unit_price: str
    discount: str
    vat_rate: str

    @property
    def cents(self) -> int:
        share = 1 - Fraction(self.discount) / 100
        return nearest(Fraction(self.quantity) * Fraction(self.unit_price) * share * 100)


def nearest(amount: Fraction) -> int:
    """Half a cent goes up: what is bought is never below zero here."""
    return int(amount + Fraction(1, 2))


def total(lines: list[TypedLine]) -> int:
    """In cents, with VAT: each line to the cent, then VAT on the base of each rate."""
    bases = Counter[str]()
    for one in lines:
        bases[one.vat_rate] += one.cents
    return sum(base + nearest(base * Fraction(rate) / 100) for rate, base in bases.items())


def make_lines(faker: Faker, dice: Any) -> list[TypedLine]:
    def figures(most: int, places: int) -> str:
        return f"{dice.randint(1, most * 10**places)}e-{places}"

    return [
        TypedLine(
            label=" ".join((faker.sentence(nb_words=dice.randint(1, 9)), dice.choice(SIGNS)))[:200],
            description="\n".join(faker.text(max_nb_chars=120).splitlines()) if dice.random() < 0.5 else "",
            quantity=plain(figures(40, dice.choice((0, 1, 3)))),
            unit_price=plain(figures(2000, dice.choice((0, 2, 4)))),
            discount=dice.choice(("0", "0", "0", "5", "12.5", "33.33")),
            vat_rate=dice.choice(RATES[:3]),
        )
        for _ in range(dice.randint(1, 12))
    ]


def plain(number: str) -> str:
    return f"{float(number):.4f}".rstrip("0").rstrip(".")


def is_taken(lines: list[TypedLine]) -> bool:
    """What no document can print is told at its field, and is not tried here."""
    return not any(not_printed(one.label + one.description) for one in lines)


def test_quotes_with_any_text_and_figures_come_to_the_same_everywhere(desk: Client, figure: Figure) -> None:
    count, dice, done = sample(6, 500), chance("corpus, quotes"), 0
    for number in range(count):
        locale = LOCALES[number * 5 % len(LOCALES)]
        faker = Faker(locale)
        faker.seed_instance(SEED + number)
        lines = make_lines(faker, dice)
        if not is_taken(lines):
            continue
        done += 1
        told(written(desk, number, lines), lines, in_order=locale not in RIGHT_TO_LEFT)
    assert done > count * 0.9
    figure("corpus quotes", f"{done} quotes, the same sums and words on page, in PDF and mail", {"": done})


def written(desk: Client, number: int, lines: list[TypedLine]) -> Quote:
    """Through the form, then frozen and in force."""
    customer = Customer.objects.create(
        civility="Mme", first_name="Claire", last_name=f"Morel {number}", email=f"c{number}@exemple.fr",
        address="12 chemin des Vignes\n69450 Lyon", made_by_id=desk.session["_auth_user_id"],
    )  # fmt: skip
    form = filled(desk.get(QUOTE)) | {
        "customer": customer.pk,
        "title": f"Travaux {number}",
        "worksite": "12 chemin des Vignes, Lyon",
        "start": "3 semaines après la signature",
        "delivery": "2 semaines après la signature",
        "nature": "goods",
        "contract": "distance",
        "energy_works": "no",
        "lines-TOTAL_FORMS": str(len(lines)),
    }
    for position, one in enumerate(lines):
        form |= line(
            position, label=one.label, description=one.description, quantity=one.quantity, unit="unité",
            unit_price=one.unit_price, discount=one.discount, vat_rate=one.vat_rate,
        )  # fmt: skip
    response = desk.post(QUOTE, form)
    assert response.status_code == 302, response.context["errors"]
    quote = Quote.objects.get(customer=customer)
    complete(workflow.send(quote.pk, actor=SYSTEM))
    return Quote.objects.get(pk=quote.pk)


def told(quote: Quote, lines: list[TypedLine], *, in_order: bool) -> None:
    content, amount = version_of(quote).reading, french.money(f"{total(lines) / 100:.2f}")
    assert french.money(content.total) == amount
    page = html.unescape(text(visitor(quote).get(quote.get_absolute_url())))
    document = read(rendering.quote_pdf(content), "pdftotext", "-raw")
    mail = mails("quotes/link", quote).get()
    assert amount in page
    assert amount in mail.text
    assert squeezed(amount) in squeezed(document)
    for frozen in content.lines:
        assert frozen.label in page
        for words in (frozen.label, *frozen.description.splitlines()):
            assert is_printed(words, document, in_order=in_order), words


def is_printed(words: str, document: str, *, in_order: bool) -> bool:
    """Character for character; poppler writes right-to-left lines in its own order."""
    if in_order:
        return squeezed(words) in squeezed(document)
    return set(squeezed(words)) <= set(unicodedata.normalize("NFKC", document)) | set(document)
