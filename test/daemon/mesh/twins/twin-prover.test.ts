import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createIdentity } from '../../../../src/daemon/keys/index.ts';
import { Notices } from '../../../../src/daemon/mesh/index.ts';
import { TwinProver } from '../../../../src/daemon/mesh/testing.ts';
import type { Channel } from '../../../../src/protocol/index.ts';
import { bytesToHex, concatBytes } from '../../../../src/store/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { Log } from '../log.ts';

const PROTOCOL = '/rangemesh/n/twin/1';
const BOUNDS = { maxFrameBytes: 1_024 };
const random = new SeededRandom('twins');
const identity = await createIdentity(random);
const stranger = await createIdentity(random);

/** Runs of a node on links to `between`, which the test plays, and on virtual time. */
class Stage {
  readonly clock = new VirtualClock();
  readonly log = new Log('debug', this.clock);
  /** Whom each run gave way to. */
  readonly gaveWay: Record<string, string> = {};
  readonly #network = new MemoryNetwork({ clock: this.clock, random });

  async start(name: string, init: { key?: typeof identity; named?: boolean } = {}) {
    const { clock, log } = this;
    const prover = new TwinProver({
      protocol: PROTOCOL,
      network: this.#network.node(name),
      key: (init.key ?? identity).privateKey,
      run: random.bytes(8),
      clock,
      random,
      notices: new Notices({ clock, logger: log.logger }),
      knows: (peer) => init.named === true && peer === 'named',
      giveWayMs: 600_000,
    });
    void prover.older.then((through) => {
      this.gaveWay[name] = through;
    });
    await prover.start();
    this.#network.connect('between', name);
    return prover;
  }

  /** A channel to the run, as the node between opens it. */
  async open(name: string, from = 'between'): Promise<Channel> {
    if (from !== 'between') this.#network.connect(from, name);
    await this.clock.advance(2);
    const opened = this.#network.node(from).open(name, PROTOCOL, BOUNDS);
    const [channel] = await Promise.all([opened, this.clock.advance(4)]);
    return channel;
  }

  /** The next frame, or null if the run has ended the exchange. */
  async frame(channel: Channel): Promise<Uint8Array | null> {
    const frame = channel.receive().catch(() => null);
    await this.clock.advance(4);
    await this.#signed();
    return frame;
  }

  async send(channel: Channel, frame: Uint8Array): Promise<void> {
    await channel.send(frame).catch(() => undefined);
    await this.clock.advance(4);
    await this.#signed();
  }

  /** Passes claims and proofs on, as an honest node does. */
  async introduce(one: string, two: string): Promise<void> {
    const channels = [await this.open(one), await this.open(two)] as const;
    for (let frames = 0; frames < 2; frames++) {
      const said = [await this.frame(channels[0]), await this.frame(channels[1])] as const;
      await this.send(channels[1], said[0]!);
      await this.send(channels[0], said[1]!);
    }
    await Promise.all(channels.map((channel) => channel.close()));
    await this.clock.advance(10);
  }

  /** Keys sign in microtasks or on another thread. */
  async #signed(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await settle();
    await this.clock.advance(2);
  }
}

/** The claim of an invented run that is older than all others. */
function inventedClaim(): Uint8Array {
  return concatBytes(new Uint8Array(8).fill(0xff), random.bytes(8), random.bytes(32));
}

describe('runs with one identity that are introduced to each other', () => {
  it('have the younger one give way, and the older one tell of it', async () => {
    for (const [one, two] of [
      ['old', 'young'],
      ['young', 'old'],
    ] as const) {
      const stage = new Stage();
      await stage.start('old');
      await stage.clock.advance(5_000);
      await stage.start('young');
      await stage.introduce(one, two);
      assert.deepEqual(stage.gaveWay, { young: 'between' });
      const [line, ...others] = stage.log.with('SAME_IDENTITY');
      assert.match(line!.msg, /was started after it; both are connected with peer between/);
      assert.deepEqual(others, []);
    }
  });

  it('both go on and tell of it once the younger one is ten minutes old', async () => {
    const stage = new Stage();
    await stage.start('old');
    await stage.clock.advance(5_000);
    await stage.start('young');
    await stage.clock.advance(600_100);
    await stage.introduce('old', 'young');
    assert.deepEqual(stage.gaveWay, {});
    const told = stage.log
      .with('SAME_IDENTITY')
      .map(({ msg }) => /started (\w+) it/.exec(msg)?.[1]);
    assert.deepEqual(told.sort(), ['after', 'before']);
  });

  it('give way at any time up to ten minutes', async () => {
    const stage = new Stage();
    await stage.start('old');
    await stage.clock.advance(5_000);
    await stage.start('young');
    await stage.clock.advance(599_900);
    await stage.introduce('old', 'young');
    assert.deepEqual(stage.gaveWay, { young: 'between' });
  });
});

describe('a node between runs that lies', () => {
  it('cannot have a run give way to the signature of another identity', async () => {
    const stage = new Stage();
    await stage.start('other', { key: stranger });
    await stage.clock.advance(5_000);
    await stage.start('young');
    await stage.introduce('other', 'young');
    assert.deepEqual([stage.gaveWay, stage.log.with('SAME_IDENTITY')], [{}, []]);
  });

  it('cannot have a run give way to its own signature under an invented claim', async () => {
    const stage = new Stage();
    await stage.start('young');
    const channel = await stage.open('young');
    await stage.frame(channel);
    await stage.send(channel, inventedClaim());
    const proof = await stage.frame(channel);
    assert.equal(proof?.length, 64);
    await stage.send(channel, proof!);
    assert.deepEqual(stage.gaveWay, {});
  });

  it('cannot have a run meet itself', async () => {
    const stage = new Stage();
    await stage.start('young');
    const channel = await stage.open('young');
    await stage.send(channel, (await stage.frame(channel))!);
    assert.equal(await stage.frame(channel), null, 'it signs nothing');
    assert.deepEqual(stage.gaveWay, {});
  });

  it('cannot use what a former run signed: each claim of a run is another one', async () => {
    const stage = new Stage();
    const former = await stage.start('former');
    const channel = await stage.open('former');
    const claim = (await stage.frame(channel))!;
    await stage.clock.advance(5_000);
    await stage.start('restarted');
    const first = await stage.open('restarted');
    await stage.send(channel, (await stage.frame(first))!);
    const proof = (await stage.frame(channel))!;
    await former.stop();
    first.abort(new Error('over') as never);
    await stage.clock.advance(20_000);
    const second = await stage.open('restarted');
    const fresh = (await stage.frame(second))!;
    await stage.send(second, claim);
    await stage.frame(second);
    await stage.send(second, proof);
    assert.deepEqual(stage.gaveWay, {});
    assert.notEqual(bytesToHex(fresh.subarray(16)), bytesToHex(claim.subarray(16)));
  });

  it('cannot change the age that a run claims', async () => {
    const stage = new Stage();
    await stage.start('old');
    await stage.clock.advance(5_000);
    await stage.start('young');
    const [old, young] = [await stage.open('old'), await stage.open('young')];
    const [oldClaim, youngClaim] = [(await stage.frame(old))!, (await stage.frame(young))!];
    const younger = youngClaim.slice();
    younger[0] = 0xff;
    await stage.send(old, younger);
    await stage.send(young, oldClaim);
    const [proofOfOld, proofOfYoung] = [await stage.frame(old), await stage.frame(young)];
    await stage.send(old, proofOfYoung!);
    await stage.send(young, proofOfOld!);
    assert.deepEqual(stage.gaveWay, {});
  });

  it('cannot have a run sign anything for a claim of another length', async () => {
    const stage = new Stage();
    await stage.start('old');
    for (const length of [0, 47, 49, 64]) {
      const channel = await stage.open('old');
      await stage.frame(channel);
      await stage.send(channel, new Uint8Array(length));
      assert.equal(await stage.frame(channel), null, `${length} bytes`);
      await stage.clock.advance(5_000);
    }
  });
});

describe('exchanges of a run', () => {
  it('end after ten seconds, and when the run stops', async () => {
    const stage = new Stage();
    const prover = await stage.start('a');
    const channel = await stage.open('a');
    await stage.clock.advance(9_900);
    assert.equal(channel.broken.aborted, false);
    await stage.clock.advance(200);
    assert.equal(channel.broken.aborted, true);
    const another = await stage.open('a');
    await prover.stop();
    await stage.clock.advance(10);
    assert.equal(another.broken.aborted, true);
    await assert.rejects(stage.open('a'), { code: 'UNSUPPORTED_PROTOCOL' });
    assert.equal(stage.clock.pending, 0);
  });

  it('are four of a peer, and then one in five seconds', async () => {
    const stage = new Stage();
    await stage.start('a');
    const begins = async () => {
      const channel = await stage.open('a');
      const begun = (await stage.frame(channel)) !== null;
      channel.abort(new Error('over') as never);
      await stage.clock.advance(10);
      return begun;
    };
    for (let turn = 0; turn < 4; turn++) assert.equal(await begins(), true, `${turn}`);
    assert.equal(await begins(), false);
    await stage.clock.advance(5_000);
    assert.deepEqual([await begins(), await begins()], [true, false]);
  });

  it('are sixteen of all peers at once, a quarter of them for named peers', async () => {
    const stage = new Stage();
    await stage.start('a', { named: true });
    const begins = async (from: string) =>
      (await stage.frame(await stage.open('a', from))) !== null;
    let begun = 0;
    for (let peer = 0; peer < 14; peer++) {
      if (await begins(`stranger ${peer}`)) begun++;
    }
    assert.equal(begun, 12);
    assert.equal(await begins('named'), true);
  });
});
