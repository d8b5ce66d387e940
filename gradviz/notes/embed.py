"""A figure as HTML for pages that gradviz does not write: no scripts of its own, no files beside it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from html import escape

from gradviz.notes.figures import Figure
from gradviz.renderers import renderer_for
from gradviz.renderers.escape import xml


def html(drawn: Figure, ident: str = "", classes: tuple[str, ...] = ()) -> str:
    """Write the picture with its caption, or the player; and what is wrong, in a box.

    The picture is an image: a page's styles and scripts do not reach into it, nor its own out of it.
    """
    parts = []
    if drawn.error:
        parts.append(box(drawn))
    if drawn.picture:
        shown = player(replace(drawn, width=None)) if drawn.player else _image(drawn)
        # A site may make figures as wide as what is in them, and a frame has no width of its own.
        wide = f' style="width:{drawn.width or "100%"};max-width:100%"' if drawn.player else ""
        caption = f"<figcaption>{xml(drawn.caption)}</figcaption>" if drawn.caption else ""
        name = f' id="{xml(ident)}"' if ident else ""
        parts.append(
            f'<figure class="{xml(" ".join(("gradviz", *classes)))}"{name}{wide}>{shown}{caption}</figure>'
        )
    return "\n".join(parts)


def box(drawn: Figure) -> str:
    """Write what is wrong, as an admonition: most sites have a style for these."""
    excerpt = "\n".join(map(xml, drawn.excerpt.split("\n")))
    place = f"<pre>{excerpt}</pre>" if drawn.excerpt else ""
    return (
        '<div class="admonition failure error gradviz-error" style="overflow-x:auto">'
        f'<p class="admonition-title">gradviz</p><p>{xml(drawn.error or "")}</p>{place}</div>'
    )


def player(drawn: Figure) -> str:
    """Write the page that steps, walled off from the page that it stands in."""
    width = f"width:{drawn.width};" if drawn.width else "width:100%;"
    return (
        f'<iframe sandbox="allow-scripts" loading="lazy" title="{xml(drawn.alt)}" '
        f'style="{width}max-width:100%;aspect-ratio:3/2;min-height:320px;border:0" '
        f'srcdoc="{escape(drawn.player)}"></iframe>'
    )


def _image(drawn: Figure) -> str:
    media = renderer_for(drawn.file_name).media_type
    title = f' title="{xml(drawn.title)}"' if drawn.title else ""
    width = f"width:{drawn.width};" if drawn.width else ""
    return (
        f'<img src="data:{media};base64,{b64encode(drawn.picture).decode()}" alt="{xml(drawn.alt)}"{title} '
        f'style="{width}max-width:100%;height:auto">'
    )
