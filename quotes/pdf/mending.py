"""In the background: a version whose stored PDF is damaged gets it back, the same to the byte, or goes out of force.

The file may be there again, lie in a backup, or come out of the renderer as it did then. Whatever bears another hash
than the one written down is none of these: nothing else is ever put in its place. No mail keeps bytes of its own:
what is attached to one is a file of the same storage.
"""

from __future__ import annotations

from django.db.models import QuerySet

from lib import files
from notifications import queue
from notifications.queue import QueueEntry
from quotes import rules, workflow
from quotes.models import Quote, QuoteVersion
from quotes.pdf import engine, rendering
from quotes.rules import Verb

MAX_TRIES = 20  # most of a working day: a disk that is full, a renderer that is away


class Lost(Exception):
    """No source has these very bytes any more."""


def mend_version(version_id: int) -> None:
    """Now, whichever queue it stands in."""
    for one in (UNSIGNED, SIGNED):
        one.due()
        for pk in QueueEntry.objects.of(one.name).filter(row=version_id).values_list("pk", flat=True):
            queue.run(one, pk, early=True)


def _damaged() -> QuerySet[QuoteVersion]:
    return QuoteVersion.objects.filter(damaged_at__isnull=False, is_current=True).order_by("damaged_at")


def _unsigned() -> list[int]:
    open_ones = _damaged().filter(quote__state__in=Quote.SIGNABLE)
    return list(open_ones.values_list("pk", flat=True))


def _signed() -> list[int]:
    contracts = _damaged().filter(
        quote__state__in=rules.states(Verb.SEE_CONTRACT), quote__accepted_at__isnull=False
    )
    return list(contracts.values_list("pk", flat=True))


def _mend(version_id: int) -> None:
    version = QuoteVersion.objects.select_related("quote").get(pk=version_id)
    name, sha256 = str(version.pdf), version.pdf_sha256
    if not files.is_whole(name, sha256):
        files.store(files.from_backups(name, sha256) or _rendered_anew(version), folder="versions")
    workflow.note_mended(version_id)


def _rendered_anew(version: QuoteVersion) -> bytes:
    document = rendering.quote_pdf(version.reading)
    if files.sha256_of(document) != version.pdf_sha256:
        raise Lost(
            f"Le fichier {version.pdf} est perdu\u00a0: aucune sauvegarde ne l'a, et la mise en page d'aujourd'hui "
            "n'en donne plus le même."
        )
    return document


def _take_out_of_force(entry: QueueEntry, error: Exception, reason: str) -> None:
    workflow.take_out_of_force(entry.row, reason=reason)
    entry.delete()


def _tell_not_mended(version_id: int, reason: str) -> None:
    version = QuoteVersion.objects.get(pk=version_id)
    workflow.tell_stuck(
        version.quote_id,
        what=f"Le PDF de la version {version.number} est abîmé, et n'a pas encore pu être réparé.",
        effect="Le client lit que son devis se met à jour, il ne peut pas signer pour le moment.",
        to_do="Prévenez qui administre Logisav, ou envoyez une nouvelle version depuis la page du devis.",
        reason=reason,
    )


def _tell_contract_damaged(version_id: int, reason: str) -> None:
    version = QuoteVersion.objects.get(pk=version_id)
    workflow.tell_stuck(
        version.quote_id,
        what=f"Le PDF de la version {version.number}, que le client a signée, manque ou a changé sur le serveur.",
        effect="La signature reste valable. Rien ne remplace ce fichier : ce qui en dépend attend.",
        to_do=(
            f"Demandez à qui administre Logisav de remettre le fichier {version.pdf} depuis une sauvegarde, "
            "puis appuyez sur « Réessayer » dans « À reprendre »."
        ),
        reason=reason,
    )


EXPECTED = (Lost, files.Damaged, engine.RenderingFailed)
UNSIGNED = queue.dated(
    "damaged versions",
    find=_unsigned,
    work=_mend,
    services=(rendering.RENDERER,),
    gives_up=queue.GiveUp(tries=MAX_TRIES, at_once=(Lost,)),
    give_up=_take_out_of_force,
    tells_after=8,
    tell=_tell_not_mended,
    expected=EXPECTED,
)
SIGNED = queue.dated(
    "damaged contracts",
    find=_signed,
    work=_mend,
    services=(rendering.RENDERER,),
    tells_after=1,
    tell=_tell_contract_damaged,
    expected=EXPECTED,
)
