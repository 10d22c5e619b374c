"""The forms before a file goes out or comes in: unfold's, with what each box is for."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from unfold.contrib.import_export import forms


class ExportForm(forms.ExportForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["format"].help_text = _("XLSX opens in Excel as it is; CSV suits other programs.")


class ImportForm(forms.ImportForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["import_file"].help_text = _(
            "CSV or XLSX of 2 MB at most, with the columns of an exported file. You see what will change before "
            "anything is stored."
        )
        self.fields["format"].help_text = _("Chosen by the name of the file.")
