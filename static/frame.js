/** The state at step k, and how one step changes it. No DOM. */

/** @returns a copy that `applyStep` may change. */
export function copyFrame(frame) {
  return {
    k: frame.k,
    boxes: frame.boxes.map((box) => ({ ...box })),
    edges: frame.edges.map((edge) => ({ ...edge })),
  };
}

function gain(pass, frame, step) {
  const box = frame.boxes[step.box];
  box.grads += 1;
  if (pass.isSingle(step.box)) {
    box.grad = step.after;
    box.level = step.level;
  } else if (box.grads >= box.gradsTotal) {
    box.grad = pass.boxes[step.box].grad;
    box.level = pass.boxes[step.box].glevel;
  }
}

function carry(pass, frame, step) {
  gain(pass, frame, step);
  const edge = frame.edges[step.viewEdge];
  if (!edge) return;
  edge.carried += 1;
  if (edge.total === 1) Object.assign(edge, { on: true, text: step.carried, level: step.carriedLevel });
  else if (edge.carried >= edge.total) {
    const { text, level } = pass.edges[step.viewEdge];
    Object.assign(edge, { on: true, text, level });
  }
}

const EVENTS = {
  compute(pass, frame, step) {
    const box = frame.boxes[step.box];
    box.computed += 1;
    if (pass.isSingle(step.box)) box.data = step.after;
    else if (box.computed >= box.total) box.data = pass.boxes[step.box].data;
  },
  enter() {},
  leave(pass, frame, step) {
    if (pass.isSingle(step.box)) frame.boxes[step.box].order = step.position ?? step.after;
  },
  seed: gain,
  carry,
  update(pass, frame, step) {
    const box = frame.boxes[step.box];
    box.updated = true;
    if (pass.isSingle(step.box)) box.data = step.after;
  },
};

/** Turn the frame at `step.k` into the frame at `step.k + 1`, in place. */
export function applyStep(pass, frame, step) {
  if (frame.boxes[step.box]) EVENTS[step.event]?.(pass, frame, step);
  // With the last step of backward: gradients that are there in the end though no step brought them.
  for (const { box, after, level } of step.also ?? []) Object.assign(frame.boxes[box], { grad: after, level });
  frame.k = step.k + 1;
  return frame;
}
