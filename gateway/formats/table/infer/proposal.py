"""What is proposed: a mapping, what each column was taken for and why, and what a person has to decide."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gateway.formats.table.infer.role import Role


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the sample does not say.

    Attributes:
        about: the column or part of the mapping.
        text: what is open, and what the mapping does until somebody decides.
        setting: the ``--set`` key that answers it for one conversion, empty for none.
    """

    about: str
    text: str
    setting: str = ""


@dataclass(slots=True)
class Proposal:
    """A proposed mapping.

    Attributes:
        name: ``<partner>/<document>``.
        sample: name of the file that it was made from.
        spec: the mapping as plain data, in the order in which it is written.
        roles: what each column, and each labelled cell above the table, was taken for.
        used: roles that became a field, with the field's names.
        notes: how the table was understood.
        questions: what a person has to decide.
        comments: comments of single fields, by field.
    """

    name: str
    sample: str
    spec: dict[str, Any]
    roles: list[Role]
    used: dict[int, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    comments: dict[str, str] = field(default_factory=dict)

    def ask(self, about: str, text: str, setting: str = "") -> None:
        """Add a question, once."""
        question = Question(about, text, setting)
        if question not in self.questions:
            self.questions.append(question)

    def fields_of(self, role: Role) -> list[str]:
        """The fields that a role became; none when it is not converted."""
        return self.used.get(id(role), [])

    @property
    def settings(self) -> list[str]:
        """The ``--set`` keys that a conversion needs or should have."""
        return list(dict.fromkeys(question.setting for question in self.questions if question.setting))

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "mapping": self.name,
            "sample": self.sample,
            "columns": [
                {
                    "column": role.look.header,
                    "place": "above" if role.above else role.look.index + 1,
                    "taken_as": role.title,
                    "fields": self.fields_of(role),
                    "confidence": role.confidence,
                    "reasons": role.reasons,
                    "doubt": role.doubt,
                    "example": role.look.example,
                }
                for role in self.roles
            ],
            "notes": self.notes,
            "questions": [{"about": one.about, "question": one.text, "setting": one.setting} for one in self.questions],
            "settings": self.settings,
            "spec": self.spec,
        }
