import { AdminClient, type Transport } from '../../client/index.ts';
import { needsToken } from './needs-token.ts';

/** Keeps the token for the session of the tab. */
export interface TokenStorage {
  read(): string | null;
  /** Null forgets it. */
  write(token: string | null): void;
}

export interface AccessInit {
  /** Of the daemon, without a path. */
  readonly url: string;
  readonly storage: TokenStorage;
  /** @default `fetch` */
  readonly fetch?: Transport;
}

/** Calls with the token, which people are asked for once a call needs it. */
export class PageAccess {
  readonly #init: AccessInit;
  readonly #listeners = new Set<() => void>();
  #token: string | null;
  #changes = 0;
  #asked: PromiseWithResolvers<boolean> | null = null;
  #isWrong = false;

  constructor(init: AccessInit) {
    this.#init = init;
    this.#token = init.storage.read();
  }

  get hasToken(): boolean {
    return this.#token !== null;
  }

  /** How often the token has changed: all loops over the daemon begin again then. */
  get changes(): number {
    return this.#changes;
  }

  /** People are to give the token now; `wrong`: the token so far is not that of the daemon. */
  get question(): 'none' | 'needed' | 'wrong' {
    if (this.#asked === null) return 'none';
    return this.#isWrong ? 'wrong' : 'needed';
  }

  client(): AdminClient {
    const { url, fetch } = this.#init;
    return new AdminClient({ url, token: this.#token, fetch });
  }

  /** Asks for the token where the daemon wants it, and then calls again. Rejects with the refusal otherwise. */
  async call<T>(run: (client: AdminClient) => Promise<T>): Promise<T> {
    for (;;) {
      const changes = this.#changes;
      try {
        return await run(this.client());
      } catch (error) {
        if (!needsToken(error)) throw error;
        // Another call may have brought a token meanwhile.
        if (changes === this.#changes && !(await this.ask())) throw error;
      }
    }
  }

  /** Resolves with whether a token was given. Questions at the same time are one. */
  ask(): Promise<boolean> {
    if (this.#asked === null) {
      this.#asked = Promise.withResolvers();
      this.#isWrong = this.#token !== null;
      this.#tell();
    }
    return this.#asked.promise;
  }

  /** Answers the question. */
  give(token: string): void {
    this.#keep(token);
    this.#answer(true);
    this.#tell();
  }

  cancel(): void {
    this.#answer(false);
  }

  forget(): void {
    this.#keep(null);
    this.#tell();
  }

  /** Calls back after each change; returns the way to listen no more. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #keep(token: string | null): void {
    this.#token = token;
    this.#changes++;
    this.#init.storage.write(token);
  }

  #answer(isGiven: boolean): void {
    if (this.#asked === null) return;
    this.#asked.resolve(isGiven);
    this.#asked = null;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
