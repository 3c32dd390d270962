"""« Vérifier un devis signé »: what a stranger's file is told to be, and what is told to nobody."""

from __future__ import annotations

import datetime as dt
import html
import os
import secrets
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from lib import fence, limiter
from lib.models import Counter
from lib.places import Busy, place
from lib.tests.processes import children, memory, open_files, warm_parents
from logisav.tests.figures import chance, sample
from signing import seal
from signing.check import examination, examiner, uploads, verdicts
from signing.check.examination import Findings
from signing.check.verdicts import Verdict
from signing.models import SealedDocument, Signature
from signing.proof import certificates, evidence
from signing.tests.sealed import (
    make_small_document,
    make_whole_document,
    sealed_by_us,
    small_pdf,
)
from signing.tests.turns import turn

pytestmark = pytest.mark.django_db
PAGE = "/verifier/"
GENUINE, ALTERED, UNKNOWN = (
    "Ce document est authentique",
    "Ce document a été modifié",
    "Ce document n'est pas connu ici",
)


@pytest.fixture(autouse=True)
def _in_turn() -> Iterator[None]:
    with turn():
        yield


def check(pdf: bytes, *, path: str = PAGE, browser: Client | None = None, name: str = "devis.pdf") -> Any:
    file = SimpleUploadedFile(name, pdf, content_type="application/pdf")
    return (browser or Client()).post(path, {"pdf": file})


def text(response: Any) -> str:
    return html.unescape(response.content.decode()).replace("\u00a0", " ").replace("\u202f", " ")


def in_this_process(pdf: bytes, *, trusted: Any, address: str = "") -> Findings:
    """What the child process does, without the process."""
    said = examiner.examine(pdf, trusted=list(trusted))
    return Findings(**said | {"errors": tuple(said["errors"])})


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "examine", in_this_process)


def judged(pdf: bytes) -> Verdict:
    ours = certificates.ours()
    return verdicts.judge(pdf, in_this_process(pdf, trusted=ours), ours=ours).verdict


def flipped(pdf: bytes, position: int, bit: int) -> bytes:
    return pdf[:position] + bytes([pdf[position] ^ (1 << bit)]) + pdf[position + 1 :]


# The answers


def test_the_untouched_file_is_genuine_and_the_page_says_what_it_is() -> None:
    signature, document = make_whole_document()
    page = text(check(document))
    sealed = signature.latest_document()
    assert sealed is not None
    for said in (
        GENUINE,
        signature.quote.number,
        "Thermo Rhône",
        "C. M.",
        "PAdES B-B",
        "intact",
        "identique",
    ):
        assert said in page, said
    for kept_back in ("Morel", signature.email, signature.phone, "8 939,35", signature.quote.title):
        assert kept_back not in page, kept_back


def test_a_changed_file_is_altered_and_tells_nothing_of_the_quote() -> None:
    signature, document = make_whole_document()
    page = text(check(flipped(document, len(document) // 3, 0)))
    assert ALTERED in page
    assert "rompu" in page
    assert signature.quote.number not in page
    assert "C. M." not in page


@pytest.mark.usefixtures("at_once")
def test_what_was_made_from_a_document_of_ours_is_altered() -> None:
    signature, document = make_small_document()
    with signature.version.pdf.open("rb") as file:
        read = file.read()
    stranger = sealed_by_a_stranger(read)
    for made in (
        document + b"\n",
        document + small_pdf(),
        document[:-20],
        read + b"% more\n%%EOF\n",
        stranger,
    ):
        assert judged(made) is Verdict.ALTERED
    page = text(check(document + b"\n"))
    expected = SealedDocument.objects.get().sha256
    assert expected in page.replace(" ", "")


def sealed_by_a_stranger(pdf: bytes) -> bytes:
    path = Path(settings.MEDIA_ROOT) / f"{secrets.token_hex(8)}.p12"
    seal.make_key(path, passphrase="x", common_name="Autre", organisation="Autre")
    return seal.seal(pdf, seal.load_signer(path, "x"))


@pytest.mark.usefixtures("at_once")
def test_the_quote_before_its_signature_and_a_strangers_file_are_unknown() -> None:
    signature, _document = make_small_document()
    with signature.version.pdf.open("rb") as file:
        read = file.read()
    for made in (read, small_pdf("% else"), sealed_by_a_stranger(small_pdf("% else")), b"%PDF-1.7\nbroken"):
        assert judged(made) is Verdict.UNKNOWN
    page = text(check(read))
    assert UNKNOWN in page
    assert "avant la signature" in page
    assert signature.quote.number not in page


def test_a_claimed_reference_leads_to_the_document_that_it_names() -> None:
    """The proof inside still says where the file comes from when everything else is gone."""
    signature, document = make_whole_document()
    assert examiner.claimed_reference(document) == signature.reference
    findings = Findings(seal="absent", known_signer=False, level="", errors=(), reference=signature.reference)
    assert verdicts.judge(b"%PDF-1.7", findings, ours=()).verdict is Verdict.ALTERED
    findings = Findings(seal="absent", known_signer=False, level="", errors=(), reference="")
    assert verdicts.judge(b"%PDF-1.7", findings, ours=()).verdict is Verdict.UNKNOWN


@pytest.mark.usefixtures("at_once")
def test_where_seal_and_register_differ_the_page_says_so() -> None:
    signature, document = make_small_document()
    never_registered = sealed_by_us(small_pdf("% nobody signed this"))
    assert judged(never_registered) is Verdict.CONTRADICTORY
    page = text(check(never_registered))
    assert "Les deux contrôles ne s'accordent pas" in page
    assert "absente du registre" in page
    findings = Findings(seal="broken", known_signer=True, level="", errors=(), reference="")
    judgement = verdicts.judge(document, findings, ours=())
    assert judgement.verdict is Verdict.CONTRADICTORY
    assert signature.latest_document() == judgement.document


def test_no_single_changed_bit_is_genuine_or_unknown(figure: Callable[[str, str], None]) -> None:
    _signature, document = make_small_document()
    count, dice = sample(60, len(document)), chance("public check")
    step = len(document) / count
    answers = [judged(flipped(document, int(rank * step), dice.randrange(8))) for rank in range(count)]
    altered = answers.count(Verdict.ALTERED)
    figure("public_check", f"{count} fichiers changés d'un bit : {altered} « modifié », 0 « authentique »")
    assert altered == count


# The reference alone


def test_a_reference_tells_date_level_and_hashes_and_asks_for_the_file() -> None:
    signature, _document = make_small_document()
    sealed = SealedDocument.objects.get()
    response = Client().get(f"/verifier/{signature.reference}/")
    page = text(response)
    assert response.status_code == 200
    assert sealed.sha256 in page.replace(" ", "")
    assert sealed.get_level_display() in page
    assert 'type="file"' in page
    for kept_back in (signature.quote.number, "Morel", "C. M.", signature.email):
        assert kept_back not in page


def test_an_unknown_reference_gets_a_neutral_answer_that_asks_for_the_file() -> None:
    make_small_document()
    for wrong in ("AAAAAAAAAAAAAAAA", "court", "x" * 100, "é"):
        response = Client().get(f"/verifier/{wrong}/")
        assert response.status_code == 404
        assert "Aucun document scellé sous cette référence" in text(response)
        assert 'type="file"' in text(response)
    for unsound in ("%00", "x" * 300):
        assert Client().get(f"/verifier/{unsound}/").status_code == 400


def test_known_and_unknown_references_cost_the_same_queries(django_assert_num_queries: Any) -> None:
    signature, _document = make_small_document()
    for reference in (signature.reference, "AAAAAAAAAAAAAAAA"):
        with django_assert_num_queries(1):
            list(verdicts.documents_of(reference))


def test_a_reference_is_found_however_it_was_copied() -> None:
    signature, _document = make_small_document()
    typed = " ".join(signature.reference[start : start + 4] for start in range(0, 16, 4)).lower()
    response: Any = Client().get(PAGE, {"reference": typed}, follow=True)
    assert response.redirect_chain == [(f"/verifier/{signature.reference}/", 302)]
    assert "Un document a été scellé" in text(response)


def test_the_certificates_qr_code_leads_to_its_reference() -> None:
    signature, _document = make_small_document()
    certificate = evidence.certificate(signature)
    assert certificate.verify_url == f"{settings.SITE_URL}/verifier/{signature.reference}/"


@pytest.mark.usefixtures("at_once")
def test_a_genuine_file_on_the_page_of_another_reference_is_told_to_be_another() -> None:
    signature, document = make_small_document()
    other = "Ce n'est pas la référence de cette page"
    assert other not in text(check(document, path=f"/verifier/{signature.reference}/"))
    page = text(check(document, path="/verifier/AAAAAAAAAAAAAAAA/"))
    assert GENUINE in page
    assert other in page


# What is sent, and how much of it


def test_a_checked_file_is_stored_nowhere() -> None:
    make_small_document()
    before = set(Path(settings.MEDIA_ROOT).rglob("*"))
    check(small_pdf("% a secret of mine") + b"%" * 3_000_000)
    assert set(Path(settings.MEDIA_ROOT).rglob("*")) == before


@pytest.mark.parametrize("size", [uploads.MAX_FILE + 1, uploads.MAX_BODY + 1])
def test_a_file_that_is_too_large_is_refused_with_a_page(size: int) -> None:
    response = check(b"%PDF-1.7\n" + bytes(size - 9))
    assert response.status_code == 413
    assert "dépasse 10 Mo" in text(response)


def test_a_file_of_ten_megabytes_is_checked() -> None:
    _signature, document = make_small_document()
    padded = document + bytes(uploads.MAX_FILE - len(document))
    assert ALTERED in text(check(padded))


@pytest.mark.parametrize("pdf", [b"", b"GIF89a", b"<html>"])
def test_what_is_no_pdf_is_refused_beside_its_field(pdf: bytes) -> None:
    response = check(pdf)
    assert response.status_code == 422
    assert 'aria-invalid="true"' in text(response)


def test_no_file_is_told() -> None:
    response = Client().post(PAGE, {})
    assert response.status_code == 422
    assert "Choisissez le PDF à vérifier." in text(response)


def test_the_form_is_bound_to_its_page() -> None:
    """The token is asked for although the size is looked at before."""
    browser = Client(enforce_csrf_checks=True)
    assert check(small_pdf(), browser=browser).status_code == 403
    browser.get(PAGE)
    token = browser.cookies[settings.CSRF_COOKIE_NAME].value
    file = SimpleUploadedFile("x.pdf", b"GIF", content_type="application/pdf")
    assert browser.post(PAGE, {"pdf": file, "csrfmiddlewaretoken": token}).status_code == 422


def test_a_name_of_a_file_is_shown_as_text() -> None:
    page = check(small_pdf(), name="<b>x</b>.pdf").content.decode()
    assert "<b>x</b>" not in page


# The process that reads


def test_a_reading_that_takes_too_long_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    _signature, document = make_small_document()
    monkeypatch.setattr(examination, "SECONDS", 0.01)
    response = check(document)
    assert response.status_code == 422
    assert "Ce fichier n'a pas pu être lu" in text(response)


def test_a_file_that_unfolds_to_gigabytes_harms_nothing() -> None:
    """An object stream of a few hundred kB that would take 1.3 GB, where the reader has to look."""
    packed = zlib.compressobj(9)
    piece = bytes(1 << 24)
    bomb = b"".join(packed.compress(piece) for _ in range(80)) + packed.flush()
    body = (
        b"%%PDF-1.7\n1 0 obj\n<</Type/XRef/Size 4/W[1 2 1]/Root 2 0 R/Filter/FlateDecode/Length %d>>stream\n"
    )
    pdf = body % len(bomb) + bomb + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"
    response = check(pdf)
    assert response.status_code in (200, 422)
    assert GENUINE not in text(response)


def test_too_many_readings_at_once_are_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "PATIENCE", 0.01)
    with places("check", examination.AT_ONCE):
        response = check(small_pdf())
    assert response.status_code == 503
    assert response["Retry-After"]
    assert UNKNOWN in text(check(small_pdf()))


@contextmanager
def places(name: str, number: int) -> Iterator[None]:
    with ExitStack() as taken:
        for _ in range(number):
            # Another process of the same tests may read a file right now.
            taken.enter_context(place(name, most=number, patience=20))
        yield


def test_one_address_has_two_files_read_at_once_and_others_go_on() -> None:
    with places("check of 127.0.0.1", examination.OF_AN_ADDRESS):
        assert check(small_pdf()).status_code == 503
        assert check(small_pdf(), browser=Client(REMOTE_ADDR="203.0.113.9")).status_code == 200


def test_who_waits_is_few_so_that_threads_are_left() -> None:
    with places("line", examination.IN_LINE):
        assert check(small_pdf()).status_code == 503


def test_places_are_the_whole_machines_and_free_again_when_their_process_is_killed() -> None:
    script = (
        "import sys, time\nfrom lib.places import place\n"
        "with place('here', most=1):\n print('taken', flush=True)\n time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"taken\n"
        with pytest.raises(Busy), place("here", most=1):
            pass
        other.kill()
    with place("here", most=1):
        pass


def test_a_file_is_read_after_everything_else(tmp_path: Path) -> None:
    script = "import os; print(os.nice(0))"
    lower = subprocess.run(
        [*fence.LOWER_PRIORITY, sys.executable, "-c", script],
        env=fence.environment(str(tmp_path)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(lower.stdout) >= min(19, os.nice(0) + 10)


def reader() -> int:
    """The process whose forks read, started if it was not."""
    check(small_pdf())
    (pid,) = warm_parents("signing.check.examiner")
    return pid


def test_the_reader_stays_behind_everything_else_and_so_do_its_forks() -> None:
    assert os.getpriority(os.PRIO_PROCESS, reader()) >= min(19, os.nice(0) + 10)


def test_the_reader_outlives_a_file_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    before = reader()
    with monkeypatch.context() as hurried:
        hurried.setattr(examination, "SECONDS", 0.0005)  # less than a fork takes
        assert check(small_pdf()).status_code == 422
    assert children(before) == []
    assert reader() == before


def test_a_reader_that_was_killed_is_started_anew() -> None:
    _signature, document = make_small_document()
    before = reader()
    os.kill(before, signal.SIGKILL)
    assert GENUINE in text(check(document))
    assert reader() != before


def test_the_reader_has_opened_no_file_and_knows_no_secret() -> None:
    pid = reader()
    check(small_pdf("% CE-QUE-DIT-UN-INCONNU"))
    assert open_files(pid) == ["/memfd", "/memfd", "socket"]
    assert len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
    assert " rw-s" not in Path(f"/proc/{pid}/maps").read_text()
    environment = Path(f"/proc/{pid}/environ").read_bytes().decode()
    for name in ("SECRET_KEY", "OTP_KEY", "OUTBOX_KEY", "SEAL_PASSPHRASE", "DATABASE_URL"):
        assert os.environ[name] not in environment
    assert not any(b"CE-QUE-DIT-UN-INCONNU" in piece for piece in memory(pid))


def test_without_the_seals_certificate_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SEAL_PKCS12", "/nowhere/seal.p12")
    assert check(small_pdf()).status_code == 503


def test_the_reader_knows_no_secret() -> None:
    environment = fence.environment("/tmp/x")
    for name in ("SECRET_KEY", "OTP_KEY", "OUTBOX_KEY", "SEAL_PASSPHRASE", "DATABASE_URL"):
        assert os.environ[name] not in environment.values()


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/hostname')",
        "open(os.environ['HOME'] + '/x', 'w')",
        "socket.create_connection(('127.0.0.1', 1))",
        "subprocess.run(['true'])",
        "os.fork()",
    ],
)
def test_the_reader_reaches_nothing(attempt: str, tmp_path: Path) -> None:
    loaded = "import os, socket, subprocess\nfrom lib import fence\nfrom signing.check import examiner\n"
    script = f"{loaded}fence.shut_doors()\n{attempt}\n"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=fence.environment(str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PermissionError" in done.stderr
    assert "is refused here" in done.stderr


# Not too often


@pytest.mark.usefixtures("at_once")
def test_twenty_files_an_hour_from_one_address() -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        assert [check(b"GIF").status_code for _ in range(21)] == [422] * 20 + [429]
        refused = check(b"GIF")
        assert refused["Retry-After"] == "3600"
        assert "Réessayez dans 60 minutes" in text(refused)
        elsewhere = Client(REMOTE_ADDR="203.0.113.9")
        assert check(b"GIF", browser=elsewhere).status_code == 422
        assert Client().get(PAGE).status_code == 200
    with time_machine.travel(start + dt.timedelta(hours=1, seconds=1)):
        assert check(b"GIF").status_code == 422


def test_sixty_references_an_hour_from_one_address() -> None:
    answers = [Client().get("/verifier/AAAAAAAAAAAAAAAA/").status_code for _ in range(61)]
    assert answers == [404] * 60 + [429]


def test_the_addresses_of_one_ipv6_network_count_together() -> None:
    for rank in range(60):
        Client(REMOTE_ADDR=f"2001:db8:1:2::{rank:x}").get("/verifier/AAAAAAAAAAAAAAAA/")
    for address, status in (("2001:db8:1:2:ffff::1", 429), ("2001:db8:1:3::1", 404)):
        assert Client(REMOTE_ADDR=address).get("/verifier/AAAAAAAAAAAAAAAA/").status_code == status


def test_addresses_are_kept_as_digests_for_a_day() -> None:
    with time_machine.travel(timezone.now() - dt.timedelta(days=2)):
        Client(REMOTE_ADDR="203.0.113.9").get("/verifier/AAAAAAAAAAAAAAAA/")
    assert "203.0.113.9" not in str(list(Counter.objects.values()))
    Client().get("/verifier/AAAAAAAAAAAAAAAA/")
    limiter.sweep()
    assert Counter.objects.count() == 1


# Initials


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("Claire", "Morel", "C.\u00a0M."),
        ("jean-pierre", "Morel-Dupont", "J.-P.\u00a0M.-D."),
        ("Élodie Anne", "de la Tour", "É.\u00a0D."),
        ("-", "Morel", "M."),
    ],
)
def test_initials(first: str, last: str, expected: str) -> None:
    assert verdicts.initials(Signature(first_name=first, last_name=last)) == expected
