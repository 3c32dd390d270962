"""The demo's price list: there from the start, and left as it was changed."""

from __future__ import annotations

import pytest

from demo import catalogue
from quotes.models import CatalogueItem, QuoteLine


@pytest.mark.django_db
def test_it_is_made_once_and_what_was_changed_stays() -> None:
    catalogue.make_price_list()
    CatalogueItem.objects.filter(reference="PAC-8").update(label="Changé")
    CatalogueItem.objects.filter(reference="MES").delete()
    catalogue.make_price_list()
    assert CatalogueItem.objects.get(reference="PAC-8").label == "Changé"
    assert CatalogueItem.objects.count() == len(catalogue.PRICE_LIST)
    for item in CatalogueItem.objects.all():
        item.full_clean()


def test_the_demos_words_go_through_the_door_of_all_typed_text() -> None:
    odd = catalogue.Article("Pompe\x0bà chaleur", "forfait", "1.00", "10", description="Deux\x0bcouches\x02")
    part = catalogue.PricedPart("Fourniture\x1f", (catalogue.Item(odd),))
    title, line = catalogue.lines_of(QuoteLine, (part,))
    assert (title.label, line.label, line.description) == ("Fourniture", "Pompe à chaleur", "Deux\ncouches")
