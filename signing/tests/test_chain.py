"""Whoever edits the journal is found out, also if every hash after the edit is computed anew."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from logisav.tests.figures import chance, sample
from quotes import journal, workflow
from quotes.content import canonical
from quotes.models import JournalHead, Quote, QuoteEvent
from quotes.models.journal import AppendOnly
from quotes.pdf import rendering
from quotes.tests.factories import SYSTEM, make_quote
from signing import sealing
from signing.models import Anchor, SealedDocument, Signature
from signing.proof import anchoring, append_only, auditing
from signing.tests.administrator import lift_triggers
from signing.tests.factories import make_signature

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("same_pages")]
both = pytest.mark.both  # rows, their order and their triggers; files and anchors are the same everywhere
dice = chance("journal")
Figure = Callable[[str, str], None]
KINDS = ("altered", "removed", "inserted", "reordered")


@pytest.fixture
def signature() -> Signature:
    """Sent, asked about, signed and sealed."""
    quote = make_quote()
    rendering.render_version(workflow.send(quote.pk, actor=SYSTEM).pk)
    workflow.ask(quote.pk, text="Quand pouvez-vous commencer ?", phone="", actor=SYSTEM)
    made = make_signature(Quote.objects.get(pk=quote.pk))
    assert sealing.seal_signature(made.pk)
    made.refresh_from_db()
    return made


@dataclass
class Row:
    kind: str
    at: dt.datetime
    record: str
    hash: str


def rows_of(quote: Quote) -> list[Row]:
    return [Row(event.kind, event.at, event.record, event.hash) for event in quote.events.order_by("seq")]


def write(quote: Quote, rows: list[Row]) -> None:
    """These rows instead of those that were there."""
    QuoteEvent.objects.filter(quote=quote).delete()
    QuoteEvent.objects.bulk_create(
        QuoteEvent(quote=quote, seq=seq, kind=row.kind, at=row.at, record=row.record, hash=row.hash)
        for seq, row in enumerate(rows, start=1)
    )


def edit(rows: list[Row], how: str, last: int) -> int:
    """One random edit among the first `last` rows; the number of the first row that is not what it was."""
    place = dice.randrange(last)
    if how == "altered":
        _alter(rows[place])
    elif how == "removed":
        del rows[place]
    elif how == "inserted":
        model = rows[dice.randrange(last)]
        rows.insert(place, Row(model.kind, model.at, model.record.replace("schema", "schemb"), model.hash))
    else:
        other = (place + 1 + dice.randrange(last - 1)) % last
        rows[place], rows[other] = rows[other], rows[place]
        place = min(place, other)
    return place + 1


def _alter(row: Row) -> None:
    """One character of the record, or a column that is told beside it."""
    match dice.choice(("record", "record", "record", "kind", "at", "hash")):
        case "kind":
            row.kind = "noted"
        case "at":
            row.at += dt.timedelta(seconds=1 + dice.randrange(10**6))
        case "hash":
            row.hash = dice.randbytes(32).hex()
        case _:
            document = json.loads(row.record)
            document["facts"]["x"] = dice.randbytes(4).hex()
            row.record = canonical(document)


def forge(quote: Quote, rows: list[Row]) -> None:
    """Numbers, columns and hashes computed anew, as somebody would who knows how the chain is made."""
    previous = journal.GENESIS
    for seq, row in enumerate(rows, start=1):
        document = json.loads(row.record) | {"seq": seq}
        row.record = canonical(document)
        row.kind, row.at = document["event"], dt.datetime.fromisoformat(document["at"])
        row.hash = previous = journal.chained(previous, row.record)
    JournalHead.objects.filter(quote=quote).update(seq=len(rows), hash=previous)


def forge_signature(signature: Signature, rows: list[Row]) -> None:
    """The signature's own copy of the head is rewritten too: only the sealed file still says otherwise."""
    accepted = [seq for seq, row in enumerate(rows, start=1) if row.kind == "accepted"]
    if accepted:
        head = rows[accepted[0] - 1].hash
        Signature.objects.filter(pk=signature.pk).update(journal_seq=accepted[0], journal_hash=head)


@both
def test_random_edits_are_all_found_and_the_first_bad_row_is_named(
    signature: Signature, figure: Figure
) -> None:
    """Plain edits; edits with every hash computed anew; and with the head in the signature rewritten as well."""
    lift_triggers()
    quote, tries = signature.quote, sample(20, 5000)
    found, named = Counter[str](), Counter[str]()
    for number in range(tries):
        how, effort = KINDS[number % 4], ("plain", "forged", "all forged")[number % 3]
        with transaction.atomic():
            rows = rows_of(quote)
            before = [row.record for row in rows]
            expected = edit(rows, how, signature.journal_seq)
            if effort != "plain":
                forge(quote, rows)
                expected = first_difference(before, [row.record for row in rows])
            if effort == "all forged":
                forge_signature(signature, rows)
            write(quote, rows)
            finding = auditing.first_bad_row(Quote.objects.get(pk=quote.pk))
            changed = expected > 0
            found[effort] += bool(finding) if changed else 1
            named[effort] += (finding.row == expected if finding else False) if changed else 1
            transaction.set_rollback(True)
    total = ", ".join(f"{effort} {found[effort]}" for effort in found)
    figure("journal, lignes d'avant le scellement", f"{tries} changements : {found.total()} trouvés ({total}), "
           f"{named.total()} nommés à la première ligne fausse")  # fmt: skip
    assert found.total() == named.total() == tries
    assert auditing.first_bad_row(quote) is None


def first_difference(before: list[str], after: list[str]) -> int:
    """0 when an edit and the new hashes made the very same rows again."""
    for seq, pair in enumerate(zip(before, after, strict=False), start=1):
        if pair[0] != pair[1]:
            return seq
    return min(len(before), len(after)) + 1 if len(before) != len(after) else 0


@both
def test_a_signature_that_was_removed_is_missed(signature: Signature) -> None:
    lift_triggers()
    SealedDocument.objects.all().delete()
    Signature.objects.all().delete()
    finding = auditing.first_bad_row(signature.quote)
    assert finding is not None
    assert "signature a disparu" in finding.words


def test_a_sealed_document_that_was_exchanged_is_found(signature: Signature) -> None:
    """Another genuine document of ours in its place, with its own hash in the register."""
    quote = make_quote()
    rendering.render_version(workflow.send(quote.pk, actor=SYSTEM).pk)
    other = make_signature(Quote.objects.get(pk=quote.pk))
    assert sealing.seal_signature(other.pk)
    theirs = SealedDocument.objects.get(signature=other)
    lift_triggers()
    SealedDocument.objects.filter(signature=signature).update(file=theirs.file.name, sha256=theirs.sha256)
    finding = auditing.first_bad_row(signature.quote)
    assert finding is not None
    assert "document scellé n'est pas celui du journal" in finding.words


def test_a_stored_file_that_changed_is_found(signature: Signature) -> None:
    document = signature.latest_document()
    assert document is not None
    path = Path(document.file.path)
    data = path.read_bytes()
    path.write_bytes(data + b"\n")
    finding = auditing.first_bad_row(signature.quote)
    path.write_bytes(data)
    assert finding is not None
    assert "fichier scellé" in finding.words


# The end of the chain: daily anchors


def verify(*numbers: str) -> str:
    out = StringIO()
    call_command("verify_evidence", *numbers, stdout=out)
    return out.getvalue()


def test_rows_after_the_last_anchor_are_told(signature: Signature) -> None:
    assert anchoring.sweep() == 1
    assert anchoring.sweep() == 0
    assert "pas encore ancrée" not in verify()
    workflow.ask(signature.quote_id, text="Et pour le paiement ?", phone="", actor=SYSTEM)
    newer = signature.quote.events.count()
    assert f"1 ligne(s) pas encore ancrée(s), à partir de la {newer}" in verify()


@both
def test_rewritten_rows_after_the_sealing_contradict_the_anchor(signature: Signature, figure: Figure) -> None:
    """Each row after the acceptance, altered and every hash computed anew."""
    for text in ("Et pour le paiement ?", "Faut-il être présent ?", "À quelle heure ?"):
        workflow.ask(signature.quote_id, text=text, phone="", actor=SYSTEM)
    anchoring.sweep()
    lift_triggers()
    quote = signature.quote
    later = range(signature.journal_seq, len(rows_of(quote)))
    found = 0
    for place in later:
        with transaction.atomic():
            rows = rows_of(quote)
            document = json.loads(rows[place].record)
            rows[place].record = canonical(document | {"facts": document["facts"] | {"x": 1}})
            forge(quote, rows)
            write(quote, rows)
            assert journal.first_bad_row(quote) is None
            report = auditing.audit([quote])
            found += any(quote.number in fault for fault in report.faults)
            transaction.set_rollback(True)
    figure("journal, lignes d'après le scellement", f"{len(later)} réécrites et ancrées : {found} trouvées")
    assert found == len(later) > 0


def test_each_anchor_names_the_one_before_and_a_gap_is_told(signature: Signature) -> None:
    now = dt.datetime.now(dt.UTC)
    for days in (0, 1, 3):
        with time_machine.travel(now + dt.timedelta(days=days)):
            assert anchoring.sweep() == 1
    with time_machine.travel(now + dt.timedelta(days=3)):
        assert "1 jour(s) sans ancrage avant lui" in verify()
        first, second, _ = Anchor.objects.order_by("day")
        assert json.loads(second.document)["previous"] == first.sha256
        lift_triggers()
        Anchor.objects.filter(pk=second.pk).delete()
        with pytest.raises(CommandError, match="ne suit pas"):
            verify()


@pytest.mark.parametrize("change", ["document", "signature", "removed quote"])
def test_an_anchor_that_was_altered_is_found(signature: Signature, change: str) -> None:
    anchoring.sweep()
    anchor = Anchor.objects.get()
    lift_triggers()
    if change == "document":
        text = anchor.document.replace(signature.quote.number, "D-2020-0001")
        Anchor.objects.update(document=text, sha256=hashlib.sha256(text.encode()).hexdigest())
    elif change == "signature":
        Anchor.objects.update(signature=bytes(anchor.signature)[:-1] + b"\0")
    else:
        Quote.objects.filter(pk=signature.quote_id).update(number="D-2020-0001")
    with pytest.raises(CommandError):
        verify()


def test_openssl_checks_an_exported_anchor(signature: Signature, tmp_path: Path) -> None:
    anchoring.sweep()
    call_command("verify_evidence", "--export-anchors", str(tmp_path), stdout=StringIO())
    anchor = Anchor.objects.get()
    command = ["openssl", "cms", "-verify", "-binary", "-noverify", "-inform", "DER"]
    files: list[str | Path] = [
        "-in",
        tmp_path / f"{anchor.day}.p7s",
        "-content",
        tmp_path / f"{anchor.day}.json",
    ]
    done = subprocess.run([*command, *files], capture_output=True, check=True)
    assert done.stdout.decode() == anchor.document


# The triggers


@both
def test_every_append_only_table_has_its_triggers_after_all_migrations() -> None:
    assert append_only.missing_triggers() == []


@both
def test_a_trigger_that_is_gone_is_told(signature: Signature) -> None:
    lift_triggers()
    with pytest.raises(CommandError, match="déclencheur absent"):
        verify()


@both
@pytest.mark.parametrize("table", ["signing_anchor", "signing_sealeddocument"])
@pytest.mark.parametrize("change", ["UPDATE {} SET sha256 = 'x'", "DELETE FROM {}"])
def test_the_database_refuses_to_change_what_is_written_once(
    signature: Signature, table: str, change: str
) -> None:
    anchoring.sweep()
    with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
        connection.cursor().execute(change.format(table))


@both
def test_the_model_refuses_it_too(signature: Signature) -> None:
    anchoring.sweep()
    row: Any
    for row in (Anchor.objects.get(), SealedDocument.objects.get()):
        with pytest.raises(AppendOnly):
            row.save()
        with pytest.raises(AppendOnly):
            row.delete()
