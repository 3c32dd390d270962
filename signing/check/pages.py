"""The check of a signed PDF, open to all."""

from __future__ import annotations

import datetime as dt
import math

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from lib import limiter
from lib.addresses import client_ip, network
from lib.limiter import Limit
from lib.places import Busy
from quotes.pages.views import FORM
from signing.check import examination, uploads, verdicts
from signing.check.forms import TOO_LARGE, CheckForm
from signing.check.verdicts import Verdict
from signing.proof import certificates


@csrf_exempt  # the size comes first: the token stands inside the body, and `_checked` asks for it
@require_http_methods(FORM)
def verify(request: HttpRequest) -> HttpResponse:
    """« Vérifier un devis signé »: a file, or the reference of its certificate."""
    if request.method == "POST":
        return _upload(request, reference="")
    if typed := verdicts.normalized(request.GET.get("reference", "")):
        return redirect("signing:verify_reference", typed)
    return render(request, "signing/verify.html", {"form": CheckForm()})


@csrf_exempt  # as above
@require_http_methods(FORM)
def verify_reference(request: HttpRequest, reference: str) -> HttpResponse:
    """What the QR code leads to: that such a document was sealed, and nothing of what it says."""
    if request.method == "POST":
        return _upload(request, reference=verdicts.normalized(reference))
    if (wait := _wait(request, limiter.CHECK_REFERENCE)) is not None:
        return _too_many_checks(request, wait)
    documents = verdicts.documents_of(reference)
    context = {"form": CheckForm(), "documents": documents, "reference": verdicts.normalized(reference)}
    return render(request, "signing/verify_reference.html", context, status=200 if documents else 404)


def _upload(request: HttpRequest, *, reference: str) -> HttpResponse:
    if (wait := _wait(request, limiter.CHECK_FILE)) is not None:
        uploads.drain(request)
        return _too_many_checks(request, wait)
    if uploads.is_too_large(request):
        uploads.drain(request)
        return render(request, "signing/verify_too_large.html", {"words": TOO_LARGE}, status=413)
    uploads.keep_in_memory(request)
    return _checked(request, reference)


def _wait(request: HttpRequest, limit: Limit) -> dt.timedelta | None:
    return limiter.take(limit.of(network=network(client_ip(request)))).wait


def _too_many_checks(request: HttpRequest, wait: dt.timedelta) -> HttpResponse:
    minutes = max(1, math.ceil(wait.total_seconds() / 60))
    response = render(request, "signing/verify_paused.html", {"minutes": minutes}, status=429)
    response.headers["Retry-After"] = str(minutes * 60)
    return response


@csrf_protect
def _checked(request: HttpRequest, reference: str) -> HttpResponse:
    """Genuine, altered or unknown. Nothing of the file is kept."""
    form = CheckForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(
            request, "signing/verify.html", {"form": form}, status=413 if form.is_too_large else 422
        )
    pdf = form.cleaned_data["pdf"]
    try:
        ours = certificates.ours()
        findings = examination.examine(pdf, trusted=ours, address=network(client_ip(request)))
    except (Busy, certificates.NoCertificate):
        response = render(request, "signing/verify_busy.html", status=503)
        response.headers["Retry-After"] = "60"
        return response
    except examination.UnreadablePdf:
        return render(request, "signing/verify_unreadable.html", {"form": CheckForm()}, status=422)
    judgement = verdicts.judge(pdf, findings, ours=ours)
    return _verdict_page(request, judgement, reference=reference, name=form.filename)


VERDICTS = {
    Verdict.GENUINE: "signing/verify_genuine.html",
    Verdict.ALTERED: "signing/verify_altered.html",
    Verdict.UNKNOWN: "signing/verify_unknown.html",
    Verdict.CONTRADICTORY: "signing/verify_contradictory.html",
}


def _verdict_page(
    request: HttpRequest, judgement: verdicts.Judgement, *, reference: str, name: str
) -> HttpResponse:
    """What the quote was is told for a match alone: whoever asks holds the whole document."""
    context: dict[str, object] = {"form": CheckForm(), "judgement": judgement, "name": name}
    if judgement.verdict is Verdict.GENUINE and judgement.document is not None:
        signature = judgement.document.signature
        context |= {
            "document": judgement.document,
            "signature": signature,
            "content": signature.version.reading,
            "initials": verdicts.initials(signature),
            "checked_at": timezone.now(),
            "other_reference": bool(reference) and reference != signature.reference,
        }
    return render(request, VERDICTS[judgement.verdict], context)
