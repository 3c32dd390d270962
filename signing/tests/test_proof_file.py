"""« Dossier de preuve »: checked by following its own LISEZMOI, with public tools alone."""

from __future__ import annotations

import email
import email.policy
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from logisav.desk.tests.desk import at_desk, owner, page_of, text
from notifications.models import OutgoingEmail
from quotes import journal
from quotes import workflow as quotes
from quotes.models import Quote, QuoteEvent
from quotes.tests.factories import SYSTEM, make_sent_quote
from signing import restamping, seal
from signing.models import SealedDocument, Signature
from signing.proof import proof_file
from signing.tests.authority import PASSPHRASE, Authority, running_authority
from signing.tests.factories import CUSTOMER, make_signature, right_code
from signing.tests.sealed import make_small_document, make_whole_document

pytestmark = pytest.mark.django_db
TOOLS = ("openssl", "pdfsig", "pdfdetach", "sha256sum", "head", "tail", "cmp", "grep")
BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Refused(Exception):
    """A command of the LISEZMOI does not come out as it should."""


def address(quote: Quote) -> str:
    return reverse("admin:signing_proof_file", args=[quote.pk])


def deliver_all() -> None:
    OutgoingEmail.objects.update(
        state=OutgoingEmail.State.SENT, sent_at=timezone.now(), smtp_reply="250 2.0.0 Ok", sealed_secrets=None
    )


def unpacked(signature: Signature, folder: Path) -> Path:
    file = proof_file.temporary_file()
    proof_file.write(signature, file)
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    (inside,) = folder.iterdir()
    return inside


@pytest.fixture
def tools(tmp_path: Path) -> dict[str, str]:
    """A machine that has these programs, Python's standard library, and nothing of ours."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found, f"{name} is missing"
        (folder / name).symlink_to(found)
    (folder / "python3").symlink_to(os.path.realpath(sys.executable))
    return {"PATH": str(folder), "LC_ALL": "C.UTF-8", "PYTHONNOUSERSITE": "1", "HOME": str(tmp_path)}


def commands(folder: Path) -> list[str]:
    return BLOCK.findall((folder / "LISEZMOI.txt").read_text())


def follow(folder: Path, tools: dict[str, str]) -> list[str]:
    """Every block of the LISEZMOI, as somebody would paste it; what each one said. Stops at the first that fails."""
    bash = shutil.which("bash")
    assert bash
    said = []
    for block in commands(folder):
        done = subprocess.run(
            [bash, "-euo", "pipefail"],
            input=block,
            cwd=folder,
            env=tools,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Refused(f"{block}\n{done.stdout}")
        said.append(done.stdout)
    return said


def test_it_is_checked_by_following_its_own_lisezmoi(
    tmp_path: Path, tools: dict[str, str], figure: Callable[[str, str], None]
) -> None:
    signature, _document = make_whole_document()
    deliver_all()
    folder = unpacked(signature, tmp_path / "zip")
    whole, pdfsig, openssl, certificate, read, signed, journal, mails, sealed = follow(folder, tools)
    expected = (folder / "LISEZMOI.txt").read_text()
    assert whole == read == ""
    assert "Signature is Valid" in pdfsig
    assert "Total document signed" in pdfsig
    assert "erification successful" in openssl
    assert certificate.splitlines()[-1].casefold() in expected.casefold()
    assert [line.split()[0] for line in signed.splitlines()] == [
        signature.version.content_sha256,
        signature.version.pdf_sha256,
        signature.version_hash,
    ]
    assert journal in expected
    assert signature.journal_hash in journal
    assert f"les {signature.journal_seq} premiers faits" in sealed
    assert len(mails.splitlines()) == OutgoingEmail.objects.count()
    figure("proof_file", f"LISEZMOI : {len(commands(folder))} blocs de commandes suivis, 0 refusé")


def test_it_holds_for_a_key_made_by_the_command(
    tmp_path: Path, tools: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cachet.p12"
    seal.make_key(
        path, passphrase=settings.SEAL_PASSPHRASE, common_name="Cachet de Thermo", organisation="Thermo"
    )
    monkeypatch.setattr(settings, "SEAL_PKCS12", str(path))
    signature, _document = make_whole_document()
    deliver_all()
    folder = unpacked(signature, tmp_path / "zip")
    follow(folder, tools)
    assert "aucune autorité ne se porte garante" in (folder / "LISEZMOI.txt").read_text()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with running_authority(tmp_path_factory.mktemp("authority")) as running:
        yield running


def stamped(settings: Any, authority: Authority) -> None:
    settings.TSA_URLS, settings.SEAL_AUTHORITIES = [authority.stamps], str(authority.root)


def archived(settings: Any, authority: Authority) -> None:
    """With a key that an authority issued, the seal carries what its checking will need for years."""
    stamped(settings, authority)
    settings.SEAL_PKCS12, settings.SEAL_PASSPHRASE = str(authority.key), PASSPHRASE


@pytest.mark.parametrize(("level", "setting"), [("B-T", stamped), ("B-LTA", archived)])
def test_it_holds_at_every_level(
    level: str,
    setting: Callable[[Any, Authority], None],
    authority: Authority,
    tmp_path: Path,
    tools: dict[str, str],
    settings: Any,
) -> None:
    setting(settings, authority)
    signature, document = make_whole_document()
    deliver_all()
    assert SealedDocument.objects.get().level == level
    follow(unpacked(signature, tmp_path / "zip"), tools)
    assert "AUTHENTIQUE" in public_check(document).upper()


def test_it_holds_after_a_fresh_time_stamp(
    authority: Authority, tmp_path: Path, tools: dict[str, str], settings: Any
) -> None:
    archived(settings, authority)
    signature, first = make_whole_document()
    deliver_all()
    again = restamping.restamp(signature)
    assert again is not None
    with again.file.open("rb") as file:
        assert file.read().startswith(first)
    follow(unpacked(Signature.objects.get(pk=signature.pk), tmp_path / "zip"), tools)


def public_check(document: bytes) -> str:
    """What a stranger reads at /verifier/."""
    file = SimpleUploadedFile("devis.pdf", document, content_type="application/pdf")
    return text(Client().post("/verifier/", {"pdf": file}))


def rewrite_journal(folder: Path, change: Callable[[list[dict[str, str]]], None]) -> None:
    journal = json.loads((folder / "journal.json").read_text())
    change(journal["journal"])
    (folder / "journal.json").write_text(json.dumps(journal))


def flip(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(bytes(data))


def other_amount(rows: list[dict[str, str]]) -> None:
    rows[-3]["record"] = rows[-3]["record"].replace("}", " }", 1)


def chained_anew(rows: list[dict[str, str]]) -> None:
    """Every hash made to fit again: the chain holds, and no longer ends where the seal says."""
    rows[0]["record"] = rows[0]["record"].replace("logisav", "autre")
    previous = bytes(32)
    for row in rows:
        previous = hashlib.sha256(previous + row["record"].encode()).digest()
        row["hash"] = previous.hex()


def fact_gone(rows: list[dict[str, str]]) -> None:
    del rows[1]


def other_certificate(folder: Path) -> None:
    subject = [
        "-subj",
        "/CN=Autre",
        "-keyout",
        str(folder / "autre.key"),
        "-out",
        str(folder / "certificats.pem"),
    ]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run(["openssl", "req", "-x509", *curve, *subject], check=True, capture_output=True)


FORGERIES: dict[str, Callable[[Path], None]] = {
    "the quote as read, inside the signed file": lambda folder: flip(folder / "devis-signe.pdf", 3000),
    "the end of the signed file": lambda folder: flip(folder / "devis-signe.pdf", -200),
    "the quote as read": lambda folder: flip(folder / "devis-lu.pdf", 3000),
    "a fact": lambda folder: rewrite_journal(folder, other_amount),
    "a fact that is gone": lambda folder: rewrite_journal(folder, fact_gone),
    "a journal chained anew": lambda folder: rewrite_journal(folder, chained_anew),
    "the certificate": other_certificate,
}


def test_every_forgery_stops_who_follows_it(tmp_path: Path, tools: dict[str, str]) -> None:
    signature, _document = make_whole_document()
    deliver_all()
    original = unpacked(signature, tmp_path / "zip")
    follow(shutil.copytree(original, tmp_path / "control"), tools)
    assert [name for name in FORGERIES if not is_seen(name, original, tmp_path / name, tools)] == []


def is_seen(name: str, original: Path, folder: Path, tools: dict[str, str]) -> bool:
    """The forger also writes the list of hashes anew."""
    shutil.copytree(original, folder)
    FORGERIES[name](folder)
    _list_anew(folder)
    try:
        follow(folder, tools)
    except Refused:
        return True
    return False


def _list_anew(folder: Path) -> None:
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "EMPREINTES.txt"
    ]
    (folder / "EMPREINTES.txt").write_text("".join(lines))


def test_its_pieces_are_the_very_bytes(tmp_path: Path) -> None:
    signature, document = make_small_document()
    folder = unpacked(signature, tmp_path / "zip")
    assert (folder / "devis-signe.pdf").read_bytes() == document
    with signature.version.pdf.open("rb") as file:
        assert (folder / "devis-lu.pdf").read_bytes() == file.read()
    assert (folder / "devis-lu.json").read_text() == signature.version.content
    rows = json.loads((folder / "journal.json").read_text())["journal"]
    assert [row["hash"] for row in rows] == list(
        signature.quote.events.order_by("seq").values_list("hash", flat=True)
    )


def test_the_mails_are_those_sent_without_their_secrets(tmp_path: Path) -> None:
    quote = make_sent_quote()
    waiting = make_small_document()[0]
    code = right_code(waiting.request)
    deliver_all()
    folder = unpacked(waiting, tmp_path / "zip")
    written = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in mails_in(folder)
    ]
    assert {mail["Message-ID"] for mail in written} == set(
        OutgoingEmail.objects.filter(about=waiting.quote.number).values_list("message_id", flat=True)
    )
    by_code = next(mail for mail in written if "code" in mail["Subject"].lower())
    body: Any = by_code.get_body(("plain",))
    assert "••••••" in body.get_content()
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert code.encode() not in everything
    assert quote.number.encode() not in everything


def mails_in(folder: Path) -> list[Path]:
    return sorted((folder / "mails").iterdir())


def outside(folder: Path) -> str:
    """The block « Faits extérieurs », as it reads."""
    said = (folder / "LISEZMOI.txt").read_text().partition("FAITS EXTÉRIEURS")[2]
    return said.partition("CE QU'IL NE MONTRE PAS")[0].replace("\u202f", " ").replace("\u00a0", " ")


def test_facts_that_others_can_confirm_stand_in_the_lisezmoi(tmp_path: Path) -> None:
    """Who paid by card, what was asked, what the mail server answered."""
    signature, _document = make_small_document()
    quote, pasted = signature.quote, "Et le délai ?\n```\nrm -rf ~\n```\n"
    quotes.ask(quote.pk, text=pasted, phone="", actor=CUSTOMER)
    with transaction.atomic():
        facts = {"card_holder": "M MOREL", "last4": "4242", "charge": "ch_1"}
        journal.append(quote, "deposit_paid", actor=SYSTEM, amount="2681.81", **facts)
    deliver_all()
    folder = unpacked(signature, tmp_path / "zip")
    said = outside(folder)
    paid = quote.events.get(kind="deposit_paid")
    assert "2 681,81 €, carte au nom de M MOREL, se termine par 4242" in said
    assert f"(Stripe ch_1, fait n° {paid.seq})" in said
    assert "« Et le délai ? ``` rm -rf ~ ``` »" in said, "on one line: nobody pastes it as a command"
    assert not [block for block in commands(folder) if "rm -rf" in block]
    sent = OutgoingEmail.objects.filter(about=quote.number, to=signature.email)
    assert {"signing/code", "signing/accepted"} <= {mail.message for mail in sent}
    for mail in sent:
        assert f"{mail.message} : 250 2.0.0 Ok ({mail.message_id})" in said


def test_where_nobody_paid_or_asked_it_says_so(tmp_path: Path) -> None:
    said = outside(unpacked(make_small_document()[0], tmp_path / "zip"))
    assert re.findall(r"^    (aucune?)$", said, re.MULTILINE) == ["aucun", "aucune", "aucune", "aucune"]


def test_the_customers_mail_carries_the_signed_pdf(tmp_path: Path) -> None:
    signature, document = make_small_document()
    deliver_all()
    (path,) = (unpacked(signature, tmp_path / "zip") / "mails").glob("*-signing-accepted.eml")
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    (attachment,) = mail.iter_attachments()
    assert attachment.get_content() == document


def test_a_file_that_changed_on_the_server_is_not_handed_over() -> None:
    signature, document = make_small_document()
    path = Path(SealedDocument.objects.get().file.path)
    path.write_bytes(document + b"\n")
    with pytest.raises(proof_file.NotProvable, match="a changé sur le serveur"):
        proof_file.write(signature, io.BytesIO())
    path.unlink()
    with pytest.raises(proof_file.NotProvable, match="manque sur le serveur"):
        proof_file.write(signature, io.BytesIO())


# On the desk


def owned_document() -> tuple[Signature, Quote]:
    signature, _document = make_small_document()
    member = owner()
    Quote.objects.filter(pk=signature.quote_id).update(owner=member)
    return signature, Quote.objects.get(pk=signature.quote_id)


def test_the_owner_takes_it_from_the_quotes_page_and_the_journal_says_so() -> None:
    _signature, quote = owned_document()
    desk = at_desk(quote.owner)
    assert address(quote) in text(desk.get(page_of(quote)))
    assert "données personnelles" in text(desk.get(address(quote)))
    assert not QuoteEvent.objects.filter(kind="proof_exported").exists()
    response: Any = desk.post(address(quote))
    data = b"".join(response.streaming_content)
    assert response["Content-Type"] == "application/zip"
    assert quote.number in response["Content-Disposition"]
    event = quote.events.get(kind="proof_exported")
    assert event.actor["name"] == quote.owner.username
    assert event.facts["sha256"] == hashlib.sha256(data).hexdigest()
    assert "Dossier de preuve téléchargé" in text(desk.get(page_of(quote)))


def test_only_who_sees_the_quote_takes_it() -> None:
    _signature, quote = owned_document()
    for method in ("get", "post"):
        assert getattr(at_desk(owner()), method)(address(quote)).status_code == 404
    quote.owner.groups.clear()
    assert at_desk(quote.owner).post(address(quote)).status_code == 403
    assert not QuoteEvent.objects.filter(kind="proof_exported").exists()


def test_before_the_seal_there_is_none() -> None:
    quote = make_sent_quote(owner=owner())
    make_signature(quote)
    desk = at_desk(quote.owner)
    assert address(quote) not in text(desk.get(page_of(quote)))
    assert desk.post(address(quote)).status_code == 404


def test_what_cannot_be_proved_is_told_on_the_desk() -> None:
    _signature, quote = owned_document()
    Path(SealedDocument.objects.get().file.path).unlink()
    desk = at_desk(quote.owner)
    assert desk.post(address(quote)).headers["Location"] == page_of(quote)
    assert "manque sur le serveur" in text(desk.get(page_of(quote)))
    assert not QuoteEvent.objects.filter(kind="proof_exported").exists()
