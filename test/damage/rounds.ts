import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Status } from '../../src/daemon/index.ts';
import { systemClock, systemWitness } from '../../src/daemon/system/index.ts';
import {
  bytesToHex,
  itemId,
  type NewItem,
  openDatabase,
  type Random,
  Replica,
} from '../../src/store/index.ts';
import { FakeDisk } from '../support/fake-disk.ts';
import { SeededRandom } from '../support/random.ts';
import { DAMAGES, type DamageKind, damage, FILE_KINDS, type FileKind } from './damage.ts';
import { type Ending, type Node, startNode, verify } from './node.ts';

export interface RoundsInit {
  /** Empty, and the caller's to remove. */
  directory: string;
  seed: number;
  /** @default 3_000 */
  items?: number;
  /** Kinds of files that are damaged, in turn. @default all */
  files?: readonly FileKind[];
  /** @default all, in turn */
  damages?: readonly DamageKind[];
  /**
   * Damages the files under a daemon that runs; it may end then, and is started again.
   * @default false
   */
  running?: boolean;
}

export interface RoundResult {
  readonly round: number;
  readonly damage: string;
  readonly peer: boolean;
  /** WHOLE: everything is there again. LOSSY: some items are lost, and the node says so. REFUSED: exit code 74. */
  readonly outcome: 'whole' | 'lossy' | 'refused' | 'failed';
  /** Ended by a signal. */
  readonly signal: boolean;
  /** Wrong bytes, or a loss that is not reported. */
  readonly wrong: boolean;
  readonly message: string;
  readonly milliseconds: number;
}

/** Milliseconds within which a node must be whole again. */
const PATIENCE_MS = 30_000;
/** Starts on a directory that was damaged under a daemon, until one goes well. */
const STARTS = 3;
/** Items put before and after such a damage. */
const PUTS = 20;
const WRONG = 'wrong bytes';

/** Items asked for by id at each look. */
const SAMPLE = 60;

/** Damages the directory of a daemon again and again, and looks what the next daemon makes of it. */
export class Rounds {
  readonly #init: Required<RoundsInit>;
  readonly #random: Random;
  readonly #items: NewItem[];
  #peer: Node | null = null;
  #round = 0;
  /** Items of the peer, and items that the daemon of the round must not lose in silence. */
  #count = { peer: 0, own: 0 };

  constructor(init: RoundsInit) {
    this.#init = { items: 3_000, files: FILE_KINDS, damages: DAMAGES, running: false, ...init };
    this.#random = new SeededRandom(init.seed);
    this.#items = Array.from({ length: this.#init.items }, (_, i) => this.#newItem(i));
  }

  /** Makes the directory that each round damages a copy of, and starts the peer. */
  async begin(): Promise<void> {
    const template = this.#path('template');
    mkdirSync(template, { recursive: true });
    const parts = 5;
    for (let part = 0; part < parts; part++) {
      await fill(
        template,
        this.#items.filter((_, i) => i % parts === part),
      );
    }
    cpSync(template, this.#path('peer'), { recursive: true });
    const peer = await startNode(this.#path('peer'));
    if (!('daemon' in peer)) throw new Error(peer.words);
    this.#peer = peer;
    this.#count.peer = this.#items.length;
  }

  async close(): Promise<void> {
    this.#peer?.client.close();
    await this.#peer?.daemon.stop('SIGKILL');
  }

  async next(): Promise<RoundResult> {
    const round = this.#round++;
    const { files, damages } = this.#init;
    const file = files[round % files.length]!;
    const kind = damages[Math.floor(round / files.length) % damages.length]!;
    const peer = this.#random.fraction() < 0.5;
    const begun = performance.now();
    const data = this.#path('data');
    rmSync(data, { recursive: true, force: true });
    cpSync(this.#path('template'), data, { recursive: true });
    this.#count.own = this.#init.items;
    const attack = (): string =>
      damage(join(data, 'db'), file, kind, this.#random) ?? 'nothing to damage';
    let done = '';
    let found: Outcome;
    try {
      done = this.#init.running ? await this.#undermine(data, attack) : attack();
      found = await this.#look(data, peer);
      for (let start = 1; this.#init.running && found.signal && start < STARTS; start++) {
        done += `, started again after ${found.message}`;
        found = await this.#look(data, peer);
      }
    } catch (error) {
      found = failed((error as Error).message);
    }
    const milliseconds = Math.round(performance.now() - begun);
    return { round, damage: done, peer, ...found, milliseconds };
  }

  /** Damages the files of a daemon that works; says what was done, and how the daemon ended. */
  async #undermine(data: string, attack: () => string): Promise<string> {
    const node = await startNode(data);
    if (!('daemon' in node)) throw new Error(node.words);
    try {
      // So that there is a log to be damaged.
      await this.#put(node);
      const done = attack();
      const end = await this.#work(node).catch((error: Error) => {
        if (error.message.startsWith(WRONG)) throw error;
        return 'the daemon ended by itself';
      });
      const code = await node.daemon.stop(this.#random.fraction() < 0.5 ? 'SIGKILL' : 'SIGTERM');
      return `${done}; ${end} with ${code ?? 'a signal'}`;
    } finally {
      node.client.close();
      await node.daemon.stop('SIGKILL');
    }
  }

  /** Puts items here and reads others. */
  async #work(node: Node): Promise<string> {
    await this.#put(node);
    const wrong = await this.#wrongAmongItems(node);
    if (wrong?.startsWith(WRONG)) throw new Error(wrong);
    return wrong ?? 'stopped';
  }

  /** Puts items here and at the peer. */
  async #put({ client }: Node): Promise<void> {
    for (let i = 0; i < PUTS; i++) {
      const item = this.#newItem(this.#count.peer);
      await this.#peer!.client.put(item.payload, item.hint);
      this.#count.peer++;
      const path = `/v1/items?hint=${item.hint}`;
      const { status } = await client.send('POST', path, item.payload);
      if (status === 200 || status === 201) this.#count.own++;
    }
  }

  async #look(data: string, peer: boolean): Promise<Outcome> {
    if (this.#round % 4 === 0) {
      const verified = await verify(data);
      if (verified.code !== 0 && verified.code !== 74) return ended(verified, 'verify: ');
    }
    const node = await startNode(data, [`scrub.itemsPerSecond=${this.#below(2) * 2_000}`]);
    if (!('daemon' in node)) return ended(node, '');
    try {
      const outcome = await this.#use(node, peer);
      const code = await node.daemon.stop();
      if (code !== 0 && outcome.outcome !== 'failed') {
        return failed(`the daemon ended with ${code} when it was stopped`);
      }
      if (outcome.outcome !== 'whole' || this.#round % 4 !== 1) return outcome;
      const verified = await verify(data);
      if (verified.code === 0) return outcome;
      return failed(`verify at the end: ${verified.code} ${verified.words}`);
    } catch (error) {
      const { signalCode } = Object(node.daemon);
      return failed(`${(error as Error).message} ${signalCode ?? ''}`);
    } finally {
      node.client.close();
      await node.daemon.stop('SIGKILL');
    }
  }

  async #use(node: Node, peer: boolean): Promise<Outcome> {
    const wrong = await this.#wrongAmongItems(node);
    if (wrong !== null) return { ...failed(wrong), wrong: true };
    if (peer) {
      const { addresses } = await this.#peer!.client.status();
      await node.client.addPeer(addresses[0]!);
    }
    const count = peer ? this.#count.peer : this.#count.own;
    const settled = (status: Status): boolean =>
      status.rebuilding === null && status.refusing === null && status.set.fingerprint !== null;
    const whole = (status: Status): boolean =>
      settled(status) &&
      status.set.items >= count &&
      !status.needsRefill &&
      status.quarantined === 0;
    const deadline = performance.now() + PATIENCE_MS;
    let status = await node.client.status();
    while (!(peer ? whole(status) : settled(status)) && performance.now() < deadline) {
      await pause(50);
      status = await node.client.status();
    }
    const still = await this.#wrongAmongItems(node);
    if (still !== null) return { ...failed(still), wrong: true };
    const codes = status.incidents.map(({ code }) => code).join(' ');
    if (whole(status)) return { ...OKAY, outcome: 'whole', message: codes };
    if (!peer && settled(status)) {
      // An earlier daemon of the round may have told, and the note of it outlives that.
      const silent = codes === '' && !status.needsRefill && status.set.items < count;
      if (silent) return { ...failed(`${status.set.items} items, and no incident`), wrong: true };
      const message = `${status.set.items} items, ${codes || 'told before'}`;
      return { ...OKAY, outcome: 'lossy', message };
    }
    const { set, needsRefill, quarantined, refusing, rebuilding } = status;
    const seen = { items: set.items, needsRefill, quarantined, refusing, rebuilding, codes };
    return failed(`not whole: ${JSON.stringify(seen)}`);
  }

  /** Asks for items by their ids; says what is no right answer, or null. */
  async #wrongAmongItems({ client }: Node): Promise<string | null> {
    const items = this.#asked();
    for (let i = 0; i < items.length; i += 20) {
      const some = items.slice(i, i + 20);
      // What is lost may be found by these very requests, so the status is asked behind them.
      const answers = await Promise.all(
        some.map(({ hint, payload }) =>
          client.send('GET', `/v1/items/${bytesToHex(itemId(hint, payload))}`),
        ),
      );
      const sound = callsItselfWhole(await client.status());
      for (const [k, { status, text }] of answers.entries()) {
        if (status === 200 && text !== new TextDecoder().decode(some[k]!.payload)) {
          return `${WRONG} for item ${some[k]!.hint}`;
        }
        if (this.#init.running && status === 500 && text.includes('STORE_CORRUPT')) continue;
        if (status === 404 && sound)
          return `404 for item ${some[k]!.hint}, and the node calls itself whole`;
        if (![200, 404, 503].includes(status)) return `a GET was answered ${status}: ${text}`;
      }
    }
    return null;
  }

  /** All, where a compaction may have given damaged items good checksums: only their hashes tell. */
  #asked(): NewItem[] {
    if (this.#init.running) return this.#items;
    return Array.from({ length: SAMPLE }, () => this.#items[this.#below(this.#init.items)]!);
  }

  #newItem(number: number): NewItem {
    const words = bytesToHex(this.#random.bytes(16 + this.#below(600)));
    return { hint: BigInt(number), payload: new TextEncoder().encode(`item ${number} ${words}`) };
  }

  #path(name: string): string {
    return join(this.#init.directory, name);
  }

  #below(limit: number): number {
    return Math.floor(this.#random.fraction() * limit);
  }
}

type Outcome = Pick<RoundResult, 'outcome' | 'signal' | 'wrong' | 'message'>;

const OKAY = { signal: false, wrong: false };

function failed(message: string): Outcome {
  return { ...OKAY, outcome: 'failed', message };
}

function ended({ code, signal, words }: Ending, what: string): Outcome {
  const message = `${what}${code ?? signal} ${words}`;
  if (code === 74 && words.length > 40) return { ...OKAY, outcome: 'refused', message };
  return { ...failed(message), signal: signal !== null };
}

/** Puts items into the directory of a daemon that is not running. */
async function fill(dataDir: string, items: readonly NewItem[]): Promise<void> {
  const witness = systemWitness(join(dataDir, 'commit'));
  const replica = await Replica.open({
    open: () => openDatabase(join(dataDir, 'db')),
    witness,
    clock: systemClock,
    disk: new FakeDisk(),
    index: { bufferItems: 256 },
  });
  for (let i = 0; i < items.length; i += 200) await replica.put(items.slice(i, i + 200));
  await replica.close();
  witness.close();
}

/** Such a node lacks nothing that it ever held. */
function callsItselfWhole({ needsRefill, quarantined, rebuilding, refusing }: Status): boolean {
  return !needsRefill && quarantined === 0 && rebuilding === null && refusing === null;
}
