"""The data of whoever never signed go when their time is over, under a permit, and every chain still holds."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json

import pytest
import time_machine
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, models, transaction
from django.utils import timezone

from logisav.backup.reconciling import purge_again
from logisav.desk.tests.desk import administrator, at_desk, filled
from logisav.staff.models import StaffAction
from notifications.models import Notification, OutgoingEmail
from payments.models import Deposit
from quotes import journal, list_columns, retention, workflow
from quotes.models import (
    AccessLink,
    Aid,
    Customer,
    Declaration,
    DraftPdf,
    IllegalMove,
    JournalHead,
    PurgedEvent,
    PurgedFile,
    PurgeOpening,
    PurgePermit,
    Question,
    Quote,
    QuoteEnclosure,
    QuoteEvent,
    QuoteLine,
    QuoteVersion,
)
from quotes.models.company import ERASED
from quotes.models.journal import AppendOnly
from quotes.rules import Reason, Verb
from quotes.tests.factories import (
    SYSTEM,
    make_customer,
    make_manager,
    make_quote,
    make_sent_quote,
)
from signing.models import Anchor, PaperAcceptance, Signature, SigningAllowance, SigningRequest
from signing.proof import anchoring
from signing.tests.administrator import lift_triggers
from signing.tests.factories import CUSTOMER, make_signature, make_signing_request

pytestmark = pytest.mark.django_db
YEARS_3, YEAR = dt.timedelta(days=1096), dt.timedelta(days=366)
CANARIES = (
    "Canari",
    "canari@exemple.fr",
    "Chemin des Canaris",
    "Chantier-canari",
    "06 39 98 12 34",
    "203.0.113.24",
)


def purge(*options: str) -> str:
    out = io.StringIO()
    call_command("purge", *options, stdout=out)
    return out.getvalue()


def audit(*numbers: str) -> str:
    out = io.StringIO()
    call_command("verify_evidence", *numbers, stdout=out)
    return out.getvalue()


def typed_at_the_desk(row: models.Model, page: str) -> None:
    """A form of the desk leaves its traces too: in the staff's journal and in Django's own log."""
    browser = at_desk(administrator())
    address = f"/admin/quotes/{page}/{row.pk}/change/"
    typed = filled(browser.get(address)) | {"phone": "06 39 98 12 34"}
    assert browser.post(address, typed).status_code == 302
    assert StaffAction.objects.filter(what="changed").exists()


def make_canary() -> Quote:
    """Sent, asked about, almost signed, refused: everything that a quote without a contract leaves."""
    customer = make_customer(last_name="Canari", email="canari@exemple.fr", address="Chemin des Canaris")
    quote = make_sent_quote(
        customer=customer,
        title="Chantier-canari",
        worksite="Chemin des Canaris",
        internal_note="Canari rappelle",
    )
    workflow.ask(quote.pk, text="Canari demande", phone="06 39 98 12 34", actor=CUSTOMER)
    workflow.answer(
        Question.objects.get(quote=quote).pk, text="Chantier-canari", author=quote.owner, actor=SYSTEM
    )
    make_signing_request(quote)
    workflow.refuse(quote.pk, reason="Canari refuse", actor=CUSTOMER)
    Quote.objects.filter(pk=quote.pk).update(in_force_until=dt.date(2020, 1, 1))
    quote.refresh_from_db()
    return quote


def held_words() -> str:
    """Every column of every table that could hold somebody's words."""
    found = []
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.CharField | models.TextField | models.JSONField):
                found += [str(value) for value in model._default_manager.values_list(field.name, flat=True)]
    return "\n".join(found)


# Whole quotes


@pytest.mark.both
def test_three_years_after_the_last_contact_nothing_personal_is_left_and_the_chain_holds() -> None:
    quote = make_canary()
    typed_at_the_desk(quote.customer, "customer")
    before = quote.journal_head.seq, quote.journal_head.hash
    pdf = str(QuoteVersion.objects.get(quote=quote).pdf)
    assert all(canary in held_words() for canary in CANARIES)
    with time_machine.travel(quote.last_at + YEARS_3 - dt.timedelta(seconds=2), tick=False):
        purge("--do")
        assert Quote.objects.get(pk=quote.pk).purged_at is None
    with time_machine.travel(quote.last_at + YEARS_3, tick=False):
        assert quote.number not in purge(), "a dry run names no permit"
        assert Quote.objects.get(pk=quote.pk).purged_at is None
        report = purge("--do")
        assert quote.number in report
        words = held_words()
        assert [canary for canary in CANARIES if canary in words] == []
        assert not default_storage.exists(pdf)
        assert "1 journal (journaux) intact(s)" in audit(quote.number)
    row = Quote.objects.get(pk=quote.pk)
    assert (row.number, row.state, row.created_at) == (quote.number, "refused", quote.created_at)
    assert (row.journal_head.seq, row.journal_head.hash) == before
    assert row.refused_at == quote.refused_at
    assert row.public_id != quote.public_id
    assert row.customer.email == ERASED
    assert not Customer.objects.filter(pk=quote.customer_id).exists()
    assert PurgedEvent.objects.filter(quote=row).count() == before[0]
    assert not QuoteEvent.objects.filter(quote=row).exists()
    assert not SigningRequest.objects.filter(quote=row).exists()
    assert not OutgoingEmail.objects.filter(about=row.number).exists()
    assert not Notification.objects.filter(about=row.number).exists()
    assert not PurgeOpening.objects.exists()
    assert not PurgedFile.objects.exists()


def test_whatever_hangs_on_a_quote_goes_with_it_or_is_a_contracts() -> None:
    """A new table that refers to a quote: its rows go in `erase` or `forget`, or a contract alone has them."""
    goes = {
        *(AccessLink, Question, QuoteVersion, QuoteLine, Aid, DraftPdf, Declaration, QuoteEvent),
        *(SigningRequest, SigningAllowance, QuoteEnclosure),
    }
    of_a_contract = {Signature, PaperAcceptance, Deposit}
    stays = {JournalHead, PurgedEvent}
    found = {relation.related_model for relation in Quote._meta.related_objects}
    assert found | {PurgeOpening} == goes | of_a_contract | stays | {PurgeOpening}


def test_the_permit_names_quotes_and_ranges_and_is_a_fact_of_the_staffs_journal() -> None:
    quote = make_canary()
    with time_machine.travel(quote.last_at + YEARS_3):
        purge("--do")
        purge("--do")
    told = [(act.facts["permit"], act.facts["document"]) for act in StaffAction.objects.filter(what="purged")]
    permits = [(permit.sha256, permit.document) for permit in PurgePermit.objects.all()]
    assert sorted(told) == sorted(permits)
    permit = PurgePermit.objects.get(document__contains='"rule":"prospects"')
    assert permit.said["quotes"] == {quote.number: [[1, quote.journal_head.seq]]}
    assert permit.sha256 == hashlib.sha256(permit.document.encode()).hexdigest()
    assert PurgePermit.objects.count() == 1, "a second run finds nothing"


def test_what_could_still_be_signed_or_was_signed_stays() -> None:
    signed = make_signature().quote
    in_force = make_sent_quote()
    later = timezone.now() + 4 * YEARS_3
    Quote.objects.filter(pk=in_force.pk).update(in_force_until=later.date())
    with time_machine.travel(later):
        purge("--do")
    assert not PurgedEvent.objects.exists()
    assert QuoteVersion.objects.filter(quote__in=(signed, in_force)).count() == 2


def test_a_contract_of_ten_years_is_told_and_nothing_of_it_removed() -> None:
    signature = make_signature()
    with time_machine.travel(timezone.now() + dt.timedelta(days=3654)):
        assert "Contrats signés il y a plus de dix ans : 1. Rien n'en est retiré." in purge("--do")
    assert QuoteEvent.objects.filter(quote=signature.quote).exists()
    assert retention.kept_until(signature.quote) >= timezone.localdate() + dt.timedelta(days=3652)


def test_a_contact_since_then_begins_the_three_years_anew() -> None:
    quote = make_canary()
    with time_machine.travel(quote.last_at + YEARS_3 - dt.timedelta(days=1)):
        workflow.mark_done(quote.pk, actor=SYSTEM)
    with time_machine.travel(quote.last_at + YEARS_3):
        purge("--do")
    assert Quote.objects.get(pk=quote.pk).purged_at is None


def test_a_customer_who_has_another_quote_stays() -> None:
    quote = make_canary()
    with time_machine.travel(quote.last_at + YEARS_3):
        other = make_quote(customer=quote.customer)
        purge("--do")
    assert Quote.objects.get(pk=quote.pk).purged_at is not None
    assert Quote.objects.get(pk=other.pk).customer == quote.customer


@pytest.mark.parametrize("age", [YEARS_3 - dt.timedelta(seconds=2), YEARS_3])
def test_a_customer_without_a_quote_goes_after_three_years(age: dt.timedelta) -> None:
    customer = make_customer()
    with time_machine.travel(customer.created_at + age, tick=False):
        purge("--do")
    assert Customer.objects.filter(pk=customer.pk).exists() is (age < YEARS_3)


def test_a_file_that_another_version_has_too_stays() -> None:
    quote, other = make_canary(), make_sent_quote()
    pdf = str(QuoteVersion.objects.get(quote=quote).pdf)
    QuoteVersion.objects.filter(quote=other).update(pdf=pdf)
    Quote.objects.filter(pk=other.pk).update(in_force_until=dt.date(2099, 1, 1))
    with time_machine.travel(quote.last_at + YEARS_3):
        purge("--do")
    assert default_storage.exists(pdf)


def full_disk(name: str) -> None:
    raise OSError("plein")


def test_a_run_that_dies_before_its_files_goes_on_with_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    quote = make_canary()
    pdf = str(QuoteVersion.objects.get(quote=quote).pdf)
    with time_machine.travel(quote.last_at + YEARS_3):
        with monkeypatch.context() as dying:
            dying.setattr(default_storage, "delete", full_disk)
            with pytest.raises(OSError, match="plein"):
                purge("--do")
        assert default_storage.exists(pdf)
        purge("--do")
    assert not default_storage.exists(pdf)


def test_an_erased_quote_is_on_no_list_and_nothing_can_be_done_with_it() -> None:
    quote = make_canary()
    with time_machine.travel(quote.last_at + YEARS_3):
        purge("--do")
        assert not Quote.objects.visible_to(make_manager()).filter(pk=quote.pk).exists()
        assert not Customer.objects.visible_to(make_manager()).filter(email=ERASED).exists()
        with pytest.raises(IllegalMove):
            workflow.revise(quote.pk, actor=SYSTEM)
        assert list(list_columns.differing()) == []
        assert list_columns.sweep() == 0


def test_an_erased_draft_is_not_sent() -> None:
    draft = make_quote()
    with time_machine.travel(draft.last_at + YEARS_3):
        purge("--do")
        with pytest.raises(IllegalMove, match="délai de conservation"):
            workflow.send(draft.pk, actor=SYSTEM)


# Addresses and browsers, after twelve months


def test_after_twelve_months_no_address_of_who_did_not_sign_is_left_and_the_chain_holds() -> None:
    quote = make_canary()
    rows = quote.events.count()
    with time_machine.travel(quote.last_at + YEAR - dt.timedelta(seconds=2), tick=False):
        purge("--do")
        assert "203.0.113.24" in held_words()
    with time_machine.travel(quote.last_at + YEAR, tick=False):
        purge("--do")
        assert "203.0.113.24" not in held_words()
        assert '"agent":"Tests"' not in held_words()
        assert "1 journal (journaux) intact(s)" in audit(quote.number)
        assert list(list_columns.differing()) == []
    gone = PurgedEvent.objects.filter(quote=quote).count()
    assert gone > 0
    assert quote.events.count() == rows - gone > 0
    assert Question.objects.filter(quote=quote).exists(), "the rest stays for three years"


def test_of_a_quote_without_traces_no_contract_can_come_any_more() -> None:
    quote = make_canary()
    with time_machine.travel(quote.last_at + YEAR):
        purge("--do")
        row = Quote.objects.get(pk=quote.pk)
        with pytest.raises(IllegalMove) as refused:
            workflow.revise(row.pk, actor=SYSTEM)
        assert refused.value.reason is Reason.PURGED
        assert row.may(Verb.DUPLICATE)
        # It comes to the three years like any other.
    with time_machine.travel(quote.last_at + YEARS_3):
        purge("--do")
        assert "1 journal (journaux) intact(s)" in audit(quote.number)
    assert Quote.objects.get(pk=quote.pk).purged_at is not None


# What the database holds


def open_permit(quote: Quote, *, last: int) -> PurgePermit:
    permit = PurgePermit.objects.create(document="{}", sha256="0" * 64)
    PurgeOpening.objects.create(permit=permit, quote=quote, first=1, last=last, closed_id=-permit.pk)
    return permit


@pytest.mark.both
def test_without_an_open_permit_no_row_goes_and_no_hash_comes() -> None:
    quote = make_sent_quote()
    event = quote.events.first()
    assert event is not None
    with pytest.raises(DatabaseError), transaction.atomic():
        QuoteEvent.objects.filter(pk=event.pk).delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        PurgedEvent.objects.create(quote=quote, seq=event.seq, hash=event.hash)


@pytest.mark.both
def test_under_a_permit_a_row_goes_only_once_its_own_hash_is_kept() -> None:
    quote = make_sent_quote()
    first, second = quote.events.order_by("seq")[:2]
    open_permit(quote, last=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        QuoteEvent.objects.filter(pk=first.pk).delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        PurgedEvent.objects.create(quote=quote, seq=1, hash=second.hash)
    with pytest.raises(DatabaseError), transaction.atomic():
        PurgedEvent.objects.create(quote=quote, seq=2, hash=second.hash)  # the permit names the first alone
    with pytest.raises(DatabaseError), transaction.atomic():
        QuoteEvent.objects.filter(pk=first.pk).update(kind="refused")
    PurgedEvent.objects.create(quote=quote, seq=1, hash=first.hash)
    QuoteEvent.objects.filter(pk=first.pk).delete()
    assert journal.first_bad_row(quote) is None
    PurgeOpening.objects.all().delete()


@pytest.mark.both
@pytest.mark.parametrize("model", [PurgePermit, PurgedEvent])
def test_permits_and_kept_hashes_are_written_once(model: type[models.Model]) -> None:
    quote = make_canary()
    with time_machine.travel(quote.last_at + YEARS_3):
        purge("--do")
    rows = model._default_manager.all()
    with pytest.raises(AppendOnly):
        rows[0].save()
    with pytest.raises(AppendOnly):
        rows[0].delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(id=77)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.delete()


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_an_open_permit_does_not_outlive_its_transaction() -> None:
    quote = make_sent_quote()
    with pytest.raises(IntegrityError), transaction.atomic():
        open_permit(quote, last=1)
    assert not PurgeOpening.objects.exists()
    assert not PurgePermit.objects.exists()


@pytest.mark.both
def test_an_opening_that_could_stay_is_refused() -> None:
    quote = make_sent_quote()
    permit = PurgePermit.objects.create(document="{}", sha256="0" * 64)
    with pytest.raises(IntegrityError), transaction.atomic():
        PurgeOpening.objects.create(permit=permit, quote=quote, first=1, last=9, closed=permit)


# Forged


def purged_quote() -> Quote:
    quote = make_canary()
    anchoring.make(timezone.localdate())
    with time_machine.travel(quote.last_at + YEARS_3):
        purge("--do")
    return Quote.objects.get(pk=quote.pk)


def forge_a_purge(quote: Quote, seq: int) -> None:
    """As somebody does who may lift triggers: the row is exchanged for its hash, and no permit says so."""
    event = quote.events.get(seq=seq)
    lift_triggers()
    PurgedEvent.objects.create(quote=quote, seq=seq, hash=event.hash)
    QuoteEvent.objects.filter(pk=event.pk).delete()


def permit_for(quote: Quote, seq: int, *, at: dt.datetime) -> None:
    document = json.dumps({"at": at.isoformat(), "quotes": {quote.number: [[seq, seq]]}})
    PurgePermit.objects.create(document=document, sha256=hashlib.sha256(document.encode()).hexdigest())


@pytest.mark.both
def test_a_hash_without_a_permit_is_a_fault() -> None:
    quote = make_sent_quote()
    forge_a_purge(quote, 2)
    assert journal.first_bad_row(quote) is None, "the chain alone does not see it"
    with pytest.raises(CommandError, match="ligne 2, elle a été retirée sans permis de purge"):
        audit(quote.number)


@pytest.mark.both
def test_a_permit_that_no_anchor_names_is_a_fault() -> None:
    """Written afterwards, and dated back before an anchor that does not know it."""
    quote = make_sent_quote()
    anchoring.make(timezone.localdate())
    forge_a_purge(quote, 2)
    permit_for(quote, 2, at=timezone.now() - dt.timedelta(days=2))
    with pytest.raises(CommandError, match="ligne 2, le permis de sa purge n'est dans aucun ancrage"):
        audit(quote.number)


@pytest.mark.both
def test_a_permit_that_was_changed_allows_nothing() -> None:
    quote = purged_quote()
    lift_triggers()
    PurgePermit.objects.update(document=json.dumps({"at": timezone.now().isoformat(), "quotes": {}}))
    with pytest.raises(CommandError, match="retirée sans permis de purge"):
        audit(quote.number)


def test_a_permit_that_is_still_open_is_a_fault() -> None:
    """SQLite looks at references only where it is told to."""
    quote = make_sent_quote()
    open_permit(quote, last=1)
    with pytest.raises(CommandError, match="un permis de purge est resté ouvert"):
        audit(quote.number)
    PurgeOpening.objects.all().delete()


@pytest.mark.both
def test_a_row_of_a_contract_does_not_go_whatever_permit_there_is() -> None:
    quote = make_signature().quote
    forge_a_purge(quote, 2)
    permit_for(quote, 2, at=timezone.now())
    with pytest.raises(CommandError, match="ligne 2, elle a été retirée du journal d'un contrat"):
        audit(quote.number)


@pytest.mark.both
def test_the_next_anchor_names_the_permit_and_until_then_it_is_told() -> None:
    quote = purged_quote()
    (permit,) = PurgePermit.objects.all()
    with time_machine.travel(quote.last_at + YEARS_3 + dt.timedelta(hours=2)):
        assert f"le permis de purge {permit.sha256[:12]}… attend le prochain ancrage" in audit(quote.number)
        anchoring.make(timezone.localdate())
        assert "attend le prochain ancrage" not in audit(quote.number)
    first, second = Anchor.objects.order_by("day")
    assert "permits" not in json.loads(first.document)
    assert json.loads(second.document)["permits"] == [permit.sha256]
    with time_machine.travel(quote.last_at + YEARS_3 + dt.timedelta(days=2)):
        make_sent_quote(customer=make_customer(email="autre@exemple.fr"))
        third = anchoring.make(timezone.localdate())
        assert "permits" not in json.loads(third.document), "named once"
        assert "intact" in audit(quote.number)


def test_what_a_restore_brings_back_goes_again() -> None:
    quote = make_canary()
    with time_machine.travel(quote.last_at + YEARS_3):
        assert not [line for line in purge_again() if "n'a pas pu" in line]
        assert "1 journal (journaux) intact(s)" in audit(quote.number)
    assert Quote.objects.get(pk=quote.pk).purged_at is not None
