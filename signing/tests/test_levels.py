"""Levels of the seal, with an authority of our own that answers over HTTP: what each proves, and what refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing import seal
from signing.seal import Authorities, Signer
from signing.tests import tampering
from signing.tests.authority import PASSPHRASE, Authority, running_authority

NOWHERE = "http://127.0.0.1:1/tsa"
PDF = tampering.smallest_pdf()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with running_authority(tmp_path_factory.mktemp("authority")) as running:
        yield running


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    path = tmp_path_factory.mktemp("own") / "seal.p12"
    seal.make_key(path, passphrase="x", common_name="Cachet", organisation="Thermo Rhône")
    return seal.load_signer(path, "x")


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Signer:
    return seal.load_signer(authority.key, PASSPHRASE)


def believed(authority: Authority, *urls: str) -> Authorities:
    root = x509.load_pem_x509_certificate(authority.root.read_bytes())
    return Authorities(urls or (authority.stamps,), (root.public_bytes(Encoding.DER),))


def test_a_time_stamp_makes_level_b_t(authority: Authority, own: Signer) -> None:
    document = seal.seal_with_time(PDF, own, believed(authority))
    report = seal.check(document, trusted=[own.certificate], authorities=believed(authority))
    assert (report.seal, report.level, report.stamp_trusted) == ("intact", "B-T", True)
    assert report.stamped_by == "Horodatage d'essai"
    unknown = seal.check(document, trusted=[own.certificate])
    assert (unknown.seal, unknown.stamp_trusted) == ("intact", False)


def test_authorities_are_asked_in_order(authority: Authority, own: Signer) -> None:
    document = seal.seal_with_time(PDF, own, believed(authority, NOWHERE, authority.stamps))
    assert seal.check(document, trusted=[own.certificate]).level == "B-T"


def test_without_any_answer_there_is_no_document(own: Signer) -> None:
    with pytest.raises(seal.AuthorityUnavailable, match=r"127\.0\.0\.1\s: injoignable"):
        seal.seal_with_time(PDF, own, Authorities((NOWHERE,)))


def test_what_answers_and_is_no_authority_gives_no_document(authority: Authority, own: Signer) -> None:
    with pytest.raises(seal.AuthorityUnavailable):
        seal.seal_with_time(PDF, own, believed(authority, f"{authority.url}/rien"))


def test_a_stamp_of_an_authority_that_is_not_believed_is_refused(authority: Authority, own: Signer) -> None:
    with pytest.raises(seal.AuthorityUnavailable):
        seal.seal_with_time(PDF, own, Authorities((authority.stamps,), (own.certificate,)))


def test_a_stamp_taken_from_another_document_shows(authority: Authority, own: Signer) -> None:
    first = seal.seal_with_time(PDF, own, believed(authority))
    second = seal.seal_with_time(tampering.prepare_hide(PDF), own, believed(authority))
    swapped = tampering.with_contents_of(second)(first)
    assert not seal.check(swapped, trusted=[own.certificate]).intact


@pytest.mark.parametrize("family", tampering.ATTACKS)
def test_every_attack_on_a_stamped_document_shows(family: str, authority: Authority, own: Signer) -> None:
    document = seal.seal_with_time(PDF, own, believed(authority))
    for name, attack in tampering.ATTACKS[family].items():
        assert not seal.check(attack(document), trusted=[own.certificate]).intact, name


def test_an_issued_certificate_reaches_b_lta_and_is_stamped_again(
    authority: Authority, issued: Signer
) -> None:
    trust = believed(authority)
    document = seal.seal_for_long(PDF, issued, trust)
    again = seal.restamp(document, issued, trust)
    assert again.startswith(document)
    for each in (document, again):
        report = seal.check(each, trusted=[issued.certificate], authorities=trust)
        assert (report.seal, report.level, report.stamp_trusted) == ("intact", "B-LTA", True), report


@pytest.mark.parametrize("family", tampering.ATTACKS)
def test_every_attack_on_an_archived_document_shows(
    family: str, authority: Authority, issued: Signer
) -> None:
    trust = believed(authority)
    document = seal.restamp(seal.seal_for_long(PDF, issued, trust), issued, trust)
    for name, attack in tampering.ATTACKS[family].items():
        report = seal.check(attack(document), trusted=[issued.certificate], authorities=trust)
        assert not report.intact, (name, report)


def test_a_self_made_certificate_never_reaches_b_lta(authority: Authority, own: Signer) -> None:
    with pytest.raises(seal.AuthorityUnavailable):
        seal.seal_for_long(PDF, own, believed(authority))


def test_a_detached_signature_names_its_signer_and_its_time(authority: Authority, own: Signer) -> None:
    for trust, stamped in ((None, False), (believed(authority), True)):
        signature = seal.sign_detached(b"heads", own, trust)
        report = seal.check_detached(b"heads", signature, trusted=[own.certificate])
        assert report.intact
        assert (report.stamped_at is not None) == stamped
        assert not seal.check_detached(b"headz", signature, trusted=[own.certificate]).intact
        assert not seal.check_detached(b"heads", signature, trusted=[]).intact
        assert not seal.check_detached(b"heads", signature[:-1], trusted=[own.certificate]).intact
