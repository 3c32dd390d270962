"""Each event is declared once, in the application that writes it; what is not declared is not written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from logisav.tests.words import fields_of
from notifications import events, outbox
from notifications.events import Mail, Notice, Undeclared
from notifications.models import OutgoingEmail
from quotes import facts, journal
from quotes.facts import Fact, QuoteMail
from quotes.tests.factories import SYSTEM, make_quote

APPS = ("quotes", "signing", "payments")
# Functions that hand a kind of fact on to the journal: their callers name it.
FORWARDERS = {"_move", "_note", "_mail_reminder"}
STAFF, OTHERS = {"to_staff"}, {"to_customer", "with_link"}


def calls() -> Iterator[tuple[ast.Call, dict[str, str], set[str]]]:
    """Every call of the applications, with the words that stand for themselves and the function's own arguments."""
    for app in APPS:
        for path in Path(settings.BASE_DIR, app).rglob("*.py"):
            if "tests" in path.parts:
                continue
            tree = ast.parse(path.read_text())
            constants = dict(_constants(tree))
            for function in ast.walk(tree):
                if isinstance(function, ast.FunctionDef):
                    own = {argument.arg for argument in function.args.args}
                    yield from (
                        (node, constants, own) for node in ast.walk(function) if isinstance(node, ast.Call)
                    )


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            names = [name.id for name in ast.walk(node.targets[0]) if isinstance(name, ast.Name)]
            values = [value.value for value in ast.walk(node.value) if isinstance(value, ast.Constant)]
            yield from zip(names, map(str, values), strict=False)


def written() -> Iterator[tuple[str, ast.Call]]:
    """Every kind that the code appends to a journal; whatever cannot be read off is named `?`."""
    for call, constants, own in calls():
        name = ast.unparse(call.func)
        kind: ast.expr | None
        if name == "journal.append":
            kind = call.args[1] if len(call.args) > 1 else None
        elif name in FORWARDERS:
            kind = next((argument for argument in call.args if _is_kind(argument, constants)), None)
        else:
            continue
        if isinstance(kind, ast.Constant):
            yield str(kind.value), call
        elif not isinstance(kind, ast.Name):
            yield "?", call
        elif kind.id not in own and kind.id != "kind":
            yield constants.get(kind.id, "?"), call


def _is_kind(argument: ast.expr, constants: dict[str, str]) -> bool:
    """A word in the code, or the name of one."""
    if isinstance(argument, ast.Name):
        return argument.id in constants
    return isinstance(argument, ast.Constant) and isinstance(argument.value, str)


# Facts


def test_every_kind_that_is_written_is_declared_and_every_declared_kind_is_written() -> None:
    found = {kind for kind, _ in written()} | {f"mail_{state}" for state in OutgoingEmail.SETTLED}
    assert len(found) > 45
    assert found == {fact.kind for fact in facts.declared()}


@pytest.mark.django_db
def test_what_is_not_declared_is_not_written() -> None:
    quote = make_quote()
    with pytest.raises(Undeclared), transaction.atomic():
        journal.append(quote, "roof_inspected", actor=SYSTEM)
    assert [event.kind for event in quote.events.all()] == ["created"]


def test_two_facts_by_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="asked"):
        facts.declare(Fact("asked", "Autre chose"))
    assert facts.find("asked").headline == "Question posée"


def test_whoever_writes_a_fact_says_what_its_words_name() -> None:
    """Where a call lists what it writes; the lifecycle and the sample company hold it for the journals themselves."""
    looked_at = 0
    for kind, call in written():
        given = {keyword.arg for keyword in call.keywords}
        if None not in given and ast.unparse(call.func) == "journal.append":
            fact = facts.fact_of(kind)
            assert fields_of(fact.sentence) | fields_of(fact.certificate) <= given, kind
            looked_at += 1
    assert looked_at > 30


# Mails and notices


def test_every_declared_mail_has_its_templates_and_the_other_way_round() -> None:
    folder, declared = (
        Path(settings.BASE_DIR, "templates", "emails"),
        {mail.message for mail in events.mails()},
    )
    found = {f"{path.parent.name}/{path.name.split('.')[0]}" for path in folder.glob("*/*.subject.txt")}
    assert found == declared
    assert len(found) > 35
    missing = [
        f"{mail}.{part}"
        for mail in declared
        for part in ("txt", "html")
        if not (folder / f"{mail}.{part}").exists()
    ]
    assert missing == []


def test_staff_are_told_by_mails_that_bear_a_notice_and_customers_by_none() -> None:
    declared = set()
    for call, _, _ in calls():
        name = ast.unparse(call.func).split(".")[-1]
        message = call.args[0] if call.args else None
        if name in STAFF | OTHERS and isinstance(message, ast.Constant):
            mail = events.mail_of(str(message.value))
            assert (mail.notice is not None) is (name in STAFF), mail.message
            declared.add(mail.message)
    # About no quote, about none that is known, and about a customer.
    apart = {
        "payments/unknown_owner",
        "quotes/declared_copy",
        "quotes/address_changed",
        "quotes/address_changed_owner",
    }
    of_quotes = {mail.message for mail in events.mails() if not mail.message.startswith("logisav/")}
    assert declared == of_quotes - apart


def test_every_notice_is_told_by_something() -> None:
    declared = {mail.notice for mail in events.mails()} | {fact.notice for fact in facts.declared()}
    assert declared - {None} == set(events.notices())


def test_whoever_tells_staff_something_asks_the_declaration_for_its_notice() -> None:
    """A word in its place may be one that nobody can choose by."""
    kinds = [
        keyword.value
        for call, _, _ in calls()
        if ast.unparse(call.func).split(".")[-1] in {"tell", "notify"}
        for keyword in call.keywords
        if keyword.arg == "kind"
    ]
    assert len(kinds) > 4
    assert not [kind for kind in kinds if isinstance(kind, ast.Constant)]


def test_every_mail_about_a_quote_is_followed_in_its_journal() -> None:
    settled = {mail.settled for mail in events.mails() if isinstance(mail, QuoteMail)}
    assert len(settled) == 1
    assert None not in settled
    others = {mail.message for mail in events.mails() if not isinstance(mail, QuoteMail)}
    assert others == {"payments/unknown_owner", "logisav/account", "logisav/invitation", "logisav/reset"} | {
        "quotes/address_changed"
    }


@pytest.mark.django_db
def test_a_mail_that_is_not_declared_is_not_queued() -> None:
    with pytest.raises(Undeclared):
        outbox.queue("quotes/postcard", to="claire@exemple.fr", about="D-2026-0001", context={})
    assert not OutgoingEmail.objects.exists()


@pytest.mark.parametrize("other", [Mail("quotes/link", "autre chose"), Notice("question", "Autre chose")])
def test_two_mails_or_notices_by_one_name_are_refused(other: Mail | Notice) -> None:
    before = events.mails(), events.notices()
    with pytest.raises(ValueError, match="declared twice"):
        events.declare(other)
    assert (events.mails(), events.notices()) == before
