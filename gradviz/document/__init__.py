"""The JSON document of a recording: server, page, command line and tests read the same shapes from here."""

from gradviz.document.details import node_document
from gradviz.document.document import Document
from gradviz.document.encoding import encoded
from gradviz.document.export import FORMATS, Export, export_frame
from gradviz.document.folded import box_document
from gradviz.document.made import Expression, expressions_document, made_document
from gradviz.document.moments import frame_document
from gradviz.document.scene import Pass, Scene
from gradviz.document.search import find_document
from gradviz.document.story import pass_document, window_document
from gradviz.document.verdicts import check_document
from gradviz.document.whatif import EditError, Edits, parse_edits, pass_findings
from gradviz.document.windows import MOST_STEPS, WINDOW

__all__ = [
    "FORMATS",
    "MOST_STEPS",
    "WINDOW",
    "Document",
    "EditError",
    "Edits",
    "Export",
    "Expression",
    "Pass",
    "Scene",
    "box_document",
    "check_document",
    "encoded",
    "export_frame",
    "expressions_document",
    "find_document",
    "frame_document",
    "made_document",
    "node_document",
    "parse_edits",
    "pass_document",
    "pass_findings",
    "window_document",
]
