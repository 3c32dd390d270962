"""`python -m logisav.tests.installations.look MOMENT VIEW`: what an installation holds and answers, as JSON.

The view gets what it needs to know as JSON on its standard input. Nothing here names a module of the applications but
the Celery app: models are asked for by their labels, pages by their addresses, so that it stays the same question
however the code is arranged.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import io
import json
import queue
import re
import sys
import zipfile
from collections.abc import Callable
from typing import Any

import django
import pyotp
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.utils import timezone

from demo import clock
from logisav.celery import app

TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)
SPACES = re.compile(r"\s+")
Known = dict[str, Any]


def rows(label: str) -> Any:
    return apps.get_model(label)._base_manager.order_by("pk")


def browser(session: str = "") -> Client:
    one = Client(raise_request_exception=False, SERVER_NAME=settings.ALLOWED_HOSTS[0])
    if session:
        one.cookies[settings.SESSION_COOKIE_NAME] = session
    return one


def words_of(response: Any) -> str:
    """The page as it is read, with plain spaces between its words."""
    return SPACES.sub(" ", html.unescape(TAGS.sub(" ", response.content.decode())))


def digest_of(name: str) -> str:
    with default_storage.open(name) as file:
        return hashlib.sha256(file.read()).hexdigest()


# What it holds


def facts(known: Known) -> Known:
    return {
        "tables": sorted(connection.introspection.table_names()),
        "permissions": sorted(
            rows("auth.Permission").values_list("content_type__app_label", "codename").order_by()
        ),
        "people": {user.username: sorted(user.get_all_permissions()) for user in rows("auth.User")},
        "quotes": {quote.number: quote_facts(quote) for quote in rows("quotes.Quote")},
        "sealed": {
            document.file.name: [
                document.signature.quote.number,
                document.revision,
                document.level,
                document.sha256,
                digest_of(document.file.name),
            ]
            for document in rows("signing.SealedDocument")
        },
        "mails": list(rows("notifications.OutgoingEmail").values_list("message", "to", "subject", "state")),
        "rows": {
            model._meta.label: model._base_manager.count()
            for model in apps.get_models(include_auto_created=True)
        },
    }


def quote_facts(quote: Any) -> Known:
    head = rows("quotes.JournalHead").get(quote=quote)
    deposit = rows("payments.Deposit").filter(quote=quote).first()
    return {
        "public_id": quote.public_id,
        "state": quote.state,
        "last fact": quote.last_kind,
        "journal": [head.seq, head.hash],
        "kinds": list(
            rows("quotes.QuoteEvent").filter(quote=quote).order_by("seq").values_list("kind", flat=True)
        ),
        "versions": [version_facts(version) for version in rows("quotes.QuoteVersion").filter(quote=quote)],
        "deposit": [str(deposit.amount), deposit.reference, deposit.standing] if deposit else None,
    }


def version_facts(version: Any) -> list[Any]:
    """Its text and its picture as they are stored now, beside what the version says of them."""
    content = hashlib.sha256(version.content.encode()).hexdigest()
    picture = digest_of(version.pdf.name) if version.pdf else ""
    return [
        version.number,
        content,
        version.content_sha256,
        picture,
        version.pdf_sha256,
        version.version_hash,
    ]


# What it answers


def pages(known: Known) -> Known:
    """Every mailed link, what each address says to somebody without a link, and the desk for an administrator."""
    return {
        "customers": {number: opened(path) for number, path in known["links"].items()},
        "strangers": {
            quote.number: browser().get(f"/devis/{quote.public_id}/", secure=True).status_code
            for quote in rows("quotes.Quote")
        },
        "desk": desk(known.get("desk", ()) or addresses()),
    }


def opened(path: str) -> list[Any]:
    """What the link answers, and the page at the clean address that it leads to."""
    visitor = browser()
    first = page = visitor.get(path, secure=True)
    if first.status_code == 302:
        page = visitor.get(first.headers["Location"], secure=True)
    return [first.status_code, page.status_code, words_of(page)]


def desk(paths: Any) -> dict[str, int]:
    administrator = browser()
    administrator.force_login(rows("auth.User").get(username="julien"))
    return {path: administrator.get(path, secure=True).status_code for path in paths}


def addresses() -> list[str]:
    """Of the desk's lists, and of the first row of each; of every quote. Asked once, when the installation was kept."""
    found = ["/admin/"]
    for model, page in admin.site._registry.items():
        place = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        request: Any = type("Request", (), {"user": rows("auth.User").get(username="julien")})
        first = model._base_manager.order_by("pk").first()
        if page.has_view_permission(request):
            found.append(place)
            found += [f"{place}{first.pk}/change/"] if first else []
    return found + [f"/admin/quotes/quote/{quote.pk}/change/" for quote in rows("quotes.Quote")]


# What waited


def work(known: Known) -> list[str]:
    """Take every message of then out of the broker and do it, as a worker of today; their names."""
    app.loader.import_default_modules()
    assert known["queue"] in app.amqp.queues, "no worker of today listens to the queue of then"
    names: list[str] = []
    with app.connection_for_read() as broker:
        waiting = broker.SimpleQueue(known["queue"])
        while True:
            try:
                message = waiting.get(block=False)
            except queue.Empty:
                return names
            names.append(message.headers["task"])
            arguments, named, _ = message.payload
            app.tasks[names[-1]].apply(arguments, named, throw=True)
            message.ack()


def follow(known: Known) -> Known:
    """The links of the mails, the code in the browser that asked for it, a log-in with its second factor."""
    customer = browser(known["customer"]["cookie"])
    path = known["customer"]["path"]
    form_page = customer.get(f"{path}signer/code/", secure=True)
    signed = customer.post(f"{path}signer/code/", {"code": known["code"]}, secure=True)
    staff = browser()
    factor = known["second_factor"]
    typed = {name: factor[name] for name in ("username", "password")} | {"next": "/admin/"}
    password = staff.post("/admin/login/", typed, secure=True)
    now = pyotp.TOTP(factor["secret"]).at(timezone.now())
    code = staff.post(password.headers.get("Location", "/"), {"code": now}, secure=True)
    return {
        "links": {path: opened(path)[:2] for path in known["links"]},
        "code page": form_page.status_code,
        "signed": [signed.status_code, customer.get(path, secure=True).status_code],
        "state": rows("quotes.Quote").get(number=known["customer"]["number"]).state,
        "desk": [password.status_code, code.status_code, staff.get("/admin/", secure=True).status_code],
    }


def proof(known: Known) -> Any:
    """« Dossier de preuve » of a quote that was sealed then: its journal, as it is handed over now."""
    administrator = browser()
    administrator.force_login(rows("auth.User").get(username="julien"))
    quote = rows("quotes.Quote").get(number=known["number"])
    response = administrator.post(f"/admin/signing/signature/{quote.pk}/dossier-de-preuve/", secure=True)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response)))
    return {
        name.rpartition("/")[2]: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()
    }


VIEWS: dict[str, Callable[[Known], Any]] = {
    "facts": facts,
    "pages": pages,
    "work": work,
    "follow": follow,
    "proof": proof,
}

if __name__ == "__main__":
    with clock.at(dt.datetime.fromisoformat(sys.argv[1])):
        django.setup()
        json.dump(VIEWS[sys.argv[2]](json.load(sys.stdin)), sys.stdout, ensure_ascii=False)
