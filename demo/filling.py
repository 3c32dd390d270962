"""Everything that the demo's data are: key, company, staff, quotes. Doing it again changes nothing."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.test.utils import override_settings
from django.utils import timezone

from demo import catcher, company, people, processes, samples, stories
from signing import seal


def make_company_and_staff() -> tuple[User, User]:
    """The manager and the colleague whose quotes they are."""
    _make_seal_key()
    company.make_company()
    return people.make_staff()


def something_is_missing() -> bool:
    return bool(samples.missing(stories.SAMPLES))


def fill(*, part: int = 1, parts: int = 1) -> int:
    """Make what is missing of one part of the samples; returns how many quotes were made."""
    manager, colleague = make_company_and_staff()
    # A catcher of our own, so that a mail of last week is kept as of last week.
    port = processes.free_port()
    with (
        catcher.catching(Path(settings.DEMO_DIR, "mails"), port=port, now=timezone.now),
        override_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=port, EMAIL_USE_TLS=False, EMAIL_USE_SSL=False),
    ):
        mine = stories.SAMPLES[part - 1 :: parts]
        return samples.make_samples(mine, manager=manager, colleague=colleague)


def _make_seal_key() -> None:
    path = Path(settings.SEAL_PKCS12)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        seal.make_key(
            path,
            passphrase=settings.SEAL_PASSPHRASE,
            common_name="Cachet de démonstration",
            organisation="Thermo Rhône",
        )
