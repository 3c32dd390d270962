"""Which part of a list is asked for: Stripe's cursors and dates."""

from __future__ import annotations

from demo.stripe_standin import errors
from demo.stripe_standin.errors import ApiError
from demo.stripe_standin.forms import Given
from demo.stripe_standin.store import Resource

USUAL, MOST = 10, 100


def page(found: list[Resource], given: Given) -> tuple[list[Resource], bool]:
    """The page, and whether there is more in the same direction. `found` is newest first."""
    limit = given.integer("limit")
    limit = USUAL if limit is None else limit
    if not 1 <= limit <= MOST:
        raise ApiError(
            f"This value must be between 1 and {MOST}.", param="limit", code="parameter_invalid_integer"
        )
    after, before = given.text("starting_after"), given.text("ending_before")
    found = _created(found, given)
    if after and before:
        raise ApiError("You cannot use both `starting_after` and `ending_before`.")
    if before:
        newer = found[: _position(found, before, param="ending_before")]
        return newer[-limit:], len(newer) > limit
    if after:
        found = found[_position(found, after, param="starting_after") + 1 :]
    return found[:limit], len(found) > limit


def _position(found: list[Resource], identity: str, *, param: str) -> int:
    for index, resource in enumerate(found):
        if resource["id"] == identity:
            return index
    raise errors.no_such("object", identity, param=param)


def _created(found: list[Resource], given: Given) -> list[Resource]:
    if isinstance(given.values.get("created"), str):
        exactly = given.integer("created")
        return [one for one in found if one["created"] == exactly]
    bounds = given.inner("created")
    limits = {name: bounds.integer(name) for name in ("gt", "gte", "lt", "lte")}
    bounds.nothing_else()
    return [one for one in found if _within(one["created"], limits)]


def _within(created: int, limits: dict[str, int | None]) -> bool:
    gt, gte, lt, lte = limits["gt"], limits["gte"], limits["lt"], limits["lte"]
    return (
        (gt is None or created > gt)
        and (gte is None or created >= gte)
        and (lt is None or created < lt)
        and (lte is None or created <= lte)
    )
