/** Long columns as the server packs them: numbers in base64, words by a list of the different ones. No DOM. */

const TYPES = { u1: Uint8Array, i1: Int8Array, u2: Uint16Array, i2: Int16Array, i4: Int32Array };

/** @returns a typed array; little-endian, as every machine that a browser runs on */
export function unpackNumbers({ type, base64 }) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return new TYPES[type](bytes.buffer);
}

/** @returns a list */
export function unpackWords({ words, at, times }) {
  if (times !== undefined) return new Array(times).fill(words[0]);
  return at === undefined ? words : Array.from(unpackNumbers(at), (index) => words[index]);
}

const unpack = (column) => ("words" in column ? unpackWords(column) : unpackNumbers(column));

/** Columns as a list of objects, one for each row. */
export function unpackRows(packed) {
  const names = Object.keys(packed);
  const columns = names.map((name) => unpack(packed[name]));
  return Array.from(columns[0] ?? [], (_, row) => {
    const object = {};
    for (let i = 0; i < names.length; i += 1) object[names[i]] = columns[i][row];
    return object;
  });
}
