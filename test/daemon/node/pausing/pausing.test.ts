import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  type PausedFile,
  PausedPeers,
  Pausing,
  pausedFile,
} from '../../../../src/daemon/node/testing.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { Log } from '../../mesh/log.ts';

/** The gate, with all that it says noted: `+a` and `-a` to the replicator, `!a` for an interruption. */
function gate() {
  const said: string[] = [];
  const peers = new PausedPeers({
    replicator: {
      peerConnected: (peer) => void said.push(`+${peer}`),
      peerDisconnected: (peer) => void said.push(`-${peer}`),
    },
    interrupt: (peer) => void said.push(`!${peer}`),
  });
  return { peers, said: () => said.splice(0) };
}

function pausing(init: Partial<{ file: Pick<PausedFile, 'save'> }> = {}) {
  const { peers, said } = gate();
  const saved: string[] = [];
  const announced: string[] = [];
  const kept = { all: false, peers: new Set<string>() };
  const pauses = new Pausing({
    self: 'self',
    knows: (peer) => peer !== 'stranger',
    peers,
    announce: {
      start: () => void announced.push('start'),
      stop: async () => void announced.push('stop'),
    },
    file: { save: async (set) => void saved.push(`${set.all} ${[...set.peers]}`) },
    kept,
    logger: new Log().logger,
    ...init,
  });
  return { pauses, peers, said, saved, announced };
}

describe('a paused peer', () => {
  it('looks disconnected, and connects anew when the pause ends', () => {
    const { peers, said } = gate();
    peers.peerConnected('a');
    peers.peerConnected('b');
    assert.deepEqual(said(), ['+a', '+b']);
    peers.set({ all: false, peers: new Set(['a']) });
    assert.deepEqual(said(), ['!a', '-a']);
    assert.deepEqual([peers.answers('a'), peers.answers('b')], [false, true]);
    assert.deepEqual([peers.pausedHere, peers.present], [1, 2]);
    peers.set({ all: true, peers: new Set(['a']) });
    assert.deepEqual(said(), ['!b', '-b'], 'the one that is paused is not told twice');
    peers.set({ all: false, peers: new Set() });
    assert.deepEqual(said(), ['+a', '+b']);
  });

  it('that comes and goes during the pause is not told of', () => {
    const { peers, said } = gate();
    peers.set({ all: true, peers: new Set() });
    peers.peerConnected('a');
    peers.peerConnected('b');
    peers.peerDisconnected('b');
    assert.deepEqual(said(), []);
    peers.set({ all: false, peers: new Set() });
    assert.deepEqual(said(), ['+a']);
    peers.peerDisconnected('a');
    assert.deepEqual(said(), ['-a']);
  });

  it('is refused before its session is interrupted, so that it begins no other', () => {
    const seen: boolean[] = [];
    const peers: PausedPeers = new PausedPeers({
      replicator: { peerConnected: () => undefined, peerDisconnected: () => undefined },
      interrupt: (peer) => void seen.push(peers.answers(peer)),
    });
    peers.peerConnected('a');
    peers.set({ all: true, peers: new Set() });
    assert.deepEqual(seen, [false]);
  });
});

describe('pausing', () => {
  it('stops push with all peers, and begins it again once', async () => {
    const { pauses, announced } = pausing();
    await pauses.start();
    await pauses.pause({ peerId: 'a', keep: false });
    await pauses.pause({ keep: false });
    await pauses.pause({ keep: false });
    assert.deepEqual(announced, ['start', 'stop']);
    await pauses.resume('a');
    assert.equal(pauses.state.all, true, 'the pause of all peers goes on');
    await pauses.resume();
    assert.deepEqual(announced, ['start', 'stop', 'start']);
  });

  it('keeps a pause on disk only if that is asked for, until it ends', async () => {
    const { pauses, saved } = pausing();
    await pauses.start();
    await pauses.pause({ peerId: 'a', keep: false });
    assert.deepEqual(saved, []);
    const state = await pauses.pause({ peerId: 'b', keep: true });
    assert.deepEqual(state, { all: false, peers: ['a', 'b'], kept: { all: false, peers: ['b'] } });
    await pauses.resume('a');
    await pauses.resume('b');
    assert.deepEqual(saved, ['false b', 'false ']);
  });

  it('changes nothing if the file cannot be written', async () => {
    const save = () => Promise.reject(new Error('ENOSPC'));
    const { pauses, peers } = pausing({ file: { save } });
    await pauses.start();
    await assert.rejects(pauses.pause({ keep: true }), /ENOSPC/);
    assert.deepEqual([peers.paused.all, pauses.state.kept.all], [false, false]);
    await pauses.pause({ keep: false });
    assert.equal(peers.paused.all, true);
  });

  it('refuses the peer past 1,024, and none before', async () => {
    const { pauses } = pausing();
    await pauses.start();
    for (let i = 0; i < 1_024; i++) await pauses.pause({ peerId: `p${i}`, keep: false });
    await assert.rejects(pauses.pause({ peerId: 'more', keep: false }), {
      code: 'TOO_MANY_PAUSED',
    });
    assert.equal(pauses.state.peers.length, 1_024);
    await pauses.pause({ peerId: 'p7', keep: false });
    await pauses.resume('p7');
    assert.equal((await pauses.pause({ peerId: 'more', keep: false })).peers.length, 1_024);
  });

  it('refuses the node itself, and changes nothing', async () => {
    const { pauses, saved } = pausing();
    await pauses.start();
    const refused = pauses.pause({ peerId: 'self', keep: true });
    await assert.rejects(refused, { code: 'OWN_PEER', message: /the id of another node/ });
    await assert.rejects(pauses.resume('self'), { code: 'OWN_PEER' });
    assert.deepEqual([pauses.state.peers, saved], [[], []]);
  });

  it('refuses a peer that the node does not know, unless it was paused before it was forgotten', async () => {
    const { pauses, peers } = pausing();
    await pauses.start();
    for (const asked of [
      pauses.pause({ peerId: 'stranger', keep: false }),
      pauses.resume('stranger'),
    ]) {
      await assert.rejects(asked, { code: 'UNKNOWN_PEER', message: /see "rangemesh peers"$/ });
    }
    assert.deepEqual(pauses.state.peers, []);
    peers.set({ all: false, peers: new Set(['stranger']) });
    assert.deepEqual((await pauses.resume('stranger')).peers, []);
  });

  it('is refused while the daemon stops', async () => {
    const { pauses } = pausing();
    await pauses.start();
    await pauses.stop();
    await assert.rejects(pauses.resume(), { code: 'SHUTTING_DOWN' });
  });
});

describe('the file of a pause', () => {
  async function inFolder(context: TestContext) {
    const folder = await mkdtemp(join(tmpdir(), 'rangemesh-paused-'));
    cleanUp(context, () => rm(folder, { recursive: true }));
    const log = new Log();
    return { file: pausedFile(folder, log.logger), path: join(folder, 'paused'), log };
  }

  it('gives back what was saved, and is gone when nothing is paused', async (context) => {
    const { file, path } = await inFolder(context);
    assert.deepEqual(await file.load(), { all: false, peers: new Set() });
    const paused = { all: true, peers: new Set(['a', 'b']) };
    await file.save(paused);
    assert.deepEqual(await file.load(), paused);
    await file.save({ all: false, peers: new Set() });
    await assert.rejects(readFile(path), { code: 'ENOENT' });
  });

  it('pauses all peers when it cannot be read, and says so', async (context) => {
    const { file, path, log } = await inFolder(context);
    for (const text of ['', '{', '{"all":1,"peers":[]}', '{"all":false}', 'x'.repeat(300_000)]) {
      await writeFile(path, text);
      assert.deepEqual(await file.load(), { all: true, peers: new Set() }, text.slice(0, 30));
    }
    assert.equal(log.with('PAUSE_UNREADABLE').length, 5);
  });
});
