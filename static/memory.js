/** Answers kept by their question; a failed one is asked again. No DOM. */
export class Memory {
  #kept = new Map();

  constructor(most = 300) {
    this.most = most;
  }

  /** @param load gives the promise when the key is not known yet */
  recall(key, load) {
    if (!this.#kept.has(key)) {
      const coming = load();
      coming.catch(() => this.#kept.delete(key));
      this.#kept.set(key, coming);
      if (this.#kept.size > this.most) this.#kept.delete(this.#kept.keys().next().value);
    }
    return this.#kept.get(key);
  }
}
