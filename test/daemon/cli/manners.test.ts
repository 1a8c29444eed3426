import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { EXIT, EXIT_MEANINGS, exitCodeOf } from '../../../src/daemon/testing.ts';
import { bytesToHex, itemId } from '../../../src/store/index.ts';
import { seed } from '../../support/damage.ts';
import { endedEvents } from '../admin/fake-node.ts';
import { openStation, type Ran, run, type Station } from './terminal.ts';
import { verbsOf } from './tree.ts';

const DOCS = new URL('../../../docs/command-line.md', import.meta.url);
const PEER = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf';
const ID = bytesToHex(itemId(7n, new TextEncoder().encode('hello')));
/** They print no JSON: a log that is JSON already, and a script. */
const WITHOUT_JSON = ['start', 'completion'];

/** The cells of each row of the table whose first column has this title. */
async function tableOf(title: string): Promise<string[][]> {
  const lines = (await readFile(DOCS, 'utf8')).split('\n');
  const begin = lines.findIndex((line) => line.startsWith(`| ${title} |`)) + 2;
  const end = lines.findIndex((line, at) => at > begin && !line.startsWith('|'));
  return lines.slice(begin, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('exit codes', () => {
  it('stand in the docs as in the code', async () => {
    const rows = (await tableOf('code | meaning')).map(([code, meaning]) => [
      Number(code),
      meaning,
    ]);
    const known = Object.entries(EXIT_MEANINGS).map(([code, meaning]) => [Number(code), meaning]);
    assert.deepEqual(rows, known);
    assert.deepEqual(new Set(rows.map(([code]) => code)), new Set(Object.values(EXIT)));
  });

  it('stand in the help', async () => {
    const { stdout } = await run(['--help']);
    const help = stdout.slice(stdout.indexOf('Exit codes:'));
    for (const [code, meaning] of Object.entries(EXIT_MEANINGS)) {
      assert.ok(help.includes(`\n  ${code.padEnd(4)} ${meaning}\n`), code);
    }
    for (const line of help.split('\n')) assert.ok(line.length <= 80, line);
  });
});

describe('error codes', () => {
  it('stand in docs/incidents.md with their exit codes', async () => {
    const page = await readFile(new URL('incidents.md', DOCS), 'utf8');
    const rows = [...page.matchAll(/^\| `(\w+)` \|[^|]*\bexit (\d+)/gm)];
    const told = new Map(rows.map(([, code, exit]) => [code!, Number(exit)]));
    const source = await readFile(
      new URL('../../../src/daemon/errors.ts', import.meta.url),
      'utf8',
    );
    const own = [...source.matchAll(/^ {2}(\w+): EXIT\./gm)].map(([, code]) => code!);
    assert.ok(own.length > 20);
    for (const code of own) assert.equal(told.get(code), exitCodeOf(code), code);
    const exits = new Set<number>(Object.values(EXIT));
    for (const [code, exit] of told) assert.ok(exits.has(exit), code);
  });
});

describe('--json', () => {
  let station: Station;
  /** One use of each verb; several where the docs have several objects. */
  const uses: Record<string, () => Promise<Ran>[]> = {
    init: () => [run(['init', join(station.scratch, 'new'), '--json'])],
    id: () => [on('id')],
    'keygen psk': () => [
      run(['keygen', 'psk', '--json']),
      run(['keygen', 'psk', '--json', '--out', join(station.scratch, 'psk')]),
    ],
    put: () => [run(['put', '--hint', '7', '--json', ...station.target], { stdin: ['hello'] })],
    get: () => [on('get', ID), on('get', ID, '-o', join(station.scratch, 'out'))],
    why: () => [on('why', ID), on('why', '00'.repeat(32))],
    ls: () => [on('ls')],
    changes: () => [on('changes', '--payloads'), on('changes', '--since', `${'0'.repeat(16)}-9`)],
    refuse: () => [on('refuse', ID)],
    unrefuse: () => [on('unrefuse', ID)],
    'refused ls': () => [on('refused', 'ls')],
    export: () => [on('export', '-o', join(station.scratch, 'exported'))],
    import: () => [on('import', join(station.scratch, 'lines'))],
    status: () => [on('status')],
    probe: () => [on('probe', 'live')],
    peers: () => [on('peers')],
    'peers add': () => [on('peers', 'add', '/ip4/192.0.2.1/tcp/1')],
    'peers show': () => [on('peers', 'show', PEER)],
    'peers remove': () => [on('peers', 'remove', '/ip4/192.0.2.1/tcp/1')],
    'peers forget': () => [on('peers', 'forget', PEER)],
    'peers pardon': () => [on('peers', 'pardon', PEER)],
    sync: () => [on('sync')],
    synced: () => [on('synced')],
    diff: () => [on('diff', PEER)],
    sessions: () => [on('sessions')],
    wants: () => {
      const item = { id: ID, since: 't', confirmed: false, sources: [], fetchingFrom: null };
      const items = [{ ...item, bytes: null }];
      const wants = async () => ({ wanted: 1, orphans: 1, items, cursor: null });
      Object.assign(station.node.explain, { wants });
      return [on('wants')];
    },
    events: () => {
      Object.assign(station.node, { events: endedEvents });
      return [on('events')];
    },
    pause: () => [on('pause')],
    resume: () => [on('resume')],
    retention: () => [on('retention')],
    'retention confirm': () => [on('retention', 'confirm')],
    compact: () => [on('compact')],
    'config check': () => [run(['config', 'check', '--json'], { cwd: station.scratch })],
    'config show': () => [on('config', 'show')],
    'config schema': () => [run(['config', 'schema', '--json'])],
    'config reload': () => [on('config', 'reload')],
    'log level': () => [on('log', 'level'), on('log', 'level', 'debug')],
    doctor: () => [on('doctor')],
    verify: () => [run(['verify', '--json', '--data-dir', join(station.scratch, 'stopped')])],
  };
  const on = (...argv: string[]) => run([...argv, '--json', ...station.target]);

  before(async () => {
    station = await openStation();
    await writeFile(join(station.scratch, 'lines'), '{"hint":1}\n\n{}\n');
    await mkdir(join(station.scratch, 'stopped'));
    await seed(join(station.scratch, 'stopped'), 3);
  });
  after(() => station.close());

  it('is an option of each verb that prints data', () => {
    for (const [verb, options] of verbsOf()) {
      assert.equal(options.includes('--json'), !WITHOUT_JSON.includes(verb), verb);
    }
  });

  it('prints the keys that the docs have, and each object of the docs', async () => {
    const rows = (await tableOf('verb')).map(([verb, object, keys]) => {
      const all = [...keys!.matchAll(/`([^`?]+)(\??)`/g)];
      return {
        verb: verb!.replaceAll('`', ''),
        object,
        keys: new Set(all.map(([, key]) => key!)),
        always: all.filter(([, , may]) => may === '').map(([, key]) => key!),
      };
    });
    const verbs = [...verbsOf().keys()].filter((verb) => !WITHOUT_JSON.includes(verb));
    assert.deepEqual([...new Set(rows.map(({ verb }) => verb))].sort(), verbs.sort());
    assert.deepEqual(Object.keys(uses).sort(), verbs.sort());
    for (const [verb, use] of Object.entries(uses)) {
      const shapes = rows.filter((row) => row.verb === verb);
      const seen = new Set<unknown>();
      for (const ran of use()) {
        for (const line of (await ran).json()) {
          const keys = Object.keys(line);
          const shape = shapes.find(
            (each) =>
              keys.every((key) => each.keys.has(key)) && each.always.every((key) => key in line),
          );
          assert.ok(shape, `${verb} prints ${keys.join(', ')}: ${(await ran).stderr}`);
          seen.add(shape);
        }
      }
      const missing = shapes.filter((shape) => !seen.has(shape)).map(({ object }) => object);
      assert.deepEqual(missing, [], `${verb} prints all that the docs name`);
    }
  });

  it('makes an error an object on standard error, and leaves standard output empty', async () => {
    const cases: [string[], number, string][] = [
      [['get', 'xyz', '--json', ...station.target], 64, 'USAGE'],
      [['get', '00'.repeat(32), '--json', ...station.target], 1, 'NOT_FOUND'],
      [['status', '--json', '--url', 'http://127.0.0.1:1'], 69, 'ADMIN_UNREACHABLE'],
      [['strat', '--json'], 64, 'USAGE'],
      [['--json'], 64, 'USAGE'],
      [['peers', '--json', '--nope'], 64, 'USAGE'],
    ];
    for (const [argv, code, name] of cases) {
      const { exitCode, stdout, stderr } = await run(argv);
      assert.deepEqual([exitCode, stdout], [code, ''], argv.join(' '));
      const error = JSON.parse(stderr);
      assert.deepEqual([Object.keys(error), error.code], [['code', 'message'], name]);
    }
    const word = await run(['get', ...station.target, '--', '--json']);
    assert.match(word.stderr, /^rangemesh: --json is no id/, 'a word behind -- is no option');
  });
});
