"""« Renoncer au contrat ici », open to everybody; the code behind a link; the page of the contract's own mailbox."""

from __future__ import annotations

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from lib import french
from quotes import access, emails, rules, workflow
from quotes.access import Visit, quote_required
from quotes.models import Company, Declaration
from quotes.pages.forms import NamedWithdrawalForm, OpenWithdrawalForm, WithdrawalCodeForm, WithdrawalForm
from quotes.pages.views import FORM
from quotes.rules import Verb
from quotes.workflow import Coded

SALT = "quotes.receipt"


@require_http_methods(FORM)
def withdraw(request: HttpRequest, public_id: str) -> HttpResponse:
    """A declaration is always taken: with a grant it is proven by a code, without one it waits for the mailbox."""
    visit = access.visit(request, public_id)
    if visit is None:
        return _declare_openly(request, public_id)
    declaration = _granted(visit)
    if declaration is not None and request.method == "POST":
        return redirect("quotes:withdraw", public_id)
    if declaration is not None:
        return _declared(request, visit, declaration, WithdrawalCodeForm())
    if rules.may(Verb.DECLARE, visit.circumstances):
        return _declare(request, visit)
    return _declare_openly(request, public_id) if request.method == "POST" else redirect(visit.quote)


@require_http_methods(FORM)
def door(request: HttpRequest) -> HttpResponse:
    """« Renoncer au contrat ici » for whoever has neither link nor address at hand: the quote's number names it."""
    form = NamedWithdrawalForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form}
        return render(request, "quotes/withdraw_door.html", context, status=422 if form.errors else 200)
    named = form.cleaned_data.pop("number")
    return _taken_openly(request, named, form, {})


def _granted(visit: Visit) -> Declaration | None:
    """What stands declared by somebody with a link, hence with its page."""
    declared_at = visit.quote.declared_at
    declaration: Declaration | None = visit.quote.standing_declaration() if declared_at else None
    return declaration if declaration and declaration.proof == Declaration.Proof.GRANT else None


def _declare(request: HttpRequest, visit: Visit) -> HttpResponse:
    initial = {"name": visit.quote.customer.contact, "email": visit.link.email}
    form = WithdrawalForm(request.POST or None, initial=initial)
    if request.method != "POST" or not form.is_valid():
        context = visit.context | {"form": form}
        return render(request, "quotes/withdraw.html", context, status=422 if form.errors else 200)
    actor, browser = access.actor_of(request), access.browser_of(request)
    workflow.declare(visit.quote.pk, actor=actor, browser=browser, **form.cleaned_data)
    return redirect("quotes:withdraw", visit.quote.public_id)


def _declare_openly(request: HttpRequest, public_id: str) -> HttpResponse:
    """In the same words whether or not there is such a quote: nothing is looked up here."""
    form = OpenWithdrawalForm(request.POST or None)
    context = {"public_id": public_id, "form": form}
    if request.method != "POST" or not form.is_valid():
        return render(request, "quotes/withdraw_open.html", context, status=422 if form.errors else 200)
    return _taken_openly(request, public_id, form, context)


def _taken_openly(
    request: HttpRequest, named: str, form: OpenWithdrawalForm, context: dict[str, object]
) -> HttpResponse:
    declaration = workflow.declare_openly(named, actor=access.actor_of(request), **form.cleaned_data)
    if declaration is None:
        return render(request, "quotes/withdraw_too_often.html", context, status=429)
    context = context | {"declaration": declaration, "receipt": _signed_receipt(declaration, number="")}
    return render(request, "quotes/declared_open.html", context)


def _declared(
    request: HttpRequest,
    visit: Visit,
    declaration: Declaration,
    form: WithdrawalCodeForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context = visit.context | {
        "declaration": declaration,
        "form": form,
        "receipt": _signed_receipt(declaration, number=visit.quote.number),
        "email": french.masked(visit.quote.customer.email),
    }
    return render(request, "quotes/declared.html", context, status=status)


def _signed_receipt(declaration: Declaration, *, number: str) -> str:
    """The receipt travels with its page, so that saving it needs neither a grant nor a look at what exists."""
    words = emails.declared_words(declaration, number=number)
    received = f"Déclaration reçue le {emails.moment(declaration.declared_at)} (heure de Paris)."
    return signing.dumps(f"{received}\n\n{words}\n", salt=SALT)


@require_POST
def receipt(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """« Enregistrer l'accusé de réception »: what the page showed, as a file."""
    try:
        words = signing.loads(request.POST.get("receipt", ""), salt=SALT)
    except signing.BadSignature:
        raise Http404 from None
    company = Company.objects.first()
    seller = f"\n{company.legal_line}\n" if company else ""
    text = f"Accusé de réception de votre rétractation\n\n{words}{seller}"
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="accuse-retractation.txt"'
    return response


ANSWERS = {
    Coded.SENT: "Un nouveau code vient de partir, le précédent ne sert plus.",
    Coded.TOO_SOON: "Attendez un peu avant de demander un autre code\u00a0: un par minute, six par jour.",
    Coded.DEAD_CODE: "Ce code ne peut plus servir. Demandez-en un nouveau, votre déclaration reste reçue.",
    Coded.OTHER_BROWSER: "Ce code a été demandé depuis un autre navigateur. Demandez-en un nouveau ici.",
}


@require_POST
@quote_required(Verb.CONFIRM)
def code(request: HttpRequest, visit: Visit) -> HttpResponse:
    """« Confirmer avec le code »."""
    declaration, form = _granted(visit), WithdrawalCodeForm(request.POST)
    if declaration is None:
        return redirect("quotes:withdraw", visit.quote.public_id)
    if not form.is_valid():
        return _declared(request, visit, declaration, form, status=422)
    outcome = workflow.confirm_with_code(
        declaration.pk,
        code=form.cleaned_data["code"],
        browser=access.browser_of(request),
        actor=access.actor_of(request),
    )
    if outcome is Coded.WRONG_CODE:
        declaration.refresh_from_db()
        form.add_error("code", _wrong(declaration))
        return _declared(request, visit, declaration, form, status=422)
    if outcome in ANSWERS:
        messages.warning(request, ANSWERS[outcome])
        return redirect("quotes:withdraw", visit.quote.public_id)
    return redirect(visit.quote)


def _wrong(declaration: Declaration) -> str:
    left = declaration.tries_left
    if left == 0:
        return "Ce code n'est pas le bon, et il ne peut plus servir. Demandez un nouveau code."
    return f"Ce code n'est pas le bon. Il vous reste {left}{french.NBSP}{'essais' if left > 1 else 'essai'}."


@require_POST
@quote_required(Verb.CONFIRM)
def new_code(request: HttpRequest, visit: Visit) -> HttpResponse:
    declaration = _granted(visit)
    if declaration is not None:
        browser, actor = access.browser_of(request), access.actor_of(request)
        outcome = workflow.mail_withdrawal_code(declaration.pk, browser=browser, actor=actor)
        tell = messages.success if outcome is Coded.SENT else messages.warning
        tell(request, ANSWERS.get(outcome, "Cette déclaration n'attend plus de code."))
    return redirect("quotes:withdraw", visit.quote.public_id)


@require_http_methods(FORM)
@csrf_exempt  # the token in the address is the authority, and the answer bears no-referrer, hence Origin: null
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """From the contract's own mailbox: a GET shows, changes nothing and proves nothing; two buttons act."""
    response = _answer(request, token)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    declaration = Declaration.objects.for_token(token)
    if declaration is None or declaration.quote is None:
        raise Http404
    if request.method == "POST":
        verb = {"confirm": workflow.confirm, "disown": workflow.disown}.get(request.POST.get("answer", ""))
        if verb is not None:
            verb(token, actor=access.actor_of(request))
        return redirect("quotes:answer_declaration", token)
    quote = declaration.quote
    context = {
        "declaration": declaration,
        "quote": quote,
        "may_disown": declaration.stands and quote.may(Verb.DISOWN),
    }
    return render(request, "quotes/answer.html", context)


answer.access = "token"  # type: ignore[attr-defined]
