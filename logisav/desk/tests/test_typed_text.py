"""Every field of the desk that takes words, of every form: what a word processor leaves in them goes, and what no
document can hold or print is told at the field."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import RequestFactory

import logisav.desk
from lib import fields
from logisav.desk.base import UNPRINTED
from logisav.desk.stamped import StampedAdmin
from logisav.desk.tests.desk import at_desk, filled, line, manager, page_of
from quotes.tests.factories import make_company, make_quote

pytestmark = pytest.mark.django_db
FROM_WORD = "\uf0b7\tPom\x02pe\x0bà\x0cchaleur\u202e"
AMHARIC = "ሰላም"  # no font of ours has these letters


@pytest.fixture
def request_of_superuser(rf: RequestFactory) -> Any:
    make_company()
    request = rf.get("/admin/")
    request.user = User.objects.create_superuser("racine", password="x")
    return request


def forms_of_rows(request: Any) -> Iterator[Any]:
    """Those that save a row, and those of the rows inside them: their classes."""
    for desk in admin.site._registry.values():
        if not isinstance(desk, StampedAdmin):
            continue
        yield desk.get_form(request)
        for made, _ in desk.get_formsets_with_inlines(request):
            yield made.form


def other_forms() -> Iterator[type[forms.Form]]:
    for module in pkgutil.walk_packages(logisav.desk.__path__, "logisav.desk."):
        if ".tests" in module.name:
            continue
        for _, found in inspect.getmembers(import_module(module.name), inspect.isclass):
            if issubclass(found, forms.Form) and found.__module__ == module.name:
                yield found


def takes_words(field: forms.Field) -> bool:
    """A password is taken as it is typed, a user name as Django cleans it."""
    is_shown = not field.widget.is_hidden and not isinstance(field.widget, forms.PasswordInput)
    return isinstance(field, forms.CharField) and is_shown


def left_of(field: forms.Field, typed: str) -> str | None:
    """What is kept of it; None where it is refused in words."""
    try:
        return str(field.clean(typed))
    except ValidationError:
        return None


def check(name: str, field: forms.Field) -> None:
    kept = left_of(field, FROM_WORD)
    if kept is None:
        return
    assert not set(kept) & set("\uf0b7\x02\x0b\x0c\u202e"), name
    assert left_of(field, "a\ufffe") is None, name


def test_what_a_word_processor_leaves_stands_in_no_row(request_of_superuser: Any) -> None:
    tried = 0
    for form in forms_of_rows(request_of_superuser):
        for name, field in form.base_fields.items():
            if takes_words(field) and name != "username":
                check(f"{form.__name__}.{name}", field)
                tried += 1
    assert tried > 60


def test_nor_in_a_form_that_asks_before_something_is_done() -> None:
    tried = set()
    for form in other_forms():
        for name, field in form.base_fields.items():
            if takes_words(field):
                check(f"{form.__name__}.{name}", field)
                tried.add(form.__name__)
    assert {"AnswerForm", "ReasonForm"} <= tried


def test_what_no_pdf_can_print_is_told_at_the_field(request_of_superuser: Any) -> None:
    for form in forms_of_rows(request_of_superuser):
        for name, field in form.base_fields.items():
            if isinstance(field, fields.LineField | fields.ParagraphsField) and name not in UNPRINTED:
                assert left_of(field, AMHARIC) is None, f"{form.__name__}.{name}"


def test_the_line_that_cannot_be_printed_is_named_where_it_stands() -> None:
    julien = manager()
    quote, browser = make_quote(owner=julien), at_desk(julien)
    typed = filled(browser.get(page_of(quote))) | {"lines-1-description": AMHARIC, "internal_note": AMHARIC}
    answer = browser.post(page_of(quote), typed)
    assert answer.status_code == 200
    formset = answer.context["inline_admin_formsets"][0].formset
    (error,) = formset.forms[1].errors["description"]
    assert AMHARIC in error
    assert "ne peuvent pas imprimer" in error
    assert "internal_note" not in answer.context["adminform"].form.errors


def test_pasted_words_are_stored_clean() -> None:
    julien = manager()
    quote, browser = make_quote(owner=julien), at_desk(julien)
    typed = filled(browser.get(page_of(quote)))
    count = int(typed["lines-TOTAL_FORMS"])
    typed |= {"title": "Salle de bains\x0bet toilettes", "intro": "\uf0b7\tPose\x0b\uf0a7\tEssais"}
    typed |= line(count, label=FROM_WORD, unit_price="1 234,50") | {"lines-TOTAL_FORMS": str(count + 1)}
    assert browser.post(page_of(quote), typed).status_code == 302
    quote.refresh_from_db()
    assert quote.title == "Salle de bains et toilettes"
    assert quote.intro == "•\tPose\n•\tEssais"
    assert [one.label for one in quote.lines.all()][-1] == "• Pompe à chaleur"
