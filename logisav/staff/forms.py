"""Forms about the staff's accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.db.models import Q
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from lib.fields import MailField, NameField, OneLineField
from logisav.staff.models import Invitation
from logisav.staff.roles import ABOUT, Role, role_of

ROLES = [(role.value, f"{role.label} : {ABOUT[role]}") for role in Role]


class FactorCodeForm(forms.Form):
    """A code of the application; with `with_recovery` words for one of the list. Either is taken either way."""

    code = OneLineField(label="Code à 6 chiffres", max_length=60, widget=UnfoldAdminTextInputWidget())

    def __init__(self, *args: Any, with_recovery: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        attrs = self.fields["code"].widget.attrs
        attrs |= {"autofocus": True, "autocomplete": "one-time-code", "inputmode": "numeric"}
        if with_recovery:
            self.fields["code"].label = "Code de secours"
            attrs |= {"autocomplete": "off", "inputmode": "text", "autocapitalize": "none"}
        self.with_recovery = with_recovery


class PasswordForm(forms.Form):
    """The password once more, before anything changes about how one logs in."""

    password = forms.CharField(
        label="Votre mot de passe",
        max_length=128,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
    )


class AgainForm(PasswordForm):
    """Password and code, for whoever has a second factor already."""

    code = OneLineField(
        label="Code à 6 chiffres, ou code de secours",
        max_length=60,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code"}),
    )


class ForgottenForm(forms.Form):
    name = OneLineField(
        label="Identifiant ou adresse mail",
        max_length=150,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "username", "autofocus": True}),
    )


class ChosenPasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    """A first password, or another one, behind a mailed link; on a page outside the desk."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs |= {"class": "input"}
        for name, label in (
            ("new_password1", "Mot de passe"),
            ("new_password2", "Le même, une deuxième fois"),
        ):
            self.fields[name].label = label
            self.fields[name].help_text = ""


class NamedRole(forms.ModelForm):  # type: ignore[type-arg]
    """First and last name, mail, role."""

    first_name = NameField(
        label="Prénom", max_length=150, required=False, widget=UnfoldAdminTextInputWidget()
    )
    last_name = NameField(label="Nom", max_length=150, widget=UnfoldAdminTextInputWidget())
    email = MailField(label="Adresse mail", max_length=150, widget=UnfoldAdminEmailInputWidget())
    role = forms.ChoiceField(label="Rôle", choices=ROLES, widget=UnfoldAdminRadioSelectWidget())

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        others = User.objects.filter(Q(username__iexact=email) | Q(email__iexact=email))
        own = self.own_account()
        if (others.exclude(pk=own) if own else others).exists():
            raise forms.ValidationError("Un compte a déjà cette adresse.")
        return email

    def own_account(self) -> int | None:
        return None


class InvitationForm(NamedRole):
    class Meta:
        model = Invitation
        fields = ("first_name", "last_name", "email", "role")


class AccountForm(NamedRole):
    """What administrators decide about an account; nothing here makes a superuser."""

    is_active = forms.BooleanField(
        label="Actif",
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        help_text="Un compte inactif ne peut plus se connecter. Ses devis restent visibles des gestionnaires, "
        "qui reçoivent ce que les clients lui écrivent.",
    )

    is_own = False

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "role", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = role_of(self.instance)
        self.initial["role"] = role.value if role else ""
        if self.instance.is_superuser:
            self.fields["role"].required = False

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if self.is_own and (said.get("role") != self.initial["role"] or not said.get("is_active")):
            raise forms.ValidationError(
                "Votre propre rôle et votre activité se changent par un autre administrateur : "
                "ainsi personne ne s'enferme dehors."
            )
        return said

    def own_account(self) -> int | None:
        return int(self.instance.pk)
