"""Text of a spreadsheet's cell that the spreadsheet must not run: names of stocks, notes, what the broker said."""

#: What makes a formula of a cell, in full width too: Excel takes both.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula; `plain` gives the text back."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


def plain(text: str) -> str:
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA) else text
