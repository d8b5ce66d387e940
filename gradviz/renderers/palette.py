"""The colours, light, dark and for print. The page takes them from here through ``style.css``."""

from __future__ import annotations

from gradviz.renderers.scale import LEVELS

# viridis by Stéfan van der Walt and Nathaniel Smith (CC0), 33 of its 256 colours, dark to bright.
_VIRIDIS = (
    "440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d "
    "2f6b8e 2c728e 297a8e 26828e 23898e 21918c 1f988b 1fa088 22a785 28ae80 32b67a "
    "3fbc73 4ec36b 5ec962 70cf57 84d44b 98d83e addc30 c2df23 d8e219 ece51b fde725"
).split()
# Where on viridis a theme's scale starts and ends: outside, contrast with the background falls under 3:1.
_RANGE = {"light": (0.62, 0.0), "dark": (0.32, 1.0), "print": (0.62, 0.0)}
_FADE = 0.42  # how far the smallest gradient fades into the paper
_FADE_END = 0.45  # from this share of the scale on, colours are pure

TOKENS: dict[str, dict[str, str]] = {
    "light": {
        "paper": "#f6f6f4",
        "card": "#ffffff",
        "leaf": "#fbfaf6",
        "shade": "#e9e9e5",
        "line": "#d5d7dc",
        "ink": "#1b1f24",
        "soft": "#5c6370",
        "faint": "#6d7480",
        "ghost": "#a7acb5",
        "op": "#c2410c",
        "now": "#e8590c",
        "wash": "#fff4eb",
        "order": "#8250df",
        "update": "#1a7f64",
        "pending": "#cfd3da",
        "zero": "#9aa0aa",
        "bad": "#d6006c",
        "none": "#e4e4e0",
    },
    "dark": {
        "paper": "#14171c",
        "card": "#20252d",
        "leaf": "#1c2128",
        "shade": "#0e1014",
        "line": "#39414d",
        "ink": "#e8eaed",
        "soft": "#a3abb8",
        "faint": "#8b95a5",
        "ghost": "#5f6977",
        "op": "#ff922b",
        "now": "#ff922b",
        "wash": "#2b2219",
        "order": "#b197fc",
        "update": "#63d297",
        "pending": "#3a424e",
        "zero": "#6f7887",
        "bad": "#ff5fa8",
        "none": "#2c323b",
    },
}

# On paper: its white is the ground, and nothing is shaded.
TOKENS["print"] = TOKENS["light"] | dict.fromkeys(("paper", "leaf", "shade", "wash"), "#ffffff")


def fixed(theme: str) -> str:
    """Give the theme of a picture that cannot ask its reader: "auto" is light."""
    return "light" if theme == "auto" else theme


def ramp(theme: str) -> list[str]:
    """Give the colours of the levels, small to large: small gradients fade into the paper."""
    start, end = _RANGE[theme]
    paper = TOKENS[theme]["paper"]
    found = []
    for level in range(LEVELS):
        share = level / (LEVELS - 1)
        pure = viridis(start + (end - start) * share)
        found.append(mix(pure, paper, _FADE * max(0.0, 1 - share / _FADE_END)))
    return found


def width(level: int) -> float:
    """Give the width of an edge in px: 0.8 for the lowest level, 4 for the highest."""
    return round(0.8 + 3.2 * level / (LEVELS - 1), 2)


def colours(theme: str) -> dict[str, str]:
    """Give every colour of a theme by name; the levels are w0 to w15."""
    return TOKENS[theme] | {f"w{i}": colour for i, colour in enumerate(ramp(theme))}


def viridis(share: float) -> str:
    """Give the colour at ``share`` of the way from dark (0) to bright (1)."""
    at = min(max(share, 0.0), 1.0) * (len(_VIRIDIS) - 1)
    i = min(int(at), len(_VIRIDIS) - 2)
    return mix(f"#{_VIRIDIS[i]}", f"#{_VIRIDIS[i + 1]}", at - i)


def mix(colour: str, other: str, share: float) -> str:
    """Mix ``share`` of ``other`` into a colour."""
    pairs = zip(_rgb(colour), _rgb(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
