"""The public sources that the batch jobs ask with a key of the operator's: one entry each.

The settings and their lines in ``.env.example``, what is kept out of the log, the demo's addresses, and what a person
is told when a key is refused are made of these. The code that asks is `collectors.<name>`.
"""

from dataclasses import dataclass


def gettext_noop(message: str) -> str:
    """Marks a msgid. Django's own asks for the settings, which are made of what stands here."""
    return message


@dataclass(frozen=True, slots=True)
class PublicSource:
    """One source. The key travels in the address of a call, so addresses are https, or this machine's."""

    name: str
    """In rows, events and errors."""
    label: str
    """On screens; a msgid."""
    prefix: str
    """With which its settings begin, and no others."""
    key: str
    """The setting that holds the key; the one with _EXPIRES behind says until when it is good."""
    key_doc: str
    expires_doc: str
    url: str
    """The setting that says where it is asked."""
    url_doc: str
    address: str
    """Its default."""
    simulated: str
    """Where the simulator has it, below its REST address."""
    toy_key: tuple[int, str]
    """The shape of a key, for the demo's: so many letters, and what comes behind."""
    remedy: str
    """What a person has to do when the key is refused; a msgid, {1} is the source's own code."""


PUBLIC_SOURCES = (
    PublicSource(
        name="dart",
        label="DART",
        prefix="DART_",
        key="DART_API_KEY",
        key_doc="opendart.fss.or.kr, 40 characters",
        expires_doc="likewise",
        url="DART_URL",
        url_doc="where DART is asked; in the demo the simulator",
        address="https://opendart.fss.or.kr/api",
        simulated="/dart/api",
        toy_key=(40, ""),
        remedy=gettext_noop(
            "DART refuses the key ({1}). Check DART_API_KEY at opendart.fss.or.kr and the addresses it may be used "
            "from, then fetch again under batch jobs in the admin. Until then, or until tomorrow, nothing of DART is "
            "fetched."
        ),
    ),
    PublicSource(
        name="datagokr",
        label=gettext_noop("data.go.kr"),
        prefix="DATA_GO_",
        key="DATA_GO_KR_KEY",
        key_doc="data.go.kr; of its two spellings the decoded one, the encoded one is taken too",
        expires_doc="likewise; data.go.kr shows it under the data set that was applied for",
        url="DATA_GO_KR_URL",
        url_doc="where data.go.kr is asked; in the demo the simulator",
        address="https://apis.data.go.kr/1160100/service",
        simulated="/datagokr/1160100/service",
        toy_key=(85, "+=="),
        remedy=gettext_noop(
            "data.go.kr refuses the key ({1}). Check DATA_GO_KR_KEY and that this data set was applied for, then "
            "fetch again under batch jobs in the admin. Until then, or until tomorrow, nothing of data.go.kr is "
            "fetched."
        ),
    ),
)
