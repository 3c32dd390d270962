"""What no person sends is refused before it reaches the database or the framework: a page of our own, never a 500."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from django.contrib.admin import site
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT

from logisav import wsgi
from logisav.desk.tests import desk
from logisav.tests.front_door import FrontDoor
from payments.tests.factories import make_accepted_quote, make_paying_company
from quotes.models import Quote
from quotes.tests.factories import make_link, make_owner, make_sent_quote, visitor

pytestmark = pytest.mark.django_db
OURS = "Cette demande n'est pas lisible"
FORM = "application/x-www-form-urlencoded"


def refused(response: Any) -> bool:
    return response.status_code == 400 and OURS in response.content.decode()


def browser_of(quote: Quote) -> FrontDoor:
    browser = FrontDoor()
    browser.get(make_link(quote)[1])
    return browser


def at_desk() -> FrontDoor:
    browser = FrontDoor()
    browser.force_login(desk.manager())
    return browser


@pytest.fixture
def quote() -> Quote:
    return make_sent_quote()


# A field that is called nothing


@pytest.mark.parametrize("page", ["change", "delete", "history"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_address_that_names_no_field_opens_the_row_by_its_key(
    quote: Quote, page: str, method: str
) -> None:
    browser = at_desk()
    for row in (quote.owner, quote.customer, quote):
        address = f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/{page}/?_to_field="
        assert getattr(browser, method)(address).status_code < 500, address
        assert browser.post(address, {"_to_field": ""}).status_code < 500, address


# NUL


def test_nul_in_a_log_in_name() -> None:
    typed = {"username": "ju\0lie", "password": "x"}
    assert refused(FrontDoor().post("/admin/login/", typed))


def test_nul_in_the_public_id_of_a_quote() -> None:
    for page in ("", "devis.pdf", "signer/", "lien/", "acompte/retour/"):
        assert refused(FrontDoor().get(f"/devis/abc%00def/{page}")), page


def test_nul_in_the_session_id_of_a_payment() -> None:
    make_paying_company()
    signed = make_accepted_quote()
    address = f"/devis/{signed.public_id}/acompte/retour/"
    assert refused(browser_of(signed).get(f"{address}?session_id=cs_%00"))


def test_nul_in_the_version_hash_of_a_signature(quote: Quote) -> None:
    browser = browser_of(quote)
    assert refused(browser.post(f"/devis/{quote.public_id}/signer/", {"version_hash": "ab\0c"}))


@pytest.mark.parametrize("asked", ["q=a%00b", "responsable=%00", "state__exact=%00", "tour=%00&p=1"])
def test_nul_in_filters_and_search_of_the_desk(asked: str) -> None:
    browser = at_desk()
    for page in ("", "export.csv"):
        assert refused(browser.get(f"/admin/quotes/quote/{page}?{asked}")), page


def test_nul_in_a_cookie_that_its_quotes_hide() -> None:
    """`\\000` between quotes is an octal escape, which no server in front of us sees."""
    browser = FrontDoor()
    browser.cookies.load('logisav="abcdefgh\\000"')
    assert refused(browser.get("/admin/login/"))


def test_nul_in_the_name_of_a_field() -> None:
    assert refused(FrontDoor().post("/admin/login/", "user%00name=x", content_type=FORM))


# Charsets and bodies


CHARSETS = ("utf-16", "utf-7", "latin-1", "hex", "idna", "unicode_escape", "none-such", "cp1252", '""', "")


@pytest.mark.parametrize("path", ["/admin/login/", "/nulle-part/", "/healthz", "/verifier/?reference=A"])
def test_a_charset_other_than_utf_8(path: str) -> None:
    browser = FrontDoor()
    for charset in CHARSETS:
        kind = f"{FORM}; charset={charset}"
        assert refused(browser.generic("POST", path, b"a=b", content_type=kind)), charset
        assert refused(browser.generic("GET", path, CONTENT_TYPE=kind)), charset


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
def test_utf_8_is_read_however_it_is_spelled(charset: str) -> None:
    assert (
        Client().get("/signature-electronique/", CONTENT_TYPE=f"{FORM}; charset={charset}").status_code == 200
    )


WITHOUT = ("multipart/form-data", "multipart/form-data; boundary=", "Multipart/Form-Data;boundry=x")


def test_multipart_without_a_boundary() -> None:
    browser = FrontDoor()
    for path in ("/nulle-part/", "/admin/nulle-part/", "/admin/login/", "/devis/x/", "/stripe/webhook/"):
        for kind in WITHOUT:
            answered = browser.generic("POST", path, b"--x\r\n\r\n--x--", content_type=kind)
            assert refused(answered), (path, kind)


BROKEN_HEADERS = (
    "text/plain; charset*=utf-8''%00",
    "text/plain; charset*=none-such''x",
    "a; charset*=x'",
    "a; charset=utf-8\0",
)


@pytest.mark.parametrize("kind", BROKEN_HEADERS)
def test_a_content_type_that_the_framework_itself_breaks_on(kind: str) -> None:
    """Django reads this header before any middleware runs."""
    environ = RequestFactory().generic("GET", "/signature-electronique/").environ | {"CONTENT_TYPE": kind}
    status: list[str] = []

    def start(line: str, *_: Any) -> None:
        status.append(line)

    body = b"".join(wsgi.application(environ, start))
    assert status[0].startswith("400")
    assert OURS in body.decode()


def test_an_error_page_never_reads_the_body() -> None:
    class Unread(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise AssertionError("the body was read")

    for kind in ("multipart/form-data", f"{FORM}; charset=utf-16", MULTIPART_CONTENT):
        for path in ("/nulle-part/", "/devis/a%00b/"):
            sent: Any = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": "1000", "wsgi.input": Unread(b"x" * 1000)}
            assert FrontDoor().generic("POST", path, **sent).status_code in (400, 404)


@pytest.mark.parametrize("body", ["--other\r\n", f"--{BOUNDARY}\r\nbroken", "x" * 100])
def test_a_multipart_body_that_is_none(body: str) -> None:
    browser = FrontDoor()
    for path in ("/admin/login/", "/nulle-part/", "/admin/nulle-part/"):
        answered = browser.generic("POST", path, body, content_type=MULTIPART_CONTENT)
        assert answered.status_code < 500
        assert "text/html" in answered.headers["Content-Type"]


# Lengths


def test_an_over_long_address() -> None:
    for path in (
        f"/devis/{'a' * 300}/",
        f"/verifier/{'9' * 5000}/",
        f"/admin/quotes/quote/{'9' * 300}/change/",
    ):
        assert refused(FrontDoor().get(path)), path[:40]


def test_the_longest_addresses_of_our_own_pass(quote: Quote) -> None:
    assert visitor(quote).get(f"/devis/{quote.public_id}/").status_code == 200


# Look-ups of the desk


def the_desk() -> Iterator[tuple[str, Any]]:
    for model, admin in site._registry.items():
        yield f"/admin/{model._meta.app_label}/{model._meta.model_name}/", admin


LOOK_UPS = ("regex", "iregex", "contains", "startswith", "in", "gt", "isnull", "exact")


def test_only_the_filters_of_a_list_may_be_asked_in_its_address() -> None:
    """A free look-up would read what the list does not show, and on SQLite an expression could freeze the site."""
    asked = HttpRequest()
    asked.user = make_owner(is_superuser=True)
    for path, admin in the_desk():
        for field in admin.model._meta.get_fields():
            for look_up in LOOK_UPS:
                name = f"{field.name}__{look_up}"
                is_filter = field.name in admin.list_filter and look_up in ("exact", "isnull")
                assert admin.lookup_allowed(name, "x", asked) is is_filter, f"{path}?{name}"
            assert admin.lookup_allowed(field.name, "x", asked) is (field.name in admin.list_filter)


@pytest.mark.parametrize(
    "asked",
    [
        "title__regex=(a%2B)%2B%24",
        "created_at__year=0",
        "customer__email__startswith=a",
        "title=x",
        "number=D-1",
    ],
)
def test_a_free_look_up_is_refused_by_a_page_of_our_own(asked: str, quote: Quote) -> None:
    browser = at_desk()
    for page in ("", "export.csv"):
        assert refused(browser.get(f"/admin/quotes/quote/{page}?{asked}")), page


def test_the_filters_of_a_list_still_filter(quote: Quote) -> None:
    browser = desk.at_desk(desk.manager())
    assert quote.number in desk.text(browser.get("/admin/quotes/quote/?state__exact=sent"))
    assert quote.number not in desk.text(browser.get("/admin/quotes/quote/?state__exact=draft"))
    assert browser.get("/admin/quotes/customer/?kind__exact=individual").status_code == 200
    exported = browser.get("/admin/quotes/quote/export.csv?state__exact=sent")
    assert exported.status_code == 200


# What is spared


def test_words_of_every_language_pass() -> None:
    typed = {"username": "José 测试 🛠 ’ \x0b\u2028", "password": "x"}
    assert Client().post("/admin/login/", typed).status_code == 200
    asked = quote_from_bytes("Élodie 🛠 100 % %2500".encode())
    assert desk.at_desk(desk.manager()).get(f"/admin/quotes/quote/?q={asked}").status_code == 200


def test_the_page_of_a_refusal_carries_the_rules_of_all_pages() -> None:
    answered = FrontDoor().get("/devis/a%00b/")
    assert "no-store" in answered.headers["Cache-Control"]
    assert "default-src 'none'" in answered.headers["Content-Security-Policy"]
    assert answered.headers["X-Content-Type-Options"] == "nosniff"
