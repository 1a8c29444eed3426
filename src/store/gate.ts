/** Where callers wait until a condition holds. */
export class Gate {
  #waiting: PromiseWithResolvers<void> | null = null;

  /** Resolves once `isOpen()` is true: it is asked now, and again after each `recheck`. */
  async until(isOpen: () => boolean): Promise<void> {
    while (!isOpen()) {
      this.#waiting ??= Promise.withResolvers();
      await this.#waiting.promise;
    }
  }

  /** To be called when the answer of `isOpen` may have changed. */
  recheck(): void {
    this.#waiting?.resolve();
    this.#waiting = null;
  }
}
