"""Lists of the desk that cost the same however long their table is: nothing is ever counted to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.views import ChangeList

MOST = 1000


@dataclass(frozen=True)
class Figure:
    """How many rows a list has, with the way to it; `shown` is `12`, and `999+` whatever lies beyond."""

    count: int
    shown: str
    words: str
    url: str

    @classmethod
    def of(cls, rows: QuerySet[Any], one: str, many: str, url: str) -> Figure:
        count = rows.order_by().values("pk")[:MOST].count()
        shown = f"{MOST - 1}+" if count == MOST else str(count)
        return cls(count, shown, many if count > 1 else one, url)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Knows up to `MOST` rows; what lies beyond is found by a filter or a search."""

    template_name = "desk/paging/bounded.html"

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: MOST + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self._counted, MOST)

    @property
    def goes_on(self) -> bool:
        """There are more rows than pages to turn."""
        return self._counted > MOST


class BoundedChangeList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        """How many rows there are is told under the list, once, where « plus de » has its place."""
        super().get_results(request)
        self.full_result_count = self.result_count


class BoundedList:
    """For a ModelAdmin whose table grows with the years."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedChangeList
