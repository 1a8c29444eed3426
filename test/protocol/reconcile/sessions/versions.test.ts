import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Dialect,
  nativeDialect,
  ReconcileService,
  type SessionInit,
} from '../../../../src/protocol/index.ts';
import type { NativeVersion } from '../../../../src/protocol/reconcile/dialects/native/testing.ts';
import { bytesToHex, type ItemKey } from '../../../../src/store/index.ts';
import { keysOf } from '../../../conformance/pairs.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';
import { snapshotOf } from '../dialects/native/support.ts';

const all = keysOf(33, 600);
const byId = new Map(all.map((key) => [bytesToHex(key.id), key]));

/** Nodes of four ages, which hold three quarters of the items each. */
const NODES = {
  old: { versions: [1], holds: (i: number) => i % 4 !== 0 },
  middle: { versions: [2, 1], holds: (i: number) => i % 4 !== 1 },
  late: { versions: [3, 2, 1], holds: (i: number) => i % 4 !== 2 },
  new: { versions: [4, 3, 2, 1], holds: (i: number) => i % 4 !== 3 },
} as const;
type Name = keyof typeof NODES;
const NAMES = Object.keys(NODES) as Name[];

describe('a mesh of nodes of native versions 1 to 4', () => {
  it('comes to the same set on all nodes, each pair in the latest version of both', async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom('versions') });
    const sets = new Map<Name, Map<string, ItemKey>>();
    const services = new Map<Name, ReconcileService>();
    const spoken: number[] = [];
    const overheard = (name: Name, version: NativeVersion): Dialect => {
      const dialect = nativeDialect({ random: new SeededRandom(`${name} ${version}`), version });
      const session = (init: SessionInit) => {
        if (init.role === 'initiator') spoken.push(version);
        return dialect.session(init);
      };
      return { ...dialect, session };
    };
    for (const name of NAMES) {
      const { versions, holds } = NODES[name];
      const set = new Map([...byId].filter((_, i) => holds(i)));
      sets.set(name, set);
      const service = new ReconcileService(network.node(name), {
        clock,
        networkName: 'n',
        dialects: versions.map((version) => overheard(name, version)),
        snapshot: () => ({ snapshot: snapshotOf([...set.values()]), version: 1 }),
        events: {
          peerConnected: () => {},
          peerDisconnected: () => {},
          differs: () => {},
          missing(_, ids) {
            for (const id of ids.map(bytesToHex)) set.set(id, byId.get(id)!);
          },
          ended: () => {},
        },
      });
      services.set(name, service);
      await service.start();
    }
    for (let round = 0; round < 2; round++) {
      for (const [a, b] of [
        ['old', 'middle'],
        ['middle', 'late'],
        ['late', 'new'],
        ['new', 'old'],
      ] as const) {
        network.connect(a, b);
        await clock.advance(50);
        const report = services.get(a)!.reconcile(b);
        const { error } = await soon(clock, 'the session ends', report, 20_000);
        assert.equal(error, null);
      }
    }
    for (const name of NAMES) assert.equal(sets.get(name)!.size, all.length, name);
    assert.deepEqual(spoken, [1, 2, 3, 1, 1, 2, 3, 1]);
    for (const service of services.values()) await service.stop();
  });
});
