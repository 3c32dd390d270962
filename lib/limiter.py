"""How often something may be asked for: one limiter for all uses.

A key's latest askings stand in one row. An asking is added by one conditional upsert, so that of many at the same
moment, in whichever processes, exactly as many pass as the limit has left; one that is refused is not counted and
makes nobody wait longer. Inside a transaction it counts only if that commits.

Tries of a quote's code are no askings: they stand on the quote for good (signing.models.SigningAllowance).
"""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from lib.models import Counter

MINUTE, QUARTER = dt.timedelta(minutes=1), dt.timedelta(minutes=15)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
EPOCH, MICROSECOND = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(microseconds=1)
STAMP, WIDTH = 16, 17


@dataclass(frozen=True)
class Limit:
    """At most so many within any such time, for each combination of what it is counted `by`."""

    name: str
    most: int
    within: dt.timedelta
    by: tuple[str, ...]

    @property
    def allowed(self) -> int:
        """`most`, but where an installation is tried by a load of requests (LIMITS_FACTOR)."""
        return self.most * settings.LIMITS_FACTOR

    def of(self, **parts: object) -> LimitKey:
        if set(parts) != set(self.by):
            raise TypeError(f"{self.name} is counted by {self.by}")
        named = "\n".join([self.name, *(str(parts[part]) for part in self.by)])
        return LimitKey(self, salted_hmac("lib.limiter", named, algorithm="sha256").hexdigest())


@dataclass(frozen=True)
class LimitKey:
    """Who or what a limit counts, as a digest."""

    limit: Limit
    digest: str


@dataclass(frozen=True)
class Taken:
    """`wait` only where it was refused; how many are `left` of the first key, and of the `others`."""

    wait: dt.timedelta | None
    left: int
    others: tuple[int, ...] = ()


# What            name, most, within, counted by
LOG_IN = Limit("log-in", 5, QUARTER, ("network", "name"))
LOG_IN_NAME = Limit(
    "log-in of a name", 100, DAY, ("name",)
)  # wherever from; a password chosen by mail ends it
FORGOTTEN = Limit("forgotten password", 5, QUARTER, ("network", "name"))
SECOND_STEP = Limit("second step", 5, QUARTER, ("account",))  # wherever from
PASSWORD_AGAIN = Limit("password again", 5, QUARTER, ("account",))
STAFF_ADDRESS = Limit("staff address", 30, QUARTER, ("network",))  # the four of QUARTER above together
RESET = Limit("password reset", 3, HOUR, ("account",))
LINK = Limit("link", 3, HOUR, ("quote",))
LINKS_OF_A_DAY = Limit(
    "links of a day", 9, DAY, ("quote",)
)  # as long as a link lives: one of them still opens
QUESTION = Limit("question", 5, HOUR, ("quote",))
CHOICE = Limit("choice of options", 6, HOUR, ("quote",))
CHOICE_BY_LINK = Limit("choice of options by a link", 3, HOUR, ("link",))
CODE = Limit("signing code", 1, MINUTE, ("quote",))
KNOWN_CUSTOMER = Limit("known customer", 30, HOUR, ("account",))
DECLARATION = Limit("declaration without access", 20, HOUR, ("network",))
WITHDRAWAL_CODE = Limit("withdrawal code", 1, MINUTE, ("quote",))
WITHDRAWAL_CODES = Limit("withdrawal codes", 6, DAY, ("quote",))
TYPED_RECEIPT = Limit("receipt to a typed address", 1, DAY, ("address",))
TYPED_RECEIPTS = Limit("receipts to typed addresses", 20, DAY, ())  # of the installation
UNMATCHED_TOLD = Limit("declarations of no contract told", 20, DAY, ())
CHECK_FILE = Limit("check of a file", 20, HOUR, ("network",))
CHECK_REFERENCE = Limit("check of a reference", 60, HOUR, ("network",))

ADD = """
INSERT INTO lib_counter (digest, times, expires_at) VALUES (%(digest)s, %(stamp)s, %(expires_at)s)
ON CONFLICT (digest) DO UPDATE SET
    times = CASE WHEN length(lib_counter.times) < %(full)s THEN lib_counter.times
        ELSE substr(lib_counter.times, length(lib_counter.times) - %(full)s + %(width)s + 1) END || excluded.times,
    expires_at = excluded.expires_at
WHERE length(lib_counter.times) < %(full)s
    OR substr(lib_counter.times, length(lib_counter.times) - %(full)s + 1, %(size)s) <= %(cutoff)s
RETURNING times
"""


def take(*keys: LimitKey) -> Taken:
    """Count an asking by every key, or by none when one of them has no more left."""
    now = timezone.now()
    left = []
    # Always in the order given: two askings that share keys do not wait for each other.
    with transaction.atomic() if len(keys) > 1 else nullcontext():
        for key in keys:
            times = _add(key, now)
            if times is None:
                if len(keys) > 1:
                    transaction.set_rollback(True)
                break
            recent = sum(stamp > _stamp(now - key.limit.within) for stamp in times.split())
            left.append(key.limit.allowed - recent)
    if len(left) == len(keys):
        return Taken(None, left[0], tuple(left[1:]))
    return Taken(max(_wait(key, now) for key in keys), 0)


def forget(key: LimitKey, *others: LimitKey) -> None:
    """As if what this key asked lately had not been asked; `others` counted it too."""
    with transaction.atomic():
        row = Counter.objects.select_for_update().filter(pk=key.digest).first()
        if row is None:
            return
        row.delete()
        for other in Counter.objects.select_for_update().filter(pk__in=[other.digest for other in others]):
            times = other.times.split()
            for stamp in row.times.split():
                if stamp in times:
                    times.remove(stamp)
            other.times = "".join(f"{stamp} " for stamp in times)
            other.save(update_fields=["times"])


def sweep() -> int:
    """Remove what no limit counts any more."""
    removed, _ = Counter.objects.filter(expires_at__lte=timezone.now()).delete()
    return removed


def _add(key: LimitKey, now: dt.datetime) -> str | None:
    """The key's askings with this one; None when it was one too many."""
    limit = key.limit
    with connection.cursor() as cursor:
        cursor.execute(
            ADD,
            {
                "digest": key.digest,
                "stamp": f"{_stamp(now)} ",
                "expires_at": connection.ops.adapt_datetimefield_value(now + limit.within),
                "full": limit.allowed * WIDTH,
                "cutoff": _stamp(now - limit.within),
                "size": STAMP,
                "width": WIDTH,
            },
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _wait(key: LimitKey, now: dt.datetime) -> dt.timedelta:
    """Until the oldest of the last `most` is old enough; nothing while there is one left."""
    times = Counter.objects.filter(pk=key.digest).values_list("times", flat=True).first() or ""
    latest = times.split()[-key.limit.allowed :]
    if len(latest) < key.limit.allowed:
        return dt.timedelta(0)
    return max(EPOCH + int(latest[0]) * MICROSECOND + key.limit.within - now, dt.timedelta(0))


def _stamp(moment: dt.datetime) -> str:
    return f"{(moment - EPOCH) // MICROSECOND:0{STAMP}}"
