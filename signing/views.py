"""The customer's pages of a signature: form, code, result; and the check of a signed PDF, open to all."""

from __future__ import annotations

import datetime as dt
import math
import secrets

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quotes import french
from quotes.access import Situation, Visit, actor_of, quote_required
from quotes.models import QuoteVersion
from quotes.versions import changes
from quotes.views import FORM, pdf_response
from signing import certificates, examination, throttle, uploads, verdicts, workflow
from signing.forms import TOO_LARGE, CheckForm, CodeForm, SigningForm
from signing.models import CheckTry, Signature, SigningRequest
from signing.verdicts import Verdict
from signing.workflow import Outcome


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What the signature is and is not, for a customer who knows no law."""
    return render(request, "signing/about.html")


@require_http_methods(FORM)
@quote_required(Situation.OPEN)
def sign(request: HttpRequest, visit: Visit) -> HttpResponse:
    """« Accepter et signer »: the form, then a code by mail."""
    content = visit.version.reading
    if request.method != "POST":
        form = SigningForm(content, initial={"version_hash": visit.version.version_hash})
        return _form_page(request, visit, form)
    if request.POST.get("version_hash") != visit.version.version_hash:
        read = visit.quote.versions.filter(version_hash=request.POST.get("version_hash") or None).first()
        return _changed(request, visit, read)
    form = SigningForm(content, request.POST)
    if not form.is_valid():
        return _form_page(request, visit, form, status=422)
    outcome, signing_request = workflow.request_code(
        visit.quote.pk,
        link=visit.link,
        form=form.facts,
        version_hash=form.cleaned_data["version_hash"],
        browser=_browser(request),
        actor=actor_of(request),
    )
    if signing_request is not None:
        return _to_code_page(request, visit, signing_request)
    if outcome is Outcome.TOO_SOON:
        form.add_error(None, _too_soon(visit))
        return _form_page(request, visit, form, status=429)
    return _answer(request, visit, outcome)


def _form_page(request: HttpRequest, visit: Visit, form: SigningForm, *, status: int = 200) -> HttpResponse:
    context = _context(visit) | {"form": form, "link": visit.link, "link_short": visit.link.is_short}
    return render(request, "signing/sign.html", context, status=status)


def _context(visit: Visit) -> dict[str, object]:
    return {
        "quote": visit.quote,
        "version": visit.version,
        "content": visit.version.reading,
        "email": french.masked(visit.link.email),
    }


def _to_code_page(request: HttpRequest, visit: Visit, signing_request: SigningRequest) -> HttpResponse:
    request.session["signing"] = request.session.get("signing", {}) | {
        visit.quote.public_id: signing_request.pk
    }
    return redirect("signing:code", visit.quote.public_id)


def _too_soon(visit: Visit) -> str:
    last = visit.quote.signing_requests.order_by("-created_at").first()
    when = f" à {french.second(last.resend_at)}" if last else " dans une minute"
    return f"Un code vient de partir. Un nouveau pourra être demandé{when}."


def _browser(request: HttpRequest) -> str:
    """This browser's own secret, in its session: a code asked for here is of no use elsewhere."""
    if "browser" not in request.session:
        request.session["browser"] = secrets.token_hex(32)
    return str(request.session["browser"])


@require_http_methods(FORM)
@quote_required(Situation.OPEN, Situation.CONCLUDED)
def code(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The code page: a recap, one field, and the one button that binds."""
    signing_request = _own_request(request, visit)
    if visit.situation is Situation.CONCLUDED:
        return redirect(visit.quote)
    if signing_request is None:
        return _no_request(request, visit)
    if signing_request.version_hash != visit.version.version_hash:
        return _changed(request, visit, signing_request.version)
    if request.method != "POST":
        return _code_page(request, visit, signing_request, CodeForm())
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(request, visit, signing_request, form, status=422)
    outcome = workflow.sign(
        signing_request.pk,
        code=form.cleaned_data["code"],
        link=visit.link,
        browser=_browser(request),
        actor=actor_of(request),
    )
    if outcome is Outcome.WRONG_CODE:
        signing_request.refresh_from_db(fields=["tries"])
        form.add_error("code", _wrong_code(signing_request))
        return _code_page(request, visit, signing_request, form, status=422)
    return _answer(request, visit, outcome)


def _own_request(request: HttpRequest, visit: Visit) -> SigningRequest | None:
    """The form that this browser sent last for this quote."""
    pk = request.session.get("signing", {}).get(visit.quote.public_id)
    return visit.quote.signing_requests.select_related("version", "mail").filter(pk=pk).first()


def _no_request(request: HttpRequest, visit: Visit) -> HttpResponse:
    """No form was sent from here: perhaps from another browser, where the code belongs."""
    if visit.quote.signing_requests.filter(state=SigningRequest.State.OPEN).exists():
        return _answer(request, visit, Outcome.OTHER_BROWSER)
    return redirect("signing:sign", visit.quote.public_id)


def _code_page(
    request: HttpRequest, visit: Visit, signing_request: SigningRequest, form: CodeForm, *, status: int = 200
) -> HttpResponse:
    if not signing_request.is_alive:
        return _answer(request, visit, Outcome.DEAD_CODE)
    context = _context(visit) | {
        "form": form,
        "signing_request": signing_request,
        "delayed": signing_request.is_delayed,
        "tries_left": signing_request.tries_left,
    }
    return render(request, "signing/code.html", context, status=status)


def _wrong_code(signing_request: SigningRequest) -> str:
    left = signing_request.tries_left
    if left == 0:
        return "Ce code n'est pas le bon, et il ne peut plus servir. Demandez un nouveau code."
    return f"Ce code n'est pas le bon. Il vous reste {left}{french.NBSP}{'essais' if left > 1 else 'essai'}."


@require_POST
@quote_required(Situation.OPEN)
def resend(request: HttpRequest, visit: Visit) -> HttpResponse:
    """« Demander un nouveau code »: possible after a minute, and the code before it dies."""
    signing_request = _own_request(request, visit)
    if signing_request is None:
        return _no_request(request, visit)
    outcome, fresh = workflow.resend_code(
        signing_request.pk, link=visit.link, browser=_browser(request), actor=actor_of(request)
    )
    if fresh is not None:
        messages.success(request, "Un nouveau code vient de partir, le précédent ne sert plus.")
        return _to_code_page(request, visit, fresh)
    if outcome is Outcome.TOO_SOON:
        form = CodeForm()
        messages.warning(request, _too_soon(visit))
        return _code_page(request, visit, signing_request, form, status=429)
    return _answer(request, visit, outcome)


def _changed(request: HttpRequest, visit: Visit, read: QuoteVersion | None) -> HttpResponse:
    """« Le devis a changé, relisez-le », with what changed since the version that was read."""
    context = _context(visit)
    if read is not None:
        context["changes"] = changes(read.reading, visit.version.reading)
    return render(request, "signing/changed.html", context, status=409)


PAGES = {
    Outcome.TOO_MANY_TRIES: ("signing/too_many_tries.html", 429),
    Outcome.PAUSED: ("signing/paused.html", 429),
    Outcome.CHANGED: ("signing/changed.html", 409),
    Outcome.CONTRADICTION: ("signing/contradiction.html", 409),
    Outcome.OTHER_BROWSER: ("signing/other_browser.html", 409),
    Outcome.DEAD_CODE: ("signing/code_dead.html", 410),
}


def _answer(request: HttpRequest, visit: Visit, outcome: Outcome) -> HttpResponse:
    """The page of an outcome; where the quote's own page tells it best, that one."""
    if outcome not in PAGES:
        return redirect(visit.quote)
    template, status = PAGES[outcome]
    return render(request, template, _context(visit), status=status)


@require_safe
@quote_required(Situation.CONCLUDED)
def signed_pdf(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """The sealed PDF, the same bytes as mailed."""
    signature = Signature.objects.filter(quote=visit.quote).first()
    document = signature and signature.document
    if not document:
        raise Http404
    return pdf_response(document.file.open("rb"), name=f"{visit.quote.number}-signe.pdf")


# The check of a signed PDF, open to all


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
    if (wait := throttle.take(request, CheckTry.Kind.REFERENCE)) is not None:
        return _too_many_checks(request, wait)
    documents = verdicts.documents_of(reference)
    context = {"form": CheckForm(), "documents": documents, "reference": verdicts.normalized(reference)}
    return render(request, "signing/verify_reference.html", context, status=200 if documents else 404)


def _upload(request: HttpRequest, *, reference: str) -> HttpResponse:
    if (wait := throttle.take(request, CheckTry.Kind.FILE)) is not None:
        uploads.drain(request)
        return _too_many_checks(request, wait)
    if uploads.is_too_large(request):
        uploads.drain(request)
        return render(request, "signing/verify_too_large.html", {"words": TOO_LARGE}, status=413)
    uploads.keep_in_memory(request)
    return _checked(request, reference)


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
        findings = examination.examine(pdf, trusted=ours)
    except (examination.Busy, certificates.NoCertificate):
        response = render(request, "signing/verify_busy.html", status=503)
        response.headers["Retry-After"] = "60"
        return response
    except examination.Unreadable:
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
