"""The text of DART's documents without their markup, however they are encoded and however they are broken."""

import codecs
from html.parser import HTMLParser

_HTML = (
    "p",
    "br",
    "div",
    "tr",
    "table",
    "tbody",
    "thead",
    "body",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "li",
    "ul",
    "ol",
)
_DART = ("title", "cover-title", "section-1", "section-2", "section-3", "part", "library", "document", "company-name",
         "document-name", "pgbrk", "summary", "extraction")  # fmt: skip
BREAKS = frozenset((*_HTML, *_DART))
CELLS = frozenset(("td", "th", "te", "tu"))
INSIDE_CELLS = frozenset(("p", "br", "div"))
HIDDEN = frozenset(("style", "script", "head-script"))


def decoded(data: bytes) -> tuple[str, str]:
    """The text and its encoding. What a document declares is often wrong, so the bytes decide.

    Korean text in CP949 is no valid UTF-8, so UTF-8 is tried first; a document that is neither is read with marks in
    the place of what is broken, in the encoding that breaks less.
    """
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return data.decode(encoding), "utf-8" if encoding == "utf-8-sig" else encoding
        except UnicodeDecodeError:
            continue
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace"), "utf-16"
    tries = {encoding: data.decode(encoding, "replace") for encoding in ("utf-8", "cp949")}
    best = min(tries, key=lambda encoding: tries[encoding].count("\N{REPLACEMENT CHARACTER}"))
    return tries[best], best


def plain_text(markup: str) -> str:
    """The words of a document, a line for each paragraph and table row, cells apart by a bar."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    lines = (" ".join(line.split()).strip("| ") for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    """Forgiving: a bare ampersand, an open tag, a tag of DART's own pass. Nothing is resolved or loaded."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0
        self.in_cell = False

    def set_cdata_mode(self, elem: str, *, escapable: bool = False) -> None:
        """Later Pythons read on to </title> as it stands in HTML; DART's is a heading like any other."""
        if not escapable:
            super().set_cdata_mode(elem)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in HIDDEN:
            self.hidden += 1
        elif tag in CELLS:
            self.in_cell = True
            self.parts.append(" | ")
        else:
            self._break(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN:
            self.hidden = max(self.hidden - 1, 0)
        elif tag in CELLS:
            self.in_cell = False
        else:
            self._break(tag)

    def _break(self, tag: str) -> None:
        """A new line; inside a cell, where paragraphs stand too, a blank, so that a row stays a row."""
        if tag in INSIDE_CELLS and self.in_cell:
            self.parts.append(" ")
        elif tag in BREAKS:
            self.in_cell = False
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            # Inside a paragraph a line break is a blank.
            self.parts.append(data.replace("\n", " "))
