"""Accounts on the desk, for administrators: name, mail, role, activity. Roles are fixed: there are no boxes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import admin as plain_admin  # noqa: F401
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from lib import french
from logisav.desk.stamped import StampedAdmin
from logisav.staff import accounts, invitations, second_factor
from logisav.staff.forms import AccountForm
from logisav.staff.journal import By, known_as
from logisav.staff.roles import Role, must_have_second_factor, role_of
from notifications.staff import member

# Django's own pages, with every permission as a box to tick; importing them has registered them.
admin.site.unregister([User, Group])


class ByRole(admin.SimpleListFilter):
    title = "rôle"
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(role.value, role.label) for role in Role]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(groups__name=self.value()) if self.value() in Role.values else queryset


@admin.register(User)
class AccountAdmin(StampedAdmin):
    form = AccountForm
    list_display = ("person", "identifier", "role", "status", "factor", "came")
    list_filter = (ByRole, "is_active")
    search_fields = ("username", "first_name", "last_name", "email")
    search_help_text = "Nom, identifiant, mail"
    ordering = ("last_name", "first_name")
    actions = None
    list_per_page = 50
    fields = (("first_name", "last_name"), "email", "role", "is_active")
    warn_unsaved_form = True
    change_list_template = "desk/staff/list.html"
    change_form_before_template = "desk/staff/head.html"

    row_name, row_ending = "Ce compte", ""

    def lock(self, pk: int) -> None:
        accounts.lock(pk)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return User.objects.select_related("second_factor").prefetch_related("groups")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Accounts come by invitation."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """What somebody did keeps their name: accounts are deactivated."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or accounts.may_manage(member(request), obj))

    @admin.display(description="Nom", ordering="last_name")
    def person(self, user: User) -> str:
        return known_as(user)

    @admin.display(description="Identifiant")
    def identifier(self, user: User) -> str:
        return user.get_username()

    @admin.display(description="Rôle")
    def role(self, user: User) -> str:
        role = role_of(user)
        words = [role.label] if role else []
        return ", ".join([*words, "tous les droits"] if user.is_superuser else words) or "Aucun"

    @admin.display(description="Compte", ordering="is_active")
    def status(self, user: User) -> SafeString:
        tone, words = ("ok", "Actif") if user.is_active else ("quiet", "Inactif")
        return format_html('<span class="pill {}">{}</span>', tone, words)

    @admin.display(description="Double vérification")
    def factor(self, user: User) -> SafeString:
        tone, words = ("ok", "Activée") if second_factor.of(user) else ("quiet", "Non")
        return format_html('<span class="pill {}">{}</span>', tone, words)

    @admin.display(description="Dernière connexion", ordering="last_login")
    def came(self, user: User) -> str:
        return french.short_moment(user.last_login) if user.last_login else "Jamais"

    def get_form(self, request: HttpRequest, obj: User | None = None, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, *args, **kwargs)
        return type("OwnAccountForm", (form,), {"is_own": obj is not None and obj.pk == request.user.pk})

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm[User], change: Any) -> None:
        said = form.cleaned_data
        wanted = accounts.AccountWanted(
            first_name=said["first_name"],
            last_name=said["last_name"],
            email=said["email"],
            role=Role(said["role"]) if said["role"] else None,
            is_active=said["is_active"],
        )
        accounts.change(obj.pk, wanted, by=By.of(request))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        user: User | None = kwargs.get("obj")
        context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
        if user is not None:
            context |= {
                "title": known_as(user),
                "account": user,
                "factor": second_factor.of(user),
                "may_manage": accounts.may_manage(member(request), user),
                "is_own": user.pk == request.user.pk,
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/mot-de-passe/", view(send_reset), name="auth_user_send_reset"),
            path("<int:pk>/double-verification/", view(reset_factor), name="auth_user_reset_factor"),
            *super().get_urls(),
        ]


def _managed(request: HttpRequest, pk: int) -> User:
    """The account, if this administrator may do something about it."""
    if not request.user.has_perm("auth.change_user"):
        raise PermissionDenied
    user = User.objects.select_related("second_factor").filter(pk=pk).first()
    if user is None:
        raise Http404
    if not accounts.may_manage(member(request), user):
        raise PermissionDenied
    return user


def send_reset(request: HttpRequest, pk: int) -> HttpResponse:
    """« Envoyer un lien de mot de passe »: nobody ever chooses somebody else's."""
    user = _managed(request, pk)
    if request.method != "POST":
        return _ask(request, "desk/staff/send_reset.html", user, "Nouveau mot de passe")
    if invitations.send_reset(user, by=By.of(request)):
        messages.success(request, f"Le lien part à {user.email}. Il s'ouvre pendant deux heures.")
    else:
        messages.error(
            request,
            "Rien n'est parti : le compte est inactif, n'a pas d'adresse mail, ou a reçu trois liens en une heure.",
        )
    return redirect("admin:auth_user_change", pk)


def reset_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """« Retirer la double vérification », for a lost phone: GET tells what it means, POST does it."""
    user = _managed(request, pk)
    if request.method != "POST":
        context = {"must": must_have_second_factor(user), "factor": second_factor.of(user)}
        return _ask(request, "desk/staff/reset_factor.html", user, "Double vérification", context)
    if accounts.reset_factor(pk, by=By.of(request)):
        messages.success(
            request, f"La double vérification de {known_as(user)} est retirée. Un mail le lui dit."
        )
    else:
        messages.error(request, f"Le compte de {known_as(user)} n'a pas de double vérification.")
    return redirect("admin:auth_user_change", pk)


def _ask(
    request: HttpRequest, template: str, user: User, title: str, context: dict[str, Any] | None = None
) -> HttpResponse:
    everything = admin.site.each_context(request) | {"title": title, "account": user, "name": known_as(user)}
    return TemplateResponse(request, template, everything | (context or {}))
