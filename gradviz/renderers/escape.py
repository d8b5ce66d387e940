"""Text of strangers, made safe and visible.

A name may hold anything: markup, control characters, half a surrogate pair, marks that turn the reading
direction round. What could not be seen, or is not allowed in XML, is written out: ``\\x01``, ``\\u202e``.
"""

from __future__ import annotations

import re
from functools import cache

LONGEST = 2000  # characters of one text that a drawing carries; the recording keeps the rest

_PLAIN = re.compile(r"[\w .,:;|#+*/=()\[\]%–…×·→≤≥-]{0,200}", re.ASCII)  # most texts: nothing to do
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


@cache
def _unseen() -> re.Pattern[str]:
    """Controls, line separators, invisible and direction marks, surrogates, noncharacters, language tags.

    Compiled for the first text that is not plain: most drawings have none.
    """
    return re.compile(
        "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
        "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
        + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
        + "]"
    )


def visible(text: str) -> str:
    """Write out what could not be seen.

    >>> visible("a\\x00b\\u202ec\\n")
    'a\\\\x00b\\\\u202ec\\\\n'
    """
    if _PLAIN.fullmatch(text):
        return text
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - 40]}… ({len(text):,} characters)"
    return _unseen().sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def xml(text: str) -> str:
    """Make text fit for XML, in an element or in a quoted attribute.

    >>> xml('<b> & "c"')
    '&lt;b&gt; &amp; &quot;c&quot;'
    """
    if _PLAIN.fullmatch(text):
        return text
    safe = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return safe.replace('"', "&quot;").replace("'", "&#39;")


def dot(text: str) -> str:
    """Quote text as a DOT string: no escape sequence of DOT, no HTML entity, no end of the string survives.

    >>> dot('a "b" \\\\N &lt;')
    '"a \\\\"b\\\\" \\\\\\\\N &amp;lt;"'
    """
    return '"' + visible(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') + '"'
