"""`manage.py export_person` gives a person all that is kept of them, nothing of others, and no secret."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from logisav.personal import exporting, holdings
from logisav.staff.models import StaffAction
from payments import workflow as payments
from payments.tests.factories import make_paying_company
from quotes import workflow
from quotes.models import Customer, Question, Quote
from quotes.tests.factories import SYSTEM, make_customer, make_link, make_owner, make_sent_quote
from signing.tests.factories import CUSTOMER
from signing.tests.sealed import make_small_document

pytestmark = pytest.mark.django_db
MAIL = "canari@exemple.fr"


def export(folder: Path, mail: str = MAIL) -> tuple[str, dict[str, Any], zipfile.ZipFile]:
    """What the command said, the JSON, and the ZIP itself."""
    out, path = io.StringIO(), folder / "personne.zip"
    call_command("export_person", mail, to=path, stdout=out)
    archive = zipfile.ZipFile(path)
    return out.getvalue(), json.loads(archive.read("donnees.json")), archive


def make_contract() -> Quote:
    """Asked about, signed, sealed and open in a browser; with its deposit."""
    make_paying_company()
    quote = make_small_document()[0].quote
    Customer.objects.filter(pk=quote.customer_id).update(email=MAIL, last_name="Canari")
    workflow.ask(quote.pk, text="Quand venez-vous ?", phone="", actor=CUSTOMER)
    workflow.answer(Question.objects.get(quote=quote).pk, text="Lundi.", author=quote.owner, actor=SYSTEM)
    payments.ensure_deposit(quote.pk)
    Client().get(make_link(quote)[1])
    return Quote.objects.get(pk=quote.pk)


def test_all_that_is_kept_of_a_person_is_in_it(tmp_path: Path) -> None:
    quote = make_contract()
    _, said, archive = export(tmp_path)
    told = {
        "quotes.Customer", "quotes.Quote", "quotes.QuoteLine", "quotes.QuoteVersion", "quotes.AccessLink",
        "quotes.Question", "quotes.Answer", "quotes.QuoteEvent", "signing.SigningRequest", "signing.Signature",
        "signing.SealedDocument", "payments.Deposit", "notifications.OutgoingEmail", "notifications.Notification",
        "logisav.Session",
    }  # fmt: skip
    assert told <= said["tables"].keys()
    assert [row["number"] for row in said["tables"]["quotes.Quote"]] == [quote.number]
    assert len(said["tables"]["quotes.QuoteEvent"]) == quote.journal_head.seq
    assert said["tables"]["quotes.QuoteEvent"][-1]["hash"] == quote.journal_head.hash
    (version,), (sealed,) = said["tables"]["quotes.QuoteVersion"], said["tables"]["signing.SealedDocument"]
    for name in (version["pdf"], sealed["file"]):
        assert archive.read(name).startswith(b"%PDF")
    assert said["fichiers_absents"] == []


def test_what_belongs_to_others_is_not(tmp_path: Path) -> None:
    make_contract()
    other = make_sent_quote(
        customer=make_customer(last_name="Voisin", email="voisin@exemple.fr"), title="Autre chose"
    )
    archive = export(tmp_path)[2]
    words = "".join(archive.read(name).decode("latin-1") for name in archive.namelist())
    for foreign in (other.number, other.public_id, "Voisin", "voisin@exemple.fr", "Autre chose"):
        assert foreign not in words, foreign


def test_it_opens_nothing(tmp_path: Path) -> None:
    quote = make_contract()
    _, said, archive = export(tmp_path)
    words = archive.read("donnees.json").decode()
    link, request = quote.links.latest("pk"), quote.signing_requests.latest("pk")
    for secret in (link.token_sha256, request.nonce, request.browser_sha256):
        assert secret not in words
    assert not exporting.SECRET & {
        column for rows in said["tables"].values() for row in rows for column in row
    }
    assert (tmp_path / "personne.zip").stat().st_mode & 0o077 == 0


def test_a_file_that_is_away_is_told_and_keeps_nothing_back(tmp_path: Path) -> None:
    quote = make_sent_quote(customer=make_customer(email=MAIL))
    version = quote.versions.get()
    version.pdf.storage.delete(str(version.pdf))
    out, said, _ = export(tmp_path)
    assert said["fichiers_absents"] == [version.pdf.name]
    assert f"fichier absent : {version.pdf.name}" in out


def test_the_command_says_why_a_contract_is_not_erased_and_until_when(tmp_path: Path) -> None:
    contract, prospect = make_contract(), make_sent_quote(customer=Customer.objects.get(email=MAIL))
    out, _, archive = export(tmp_path)
    readme = archive.read("LISEZMOI.txt").decode()
    for words in (out, readme):
        assert f"{contract.number} est un contrat : il ne peut pas être effacé" in words
        assert "articles L213-1 et D213-2 du code de la consommation" in words
        assert f"{prospect.number} n'est pas un contrat : il s'efface de lui-même 3\u00a0ans après" in words
    assert StaffAction.objects.get(what="exported").target.startswith("Données d'une personne : fiche ")
    assert MAIL not in StaffAction.objects.get(what="exported").target


def test_somebody_who_works_here_gets_their_own_and_no_customers(tmp_path: Path) -> None:
    owner = make_owner(email=MAIL)
    make_sent_quote(owner=owner, customer=make_customer(last_name="Voisin", email="voisin@exemple.fr"))
    _, said, archive = export(tmp_path)
    assert [row["email"] for row in said["tables"]["auth.User"]] == [MAIL]
    assert "Voisin" not in archive.read("donnees.json").decode()


def test_nobody_is_found_and_nothing_is_written_over(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Rien n'est gardé"):
        export(tmp_path)
    make_sent_quote(customer=make_customer(email=MAIL))
    (tmp_path / "personne.zip").write_bytes(b"autre chose")
    with pytest.raises(CommandError, match="existe déjà"):
        export(tmp_path)


def test_the_address_is_found_however_it_is_written(tmp_path: Path) -> None:
    make_sent_quote(customer=make_customer(email=MAIL))
    assert len(export(tmp_path, " Canari@Exemple.FR ")[1]["tables"]["quotes.Quote"]) == 1


def test_every_table_is_accounted_for() -> None:
    """A new model is exported, or the list says why nothing of a person is in it."""
    assert holdings.unaccounted() == set()


def test_a_table_that_was_forgotten_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    held = {model: theirs for model, theirs in holdings.HELD.items() if model is not Question}
    monkeypatch.setattr(holdings, "HELD", held)
    monkeypatch.delitem(holdings.NOT_HELD, "lib.Counter")
    assert holdings.unaccounted() == {"quotes.Question", "lib.Counter"}
