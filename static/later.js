/** What can wait until the picture is painted. */

/** @returns a function that asks for `run` after the next frame: once, however often it is asked */
export function later(run) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => setTimeout(() => {
      asked = false;
      run();
    }));
  };
}
