"""Which passwords are refused: the common ones of a kept list, and those made of the company's own names."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.exceptions import ValidationError

from quotes.tests.factories import make_company

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "password",
    [
        "ThermoRhone2026!",
        "thermo-rhône-123",
        "Th3rm0Rh0n3!!!!",
        "Logisav-Logisav",
        "Devis-logisav-1",
        "rhonethermo69009",
    ],
)
def test_the_companys_names_are_no_password(password: str) -> None:
    make_company()
    with pytest.raises(ValidationError, match="nom de l'entreprise"):
        validate_password(password)


@pytest.mark.parametrize("password", ["1q2w3e4r5t6y", "qwertyuiop123"])
def test_common_ones_are_no_password(password: str) -> None:
    with pytest.raises(ValidationError, match="courant"):
        validate_password(password)


def test_figures_alone_are_no_password() -> None:
    with pytest.raises(ValidationError, match="numérique"):
        validate_password("123456789012")


@pytest.mark.parametrize(
    "password", ["cinq-mots-bien-rangés-ici", "thermo-et-tout-autre-chose", "un-devis-pour-le-chat-gris"]
)
def test_a_word_of_the_company_among_others_is_one(password: str) -> None:
    make_company()
    validate_password(password)


def test_before_the_company_is_presented_the_products_name_is_refused() -> None:
    with pytest.raises(ValidationError, match="logiciel"):
        validate_password("logisav-2026")


def test_the_documents_name_the_very_list_of_common_passwords() -> None:
    kept = Path(CommonPasswordValidator().DEFAULT_PASSWORD_LIST_PATH).read_bytes()
    said = Path(settings.BASE_DIR, "docs", "security.md").read_text()
    assert hashlib.sha256(kept).hexdigest() in said
