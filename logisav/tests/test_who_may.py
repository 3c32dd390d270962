"""Every address of the desk × every role, asked (GET) and told (POST): an address that is not listed fails.

To add one, run this test: it prints the line that it found. Read it as a stranger would, then put it below.
"""

from __future__ import annotations

from copy import copy
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.test import Client

from logisav import urls
from logisav.tests.doors import DRAFT, STAFF, STRANGERS, House, build, listed, unnamed_routes

pytestmark = pytest.mark.django_db

# GET, then POST with nothing filled in, each by:
# nobody owner other accountant manager administrator superuser
TABLE = """
second_step                            302 302 302 302 302 302 302 | 302 302 302 302 302 302 302
admin_password_reset                   200 200 200 200 200 200 200 | 200 200 200 200 200 200 200
health                                 403 403 403 403 200 200 200 | 405 405 405 405 405 405 405
second_factor                          200 200 200 200 200 200 200 | 422 422 422 422 422 422 422
second_factor_setup                    302 302 302 302 302 302 302 | 302 302 302 302 302 302 302
second_factor_codes                    405 405 405 405 405 405 405 | 302 302 302 302 302 302 302
second_factor_remove                   405 405 405 405 405 405 405 | 302 302 302 302 302 302 302
logins                                 200 200 200 200 200 200 200 | 405 405 405 405 405 405 405
end_logins                             405 405 405 405 405 405 405 | 302 302 302 302 302 302 302
palette                                200 200 200 200 200 200 200 | 405 405 405 405 405 405 405
find                                   200 200 200 200 200 200 200 | 405 405 405 405 405 405 405
search                                 200 200 200 200 200 200 200 | 405 405 405 405 405 405 405
index                                  200 200 200 200 200 200 200 | 200 200 200 200 200 200 200
login                                  302 302 302 302 302 302 302 | 200 200 200 200 200 200 200
logout                                 405 405 405 405 405 405 405 | 200 200 200 200 200 200 200
password_change                        200 200 200 200 200 200 200 | 200 200 200 200 200 200 200
password_change_done                   200 200 200 200 200 200 200 | 405 405 405 405 405 405 405
autocomplete                           403 200 200 200 200 200 200 | 405 405 405 405 405 405 405
jsi18n                                 200 200 200 200 200 200 200 | 405 405 405 405 405 405 405
view_on_site                           404 404 404 404 404 404 404 | 404 404 404 404 404 404 404
auth_user_send_reset                   403 403 403 403 403 200 200 | 403 403 403 403 403 302 302
auth_user_reset_factor                 403 403 403 403 403 200 200 | 403 403 403 403 403 302 302
auth_user_changelist                   403 403 403 403 403 200 200 | 403 403 403 403 403 200 200
auth_user_add                          403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
auth_user_history                      403 403 403 403 403 200 200 | 403 403 403 403 403 200 200
auth_user_delete                       403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
auth_user_change                       403 403 403 403 403 200 200 | 403 403 403 403 403 409 409
logisav_invitation_again               405 405 405 405 405 405 405 | 403 403 403 403 403 302 302
logisav_invitation_revoke              405 405 405 405 405 405 405 | 403 403 403 403 403 302 302
logisav_invitation_changelist          403 403 403 403 403 200 200 | 403 403 403 403 403 200 200
logisav_invitation_add                 403 403 403 403 403 200 200 | 403 403 403 403 403 200 200
logisav_invitation_history             403 403 403 403 403 200 200 | 403 403 403 403 403 200 200
logisav_invitation_delete              403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
logisav_invitation_change              403 403 403 403 403 200 200 | 403 403 403 403 403 403 403
logisav_staffaction_changelist         403 403 403 403 200 200 200 | 403 403 403 403 200 200 200
signing_allow_more_tries               403 302 404 403 302 302 302 | 403 302 404 403 302 302 302
signing_waive_stamp                    403 404 404 403 404 404 404 | 403 404 404 403 404 404 404
signing_signed_pdf                     403 200 404 200 200 200 200 | 405 405 405 405 405 405 405
signing_proof_file                     403 200 404 200 200 200 200 | 403 302 404 302 302 302 302
signing_signature_changelist           403 200 200 200 200 200 200 | 403 200 200 200 200 200 200
signing_signature_add                  403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
signing_signature_history              302 200 302 200 200 200 200 | 302 200 302 200 200 200 200
signing_signature_delete               403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
signing_signature_change               403 200 302 200 200 200 200 | 403 403 403 403 403 403 403
signing_record_acceptance              403 302 404 403 302 302 302 | 403 302 404 403 302 302 302
signing_paper                          403 404 404 404 404 404 404 | 405 405 405 405 405 405 405
signing_paperacceptance_changelist     403 200 200 200 200 200 200 | 403 200 200 200 200 200 200
signing_paperacceptance_add            403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
signing_paperacceptance_history        302 200 302 200 200 200 200 | 302 200 302 200 200 200 200
signing_paperacceptance_delete         403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
signing_paperacceptance_change         403 200 302 200 200 200 200 | 403 403 403 403 403 403 403
payments_confirm_transfer              403 200 404 200 200 200 200 | 403 200 404 200 200 200 200
payments_refund                        403 200 404 200 200 200 200 | 403 200 404 200 200 200 200
payments_deposit_changelist            403 200 200 200 200 200 200 | 403 200 200 200 200 200 200
payments_deposit_export                403 200 200 200 200 200 200 | 403 200 200 200 200 200 200
payments_deposit_add                   403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
payments_deposit_history               302 200 302 200 200 200 200 | 302 200 302 200 200 200 200
payments_deposit_delete                403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
payments_deposit_change                403 302 302 302 302 302 302 | 403 403 403 403 403 403 403
quotes_catalogueitem_search            403 200 200 200 200 200 200 | 405 405 405 405 405 405 405
quotes_catalogueitem_enclosures        403 403 403 403 200 200 200 | 403 403 403 403 422 422 422
quotes_catalogueitem_photo             403 200 200 200 200 200 200 | 405 405 405 405 405 405 405
quotes_catalogueitem_document          403 200 200 200 200 200 200 | 405 405 405 405 405 405 405
quotes_catalogueitem_import            403 403 403 403 200 200 200 | 403 403 403 403 422 422 422
quotes_catalogueitem_example           403 403 403 403 200 200 200 | 403 403 403 403 200 200 200
quotes_catalogueitem_preview           403 403 403 403 200 404 404 | 403 403 403 403 302 302 302
quotes_catalogueitem_errors            403 403 403 403 200 404 404 | 403 403 403 403 200 404 404
quotes_catalogueitem_export            403 200 200 200 200 200 200 | 403 200 200 200 200 200 200
quotes_catalogueitem_changelist        403 200 200 200 200 200 200 | 403 200 200 200 200 200 200
quotes_catalogueitem_add               403 403 403 403 200 200 200 | 403 403 403 403 200 200 200
quotes_catalogueitem_history           403 200 200 200 200 200 200 | 403 200 200 200 200 200 200
quotes_catalogueitem_delete            403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
quotes_catalogueitem_change            403 200 200 200 200 200 200 | 403 403 403 403 409 409 409
quotes_company_changelist              302 302 302 302 302 302 302 | 302 302 302 302 302 302 302
quotes_company_add                     403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
quotes_company_history                 403 403 403 403 200 200 200 | 403 403 403 403 200 200 200
quotes_company_delete                  403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
quotes_company_change                  403 403 403 403 200 200 200 | 403 403 403 403 409 409 409
quotes_customer_import                 403 200 200 403 200 200 200 | 403 422 422 403 422 422 422
quotes_customer_example                403 200 200 403 200 200 200 | 403 200 200 403 200 200 200
quotes_customer_preview                403 200 404 403 404 404 404 | 403 302 302 403 302 302 302
quotes_customer_errors                 403 200 404 403 404 404 404 | 403 200 404 403 404 404 404
quotes_customer_export                 403 200 200 200 200 200 200 | 403 200 200 200 200 200 200
quotes_customer_similar                403 200 200 200 200 200 200 | 405 405 405 405 405 405 405
quotes_customer_changelist             403 200 200 200 200 200 200 | 403 200 200 200 200 200 200
quotes_customer_add                    403 200 200 403 200 200 200 | 403 200 200 403 200 200 200
quotes_customer_history                302 200 302 200 200 200 200 | 302 200 302 200 200 200 200
quotes_customer_delete                 403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
quotes_customer_change                 403 200 302 200 200 200 200 | 403 409 302 403 409 409 409
quotes_texttemplate_changelist         403 200 200 403 200 200 200 | 403 200 200 403 200 200 200
quotes_texttemplate_add                403 403 403 403 200 200 200 | 403 403 403 403 200 200 200
quotes_texttemplate_history            403 200 200 403 200 200 200 | 403 200 200 403 200 200 200
quotes_texttemplate_delete             403 403 403 403 200 200 200 | 403 403 403 403 409 409 409
quotes_texttemplate_change             403 200 200 403 200 200 200 | 403 403 403 403 409 409 409
quotes_quotetemplate_begin             403 200 200 403 200 200 200 | 403 200 200 403 200 200 200
quotes_quotetemplate_keep              403 403 404 403 200 200 200 | 403 403 404 403 200 200 200
quotes_quotetemplate_changelist        403 200 200 403 200 200 200 | 403 200 200 403 200 200 200
quotes_quotetemplate_add               403 403 403 403 200 200 200 | 403 403 403 403 200 200 200
quotes_quotetemplate_history           403 200 200 403 200 200 200 | 403 200 200 403 200 200 200
quotes_quotetemplate_delete            403 403 403 403 200 200 200 | 403 403 403 403 409 409 409
quotes_quotetemplate_change            403 200 200 403 200 200 200 | 403 403 403 403 409 409 409
quotes_question_changelist             403 200 200 200 200 200 200 | 403 200 200 200 200 200 200
quotes_question_add                    403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
quotes_question_history                302 200 302 200 200 200 200 | 302 200 302 200 200 200 200
quotes_question_delete                 403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
quotes_question_change                 404 200 404 200 200 200 200 | 404 422 404 403 422 422 422
quotes_quote_bulk                  403 200 404 403 200 200 200 | 403 302 404 403 302 302 302
quotes_quote_action                      403 200 404 403 200 200 200 | 403 302 404 403 302 302 302
quotes_quote_preview                   403 200 404 200 200 200 200 | 405 405 405 405 405 405 405
quotes_quote_pdf                       403 200 404 200 200 200 200 | 405 405 405 405 405 405 405
quotes_quote_contribution              403 302 404 403 302 302 302 | 403 302 404 403 302 302 302
quotes_quote_enclosures                403 302 404 403 302 302 302 | 403 302 404 403 302 302 302
quotes_quote_photo                     403 200 404 200 200 200 200 | 405 405 405 405 405 405 405
quotes_quote_document                  403 200 404 200 200 200 200 | 405 405 405 405 405 405 405
quotes_quote_draft                     403 302 404 302 302 302 302 | 403 302 404 302 302 302 302
quotes_quote_draft_pdf                 403 302 404 302 302 302 302 | 405 405 405 405 405 405 405
quotes_quote_autosave                  405 405 405 405 405 405 405 | 403 200 404 403 200 200 200
quotes_quote_scan                      403 404 404 404 404 404 404 | 405 405 405 405 405 405 405
quotes_quote_mail                      403 200 404 403 200 200 200 | 403 302 404 403 302 302 302
quotes_quote_export                    403 200 200 200 200 200 200 | 403 200 200 200 200 200 200
quotes_quote_changelist                403 200 200 200 200 200 200 | 403 200 200 200 200 200 200
quotes_quote_add                       403 200 200 403 200 200 200 | 403 200 200 403 200 200 200
quotes_quote_history                   302 200 302 200 200 200 200 | 302 200 302 200 200 200 200
quotes_quote_delete                    403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
quotes_quote_change                    403 200 302 200 200 200 200 | 403 403 302 403 403 403 403
notifications_notification_changelist  200 200 200 200 200 200 200 | 405 405 405 405 405 405 405
notifications_notification_count       200 200 200 200 200 200 200 | 405 405 405 405 405 405 405
notifications_notification_preferences 200 200 200 200 200 200 200 | 409 409 409 409 409 409 409
notifications_notification_read_all    405 405 405 405 405 405 405 | 302 302 302 302 302 302 302
notifications_notification_read        405 405 405 405 405 405 405 | 404 302 404 404 404 404 404
notifications_notification_open        405 405 405 405 405 405 405 | 404 302 404 404 404 404 404
notifications_queueentry_changelist    403 200 200 200 200 200 200 | 405 405 405 405 405 405 405
notifications_queueentry_retry         405 405 405 405 405 405 405 | 403 302 404 403 302 302 302
notifications_outgoingemail_again      403 403 403 403 302 302 302 | 403 403 403 403 302 302 302
notifications_outgoingemail_changelist 403 403 403 200 200 200 200 | 403 403 403 200 200 200 200
notifications_outgoingemail_add        403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
notifications_outgoingemail_history    403 403 403 200 200 200 200 | 403 403 403 200 200 200 200
notifications_outgoingemail_delete     403 403 403 403 403 403 403 | 403 403 403 403 403 403 403
notifications_outgoingemail_change     403 403 403 200 200 200 200 | 403 403 403 403 403 403 403
app_list                               404 200 200 200 200 200 200 | 404 200 200 200 200 200 200
quotes_quote_change@draft              403 200 302 200 200 200 200 | 403 409 302 403 409 409 409
quotes_quote_contribution@draft        403 200 404 403 200 200 200 | 403 422 404 403 422 422 422
quotes_quote_enclosures@draft          403 200 404 403 200 200 200 | 403 422 404 403 422 422 422
quotes_quote_action@draft                403 200 404 403 200 200 200 | 403 302 404 403 302 302 302
quotes_quote_preview@draft             403 200 404 200 200 200 200 | 405 405 405 405 405 405 405
"""
# Before the log-in: the ways in, and the way out.
OPEN_TO_STRANGERS = {"login", "second_step", "admin_password_reset"}


def expected() -> dict[str, str]:
    lines = (line.partition(" ") for line in TABLE.strip().splitlines())
    return {name: " ".join(rest.split()) for name, _, rest in lines}


def refused(request: HttpRequest, exception: Exception, *, status: int) -> HttpResponse:
    return HttpResponse(status=status)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    """What a page would say is others' business here, so it is not written: four fifths of the time."""
    house = build()
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", "")
    for status in (403, 404):
        bare = partial(refused, status=status)
        monkeypatch.setattr(urls, f"handler{status}", bare, raising=False)
    return house


def answer(browser: Client, method: str, path: str, asked: dict[str, str]) -> int:
    """The status; whatever it did is undone."""
    cookies = copy(browser.cookies)
    with transaction.atomic():
        response: Any = browser.get(path, asked) if method == "GET" else browser.post(path, asked)
        transaction.set_rollback(True)
    browser.cookies = cookies
    return int(response.status_code)


@pytest.mark.long
def test_every_address_answers_each_role_as_the_table_says(house: House) -> None:
    browsers = {who: house.browser(who) for who in STAFF}
    found: dict[str, str] = {}
    for name in listed():
        path, asked = house.path(name), house.asked(name)
        halves = (
            " ".join(str(answer(browsers[who], method, path, asked)) for who in STAFF)
            for method in ("GET", "POST")
        )
        found[name] = " | ".join(halves)
    wrong = [f"{name} {line}" for name, line in found.items() if expected().get(name) != line]
    assert not wrong, "\n" + "\n".join(wrong)
    assert set(expected()) == set(found), "an address of the table is gone"


@pytest.mark.parametrize("who", STRANGERS)
def test_without_an_account_every_address_leads_to_the_log_in(house: House, who: str) -> None:
    browser = house.browser(who)
    open_to_them = set()
    for name in listed():
        for method in ("GET", "POST"):
            with transaction.atomic():
                path = house.path(name)
                response = browser.get(path) if method == "GET" else browser.post(path)
                transaction.set_rollback(True)
            if not response.headers.get("Location", "").startswith("/admin/login/?next="):
                open_to_them.add(name.partition(DRAFT)[0])
    assert open_to_them == OPEN_TO_STRANGERS | {"logout"}


def test_addresses_without_a_name_lead_only_to_those_with_one() -> None:
    """`…/<pk>/` is a redirect to `…/<pk>/change/`; three of our own stand before Django's, by the same address."""
    ours = {"admin/login/", "admin/password_change/", "admin/r/<path:anything>"}
    last_resort = "admin/(?P<url>.*)$"
    others = set(unnamed_routes()) - ours - {last_resort}
    assert [route for route in others if not route.endswith("/<path:object_id>/")] == []
