/** Text of strangers, to be read in the order it was written. No DOM. */

const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Marks that turn the reading direction round are written out, as in every drawing: `\u202e`. */
export const legible = (text) => text.replace(TURNING, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
