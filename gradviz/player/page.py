"""The page, its style sheets and what it carries in one HTML file, which asks nobody for anything.

Scripts and styles are packed; a small script unpacks them. The policy of the page names it and them by their
hashes, so that nothing else runs, whatever a label or a source says. What is carried is packed as well, as
base64, in which no text of a user can end an element.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

from gradviz.document import Document, Scene, encoded, export_frame
from gradviz.errors import GradvizError
from gradviz.graph import Graph
from gradviz.player.bundle import bundle
from gradviz.player.carried import MOST_BYTES, Carrier
from gradviz.player.files import INDEX, modules, page_files
from gradviz.recording import Recording
from gradviz.renderers.style import css
from gradviz.renderers.wording import counted
from gradviz.timeline import Timeline

THEMES = ("auto", "light", "dark")
FULL, COMPACT, LOADER = "standalone.js", "compact.js", "loader.js"
_PARTS = re.compile(
    r'<link rel="icon"[^>]*>|href="/static/([\w.]+\.css)"|<body[^>]*>(.*?)<noscript>', re.DOTALL
)
_PAGE = """\
<!doctype html>
<html lang="en"{theme}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="{scheme}">
<meta name="generator" content="gradviz">
<title>{title}</title>
{icon}
</head>
<body{compact} data-pane="inspector" data-state="loading">
{noscript}<template id="page">{body}</template>
<script type="text/plain" id="styles">{styles}</script>
<script type="text/plain" id="carried">{carried}</script>
<script type="text/plain" id="code">{code}</script>
<script>{loader}</script>
</body>
</html>
"""


def html(
    source: Graph | Recording, *,
    pass_index: int = 0, step: int | None = None, phase: str | None = None, theme: str = "auto",
    compact: bool = False, title: str | None = None, depth: int | None = None, expand: Sequence[str] = (),
    sources: bool = True, picture: bool = True, most_bytes: int = MOST_BYTES,
) -> str:  # fmt: skip
    """Give a page that steps through a pass: from a file, in a sandboxed frame, without any network.

    The same recording gives the same bytes.

    Args:
        source: what to show.
        pass_index: which pass of it, shown first; negative counts from the end.
        step: the moment to begin at, counted within ``phase`` if there is one; None is the start, or the end
            of the phase.
        phase: forward, order, backward or update. Of a pass of more than ``MOST_STEPS`` steps only this phase
            is carried.
        theme: "light", "dark", or "auto" for the reader's preference.
        compact: the graph, the transport and the sentence only, to be embedded.
        title: what it is called; None is the name of the script.
        depth: open scopes down to this depth; None opens as many as can be read.
        expand: keys of further scopes to open.
        sources: carry the text of the sources.
        picture: show the moment as a picture to readers without JavaScript.
        most_bytes: how much may be carried, packed; the page itself comes on top of it.

    Raises:
        GradvizError: there is no such moment or theme, or the pass is too large.
        NotFoundError: there is no such pass, phase or scope.
    """
    if theme not in THEMES:
        raise GradvizError(f"There is no theme {theme!r:.40}.", f"There are {', '.join(THEMES)}.")
    recording = Recording.of([source], source.sources) if isinstance(source, Graph) else source
    document = Document(recording)
    index = pass_index + len(recording) if pass_index < 0 else pass_index
    shown = document.shown(index)
    moment = moment_of(shown.timeline, phase, step)
    carrier = Carrier(
        document, most_bytes, compact=compact, source=sources, depth=depth, expand=tuple(expand)
    )
    carried = carrier.gather(index, phase)
    called = (
        title or (document.script and str(carried["recording"]["title"])) or shown.label(shown.graph.root)
    )
    carried["recording"]["title"] = called
    carried["start"] = {"pass": index, "step": moment - carried["passes"][str(index)]["first"]}
    still = _still(carrier.scene(index), moment, theme) if picture else ""
    return assemble(carried, theme=theme, compact=compact, title=called, noscript=still)


def moment_of(timeline: Timeline, phase: str | None, step: int | None) -> int:
    """Give the number of steps done at a moment.

    Raises:
        GradvizError: there is no such step.
        NotFoundError: there is no such phase.
    """
    steps = timeline.phase_range(phase) if phase else range(len(timeline))
    if step is None:
        return steps.stop if phase else 0
    if not 0 <= step <= len(steps):
        of = f"The phase {phase}" if phase else "This pass"
        raise GradvizError(f"{of} has {counted(len(steps), 'step')}, so step can be 0 to {len(steps):,}.")
    return steps.start + step


def assemble(carried: dict[str, Any], *, theme: str, compact: bool, title: str, noscript: str) -> str:
    """Put the page together around what it carries."""
    code, styles, loader, icon, body = _page(compact)
    scripts = " ".join(f"'sha256-{_digest(text)}'" for text in (loader, code))
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src 'sha256-{_digest(styles)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
        "trusted-types gradviz gradviz-loader"
    )
    return _PAGE.format(
        theme="" if theme == "auto" else f' data-theme="{theme}"',
        scheme="light dark" if theme == "auto" else theme,
        policy=policy,
        title=escape(title),
        icon=icon,
        compact=' class="compact"' if compact else "",
        noscript=noscript,
        body=body,
        styles=_packed(styles.encode()),
        carried=_packed(encoded(carried)),
        code=_packed(code.encode()),
        loader=loader,
    )


@cache
def _page(compact: bool) -> tuple[str, str, str, str, str]:
    """The script, the styles, what unpacks them, the icon and the body of the page."""
    known = page_files()
    index = known[INDEX].read_text("utf-8")
    found = list(_PARTS.finditer(index))
    sheets = [part[1] for part in found if part[1]]
    styles = [css("auto"), *(known[name].read_text("utf-8") for name in (*sheets, "standalone.css"))]
    code = bundle(modules(known), COMPACT if compact else FULL)
    icon = next(part[0] for part in found if part[0].startswith("<link"))
    body = next(part[2] for part in found if part[2])
    return code, "".join(styles), known[LOADER].read_text("utf-8"), icon, body


def _packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _still(scene: Scene, k: int, theme: str) -> str:
    """The moment as a picture, for those who see no scripts."""
    drawn = base64.b64encode(export_frame(scene, "svg", k, theme=theme).content).decode("ascii")
    graph, name = scene.graph, scene.shown.label(scene.graph.root)
    alt = f"Computation graph of {name}: {len(graph):,} values, step {k:,} of {len(scene.timeline):,}"
    picture = f'<img width="100%" alt="{escape(alt)}" src="data:image/svg+xml;base64,{drawn}">'
    return f"<noscript>{picture}</noscript>\n"
