import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { run } from '../daemon/cli/terminal.ts';
import { type LocalDaemon, LocalDaemons, type Settings } from './support/in-process.ts';
import { converged, each, until } from './support/mesh.ts';

const DOCS = new URL('../../docs/operations-backup.md', import.meta.url);
const ITEMS = 300;
const payload = (i: number) => new TextEncoder().encode('é'.repeat(i % 40) + i);

/** The commands below a heading of the docs, word for word. */
async function commandsOf(heading: string): Promise<string[]> {
  const [, section = ''] = (await readFile(DOCS, 'utf8')).split(`\n## ${heading}\n`);
  const [own = ''] = section.split(/\n## /);
  const blocks = [...own.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!);
  assert.ok(blocks.length > 0, heading);
  return blocks.flatMap((block) => block.trimEnd().split('\n'));
}

/** A folder in which an operator types commands; daemons run in this process. */
class Desk {
  readonly daemons: LocalDaemons;
  readonly #settings: Settings;

  private constructor(daemons: LocalDaemons, settings: Settings) {
    this.daemons = daemons;
    this.#settings = settings;
  }

  /** With the node of `rangemesh init node`. */
  static async create(context: TestContext, settings: Settings = {}): Promise<Desk> {
    const desk = new Desk(await LocalDaemons.create(context), settings);
    await desk.type('rangemesh init node');
    return desk;
  }

  /** Starts the daemon of a folder that `rangemesh init` made. */
  start(folder: string): Promise<LocalDaemon> {
    return this.daemons.start(`${folder}/data`, this.#settings);
  }

  /** Runs commands in turn; returns the last daemon that they started. */
  async type(...commands: string[]): Promise<LocalDaemon | undefined> {
    let started: LocalDaemon | undefined;
    const cwd = this.daemons.path('.');
    for (const command of commands.map((line) => line.replace(/ +# .*$/, ''))) {
      const [, folder] = /^rangemesh start --config (\w+)\/rangemesh\.yaml &$/.exec(command) ?? [];
      const [program, ...argv] = command.split(' ');
      if (folder !== undefined) started = await this.start(folder);
      else if (program === 'rangemesh') {
        const { exitCode, stderr } = await run(argv, { cwd });
        assert.equal(exitCode, 0, `${command}: ${stderr}`);
      } else await promisify(execFile)(program!, argv, { cwd });
    }
    return started;
  }
}

/** Puts 300 items, some of them empty or under one hint. */
async function fill({ client }: LocalDaemon): Promise<void> {
  await client.put(new Uint8Array(), 0n);
  await each(ITEMS - 1, (i) => client.put(payload(i), BigInt(i >> 1)));
}

/** The number of the items and their fingerprint. */
async function setOf({ client }: LocalDaemon) {
  const { items, fingerprint } = (await client.status()).set;
  return { items, fingerprint };
}

/** The epoch of the order of arrival, and the entries behind a place. */
async function feedOf({ client }: LocalDaemon, query: string) {
  const { status, text } = await client.send('GET', `/v1/changes?${query}`);
  assert.equal(status, 200, text);
  const [header, ...lines] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const entries = lines.filter(({ seq }) => seq !== undefined);
  return { epoch: String(header.epoch), entries: entries.map(({ seq, id }) => ({ seq, id })) };
}

describe('the commands of the docs for export and restore', () => {
  for (const format of ['binary', 'ndjson']) {
    it(`give an empty node the same set by ${format}, and a feed of its own`, async (context) => {
      const desk = await Desk.create(context);
      const node = await desk.start('node');
      await fill(node);
      const commands = await commandsOf('Export and restore');
      const restored = await desk.type(
        ...commands.map((command) => command.replace('--format binary', `--format ${format}`)),
      );
      const set = await setOf(node);
      assert.equal(set.items, ITEMS);
      assert.deepEqual(await setOf(restored!), set);
      const [feed, own] = [await feedOf(node, 'since=0'), await feedOf(restored!, 'since=0')];
      assert.equal(own.entries.length, ITEMS);
      assert.notEqual(own.epoch, feed.epoch);
    });
  }
});

describe('the commands of the docs for copying a stopped directory', () => {
  it('give a second node with the same set, its own feed of the same places, and another id', async (context) => {
    const desk = await Desk.create(context);
    const node = await desk.start('node');
    await fill(node);
    const [set, feed] = [await setOf(node), await feedOf(node, 'since=0')];
    await desk.daemons.stop(node);
    const copy = await desk.type(...(await commandsOf('Copying a stopped directory')));
    assert.deepEqual(await setOf(copy!), set);
    const { status } = await copy!.client.send('GET', `/v1/changes?since=9&epoch=${feed.epoch}`);
    assert.equal(status, 410);
    const { epoch, entries } = await feedOf(copy!, 'since=0');
    assert.notEqual(epoch, feed.epoch);
    assert.equal(JSON.stringify(entries), JSON.stringify(feed.entries));
    assert.notEqual(copy!.daemon.peerId, node.daemon.peerId);
    const again = await desk.start('node');
    assert.equal(again.daemon.peerId, node.daemon.peerId);
    assert.equal((await feedOf(again, 'since=0&limit=1')).epoch, feed.epoch);
    await copy!.client.addPeer(again.address);
    await copy!.client.put(payload(ITEMS), 1n);
    await converged([copy!, again], 1);
    assert.equal((await setOf(again)).items, ITEMS + 1);
  });
});

describe('the commands of the docs for moving a node', () => {
  it('keep its id, its place in an access list, its set and its feed', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const first = await daemons.start('peer');
    const { address } = first;
    const desk = await Desk.create(context, { 'network.peers': [address] });
    const node = await desk.start('node');
    const { peerId } = node.daemon;
    await daemons.stop(first);
    const listen = { 'network.listen': [address.replace(/\/p2p\/.*$/, '')] };
    const listed = { ...listen, 'access.mode': 'list', 'access.peers': [peerId] };
    const peer = await daemons.start('peer', listed);
    await fill(node);
    await converged([node, peer], 1);
    const { epoch } = await feedOf(node, 'since=0&limit=1');
    await desk.daemons.stop(node);
    const { id } = await peer.client.put(payload(ITEMS), 1n);

    const moved = await desk.type(...(await commandsOf('Moving a node')));
    assert.equal(moved!.daemon.peerId, peerId);
    assert.notEqual(moved!.address, node.address);
    await converged([moved!, peer], 1);
    const { entries } = await feedOf(moved!, `since=${ITEMS}&epoch=${epoch}`);
    assert.deepEqual(entries, [{ seq: ITEMS + 1, id }]);
    const { peers } = await until(
      () => peer.client.status(),
      (status) => status.peers.some(({ connected }) => connected),
    );
    assert.deepEqual(
      peers.filter(({ connected }) => connected).map((other) => other.peerId),
      [peerId],
    );
  });
});
