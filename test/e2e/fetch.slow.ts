import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToHex, itemId } from '../../src/store/index.ts';
import { within } from '../support/within.ts';
import { Impostor } from './support/impostor.ts';
import { type LocalDaemon, LocalDaemons } from './support/in-process.ts';
import { converged, until } from './support/mesh.ts';

const MIB = 1024 * 1024;
const encoder = new TextEncoder();
const ids = (payloads: readonly Uint8Array[]) =>
  payloads.map((payload) => bytesToHex(itemId(1n, payload)));

/** Connected to the named daemons alone. */
const alone = (...peers: LocalDaemon[]) => ({
  'network.discovery': 'false',
  'network.peers': peers.map(({ address }) => address),
});

/** How many items a node has when the item is committed there. */
function itemsWith(node: LocalDaemon, id: Uint8Array): Promise<number> {
  const { replica } = node.daemon;
  const { promise, resolve } = Promise.withResolvers<number>();
  const unsubscribe = replica.onCommit((added) => {
    if (!added.some((key) => bytesToHex(key.id) === bytesToHex(id))) return;
    unsubscribe();
    resolve(replica.status().items);
  });
  return within(promise, `the large item at ${node.name}`, 30_000);
}

describe('a large item among small ones', () => {
  const large = new Uint8Array(12 * MIB).fill(7);
  const small = Array.from({ length: 5_000 }, (_, i) => encoder.encode(`small ${i}`));
  const id = itemId(1n, large);
  const putAll = ({ daemon }: LocalDaemon) =>
    Promise.all([large, ...small].map((payload) => daemon.node.put(payload, 1n)));

  it('arrives last everywhere when all are put at once', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const writer = await daemons.start('writer');
    const readers = [
      await daemons.start('one', alone(writer)),
      await daemons.start('two', alone(writer)),
    ];
    await converged([writer, ...readers], 1);
    const seen = readers.map((reader) => itemsWith(reader, id));
    await putAll(writer);
    assert.deepEqual(await Promise.all(seen), [5_001, 5_001]);
  });

  it('arrives last everywhere when sessions find them', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const writer = await daemons.start('writer');
    await putAll(writer);
    const readers = [
      await daemons.start('one', { 'network.discovery': 'false' }),
      await daemons.start('two', { 'network.discovery': 'false' }),
    ];
    const seen = readers.map((reader) => itemsWith(reader, id));
    for (const { client } of readers) await client.addPeer(writer.address);
    assert.deepEqual(await Promise.all(seen), [5_001, 5_001]);
  });
});

describe('items whose holder is gone', () => {
  const payloads = Array.from({ length: 50 }, (_, i) => encoder.encode(`item ${i}`));

  it('still reach every node, when one other node has fetched them', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const holder = await daemons.start('holder');
    await Promise.all(payloads.map((payload) => holder.daemon.node.put(payload, 1n)));
    const heir = await daemons.start('heir', alone(holder));
    await converged([holder, heir], 1);
    await daemons.stop(holder);
    const third = await daemons.start('third', alone(heir));
    const fourth = await daemons.start('fourth', alone(third));
    const [status] = await converged([heir, third, fourth], 1);
    assert.equal(status!.set.items, payloads.length);
  });

  it('stay wanted over a restart, and arrive from any peer that holds them', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const lister = await Impostor.start(payloads, () => new Promise(() => {}));
    context.after(() => lister.stop());
    const before = await daemons.start('node', { 'network.discovery': 'false' });
    await before.client.addPeer(lister.address);
    await until(
      () => before.client.status(),
      ({ wanted }) => wanted === payloads.length,
    );
    await daemons.stop(before);
    await lister.stop();

    const node = await daemons.start('node', { 'network.discovery': 'false' });
    const status = await until(
      () => node.client.status(),
      ({ wanted }) => wanted > 0,
    );
    assert.deepEqual([status.wanted, status.orphans], [payloads.length, payloads.length]);
    const why = async () => {
      const { text } = await node.client.send('GET', `/v1/items/${ids(payloads)[0]}/why`);
      return JSON.parse(text);
    };
    const { state, confirmed, sources } = await why();
    assert.deepEqual([state, confirmed, sources], ['wanted', false, []]);

    const holder = await daemons.start('holder', alone());
    await Promise.all(payloads.map((payload) => holder.daemon.node.put(payload, 1n)));
    await node.client.addPeer(holder.address);
    await until(
      () => node.client.status(),
      ({ set, wanted }) => set.items === payloads.length && wanted === 0,
    );
    assert.equal((await why()).state, 'have');
  });
});
