"""The inbox: questions that wait for an answer come first, and are answered where they are read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, ExpressionWrapper, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from lib import french
from lib.fields import whole
from logisav.desk.access import may_act, page
from logisav.desk.base import DeskAdmin
from logisav.desk.forms import AnswerForm
from logisav.desk.library import templates
from logisav.desk.paging import BoundedList
from logisav.desk.quotes import actions
from logisav.desk.quotes.pills import pill
from notifications.staff import member
from quotes import workflow
from quotes.journal import Actor
from quotes.models import IllegalMove, Question, Quote, QuoteVersion

SHOWN_OPEN = 20
FROM_INBOX = "_boite"


class Waiting(admin.SimpleListFilter):
    title = "réponse"
    parameter_name = "reponse"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("attendue", "Attendue"), ("envoyee", "Envoyée")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in ("attendue", "envoyee"):
            return queryset.filter(waits=self.value() == "attendue")
        return queryset


@admin.register(Question)
class QuestionAdmin(BoundedList, DeskAdmin):
    list_display = ("words", "number", "customer", "asked", "status")
    list_filter = (Waiting,)
    search_fields = ("text", "quote__number", "quote__customer__last_name", "quote__customer__company_name")
    search_help_text = "Texte, numéro, client"
    actions = None
    list_before_template = "desk/questions/open.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Question]:
        return (
            Question.objects.filter(quote__in=Quote.objects.visible_to(member(request)))
            .select_related("quote__customer", "quote__owner", "answer__author")
            .annotate(waits=ExpressionWrapper(Q(answer=None), output_field=BooleanField()))
        )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("-waits", "-asked_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Question | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Question | None = None) -> bool:
        """Whoever sees a quote sees what is asked about it."""
        return request.user.has_perm("quotes.view_quote") or may_act(request)

    def has_change_permission(self, request: HttpRequest, obj: Question | None = None) -> bool:
        return may_act(request)

    @admin.display(description="Question")
    def words(self, question: Question) -> str:
        return Truncator(question.text).chars(90)

    @admin.display(description="Devis", ordering="quote__number")
    def number(self, question: Question) -> SafeString:
        return format_html('<span class="number">{}</span>', question.quote.number)

    @admin.display(description="Client")
    def customer(self, question: Question) -> str:
        return question.quote.customer.name

    @admin.display(description="Posée", ordering="asked_at")
    def asked(self, question: Question) -> str:
        return french.short_moment(question.asked_at)

    @admin.display(description="Réponse")
    def status(self, question: Question) -> SafeString:
        return pill("warn", "Attendue") if question.waits else pill("ok", "Envoyée")  # type: ignore[attr-defined]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Whoever has waited longest stands first, with room for the answer; not while something is looked for."""
        context = {"may_act": may_act(request), "open_questions": []}
        if not request.GET and self.has_view_permission(request):
            context |= {"open_questions": self._waiting(request), "texts": templates.texts()}
        return super().changelist_view(request, context | (extra_context or {}))

    def _waiting(self, request: HttpRequest) -> list[Question]:
        in_force = QuoteVersion.objects.filter(is_current=True).defer("content")
        waiting = self.get_queryset(request).filter(answer=None).order_by("asked_at", "pk")
        found = list(
            waiting.prefetch_related(Prefetch("quote__versions", in_force, to_attr="in_force"))[:SHOWN_OPEN]
        )
        for question in found:
            version = next(iter(question.quote.__dict__["in_force"]), None)
            question.why_no_answer = actions.why_no_answer(question.quote, version)  # type: ignore[attr-defined]
        return found

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The question and its answer; POST answers it."""
        key = whole(object_id)
        question = None if key is None else self.get_queryset(request).filter(pk=key).first()
        if question is None or not self.has_view_permission(request):
            raise Http404
        form = AnswerForm(request.POST or None)
        if request.method != "POST":
            return self._page(request, question, form)
        if not may_act(request):
            raise PermissionDenied
        if not form.is_valid():
            return self._page(request, question, form, status=422)
        return self._answer(request, question, form)

    def _answer(self, request: HttpRequest, question: Question, form: AnswerForm) -> HttpResponse:
        author, text = member(request), form.cleaned_data["text"]
        try:
            workflow.answer(question.pk, text=text, author=author, actor=Actor.staff(author))
        except IllegalMove as refusal:
            messages.error(request, f"Votre réponse n'est pas partie : {refusal.words}")
            question = self.get_queryset(request).get(pk=question.pk)
            return self._page(request, question, form, status=409)
        else:
            messages.success(
                request, f"Votre réponse part à {question.quote.customer.email}, avec un nouveau lien."
            )
        if FROM_INBOX in request.POST:
            return redirect("admin:quotes_question_changelist")
        return redirect("admin:quotes_quote_change", question.quote_id)

    def _page(
        self, request: HttpRequest, question: Question, form: AnswerForm, *, status: int = 200
    ) -> HttpResponse:
        context = {
            "title": f"Question sur {question.quote.number}",
            "opts": Question._meta,
            "object": question,
            "question": question,
            "quote": question.quote,
            "form": form,
            "may_act": may_act(request),
            "why_no_answer": actions.why_no_answer(question.quote, question.quote.current_version()),
            "texts": templates.texts(),
        }
        return page(request, "desk/questions/answer.html", context, status=status)
