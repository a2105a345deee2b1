"""A blank table for a partner to fill in, made from the mapping that will read it."""

from gateway.formats.table.template.build import Template, template

__all__ = ["Template", "template"]
