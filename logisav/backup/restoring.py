"""Putting a backup back: everything is looked at first, then a new epoch begins, closed until its operator opens it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from logisav.backup import checking, databases, media, numbers, reconciling
from logisav.backup.encryption import opened
from logisav.backup.manifest import Backup
from logisav.backup.numbers import Seen
from logisav.backup.reconciling import Findings
from logisav.staff import journal
from logisav.staff.journal import By
from logisav.staff.models import Invitation, Session
from notifications.models import OutgoingEmail, Restoration
from payments.stripe_gateway import GatewayUnavailable
from quotes.models import AccessLink, Declaration, Quote
from signing.models import SigningRequest
from signing.proof import auditing

VERSION_JUMP = 10
Say = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """What the operator asked for. `anchors` is a folder that `verify_evidence --export-anchors` wrote."""

    identity: Path | None = None
    anchors: Path | None = None
    replace: bool = False
    seal_lost: bool = False


class NotRestored(Exception):
    """Nothing was touched; why, line by line."""


def restore(backup: Backup, wanted: Wanted, *, say: Say) -> list[str]:
    """Returns the faults of what is there now. Raises NotRestored before anything is touched."""
    _require(backup, wanted, say)
    seen, media_was_kept = numbers.seen_here(), bool(media.paths())
    if wanted.anchors is not None:
        try:
            seen.note_anchors(numbers.exported(wanted.anchors))
        except numbers.NotOurs as foreign:
            raise NotRestored(str(foreign)) from foreign
    made = backup.manifest
    restored_at = timezone.now()
    for path in media.put_back(backup, wanted.identity, at=restored_at):
        say(f"{path} différait de la sauvegarde : mis de côté, remplacé.")
    database = opened(backup.folder / made.database.stored, wanted.identity)
    databases.load(database, at=made.at, epoch=max(made.epoch, seen.epoch) + 1)
    say(f"Base et fichiers de la sauvegarde du {made.at:%Y-%m-%d %H:%M:%S} UTC remis en place.")
    lost = _lost(backup)
    call_command("migrate", interactive=False, verbosity=0)
    findings = _looked_around(seen, media_was_kept=media_was_kept, dumped_at=made.at)
    seen.note(findings.numbers)
    for line in _begin_epoch(seen, findings):
        say(line)
    return lost + list(auditing.audit(list(Quote.objects.order_by("number"))).faults)


def _require(backup: Backup, wanted: Wanted, say: Say) -> None:
    """The whole backup is read before anything is touched."""
    if reason := checking.why_not_here(backup):
        raise NotRestored(reason)
    if backup.manifest.encrypted and wanted.identity is None:
        raise NotRestored("Cette sauvegarde est chiffrée : --identity FICHIER donne la clé privée.")
    if differences := checking.differences(backup, wanted.identity, seal_lost=wanted.seal_lost):
        raise NotRestored("\n".join(["La sauvegarde n'est pas intacte, rien n'a été touché :", *differences]))
    if not wanted.replace and not databases.is_empty():
        raise NotRestored("La base n'est pas vide. --replace la remplace par la sauvegarde.")
    if not wanted.replace and media.paths():
        raise NotRestored("MEDIA_ROOT n'est pas vide. --replace le complète ; aucun fichier n'en est retiré.")
    for path in backup.manifest.missing:
        say(f"{path} manquait déjà quand la sauvegarde a été faite.")


def _lost(backup: Backup) -> list[str]:
    """Is what was loaded what was counted?"""
    made, now = backup.manifest, databases.rows()
    faults = [
        f"table {table} : {now.get(table, 0)} lignes au lieu de {count}"
        for table, count in made.rows.items()
        if now.get(table, 0) != count + (table == Restoration._meta.db_table)
    ]
    return faults + [f"fichier {path} : n'est pas en place" for path in media.changed(made.files)]


def _looked_around(seen: Seen, *, media_was_kept: bool, dumped_at: dt.datetime) -> Findings:
    """Files, anchors and Stripe, outside any transaction. A Stripe that is away is asked again before opening."""
    findings = reconciling.newer_files(media_was_kept=media_was_kept)
    findings += reconciling.newer_anchors(seen.anchors)
    try:
        findings += reconciling.at_stripe(dumped_at)
    except GatewayUnavailable as away:
        words = " ".join(str(away).split())
        findings.lines.append(f"Stripe n'a pas répondu ({words}) : il sera interrogé avant la réouverture.")
    findings.lines += reconciling.purge_again()
    return findings


@transaction.atomic
def _begin_epoch(seen: Seen, findings: Findings) -> list[str]:
    """Whatever opened something before the restore opens nothing any more; counters go on behind all that was seen."""
    restoration = Restoration.objects.filter(opened_at=None).latest("pk")
    now = timezone.now()
    Session.objects.all().delete()
    AccessLink.objects.valid().update(expires_at=now)
    SigningRequest.objects.filter(state=SigningRequest.State.OPEN).update(
        state=SigningRequest.State.REPLACED, expires_at=now
    )
    # Their mailboxes are asked anew once the house is open; 72 h count from then.
    Declaration.objects.standing().update(asked_at=None, token_sha256=None, nonce="", code_expires_at=None)
    Invitation.objects.open().update(revoked_at=now)
    OutgoingEmail.objects.waiting().filter(carries_secret=True).update(expires_at=now, next_try_at=now)
    told = numbers.jump(seen, dumped_at=restoration.dumped_at, restored_at=restoration.restored_at)
    journal.append(
        "changed",
        by=By(None),
        target="Restauration d'une sauvegarde",
        sauvegarde=restoration.dumped_at.isoformat(timespec="seconds"),
        époque=restoration.epoch,
    )
    restoration.version_jump = VERSION_JUMP if findings.lost_versions else 0
    restoration.findings, restoration.ready_at = "\n".join(findings.lines), now
    restoration.save()
    if restoration.version_jump:
        told.append(
            f"Des versions ont pu être envoyées depuis : les prochaines sautent {VERSION_JUMP} numéros."
        )
    return [*told, *(f"À rapprocher : {line}" for line in findings.lines)]
