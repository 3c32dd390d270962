"""Every change of a sealed PDF shows: by its seal alone, and by its seal together with our register of hashes."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from logisav.tests.figures import chance, sample
from quotes import workflow
from quotes.models import Quote
from quotes.pdf import rendering
from quotes.tests.documents import read
from quotes.tests.factories import SYSTEM, make_quote
from signing import seal, sealing
from signing import workflow as signing_workflow
from signing.check import verifying
from signing.models import SealedDocument
from signing.tests import tampering
from signing.tests.administrator import lift_triggers
from signing.tests.factories import make_signature

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
Figure = Callable[[str, str], None]


def sealed(pdf: bytes) -> bytes:
    return seal.seal(pdf, seal.load_signer(settings.SEAL_PKCS12, settings.SEAL_PASSPHRASE))


def registered(pdf: bytes) -> bytes:
    """Written down as what somebody signed."""
    digest = hashlib.sha256(pdf).hexdigest()
    name = default_storage.save(f"signed/{digest}.pdf", ContentFile(pdf))
    signing_workflow.complete_sealing(
        make_signature().pk, file=name, sha256=digest, level=SealedDocument.Level.B_B, reason=""
    )
    return pdf


def sealed_quote() -> bytes:
    """A quote rendered, signed and sealed as any other."""
    quote = make_quote()
    rendering.render_version(workflow.send(quote.pk, actor=SYSTEM).pk)
    signature = make_signature(Quote.objects.get(pk=quote.pk))
    assert sealing.seal_signature(signature.pk)
    with SealedDocument.objects.get(signature=signature).file.open("rb") as file:
        return bytes(file.read())


@pytest.fixture
def small() -> bytes:
    return registered(sealed(tampering.smallest_pdf()))


@dataclass
class Tally:
    """How many of the altered files each column refused."""

    tried: int = 0
    by_seal: int = 0
    by_both: int = 0

    def add(self, altered: bytes) -> bool:
        """Look at one altered file; False when the seal alone let it pass."""
        report = verifying.verify(altered)
        self.tried += 1
        self.by_seal += report["seal"] != "intact"
        self.by_both += not report["genuine"]
        return bool(report["seal"] != "intact")

    @property
    def words(self) -> str:
        return f"sceau seul {self.by_seal}/{self.tried}, sceau + empreinte {self.by_both}/{self.tried}"


def tally(altered: Iterable[bytes]) -> Tally:
    count = Tally()
    for pdf in altered:
        count.add(pdf)
    return count


def assert_all_found(count: Tally) -> None:
    assert count.by_seal == count.by_both == count.tried > 0


def test_the_untouched_file_is_accepted_and_pdfsig_agrees(small: bytes, figure: Figure) -> None:
    quote = sealed_quote()
    for pdf in (small, quote):
        report = verifying.verify(pdf)
        assert report["genuine"], report
        said = read(pdf, "pdfsig", "-nocert")
        assert "Signature is Valid" in said
        assert "Total document signed" in said
    figure("PDF intact", f"{len(small)} et {len(quote)} octets : acceptés, pdfsig -nocert est du même avis")


def test_one_flipped_bit_in_any_byte_shows(small: bytes, figure: Figure) -> None:
    """One bit of each byte, drawn anew for each; inside /Contents only the register must find it."""
    contents = tampering.contents_of(small)
    positions, dice = range(0, len(small), sample(41, 1)), chance("bits")
    outside, inside = Tally(), Tally()
    missed = []
    for position in positions:
        count = inside if position in contents else outside
        if not count.add(tampering.flipped(small, position, dice.randrange(8))):
            missed.append(position)
    figure("PDF, un bit par octet", f"hors /Contents : {outside.words} ; dans /Contents : {inside.words}")
    assert_all_found(outside)
    assert inside.by_both == inside.tried > 0
    assert all(position in contents for position in missed)


def test_a_truncated_file_shows(small: bytes, figure: Figure) -> None:
    pieces = sample(7, 100)
    cut = [tampering.truncations(pdf, pieces=pieces) for pdf in (small, sealed_quote())]
    count = tally(itertools.chain.from_iterable(cut))
    figure("PDF tronqué", count.words)
    assert_all_found(count)


@pytest.mark.parametrize("family", tampering.ATTACKS)
def test_every_attack_shows(family: str, small: bytes, figure: Figure) -> None:
    """On the smallest file and on a whole quote; an attack that changes nothing would prove nothing."""
    count = Tally()
    for original in (small, sealed_quote()):
        for name, attack in tampering.ATTACKS[family].items():
            altered = attack(original)
            assert altered != original, name
            assert count.add(altered), name
    figure(f"PDF, {family}", count.words)
    assert_all_found(count)


def test_shadow_attacks_show(figure: Figure) -> None:
    """The prepared file is sealed and accepted as it is; what the update then uncovers is refused."""
    count = Tally()
    for name, (prepare, uncover) in tampering.SHADOWS.items():
        prepared = registered(sealed(prepare(tampering.smallest_pdf())))
        assert verifying.verify(prepared)["genuine"], name
        assert count.add(uncover(prepared)), name
    figure("PDF, attaques de l'ombre", f"{', '.join(tampering.SHADOWS)} : {count.words}")
    assert_all_found(count)


def test_the_seal_of_another_document_of_ours_shows(small: bytes, figure: Figure) -> None:
    other = registered(sealed(tampering.prepare_hide(tampering.smallest_pdf())))
    count = tally([tampering.with_contents_of(other)(small), tampering.with_contents_of(small)(other)])
    figure("PDF, /Contents d'un autre devis", count.words)
    assert_all_found(count)


def test_a_strangers_seal_shows(small: bytes, tmp_path: Path, figure: Figure) -> None:
    """The same words sealed by somebody who took our name; and a second signature over our seal."""
    key = tmp_path / "autre.p12"
    own = seal.load_signer(settings.SEAL_PKCS12, settings.SEAL_PASSPHRASE)
    seal.make_key(key, passphrase="x", common_name=own.name, organisation="Autre")
    theirs = seal.seal(tampering.smallest_pdf(), seal.load_signer(key, "x"))
    again = tampering.signed_again(key)
    count = tally([theirs, again(small), again(sealed_quote()), tampering.smallest_pdf()])
    figure("PDF, sceau d'un inconnu", count.words)
    assert_all_found(count)


def test_another_quotes_pdf_is_told_apart(figure: Figure) -> None:
    """It is genuine, and the answer names the quote that it is; parts of two quotes are no document of ours."""
    first, second = sealed_quote(), sealed_quote()
    reports = [verifying.verify(pdf) for pdf in (first, second)]
    assert all(report["genuine"] for report in reports)
    assert reports[0]["quote"] != reports[1]["quote"]
    assert reports[0]["reference"] != reports[1]["reference"]
    cuts = [(len(first) * part // 10, len(second) * part // 10) for part in range(1, 10)]
    count = tally(first[:here] + second[there:] for here, there in cuts)
    figure("PDF d'un autre devis", f"nommé par son numéro et sa référence ; mélangés : {count.words}")
    assert_all_found(count)


def test_a_document_that_we_sealed_and_never_wrote_down_needs_the_register(figure: Figure) -> None:
    """What somebody with our key could make: its seal is intact, and only the register does not know it."""
    report = verifying.verify(sealed(tampering.smallest_pdf()))
    assert (report["seal"], report["genuine"]) == ("intact", False)
    figure("PDF scellé hors registre", "sceau seul 0/1 (la clé est la nôtre), sceau + empreinte 1/1")


def test_without_any_hash_the_seal_alone_finds_every_attack(small: bytes, figure: Figure) -> None:
    """The register is emptied by hand, as after the loss of the database."""
    originals = [small, sealed_quote()][: sample(1, 2)]
    lift_triggers()
    SealedDocument.objects.all().delete()
    for original in originals:
        report = verifying.verify(original)
        assert (report["seal"], report["known_revision"], report["genuine"]) == ("intact", None, False)
    altered = (
        attack(original)
        for original in originals
        for attacks in tampering.ATTACKS.values()
        for attack in attacks.values()
    )
    count = tally(altered)
    figure(
        "PDF, registre vidé", f"sceau seul {count.by_seal}/{count.tried}, fichier intact reconnu à son sceau"
    )
    assert_all_found(count)
