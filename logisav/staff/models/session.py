"""Browsers' sessions, the desk's log-ins and customers' grants alike: the row, and the engine that keeps it.

The key is in the browser's cookie alone; the database, and whoever reads it, has its SHA-256. A session ends by itself
once it was not used for a while, and once it is old, however much it is used.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

DESK_IDLE, DESK_LIFE = dt.timedelta(hours=8), dt.timedelta(hours=12)
CUSTOMER_IDLE, CUSTOMER_LIFE = dt.timedelta(hours=24), dt.timedelta(days=7)
NOTED_EVERY = dt.timedelta(minutes=10)
"""A use is written down no more often: an idle session may end as much too early, never too late."""

BEGAN = "began"  # in the session: for whom, and when; whoever logs in begins anew


def digest_of(key: str) -> str:
    """132 random bits or more: a plain digest gives nothing to guess at."""
    return hashlib.sha256(key.encode()).hexdigest()


def ends_at(user: object, *, since: dt.datetime, used_at: dt.datetime) -> dt.datetime:
    """Whoever is logged in to the desk has a day of work, a customer the days of making up one's mind."""
    idle, life = (DESK_IDLE, DESK_LIFE) if user else (CUSTOMER_IDLE, CUSTOMER_LIFE)
    return min(used_at + idle, since + life)


class Session(AbstractBaseSession):
    """`session_key` is the digest; `user` is who is logged in to the desk, nobody for a customer."""

    session_key = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()
    used_at = models.DateTimeField()

    class Meta(AbstractBaseSession.Meta):
        default_permissions = ()

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        return SessionStore


class SessionStore(DatabaseStore):
    """Django's own, by the digest of the key."""

    is_used = True  # by a person; see logisav/staff/unattended.py

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def load(self) -> dict[str, Any]:
        now = timezone.now()
        rows = Session.objects.filter(session_key=digest_of(self.session_key or ""), expire_date__gt=now)
        row = rows.first()
        if row is None:
            self._session_key = None
            return {}
        if self.is_used and now - row.used_at >= NOTED_EVERY:
            ends = ends_at(row.user_id, since=row.since, used_at=now)
            rows.update(used_at=now, expire_date=ends)
        return self.decode(row.session_data)

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(session_key=digest_of(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        user, now = data.get(SESSION_KEY), timezone.now()
        began = data.get(BEGAN)
        if began is None or began["user"] != user:
            began = data[BEGAN] = {"user": user, "at": now.timestamp()}
        since = dt.datetime.fromtimestamp(began["at"], dt.UTC)
        return Session(
            session_key=digest_of(self._get_or_create_session_key()),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=ends_at(user, since=since, used_at=now),
            user_id=int(user) if user else None,
            since=since,
            used_at=now,
        )

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            Session.objects.filter(session_key=digest_of(key)).delete()

    def get_session_cookie_age(self) -> int:
        """The browser keeps the key for as long as a session can live; whether it does is the row's business."""
        life = DESK_LIFE if self.get(SESSION_KEY) else CUSTOMER_LIFE
        return int(life.total_seconds())
