"""Persons for tests: somebody with a role, and the phone without which nobody changes what trades."""

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from stockdesk.access import give_role
from stockdesk.codes import FRESH_KEY

PASSWORD = "a long enough password"


def person(name: str, role: str = "") -> User:
    user = User.objects.create_user(name, password=PASSWORD)
    give_role(user, role)
    return user


def with_device(user: User) -> User:
    TOTPDevice.objects.create(user=user, name="totp", confirmed=True)
    return user


def owner(name: str = "desk") -> User:
    """Who set the desk up: may do everything."""
    return User.objects.create_superuser(name, password=PASSWORD)


def client_of(user: User, language: str = "", *, fresh: bool = False) -> Client:
    """A browser of this person, that asks for pages in ``language`` (ko, en) where one is given.

    ``fresh`` as if a code had just been typed into the code page.
    """
    client = Client(headers={"Accept-Language": language} if language else None)
    client.force_login(user)
    if fresh:
        session = client.session
        session[FRESH_KEY] = timezone.now().isoformat()
        session.save()
    return client
