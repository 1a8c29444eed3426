import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { createIdentity } from '../../../../src/daemon/keys/index.ts';
import { Introducer } from '../../../../src/daemon/mesh/testing.ts';
import { systemRandom } from '../../../../src/daemon/system/index.ts';
import { protocolId } from '../../../../src/protocol/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { within } from '../../../support/within.ts';
import { Log } from '../log.ts';
import { connectionTo, Meshes } from '../support.ts';

const PROTOCOL = protocolId('test', 'twin', '1');

describe('a node that is connected with several runs of an identity', () => {
  const meshes = new Meshes();
  after(() => meshes.stop());

  it('introduces them at once, and the younger one gives way, however many come', async () => {
    const identity = await createIdentity(systemRandom);
    const hub = await meshes.start();
    const peers = [hub.mesh.addresses[0]!];
    const old = await meshes.start({ identity, peers });
    let gaveWay = false;
    void old.mesh.twins.older.then(() => {
      gaveWay = true;
    });
    for (let round = 0; round < 2; round++) {
      const young = await meshes.start({ identity, peers });
      const through = await within(young.mesh.twins.older, 'the younger run gives way');
      assert.equal(through, hub.mesh.peerId);
      await young.mesh.stop();
    }
    assert.match((await old.log.code('SAME_IDENTITY')).msg, /was started after it/);
    assert.equal(gaveWay, false);
  });

  it('takes a former run whose connection is still there for no twin', async () => {
    const identity = await createIdentity(systemRandom);
    const hub = await meshes.start();
    const peers = [hub.mesh.addresses[0]!];
    const former = await meshes.start({ identity, peers });
    await connectionTo(hub, identity.peerId);
    // A process that is gone, or frozen, says nothing.
    const asked = Promise.withResolvers<void>();
    const { libp2p } = former.mesh;
    await libp2p.unhandle(PROTOCOL);
    await libp2p.handle(PROTOCOL, () => asked.resolve());
    const restarted = await meshes.start({ identity, peers });
    await within(asked.promise, 'the former run is asked');
    await former.mesh.stop();
    await hub.log.said('have not met here');
    assert.equal(hub.log.with('SAME_IDENTITY').length, 0);
    assert.equal(restarted.log.with('SAME_IDENTITY').length, 0);
    const outcome = Promise.race([restarted.mesh.twins.older, Promise.resolve('goes on')]);
    assert.equal(await outcome, 'goes on');
  });

  it('leaves runs alone that do not speak the protocol', async () => {
    const identity = await createIdentity(systemRandom);
    const hub = await meshes.start();
    const peers = [hub.mesh.addresses[0]!];
    const older = await meshes.start({ identity, peers });
    await older.mesh.libp2p.unhandle(PROTOCOL);
    await connectionTo(hub, identity.peerId);
    await meshes.start({ identity, peers });
    const { err } = await hub.log.said('have not met here');
    assert.equal((err as { code: string }).code, 'UNSUPPORTED_PROTOCOL');
    assert.equal(hub.mesh.connections.count(identity.peerId), 2);
  });
});

/** An introducer on virtual time; the runs of the peer open no stream until they are told to. */
function stage(runs = ['one', 'two']) {
  const clock = new VirtualClock();
  const log = new Log('debug', clock);
  const asked: string[] = [];
  const connections = runs.map((run) => ({
    remotePeer: 'p',
    newStream(_: unknown, { signal }: { signal: AbortSignal }) {
      asked.push(run);
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    },
  }));
  const introducer = new Introducer({
    protocol: PROTOCOL,
    clock,
    logger: log.logger,
    runs: () => connections as never,
  });
  return { clock, log, asked, connections, introducer };
}

describe('introductions', () => {
  it('end after ten seconds, and are made again every thirty', async () => {
    const { clock, log, asked, introducer } = stage();
    introducer.met('p');
    await clock.advance(9_999);
    assert.deepEqual([asked, log.lines.length], [['one', 'two'], 0]);
    await clock.advance(1);
    assert.match(log.lines[0]!.msg, /have not met here/);
    await clock.advance(29_999);
    assert.equal(asked.length, 2);
    await clock.advance(1);
    assert.deepEqual(asked, ['one', 'two', 'one', 'two']);
    introducer.stop();
  });

  it('are made at once for a further run that comes, or after the one under way', async () => {
    const { clock, asked, introducer } = stage();
    introducer.met('p');
    await clock.advance(20_000);
    introducer.met('p');
    await clock.advance(5_000);
    assert.equal(asked.length, 4, 'in a pause');
    introducer.met('p');
    await clock.advance(5_000);
    assert.equal(asked.length, 6, 'under way');
    await clock.advance(39_999);
    assert.equal(asked.length, 6);
    introducer.stop();
  });

  it('are of the newest run with each of the others', async () => {
    const { clock, asked, introducer } = stage(['one', 'two', 'three']);
    introducer.met('p');
    await clock.advance(10_000);
    assert.deepEqual(asked, ['one', 'three', 'two', 'three']);
    introducer.stop();
  });

  it('end when a run is gone, and begin at once when one comes again', async () => {
    const { clock, asked, introducer } = stage();
    for (const passed of [5_000, 15_000]) {
      introducer.met('p');
      await clock.advance(passed);
      introducer.parted('p');
      await settle();
      assert.equal(clock.pending, 0);
    }
    assert.equal(asked.length, 4);
  });

  it('end when the node stops, and none begins after that', async () => {
    const { clock, asked, introducer } = stage();
    introducer.met('p');
    await clock.advance(1);
    introducer.stop();
    introducer.met('p');
    await clock.advance(60_000);
    assert.deepEqual([asked.length, clock.pending], [2, 0]);
  });
});
