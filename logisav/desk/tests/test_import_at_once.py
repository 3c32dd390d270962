"""Two people who import at the same moment: neither makes twice what the other has just made."""

from __future__ import annotations

from functools import partial

import pytest

from logisav.desk.files import importing, workflow
from logisav.desk.files.workflow import ImportOutcome
from logisav.tests import crowd
from logisav.tests.figures import Figure, sample
from quotes.models import CatalogueItem, Customer
from quotes.tests.factories import make_company, make_manager

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
FILES = {
    "customers": "Prénom;Nom;Mail;Adresse\nClaire;Morel;claire@exemple.fr;Lyon\n",
    "catalogue": "Référence;Désignation;Prix HT;TVA\nA1;Ballon;5;20\n",
}


@pytest.mark.parametrize("kind", FILES)
def test_the_same_file_twice_at_once_makes_its_rows_once(kind: str, figure: Figure) -> None:
    make_company()
    people, text = (make_manager(), make_manager()), FILES[kind]
    runs = sample(5, 50)
    for _ in range(runs):
        Customer.objects.all().delete()
        CatalogueItem.objects.all().delete()
        staged = [workflow.stage_import(kind, text=text, file_name="a.csv", by=one) for one in people]
        seen = importing.plan(kind, text, rows=importing.rows_of(kind, people[0])).fingerprint
        calls = [
            partial(workflow.confirm_import, file.pk, fingerprint=seen, by=one)
            for file, one in zip(staged, people, strict=True)
        ]
        done = crowd.at_once(*calls)
        assert {result.outcome for result in done} == {ImportOutcome.DONE, ImportOutcome.STALE}, done
        assert Customer.objects.count() + CatalogueItem.objects.count() == 1
    figure("import at once", f"{kind}, the same file from two people: {runs} runs, its row made once each")
