"""One action for several quotes of the list: a page says what becomes of each, then each is done by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from lib.fields import whole
from logisav.desk.access import may_act, page
from logisav.desk.forms import ReasonForm
from logisav.desk.quotes import actions, mailing
from logisav.desk.quotes.actions import Action
from logisav.desk.quotes.mailing import WordsForm
from notifications.staff import member
from quotes import readiness
from quotes.journal import Actor
from quotes.models import IllegalMove, Quote, QuoteVersion
from quotes.versions.freezing import NotSendable

A_PAGE = 50  # of the list: nobody decides about quotes that they do not see
LIST = "admin:quotes_quote_changelist"
ListAction = Callable[[Any, HttpRequest, Any], HttpResponse]


@dataclass(frozen=True)
class ChosenQuote:
    """A chosen quote, and what stands in the way."""

    quote: Quote
    obstacles: list[str]


def as_list_actions() -> list[ListAction]:
    """The actions as the list shows them; each leads to its page."""
    return [_list_action(action) for action in actions.of_the_list()]


def _list_action(action: Action) -> ListAction:
    def choose(model_admin: Any, request: HttpRequest, queryset: Any) -> HttpResponse:
        # What is ticked on the page, never « all of the list ».
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)[:A_PAGE]
        address = reverse("admin:quotes_quote_bulk", args=[action.path])
        return redirect(f"{address}?{urlencode({'devis': chosen}, doseq=True)}")

    choose.__name__ = action.path
    choose.short_description = action.label  # type: ignore[attr-defined]
    choose.allowed_permissions = ("change",)  # type: ignore[attr-defined]
    return choose


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, step: str) -> HttpResponse:
    """GET tells what will happen to each quote, POST does what can be done."""
    if not may_act(request):
        raise PermissionDenied
    found = next((action for action in actions.of_the_list() if action.path == step), None)
    if found is None:
        raise Http404
    is_sent = request.method == "POST"
    rows = [ChosenQuote(quote, _obstacles(found, quote)) for quote in _chosen(request)]
    if not rows:
        messages.error(request, "Cochez d'abord un devis.")
        return redirect(LIST)
    form = _form(found, request.POST if is_sent else None)
    if is_sent and (form is None or form.is_valid()):
        return _do(request, found, rows, form.said if form else "")
    return _ask(request, found, rows, form)


def _chosen(request: HttpRequest) -> list[Quote]:
    """The quotes of the address or the form; one that they may not see does not exist."""
    sent: QueryDict = request.POST if request.method == "POST" else request.GET
    asked = sent.getlist("devis")
    if len(asked) > A_PAGE or None in map(whole, asked):
        raise Http404
    ids = {int(pk) for pk in asked}
    in_force = QuoteVersion.objects.filter(is_current=True).defer("content")
    visible = Quote.objects.visible_to(member(request)).with_parties().filter(pk__in=ids)
    quotes = visible.prefetch_related("lines", Prefetch("versions", queryset=in_force, to_attr="in_force"))
    if len(quotes) != len(ids):
        raise Http404
    return list(quotes.order_by("number"))


def _obstacles(action: Action, quote: Quote) -> list[str]:
    version = next(iter(quote.__dict__["in_force"]), None)
    if obstacle := action.obstacle(quote, version):
        return [obstacle]
    return readiness.missing(quote) if action.path == "envoyer" else []


def _form(action: Action, data: Any) -> ReasonForm | WordsForm | None:
    if action.mails:
        return WordsForm(data)
    return ReasonForm(data, label=action.reason) if action.reason else None


def _ask(
    request: HttpRequest, action: Action, rows: list[ChosenQuote], form: ReasonForm | WordsForm | None
) -> HttpResponse:
    # The mail as the first of them will read it, without a word of one's own.
    first = next((row.quote for row in rows if not row.obstacles), None)
    everyone = {"email": "Chaque client", "customer": "chaque client", "number": "chaque devis"}
    context = {
        "title": f"{action.label} : {len(rows)} devis",
        "action": action,
        "effects": [effect.format(**everyone) for effect in action.effects],
        "rows": rows,
        "possible": sum(not row.obstacles for row in rows),
        "example": mailing.mail(first, action.path, "") if action.mails and first else None,
        "form": form,
    }
    status = 422 if form is not None and form.errors else 200
    return page(request, "desk/quotes/bulk.html", context, status=status)


def _do(request: HttpRequest, action: Action, rows: Iterable[ChosenQuote], said: str) -> HttpResponse:
    """Each verb is a transaction of its own: one that fails undoes no other."""
    actor, done = Actor.staff(member(request)), []
    for row in rows:
        obstacles = row.obstacles or _run(action, row.quote, actor, said)
        if obstacles:
            messages.error(request, f"{row.quote.number} : {' '.join(obstacles)}")
        else:
            done.append(row.quote.number)
    if done:
        messages.success(request, f"« {action.label} » est fait pour {len(done)} devis : {', '.join(done)}.")
    return redirect(LIST)


def _run(action: Action, quote: Quote, actor: Actor, said: str) -> list[str]:
    """What kept it from being done, if anything did meanwhile."""
    try:
        action.run(quote, actor, said)
    except NotSendable as refusal:
        return refusal.reasons
    except IllegalMove as refusal:
        return [action.refusal(refusal.words)]
    return []
