"""The one login page of the desk; the admin's own leads here, so that one lock, one language and one look hold."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from stockdesk.access import SET_UP


class Login(LoginView):
    """Name and password. Whoever may set the desk up is led to the guide by the very first login."""

    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        user: User = form.get_user()
        is_first = user.last_login is None and user.has_perm(SET_UP)
        answer = super().form_valid(form)
        asked = self.get_redirect_url()
        return redirect("guide") if is_first and asked in ("", reverse("dashboard")) else answer


def to_login(request: HttpRequest) -> HttpResponse:
    """The admin's door: to the login page, and a clear No for whoever is logged in without a role."""
    if request.user.is_authenticated and not request.user.is_staff:
        raise PermissionDenied
    return redirect(f"{reverse('login')}?{urlencode({'next': request.GET.get('next', reverse('admin:index'))})}")
