"""Administrators are mailed when something is not well for 5 minutes, once more at 15, and once when it is over.

Sent past the outbox, which may be what is stuck. The row says what was told, so a restart repeats nothing, and of the
schedule and the workers that look at the same moment one tells. A mail that no server takes is tried at the next look.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.template.loader import render_to_string
from django.utils import timezone

from lib.addresses import absolute
from logisav.health import certificates
from logisav.health.facts import BROKEN, LATE, Fact
from logisav.health.measuring import measure
from notifications import delivery, readings
from notifications.headers import is_address
from notifications.models import Alarm
from notifications.staff import who_may

STUCK = dt.timedelta(minutes=1)  # whoever was telling the end is gone
log = logging.getLogger(__name__)


def look() -> int:
    """The schedule's own part: certificates once an hour, then the alarms."""
    certificates.look(readings.latest())
    watch()
    return 0


def watch() -> None:
    """Measure, and tell what became worse or well again."""
    unwell = {fact.name: fact for fact in measure() if not fact.is_well}
    _note(unwell.values())
    now = timezone.now()
    lasting = Alarm.objects.filter(name__in=unwell)
    _tell_again(list(lasting.filter(again_told_at=None, since__lte=now - BROKEN)), unwell, now)
    _tell_first(list(lasting.filter(first_told_at=None, since__lte=now - LATE)), unwell, now)
    _tell_over(list(Alarm.objects.exclude(name__in=unwell)), now)


def _note(unwell: Iterable[Fact]) -> None:
    """From its first sight on; what came back while its end was being told has not ended."""
    now = timezone.now()
    rows = [Alarm(name=fact.name, subject=fact.subject, since=fact.since or now) for fact in unwell]
    Alarm.objects.bulk_create(rows, ignore_conflicts=True)
    Alarm.objects.filter(name__in=[row.name for row in rows], ending_at__isnull=False).update(ending_at=None)


def _tell_first(alarms: list[Alarm], unwell: dict[str, Fact], now: dt.datetime) -> None:
    mine = [
        alarm
        for alarm in alarms
        if Alarm.objects.filter(pk=alarm.pk, first_told_at=None).update(first_told_at=now)
    ]
    if mine and not _sent("first", [unwell[alarm.name] for alarm in mine]):
        Alarm.objects.filter(pk__in=[alarm.pk for alarm in mine]).update(first_told_at=None)


def _tell_again(alarms: list[Alarm], unwell: dict[str, Fact], now: dt.datetime) -> None:
    """What is first seen after a quarter of an hour is told once."""
    both = {"again_told_at": now, "first_told_at": Coalesce("first_told_at", now)}
    mine = [alarm for alarm in alarms if Alarm.objects.filter(pk=alarm.pk, again_told_at=None).update(**both)]
    if mine and not _sent("again", [unwell[alarm.name] for alarm in mine]):
        Alarm.objects.filter(pk__in=[alarm.pk for alarm in mine]).update(again_told_at=None)


def _tell_over(alarms: list[Alarm], now: dt.datetime) -> None:
    Alarm.objects.filter(pk__in=[alarm.pk for alarm in alarms], first_told_at=None).delete()
    free = Q(ending_at=None) | Q(ending_at__lt=now - STUCK)
    mine = [
        alarm
        for alarm in alarms
        if Alarm.objects.filter(free, pk=alarm.pk, first_told_at__isnull=False).update(ending_at=now)
    ]
    if not mine:
        return
    told = Alarm.objects.filter(pk__in=[alarm.pk for alarm in mine], ending_at=now)
    if _sent("over", mine):
        told.delete()
    else:
        told.update(ending_at=None)


SUBJECTS = {
    "first": ("Logisav attend depuis 5 minutes", "Logisav attend depuis 5 minutes : {} sujets"),
    "again": (
        "Logisav attend toujours, depuis 15 minutes",
        "Logisav attend toujours, depuis 15 minutes : {} sujets",
    ),
    "over": ("Logisav : c'est rétabli", "Logisav : c'est rétabli, {} sujets"),
}


def _sent(moment: str, about: list[Fact] | list[Alarm]) -> bool:
    """One mail for all of one moment. True, too, when there is nobody to be told."""
    people = who_may("auth.change_user").values_list("email", flat=True)
    addresses = sorted({address for address in people if is_address(address)})
    if not addresses:
        log.error("nobody to mail an alarm to: %s", "; ".join(each.subject for each in about))
        return True
    one, many = SUBJECTS[moment]
    text = render_to_string(
        "health/alarm.txt", {"moment": moment, "about": about, "page": absolute("/admin/etat/")}
    )
    try:
        delivery.send_directly(
            addresses, subject=one if len(about) == 1 else many.format(len(about)), text=text
        )
    except (delivery.Refused, delivery.Postponed) as answer:
        log.error("alarm not mailed: %s", answer)
        return False
    return True
