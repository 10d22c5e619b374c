"""Users in the admin: a name, a password, a role. The rights of a role stand in `stockdesk.access`, not on a screen.

Every page here that changes something asks for a fresh code first (`stockdesk.guards`).
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminOwnPasswordChangeForm, AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminRadioSelectWidget

from stockdesk.access import ROLE_WORDS, ROLES, VIEWER, give_role, role_of
from stockdesk.admin import moment


def role_choices() -> list[tuple[str, str]]:
    return [(role, f"{name}: {may}") for role, (name, may) in ROLE_WORDS.items()]


class RoleField(forms.ChoiceField):
    def __init__(self) -> None:
        help_text = _("Each role may what the ones above it may. Trade and Own need a device for one-time codes.")
        super().__init__(
            choices=role_choices, label=_("Role"), initial=VIEWER, help_text=help_text,
            widget=UnfoldAdminRadioSelectWidget,
        )  # fmt: skip


HELP: dict[str, Any] = {
    "usable_password": _("A user without a password cannot log in."),
    "is_active": _("Off, the user cannot log in and keeps name and history: better than deleting."),
    "last_name": _("The family name; may stay empty."),
    "first_name": _("The given name; may stay empty."),
    "email": _("For reaching the person; the desk sends nothing there. May stay empty."),
}


def with_help(form: Any) -> None:
    """What Django's own forms do not say of their boxes, or say at length."""
    for name, text in HELP.items():
        if name in form.fields:
            form.fields[name].help_text = text


# The site makes this form by itself and takes no other.
AdminOwnPasswordChangeForm.base_fields["old_password"].help_text = _("The password you log in with now.")


class AddForm(UserCreationForm):
    role = RoleField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        with_help(self)


class PasswordForm(AdminPasswordChangeForm):
    """A new password for somebody else."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        with_help(self)


class ChangeForm(UserChangeForm):
    role = RoleField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        with_help(self)
        if "role" in self.fields:
            self.fields["role"].initial = role_of(self.instance)


class RoleFilter(admin.SimpleListFilter):
    title = _("Role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(role, ROLE_WORDS[role][0]) for role in ROLES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(groups__name=self.value()) if self.value() in ROLES else queryset


@admin.register(User)
class UserAdmin(BaseUserAdmin, ModelAdmin):
    """Superusers are made in the shell, and only they see and change one another."""

    form = ChangeForm
    add_form = AddForm
    change_password_form = PasswordForm
    add_form_template = "admin/change_form.html"  # Django's own says more than there is to say
    list_display = ("username", "role", "has_device", "is_active", "login")
    list_filter = (RoleFilter, "is_active")
    list_filter_sheet = False
    search_fields = ("username", "first_name", "last_name", "email")
    search_help_text = _("user name, name or mail address")
    readonly_fields = ("change_password", "last_login", "date_joined")
    filter_horizontal = ()
    login = moment("last_login", _("last login"))

    @display(description=_("Role"))
    def role(self, user: User) -> Any:
        if user.is_superuser:
            return _("Superuser")
        held = {group.name for group in user.groups.all()}
        return next((ROLE_WORDS[role][0] for role in reversed(ROLES) if role in held), _("none"))

    @display(description=_("one-time code device"), boolean=True)
    def has_device(self, user: Any) -> bool:
        return bool(user.enrolled)

    @display(description=_("Password"))
    def change_password(self, user: User) -> str:
        """Nothing of the stored one is shown, not even how it is hashed."""
        address = reverse("admin:auth_user_password_change", args=[user.pk])
        return format_html('<a href="{}">{}</a>', address, _("Give a new password"))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> list[Any]:
        if obj is None:
            return [(None, {"fields": ("username", "password1", "password2", "role")})]
        rights = ("is_active",) if obj.is_superuser else ("role", "is_active")
        return [
            (None, {"fields": ("username", "change_password")}),
            (_("Rights"), {"fields": rights}),
            (_("Person"), {"fields": ("last_name", "first_name", "email")}),
            (_("Logins"), {"fields": ("last_login", "date_joined")}),
        ]

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is not None and obj.is_superuser:
            form.base_fields.pop("role", None)
        return form

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "role" in form.cleaned_data:
            give_role(form.instance, form.cleaned_data["role"])

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        device = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        people = super().get_queryset(request).prefetch_related("groups").annotate(enrolled=Exists(device))
        return people if request.user.is_superuser else people.filter(is_superuser=False)
