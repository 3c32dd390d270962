"""What may be done when, against a second table: written by hand from product.md and law.md, never from rules.py.

In `what_may_be_done.csv` the first row of a verb that matches tells; an empty cell matches everything.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from quotes import rules
from quotes.models import Quote
from quotes.rules import (
    Circumstances,
    DeclarationStatus,
    DepositStatus,
    LinkStatus,
    Reason,
    Situation,
    Stage,
    Verb,
    VersionStatus,
)

PAGE = "the page"
DIMENSIONS: dict[str, tuple[Any, ...]] = {
    "stage": tuple(Stage),
    "version": tuple(VersionStatus),
    "revising": (False, True),
    "blocked": (False, True),
    "past_validity": (False, True),
    "address_changed": (False, True),
    "link": tuple(LinkStatus),
    "withdrawal_open": (False, True),
    "deposit": tuple(DepositStatus),
    "signing_paused": (False, True),
    "declaration": tuple(DeclarationStatus),
    "awaits_delivery": (False, True),
    "nature_unknown": (False, True),
    "purged": (False, True),
    "options_fixed": (False, True),
    "choosing": (False, True),
}
# Nothing that may be done about a declaration reads these: beside one they stand as they mostly do.
PLAIN = {
    "version": VersionStatus.IN_FORCE,
    "revising": False,
    "past_validity": False,
    "signing_paused": False,
}
CONTRACTS: dict[str, tuple[Any, ...]] = {
    "stage": (Stage.SENT, Stage.ACCEPTED, Stage.WITHDRAWN, Stage.DONE),
}
# product.md, 1, and nowhere else in these tests; back to draft too when the file of the version is lost.
MOVES = {
    "draft": {"sending", "cancelled"},
    "sending": {"sent", "draft"},
    "sent": {"draft", "reminded", "accepted", "refused", "cancelled", "sending"},
    "reminded": {"draft", "accepted", "refused", "cancelled", "sending"},
    "refused": {"sending", "done"},
    "accepted": {"withdrawn", "done"},
    "done": {"withdrawn"},
    "cancelled": set(),
    "withdrawn": set(),
}
LEADS_TO = {
    "send": "sending",
    "remind": "reminded",
    "accept": "accepted",
    "record_acceptance": "accepted",
    "refuse": "refused",
    "mark_refused": "refused",
    "cancel": "cancelled",
    "confirm": "withdrawn",
    "record_withdrawal": "withdrawn",
    "record_otherwise": "withdrawn",
    "take_silence": "withdrawn",
    "mark_done": "done",
}


def written(value: Any) -> str:
    """As the table by hand writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value.value)


@cache
def rows() -> list[dict[str, str]]:
    with (Path(__file__).parent / "what_may_be_done.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, restval=""))


@cache
def situations() -> list[tuple[Circumstances, tuple[str, ...]]]:
    """Every one of them, possible or not, with its values as the table writes them; neighbours are unlike."""
    plain = {name: (value,) for name, value in PLAIN.items()}
    known = dict.fromkeys(
        ("awaits_delivery", "nature_unknown", "purged", "options_fixed", "choosing"), (False,)
    )
    undeclared = DIMENSIONS | known | {"declaration": (DeclarationStatus.NONE,)}
    declared = DIMENSIONS | known | plain
    declared |= {"declaration": tuple(set(DeclarationStatus) - {DeclarationStatus.NONE})}
    # What only contracts have: beside it stands what a contract may be.
    contracts = DIMENSIONS | known | plain | CONTRACTS | {"past_validity": (False, True)}
    of_goods = contracts | {"awaits_delivery": (True,)}
    unknown = contracts | {"nature_unknown": (True,)}
    # A purge is no reason beside which another one reads differently.
    purged = undeclared | {"version": (VersionStatus.NONE, VersionStatus.IN_FORCE), "purged": (True,)}
    purged |= {"deposit": (DepositStatus.NONE,), "withdrawal_open": (False,)}
    # Nor are options: what is chosen of them ends with the contract.
    optional = undeclared | {"options_fixed": (False, True), "choosing": (False, True)}
    optional |= {"deposit": (DepositStatus.NONE,), "withdrawal_open": (False,), "signing_paused": (False,)}
    sets = (undeclared, declared, of_goods, unknown, purged, optional)
    every = [values for one in sets for values in itertools.product(*one.values())]
    strewn = [every[at * 7919 % len(every)] for at in range(len(every))]
    return [(Circumstances(*values), tuple(map(written, values))) for values in strewn]


@cache
def deciding_rows(name: str) -> list[int]:
    """For each situation the row by hand that tells: the first of this verb that matches."""
    conditions = {
        number: [(at, set(row[column].split())) for at, column in enumerate(DIMENSIONS) if row[column]]
        for number, row in enumerate(rows())
        if row["verb"] == name
    }
    read = sorted({at for row in conditions.values() for at, _ in row})
    known: dict[tuple[str, ...], int] = {}
    found = []
    for _, values in situations():
        key = tuple(values[at] for at in read)
        if key not in known:
            known[key] = next(
                number
                for number, row in conditions.items()
                if all(values[at] in allowed for at, allowed in row)
            )
        found.append(known[key])
    return found


@cache
def expected(name: str) -> list[str]:
    return [rows()[number]["expected"] for number in deciding_rows(name)]


@cache
def _places() -> dict[Circumstances, int]:
    return {circumstances: at for at, (circumstances, _) in enumerate(situations())}


def by_hand(verb: Verb, circumstances: Circumstances) -> bool:
    """Whether the table by hand allows it: for the tests of what verbs, pages and mails make of it."""
    return expected(verb.value)[_places()[circumstances]] == "yes"


def expected_page(circumstances: Circumstances) -> Situation:
    return Situation(expected(PAGE)[_places()[circumstances]])


def said(verb: Verb, circumstances: Circumstances) -> str:
    reason = rules.why_not(verb, circumstances)
    return "yes" if reason is None else reason.name.lower()


def shown(circumstances: Circumstances) -> str:
    return rules.situation(circumstances).value


def agrees(verb: Verb) -> bool:
    """In every situation; and each reason of its row decides in one of them at least."""
    deciding: set[str] = set()
    for (circumstances, _), wanted in zip(situations(), expected(verb.value), strict=True):
        if (answer := said(verb, circumstances)) != wanted:
            return False
        deciding.add(answer)
    return {reason.name.lower() for reason in rules.OBSTACLES[verb]} <= deciding


def pages_agree() -> bool:
    asked = zip(situations(), expected(PAGE), strict=True)
    return all(shown(circumstances) == wanted for (circumstances, _), wanted in asked)


def moves_agree() -> bool:
    leads = {verb.value: stage.value for verb, stage in rules.LEADS_TO.items()}
    return leads == LEADS_TO and rules.graph() == MOVES


# The table in full


@pytest.mark.parametrize("verb", Verb, ids=lambda verb: verb.value)
def test_each_verb_says_in_every_situation_what_the_table_by_hand_says(verb: Verb) -> None:
    for (circumstances, _), wanted in zip(situations(), expected(verb.value), strict=True):
        assert said(verb, circumstances) == wanted, circumstances
    assert agrees(verb)


def test_the_customers_page_is_the_first_row_that_matches() -> None:
    for (circumstances, _), wanted in zip(situations(), expected(PAGE), strict=True):
        assert shown(circumstances) == wanted, circumstances


def test_the_graph_of_states_is_the_one_of_product_md() -> None:
    assert moves_agree()
    assert Quote.MOVES == MOVES
    assert set(Quote.State.values) == set(MOVES)


def test_the_table_by_hand_is_whole_and_has_no_row_too_many() -> None:
    """Every verb has rows, each row tells somewhere, and no word of it is unknown."""
    assert {row["verb"] for row in rows()} == {verb.value for verb in Verb} | {PAGE}
    decided = {number for name in {row["verb"] for row in rows()} for number in deciding_rows(name)}
    assert decided == set(range(len(rows())))
    words = {column: {written(value) for value in values} for column, values in DIMENSIONS.items()}
    answers = {"yes"} | {reason.name.lower() for reason in Reason} | {row.value for row in Situation}
    for row in rows():
        assert row["expected"] in answers, row
        assert row["why"], row
        assert set(row) == {"verb", *words, "expected", "why"}
        for column, known in words.items():
            assert set(row[column].split()) <= known, row


# Every cell of rules.py turned over


@contextmanager
def instead(table: dict[Any, Any], key: Any, value: Any) -> Iterator[None]:
    kept = table[key]
    table[key] = value
    try:
        yield
    finally:
        table[key] = kept


Mutant = tuple[str, Any, Callable[[], bool]]


def turned_cells() -> Iterator[Mutant]:
    """Where a verb is possible, and what forbids it; each with the comparison that must find it out."""
    for verb in Verb:
        agree = partial(agrees, verb)
        for stage in Stage:
            yield f"{verb} {stage}", instead(rules.STAGES, verb, rules.STAGES[verb] ^ {stage}), agree
        for reason in rules.HOLDS:
            turned = rules.OBSTACLES[verb] ^ {reason}
            yield f"{verb} {reason}", instead(rules.OBSTACLES, verb, turned), agree


def turned_conditions() -> Iterator[Mutant]:
    for reason, holds in rules.HOLDS.items():
        readers = [verb for verb in Verb if reason in rules.OBSTACLES[verb]]
        turned = partial(lambda holds, circumstances: not holds(circumstances), holds)
        agree = partial(lambda readers: all(map(agrees, readers)), readers)
        yield f"not {reason}", instead(rules.HOLDS, reason, turned), agree


def turned_ways() -> Iterator[Mutant]:
    """What is shown, and where a verb leads to."""
    for stage, there in rules.SHOWN.items():
        for other in set(Situation) - {there}:
            yield f"{stage} shows {other}", instead(rules.SHOWN, stage, other), pages_agree
    for verb, target in rules.LEADS_TO.items():
        for stage in set(Stage) - {target}:
            yield f"{verb} leads to {stage}", instead(rules.LEADS_TO, verb, stage), moves_agree
    for stage, targets in rules.BY_ITSELF.items():
        by_verbs = {rules.LEADS_TO[verb] for verb in rules.LEADS_TO if stage in rules.STAGES[verb]}
        for target in set(Stage) - by_verbs:
            turned = instead(rules.BY_ITSELF, stage, targets ^ {target})
            yield f"by itself: {stage} to {target}", turned, moves_agree


def test_every_cell_of_the_table_that_is_turned_over_is_found_out(figure: Callable[[str, str], None]) -> None:
    tried, survived = 0, []
    for name, changed, still_agrees in itertools.chain(turned_cells(), turned_conditions(), turned_ways()):
        tried += 1
        with changed:
            if still_agrees():
                survived.append(name)
    figure("rules", f"{len(situations())} situations, {tried} cells turned over, {len(survived)} unnoticed")
    assert not survived
    assert tried > 900
    assert all(agrees(verb) for verb in Verb), "the table is as it was"
