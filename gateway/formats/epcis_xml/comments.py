"""Comments and processing instructions of a document: no data of EPCIS, so nothing keeps them, and each is listed.

They are found in the bytes on their way to the parser, which leaves them out: in well-formed XML ``<!--`` and ``<?``
begin nothing else, except inside each other and in CDATA sections.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from gateway.findings import Losses, Outcome
from gateway.formats.epcis_xml.losses import COMMENT

_BEGIN: Final = re.compile(rb"<!--|<\?|<!\[CDATA\[")
_ENDS: Final = {b"<!--": b"-->", b"<?": b"?>", b"<![CDATA[": b"]]>"}
_FIELDS: Final = {b"<!--": "comment()", b"<?": "processing-instruction()"}
_LONGEST_BEGIN: Final = len(b"<![CDATA[")
_MOST: Final = 1 << 20  # bytes of one comment that a loss shows
_LINE_END: Final = re.compile(r"\r\n?")
_DECLARATION: Final = re.compile(rb"xml[ \t\r\n]")
_WIDE: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0?\0", "utf-16-le"),
    (b"\0<\0?", "utf-16-be"),
)


class Comments:
    """Lists the comments and processing instructions in the bytes that are fed to it.

    Args:
        losses: where they go.
        head: the first bytes of the document, which tell encodings that are not like ASCII.
    """

    def __init__(self, losses: Losses, head: bytes) -> None:
        self._losses = losses
        self._kind = b""  # what is open
        self._text = bytearray()
        self._rest = b""
        wide = next((name for mark, name in _WIDE if head.startswith(mark)), "")
        self._decoder = codecs.getincrementaldecoder(wide)("replace") if wide else None

    def feed(self, data: bytes) -> None:
        """Look at the next bytes of the document."""
        if self._decoder is not None:
            data = self._decoder.decode(data).encode()
        data = self._rest + data
        position = 0
        while True:
            if self._kind:
                end = data.find(_ENDS[self._kind], position)
                if end < 0:
                    keep = max(position, len(data) - 2)  # what ends it may be cut in two
                    self._take(data[position:keep])
                    position = keep
                    break
                self._take(data[position:end])
                position = end + len(_ENDS[self._kind])
                self._close()
            begin = _BEGIN.search(data, position)
            if begin is None:
                cut = data.rfind(b"<", max(position, len(data) - _LONGEST_BEGIN + 1))
                position = cut if cut >= 0 else len(data)
                break
            self._kind = begin[0]
            position = begin.end()
        self._rest = data[position:]

    def _take(self, text: bytes) -> None:
        self._text += text[: _MOST - len(self._text)]

    def _close(self) -> None:
        field = _FIELDS.get(self._kind)
        text = bytes(self._text)
        if field is not None and not (self._kind == b"<?" and _DECLARATION.match(text)):
            shown = _LINE_END.sub("\n", text.decode("utf-8", "replace")).strip()  # XML 1.0, 2.11
            self._losses.add(COMMENT, Outcome.LOST, field, shown)
        self._kind = b""
        self._text.clear()
