"""What reading and writing with a mapping have in common: its tools and its constants."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from gateway import gs1
from gateway.errors import ConfigurationError, UsageError
from gateway.formats.base import Context
from gateway.formats.table.mappings import Mapping
from gateway.formats.table.sheets import plain
from gateway.formats.table.spec import FieldSpec, MappingSpec
from gateway.formats.table.transforms import TRANSFORMS, Refused, Tools
from gateway.options import COMPANY_PREFIX, TIME_ZONE


def tools_of(spec: MappingSpec, context: Context) -> Tools:
    """What the transforms of a mapping share in one conversion.

    Raises:
        UsageError: the setting time-zone or company-prefix has no right form.
    """
    zone = context.options.get(TIME_ZONE)
    if zone:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError) as error:
            message = f"there is no time zone {zone!r}"
            raise UsageError(message, hint="give an IANA name, e.g. time-zone=Europe/Istanbul") from error
    configured = context.options.get(COMPANY_PREFIX).split(",")
    try:
        prefixes = gs1.CompanyPrefixes([*configured, *spec.company_prefixes])
    except gs1.Gs1Error as error:
        raise UsageError(error.message, hint=error.hint) from error
    return Tools(prefixes, spec.table.decimal, zone)


def constants_of(mapping: Mapping, tools: Tools) -> dict[str, str]:
    """The values of a mapping's constants.

    Raises:
        ConfigurationError: one of them does not have the form of its transform.
    """
    values = {}
    for name, constant in mapping.spec.constants.items():
        convert = TRANSFORMS.get(constant.transform)(FieldSpec(column=[name]), tools)
        try:
            values[name] = plain(convert(constant.value))
        except Refused as refused:
            message = f"{mapping.origin}: constants.{name}: {refused.message}"
            raise ConfigurationError(message, hint=refused.hint) from refused
    return values
