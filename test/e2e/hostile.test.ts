import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hexToBytes } from '../../src/store/index.ts';
import { Impostor, NETWORK_NAME } from './support/impostor.ts';
import { TestMesh } from './support/mesh.ts';

const GC = fileURLToPath(new URL('./support/gc-on-request.ts', import.meta.url));
const MIB = 1024 * 1024;
const INFINITY = 'ffffffffffffffffff0100';
/** A well-formed message: the fingerprint of an empty set, to infinity. */
const WELL_FORMED = `01${INFINITY}01${'be'.repeat(32)}`;

function frame(payload: Uint8Array): Uint8Array {
  const prefix: number[] = [];
  let rest = payload.length;
  for (; rest >= 0x80; rest >>>= 7) prefix.push((rest & 0x7f) | 0x80);
  return Uint8Array.from([...prefix, rest, ...payload]);
}

/** What a peer may throw at the reconciliation stream: whole frames, and bytes that are none. */
function* hostileBytes(): Generator<Uint8Array> {
  yield frame(hexToBytes('ffffffffffffffffff01'));
  yield frame(hexToBytes(`01${INFINITY}02ffffffff`));
  yield frame(hexToBytes(`02640000320001${'00'.repeat(32)}`));
  yield frame(hexToBytes('01640000'));
  yield frame(hexToBytes('00'));
  yield frame(hexToBytes(`01${INFINITY}07`));
  yield Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x7f]);
  yield Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
  yield new Uint8Array(9 * MIB);
  const message = hexToBytes(WELL_FORMED);
  for (let length = 0; length < message.length; length++) yield frame(message.subarray(0, length));
  yield* [0x00, 0x01, 0x02, 0x7f].map((byte) => frame(new Uint8Array(3 * MIB).fill(byte)));
}

describe('hostile frames', () => {
  it('end their stream with an error; the daemon lives and keeps no memory of them', async (context) => {
    const mesh = await TestMesh.create(context);
    const victim = await mesh.start('victim', { execArgv: ['--expose-gc', '--import', GC] });
    await Promise.all(
      Array.from({ length: 500 }, (_, i) => victim.client.put(new Uint8Array([i >> 8, i]))),
    );
    const attacker = await Impostor.start([], async () => undefined);
    context.after(() => attacker.stop());
    const [address] = (await victim.client.status()).addresses;

    const attack = async (protocol: string, bytes: Uint8Array) => {
      const stream = await attacker.stream(address!, `/rangemesh/${NETWORK_NAME}/${protocol}`);
      const closed = once(stream, 'close');
      try {
        stream.send(bytes);
        await stream.close();
      } catch {
        // The daemon may be quicker to reset the stream than we are to fill it.
      }
      if (stream.status !== 'aborted' && stream.status !== 'reset') await closed;
    };
    const round = async () => {
      for (const bytes of hostileBytes()) {
        await attack('commonware/1', bytes);
        await attack('fetch/1', bytes);
      }
    };
    await round();
    const before = Number(await victim.daemon.ask('gc'));
    for (let i = 0; i < 3; i++) await round();
    const after = Number(await victim.daemon.ask('gc'));
    context.diagnostic(`resident set: ${before / MIB} MiB before, ${after / MIB} MiB after`);
    assert.ok(after - before < 32 * MIB);

    const codes = new Set(victim.daemon.log.map(({ code }) => code));
    assert.ok(codes.has('MALFORMED_FRAME'), [...codes].join());
    assert.ok(codes.has('FRAME_TOO_LARGE'), [...codes].join());
    const { status } = await victim.client.send('GET', '/livez');
    assert.equal(status, 200);
  });
});
