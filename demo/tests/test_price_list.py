"""The demo's price list: there from the start, and left as it was changed."""

from __future__ import annotations

import pytest

from demo import catalogue
from quotes.models import CatalogueItem


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
