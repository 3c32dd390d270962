"""« Accepté autrement »: a contract signed on paper, with its scan; nothing of ours says that it was signed on line."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from lib import french
from logisav.desk.tests.desk import at_desk, manager, owner, page_of, text
from payments import rules as payment_rules
from payments.tests.factories import make_paying_company
from quotes.law import days
from quotes.law.contract import Place
from quotes.models import IllegalMove, Quote
from quotes.pdf import rendering
from quotes.tests.documents import read, squeezed
from quotes.tests.factories import (
    SYSTEM,
    mails,
    make_business,
    make_sent_quote,
    send_again,
    version_of,
    visitor,
)
from signing import paper
from signing.models import PaperAcceptance, Signature
from signing.proof.auditing import damaged_files
from signing.tests.factories import make_signing_request
from signing.tests.sealed import small_pdf
from signing.tests.tampering import smallest_pdf

pytestmark = pytest.mark.django_db
PDF = smallest_pdf()
ACTIVE = small_pdf(catalog=b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(1)>>>>")


def photo() -> bytes:
    image, out = Image.new("RGB", (40, 60), "white"), io.BytesIO()
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (45.0, 46.0, 2.0)}  # where it was taken
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.fixture
def quote() -> Quote:
    return make_sent_quote(owner=owner())


@pytest.fixture
def desk(quote: Quote) -> Client:
    return at_desk(quote.owner)


def address(quote: Quote) -> str:
    return reverse("admin:signing_record_acceptance", args=[quote.pk])


def record(desk: Client, quote: Quote, *, file: bytes = PDF, **changes: Any) -> Any:
    data = {
        "version": version_of(quote).number,
        "signatory": "Claire Morel",
        "signed_on": f"{timezone.localdate():%d/%m/%Y}",
        "place": "distance",
        "consents": ["quote", "vat_5_5"],
        "scan": SimpleUploadedFile("devis.pdf", file),
    }
    return desk.post(address(quote), {name: value for name, value in (data | changes).items() if value})


def test_row_21_the_paper_makes_the_contract_and_the_customer_gets_its_copy(
    desk: Client, quote: Quote
) -> None:
    assert f'"{address(quote)}"' in text(desk.get(page_of(quote)))
    assert record(desk, quote).status_code == 302
    quote.refresh_from_db()
    assert quote.state == Quote.State.ACCEPTED
    assert timezone.localdate(quote.accepted_at) == timezone.localdate()
    acceptance = PaperAcceptance.objects.get(quote=quote)
    assert acceptance.recorded_by == quote.owner.username
    assert [one["id"] for one in acceptance.consents] == ["quote", "vat_5_5"]
    mail = mails("signing/accepted_on_paper", quote).get()
    assert mail.to == quote.customer.email
    assert mail.attachments[0]["path"] == acceptance.scan.name
    for words in ("Vous n'avez rien signé", "Renoncer au contrat ici", "Signé le"):
        assert words in mail.text
    assert not Signature.objects.exists()
    fact = quote.events.get(kind="accepted_on_paper").facts
    assert (fact["place"], acceptance.place) == ("distance", "distance")
    assert (fact["scan_sha256"], fact["version_hash"]) == (acceptance.sha256, version_of(quote).version_hash)


def test_the_printed_quote_bears_every_box_that_is_ticked_on_paper(quote: Quote) -> None:
    version = version_of(quote)
    printed = squeezed(read(rendering.quote_pdf(version.reading), "pdftotext", "-raw"))
    assert [one.id for one in paper.consents_of(version)] == ["quote", "vat_5_5"]
    for consent in paper.consents_of(version):
        assert squeezed(consent.words) in printed
    assert squeezed("par voie électronique") not in printed
    assert squeezed("Sur papier : date et signature.") in printed


def test_the_customer_reads_that_it_was_signed_on_paper_and_has_the_scan(desk: Client, quote: Quote) -> None:
    browser = visitor(quote)
    record(desk, quote)
    page, _, contract = text(browser.get(quote.get_absolute_url())).partition('id="devis"')
    assert "Relire le devis signé" in contract
    assert "Claire Morel l'a signé sur papier" in page
    assert "scellé" not in page
    assert "en ligne" not in page
    scan = browser.get(reverse("signing:signed_pdf", args=[quote.public_id]))
    assert b"".join(scan.streaming_content) == PDF  # type: ignore[attr-defined]
    assert "Papier signé" in text(desk.get(page_of(quote)))


def test_dates_count_from_the_day_of_the_signature(quote: Quote) -> None:
    """The version is a week old, the paper of the day before yesterday."""
    version = version_of(quote)
    type(version).objects.filter(pk=version.pk).update(frozen_at=timezone.now() - dt.timedelta(days=7))
    day = timezone.localdate() - dt.timedelta(days=2)
    record(at_desk(quote.owner), quote, signed_on=f"{day:%d/%m/%Y}")
    quote.refresh_from_db()
    assert timezone.localdate(quote.accepted_at) == day


OFF = {"contract": "off_premises", "start": "3 semaines après la signature"}


def on_paper(days_ago: int, *, ticked: tuple[str, ...] = (), **fields: Any) -> Quote:
    """A week old, signed that long ago at the customer's home."""
    make_paying_company()
    quote = make_sent_quote(owner=owner(), **OFF, **fields)
    version = version_of(quote)
    type(version).objects.filter(pk=version.pk).update(frozen_at=timezone.now() - dt.timedelta(days=7))
    day = timezone.localdate() - dt.timedelta(days=days_ago)
    consents = [one.id for one in version.reading.consents if one.required and one.id != "electronic"]
    typed: dict[str, Any] = {
        "place": "off_premises",
        "signed_on": f"{day:%d/%m/%Y}",
        "consents": [*consents, *ticked],
    }
    assert record(at_desk(quote.owner), quote, **typed).status_code == 302
    return Quote.objects.get(pk=quote.pk)


def test_row_21_off_premises_the_deposit_waits_from_the_day_on_the_paper_and_goods_have_no_last_day_yet() -> (
    None
):
    quote = on_paper(2)
    opens = timezone.localdate() + dt.timedelta(days=6)
    assert payment_rules.opens_on(quote) == opens
    assert quote.withdrawal_last_day() is None
    page = text(visitor(quote).get(quote.get_absolute_url())).partition('id="devis"')[0]
    assert f"à régler à partir du {french.day(opens)}" in page
    assert "livraison du matériel" in page
    for asking in ("FR76", "Régler mon acompte", "à la commande"):
        assert asking not in page
    mail = mails("signing/accepted_on_paper", quote).get()
    assert f"Acompte, à partir du {french.day(opens)}" in mail.text
    assert "à la commande" not in mail.text + mail.html


@pytest.mark.parametrize("ticked", [(), ("early_start",)])
def test_row_21_services_on_paper_have_fourteen_days_from_it_and_what_was_ticked(
    ticked: tuple[str, ...],
) -> None:
    quote = on_paper(2, nature="services", ticked=ticked)
    fourteenth = timezone.localdate() + dt.timedelta(days=12)
    last = quote.withdrawal_last_day()
    assert last == days.last_day(timezone.localdate() - dt.timedelta(days=2))
    assert last is not None
    assert fourteenth <= last < fourteenth + dt.timedelta(days=5), "a holiday and a weekend at most"
    assert quote.early_start is bool(ticked)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"signed_on": "01/01/2090"}, "Cette date n'est pas encore venue"),
        ({"signed_on": "01/01/2020"}, "elle n'a pas été signée avant"),
        ({"signed_on": "hier"}, "date valide"),
        ({"signed_on": ""}, "Donnez la date que porte le papier"),
        ({"place": ""}, "Dites où le client a signé"),
        ({"place": "off_premises"}, "ne porte pas les droits d'un contrat signé là"),
        ({"signatory": ""}, "Dites qui a signé"),
        ({"scan": None}, "Joignez le papier signé"),
        ({"file": b"MZ an executable"}, "ni un PDF, ni une photo"),
        ({"file": ACTIVE}, "autre chose que des pages"),
        ({"file": b"%PDF-1.7 torn"}, "n'a pas pu être lu"),
        ({"consents": []}, "Le papier doit porter chaque accord obligatoire"),
        ({"version": "7"}, "7"),
    ],
)
def test_what_the_paper_cannot_say_is_told_at_its_field(
    desk: Client, quote: Quote, changes: dict[str, Any], words: str
) -> None:
    response = record(desk, quote, **changes)
    assert response.status_code == 422
    assert words in text(response).replace("&#x27;", "'")
    assert not PaperAcceptance.objects.exists()


@pytest.mark.parametrize(
    ("is_small", "words"), [("yes", "protégé comme un particulier"), ("", "Demandez-le au client")]
)
def test_a_business_off_premises_is_asked_again_whether_it_is_small(is_small: str, words: str) -> None:
    planned: dict[str, Any] = {"delivery": "12 janvier 2099", "start": "3 semaines après la signature"}
    quote = make_sent_quote(
        owner=owner(), customer=make_business(), contract="off_premises", small_business=False, **planned
    )
    desk = at_desk(quote.owner)
    said: dict[str, Any] = {"place": "off_premises", "consents": ["quote", "vat_5_5"]}
    refused = record(desk, quote, is_small=is_small, **said)
    assert refused.status_code == 422
    assert words in text(refused)
    assert record(desk, quote, is_small="no", **said).status_code == 302
    assert PaperAcceptance.objects.get().place == "off_premises"


def test_a_photo_is_drawn_anew_without_where_it_was_taken(desk: Client, quote: Quote) -> None:
    record(desk, quote, file=photo())
    acceptance = PaperAcceptance.objects.get()
    with Image.open(acceptance.scan.open()) as kept:
        assert (kept.format, dict(kept.getexif())) == ("JPEG", {})


def test_a_live_code_is_waited_for(desk: Client, quote: Quote) -> None:
    request = make_signing_request(quote)
    response = record(desk, quote)
    assert response.status_code == 302
    assert not PaperAcceptance.objects.exists()
    type(request).objects.update(expires_at=timezone.now())
    record(desk, quote)
    assert PaperAcceptance.objects.exists()


def test_an_earlier_version_that_was_signed_is_the_one_in_force(desk: Client, quote: Quote) -> None:
    first = version_of(quote)
    send_again(quote)
    record(desk, quote, version=first.number)
    assert version_of(quote) == first
    assert PaperAcceptance.objects.get().version == first


def test_a_version_that_nobody_got_is_signed_by_nobody(quote: Quote) -> None:
    with pytest.raises(IllegalMove):
        paper.record_acceptance(
            quote.pk,
            version_number=9,
            signatory="Claire Morel",
            signed_on=timezone.localdate(),
            place=Place.DISTANCE,
            consents=frozenset(),
            scan="paper/none.pdf",
            sha256="",
            actor=SYSTEM,
        )


def test_another_owner_neither_records_nor_reads_it_and_managers_see_the_list(
    desk: Client, quote: Quote
) -> None:
    other = at_desk(owner())
    assert record(other, quote).status_code == 404
    record(desk, quote)
    assert other.get(reverse("admin:signing_paper", args=[quote.pk])).status_code == 404
    listed = reverse("admin:signing_paperacceptance_changelist")
    assert quote.number not in text(other.get(listed))
    assert quote.number in text(at_desk(manager()).get(listed))


def test_the_database_itself_keeps_what_was_recorded(desk: Client, quote: Quote) -> None:
    record(desk, quote)
    for change in (PaperAcceptance.objects.all().delete, lambda: PaperAcceptance.objects.update(sha256="")):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


@pytest.mark.parametrize(
    "loss", [Path.unlink, lambda path: path.write_bytes(PDF + b"%")], ids=["gone", "changed"]
)
def test_a_scan_that_is_gone_or_changed_is_told_with_the_evidence(
    desk: Client, quote: Quote, loss: Callable[[Path], object]
) -> None:
    record(desk, quote, file=PDF + b"% the scan that this test loses\n")
    scan = PaperAcceptance.objects.get().scan
    assert list(damaged_files(quote)) == []
    loss(Path(scan.path))
    assert [line for line in damaged_files(quote) if "papier signé" in line and str(scan) in line]
