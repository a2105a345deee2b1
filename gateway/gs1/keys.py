"""What all GS1 key objects share: made from any syntax, written in any syntax."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from gateway.gs1 import element_string, link_syntax, rules, schemes, urn_syntax
from gateway.gs1.check_digit import is_digits
from gateway.gs1.company_prefix import PUBLISHED, CompanyPrefixes
from gateway.gs1.element_string import Element
from gateway.gs1.errors import Gs1Error
from gateway.gs1.schemes import Parts, Scheme
from gateway.gs1.validate import check_number, check_serial, key_of_other_kind

_PRIMARY = {scheme.ai: scheme for scheme in reversed(schemes.SCHEMES)}


@dataclass(frozen=True, slots=True)
class Key:
    """Base of the key classes. An object is valid: its construction checks digits, characters and lengths.

    Attributes:
        prefix_length: digits of the company prefix when the source says it (an EPC URN), else 0. It is no part
            of the identity, so that two spellings of one key are equal.
    """

    SCHEME: ClassVar[Scheme]
    #: Field that holds the key with check digit, and the one that holds the serial part ("" for none).
    NUMBER: ClassVar[str]
    SERIAL: ClassVar[str] = ""

    prefix_length: int = field(default=0, compare=False, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        parts = self.parts
        check_number(parts.scheme, parts.number)
        if self.SERIAL:
            check_serial(parts.scheme, parts.serial)
        if not self.takes(parts):
            raise key_of_other_kind(type(self).__name__, f"an {parts.scheme.title} without serial part", parts.number)

    @property
    def parts(self) -> Parts:
        """The key as the syntaxes see it."""
        serial = getattr(self, self.SERIAL) if self.SERIAL else None
        if serial == self.SCHEME.none:
            serial = None
        return Parts(self.SCHEME, getattr(self, self.NUMBER), serial, self.prefix_length)

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """The key object of parts of the class's scheme."""
        fields: dict[str, Any] = {cls.NUMBER: parts.number, "prefix_length": parts.prefix_length}
        if cls.SERIAL:
            fields[cls.SERIAL] = parts.scheme.none if parts.serial is None else parts.serial
        return cls(**fields)

    @classmethod
    def takes(cls, parts: Parts) -> bool:
        """Whether parts of this kind make an object of this class."""
        return parts.scheme is cls.SCHEME

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the key from an EPC URN, a Digital Link, an element string or, where it has only digits, alone.

        Raises:
            Gs1Error: the text is wrong, or a key of another kind (GS1-KEY-03).
        """
        parts = cls._plain(text)
        if parts is None:
            try:
                parts = split(text)
            except Gs1Error as error:
                raise cls._number_error(text, error) from None
        if not cls.takes(parts):
            raise key_of_other_kind(cls.__name__, f"the key of an {parts.scheme.title}", text)
        return cls.from_parts(parts)

    @classmethod
    def _plain(cls, text: str) -> Parts | None:
        """The key's digits alone, without application identifier."""
        scheme = cls.SCHEME
        total = scheme.length + sum(scheme.extra)
        if scheme.layout is schemes.Layout.TEXT or len(text) != total or not is_digits(text):
            return None
        return Parts(scheme, text, None)

    @classmethod
    def _number_error(cls, text: str, error: Gs1Error) -> Gs1Error:
        """What is wrong with `text`: where a number alone would do and no syntax shows, it is a wrong number."""
        scheme = cls.SCHEME
        alone = scheme.layout is not schemes.Layout.TEXT and cls.takes(Parts(scheme, "", None))
        if error.rule is not rules.ELEMENTS_FORM or not alone or text.startswith(("(", "]")):
            return error
        message = f"{text!r} is not the number of a {cls.__name__.upper()}"
        return Gs1Error(scheme.form, message, value=text, expected=cls._digits())

    @classmethod
    def _digits(cls) -> str:
        """How many digits the key has, in words."""
        return f"{cls.SCHEME.length + sum(cls.SCHEME.extra)} digits"

    def as_urn(self, prefixes: CompanyPrefixes = PUBLISHED) -> str:
        """The EPC URN. Needs the length of the company prefix: the source's, else from `prefixes`.

        Raises:
            Gs1Error: GS1-PREFIX-01, nobody knows the length.
        """
        return urn_syntax.build(self.parts, prefixes)

    def as_digital_link(self) -> str:
        """The canonical GS1 Digital Link, under ``https://id.gs1.org``."""
        return link_syntax.build(self.parts)

    def as_elements(self) -> tuple[Element, ...]:
        """The key as application identifiers and values."""
        scheme, number, serial, _ = self.parts
        value = scheme.filler + number
        if serial is None:
            return (Element(scheme.ai, value),)
        if not scheme.serial_ai:
            return (Element(scheme.ai, value + serial),)
        return (Element(scheme.ai, value), Element(scheme.serial_ai, serial))

    def as_element_string(self) -> str:
        """The element string with brackets, ``(01)...(21)...``.

        Raises:
            Gs1Error: GS1-ES-04, a serial part looks like brackets; `as_fnc1` can hold it.
        """
        return element_string.with_brackets(self.as_elements())

    def as_fnc1(self, prefix: str = "") -> str:
        """The element string as scanners send it, with separators where they are needed."""
        return element_string.with_fnc1(self.as_elements(), prefix)


def split(text: str) -> Parts:
    """Take apart the key in an EPC URN, a Digital Link or an element string.

    What a Digital Link or an element string holds beside its key is left out; `gateway.gs1.digital_link` and
    `gateway.gs1.element_string` give it.

    Raises:
        Gs1Error: under the rules of the syntax.
    """
    if text.startswith("urn:"):
        return urn_syntax.split(text)
    if link_syntax.is_web_uri(text):
        return link_syntax.split(text).parts
    parts, _ = split_elements(element_string.parse(text))
    return parts


def split_elements(elements: tuple[Element, ...]) -> tuple[Parts, tuple[Element, ...]]:
    """The key in the elements of one barcode, and the elements that do not belong to it.

    Raises:
        Gs1Error: GS1-ES-01, there is no key.
    """
    first = next((element for element in elements if element.ai in _PRIMARY), None)
    if first is None:
        read = " ".join(ai for ai, _ in elements)
        raise Gs1Error(rules.ELEMENTS_FORM, f"among {read} there is no key", value=read, expected="(00), (01) ...")
    qualifiers = {element.ai: element.value for element in elements}
    parts, used = link_syntax.read_key(first.ai, first.value, qualifiers)
    return parts, tuple(element for element in elements if element is not first and element.ai != used)
