"""Writes ``docs/mapping-reference.md`` from the models and transforms; a test compares the two.

``python docs/mapping_reference.py`` prints the page.
"""

from __future__ import annotations

import sys
import typing

from pydantic import BaseModel

from gateway.formats.table import spec, spec_records, spec_scan
from gateway.formats.table.references import SETTINGS
from gateway.formats.table.transforms import OPTIONS, TRANSFORMS

INTRODUCTION = """# Mapping reference

A mapping is a YAML file that says what a partner's table means: which column holds what, and which EPCIS events the
rows make. It is data: no expressions, no code, and unknown keys are errors with file, line and a suggestion.
The file `mappings/<partner>/<document>.yaml` is the mapping `<partner>/<document>`; one in a workspace wins over a
shipped one of the same name. `mappings/acme-cmo/batch.yaml` is a complete example, `mappings/styles` has one for each
shape of table, and `gateway mapping infer` proposes one for a table that nobody has described
([from a spreadsheet](from-a-spreadsheet.md)). Samples in the folder `mappings/<partner>/<document>/` are what
`gateway mapping test` runs. Editors that know JSON Schema help with `mappings/mapping.schema.json`: name it in the
first line, `# yaml-language-server: $schema=../mapping.schema.json`.

* Columns are found by header, in any order; case and number of blanks do not matter. The header row is found
  by content.
* A column that the mapping does not name is reported, unless it stands under `table.ignore`.
* An event never mixes rows that differ in one of the fields that the event uses, its time included.
* Nothing that is missing is invented: an empty required cell is an error, unless a setting (`otherwise`) supplies it.
* YAML reads `#`, `:`, `,` and leading zeros in its own way: quote such headers and numbers (`"LOT #"`, `"0312345"`).
* Forms of dates and times are made of YYYY or YY, MM, DD, hh, mm, ss; M, D and h take one or two digits; AM takes AM
  or PM (`M/D/YYYY h:mm AM`). Everything else, such as `/` or `T`, stands for itself.
* Tables are written by the same mapping, and `gateway mapping template` makes a blank one: [tables out](tables-out.md).
* Events come in the order of `events`: list commissioning before packing, and packing from the inside out.

## Shapes of tables

* **One row a thing**, with its containers in further columns: nothing to declare. It is the quickest to read.
* **Levels**: one row an object, a column says which kind. `table.levels` names the column and its words; rows follow
  their container, or name it in a column (`parent`). `inherit` lists fields that stand in the container's row, e.g.
  the time when its contents were packed (`styles/levels`).
* **Blocks and merged cells**: `table.fill_down` lists fields whose empty cells take the value above, outermost first; a
  new value clears those listed after it. A row that fills only such fields is the header row of its box
  (`styles/box-blocks`).
* **Cells above the table** (`Batch: VX26`): a field with `preamble` instead of `column`.
* **Several columns, one value**: `join` puts texts together, `first_of` takes the first that is filled.
* **Rows of several kinds**: `where` limits an event to rows whose field has a value, e.g. `where: {action: scrap}`. A
  row that no event takes is an error (`styles/rework`, `styles/returns`).
* **Amounts without serial numbers**: an object with `quantity` (`styles/quantities`).
* **Fixed-width lines**: `table.fixed` gives each column its place. `kind` tells lines apart: those of the table, and
  others (`lines`) whose values hold for all lines below or are totals (`styles/fixed-lines`).
* **JSON and JSON Lines**: `table.json.records` leads to the list of records. Columns are dotted names inside a record
  (`printed.at`); `../` goes up to what contains it (`styles/json-batch`). Elements of other lists have their number
  (`tags.1`). Numbers stay as they are written.
* **XML**: `table.xml.records` is the path of a record, each column an XPath from it: `@id`, `Lot`, `../@sscc`,
  `Id[@type='SN']` (`styles/xml-packing`).
* **Totals outside the rows**: `table.controls` compares a count above the table, in a header or trailer line, or beside
  the list of records, with what was read.
* **EDI**: levels and segments of a ship notice are columns such as `item.REF*LT` ([EDI](edi.md)).
* **Several sheets**: `table.xlsx.sheet` is a list of names, or `*` for all that have the header; footers count their
  own sheet.
* **Scanned pages**: `table.scan`; each barcode is a row, with columns named by application identifiers, e.g. `AI(21)`
  (`styles/fax-page`, [scanned pages](scan.md)).

## What files do to values

Each of these is found and said; it is put right only where a check digit, or the one possible reading, proves it.

* **CSV**: without `delimiter` the separator is the one with which the header is found. Without `encoding` marks, right
  UTF-8, the headers that the mapping expects and the look of words decide between UTF-8, UTF-16, cp1252, cp1250, cp1251
  and cp1254; where a word would be another in a second encoding, a warning says what was assumed. Declare both to be
  sure, and for the quickest reading of very long files.
* **Numbers**: GTIN, SSCC and GLN get lost zeros back, and `9.521321110014E+12` is read when no digit is missing;
  `9.52E+12` is an error. Digits of other scripts, letters O and l for 0 and 1, and blanks are put right in these keys
  alone. In serial and lot numbers a letter that only looks like another (Cyrillic, Greek, full-width, not seen) is an
  error: nothing proves what is on the pack.
* **Dates**: two `formats` that read a text differently (DD/MM and MM/DD) are settled by the whole column, or its dates
  with two readings are errors. Numbers in date columns of workbooks count from the workbook's own epoch, 1900 or 1904.
* **Workbooks** (XLSX, XLS, ODS; XLSB is not read): merged cells hold in all rows that they span, unless `fill_down` is
  declared or the rows are amounts. Hidden rows, columns and sheets that are read are said; without `sheet` the first
  visible one is read. Cells with an error (`#REF!`), and in XLSX and ODS formulas without a saved result, are errors;
  XLS does not tell such formulas from zeros.
* **Rows**: the header in the middle is passed over; a row that looks like a total and is not declared under `footers`
  is an error.

`steps` prepare a text before its transform: `steps: [{split: {by: "/", part: 2}}, {case: upper}]`.
A cell that its steps leave empty is an empty cell.

This page is written from the code by `docs/mapping_reference.py`.
"""

PARTS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("The file", spec.MappingSpec),
    ("`identify`", spec.Identify),
    ("`table`", spec.Table),
    ("`table.csv`", spec.Csv),
    ("`table.xlsx`", spec.Xlsx),
    ("`table.scan`", spec_scan.Scan),
    ("`table.fixed`", spec_records.Fixed),
    ("`table.fixed.columns`", spec_records.Span),
    ("`table.json`", spec_records.Json),
    ("`table.xml`", spec_records.Xml),
    ("`table.controls`", spec_records.Control),
    ("`table.levels`", spec.Levels),
    ("`table.x12`", spec.X12),
    ("`table.edifact`", spec.Edifact),
    ("`table.footers`", spec.Footer),
    ("`constants`", spec.Constant),
    ("`fields`", spec.FieldSpec),
    ("`fields.steps`", spec.Step),
    ("`split`", spec.Split),
    ("`regex`", spec.Regex),
    ("`pad`", spec.Pad),
    ("`replace`", spec.Replace),
    ("`objects`", spec.ObjectSpec),
    ("`objects.quantity`", spec.Quantity),
    ("`events`", spec.EventSpec),
    ("`events.transactions`", spec.Transaction),
    ("`events.sources` and `events.destinations`", spec.PartySpec),
)


def page() -> str:
    """The reference page."""
    parts = [INTRODUCTION]
    for title, model in PARTS:
        meaning = (model.__doc__ or "").split("\n")[0]
        lines = [f"## {title}", "", meaning, "", "| key | default | meaning |", "|---|---|---|"]
        for name, field in model.model_fields.items():
            default = "required" if field.is_required() else _shown(field.default)
            lines.append(f"| `{field.alias or name}` | {default} | {_choices(field.annotation)}{field.description} |")
        parts.append("\n".join(lines) + "\n")
    lines = ["## Transforms", "", "| transform | keys | meaning |", "|---|---|---|"]
    for key in TRANSFORMS.keys():  # noqa: SIM118 - a registry is no dict
        meaning = (TRANSFORMS.get(key).__doc__ or "").split("\n")[0]
        lines.append(f"| `{key}` | {', '.join(f'`{one}`' for one in sorted(OPTIONS.get(key, ())))} | {meaning} |")
    parts.append("\n".join(lines) + "\n\nOthers come by the entry point group `gateway.transforms`.\n")
    lines = ["## Settings", "", "`--set` keys that every mapping knows; a mapping adds its own under `settings`.", ""]
    lines += [f"* `{setting.key}`: {setting.title}" for setting in SETTINGS]
    parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _shown(default: object) -> str:
    return f"`{default}`" if default not in (None, "", [], {}) and not isinstance(default, BaseModel) else ""


def _choices(annotation: object) -> str:
    if typing.get_origin(annotation) is typing.Literal:
        return " or ".join(f"`{one}`" for one in typing.get_args(annotation) if one) + ". "
    return ""


if __name__ == "__main__":
    sys.stdout.write(page())
