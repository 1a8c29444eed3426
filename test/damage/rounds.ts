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

/** Items asked for by id at each look. */
const SAMPLE = 60;

/** Damages the directory of a daemon again and again, and looks what the next daemon makes of it. */
export class Rounds {
  readonly #init: Required<RoundsInit>;
  readonly #random: Random;
  readonly #items: NewItem[];
  #peer: Node | null = null;
  #round = 0;

  constructor(init: RoundsInit) {
    this.#init = { items: 3_000, files: FILE_KINDS, damages: DAMAGES, ...init };
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
    const done = damage(join(data, 'db'), file, kind, this.#random) ?? 'nothing to damage';
    const found = await this.#look(data, peer).catch((error) => failed((error as Error).message));
    const milliseconds = Math.round(performance.now() - begun);
    return { round, damage: done, peer, ...found, milliseconds };
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
    const wrong = await this.#wrongAmongSample(node);
    if (wrong !== null) return { ...failed(wrong), wrong: true };
    if (peer) {
      const { addresses } = await this.#peer!.client.status();
      await node.client.addPeer(addresses[0]!);
    }
    const count = this.#items.length;
    const settled = (status: Status): boolean =>
      status.rebuilding === null && status.refusing === null && status.set.fingerprint !== null;
    const whole = (status: Status): boolean =>
      settled(status) &&
      status.set.items === count &&
      !status.needsRefill &&
      status.quarantined === 0;
    const deadline = performance.now() + PATIENCE_MS;
    let status = await node.client.status();
    while (!(peer ? whole(status) : settled(status)) && performance.now() < deadline) {
      await pause(50);
      status = await node.client.status();
    }
    const still = await this.#wrongAmongSample(node);
    if (still !== null) return { ...failed(still), wrong: true };
    const codes = status.incidents.map(({ code }) => code).join(' ');
    if (whole(status)) return { ...OKAY, outcome: 'whole', message: codes };
    if (!peer && settled(status)) {
      const silent = codes === '' && status.set.items !== count;
      if (silent) return { ...failed(`${status.set.items} items, and no incident`), wrong: true };
      return { ...OKAY, outcome: 'lossy', message: `${status.set.items} items, ${codes}` };
    }
    const { set, needsRefill, quarantined, refusing, rebuilding } = status;
    const seen = { items: set.items, needsRefill, quarantined, refusing, rebuilding, codes };
    return failed(`not whole: ${JSON.stringify(seen)}`);
  }

  /** Asks for some items by their ids; says what is no right answer, or null. */
  async #wrongAmongSample({ client }: Node): Promise<string | null> {
    const { length } = this.#items;
    for (let i = 0; i < SAMPLE; i += 20) {
      const some = Array.from({ length: 20 }, () => this.#items[this.#below(length)]!);
      // What is lost may be found by these very requests, so the status is asked behind them.
      const answers = await Promise.all(
        some.map(({ hint, payload }) =>
          client.send('GET', `/v1/items/${bytesToHex(itemId(hint, payload))}`),
        ),
      );
      const sound = callsItselfWhole(await client.status());
      for (const [k, { status, text }] of answers.entries()) {
        if (status === 200 && text !== new TextDecoder().decode(some[k]!.payload)) {
          return `wrong bytes for item ${some[k]!.hint}`;
        }
        if (status === 404 && sound)
          return `404 for item ${some[k]!.hint}, and the node calls itself whole`;
        if (![200, 404, 503].includes(status)) return `a GET was answered ${status}: ${text}`;
      }
    }
    return null;
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
