"""The customer's pages of a signature: form, code, result."""

from __future__ import annotations

import io
from dataclasses import replace

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from lib import files, french
from quotes import workflow as quotes_workflow
from quotes.access import Visit, actor_of, browser_of, open_house, quote_required
from quotes.models import IllegalMove, QuoteVersion
from quotes.pages.options import Wish, next_minute, read_choice
from quotes.pages.views import FORM, file_away, pdf_response, read, updating
from quotes.rules import Verb
from quotes.versions.choosing import Unchoosable
from quotes.versions.comparison import changes
from quotes.workflow import Choosing
from signing import choosing, workflow
from signing.choosing import SigningElsewhere
from signing.forms import CodeForm, Known, SigningForm
from signing.models import PaperAcceptance, Signature, SigningRequest
from signing.workflow import Outcome


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What the signature is and is not, for a customer who knows no law."""
    return render(request, "signing/about.html")


@require_http_methods(FORM)
@open_house
@quote_required(Verb.REQUEST_CODE)
def sign(request: HttpRequest, visit: Visit) -> HttpResponse:
    """« Accepter et signer »: the form, then a code by mail."""
    if request.method != "POST":
        if quotes_workflow.stored_pdf(visit.version) is None:
            return updating(request, visit, status=409)
        form = SigningForm(
            visit.content,
            initial={"version_hash": visit.version.version_hash},
            known=Known.of(visit.quote.customer, visit.content),
        )
        return _form_page(request, visit, form)
    if request.POST.get("version_hash") != visit.version.version_hash:
        read = visit.quote.versions.filter(version_hash=request.POST.get("version_hash") or None).first()
        return _changed(request, visit, read)
    form = SigningForm(visit.content, request.POST, known=Known.of(visit.quote.customer, visit.content))
    if not form.is_valid():
        return _form_page(request, visit, form, status=422)
    outcome, signing_request = workflow.request_code(
        visit.quote.pk,
        link=visit.link,
        form=form.signatory,
        version_hash=form.cleaned_data["version_hash"],
        browser=browser_of(request),
        actor=actor_of(request),
    )
    if signing_request is not None:
        return _to_code_page(request, visit, signing_request)
    if outcome is Outcome.TOO_SOON:
        form.add_error(None, _too_soon(visit))
        return _form_page(request, visit, form, status=429)
    return _answer(request, visit, outcome)


def _form_page(request: HttpRequest, visit: Visit, form: SigningForm, *, status: int = 200) -> HttpResponse:
    context = _context(visit) | {"form": form, "link_short": visit.link.is_short}
    return render(request, "signing/sign.html", context, status=status)


def _context(visit: Visit) -> dict[str, object]:
    return visit.context | {"email": french.masked(visit.link.email)}


def _to_code_page(request: HttpRequest, visit: Visit, signing_request: SigningRequest) -> HttpResponse:
    request.session["signing"] = request.session.get("signing", {}) | {
        visit.quote.public_id: signing_request.pk
    }
    return redirect("signing:code", visit.quote.public_id)


def _too_soon(visit: Visit) -> str:
    last = visit.quote.signing_requests.order_by("-created_at").first()
    when = f" à {french.second(last.resend_at)}" if last else " dans une minute"
    return f"Un code vient de partir. Un nouveau pourra être demandé{when}."


NOT_KEPT = "Le devis a changé entre-temps, votre choix n'a pas été gardé. Relisez le devis, puis choisissez à nouveau."


@require_http_methods(FORM)
@quote_required(Verb.CHOOSE)
def choose(request: HttpRequest, visit: Visit) -> HttpResponse:
    """« Mes options »: « Voir le total, sans garder » shows its sums, « Garder ce choix » makes a version of it."""
    if request.method != "POST":
        return redirect(visit.quote)
    wish = Wish(read_choice(request.POST, visit.content))
    if "show" in request.POST:
        return read(request, visit, wish)
    try:
        outcome = choosing.choose_options(
            visit.quote.pk,
            link=visit.link,
            chosen=wish.chosen or frozenset(),
            version_hash=request.POST.get("version_hash", ""),
            browser=browser_of(request),
            actor=actor_of(request),
        )
    except IllegalMove:
        messages.warning(
            request,
            NOT_KEPT,
        )
        return redirect(visit.quote)
    match outcome:
        case Choosing.CHOSEN:
            return redirect(visit.quote)
        case Choosing.CHANGED:
            messages.warning(
                request,
                NOT_KEPT,
            )
            return redirect(visit.quote)
        case Choosing.SAME:
            messages.info(request, "C'est déjà le choix de votre devis, rien n'a changé.")
            return redirect(visit.quote)
        case Unchoosable():
            return read(request, visit, replace(wish, refused=outcome.value), status=422)
        case SigningElsewhere():
            words = f"Une signature est en cours, réessayez à {next_minute(outcome.until)}."
            return read(request, visit, replace(wish, refused=words), status=409)
        case _:
            return read(request, visit, replace(wish, refused=NOT_NOW[outcome]), status=429)


NOT_NOW = {
    Choosing.TOO_OFTEN: "Vous avez changé de choix plusieurs fois en peu de temps. Réessayez dans une heure, ou "
    "appelez-nous.",
    Choosing.TOO_MANY_VERSIONS: "Ce devis a déjà beaucoup de versions. Appelez-nous pour changer vos options.",
}


@require_http_methods(FORM)
@open_house
@quote_required(Verb.ACCEPT)
def code(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The code page: a recap, one field, and the one button that binds."""
    signing_request = _own_request(request, visit)
    if signing_request is None:
        return _no_request(request, visit)
    if signing_request.version_hash != visit.version.version_hash:
        return _changed(request, visit, signing_request.version)
    if request.method != "POST":
        return _code_page(request, visit, signing_request, CodeForm())
    if request.POST.get("challenge", str(signing_request.pk)) != str(signing_request.pk):
        # The recap that was read is not of the code that would sign (art. L221-14): another tab has asked since.
        messages.warning(request, "Cette page n'était plus à jour\u00a0: relisez avant de signer.")
        return _code_page(request, visit, signing_request, CodeForm(), status=409)
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(request, visit, signing_request, form, status=422)
    outcome = workflow.sign(
        signing_request.pk,
        code=form.cleaned_data["code"],
        link=visit.link,
        browser=browser_of(request),
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
    if not form.is_bound and (spent := workflow.why_no_try(signing_request)) is not None:
        return _answer(request, visit, spent)
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


@require_http_methods(FORM)
@open_house
@quote_required(Verb.REQUEST_CODE)
def resend(request: HttpRequest, visit: Visit) -> HttpResponse:
    """« Demander un nouveau code »: possible after a minute, and the code before it dies."""
    signing_request = _own_request(request, visit)
    if signing_request is None:
        return _no_request(request, visit)
    if request.method != "POST":  # the answer to a press that came too soon, loaded again
        return redirect("signing:code", visit.quote.public_id)
    if not signing_request.place:  # of before place and kind were asked: the form asks both
        return redirect("signing:sign", visit.quote.public_id)
    outcome, fresh = workflow.resend_code(
        signing_request.pk, link=visit.link, browser=browser_of(request), actor=actor_of(request)
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
        context["changes"] = changes(read.reading, visit.content)
    return render(request, "signing/changed.html", context, status=409)


PAGES = {
    Outcome.TOO_MANY_TRIES: ("signing/too_many_tries.html", 429),
    Outcome.PAUSED: ("signing/paused.html", 429),
    Outcome.LINK_USED_UP: ("signing/link_used_up.html", 429),
    Outcome.CHANGED: ("signing/changed.html", 409),
    Outcome.CONTRADICTION: ("signing/contradiction.html", 409),
    Outcome.OTHER_BROWSER: ("signing/other_browser.html", 409),
    Outcome.DEAD_CODE: ("signing/code_dead.html", 410),
}


PLACES = {"distance": "à distance", "off_premises": "chez vous", "on_premises": "dans nos locaux"}


def _answer(request: HttpRequest, visit: Visit, outcome: Outcome) -> HttpResponse:
    """The page of an outcome; where the quote's own page tells it best, that one."""
    if outcome is Outcome.DAMAGED:
        return updating(request, visit, status=409)
    if outcome not in PAGES:
        return redirect(visit.quote)
    template, status = PAGES[outcome]
    place = PLACES[visit.content.contract]
    said = {"quoted_place": place, "visited": workflow.is_of_the_visit(visit.content)}
    return render(request, template, _context(visit) | said, status=status)


@require_safe
@quote_required(Verb.SEE_CONTRACT)
def signed_pdf(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """The sealed PDF, the same bytes as mailed."""
    signature = Signature.objects.filter(quote=visit.quote).first()
    document = signature and signature.latest_document()
    if not document:
        return _signed_on_paper(request, visit)
    data = files.read_or_none(str(document.file), document.sha256)
    if data is None:
        return file_away(request, visit)
    return pdf_response(data, name=f"{visit.quote.number}-signe.pdf")


def _signed_on_paper(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    acceptance = PaperAcceptance.objects.filter(quote=visit.quote).first()
    if acceptance is None:
        raise Http404
    return paper_response(acceptance) or file_away(request, visit)


def paper_response(acceptance: PaperAcceptance) -> HttpResponseBase | None:
    """The paper as it was handed in; None where the stored file is gone or changed."""
    data = files.read_or_none(str(acceptance.scan.name), acceptance.sha256)
    if data is None:
        return None
    kind, suffix = ("application/pdf", "pdf") if acceptance.is_pdf else ("image/jpeg", "jpg")
    name = f"{acceptance.quote.number}-signe-sur-papier.{suffix}"
    return FileResponse(io.BytesIO(data), as_attachment=True, filename=name, content_type=kind)
