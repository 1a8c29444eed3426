import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openStation, run, type Station } from './terminal.ts';
import { verbsOf } from './tree.ts';

/** Arguments behind the verb, the exit code, and what standard error says. */
type WrongUse = readonly [argv: readonly string[], exitCode: number, words: RegExp];

const PEER = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf';
const NOWHERE = ['--url', 'http://127.0.0.1:1'];
const unknown: WrongUse = [['--nope'], 64, /unknown option '--nope'.*--help/];
const tooMany: WrongUse = [['a', 'b', 'c'], 64, /too many arguments/];
const missing = (name: string): WrongUse => [
  [],
  64,
  new RegExp(`missing required argument '${name}'`),
];
const gone = (...argv: string[]): WrongUse => [
  [...argv, ...NOWHERE],
  69,
  /no daemon can be reached at .*--url.*\[ADMIN_UNREACHABLE\]/,
];

describe('a wrong use', () => {
  let station: Station;

  before(async () => {
    station = await openStation();
    await writeFile(join(station.scratch, 'file'), '');
  });
  after(() => station.close());

  /** At least three for each verb. */
  const uses = (): Record<string, WrongUse[]> => ({
    start: [
      unknown,
      [['--set', 'nonsense'], 64, /give section\.key=value/],
      [['--config', join(station.scratch, 'none.yaml')], 78, /none\.yaml.*\[CONFIG_UNREADABLE\]/],
      [['--admin-port', 'x'], 78, /admin\.port: must be .*\[CONFIG_INVALID\]/],
    ],
    init: [
      missing('dir'),
      [[join(station.scratch, 'file')], 64, /there is a file where a directory must be/],
      [[join(station.scratch, 'x'), '--access', 'all'], 78, /access\.mode.*\[CONFIG_INVALID\]/],
    ],
    id: [unknown, tooMany, [['--config', 'none.yaml'], 78, /\[CONFIG_UNREADABLE\]/]],
    'keygen psk': [
      unknown,
      tooMany,
      [['--out', join(station.scratch, 'file')], 64, /is there already and stays as it is/],
    ],
    put: [
      [['--hint', '-1'], 64, /give a whole number from 0 to/],
      [['--max-bytes', '1X'], 64, /give a size from 1B to 1GiB/],
      [[join(station.scratch, 'none')], 64, /cannot read .*ENOENT/],
      [[], 65, /standard input is empty.*give --empty.*\[INPUT_EMPTY\]/],
      gone('--empty'),
    ],
    get: [missing('id'), [['xyz'], 64, /xyz is no id/], gone('00'.repeat(32))],
    why: [missing('id'), [['xyz'], 64, /xyz is no id/], gone('00'.repeat(32))],
    ls: [
      [['--to', 'x'], 64, /give a whole number from 0 to/],
      [['--limit', '0'], 64, /give a whole number from 1 up/],
      gone(),
    ],
    changes: [
      [['--since', 'x'], 64, /give the seq of an entry/],
      [['--since', '9', ...station.target], 64, /since=9 is above.*\[SINCE_ABOVE_LAST\]/],
      gone(),
    ],
    refuse: [
      [[], 64, /name ids, or a file/],
      [['xyz', ...station.target], 64, /xyz is no id/],
      [['--file', join(station.scratch, 'none'), ...station.target], 64, /cannot read .*ENOENT/],
      gone('00'.repeat(32)),
    ],
    unrefuse: [
      [['00'.repeat(32), '--file', 'x', ...station.target], 64, /name ids, or a file/],
      [['--reason', 'x'], 64, /unknown option/],
      gone('00'.repeat(32)),
    ],
    'refused ls': [unknown, tooMany, gone()],
    export: [
      [['--from', 'x'], 64, /give a whole number from 0 to/],
      [['--format', 'xml'], 64, /ndjson, binary/],
      gone(),
    ],
    import: [
      missing('path'),
      [[join(station.scratch, 'none')], 64, /cannot read .*ENOENT/],
      [
        ['.', '--hint-field', 'x', '--data-dir', station.directory],
        64,
        /--hint-field is for NDJSON/,
      ],
    ],
    status: [tooMany, [['--watch', '0'], 64, /give seconds from 0\.1/], gone()],
    probe: [missing('state'), [['dead'], 64, /Allowed choices are live, ready/], gone('live')],
    peers: [
      unknown,
      [['addd'], 64, /peers has no verb 'addd', but add, remove, forget, pardon, show/],
      gone(),
    ],
    'peers add': [missing('address'), tooMany, gone('/ip4/192.0.2.1/tcp/1')],
    'peers remove': [
      missing('address'),
      [['x', ...station.target], 1, /x is not dialled \[UNKNOWN_ADDRESS\]/],
      gone('/ip4/192.0.2.1/tcp/1'),
    ],
    'peers forget': [missing('peer-id'), [['foo'], 64, /foo is no peer id.*12D3/], tooMany],
    'peers pardon': [missing('peer-id'), [['foo'], 64, /foo is no peer id.*12D3/], tooMany],
    'peers show': [missing('peer-id'), [['foo'], 64, /foo is no peer id.*12D3/], tooMany],
    synced: [
      tooMany,
      [['--max-lag', '0s'], 64, /give a time from 1s to 24h/],
      [['--wait', '--timeout', '25h'], 64, /give a time from 1s to 24h/],
      [['--timeout', '5s', ...station.target], 64, /give --wait too/],
      gone(),
    ],
    diff: [
      missing('peer-id'),
      [['foo'], 64, /foo is no peer id/],
      [[PEER, '--from', '-1'], 64, /give a whole number from 0 to/],
      [[PEER, '--from', '5', '--to', '5', ...station.target], 64, /must be below.*INVALID_BODY/],
    ],
    sessions: [unknown, tooMany, gone()],
    wants: [tooMany, [['--limit', '0'], 64, /give a whole number from 1 up/], gone()],
    events: [
      tooMany,
      [['--type', 'nope', ...station.target], 64, /type must be one of item, .*INVALID_QUERY/],
      gone(),
    ],
    sync: [[['foo'], 64, /foo is no peer id/], tooMany, gone()],
    pause: [[['foo'], 64, /foo is no peer id/], tooMany, gone()],
    resume: [[['foo'], 64, /foo is no peer id/], tooMany, gone()],
    retention: [unknown, [['confrim'], 64, /retention has no verb 'confrim', but confirm/], gone()],
    'retention confirm': [unknown, tooMany, gone()],
    compact: [unknown, tooMany, gone()],
    doctor: [unknown, tooMany, [['--watch'], 64, /unknown option '--watch'/]],
    'config check': [
      unknown,
      tooMany,
      [['--config', 'none.yaml'], 78, /none\.yaml.*\[CONFIG_UNREADABLE\]/],
      [['--set', 'network.nam=x'], 78, /did you mean network\.name.*\[CONFIG_INVALID\]/],
    ],
    'config show': [unknown, tooMany, gone()],
    'config schema': [unknown, tooMany, [['--running'], 64, /unknown option/]],
    'config reload': [unknown, tooMany, gone()],
    'log level': [[['loud'], 64, /Allowed choices are trace, debug/], tooMany, gone()],
    verify: [
      tooMany,
      [['--data-dir', join(station.scratch, 'none')], 69, /there is no database.*\[NO_DATABASE\]/],
      gone(),
    ],
    completion: [missing('shell'), [['tcsh'], 64, /Allowed choices are bash, zsh, fish/], tooMany],
  });

  it('ends each verb with its exit code, one line that says what to do, and no data', async () => {
    const all = uses();
    assert.deepEqual(Object.keys(all).sort(), [...verbsOf().keys()].sort());
    for (const [verb, ways] of Object.entries(all)) {
      assert.ok(ways.length >= 3, verb);
      for (const [argv, exitCode, words] of ways) {
        const ran = await run([...verb.split(' '), ...argv], { cwd: station.scratch });
        const use = `${verb} ${argv.join(' ')}: ${ran.stderr}`;
        assert.deepEqual([ran.exitCode, ran.stdout], [exitCode, ''], use);
        assert.match(ran.stderr, words, use);
        assert.match(ran.stderr, /^rangemesh: .*\[[A-Z_]+\]\n$/s, use);
        assert.doesNotMatch(ran.stderr, /^\s+at /m);
      }
    }
  });
});
