import { Alarm, type Clock } from '../../../store/index.ts';
import type { Notices } from '../notices.ts';
import type { KeyRing } from './key-ring.ts';

interface OldConnectionsInit {
  readonly clock: Clock;
  readonly notices: Pick<Notices, 'say'>;
  readonly keys: Pick<KeyRing, 'countsOld'>;
}

/** A part of libp2p's interface. */
interface OldConnection {
  readonly remoteAddr: { toString(): string };
  addEventListener(type: 'close', listener: () => void, options: { once: true }): void;
  close(): Promise<void>;
  abort(error: Error): void;
}

/** How often the clock on the wall is looked at while connections under the old key are open. */
const LOOK_MS = 1_000;
/** A tenth of the connections closes at each look, so that not all peers dial again at once. */
const SHARE = 10;

/** The open connections under the old key, which close once that counts no more. */
export class OldConnections {
  readonly #init: OldConnectionsInit;
  readonly #open = new Set<OldConnection>();
  readonly #alarm: Alarm;

  constructor(init: OldConnectionsInit) {
    this.#init = init;
    this.#alarm = new Alarm(init.clock);
  }

  add(connection: OldConnection): void {
    this.#open.add(connection);
    const closed = (): void => {
      this.#open.delete(connection);
      if (this.#open.size === 0) this.#alarm.cancel();
    };
    connection.addEventListener('close', closed, { once: true });
    this.#alarm.ensure(LOOK_MS, () => this.#look());
  }

  #look(): void {
    this.#alarm.set(LOOK_MS, () => this.#look());
    if (this.#init.keys.countsOld) return;
    const due = Math.ceil(this.#open.size / SHARE);
    for (const connection of [...this.#open].slice(0, due)) this.#close(connection);
  }

  #close(connection: OldConnection): void {
    const address = `${connection.remoteAddr}`;
    const message = `Closed the connection with ${address}: it was made under the old pre-shared key, which has not counted since access.pskOldUntil; the peer needs the new key`;
    this.#init.notices.say({
      code: 'OLD_KEY_EXPIRED',
      remote: address,
      fields: { address },
      message,
    });
    connection.close().catch((error: Error) => connection.abort(error));
  }
}
