import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Libp2p } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { LogLine } from '../../scripts/support/daemon-process.ts';
import { concatBytes, hexToBytes } from '../../src/store/index.ts';
import { loopbackNode } from '../support/libp2p.ts';
import { within } from '../support/within.ts';
import { NETWORK_NAME } from './support/impostor.ts';
import { converged, each, join2, type Running, TestMesh } from './support/mesh.ts';

const GC = fileURLToPath(new URL('./support/gc-on-request.ts', import.meta.url));
const MIB = 1024 * 1024;
const INFINITY = 'ffffffffffffffffff0100';
/** A well-formed message: the fingerprint of an empty set, to infinity. */
const WELL_FORMED = hexToBytes(`01${INFINITY}01${'be'.repeat(32)}`);

function frame(payload: Uint8Array): Uint8Array {
  const prefix: number[] = [];
  let rest = payload.length;
  for (; rest >= 0x80; rest >>>= 7) prefix.push((rest & 0x7f) | 0x80);
  return concatBytes(Uint8Array.from([...prefix, rest]), payload);
}

interface Attack {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Codes that fit, on the reconciliation stream and on the fetch stream; null: it is harmless there. */
  readonly reconcile: string;
  readonly fetch: string | null;
}

const MALFORMED = { reconcile: 'MALFORMED_FRAME', fetch: 'MALFORMED_FRAME' };
const TOO_LARGE = { reconcile: 'FRAME_TOO_LARGE', fetch: 'FRAME_TOO_LARGE' };
const CUT = { reconcile: 'STREAM_CLOSED', fetch: 'STREAM_CLOSED' };

/** What a peer may throw at a stream: whole frames, parts of frames, and bytes that are none. */
function attacks(): Attack[] {
  const message = (name: string, hex: string): Attack => ({
    name,
    bytes: frame(hexToBytes(hex)),
    ...MALFORMED,
  });
  const huge = [0x00, 0x01, 0x02, 0x7f].map((byte) => ({
    name: `3 MiB of ${byte}`,
    bytes: frame(new Uint8Array(3 * MIB).fill(byte)),
    reconcile: 'MALFORMED_FRAME',
    fetch: 'FRAME_TOO_LARGE',
  }));
  const whole = frame(WELL_FORMED);
  return [
    message('a count of 2^64-1', 'ffffffffffffffffff01'),
    message('a count of ids that were not sent', `01${INFINITY}02ffffffff`),
    message('backward bounds', `02640000320001${'00'.repeat(32)}`),
    message('no infinity', '01640000'),
    message('no ranges', '00'),
    message('an unknown mode', `01${INFINITY}07`),
    { name: 'a length of 32 GiB', bytes: hexToBytes('ffffffff7f'), ...TOO_LARGE },
    { name: 'a length of 2^64-1', bytes: hexToBytes('ffffffffffffffffff01'), ...MALFORMED },
    { name: '9 MiB of empty frames', bytes: new Uint8Array(9 * MIB), ...MALFORMED },
    ...Array.from({ length: WELL_FORMED.length }, (_, length) => ({
      name: `a message of ${length} bytes`,
      bytes: frame(WELL_FORMED.subarray(0, length)),
      ...MALFORMED,
    })),
    ...Array.from({ length: whole.length }, (_, length) => ({
      name: `a stream of ${length} bytes`,
      bytes: whole.subarray(0, length),
      ...CUT,
      ...(length === 0 && { fetch: null }),
    })),
    ...huge,
  ];
}

/** A peer that speaks no protocol of ours by itself, so that every line about it is about an attack. */
class Attacker {
  readonly #libp2p: Libp2p;
  readonly #address: string;
  readonly #lines: LogLine[] = [];
  #heard = Promise.withResolvers<void>();

  constructor(libp2p: Libp2p, address: string) {
    this.#libp2p = libp2p;
    this.#address = address;
  }

  /** Takes every line of the victim's log. */
  hear(line: LogLine): void {
    // It speaks no dialect by itself either, which is told once, some time after it came.
    if (line.code === 'NO_COMMON_DIALECT') return;
    if (line.peer === this.#libp2p.peerId.toString() && line.code !== undefined) {
      this.#lines.push(line);
      this.#heard.resolve();
    }
  }

  /** Says `bytes` on a stream of its own; resolves with the log lines once the stream has ended. */
  async attack(protocol: string, bytes: Uint8Array, lines: number): Promise<LogLine[]> {
    const seen = this.#lines.length;
    const id = `/rangemesh/${NETWORK_NAME}/${protocol}`;
    const stream = await this.#libp2p.dialProtocol(multiaddr(this.#address), id);
    const ended = () => stream.status !== 'open' && stream.status !== 'closing';
    try {
      if (bytes.length > 0) stream.send(bytes);
      await stream.close();
    } catch {
      // The daemon may be quicker to reset the stream than we are to fill it.
    }
    if (!ended()) await once(stream, 'close', { signal: AbortSignal.timeout(30_000) });
    while (this.#lines.length < seen + lines) {
      this.#heard = Promise.withResolvers();
      await within(this.#heard.promise, `${lines} lines on the attack in the log`);
    }
    return this.#lines.slice(seen);
  }
}

/** Sessions and items of the usual kind, so that nothing a daemon loads or keeps for them counts. */
async function honestTraffic(mesh: TestMesh, victim: Running): Promise<void> {
  const honest = await mesh.start('honest');
  for (const [of, { client }] of [victim, honest].entries()) {
    await each(500, (i) => client.put(new Uint8Array([of, i >> 8, i])));
  }
  // As long as the longest frames: what the allocator keeps at hand for such sizes it keeps anyway.
  for (let i = 0; i < 4; i++) await honest.client.put(new Uint8Array(3 * MIB).fill(i));
  await join2(victim, honest);
  await converged([victim, honest], 1);
  await honest.daemon.stop();
}

describe('hostile frames', () => {
  it('end their stream with an error; the daemon lives and keeps no memory of them', async (context) => {
    const mesh = await TestMesh.create(context);
    const libp2p = await loopbackNode({});
    context.after(() => libp2p.stop());
    // A peer that speaks nothing of the network would be closed after some seconds.
    await libp2p.handle(`/rangemesh/${NETWORK_NAME}/fetch/2`, () => {});
    let attacker: Attacker | undefined;
    const victim = await mesh.start('victim', {
      // At the default level most lines would be left out.
      args: ['--log-level', 'debug'],
      execArgv: ['--expose-gc', '--import', GC],
      onLog: (line) => attacker?.hear(line),
    });
    await honestTraffic(mesh, victim);
    const [address] = (await victim.client.status()).addresses;
    attacker = new Attacker(libp2p, address!);

    const all = attacks();
    const memory = async () => Number(await victim.daemon.ask('gc'));
    const round = async () => {
      for (const { name, bytes, ...expected } of all) {
        const session = await attacker.attack('commonware/1', bytes, 1);
        assert.deepEqual(codes(session), [expected.reconcile], `a session: ${name}`);
        const lines = expected.fetch === null ? 0 : 1;
        const request = await attacker.attack('fetch/2', bytes, lines);
        assert.deepEqual(codes(request), [expected.fetch].slice(0, lines), `a request: ${name}`);
      }
    };
    // The allocator keeps room for frames of these sizes after the first round; a leak grows with each.
    await round();
    const before = await memory();
    for (let further = 0; further < 3; further++) await round();
    const after = await memory();
    context.diagnostic(`resident set: ${before / MIB} MiB before, ${after / MIB} MiB after`);
    assert.ok(after - before < 32 * MIB, `${(after - before) / MIB} MiB more`);
    assert.equal((await victim.client.send('GET', '/livez')).status, 200);
  });
});

function codes(lines: readonly LogLine[]): unknown[] {
  return lines.map(({ code }) => code);
}
