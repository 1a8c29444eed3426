import type { AbortOptions, MultiaddrConnection } from '@libp2p/interface';
import { AbstractMultiaddrConnection } from '@libp2p/utils';
import type { Cipher } from './cipher.ts';

interface CipherInit {
  readonly inbound: Cipher;
  readonly outbound: Cipher;
  /**
   * Plain bytes that were read ahead.
   * @default none
   */
  readonly greeting?: Uint8Array;
}

/** A connection whose bytes are enciphered in both directions. */
export class EncipheredConnection extends AbstractMultiaddrConnection {
  readonly #below: MultiaddrConnection;
  readonly #outbound: Cipher;

  constructor(below: MultiaddrConnection, { inbound, outbound, greeting }: CipherInit) {
    const { remoteAddr, direction } = below;
    super({ remoteAddr, direction, log: below.log.newScope('pnet') });
    this.#below = below;
    this.#outbound = outbound;
    if (greeting !== undefined) this.onData(greeting);
    below.addEventListener('message', ({ data }) => {
      this.onData(inbound.apply(data.subarray()));
    });
    below.addEventListener('end', () => inbound.end());
    below.addEventListener('drain', () => this.onMuxerDrain());
    below.addEventListener('close', ({ error, local }) => {
      outbound.end();
      if (error === undefined) this.onTransportClosed();
      else if (local) this.abort(error);
      else this.onRemoteReset();
    });
  }

  async sendClose(options?: AbortOptions): Promise<void> {
    await this.#below.close(options);
  }

  sendData(data: Parameters<AbstractMultiaddrConnection['sendData']>[0]): {
    sentBytes: number;
    canSendMore: boolean;
  } {
    const sentBytes = data.byteLength;
    const canSendMore = this.#below.send(this.#outbound.apply(data.subarray()));
    return { sentBytes, canSendMore };
  }

  sendReset(error: Error): void {
    this.#below.abort(error);
  }

  sendPause(): void {
    this.#below.pause();
  }

  sendResume(): void {
    this.#below.resume();
  }
}
