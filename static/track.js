/** Where a step lies on the track: each phase has its share of the width. No DOM. */

const LEAST_SHARE = 0.09;

/** Shares by number of steps; a short phase still gets enough to be seen and read. */
export function segments(phases) {
  const all = phases.reduce((sum, phase) => sum + phase.stop - phase.start, 0);
  const weights = phases.map((phase) => Math.max((phase.stop - phase.start) / (all || 1), LEAST_SHARE));
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  let from = 0;
  return phases.map((phase, index) => {
    const segment = { ...phase, from, to: from + weights[index] / whole };
    from = segment.to;
    return segment;
  });
}

/** The place of frame k, from 0 to 1. */
export function fractionOf(parts, k) {
  const part = parts.find((segment) => k <= segment.stop) ?? parts.at(-1);
  if (!part) return 0;
  const share = (k - part.start) / Math.max(1, part.stop - part.start);
  return part.from + Math.min(Math.max(share, 0), 1) * (part.to - part.from);
}

/** The frame nearest to a place from 0 to 1. */
export function stepAt(parts, fraction) {
  const part = parts.find((segment) => fraction <= segment.to) ?? parts.at(-1);
  if (!part) return 0;
  const share = (fraction - part.from) / (part.to - part.from);
  return Math.round(part.start + Math.min(Math.max(share, 0), 1) * (part.stop - part.start));
}
