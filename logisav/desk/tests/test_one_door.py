"""Every text that is typed, imported or frozen comes through the fields of lib/fields.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.contrib.admin import site
from django.test import RequestFactory

from lib.fields import LineField, ParagraphsField
from logisav.desk.files.sheets import SHEETS
from logisav.desk.tests import desk
from payments.tests.factories import make_paying_company
from quotes import readiness, workflow
from quotes.models import Customer, Quote
from quotes.tests.factories import SYSTEM, make_owner, make_quote
from quotes.versions.freezing import NotSendable

pytestmark = pytest.mark.django_db
SOFT = "Rénovation de la salle de bains\vet des toilettes"
CLEAN = "Rénovation de la salle de bains et des toilettes"

# Read as bytes, as secrets, or by a pattern of their own that takes nothing else.
OF_THEIR_OWN = (forms.EmailField, forms.URLField, forms.RegexField, forms.JSONField)
SECRETS = {
    "password",
    "new_password1",
    "new_password2",
    "old_password",
    "token",
    "drawing",
    "version_hash",
    "code",
}


def every_form() -> Iterator[type[forms.BaseForm]]:
    request = RequestFactory().get("/admin/")
    request.user = make_owner(is_superuser=True)
    for admin in site._registry.values():
        yield admin.get_form(request)
        for inline in admin.get_inline_instances(request):
            yield inline.get_formset(request).form
    waiting: list[type[forms.BaseForm]] = [forms.Form]
    while waiting:
        for form in waiting.pop().__subclasses__():
            waiting.append(form)
            if form.__module__.split(".")[0] in {"logisav", "quotes", "signing", "payments", "notifications"}:
                yield form


def test_every_text_field_cleans_what_it_is_given() -> None:
    bare, seen = [], 0
    for form in every_form():
        for name, one in form.base_fields.items():  # type: ignore[attr-defined]
            if not isinstance(one, forms.CharField) or isinstance(one, OF_THEIR_OWN) or name in SECRETS:
                continue
            seen += 1
            if not isinstance(one, LineField | ParagraphsField):
                bare.append(f"{form.__module__}.{form.__name__}.{name}: {type(one).__name__}")
    assert not bare, "\n".join(bare)
    assert seen > 60


def test_every_text_column_of_an_import_cleans_what_it_is_given() -> None:
    for sheet in SHEETS.values():
        for column in sheet.columns:
            one = column.cleaned
            if isinstance(one, forms.CharField) and not isinstance(one, OF_THEIR_OWN):
                assert isinstance(one, LineField | ParagraphsField), column.title


@pytest.fixture
def quote() -> Quote:
    make_paying_company()
    return make_quote(owner=desk.owner())


def saved(quote: Quote, **typed: str) -> Any:
    browser = desk.at_desk(desk.manager())
    return browser.post(desk.page_of(quote), desk.filled(browser.get(desk.page_of(quote))) | typed)


def test_a_title_pasted_from_a_word_processor_is_one_line(quote: Quote) -> None:
    assert saved(quote, title=SOFT, intro=f"\uf0b7\tPose\v{SOFT}").status_code == 302
    quote.refresh_from_db()
    assert (quote.title, quote.intro) == (CLEAN, "•\tPose\n" + SOFT.replace("\v", "\n"))


def test_a_sign_that_no_document_can_hold_is_refused_at_its_field(quote: Quote) -> None:
    answer = saved(quote, title="Rénovation\uffff")
    assert answer.status_code == 200
    assert "aucun document ne peut porter" in str(answer.context["adminform"].form.errors["title"])


def unclean(where: str, quote: Quote) -> str:
    """As a row of an older release, or one that was written by hand, would be; what stands in its place."""
    sign = "\x0b"
    if where == "quote":
        Quote.objects.filter(pk=quote.pk).update(title=SOFT)
        return "Un texte du devis contient"
    if where == "line":
        quote.lines.update(description=f"a{sign}b")
        return "Un texte du devis contient"
    if where == "customer":
        Customer.objects.update(first_name=f"Cla{sign}ire")
        return "La fiche du client contient"
    company = make_paying_company()
    type(company).objects.update(legal_name=f"Thermo{sign}Rhône")
    return "La fiche de l'entreprise contient"


@pytest.mark.parametrize("where", ["quote", "line", "customer", "company"])
def test_what_the_pdf_cannot_hold_is_told_before_sending_and_never_frozen(quote: Quote, where: str) -> None:
    words = unclean(where, quote)
    quote = Quote.objects.get(pk=quote.pk)
    assert any(sentence.startswith(words) for sentence in readiness.missing(quote))
    with pytest.raises(NotSendable):
        workflow.send(quote.pk, actor=SYSTEM)
    assert not quote.versions.exists()
