"""A picture as HTML for the cell of a notebook: whoever reads it sees something right.

Without scripts, as in a notebook that is not trusted, it is an image with its words. A script puts a page in
the image's place, in a frame that is walled off: no code of the page reaches the notebook.
"""

from __future__ import annotations

import json
from html import escape

CONTROLS = 132  # pixels of a player's transport and sentence, below its graph
LOWEST, HIGHEST = 300, 720  # pixels of a player

_STILL = (
    '<!doctype html><meta charset="utf-8"><title>{alt}</title>'
    "<style>body{{margin:0}}svg{{max-width:100%;height:auto}}</style>{svg}"
)
_FRAMED = """\
<figure class="{name}" style="margin:0"><img alt="{alt}" src="data:image/png;base64,{png}" \
style="width:{width};max-width:100%;height:auto">{caption}</figure>
<script>
for (const figure of document.querySelectorAll("figure.{name}")) {{
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "{allow}");
  frame.title = figure.firstElementChild.alt;
  frame.srcdoc = {page};
  frame.style.cssText = "{style}";
  figure.className = "";
  figure.firstElementChild.replaceWith(frame);
}}
</script>
"""


def framed(
    svg: str, png: str, alt: str, *,
    page: str | None = None, caption: str | None = None, width: str | None = None,
) -> str:  # fmt: skip
    """Give the HTML of a figure.

    Args:
        svg: the drawing, which is the page if there is no other.
        png: the drawing as PNG, in base64.
        alt, caption: its words.
        page: a page that runs scripts of its own.
        width: how wide it is, in CSS; None is the drawing's own width, or all there is for a page.
    """
    name = svg.partition('id="')[2].partition('"')[0]  # the same for the same drawing alone
    drawn, height = _number(svg, "width"), _number(svg, "height")
    style = f"width:{width or f'{drawn:g}px'};max-width:100%;aspect-ratio:{drawn:g}/{height:g};border:0"
    return _FRAMED.format(
        name=name,
        alt=escape(alt),
        png=png,
        width=width or f"{drawn:g}px",
        caption=f"<figcaption>{escape(caption)}</figcaption>" if caption else "",
        allow="" if page is None else "allow-scripts",
        style=style if page is None else _style(svg, width),
        page=_literal(page or _STILL.format(alt=escape(alt), svg=svg)),
    )


def frame_of(page: str, svg: str, alt: str, *, caption: str | None = None, width: str | None = None) -> str:
    """Give the HTML of a figure for a host that keeps frames and no scripts; arguments as for ``framed``."""
    below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    frame = (
        f'<iframe sandbox="allow-scripts" title="{escape(alt)}" style="{_style(svg, width)}" '
        f'srcdoc="{escape(page)}"></iframe>'
    )
    return f'<figure style="margin:0">{frame}{below}</figure>'


def _style(svg: str, width: str | None) -> str:
    """How a page that steps is placed."""
    return f"width:{width or '100%'};max-width:100%;height:{height_of(svg)}px;border:0"


def height_of(svg: str) -> int:
    """How many pixels the page takes that steps through a drawing."""
    return round(min(max(_number(svg, "height") + CONTROLS, LOWEST), HIGHEST))


def _number(svg: str, key: str) -> float:
    return float(svg.partition(f' {key}="')[2].partition('"')[0])


def _literal(text: str) -> str:
    """A text as a literal that ends no script."""
    return json.dumps(text).replace("<", "\\u003c")
