"""The rules of tables. Each is a page of ``gateway list rules``; what is wrong with a GS1 number has GS1 rules."""

from __future__ import annotations

from gateway.findings import Rule, Severity
from gateway.formats.table import rules_infer, rules_out, rules_records

HEADER_MISSING = Rule(
    "TABLE-HEAD-01",
    Severity.ERROR,
    "A column that the mapping needs is not in the table.",
    "Columns are found by their header, in any order; a mapping lists the spellings that it knows.",
    "Name the column as the mapping does, add the spelling to the mapping, or choose another mapping.",
)
HEADER_UNKNOWN = Rule(
    "TABLE-HEAD-02",
    Severity.WARNING,
    "A column is not in the mapping: its values are not converted.",
    "Nothing is left out silently. A column that is meant to be left out stands under `ignore` in the mapping.",
    "Map the column, or list its header under table.ignore in the mapping.",
)
HEADER_TWICE = Rule(
    "TABLE-HEAD-03",
    Severity.ERROR,
    "Two columns of the table stand for the same field.",
    "Which of the two holds would be a guess.",
    "Remove one of the columns or give it another header.",
)
PREAMBLE = Rule(
    "TABLE-HEAD-04",
    Severity.INFO,
    "Rows above the header are not converted.",
    "The header is found by its content; what stands above it is a title in most files.",
    "Check that nothing above the header is needed.",
)
HEADER_AGAIN = Rule(
    "TABLE-HEAD-05",
    Severity.INFO,
    "The header stands in the table once more.",
    "Printed pages and joined files repeat it. It is no data.",
    "Export the table in one piece.",
)
EMPTY = Rule(
    "TABLE-EMPTY-01",
    Severity.ERROR,
    "The table has no rows.",
    "A file without rows is most often a failed export.",
    "Export the table again and check that the sheet holds rows below the header.",
)
SHEET_MISSING = Rule(
    "TABLE-SHEET-01",
    Severity.ERROR,
    "The workbook lacks the sheet that the mapping names.",
    "",
    "Rename the sheet, or name it in the mapping under table.xlsx.sheet.",
)
SHEET_UNREAD = Rule(
    "TABLE-SHEET-02",
    Severity.WARNING,
    "A sheet with content is not converted.",
    "A mapping reads one sheet. Nothing is left out silently.",
    "Send one table a file, or move what is needed into the sheet that the mapping reads.",
)
HIDDEN = Rule(
    "TABLE-SHEET-03",
    Severity.WARNING,
    "Hidden rows or columns, or a hidden sheet, are converted like all others.",
    "Who filters a table or hides a part of it no longer sees it, and may not know that it is sent.",
    "Delete what is not meant to be sent; show the rest before the file is saved.",
)
MERGED = Rule(
    "TABLE-SHEET-04",
    Severity.INFO,
    "Merged cells were read as their value in each row that they span.",
    "A merged cell is kept in the first of its rows only; whoever looks at the sheet sees it in all of them.",
    "Unmerge the cells and fill each row, or list the fields under table.fill_down.",
)
CELL_ERROR = Rule(
    "TABLE-CELL-01",
    Severity.ERROR,
    "A cell holds an error, or a formula without a result.",
    "Such a cell has no value: #REF! and #N/A come from formulas whose source is gone, ##### from columns that are too"
    " narrow for their number; programs that only write formulas leave the results out.",
    "Open the file in a spreadsheet program, mend the formula, paste the column as values, and save.",
)
FORMULA_READ = Rule(
    "TABLE-CELL-02",
    Severity.WARNING,
    'A number that is wrapped into a formula (="0952...") was read without it; its check digit proves it.',
    "People wrap numbers so that spreadsheets keep their leading zeros.",
    "Export the plain number; a program that reads text keeps the zeros.",
)
FORMULA_TEXT = Rule(
    "TABLE-CELL-03",
    Severity.ERROR,
    'A serial or lot number is wrapped into a formula (="A1").',
    "The signs around it are allowed in serial numbers: nothing proves that they do not belong to it.",
    "Export the plain text, or take the signs away with `steps: [{regex: {pattern: '=\"(.*)\"'}}]`.",
)
ENCODING = Rule(
    "TABLE-ENC-01",
    Severity.ERROR,
    "The text is not in the encoding that the mapping declares.",
    "Letters read in a wrong encoding become other letters without any error, also in names and numbers.",
    "Save the file in the declared encoding, or correct table.csv.encoding in the mapping.",
)
MARK = Rule(
    "TABLE-ENC-02",
    Severity.INFO,
    "The file begins with a UTF-8 byte order mark and is read as UTF-8.",
    "The mark proves the encoding, whatever the mapping declares.",
    "Declare utf-8 in the mapping if all files of this sender are UTF-8.",
)
ENCODING_ASSUMED = Rule(
    "TABLE-ENC-03",
    Severity.WARNING,
    "The encoding of a text is not proven; the one that gives the likelier words was taken.",
    "In encodings with one byte a letter every byte is some letter: Windows encodings of different regions differ only"
    " in the letters that they give.",
    "Declare table.csv.encoding in the mapping, give --set encoding=, or export the table in UTF-8.",
)
LINE_ENDS = Rule(
    "TABLE-CSV-02",
    Severity.INFO,
    "Lines of the file end in different ways.",
    "Such files were put together from several, or edited with different programs.",
    "Export the table in one piece.",
)
CSV_FORM = Rule(
    "TABLE-CSV-01",
    Severity.ERROR,
    "The text is not in the CSV dialect that the mapping declares.",
    "RFC 4180: a field with a quote, a separator or a line end is enclosed in quotes, quotes inside are doubled.",
    "Look for a quote that is not closed, or for a wrong separator.",
)
NUL = Rule(
    "TABLE-CHAR-01",
    Severity.ERROR,
    "A value holds a control character.",
    "NUL and other control characters come from damaged files or from wrong encodings (UTF-16).",
    "Export the table again as text.",
)
INVISIBLE = Rule(
    "TABLE-CHAR-02",
    Severity.WARNING,
    "Characters that nobody sees stood around a value and were left out.",
    "No-break spaces, zero-width characters and byte order marks come from web pages, documents and joined files.",
    "Clean the column in the spreadsheet program (CLEAN, TRIM).",
)
LOOKALIKE_READ = Rule(
    "TABLE-CHAR-03",
    Severity.WARNING,
    "Characters that look like digits or blanks were read as these.",
    "A letter O for a zero, full-width digits, no-break spaces: in a number of digits alone there is one reading, and"
    " the check digit proves it; in a date the form does.",
    "Type the value anew with plain digits.",
)
LOOKALIKE = Rule(
    "TABLE-CHAR-04",
    Severity.ERROR,
    "A serial or lot number, or an identifier with one, holds characters that look like others, or that nobody sees.",
    "A Cyrillic letter is another character than the Latin one that looks the same: what was printed on the pack is not"
    " known, and nothing proves it.",
    "Compare with the pack, and type the value anew.",
)
RAGGED = Rule(
    "TABLE-ROW-01",
    Severity.ERROR,
    "A row has another number of cells than the header.",
    "A missing or surplus separator moves all values behind it into wrong columns.",
    "Enclose values that hold the separator in quotes; give each row as many cells as the header.",
)
MISSING = Rule(
    "TABLE-VALUE-01",
    Severity.ERROR,
    "A value is missing.",
    "Nothing that is missing is invented.",
    "Fill the cell.",
)
WRONG = Rule(
    "TABLE-VALUE-02",
    Severity.ERROR,
    "A value does not have the form that the mapping declares.",
    "",
    "Correct the cell, or the transform in the mapping.",
)
LOOKUP = Rule(
    "TABLE-VALUE-03",
    Severity.ERROR,
    "A value is not in the lookup table of the mapping.",
    "",
    "Correct the cell, or add the value to the lookup table.",
)
DATE = Rule(
    "TABLE-DATE-01",
    Severity.ERROR,
    "A value is no date or time in a form that the mapping declares.",
    "Day and month are never guessed.",
    "Write the date as the mapping declares, or add the form under formats.",
)
DATE_ORDER = Rule(
    "TABLE-DATE-03",
    Severity.ERROR,
    "A date can be read in two ways.",
    "The mapping allows forms that differ in the order of day and month; neither the value nor its column says which"
    " holds.",
    "Write dates as YYYY-MM-DD, or declare one form in the mapping.",
)
DATE_ORDER_FOUND = Rule(
    "TABLE-DATE-04",
    Severity.INFO,
    "Dates of a column were read in the order that the column proves.",
    "Some of its dates have one reading only, and all of these agree.",
    "Write dates as YYYY-MM-DD, or declare one form in the mapping.",
)
DATE_SERIAL = Rule(
    "TABLE-DATE-02",
    Severity.WARNING,
    "A date stood in the sheet as a plain number and was read as a day count.",
    "Spreadsheets keep dates as day counts; without a date format the cell shows the count.",
    "Format the column as a date.",
)
LOCAL_TIME = Rule(
    "TABLE-TIME-01",
    Severity.ERROR,
    "A local time is ambiguous or does not exist in its time zone.",
    "When clocks are set back an hour occurs twice; when they are set forward an hour is skipped.",
    "Give the time with its offset, or in UTC.",
)
TIME_MISSING = Rule(
    "TABLE-TIME-02",
    Severity.ERROR,
    "The time of an event, or its zone, is not known.",
    "EPCIS asks for eventTime with a zone in each event; no time is invented.",
    "Fill the column, or give the setting that the mapping names.",
)
SCIENTIFIC = Rule(
    "TABLE-NUM-01",
    Severity.ERROR,
    "A number was written in scientific notation: its digits are gone.",
    "Spreadsheets show long numbers as 9.50E+12 and save them so into CSV.",
    "Format the column as text before the values are entered, and export again.",
)
NUMBER_REPAIRED = Rule(
    "TABLE-NUM-02",
    Severity.WARNING,
    "A number lost its leading zeros; they were put back because the check digit proves it.",
    "Spreadsheets keep numbers without leading zeros.",
    "Format the column as text.",
)
NUMBER_INEXACT = Rule(
    "TABLE-NUM-03",
    Severity.ERROR,
    "A number in the sheet has more digits than a spreadsheet keeps.",
    "A number cell holds 15 to 16 digits exactly; the digits behind them are replaced.",
    "Format the column as text and enter the values again.",
)
SCIENTIFIC_READ = Rule(
    "TABLE-NUM-06",
    Severity.WARNING,
    "A number in scientific notation with all its digits was read in full; its check digit proves it.",
    "Spreadsheets show long numbers as 9.521321110014E+12. Here no digit is missing.",
    "Format the column as text.",
)
NUMBER_CELL = Rule(
    "TABLE-NUM-04",
    Severity.ERROR,
    "A serial number stood in the sheet as a number: leading zeros would be lost and nothing proves there were none.",
    "A wrong serial number names another pack.",
    "Format the column as text, or declare `numbers: as-shown` in the mapping if serials never begin with 0.",
)
NUMBER_TEXT = Rule(
    "TABLE-NUM-05",
    Severity.WARNING,
    "A text stood in the sheet as a number and was taken as shown.",
    "Leading zeros, if there were any, are lost.",
    "Format the column as text.",
)
DUPLICATE = Rule(
    "TABLE-DUP-01",
    Severity.ERROR,
    "An identifier that must be unique stands in two rows.",
    "A serial number names one pack; a pack is in one case.",
    "Remove one of the rows, or correct its serial number.",
)
TWO_PARENTS = Rule(
    "TABLE-PARENT-01",
    Severity.ERROR,
    "A container is listed in two other containers.",
    "A case is on one pallet at a time.",
    "Correct the number of the outer container in one of the rows.",
)
CONFLICT = Rule(
    "TABLE-CONFLICT-01",
    Severity.ERROR,
    "Rows of the same container contradict each other.",
    "What happened to a container as a whole (commissioning, packing, shipping) has one time and one place.",
    "Give the same value in all rows of the container.",
)
INCOMPLETE = Rule(
    "TABLE-EVENT-01",
    Severity.ERROR,
    "An event has some of the values that it needs, but not all.",
    "Either all columns of an optional event are filled, or none.",
    "Fill the missing columns, or leave all columns of the event empty.",
)
NO_EVENT = Rule(
    "TABLE-EVENT-02",
    Severity.ERROR,
    "Rows are of a kind for which the mapping has no event.",
    "Each event of the mapping is limited by `where`; a row that none of them takes would be lost silently.",
    "Correct the cell, or add an event for this kind to the mapping.",
)
FOOTER = Rule(
    "TABLE-COUNT-01",
    Severity.ERROR,
    "The total in the file is not what its rows add up to.",
    "A control count that does not match means that rows are missing, doubled or unreadable.",
    "Export the table again, or correct the total.",
)
FOOTER_UNREAD = Rule(
    "TABLE-COUNT-02",
    Severity.ERROR,
    "A totals row has no number that can be read.",
    "",
    "Give the count in the cell after the word, as a number.",
)
CONTROL_MISSING = Rule(
    "TABLE-COUNT-03",
    Severity.ERROR,
    "A control total that the mapping asks for is not in the document.",
    "A document without its total may be cut off.",
    "Send the complete document, or make the control `required: false`.",
)
FOOTER_UNKNOWN = Rule(
    "TABLE-COUNT-04",
    Severity.ERROR,
    "A row looks like a total, and the mapping does not know it.",
    "A row that begins with a word such as Total and fills few cells is no data; left out silently it would compare"
    " nothing.",
    "List its first word under table.footers in the mapping, with `counts` when it holds a count.",
)
TOO_LARGE = Rule(
    "TABLE-LIMIT-01",
    Severity.ERROR,
    "The table is over a limit.",
    "Limits protect the gateway against broken and hostile files.",
    "Split the file, or raise the limit in the settings.",
)
XLSX_BOMB = Rule(
    "TABLE-XLSX-01",
    Severity.ERROR,
    "The workbook unpacks to more than a workbook of its size can hold.",
    "A small file that unpacks to gigabytes (zip bomb) is an attack or an accident.",
    "Save the table in a new workbook.",
)
XLSX_PASSWORD = Rule(
    "TABLE-XLSX-02",
    Severity.ERROR,
    "The workbook is protected by a password.",
    "",
    "Save the workbook without a password; protect the transport instead.",
)
XLSX_BROKEN = Rule(
    "TABLE-XLSX-03",
    Severity.ERROR,
    "The file is not a complete workbook.",
    "A transfer that broke off leaves a truncated file.",
    "Send the file again.",
)
XLSX_SPARSE = Rule(
    "TABLE-XLSX-04",
    Severity.ERROR,
    "The few cells of a sheet lie so far apart that the sheet would fill the memory.",
    "A sheet is read as a rectangle from its first to its last cell; one stray cell can make it enormous.",
    "Find the last used cell (Ctrl+End), delete what stands far from the table, and save again.",
)
CARRIER = Rule(
    "TABLE-KIND-01",
    Severity.ERROR,
    "The file is of a kind that the mapping does not read.",
    "",
    "Save the table in one of the kinds that the mapping lists under table.",
)
RULES: tuple[Rule, ...] = (
    *(value for value in list(globals().values()) if isinstance(value, Rule)),
    *rules_infer.RULES,
    *rules_out.RULES,
    *rules_records.RULES,
)
