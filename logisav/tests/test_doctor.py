"""`manage.py doctor` does each thing once for real, and tells in a sentence what falls short."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from celery import current_app
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from demo.stripe_standin.server import running as running_stripe
from demo.stripe_standin.standin import StandIn
from lib.models import Counter
from lib.trials import FellShort, Reading, Trial
from logisav import doctor
from logisav.staff import trials as staff
from logisav.tests.people import enrol
from notifications import trials as notifications
from notifications.tests import smtp
from payments import trials as payments
from quotes import trials as quotes
from quotes.pdf import engine
from quotes.tests.factories import make_owner, make_sent_quote
from signing import seal
from signing import trials as signing
from signing.tests.authority import Authority, running_authority

pytestmark = pytest.mark.django_db
CLOSED = "127.0.0.1:1"
OTHER_KEY = Fernet.generate_key().decode()


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[smtp.Server]:
    with smtp.running() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def stripe(settings: Settings) -> Iterator[StandIn]:
    with running_stripe(key=settings.STRIPE_SECRET_KEY) as standin:
        settings.STRIPE_API_URL = standin.base_url
        yield standin


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with running_authority(tmp_path_factory.mktemp("authority")) as running:
        yield running


def told(trial: Trial) -> str:
    """The line of a trial that must fall short."""
    line = next(doctor.examine([trial]))
    assert not line.is_well, line.words
    return line.words


def well(trial: Trial) -> str:
    line = next(doctor.examine([trial]))
    assert line.is_well, line.words
    return line.words


# A good installation


def test_a_good_installation_is_told_to_be_well(
    settings: Settings, mail_server: smtp.Server, stripe: StandIn, authority: Authority
) -> None:
    settings.TSA_URLS, settings.SEAL_AUTHORITIES = [authority.stamps], str(authority.root)
    make_owner(email="patron@thermo-rhone.example", is_superuser=True)
    make_sent_quote()  # its link waits under OUTBOX_KEY
    out = io.StringIO()
    call_command("doctor", stdout=out)
    lines = out.getvalue().splitlines()
    assert [line[:8] for line in lines[:-1]] == ["ok      "] * (len(doctor.TRIALS) + 1)
    assert lines[-1] == "Tout va bien."
    (mail,) = mail_server.accepted
    assert mail["To"] == "patron@thermo-rhone.example"
    assert list(Path(settings.MEDIA_ROOT).glob("doctor-*")) == []


def test_one_that_falls_short_ends_with_a_failure_and_mails_nobody_when_told_so(
    settings: Settings, mail_server: smtp.Server, stripe: StandIn
) -> None:
    settings.SEAL_PASSPHRASE = "une autre"
    make_owner(is_superuser=True)
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 point"):
        call_command("doctor", "--no-mail", stdout=out)
    (bad,) = [line for line in out.getvalue().splitlines() if line.startswith("À FAIRE")]
    assert bad.startswith("À FAIRE  Cachet : la clé du cachet ne s'ouvre pas")
    assert mail_server.heard == []


def test_a_trial_that_breaks_keeps_no_other_from_its_turn() -> None:
    def breaks() -> None:
        raise ZeroDivisionError("par zéro")

    broken, clock = doctor.examine([Trial("Essai", breaks)])  # type: ignore[arg-type]
    assert (broken.is_well, clock.subject) == (False, "Horloge")
    assert "ZeroDivisionError: par zéro" in broken.words


# The database


@pytest.mark.postgres
def test_a_database_that_takes_no_writing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
    assert "la base ne se laisse pas écrire" in told(Trial("Base", doctor.database))


@pytest.mark.both
def test_the_row_that_was_tried_is_gone() -> None:
    assert "une ligne écrite puis reprise" in well(Trial("Base", doctor.database))
    assert not Counter.objects.exists()


def test_a_migration_that_was_not_made() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'lib' AND name = '0001_counters'")
    assert "à partir de lib.0001_counters. Lancez manage.py migrate." in told(
        Trial("Migrations", doctor.migrations)
    )


@pytest.mark.postgres
def test_a_search_without_its_extension() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pg_trgm CASCADE")
    assert "l'extension pg_trgm manque" in told(Trial("Recherche", doctor.searching))


# Servers beside


def test_a_cache_that_is_away(settings: Settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"redis://{CLOSED}/0",
        }
    }
    assert "corrigez CACHE_URL" in told(Trial("Cache", doctor.shared_cache))


@pytest.mark.both
def test_a_broker_that_gives_back_what_it_takes() -> None:
    assert well(notifications.BROKER) == "un message déposé est ressorti"
    assert well(notifications.BROKER) == "un message déposé est ressorti"


def test_a_broker_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app.conf, "broker_write_url", f"redis://{CLOSED}/0")
    assert "le courtier ne répond pas" in told(notifications.BROKER)


@pytest.mark.parametrize("away", ["missing", "file"])
def test_a_media_folder_that_takes_no_file(settings: Settings, tmp_path: Path, away: str) -> None:
    (tmp_path / "file").write_text("")
    settings.MEDIA_ROOT = str(tmp_path / away)
    assert "n'écrit pas dans MEDIA_ROOT" in told(Trial("Fichiers", doctor.files))


# Mails


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ("CONNECT", "554 5.7.1 go away"),
        ("MAIL", "553 5.7.1 not your address"),
        ("RCPT", "550 5.1.1 unknown"),
        ("BODY", "554 5.6.0 refused"),
    ],
)
def test_a_mail_server_that_says_no(mail_server: smtp.Server, step: str, answer: str) -> None:
    mail_server.script[step] = answer
    make_owner(is_superuser=True)
    words = told(doctor.MAIL)
    assert answer in words
    assert "Corrigez EMAIL_URL" in words


def test_a_mail_server_that_is_away(settings: Settings) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp.closed_port()
    make_owner(is_superuser=True)
    assert "n'a pas pris le mail" in told(doctor.MAIL)


def test_no_administrator_to_write_to() -> None:
    make_owner()
    make_owner(is_superuser=True, is_active=False)
    assert "aucun administrateur n'a d'adresse mail" in told(doctor.MAIL)


# Keys


def test_an_outbox_key_of_another_form(settings: Settings) -> None:
    settings.OUTBOX_KEY = ["pas une clé"]
    assert "OUTBOX_KEY n'est pas une clé Fernet" in told(notifications.OUTBOX_KEY)


def test_a_waiting_link_that_no_key_opens(settings: Settings) -> None:
    make_sent_quote()
    settings.OUTBOX_KEY = [OTHER_KEY]
    assert "1 mail(s) en attente sur 1 ne s'ouvrent" in told(notifications.OUTBOX_KEY)


def test_a_second_factor_that_no_key_opens(settings: Settings) -> None:
    enrol(make_owner())
    assert "ouvre les 1" in well(staff.FACTORS)
    settings.OUTBOX_KEY = [OTHER_KEY]
    assert "1 second(s) facteur(s) sur 1 ne s'ouvrent" in told(staff.FACTORS)


# Documents


def test_a_renderer_that_gives_no_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MAX_HTML", 1)
    quotes.page.cache_clear()
    assert "aucun PDF n'est sorti" in told(quotes.RENDERER)
    assert "sans mise en page, il n'y a rien à sceller" in told(signing.SEAL)


@pytest.mark.parametrize(
    ("name", "value"), [("SEAL_PASSPHRASE", "une autre"), ("SEAL_PKCS12", "/nowhere/seal.p12")]
)
def test_a_seal_that_does_not_open(settings: Settings, name: str, value: str) -> None:
    setattr(settings, name, value)
    assert "Corrigez SEAL_PASSPHRASE ou SEAL_PKCS12." in told(signing.SEAL)


def test_a_seal_whose_certificate_ends_soon(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "seal.p12"
    with time_machine.travel(timezone.now() - dt.timedelta(days=3653 - 30)):
        seal.make_key(path, passphrase="x", common_name="Cachet", organisation="Thermo Rhône")
    settings.SEAL_PKCS12, settings.SEAL_PASSPHRASE = str(path), "x"
    assert "le certificat du cachet finit le" in told(signing.SEAL)


def test_an_authority_in_reserve_that_is_away(settings: Settings, authority: Authority) -> None:
    settings.SEAL_AUTHORITIES = str(authority.root)
    settings.TSA_URLS = [authority.stamps, f"http://{CLOSED}/tsa"]
    assert "pas d'horodatage de 127.0.0.1" in told(signing.STAMP)


def test_authorities_that_cannot_be_read(settings: Settings) -> None:
    settings.TSA_URLS, settings.SEAL_AUTHORITIES = [f"http://{CLOSED}"], "/nowhere/authorities.pem"
    assert "SEAL_AUTHORITIES ne se lit pas" in told(signing.STAMP)


# Stripe


def test_nothing_is_asked_of_stripe_when_no_cards_are_taken(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL = "", f"http://{CLOSED}"
    assert "aucun paiement par carte" in well(payments.STRIPE)


def test_a_key_that_stripe_does_not_know(settings: Settings, stripe: StandIn) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_of_somebody_else_entirely"
    words = told(payments.STRIPE)
    assert "Stripe refuse STRIPE_SECRET_KEY" in words
    assert "somebody" not in words


def test_a_stripe_that_does_not_answer(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payments.stripe_gateway.RETRIES", 0)
    settings.STRIPE_API_URL = f"http://127.0.0.1:{smtp.closed_port()}"
    words = told(payments.STRIPE)
    assert words.startswith("Stripe ne répond pas")
    assert words.endswith("Vérifiez l'accès à api.stripe.com.")
    assert "\n" not in words


def test_a_test_key_where_customers_pay_for_real(settings: Settings, stripe: StandIn) -> None:
    settings.SECURE = True
    assert "la clé est une clé d'essai" in told(payments.STRIPE)


def test_an_account_of_the_other_mode(settings: Settings, stripe: StandIn) -> None:
    """The stand-in is never live, whatever it was asked with."""
    settings.STRIPE_SECRET_KEY = stripe.api.key = "sk_live_by_mistake"
    assert "l'autre mode" in told(payments.STRIPE)


# The clock


@pytest.mark.postgres
def test_a_clock_that_is_wrong_is_told_by_what_the_others_say(stripe: StandIn) -> None:
    trials = [Trial("Base", doctor.database), payments.STRIPE]
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=2)):
        *_, database_alone = doctor.examine(trials[:1])
    assert not database_alone.is_well
    assert "base de données -120 s" in database_alone.words
    *_, clock = doctor.examine(trials)
    assert clock.is_well, clock.words


@pytest.mark.parametrize(("seconds", "is_well"), [(30, True), (-30, True), (31, False), (-31, False)])
def test_half_a_minute_is_let_pass(seconds: int, is_well: bool) -> None:
    line = doctor.clock([Reading("Stripe", dt.timedelta(seconds=seconds))])
    assert line.is_well is is_well
    assert f"Stripe {seconds:+} s" in line.words


def test_a_clock_that_nobody_knows_is_no_fault() -> None:
    assert "personne à qui demander l'heure" in doctor.clock([]).words


def test_nothing_secret_is_told(settings: Settings) -> None:
    def quotes_a_link() -> None:
        raise FellShort(f"voyez http://testserver/l/{'a' * 43}/")

    assert "a" * 43 not in told(Trial("Essai", quotes_a_link))  # type: ignore[arg-type]
