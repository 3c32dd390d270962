"""Tabs above a list: parts of it by an address each, and how many rows they have, in one question to the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import IntegerField, QuerySet, Subquery
from django.http import HttpRequest

from logisav.desk import paging
from quotes.models import Company


class Counted(Subquery):
    """How many rows there are, never beyond the bound."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


@dataclass(frozen=True)
class Tab:
    words: str
    shown: str
    address: str
    is_here: bool


def tabs(request: HttpRequest, parts: Sequence[tuple[str, str, QuerySet[Any]]], *, at: str) -> list[Tab]:
    """Of words, query of the address, and rows; the one row of the company is what the counts hang on."""
    figures = {
        f"tab{rank}": Counted(rows.order_by().values("pk")[: paging.MOST])
        for rank, (_, _, rows) in enumerate(parts)
    }
    counts = Company.objects.annotate(**figures).values_list(*figures).first() or (0,) * len(parts)
    here = request.GET.urlencode()
    return [
        Tab(words, _shown(count), f"{at}?{query}" if query else at, here == query)
        for (words, query, _), count in zip(parts, counts, strict=True)
    ]


def _shown(count: int) -> str:
    return f"{paging.MOST - 1}+" if count == paging.MOST else str(count)
