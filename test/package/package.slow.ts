import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { pack, ROOT } from './support/pack.ts';

const run = promisify(execFile);

const CONSUMER = `
import { commonware, ReconciliationSet, type Session, type SessionReport } from 'rangemesh/protocol';
import { lthash, Replica, type Snapshot, SortedVector, StoreError } from 'rangemesh/store';
import { libp2pNetwork } from 'rangemesh/protocol/libp2p';
import { startDaemon, type Status } from 'rangemesh';
import { AdminClient } from 'rangemesh/client';

const set = new SortedVector({ scheme: lthash });
set.insert([{ hint: 1n, id: new Uint8Array(32) }]);
const snapshot: Snapshot = set.snapshot();
const session: Session = commonware.session({ role: 'initiator', snapshot });
const frames: readonly Uint8Array[] = session.start().frames;
const wanted = new ReconciliationSet();
wanted.add('peer', [new Uint8Array(32)]);
export type Used = [SessionReport, Status, Replica, StoreError, typeof startDaemon, typeof libp2pNetwork, AdminClient];
console.log(frames.length, wanted.size);
`;

/** What browsers take: all of it refuses bytes that may be shared. */
const BROWSER = `
import { AdminClient, events } from 'rangemesh/client';
import { drive, nativeDialect } from 'rangemesh/protocol';
import { itemId, lthash, type Replica, SortedVector } from 'rangemesh/store';

export async function use(socket: WebSocket, port: MessagePort, replica: Replica): Promise<void> {
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>>();
  const set = new SortedVector({ scheme: lthash });
  const snapshot = set.snapshot();
  const session = nativeDialect().session({ role: 'initiator', snapshot });
  for (const frame of session.start().frames) {
    socket.send(frame);
    await fetch('/', { method: 'POST', body: frame });
  }
  for (const over of [socket, port, { readable, writable }]) {
    const { missing } = await drive(session, over);
    new Blob([...missing, ...snapshot.idRuns!(0, 0), snapshot.ids(0, 0)]);
  }
  const daemon = new AdminClient({ url: 'http://127.0.0.1:9464', fetch });
  const { payload } = await daemon.getItem((await daemon.putItem(new Uint8Array(1))).id);
  new Blob([payload, (await daemon.getStatus()).state]);
  for await (const { data } of events((await fetch('/')).body!)) socket.send(data);
  const [put] = await replica.put([{ hint: 1n, payload: new Uint8Array(1) }]);
  const item = await replica.get(put!.id);
  await crypto.subtle.digest('SHA-256', item!.payload);
  await crypto.subtle.digest('SHA-256', itemId(1n, item!.payload));
}
`;

/** All at once: the types of the dependencies take most of the time. */
async function typeCheck(files: readonly string[]): Promise<void> {
  await run(join(ROOT, 'node_modules', '.bin', 'tsc'), [
    ...['--ignoreConfig', '--strict', '--noEmit', '--skipLibCheck', '--types', 'node'],
    ...['--module', 'nodenext', '--target', 'es2024', ...files],
  ]);
}

/**
 * The package as npm packs it, unpacked into another project. Dependencies are linked from here
 * instead of installed, so that the test needs no registry.
 */
describe('the packed package', () => {
  let project: string;
  const examples: { file: string; output: string[] }[] = [];

  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'rangemesh-package-'));
    const modules = join(project, 'node_modules');
    await mkdir(join(modules, 'rangemesh'), { recursive: true });
    await run('tar', [
      ...['-xzf', await pack(project)],
      ...['--strip-components=1', '-C', join(modules, 'rangemesh')],
    ]);
    for (const name of await readdir(join(ROOT, 'node_modules'))) {
      await symlink(join(ROOT, 'node_modules', name), join(modules, name));
    }
    await writeFile(join(project, 'package.json'), '{"type":"module"}');
  });

  after(() => rm(project, { recursive: true, force: true }));

  it('type-checks for a consumer of the library and as its pages use it', async () => {
    const pages = ['README.md', join('docs', 'library.md')];
    const page = (await Promise.all(pages.map((name) => readFile(join(ROOT, name), 'utf8')))).join(
      '\n',
    );
    const programs = [...page.matchAll(/^```ts\n(.*?)^\/\/ prints: (.*?)\n```$/gms)];
    assert.equal(programs.length, page.split('```ts').length - 1);
    for (const [i, [, code, output]] of programs.entries()) {
      assert.ok(code!.trim().split('\n').length <= 45, 'a page at most');
      const file = join(project, `example-${i}.ts`);
      await writeFile(file, code!);
      examples.push({ file, output: output!.split(', ').sort() });
    }
    await writeFile(join(project, 'consumer.ts'), CONSUMER);
    await typeCheck([join(project, 'consumer.ts'), ...examples.map(({ file }) => file)]);
  });

  it('type-checks for browsers, without the types of Node, and names no Buffer', async () => {
    await writeFile(join(project, 'browser.ts'), BROWSER);
    await run(join(ROOT, 'node_modules', '.bin', 'tsc'), [
      ...['--ignoreConfig', '--strict', '--noEmit', '--skipLibCheck', '--lib', 'es2024,dom'],
      ...['--types', '', '--module', 'nodenext', '--target', 'es2024', join(project, 'browser.ts')],
    ]);
    const dist = join(project, 'node_modules', 'rangemesh', 'dist');
    for (const name of await readdir(dist, { recursive: true })) {
      if (!name.endsWith('.d.ts')) continue;
      const text = (await readFile(join(dist, name), 'utf8')).replace(/\/\*.*?\*\//gs, '');
      assert.doesNotMatch(text, /\bBuffer\b/, name);
    }
  });

  it('runs for a consumer of the library', async () => {
    const { stdout } = await run(process.execPath, [join(project, 'consumer.ts')]);
    assert.equal(stdout, '1 1\n');
  });

  it('does what README.md and docs/library.md say', async () => {
    assert.ok(examples.length > 0);
    for (const { file, output } of examples) {
      const { stdout } = await run(process.execPath, [file]);
      assert.deepEqual(stdout.trim().split('\n').sort(), output);
    }
  });

  it('runs rangemesh start, and ends on SIGTERM', async () => {
    const launcher = join(project, 'node_modules', 'rangemesh', 'bin', 'rangemesh.js');
    const args = ['start', '--data-dir', join(project, 'data'), '--admin-port', '0'];
    const child = spawn(process.execPath, [launcher, ...args, '--listen', '/ip4/127.0.0.1/tcp/0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    for await (const line of createInterface({ input: child.stdout })) {
      const { event, admin } = JSON.parse(line);
      if (event !== 'started') continue;
      const response = await fetch(`${admin}/v1/status`);
      assert.equal(response.status, 200);
      child.kill('SIGTERM');
    }
    assert.deepEqual(await exited, [0, null]);
  });

  it('holds what runs and nothing else', async () => {
    const root = join(project, 'node_modules', 'rangemesh');
    const names = await readdir(root);
    const documents = ['CHANGELOG.md', 'LICENSE', 'README.md'];
    const folders = ['bin', 'config', 'deploy', 'dist', 'docs', 'man'];
    assert.deepEqual(names.sort(), [...documents, ...folders, 'package.json']);
    assert.deepEqual((await readdir(join(root, 'deploy'))).sort(), ['compose', 'systemd']);
    assert.deepEqual((await readdir(join(root, 'man'))).sort(), [
      'rangemesh.1',
      'rangemesh.yaml.5',
    ]);
    const examples = ['example-list.yaml', 'example-psk.yaml'];
    assert.deepEqual(
      (await readdir(join(root, 'config'))).sort(),
      ['default.yaml', 'docker.yaml', ...examples, 'schema.json'],
      'no data of a node',
    );
    const pages = await readdir(join(root, 'docs'));
    assert.deepEqual(pages.filter((name) => !name.endsWith('.md')).sort(), [
      'images',
      'operations',
    ]);
    assert.deepEqual((await readdir(join(root, 'docs', 'operations'))).sort(), [
      'alerts.yaml',
      'grafana-dashboard.json',
    ]);
  });

  it('holds the pages and pictures that its README names', async () => {
    const root = join(project, 'node_modules', 'rangemesh');
    const page = await readFile(join(root, 'README.md'), 'utf8');
    const named = new Set(page.match(/docs\/[\w/-]+\.(?:md|png)/g));
    assert.ok(named.size > 5);
    for (const name of named) await readFile(join(root, name));
  });
});
