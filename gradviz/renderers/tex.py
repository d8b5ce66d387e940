"""Any text as TeX: nothing in it acts, and whatever pdfLaTeX, XeLaTeX or LuaLaTeX cannot show is named."""

from __future__ import annotations

import re

from gradviz.renderers.escape import visible

# Names of the kernel and of plain mathematics; no package is needed for any of them.
_NAMED = {
    "\\": r"\ensuremath{\backslash}", "{": r"\ensuremath{\lbrace}", "}": r"\ensuremath{\rbrace}",
    "<": r"\ensuremath{<}", ">": r"\ensuremath{>}", "|": r"\ensuremath{|}", "$": r"\$", "&": r"\&",
    "#": r"\#", "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    '"': r"{\char34}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}", "-": "{-}", " ": r"\ ",
    "…": r"\ldots{}", "–": r"\textendash{}", "−": r"\ensuremath{-}", "ᵀ": r"\textsuperscript{T}",
}  # fmt: skip
_MATHS = dict(
    zip(
        "×÷±·→←≤≥≠≈∂∞√ΣΔΓΘΛΞΠΦΨΩαβγδεζηθικλμνξπρστυφχψω",
        "times div pm cdot to gets le ge ne approx partial infty surd "
        "Sigma Delta Gamma Theta Lambda Xi Pi Phi Psi Omega alpha beta gamma delta varepsilon zeta eta theta "
        "iota kappa lambda mu nu xi pi rho sigma tau upsilon varphi chi psi omega".split(),
        strict=True,
    )
)
_LOW, _HIGH = "₀₁₂₃₄₅₆₇₈₉", "⁰¹²³⁴⁵⁶⁷⁸⁹"
_KNOWN = re.compile(r"[A-Za-z0-9.,:;!?()\[\]*+/=@À-ÅÇ-ÏÑ-ÖØ-Ýß-åç-ïñ-öø-ýÿÆæ]+")

# A character without a name: by itself where the engine knows Unicode, else by its number.
CHARACTER = (
    r"\providecommand\gvchar[1]{\ifx\Umathchar\undefined\textsf{\scriptsize U+#1}\else\char" '"#1\\relax\\fi}'
)


def tex(text: str) -> str:
    r"""Write a text for TeX.

    >>> tex("50 % of $x_1$ → ∂L")
    '50\\ \\%\\ of\\ \\$x\\_1\\$\\ \\ensuremath{\\to}\\ \\ensuremath{\\partial}L'
    """
    return "".join(part if _KNOWN.fullmatch(part) else _written(part) for part in _parts(visible(text)))


def _parts(text: str) -> list[str]:
    return re.findall(rf"{_KNOWN.pattern}|.", text, re.DOTALL)


def _written(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    if character in _MATHS:
        return rf"\ensuremath{{\{_MATHS[character]}}}"
    for digits, mark in ((_LOW, "_"), (_HIGH, "^")):
        if character in digits:
            return rf"\ensuremath{{{mark}{digits.index(character)}}}"
    return rf"\gvchar{{{ord(character):04X}}}"
