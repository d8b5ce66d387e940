"""Notes in Sphinx, in reStructuredText and MyST: ``extensions = ["gradviz.notes.sphinx"]``.

.. gradviz::
   :caption: One neuron

   L = tanh(2*0.5)
"""

from __future__ import annotations

import os
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from gradviz import __version__
from gradviz.notes.cache import Cache
from gradviz.notes.embed import player
from gradviz.notes.figures import Figure, figure
from gradviz.notes.files import write
from gradviz.notes.mistake import Mistake
from gradviz.notes.options import OPTIONS, options_of, words

_log = logging.getLogger(__name__)
_HOST = {
    "align": lambda text: directives.choice(text, ("left", "center", "right")),
    "name": directives.unchanged,
    "class": directives.class_option,
}


class _Options(dict[str, Any]):
    """Takes every option: of an unknown one the figure complains, which knows what was meant."""

    def __missing__(self, key: str) -> Any:
        return directives.unchanged

    def __contains__(self, key: object) -> bool:
        return True


class Gradviz(SphinxDirective):  # type: ignore[misc]  # mypy does not read Sphinx
    """``.. gradviz:: [FILE] [key=value …]``, the options of ``figure``, and expressions or Python."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = _Options(dict.fromkeys(OPTIONS, directives.unchanged) | _HOST)

    def run(self) -> list[Any]:
        """Draw the note; what is wrong becomes a box in the page, and a warning with its place."""
        path = str(self.env.doc2path(self.env.docname))
        folder = os.path.join(str(self.env.doctreedir), "gradviz")
        options = {key: value for key, value in self.options.items() if key not in _HOST}
        try:
            options |= options_of(words(" ".join(self.arguments)))
        except Mistake as mistake:
            drawn = Figure(error=str(mistake))
        else:
            if options.get("file"):
                self.env.note_dependency(os.path.join(os.path.dirname(path), options["file"]))
            drawn = figure(
                "\n".join(self.content),
                options,
                allow_exec=bool(self.config.gradviz_exec),
                folder=os.path.dirname(path),
                file=os.path.relpath(path, self.env.srcdir).replace(os.sep, "/"),
                line=self._first_line(),
                cache=Cache(folder),
            )
        return [*self._complaint(drawn), *(self._shown(drawn, folder) if drawn.picture else [])]

    def _first_line(self) -> int:
        """The line of the file that the text begins in: MyST counts from the directive."""
        myst = type(self.state).__module__.startswith("myst_parser")
        return int(self.content_offset) + 1 + (int(self.lineno) if myst else 0)

    def _complaint(self, drawn: Figure) -> list[Any]:
        if not drawn.error:
            return []
        _log.warning("%s", drawn.error, type="gradviz", location=self.get_location())
        text = nodes.paragraph("", drawn.error)
        excerpt = (
            [nodes.literal_block(drawn.excerpt, drawn.excerpt, language="none")] if drawn.excerpt else []
        )
        return [nodes.error("", text, *excerpt, classes=["gradviz-error"])]

    def _shown(self, drawn: Figure, folder: str) -> list[Any]:
        """The picture in a figure, and instead of it in HTML the player, if there is one."""
        path = os.path.join(folder, drawn.file_name)
        write(path, drawn.picture)
        # Sphinx copies what an image names; a leading "/" is the folder of the sources.
        uri = "/" + os.path.relpath(path, self.env.srcdir).replace(os.sep, "/")
        image = nodes.image(uri=uri, alt=drawn.alt)
        if drawn.width:
            image["width"] = str(drawn.width)
        whole = nodes.figure("", image, classes=["gradviz", *self.options.get("class", [])])
        if drawn.player:
            whole.replace(image, [addnodes.only("", image, expr="not html"), _only_html(player(drawn))])
        if "align" in self.options:
            whole["align"] = self.options["align"]
        if drawn.caption:
            whole += nodes.caption(drawn.caption, drawn.caption)
        self.add_name(whole)
        self.set_source_info(whole)
        return [whole]


def _only_html(text: str) -> Any:
    return nodes.raw("", text, format="html")


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive, and ``gradviz_exec``: whether notes that are Python run."""
    app.add_directive("gradviz", Gradviz)
    app.add_config_value("gradviz_exec", False, "env", types=[bool])
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
