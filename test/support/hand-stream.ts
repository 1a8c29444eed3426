import type { Logger } from '@libp2p/interface';
import { AbstractStream } from '@libp2p/utils';

const log: Logger = Object.assign(() => {}, {
  error() {},
  trace() {},
  enabled: false,
  newScope: () => log,
});

/** A libp2p stream whose other end is the test: `come` and the events of libp2p bring what it does. */
export class HandStream extends AbstractStream {
  /** Bytes that left, a write each. */
  readonly sent: Uint8Array[] = [];
  /** What the other end was told beside bytes: `pause`, `resume`, `close` or `reset`. */
  readonly told: string[] = [];
  /** Whether the next write finds room for more. */
  room = true;
  /** Most bytes of a write that find room. */
  takes: number = Number.POSITIVE_INFINITY;
  /** Closing waits for it. */
  closed: Promise<void> = Promise.resolve();

  constructor() {
    super({ id: '1', direction: 'inbound', log });
  }

  come(...bytes: Uint8Array[]): void {
    for (const some of bytes) this.onData(some);
  }

  sendData(data: { byteLength: number; subarray(): Uint8Array }): {
    sentBytes: number;
    canSendMore: boolean;
  } {
    const sent = data.subarray().subarray(0, this.takes);
    this.sent.push(sent);
    return {
      sentBytes: sent.length,
      canSendMore: this.room && sent.length === data.byteLength,
    };
  }

  sendReset(): void {
    this.told.push('reset');
  }

  async sendCloseWrite(): Promise<void> {
    this.told.push('close');
    await this.closed;
  }

  async sendCloseRead(): Promise<void> {}

  sendPause(): void {
    this.told.push('pause');
  }

  sendResume(): void {
    this.told.push('resume');
  }
}
