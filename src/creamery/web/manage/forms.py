"""What people say when they change what is published."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

STATUSES = [
    ("active", gettext_lazy("Active: it takes uploads and is offered as usual.")),
    ("deprecated", gettext_lazy("Deprecated: as active, but its page advises against using it.")),
    ("archived", gettext_lazy("Archived: it takes no uploads; what is there can be installed as before.")),
]
"""What each status does. Source: PEP 792."""


class ReasonForm(forms.Form):
    """Why somebody does something; shown to everybody."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Everybody can read it, and installers show it. It may stay empty."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class StatusForm(forms.Form):
    """The status of a project, and why."""

    status = forms.ChoiceField(label=gettext_lazy("Status"), choices=STATUSES, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Shown on the project's page, for example which project to use instead."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class ConfirmForm(forms.Form):
    """Has the name of what is deleted typed, so that nobody does it by a slip of the hand."""

    confirm = forms.CharField(
        max_length=300,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, data: Any, *, expected: str) -> None:
        super().__init__(data, label_suffix="")
        self._expected = expected
        self.fields["confirm"].label = _("Type “%(expected)s” to confirm") % {"expected": expected}

    def clean_confirm(self) -> str:
        """Insist on the very name."""
        typed: str = self.cleaned_data["confirm"]
        if typed.strip() != self._expected:
            raise ValidationError(_("This is not “%(expected)s”. Nothing was deleted.") % {"expected": self._expected})
        return typed
