"""Invitations on the desk: who was asked, by whom, what became of it; send again, revoke."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from lib import french
from lib.fields import whole
from logisav.desk.base import DeskAdmin
from logisav.desk.paging import BoundedList
from logisav.staff import invitations
from logisav.staff.forms import InvitationForm
from logisav.staff.journal import By
from logisav.staff.models import Invitation
from notifications.models import OutgoingEmail


@admin.register(Invitation)
class InvitationAdmin(BoundedList, DeskAdmin):
    form = InvitationForm
    list_display = ("person", "email", "for_role", "status", "sent")
    list_display_links = ("person",)
    list_filter = ("kind",)
    search_fields = ("email", "first_name", "last_name")
    search_help_text = "Nom, mail"
    actions = None
    fields = (("first_name", "last_name"), "email", "role")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        return Invitation.objects.select_related("invited_by", "user")

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """What was sent is not rewritten; it has buttons of its own."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    @admin.display(description="Nom", ordering="last_name")
    def person(self, invitation: Invitation) -> str:
        return invitation.full_name

    @admin.display(description="Rôle")
    def for_role(self, invitation: Invitation) -> str:
        return invitation.get_role_display() or invitation.get_kind_display()

    @admin.display(description="Où elle en est")
    def status(self, invitation: Invitation) -> SafeString:
        return pill(invitation)

    @admin.display(description="Envoyée le", ordering="created_at")
    def sent(self, invitation: Invitation) -> str:
        return french.short_moment(invitation.created_at)

    def save_model(
        self, request: HttpRequest, obj: Invitation, form: forms.ModelForm[Invitation], change: Any
    ) -> None:
        invitations.invite(obj, by=By.of(request))

    def response_add(
        self, request: HttpRequest, obj: Invitation, post_url_continue: str | None = None
    ) -> HttpResponse:
        messages.success(request, f"L'invitation part à {obj.email}. Elle s'ouvre pendant 72 heures.")
        return redirect("admin:logisav_invitation_changelist")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= {
            "title": "Inviter quelqu'un",
            "show_save_and_continue": False,
            "show_save_and_add_another": False,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What became of it, and of its mail."""
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        key = whole(object_id)
        found = None if key is None else self.get_queryset(request).filter(pk=key).first()
        if found is None:
            raise Http404
        context = admin.site.each_context(request) | {
            "title": found.full_name,
            "opts": Invitation._meta,
            "invitation": found,
            "pill": pill(found),
            "mails": OutgoingEmail.objects.filter(about=found.about).only("state", "created_at", "to"),
            "may_send": request.user.has_perm("logisav.change_invitation"),
        }
        return TemplateResponse(request, "desk/staff/invitation.html", context)

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "logisav_invitation_"
        return [
            path("<int:pk>/renvoyer/", view(send_again), name=f"{name}again"),
            path("<int:pk>/annuler/", view(revoke), name=f"{name}revoke"),
            *super().get_urls(),
        ]


def pill(invitation: Invitation) -> SafeString:
    if invitation.used_at:
        tone, words = "ok", "Acceptée" if invitation.kind == Invitation.Kind.INVITATION else "Choisi"
    elif invitation.revoked_at:
        tone, words = "quiet", "Annulée"
    elif invitation.is_open:
        tone, words = "info", "En attente"
    else:
        tone, words = "warn", "Expirée"
    return format_html('<span class="pill {}">{}</span>', tone, words)


def _found(request: HttpRequest, pk: int) -> Invitation:
    if not request.user.has_perm("logisav.change_invitation"):
        raise PermissionDenied
    invitation = Invitation.objects.filter(pk=pk).first()
    if invitation is None:
        raise Http404
    return invitation


@require_POST
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """A new link; the one before opens no more."""
    invitation = _found(request, pk)
    if invitations.resend(pk, by=By.of(request)):
        messages.success(request, f"Un nouveau lien part à {invitation.email}. L'ancien ne s'ouvre plus.")
    else:
        messages.error(request, "Cette invitation a déjà servi, ou elle a été annulée : rien n'est parti.")
    return redirect("admin:logisav_invitation_change", pk)


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    invitation = _found(request, pk)
    if invitations.revoke(pk, by=By.of(request)):
        messages.success(request, f"Le lien envoyé à {invitation.email} ne s'ouvre plus.")
    else:
        messages.error(request, "Cette invitation a déjà servi, ou elle est annulée depuis longtemps.")
    return redirect("admin:logisav_invitation_change", pk)
