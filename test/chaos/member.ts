import { fileURLToPath } from 'node:url';
import { AdminClient } from '../../scripts/support/admin-client.ts';
import { DaemonProcess } from '../../scripts/support/daemon-process.ts';
import type { VerifyResult } from '../../src/store/index.ts';
import type { NodeDisk } from './disk.ts';

const CLOCK = fileURLToPath(new URL('./clock-on-request.ts', import.meta.url));
const SETTINGS = [
  ...['network.listen=/ip4/127.0.0.1/tcp/0', 'network.discovery=false', 'admin.port=0'],
  ...['sync.intervalMs=2000', 'limits.minFreeBytes=16MiB', 'hints.unit=milliseconds'],
];
/** A call to a node that stands still ends. */
const CALL_MS = 5_000;
const VERIFY_MS = 120_000;

/** One daemon, with all its lives. */
export class Member {
  readonly number: number;
  readonly disk: NodeDisk;
  /** Ids of items that it acknowledged, as hexadecimal digits. */
  readonly acknowledged: string[] = [];
  /** The port on which peers reach it; null while it is down. */
  port: number | null = null;
  readonly #peers: readonly string[];
  #daemon: DaemonProcess | null = null;
  #url = '';
  #token = '';

  /** `peers`: addresses that it dials. */
  constructor(number: number, disk: NodeDisk, peers: readonly string[]) {
    this.number = number;
    this.disk = disk;
    this.#peers = peers;
  }

  get isUp(): boolean {
    return this.#daemon !== null;
  }

  async start(): Promise<void> {
    const settings = [...SETTINGS, `network.peers=${this.#peers.join(',')}`];
    const daemon = await DaemonProcess.start({
      dataDir: this.disk.dataDir,
      args: settings.flatMap((setting) => ['--set', setting]),
      execArgv: ['--import', CLOCK],
    });
    this.#daemon = daemon;
    this.#url = daemon.admin;
    this.#token = await daemon.token();
    void daemon.ended.then(() => this.#gone(daemon));
    const { addresses } = await this.status(30_000);
    this.port = Number(/\/tcp\/(\d+)/.exec(addresses[0]!)![1]);
  }

  async kill(): Promise<void> {
    await this.#daemon?.stop('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#daemon?.stop('SIGTERM');
  }

  /** Of a daemon that runs. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    if (this.#daemon !== null) process.kill(this.#daemon.pid, name);
  }

  async jump(ms: number): Promise<void> {
    await this.#daemon?.ask(`clock ${ms}`);
  }

  /** Rejects where the node does not acknowledge it. */
  async put(payload: Uint8Array, hint: bigint): Promise<void> {
    const { id } = await this.#call(CALL_MS, (client) => client.put(payload, hint));
    this.acknowledged.push(id);
  }

  status(limitMs: number = CALL_MS): ReturnType<AdminClient['status']> {
    return this.#call(limitMs, (client) => client.status());
  }

  /** Which of the ids it holds. */
  async have(ids: readonly string[]): Promise<boolean[]> {
    const body = JSON.stringify({ ids });
    const { status, text } = await this.#call(30_000, (client) =>
      client.send('POST', '/v1/items/have', body),
    );
    if (status !== 200) throw new Error(`node ${this.number} answered ${status}: ${text}`);
    return JSON.parse(text).have;
  }

  async verify(): Promise<VerifyResult> {
    const { text } = await this.#call(VERIFY_MS, (client) => client.send('POST', '/v1/verify', ''));
    const { result } = JSON.parse(text.trim().split('\n').at(-1)!);
    if (result === undefined) throw new Error(`node ${this.number} could not verify: ${text}`);
    return result;
  }

  async #call<Answer>(
    limitMs: number,
    ask: (client: AdminClient) => Promise<Answer>,
  ): Promise<Answer> {
    const signal = AbortSignal.timeout(limitMs);
    const client = new AdminClient({ url: this.#url, token: this.#token, signal });
    try {
      return await ask(client);
    } finally {
      client.close();
    }
  }

  #gone(daemon: DaemonProcess): void {
    if (this.#daemon !== daemon) return;
    this.#daemon = null;
    this.port = null;
  }
}
