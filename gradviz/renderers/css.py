"""The style sheet of the drawing: embedded in an exported SVG, linked by the page.

Colours are given twice under theme="auto": as the light colour, which every viewer understands, and as a
variable, which a browser sets by the reader's preference or by the page's own switch.
"""

from __future__ import annotations

import re

from gradviz.renderers.palette import colours, width
from gradviz.renderers.scale import LEVELS

MONO = 'ui-monospace,"JetBrains Mono","SF Mono",Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace'
SANS = 'system-ui,"Segoe UI","Helvetica Neue","DejaVu Sans",Arial,sans-serif'

# A page's own switch: gradviz's, Material for MkDocs', Jupyter's.
_SWITCH = {
    "light": ("[data-theme=light]", "[data-md-color-scheme=default]", "[data-jp-theme-light=true]"),
    "dark": ("[data-theme=dark]", "[data-md-color-scheme=slate]", "[data-jp-theme-light=false]"),
}

_RULES = f"""
text{{font-family:{MONO};fill:$ink}}
.gv-paper{{fill:$paper}}
.gv-edge path{{fill:none;stroke:$pending;stroke-width:1.1;stroke-linecap:round}}
.gv-tip{{fill:$pending}}
.gv-carried{{font-size:10.5px;font-weight:600;fill:$soft;text-anchor:middle;paint-order:stroke;stroke:$paper;\
stroke-width:4px;stroke-linejoin:round}}
.on.zero path{{stroke:$zero;stroke-width:1.2;stroke-dasharray:4 4;stroke-linecap:butt}}
.on.zero .gv-tip{{fill:$zero}}
.on.bad path{{stroke:$bad;stroke-width:2.6;stroke-dasharray:9 3 2 3;stroke-linecap:butt}}
.on.bad .gv-tip,.on.bad .gv-carried{{fill:$bad}}
.gv-edge.now .gv-carried{{fill:$now}}
.gv-edge:not(.now) .gv-aside{{visibility:hidden}}
.gv-shade{{fill:$shade}}
.gv-card{{fill:$card;stroke:$line}}
.kind-input .gv-card,.kind-param .gv-card,.kind-const .gv-card{{fill:$leaf}}
.gv-under{{fill:$leaf;stroke:$line}}
.gv-bar{{fill:$none}}
.g-na .gv-bar{{fill:none}}
.g-zero .gv-bar{{fill:$zero}}
.g-bad .gv-bar{{fill:$bad}}
.gv-name{{font-size:12.5px;font-weight:600}}
.gv-op{{font-size:12.5px;font-weight:600;fill:$op;text-anchor:end}}
.gv-count{{font-size:11px;font-weight:600;fill:$soft;text-anchor:end}}
.gv-kind{{font-family:{SANS};font-size:10.5px;fill:$faint;text-anchor:end}}
.gv-key,.gv-sub{{font-family:{SANS};font-size:10.5px;fill:$faint}}
.gv-data,.gv-grad,.gv-zero{{font-size:11.5px;text-anchor:end}}
.gv-grad{{font-weight:600}}
.gv-hist-data{{fill:$soft}}
.gv-hist-grad{{fill:$soft}}
.gv-progress{{fill:$now}}
.gv-track{{fill:none}}
.gv-order{{font-size:10px;font-weight:600;fill:$order;text-anchor:end}}
.absent .gv-card,.absent .gv-under{{stroke-dasharray:3 3}}
.absent .gv-name{{fill:$soft}}
.absent .gv-op,.absent .gv-count,.absent .gv-kind,.absent .gv-data{{fill:$ghost}}
.absent .gv-shade,.absent .gv-hist{{visibility:hidden}}
.g-none .gv-grad,.g-none .gv-zero,.g-na .gv-grad,.g-zero .gv-grad{{fill:$ghost;font-weight:400}}
.g-zero .gv-grad{{fill:$faint}}
.g-none .gv-hist-grad{{visibility:hidden}}
.bad .gv-data,.g-bad .gv-grad{{fill:$bad;font-weight:600}}
.bad .gv-card{{stroke:$bad}}
.updated .gv-data{{fill:$update;font-weight:600}}
.gv-box.now .gv-card{{stroke:$now;stroke-width:2.2;stroke-dasharray:none;fill:$wash}}
.gv-box.now .gv-under{{stroke:$now}}
.gv-box:focus{{outline:none}}
.gv-box:focus-visible .gv-card{{stroke:$now;stroke-width:3}}
.gv-say{{font-family:{SANS};font-size:10.5px;fill:$soft}}
.gv-tick{{font-size:10.5px;fill:$soft}}
.gv-mid{{text-anchor:middle}}
.gv-end{{text-anchor:end}}
"""


def css(theme: str = "auto", selector: str = "", more: str = "") -> str:
    """Give the style sheet of the drawing.

    Args:
        theme: "light", "dark", or "auto", by prefers-color-scheme and the page's own switch.
        selector: what the drawing is found by, such as "#gv-1a2b"; by default every drawing.
        more: further rules, one a line, with colours as $names.
    """
    root = selector or ".gv"
    rules = [_scoped(line, root) for line in (*_RULES.strip().splitlines(), *_levels(), *more.splitlines())]
    if theme != "auto":
        chosen = colours(theme)
        return "\n".join(re.sub(r"\$(\w+)", lambda m: chosen[m[1]], rule) for rule in rules) + "\n"
    light = colours("light")
    pattern = re.compile(r"([\w-]+):\$(\w+)")
    rules = [pattern.sub(lambda m: f"{m[1]}:{light[m[2]]};{m[1]}:var(--gv-{m[2]})", rule) for rule in rules]
    return "\n".join([*_variables(root), *rules]) + "\n"


def _levels() -> list[str]:
    lines = []
    for i in range(LEVELS):
        lines.append(f".on.w{i} path{{stroke:$w{i};stroke-width:{width(i):g}}}")
        lines.append(f".on.w{i} .gv-tip,.g-w{i} .gv-bar,.g-w{i} .gv-hist-grad,.gv-ramp.w{i}{{fill:$w{i}}}")
    return lines


def _scoped(rule: str, root: str) -> str:
    selectors, body = rule.split("{", 1)
    return ",".join(f"{root} {part}" for part in selectors.split(",")) + "{" + body


def _variables(root: str) -> list[str]:
    light, dark = (
        "".join(f"--gv-{name}:{colour};" for name, colour in colours(theme).items()) for theme in _SWITCH
    )
    pinned = {theme: ",".join(f"{switch} {root}" for switch in _SWITCH[theme]) for theme in _SWITCH}
    return [
        f"{root}{{{light}}}",
        f"@media (prefers-color-scheme:dark){{{root}{{{dark}}}}}",
        f"{pinned['light']}{{{light}}}",
        f"{pinned['dark']}{{{dark}}}",
    ]
