"""A name for an app key that may be shown: the ground's rows and log lines carry it instead of the key."""

from hashlib import sha256


def key_id(app_key: str) -> str:
    """12 hex characters of the app key's SHA-256: the same in every process, and no way back."""
    return sha256(app_key.encode()).hexdigest()[:12]
