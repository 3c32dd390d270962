"""Where each field of a quote and of a line goes: into a duplicate, a template, the frozen text, « Ce qui a changé ».

A new field fails here until its row is written: whoever adds it decides, and says why where it does not go.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Model

from quotes import workflow
from quotes.models import Quote, QuoteLine, QuoteTemplate, TemplateLine
from quotes.models.line import Line
from quotes.models.list_columns import ListColumns
from quotes.tests.factories import SYSTEM, make_business, make_owner, make_quote
from quotes.versions import freezing
from quotes.versions.comparison import NEW_LOOK, NOTHING, UNNAMED, changes
from quotes.workflow.sending import COPIED
from quotes.workflow.templates import KEPT

pytestmark = pytest.mark.django_db
Why = str


@dataclass(frozen=True)
class Goes:
    """True where it goes, else why it does not; `frozen` is the fact of the frozen text that says it."""

    copied: bool | Why
    kept: bool | Why
    frozen: str | None
    other: Any  # a value that a staff member could give it
    unseen: Why = ""


@dataclass(frozen=True)
class Ours:
    """What the software keeps for itself: no copy, no template, nothing that a customer reads."""

    why: Why


CUSTOMERS = "is this customer's"
CUSTOMERS_OWN = "another quote answers another request"
FRESH = "is given anew when a quote is made"
FIELDS: dict[str, Goes | Ours] = {
    "id": Ours("the row itself"),
    "number": Ours("counted up; the frozen text bears it, and it never changes"),
    "public_id": Ours("names this quote in addresses"),
    "title": Goes(True, True, "title", "Une autre pompe"),
    "customer": Goes("create_quote is told whose it is", CUSTOMERS, "customer", make_business),
    "owner": Goes("create_quote is told whose it is", "whoever begins it", "owner", make_owner),
    "worksite": Goes(True, CUSTOMERS, "worksite", "Ailleurs"),
    "issued_on": Goes(FRESH, FRESH, "issued_on", dt.date(2026, 1, 2)),
    "valid_until": Goes(FRESH, FRESH, "valid_until", dt.date(2099, 1, 2)),
    "contract": Goes(True, True, "contract", "on_premises"),
    "withdrawal_exception": Goes(True, True, "withdrawal", "made_to_measure"),
    "withdrawal_reason": Goes(True, True, "withdrawal", "Une fenêtre cintrée"),
    "nature": Goes(True, True, "law", "services"),
    "small_business": Goes(CUSTOMERS, CUSTOMERS, "law", True),
    "visited_on": Goes(FRESH, FRESH, "law", dt.date(2026, 1, 2)),
    "delivered_on": Ours("is when the goods of this contract came"),
    "performed_on": Ours("is when the works of this contract ended"),
    "early_start": Ours("is what the signatory of this contract asked for"),
    "signed_notice": Ours("is which notice this contract was signed with"),
    "intro": Goes(True, True, "intro", "Bonjour."),
    "outro": Goes(True, True, "outro", "À bientôt."),
    "conditions": Goes(True, True, "conditions", "Sans peinture."),
    "deposit_kind": Goes(True, True, "deposit", "amount"),
    "deposit_value": Goes(True, True, "deposit", Decimal(40)),
    "discount_kind": Goes(True, True, "discount", "percent"),
    "discount_value": Goes(True, True, "discount", Decimal(7)),
    "vat_reason": Goes(True, True, "zero_rate", "exempt"),
    "vat_detail": Goes(True, True, "zero_rate", "article 261, 4, 4° du CGI"),
    "contribution": Ours("is attached by its own verb, and given anew with each quote"),
    "contribution_on": Ours("is the date of that file"),
    "payment_methods": Goes(True, True, "payment_methods", ["transfer"]),
    "delivery": Goes(True, True, "delivery", "12 janvier 2099"),
    "start": Goes(True, True, "start", "2 semaines après la signature"),
    "duration": Goes(True, True, "duration", "un jour"),
    "formalities": Goes(True, True, "formalities", "aucune"),
    "no_waste": Goes(True, True, "notices", True),
    "waste_quantity": Goes(True, True, "notices", "150 kg"),
    "waste_sorting": Goes(True, True, "notices", "en trois bennes"),
    "waste_points": Goes(True, True, "notices", [{"name": "Tri", "address": "Lyon", "kind": "déchetterie"}]),
    "waste_cost": Goes(True, True, "notices", "40 € HT"),
    "energy_works": Goes(True, True, "notices", "no"),
    "without_subcontractors": Goes(True, True, "notices", True),
    "subcontractors": Goes(
        True, True, "notices", [{"name": "Élec Exemple", "siret": "91234567500017", "rge": ""}]
    ),
    "options_fixed": Goes(
        FRESH, FRESH, None, True, "decides what the page offers at once, whatever was frozen"
    ),
    "choice": Ours("is what this customer chose"),
    "choice_state": Ours("is how the version that they chose is getting on"),
    "requested_on": Goes(CUSTOMERS_OWN, CUSTOMERS, "requested_on", dt.date(2026, 11, 3)),
    "requested_by": Goes(CUSTOMERS_OWN, CUSTOMERS, "requested_by", "phone"),
    "internal_note": Goes(True, "may speak of this customer", None, "Sonner deux fois", "is for staff alone"),
    "tags": Goes(True, True, None, "pompe", "sorts the desk's lists"),
    "state": Ours("moves by the verbs alone"),
    "revising": Ours("is part of the state"),
    "next_reminder_at": Ours("is planned with each version"),
    "expiry_told_for": Ours("is what the owner was told"),
    "blocked_at": Ours("is the owner's decision on this quote"),
    "blocked_reason": Ours("is the owner's decision on this quote"),
    "accepted_at": Ours("is when this contract was made"),
    "refused_at": Ours("is when this quote was refused"),
    "declared_at": Ours("is when a withdrawal that stands was declared"),
    "withdrawn_at": Ours("is when this contract was withdrawn from"),
    "withdrawal_known_on": Ours("is when its owner knew of it"),
    "purged_at": Ours("is when its personal data was removed"),
    "traces_purged_at": Ours("is when the addresses of its readers were removed"),
    "created_at": Ours("is when the row was made"),
    "searched": Ours("is computed by the database"),
}
FIELDS |= {
    field.name: Ours("is what lists show, refreshed with each fact")
    for field in ListColumns._meta.local_fields
}

# Copied and kept with its line, every field of `Line`; what a customer reads of it.
LINE_FIELDS: dict[str, Goes | Ours] = {
    "id": Ours("the row itself"),
    "quote": Ours("whose it is"),
    "identity": Ours("is the line's own in this quote; frozen, and read by the comparison alone"),
    "position": Goes(True, True, "order", 9),
    "kind": Goes(True, True, "kind", "text"),
    "label": Goes(True, True, "label", "Autre chose"),
    "description": Goes(True, True, "description", "Tout compris"),
    "quantity": Goes(True, True, "quantity", Decimal(7)),
    "unit": Goes(True, True, "unit", "m²"),
    "unit_price": Goes(True, True, "unit_price", Decimal(77)),
    "discount": Goes(True, True, "discount", Decimal(7)),
    "vat_rate": Goes(True, True, "vat_rate", Decimal(10)),
    "option": Goes(True, True, "option", True),
    "chosen": Goes(True, True, "chosen", True),
    "choice_group": Goes(True, True, "choice_group", "Ballons"),
    "choice_kind": Goes(True, True, "choice_kind", "exactly_one"),
}
OF_AN_OPTION = ("chosen", "choice_group", "choice_kind")

DECIDE = (
    "{model}.{name} is new, and nobody has decided where it goes. Does a duplicate copy it (COPIED in "
    "quotes/workflow/sending.py; lines: all of `Line`)? Does a template keep it (KEPT in quotes/workflow/templates.py, "
    "and a field of QuoteTemplate)? Does the customer read it: then it is frozen (quotes/versions/freezing.py; a new "
    "key takes the next schema, quotes/content.py) and its change is told (quotes/versions/comparison.py)? Does a file "
    "import it (logisav/desk/files/sheets.py)? Then write its row in this table."
)


def undecided(model: type[Model], table: dict[str, Goes | Ours]) -> list[str]:
    """One sentence a field that the table does not have, or that it has and the model no longer does."""
    names = {field.name for field in model._meta.concrete_fields}
    new = [DECIDE.format(model=model.__name__, name=name) for name in sorted(names - table.keys())]
    return new + [
        f"{model.__name__}.{name} is gone: take its row out." for name in sorted(table.keys() - names)
    ]


@pytest.mark.parametrize(("model", "table"), [(Quote, FIELDS), (QuoteLine, LINE_FIELDS)])
def test_every_field_has_been_decided(model: type[Model], table: dict[str, Goes | Ours]) -> None:
    found = undecided(model, table)
    assert not found, "\n".join(found)
    forgotten = {name: goes for name, goes in table.items() if name != "id"}
    assert len(undecided(model, forgotten)) == 1, "or it could not fail"


def going(table: dict[str, Goes | Ours]) -> list[tuple[str, Goes]]:
    return [(name, goes) for name, goes in table.items() if isinstance(goes, Goes)]


def test_whoever_fills_the_form_of_a_quote_finds_each_of_its_fields_here() -> None:
    """What staff can write is decided field by field; what they cannot is the software's own."""
    typed = {field.name for field in Quote._meta.concrete_fields if field.editable} - {"id", "created_at"}
    assert typed == {name for name, _ in going(FIELDS)}


def test_copies_and_templates_take_what_the_table_says() -> None:
    assert set(COPIED) == {name for name, goes in going(FIELDS) if goes.copied is True}
    assert set(KEPT) == {name for name, goes in going(FIELDS) if goes.kept is True}
    template = {field.name for field in QuoteTemplate._meta.concrete_fields}
    assert template == {*KEPT, "id", "name"}, "a template has a field that no quote gives it, or lacks one"
    lines = {name for name, goes in going(LINE_FIELDS) if goes.copied is True}
    assert lines == {field.name for field in Line._meta.local_fields}
    assert {field.name for field in TemplateLine._meta.concrete_fields} == {*lines, "id", "template"}


def telling_quote() -> Quote:
    """Every field that staff write says something of its own."""
    said = {name: goes.other for name, goes in going(FIELDS) if not callable(goes.other)}
    return make_quote(**said, customer=make_business(), owner=make_owner())


def values(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def test_a_duplicate_says_the_same() -> None:
    quote = telling_quote()
    copy = Quote.objects.get(pk=workflow.duplicate(quote.pk, actor=SYSTEM).pk)
    assert values(copy, COPIED) == values(quote, COPIED)
    assert (copy.customer, copy.owner) == (quote.customer, quote.owner)
    assert [line.copied for line in copy.lines.all()] == [line.copied for line in quote.lines.all()]


def test_a_template_gives_back_what_it_was_made_of() -> None:
    quote = telling_quote()
    template = workflow.save_as_template(quote.pk, name="Pompe")
    begun = workflow.create_from_template(
        template.pk, customer=make_business(), owner=make_owner(), actor=SYSTEM
    )
    begun = Quote.objects.get(pk=begun.pk)
    assert values(begun, KEPT) == values(quote, KEPT)
    assert (begun.worksite, begun.internal_note) == ("", "")
    assert [line.copied for line in begun.lines.all()] == [line.copied for line in quote.lines.all()]


@pytest.mark.parametrize(("name", "goes"), going(FIELDS), ids=[name for name, _ in going(FIELDS)])
def test_what_a_customer_reads_is_frozen_and_its_change_is_told(name: str, goes: Goes) -> None:
    quote = make_quote(
        lines=({"label": "Pompe", "unit_price": Decimal(500)}, {"label": "Don", "vat_rate": Decimal(0)}),
        withdrawal_exception="urgent_repair",
        withdrawal_reason="Une fuite",
        discount_kind="amount",
        discount_value=Decimal(5),
        vat_reason="out_of_scope",
    )
    before = freezing.preview(quote)
    setattr(quote, name, goes.other() if callable(goes.other) else goes.other)
    quote.save()
    after = freezing.preview(Quote.objects.get(pk=quote.pk))
    if goes.frozen is None:
        assert after == before, f"{name} {goes.unseen}"
        return
    assert getattr(after, goes.frozen) != getattr(before, goes.frozen)
    assert {NEW_LOOK, NOTHING, UNNAMED}.isdisjoint(changes(before, after))


@pytest.mark.parametrize(("name", "goes"), going(LINE_FIELDS), ids=[name for name, _ in going(LINE_FIELDS)])
def test_what_a_customer_reads_of_a_line_is_frozen_and_its_change_is_told(name: str, goes: Goes) -> None:
    quote = make_quote(
        lines=({"label": "Pompe", "unit_price": Decimal(5)}, {"label": "Pose", "unit_price": Decimal(6)})
    )
    if name in OF_AN_OPTION:
        quote.lines.filter(label="Pompe").update(option=True, choice_group="Kits")
    before = freezing.preview(quote)
    line = quote.lines.get(label="Pompe")
    setattr(line, name, goes.other)
    line.save()
    after = freezing.preview(Quote.objects.get(pk=quote.pk))
    mine = {facts.identity: facts for facts in after.lines}[line.identity]
    if name == "position":
        assert after.lines == before.lines[::-1]
    else:
        assert getattr(mine, str(goes.frozen)) == goes.other != getattr(before.lines[0], str(goes.frozen))
    assert {NEW_LOOK, NOTHING, UNNAMED}.isdisjoint(changes(before, after))
