"""Two tabs, or two people, on one form of the desk: what the first has saved is never undone without a word."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

from logisav.desk.tests.desk import action_of, at_desk, filled, line, manager, owner, page_of, stamp_in, text
from quotes import workflow
from quotes.models import Aid, Company, Quote, QuoteLine, QuoteTemplate, TemplateLine, Turn
from quotes.tests.factories import SYSTEM, make_company, make_customer, make_quote, make_sent_quote, send

pytestmark = pytest.mark.django_db
PRICES: tuple[dict[str, Any], ...] = (
    {"label": "Première", "unit": "forfait", "unit_price": Decimal(100)},
    {"label": "Deuxième", "unit": "forfait", "unit_price": Decimal(200)},
)


@pytest.fixture
def quote() -> Quote:
    return make_quote(
        title="Ancien titre",
        owner=owner(username="julie", first_name="Julie", last_name="Faure"),
        lines=PRICES,
    )


@pytest.fixture
def first(quote: Quote) -> Client:
    return at_desk(quote.owner)


@pytest.fixture
def second(quote: Quote) -> Client:
    return at_desk(manager(username="karim", first_name="Karim", last_name="Benali"))


def opened(tab: Client, quote: Quote) -> dict[str, Any]:
    return filled(tab.get(page_of(quote)))


def saved(quote: Quote) -> tuple[str, list[tuple[str, Decimal]]]:
    quote.refresh_from_db()
    return quote.title, [(one.label, one.unit_price) for one in quote.lines.all()]


def words(response: Any) -> str:
    """The page as it is read: without entities, with ordinary spaces."""
    page = text(response).replace("&nbsp;", " ").replace("\u00a0", " ").replace("&#x27;", "'")
    return " ".join(page.split())


def notice(response: Any) -> dict[str, tuple[str, str, str]]:
    """What changed meanwhile, by its label: when the form was opened, now, and in this form."""
    return {
        one.label.replace("\u00a0", " "): (one.before, one.now, one.mine)
        for one in response.context["stale"].changes
    }


def test_the_second_of_two_tabs_is_refused_and_keeps_what_was_typed(
    quote: Quote, first: Client, second: Client
) -> None:
    one, two = opened(first, quote), opened(second, quote)
    answer = first.post(page_of(quote), one | {"title": "Titre onglet 1", "lines-0-unit_price": "111"})
    assert answer.status_code == 302
    typed = {"lines-1-unit_price": "222", "conditions": "Accès par la cour"}
    answer = second.post(page_of(quote), two | typed)
    assert answer.status_code == 409
    assert saved(quote) == ("Titre onglet 1", [("Première", Decimal(111)), ("Deuxième", Decimal(200))])
    assert "Ce devis a été modifié entre-temps par Julie Faure" in words(answer)
    assert notice(answer) == {
        "Objet": ("Ancien titre", "Titre onglet 1", "Ancien titre"),
        "Ligne « Première », prix HT (€)": ("100", "111", "100"),
    }
    kept = filled(answer)
    assert {name: kept[name] for name in typed} == typed
    assert kept["title"] == "Ancien titre"


def test_pressing_save_again_writes_over_knowingly(quote: Quote, first: Client, second: Client) -> None:
    one, two = opened(first, quote), opened(second, quote)
    first.post(page_of(quote), one | {"title": "Titre onglet 1", "lines-0-unit_price": "111"})
    answer = second.post(page_of(quote), two | {"lines-1-unit_price": "222"})
    assert "Enregistrer quand même ma version" in text(answer)
    assert "Abandonner et recharger" in text(answer)
    assert second.post(page_of(quote), filled(answer)).status_code == 302
    assert saved(quote) == ("Ancien titre", [("Première", Decimal(100)), ("Deuxième", Decimal(222))])


def test_a_line_that_was_added_meanwhile_stands_in_the_form_and_stays(
    quote: Quote, first: Client, second: Client
) -> None:
    """One adds a line, the other changes one: whoever saves last sees all that will be saved."""
    one, two = opened(first, quote), opened(second, quote)
    first.post(page_of(quote), one | {"lines-TOTAL_FORMS": "3"} | line(2, label="Ajoutée", unit_price="50"))
    two |= {"lines-TOTAL_FORMS": "3", "lines-0-unit_price": "90"}
    answer = second.post(page_of(quote), two | line(2, label="La mienne", unit_price="7,50"))
    assert answer.status_code == 409
    assert notice(answer) == {"Ligne « Ajoutée »": ("", "ajoutée", "gardée, en dernier")}
    assert second.post(page_of(quote), filled(answer)).status_code == 302
    assert saved(quote)[1] == [
        ("Première", Decimal(90)),
        ("Deuxième", Decimal(200)),
        ("Ajoutée", Decimal(50)),
        ("La mienne", Decimal("7.50")),
    ]


def test_a_line_that_was_removed_meanwhile_comes_back_with_what_was_typed(
    quote: Quote, first: Client, second: Client
) -> None:
    one, two = opened(first, quote), opened(second, quote)
    first.post(page_of(quote), one | {"lines-0-DELETE": "on"})
    answer = second.post(page_of(quote), two | {"lines-0-unit_price": "120"})
    assert answer.status_code == 409
    assert notice(answer) == {"Ligne « Première »": ("", "retirée", "remise")}
    assert saved(quote)[1] == [("Deuxième", Decimal(200))]
    assert second.post(page_of(quote), filled(answer)).status_code == 302
    assert sorted(saved(quote)[1]) == [("Deuxième", Decimal(200)), ("Première", Decimal(120))]


def test_a_line_that_both_removed_is_gone_and_nothing_is_asked(
    quote: Quote, first: Client, second: Client
) -> None:
    one, two = opened(first, quote), opened(second, quote)
    first.post(page_of(quote), one | {"lines-0-DELETE": "on"})
    answer = second.post(page_of(quote), two | {"lines-0-DELETE": "on", "title": "Autre titre"})
    assert answer.status_code == 302
    assert saved(quote) == ("Autre titre", [("Deuxième", Decimal(200))])


def test_a_line_that_is_removed_here_and_was_changed_there_is_asked_about(
    quote: Quote, first: Client, second: Client
) -> None:
    one, two = opened(first, quote), opened(second, quote)
    first.post(page_of(quote), one | {"lines-0-unit_price": "130"})
    answer = second.post(page_of(quote), two | {"lines-0-DELETE": "on"})
    assert notice(answer) == {"Ligne « Première »": ("", "modifiée", "retirée")}
    assert second.post(page_of(quote), filled(answer)).status_code == 302
    assert saved(quote)[1] == [("Deuxième", Decimal(200))]


def test_an_aid_that_was_changed_meanwhile_is_called_an_aid(
    quote: Quote, first: Client, second: Client
) -> None:
    Aid.objects.create(quote=quote, kind="cee", payer="Énergéticien", amount=Decimal(60))
    one, two = opened(first, quote), opened(second, quote)
    first.post(page_of(quote), one | {"aids-0-amount": "80"})
    answer = second.post(page_of(quote), two | {"title": "Autre titre"})
    assert notice(answer) == {"Aide « Énergéticien », montant (€)": ("60", "80", "60")}


def test_another_order_of_the_lines_is_a_change_too(quote: Quote, first: Client, second: Client) -> None:
    one, two = opened(first, quote), opened(second, quote)
    first.post(page_of(quote), one | {"lines-0-position": "1", "lines-1-position": "0"})
    answer = second.post(page_of(quote), two | {"title": "Autre titre"})
    assert answer.status_code == 409
    assert notice(answer) == {"Ordre des lignes": ("", "changé", "celui d'avant")}


def test_what_both_typed_alike_is_saved_without_a_question(
    quote: Quote, first: Client, second: Client
) -> None:
    """A second press of the button, too: what is stored is what was typed."""
    one, two = opened(first, quote), opened(second, quote)
    alike = {"title": "Titre commun", "lines-0-unit_price": "111"}
    assert first.post(page_of(quote), one | alike).status_code == 302
    assert second.post(page_of(quote), two | alike | {"conditions": "Les miennes"}).status_code == 302
    assert saved(quote)[0] == "Titre commun"
    assert quote.conditions == "Les miennes"


def test_a_second_press_of_the_button_makes_no_line_twice(quote: Quote, first: Client) -> None:
    data = opened(first, quote) | {"lines-TOTAL_FORMS": "3"} | line(2, label="Nouvelle", unit_price="5")
    assert first.post(page_of(quote), data).status_code == 302
    answer = first.post(page_of(quote), data)
    assert answer.status_code == 409
    assert "Ce devis a été modifié entre-temps par vous-même dans une autre fenêtre" in words(answer)
    assert QuoteLine.objects.filter(quote=quote, label="Nouvelle").count() == 1


def test_what_was_changed_and_changed_back_disturbs_nobody(
    quote: Quote, first: Client, second: Client
) -> None:
    two = opened(second, quote)
    first.post(page_of(quote), opened(first, quote) | {"title": "Entre-temps"})
    first.post(page_of(quote), opened(first, quote) | {"title": "Ancien titre"})
    assert second.post(page_of(quote), two | {"conditions": "Les miennes"}).status_code == 302


def test_what_the_form_does_not_show_disturbs_nobody(quote: Quote, first: Client) -> None:
    """Columns that lists and sweeps keep, a block, a question."""
    data = opened(first, quote)
    Quote.objects.filter(pk=quote.pk).update(
        turn=Turn.QUESTION, last_kind="asked", shown_total=Decimal(9), next_reminder_at="2027-01-01T10:00Z"
    )
    assert first.post(page_of(quote), data | {"title": "Passe"}).status_code == 302
    assert saved(quote)[0] == "Passe"


def test_a_long_text_shows_where_it_was_changed(quote: Quote, first: Client, second: Client) -> None:
    Quote.objects.filter(pk=quote.pk).update(intro="Bonjour Madame, " * 20 + "à bientôt.")
    one, two = opened(first, quote), opened(second, quote)
    first.post(page_of(quote), one | {"intro": one["intro"].replace("bientôt", "demain")})
    answer = second.post(page_of(quote), two | {"title": "Autre titre"})
    before, now, mine = notice(answer)["Texte avant les lignes"]
    assert before.endswith("à bientôt.")
    assert now.endswith("à demain.")
    assert mine == before
    assert len(now) <= 160


def test_far_down_in_a_text_a_change_is_seen_though_the_stamp_carries_its_beginning(
    quote: Quote, first: Client, second: Client
) -> None:
    Quote.objects.filter(pk=quote.pk).update(intro="Bonjour Madame, " * 200 + "à bientôt.")
    one, two = opened(first, quote), opened(second, quote)
    assert len(two["_stamp"]) < 2000
    first.post(page_of(quote), one | {"intro": one["intro"].replace("bientôt", "demain")})
    answer = second.post(page_of(quote), two | {"title": "Autre titre"})
    assert answer.status_code == 409
    assert notice(answer)["Texte avant les lignes"][1] == "changé plus loin dans le texte"
    assert filled(answer)["intro"] == two["intro"]


def test_what_is_wrong_besides_is_told_with_it(quote: Quote, first: Client, second: Client) -> None:
    one, two = opened(first, quote), opened(second, quote)
    first.post(page_of(quote), one | {"title": "Titre onglet 1"})
    answer = second.post(page_of(quote), two | {"lines-0-quantity": "douze"})
    assert answer.status_code == 409
    assert "Saisissez un nombre" in text(answer)
    answer = second.post(page_of(quote), filled(answer))
    assert answer.status_code == 200
    assert saved(quote)[0] == "Titre onglet 1"


@pytest.mark.parametrize("stamp", [None, "", "forged", "x" * 50_000])
def test_a_form_that_does_not_say_what_it_was_made_from_is_refused(
    quote: Quote, first: Client, stamp: str | None
) -> None:
    data = opened(first, quote) | {"title": "Sans tampon"}
    del data["_stamp"]
    answer = first.post(page_of(quote), data if stamp is None else data | {"_stamp": stamp})
    assert answer.status_code == 409
    assert "Cette page est trop ancienne" in words(answer)
    assert filled(answer)["title"] == "Sans tampon"
    assert saved(quote)[0] == "Ancien titre"
    assert first.post(page_of(quote), filled(answer)).status_code == 302
    assert saved(quote)[0] == "Sans tampon"


def test_the_stamp_of_another_row_is_none(quote: Quote, first: Client) -> None:
    other = make_quote(title="Ancien titre", owner=quote.owner, customer=quote.customer, lines=PRICES)
    data = opened(first, quote) | {"_stamp": opened(first, other)["_stamp"]}
    assert first.post(page_of(quote), data).status_code == 409


# A row that takes no change any more


def test_a_quote_that_was_sent_meanwhile_shows_what_was_typed(
    quote: Quote, first: Client, second: Client
) -> None:
    two = opened(second, quote)
    send(quote)
    typed = {"title": "Trop tard", "lines-1-unit_price": "222", "conditions": "Accès " * 200}
    answer = second.post(page_of(quote), two | typed | line(5, label="Ignorée"))
    assert answer.status_code == 409
    assert saved(quote)[0] == "Ancien titre"
    page = words(answer)
    assert "Il est maintenant « Envoyé » et ne se modifie plus ici." in page
    assert "Trop tard" in page
    assert "Ligne « Deuxième », Prix HT (€)" in page
    assert ("Accès " * 200).strip() in page
    assert "Première" not in page
    assert page_of(quote) in text(answer)


def test_a_quote_that_was_sent_and_taken_up_again_meanwhile_is_told(quote: Quote, first: Client) -> None:
    data = opened(first, quote)
    send(quote)
    workflow.revise(quote.pk, actor=SYSTEM)
    answer = first.post(page_of(quote), data | {"title": "Sur la suivante"})
    assert notice(answer) == {
        "État": ("En cours", "Envoyé", ""),
        "Nouvelle version": ("", "en préparation", ""),
    }


def test_a_quote_that_was_given_to_somebody_else_meanwhile_shows_what_was_typed(
    quote: Quote, first: Client
) -> None:
    data = opened(first, quote)
    Quote.objects.filter(pk=quote.pk).update(owner=owner())
    answer = first.post(page_of(quote), data | {"title": "Plus à moi"})
    assert answer.status_code == 409
    assert "Vous n'y avez plus accès." in words(answer)
    assert "Plus à moi" in text(answer)
    assert saved(quote)[0] == "Ancien titre"


def test_who_never_had_the_form_learns_nothing(quote: Quote) -> None:
    stranger = at_desk(owner())
    assert stranger.post(page_of(quote), {"title": "Forgé"}).status_code == 302
    sent = make_sent_quote(owner=owner())
    assert at_desk(sent.owner).post(page_of(sent), {"title": "Forgé"}).status_code == 403


# The page that asks before it sends


def test_nobody_sends_what_they_did_not_see(quote: Quote, first: Client, second: Client) -> None:
    address = action_of(quote, "envoyer")
    shown = stamp_in(first.get(address))
    second.post(page_of(quote), opened(second, quote) | {"lines-0-unit_price": "10"})
    answer = first.post(address, {"words": "À bientôt"} | shown)
    assert answer.status_code == 409
    assert "Ce devis a été modifié entre-temps par Karim Benali" in words(answer)
    assert "10" in notice(answer)["Ligne « Première », prix HT (€)"][1]
    quote.refresh_from_db()
    assert quote.state == Quote.State.DRAFT
    assert first.post(address, {"words": "À bientôt"} | stamp_in(answer)).status_code == 302
    quote.refresh_from_db()
    assert quote.state == Quote.State.SENDING


# Templates: lines, and pages that delete


TEMPLATES = "/admin/quotes/quotetemplate/"


@pytest.fixture
def template() -> QuoteTemplate:
    made = QuoteTemplate.objects.create(name="PAC 8 kW", title="Pompe à chaleur")
    TemplateLine.objects.create(template=made, label="Pose", unit_price=Decimal(500))
    return made


def test_the_lines_of_a_template_are_held_like_those_of_a_quote(template: QuoteTemplate) -> None:
    one, two = at_desk(manager()), at_desk(manager())
    address = f"{TEMPLATES}{template.pk}/change/"
    data, other = filled(one.get(address)), filled(two.get(address))
    one.post(address, data | {"lines-0-unit_price": "550"})
    answer = two.post(address, other | {"title": "Autre objet"})
    assert answer.status_code == 409
    assert notice(answer) == {"Ligne « Pose », prix HT (€)": ("500", "550", "500")}


def test_a_template_that_was_deleted_meanwhile_shows_what_was_typed(template: QuoteTemplate) -> None:
    one, two = at_desk(manager(first_name="Julie", last_name="Faure")), at_desk(manager())
    address = f"{TEMPLATES}{template.pk}/"
    data = filled(two.get(f"{address}change/"))
    one.post(f"{address}delete/", {"post": "yes"} | stamp_in(one.get(f"{address}delete/")))
    answer = two.post(f"{address}change/", data | {"intro": "Texte long", "lines-0-label": "Pose et réglage"})
    assert answer.status_code == 409
    page = words(answer)
    assert "Ce modèle de devis a été supprimé entre-temps par Julie Faure" in page
    assert "Texte long" in page
    assert "Pose et réglage" in page


def test_what_was_changed_since_the_page_asked_is_not_deleted(template: QuoteTemplate) -> None:
    one, two = at_desk(manager(first_name="Julie", last_name="Faure")), at_desk(manager())
    address = f"{TEMPLATES}{template.pk}/"
    asked = stamp_in(two.get(f"{address}delete/"))
    one.post(f"{address}change/", filled(one.get(f"{address}change/")) | {"lines-0-unit_price": "550"})
    answer = two.post(f"{address}delete/", {"post": "yes"} | asked)
    assert answer.status_code == 409
    assert "Ce modèle de devis a été modifié entre-temps par Julie Faure" in words(answer)
    assert QuoteTemplate.objects.exists()
    two.post(f"{address}delete/", {"post": "yes"} | stamp_in(answer))
    assert not QuoteTemplate.objects.exists()


def test_nothing_is_deleted_by_a_page_that_does_not_say_what_it_showed(template: QuoteTemplate) -> None:
    assert at_desk(manager()).post(f"{TEMPLATES}{template.pk}/delete/", {"post": "yes"}).status_code == 409
    assert QuoteTemplate.objects.exists()


def test_in_a_form_that_is_shown_again_the_lines_keep_the_order_that_was_made(
    quote: Quote, first: Client, second: Client
) -> None:
    one, two = opened(first, quote), opened(second, quote)
    first.post(page_of(quote), one | {"title": "Titre onglet 1"})
    typed = {"lines-TOTAL_FORMS": "3", "lines-0-position": "2", "lines-1-position": "0"}
    answer = second.post(page_of(quote), two | typed | line(2, label="Entre deux", position="1"))
    page = text(answer)
    places = [page.index(f'value="{label}"') for label in ("Deuxième", "Entre deux", "Première")]
    assert places == sorted(places)


def test_forged_fields_of_a_stale_form_break_nothing(quote: Quote, first: Client, second: Client) -> None:
    one, two = opened(first, quote), opened(second, quote)
    first.post(page_of(quote), one | {"title": "Titre onglet 1", "owner": quote.owner.pk})
    forged = {
        "customer": "999999999",
        "owner": "9" * 6000,
        "lines-0-id": "x",
        "lines-1-position": "9" * 6000,
        "lines-0-vat_rate": "sNaN",
        "lines-TOTAL_FORMS": "9" * 30,
        "issued_on": "\x0b",
    }
    assert second.post(page_of(quote), two | forged).status_code == 409
    assert saved(quote)[0] == "Titre onglet 1"


def test_another_customer_or_date_is_told_in_words(quote: Quote, first: Client, second: Client) -> None:
    one, two = opened(first, quote), opened(second, quote)
    named = {"civility": "M.", "first_name": "Paul", "last_name": "Roux", "email": "paul@exemple.fr"}
    paul = make_customer(**named, made_by=quote.owner)
    changes = {"customer": paul.pk, "valid_until": "31/12/2030", "payment_methods": ["card", "transfer"]}
    first.post(page_of(quote), one | changes | {"lines-0-option": "on", "contract": "off_premises"})
    answer = second.post(page_of(quote), two)
    now = {label: values[1].replace("\u00a0", " ") for label, values in notice(answer).items()}
    assert now == {
        "Client": "M. Paul Roux, paul@exemple.fr",
        "Valable jusqu'au (inclus)": "31/12/2030",
        "Conclusion du contrat": "Hors établissement",
        "Moyens de paiement de l'acompte": "Carte bancaire, Virement",
        "Ligne « Première », option": "oui",
    }


def test_who_saves_without_the_page_hands_a_stamp_in_and_gets_the_next(
    quote: Quote, first: Client, rf: RequestFactory
) -> None:
    """What a script that saves by itself needs: the same stamp as a page that is opened now."""
    desk: Any = admin.site.get_model_admin(Quote)
    data = opened(first, quote)
    request = rf.post("/", data)
    request.user = quote.owner
    assert desk.stale(request, quote) is None
    first.post(page_of(quote), data | {"title": "Enregistré par le script"})
    quote.refresh_from_db()
    assert desk.stale(request, quote).changes[0].now == "Enregistré par le script"
    assert first.post(page_of(quote), data | {"_stamp": desk.stamp(request, quote)}).status_code == 302


def test_a_file_is_to_be_chosen_again_and_the_page_says_so() -> None:
    make_company()
    one, two = at_desk(manager()), at_desk(manager())
    address = f"/admin/quotes/company/{Company.current().pk}/change/"
    first, second = (filled(tab.get(address)) for tab in (one, two))
    for data in (first, second):
        del data["logo"], data["terms_pdf"]
    logo = SimpleUploadedFile("logo.png", b"x", content_type="image/png")
    assert one.post(address, first | {"hours": "de 8 h à 12 h"}).status_code == 302
    answer = two.post(address, second | {"phone": "0472000001", "logo": logo})
    assert answer.status_code == 409
    assert "Votre entreprise a été modifiée entre-temps" in words(answer)
    assert "sauf « Logo » : choisissez de nouveau le fichier" in words(answer)
