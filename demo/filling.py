"""Everything that the demo's data are: tables, key, company, staff, quotes. Doing it again changes nothing."""

from __future__ import annotations

import io
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.test.utils import override_settings
from django.utils import timezone

from demo import catalogue, catcher, company, people, processes, sample_quotes, samples, shelf
from signing import seal


def prepare() -> None:
    """Tables, groups, key, company and staff, each only if it is not there."""
    call_command("migrate", interactive=False, verbosity=0)
    call_command("make_groups", stdout=io.StringIO())
    _make_seal_key()
    company.make_company()
    people.make_staff()
    shelf.make_shelf()
    catalogue.make_price_list()


def something_is_missing() -> bool:
    return bool(samples.missing(sample_quotes.SAMPLES))


def fill(*, part: int = 1, parts: int = 1) -> int:
    """Make what is missing of one part of the samples; returns how many quotes were made."""
    manager, colleague = people.make_staff()
    # A catcher of our own, so that a mail of last week is kept as of last week.
    port = processes.free_port()
    with (
        catcher.catching(Path(settings.DEMO_DIR, "mails"), port=port, now=timezone.now),
        override_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=port, EMAIL_USE_TLS=False, EMAIL_USE_SSL=False),
    ):
        mine = sample_quotes.SAMPLES[part - 1 :: parts]
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
