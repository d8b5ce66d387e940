"""When each part of an animated SVG is seen, as CSS: no script, and nothing to load.

Every part is in the file once. A part that is not seen at every moment has a class for the moments at which
it is; parts that come and go together share it. Without animation the last moment is what stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradviz.renderers.animated import Pace


class Keyframes:
    """The classes of all parts of one drawing, by the moments at which they are seen.

    A set of moments is an int: bit i is moment i.
    """

    def __init__(self, moments: int, pace: Pace) -> None:
        self.moments, self.pace = moments, pace
        self.always = (1 << moments) - 1
        self._total = (moments - 1) * pace.seconds + pace.last
        self._sets: dict[int, int] = {}

    def since(self, moment: int) -> int:
        """Give the set of a moment and all after it."""
        return self.always & -1 << moment

    def classes(self, seen: int) -> str:
        """Give the classes of a part that is seen at these moments; "" for one that always is."""
        if seen == self.always:
            return ""
        return f"gv-t gv-t{self._sets.setdefault(seen, len(self._sets))}"

    def css(self, ident: str) -> str:
        """Give the rules of all classes so far, for the drawing with this id.

        Names of keyframes are one list for a whole page, so they begin with the id.
        """
        if self.moments == 1:
            return ""
        still, timed, frames = [], [], []
        for seen, number in self._sets.items():
            if not seen >> (self.moments - 1) & 1:
                still.append(f"#{ident} .gv-t{number}")
            timed.append(f"#{ident} .gv-t{number}{{animation-name:{ident}-{number}}}")
            frames.append(f"@keyframes {ident}-{number}{{{self._changes(seen)}}}")
        end = self._at(self.moments - 1)
        way = f"animation-name:{ident}-p;animation-timing-function:steps({self.moments - 1})"
        lasting = f"{self._total:g}s step-end {self.pace.times or 'infinite'}"
        rules = [
            f"{','.join(still)}{{visibility:hidden}}",
            *frames,
            f"@keyframes {ident}-p{{0%{{transform:scaleX(0)}}{end},to{{transform:none}}}}",
            "@media (prefers-reduced-motion:no-preference){",
            f"#{ident} .gv-t{{animation:{lasting}}}",
            f"#{ident} .gv-p{{{way}}}",
            *timed,
            f"#{ident}:hover .gv-t{{animation-play-state:paused}}",
            "}",
        ]
        return "\n".join(rules[0 if still else 1 :]) + "\n"

    def _changes(self, seen: int) -> str:
        """Give the moments at which it appears and disappears."""
        hidden: list[str] = []
        visible: list[str] = []
        turns = (seen ^ seen << 1) & self.always | 1
        while turns:
            moment = (turns & -turns).bit_length() - 1
            (visible if seen >> moment & 1 else hidden).append(self._at(moment))
            turns &= turns - 1
        return f"{','.join(hidden)}{{visibility:hidden}}{','.join(visible)}{{visibility:visible}}"

    def _at(self, moment: int) -> str:
        return f"{100 * moment * self.pace.seconds / self._total:.6g}%"
