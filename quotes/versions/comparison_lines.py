"""What changed in the lines of a quote: added, taken out, worded or priced otherwise, moved.

Lines are matched by their identity; those that have none in common, by what they say.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from lib import french
from lib.french import NBSP
from quotes.content import LineFacts
from quotes.versions.comparison_texts import short, text_changes


@dataclass(frozen=True)
class _Placed:
    """A line where it stands: `section` is the rank of its heading, `suffix` tells it from others of its name."""

    rank: int
    line: LineFacts
    section: int | None
    suffix: str

    @property
    def name(self) -> str:
        return short(self.line.label) + self.suffix

    @property
    def quoted(self) -> str:
        return french.quoted(short(self.line.label)) + self.suffix


Placed = Sequence[_Placed]
Pairs = dict[int, int]  # rank in the new version → rank in the old one
Key = Callable[[_Placed], Hashable | None]


def line_changes(old: Sequence[LineFacts], new: Sequence[LineFacts]) -> Iterator[str]:
    before, after = _placed(old), _placed(new)
    pairs = _pairs(before, after)
    for here in after:
        if here.rank not in pairs:
            yield _added(here)
    stayed = set(pairs.values())
    for there in before:
        if there.rank not in stayed:
            yield f"{'Partie retirée' if there.line.kind == 'section' else 'Retiré'}{NBSP}: {there.name}."
    for here in after:
        if here.rank in pairs:
            yield from _line(old[pairs[here.rank]], here)
    yield from _moves(before, after, pairs)


def _added(here: _Placed) -> str:
    if here.line.kind == "section":
        return f"Partie ajoutée{NBSP}: {here.name}."
    price = f", {french.money(here.line.total)} HT" if here.line.kind == "item" else ""
    return f"Ajouté{' en option' if here.line.is_aside else ''}{NBSP}: {here.name}{price}."


def _placed(lines: Sequence[LineFacts]) -> list[_Placed]:
    """The same label several times is the normal case: the heading above tells them apart, else their order."""
    labels = [short(line.label) for line in lines]
    sections: list[int | None] = []
    for rank, line in enumerate(lines):
        sections.append(rank if line.kind == "section" else sections[-1] if sections else None)
    places = [
        "en option"
        if line.is_aside
        else ""
        if section is None
        else f"partie {french.quoted(labels[section])}"
        for line, section in zip(lines, sections, strict=True)
    ]
    alike, alike_here = Counter(labels), Counter(zip(labels, places, strict=True))
    placed = []
    for rank, (line, label, place) in enumerate(zip(lines, labels, places, strict=True)):
        suffix = ""
        if alike[label] > 1:
            nth = labels[: rank + 1].count(label)
            only_here = place and alike_here[label, place] == 1 and line.kind != "section"
            suffix = f" ({place})" if only_here else f" ({nth}{'re' if nth == 1 else 'e'} ligne de ce nom)"
        section = None if line.is_aside or line.kind == "section" else sections[rank]
        placed.append(_Placed(rank, line, section, suffix))
    return placed


def said_by(line: LineFacts) -> LineFacts:
    """What a line says, whichever it is: a heading or a text shows no figures."""
    if line.kind == "item":
        return replace(line, identity="")
    return LineFacts(line.kind, line.label, line.description)


def _pairs(old: Placed, new: Placed) -> Pairs:
    """Which line was which: by identity; then, for one taken out and written again, by what it says, by the same label
    under the same heading, by the same label anywhere. Schema 1 has no identities: there the rest decides.
    """
    pairs: Pairs = {}
    keys: list[Key] = [
        lambda here: (here.line.identity, here.line.kind) if here.line.identity else None,
        lambda here: said_by(here.line),
        lambda here: (here.line.kind, here.line.label, here.suffix),
        lambda here: (here.line.kind, here.line.label),
    ]
    for key in keys:
        _pair_by(key, old, new, pairs)
    return pairs


def _pair_by(key: Key, old: Placed, new: Placed, pairs: Pairs) -> None:
    """Those in the same order first; the others, which have moved, as they come."""
    taken = set(pairs.values())
    before = [(key(there), there.rank) for there in old if there.rank not in taken and key(there) is not None]
    after = [(key(here), here.rank) for here in new if here.rank not in pairs and key(here) is not None]
    matcher = SequenceMatcher(None, [k for k, _ in before], [k for k, _ in after], autojunk=False)
    for i, j, size in matcher.get_matching_blocks():
        pairs |= {after[j + step][1]: before[i + step][1] for step in range(size)}
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    taken = set(pairs.values())
    for name, rank in before:
        if rank not in taken:
            waiting[name].append(rank)
    for name, rank in after:
        if rank not in pairs and waiting[name]:
            pairs[rank] = waiting[name].pop(0)


LABELS = {"section": "Titre de partie", "text": "Texte", "item": "Désignation"}


def _line(old: LineFacts, here: _Placed) -> Iterator[str]:
    """What a line says differently, wherever it stands now."""
    new = here.line
    yield from text_changes(LABELS.get(new.kind, "Ligne"), old.label, new.label)
    yield from text_changes(f"{here.name}, description", old.description, new.description)
    if new.kind != "item":
        return
    yield from _choice(old, here)
    if found := list(_figures(old, new)):
        yield f"{here.name}{NBSP}: {', '.join(found)}."


def _choice(old: LineFacts, here: _Placed) -> Iterator[str]:
    new = here.line
    if old.is_aside != new.is_aside:
        now = "est maintenant en option, hors du total"
        yield f"{here.quoted} {now if new.is_aside else 'fait maintenant partie du total'}."
    elif old.option != new.option:
        now = "est maintenant une option choisie" if new.option else "n'est plus une option"
        yield f"{here.quoted} {now}."
    if (old.choice_group, old.choice_kind) != (new.choice_group, new.choice_kind):
        how = "un seul" if new.choice_kind == "exactly_one" else "un au plus"
        among = f"est maintenant au choix dans {french.quoted(new.choice_group)}, {how}"
        now = among if new.choice_group else "n'est plus au choix avec d'autres"
        yield f"{here.quoted} {now}."


def _figures(old: LineFacts, new: LineFacts) -> Iterator[str]:
    if (old.quantity, old.unit) != (new.quantity, new.unit):
        yield f"quantité {_quantity(new)} au lieu de {_quantity(old)}"
    if old.unit_price != new.unit_price:
        yield f"prix unitaire {french.price(new.unit_price)} HT au lieu de {french.price(old.unit_price)}"
    if old.discount != new.discount:
        yield f"remise {french.percent(new.discount)} au lieu de {french.percent(old.discount)}"
    if old.vat_rate != new.vat_rate:
        yield f"TVA {french.percent(new.vat_rate)} au lieu de {french.percent(old.vat_rate)}"
    if old.total != new.total:
        yield f"soit {french.money(new.total)} HT au lieu de {french.money(old.total)}"


def _quantity(line: LineFacts) -> str:
    return french.quantity(line.quantity, line.unit)


# Places


def _moves(before: Placed, after: Placed, pairs: Pairs) -> Iterator[str]:
    """Headings among themselves, lines from heading to heading, lines under the same heading."""
    stayed = [here for here in after if here.rank in pairs]
    found = list(_in_another_order([here for here in stayed if here.line.kind == "section"], pairs, ""))
    found += _under_another_heading(before, after, stayed, pairs)
    for section, here_now in _by_section(stayed).items():
        same = [here for here in here_now if _same_place(before[pairs[here.rank]], here, pairs)]
        heading = "" if section is None else f" dans la partie {after[section].quoted}"
        found += _in_another_order([here for here in same if not here.line.is_aside], pairs, heading)
        found += _in_another_order([here for here in same if here.line.is_aside], pairs, " parmi les options")
    ranks = [pairs[here.rank] for here in stayed]
    if not found and ranks != sorted(ranks):
        found = ["L'ordre des lignes a changé."]
    yield from found


def _by_section(lines: Placed) -> dict[int | None, list[_Placed]]:
    groups: dict[int | None, list[_Placed]] = defaultdict(list)
    for here in lines:
        if here.line.kind != "section":
            groups[here.section].append(here)
    return groups


def _same_place(there: _Placed, here: _Placed, pairs: Pairs) -> bool:
    section = None if here.section is None else pairs.get(here.section, -1)
    return there.line.is_aside == here.line.is_aside and there.section == section


def _under_another_heading(before: Placed, after: Placed, stayed: Placed, pairs: Pairs) -> Iterator[str]:
    groups: dict[tuple[int | None, int | None], list[_Placed]] = defaultdict(list)
    for here in stayed:
        there = before[pairs[here.rank]]
        same_block = here.line.kind != "section" and there.line.is_aside == here.line.is_aside
        if same_block and not _same_place(there, here, pairs):
            groups[there.section, here.section].append(here)
    for (source, target), moved in groups.items():
        names = french.listed([here.quoted for here in moved])
        is_, is_not = ("sont", "ne sont") if len(moved) > 1 else ("est", "n'est")
        left = "" if source is None else f"dans la partie {before[source].quoted}"
        if target is None:
            yield f"{names} {is_not} plus {left}."
            continue
        now = f"{names} {is_} maintenant dans la partie {after[target].quoted}"
        yield f"{now}, et non plus {left}." if left else f"{now}."


def _in_another_order(lines: Placed, pairs: Pairs, where: str) -> Iterator[str]:
    """Those that another one has overtaken; from four on, only that the order has changed."""
    now = [here.rank for here in lines]
    then = sorted(now, key=lambda rank: pairs[rank])
    blocks = SequenceMatcher(None, then, now, autojunk=False).get_matching_blocks()
    kept = {then[i + step] for i, _, size in blocks for step in range(size)}
    moved = [place for place, rank in enumerate(now) if rank not in kept]
    if len(moved) > 3:
        yield f"L'ordre des lignes a changé{where}."
        return
    for place in moved:
        if place:
            beside = f"après {lines[place - 1].quoted}"
        else:
            beside = f"avant {next(here for here in lines if here.rank in kept).quoted}"
        yield f"{lines[place].quoted} est maintenant {beside}."
