"""The second factor: a code of an authenticator application (RFC 6238), ten codes for the day when it is lost.

The secret lies encrypted under keys derived from OUTBOX_KEY; between the QR code and the first code it lies, encrypted
alike, in that one browser's session, so that no other session of the account can take it up.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
import io
import logging
import secrets
from dataclasses import dataclass

import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from logisav.staff import emails, journal, sessions
from logisav.staff.journal import By
from logisav.staff.models import RecoveryCode, SecondFactor, StaffAction

LABEL = b"logisav.second-factor"
STEP = 30
DRIFT = (0, -1, 1)  # the phone's clock may be a step away
ENROLMENT_SECONDS = 15 * 60
RECOVERY_CODES = 10
Kind = StaffAction.Kind
log = logging.getLogger(__name__)


class CodeCheck(enum.Enum):
    RIGHT = enum.auto()
    RECOVERY = enum.auto()
    WRONG = enum.auto()


@dataclass(frozen=True)
class Enrolment:
    """What the set-up page shows: not yet anybody's factor."""

    secret: str
    account: str

    @property
    def grouped(self) -> str:
        return " ".join(self.secret[start : start + 4] for start in range(0, len(self.secret), 4))

    @property
    def address(self) -> str:
        return pyotp.TOTP(self.secret).provisioning_uri(name=self.account, issuer_name="Logisav")

    @property
    def qr(self) -> str:
        """An SVG as a data: address, black on white in the dark too."""
        out = io.BytesIO()
        segno.make(self.address, error="m").save(
            out, kind="svg", scale=5, border=4, light="#fff", dark="#000"
        )
        return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()


def of(user: User) -> SecondFactor | None:
    """Without a query where the account was read by logisav.staff.backend."""
    return getattr(user, "second_factor", None)


# Setting it up


def new_enrolment() -> str:
    """A fresh secret, sealed for the session."""
    return _keys().encrypt(pyotp.random_base32().encode()).decode()


def read_enrolment(sealed: str, user: User) -> Enrolment | None:
    """None once it is older than a quarter of an hour, or is none of ours."""
    try:
        secret = _keys().decrypt(sealed.encode(), ttl=ENROLMENT_SECONDS).decode()
    except InvalidToken:
        return None
    return Enrolment(secret, account=user.get_username())


@transaction.atomic
def confirm(user: User, enrolment: Enrolment, typed: str, *, by: By, key: str | None) -> list[str] | None:
    """Enrol if the application shows the right code: the recovery codes, shown this once. None if not.

    `key` is that of the browser that goes on: of one that knew an old factor nobody knows who has it (ASVS 7.4.3).
    """
    step = _step(enrolment.secret, typed)
    if step is None:
        return None
    replaced, _ = SecondFactor.objects.filter(user=user).delete()
    sealed = _keys().encrypt(enrolment.secret.encode())
    factor = SecondFactor.objects.create(user=user, sealed_secret=sealed, last_step=step)
    codes = _new_codes(factor)
    if replaced:
        sessions.end_all(user, but=key)
        journal.append(Kind.FACTOR_REPLACED, by=by)
        emails.account_changed(user, "L'appareil qui donne les codes de votre compte vient d'être changé.")
    else:
        journal.append(Kind.FACTOR_SET, by=by)
        emails.account_changed(user, "La double vérification de votre compte vient d'être activée.")
    return codes


def renew_codes(user: User, *, by: By) -> list[str]:
    """Ten new ones: the old ones are void."""
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().get(user=user)
        factor.recovery_codes.all().delete()
        codes = _new_codes(factor)
        journal.append(Kind.CODES_RENEWED, by=by)
    return codes


@transaction.atomic
def remove(user: User, *, by: By, key: str | None) -> None:
    """By the person themselves, who has just shown password and code; their other log-ins end."""
    SecondFactor.objects.filter(user=user).delete()
    sessions.end_all(user, but=key)
    journal.append(Kind.FACTOR_REMOVED, by=by)
    emails.account_changed(user, "La double vérification de votre compte vient d'être désactivée.")


# Checking a code


def check(user: User, typed: str, *, by: By) -> CodeCheck:
    """A code of the application or of the list; each is good once, whoever else tries it at the same moment."""
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is None:
        return CodeCheck.WRONG
    if _accepts(factor, typed):
        return CodeCheck.RIGHT
    return _use_recovery_code(factor, typed, by=by)


def _accepts(factor: SecondFactor, typed: str) -> bool:
    try:
        secret = _keys().decrypt(bytes(factor.sealed_secret)).decode()
    except InvalidToken:
        log.error("the second factor of account %s opens with none of OUTBOX_KEY", factor.user_id)
        return False
    step = _step(secret, typed)
    if step is None:
        return False
    newer = SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step)
    return newer.update(last_step=step) == 1


def _step(secret: str, typed: str) -> int | None:
    """The 30 s step whose code this is."""
    code = "".join(typed.split())
    now = int(timezone.now().timestamp()) // STEP
    totp = pyotp.TOTP(secret)
    found = [
        now + drift
        for drift in DRIFT
        if hmac.compare_digest(totp.generate_otp(now + drift).encode(), code.encode())
    ]
    return found[0] if found else None


@transaction.atomic
def _use_recovery_code(factor: SecondFactor, typed: str, *, by: By) -> CodeCheck:
    unused = factor.recovery_codes.filter(digest=_digest(typed), used_at=None)
    if unused.update(used_at=timezone.now()) != 1:
        return CodeCheck.WRONG
    left = factor.recovery_codes.filter(used_at=None).count()
    journal.append(Kind.RECOVERY_USED, by=By(factor.user, by.ip), left=left)
    emails.account_changed(
        factor.user, f"Un code de secours de votre compte vient de servir. Il en reste {left}."
    )
    return CodeCheck.RECOVERY


def _new_codes(factor: SecondFactor) -> list[str]:
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(factor=factor, digest=_digest(code)) for code in codes)
    return codes


def _new_code() -> str:
    """120 random bits, in groups of four."""
    text = base64.b32encode(secrets.token_bytes(15)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _digest(typed: str) -> str:
    """Read as people copy: any case, spaces or dashes, 0 for o and 1 for l."""
    letters = "".join(letter for letter in typed.lower() if letter.isalnum())
    return hashlib.sha256(letters.replace("0", "o").replace("1", "l").encode()).hexdigest()


# Keys


def reseal() -> int:
    """Encrypt every secret with the first of OUTBOX_KEY, so that an old key can be taken out. How many there were."""
    with transaction.atomic():
        factors = list(SecondFactor.objects.select_for_update())
        for factor in factors:
            factor.sealed_secret = _keys().rotate(bytes(factor.sealed_secret))
            factor.save(update_fields=["sealed_secret"])
    return len(factors)


def unreadable() -> int:
    """How many secrets none of the keys opens: their owners' codes are refused."""
    return sum(not _opens(factor) for factor in SecondFactor.objects.all())


def _opens(factor: SecondFactor) -> bool:
    try:
        _keys().decrypt(bytes(factor.sealed_secret))
    except InvalidToken:
        return False
    return True


def _keys() -> MultiFernet:
    # Keys of their own under a label: what opens a mail's secrets does not open a factor's.
    derived = [hmac.new(key.strip().encode(), LABEL, hashlib.sha256).digest() for key in settings.OUTBOX_KEY]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
