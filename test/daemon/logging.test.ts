import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { createLogger } from '../../src/daemon/index.ts';
import { Notices } from '../../src/daemon/mesh/index.ts';
import { libp2pLogging } from '../../src/daemon/testing.ts';
import { VirtualClock } from '../support/clock.ts';
import { Log } from './mesh/log.ts';

describe('logging', () => {
  it('writes one JSON object a line, with the time of its clock', () => {
    const written: string[] = [];
    const clock = new VirtualClock(Date.UTC(2024, 1, 29, 12, 34, 56, 7));
    const destination = { write: (line: string) => void written.push(line) };
    const logger = createLogger({ clock, destination });
    logger.child({ component: 'mesh' }).info({ peer: 'p' }, 'hello');
    logger.debug('not at this level');
    assert.deepEqual(
      written.map((line) => JSON.parse(line)),
      [
        {
          level: 'info',
          time: '2024-02-29T12:34:56.007Z',
          component: 'mesh',
          peer: 'p',
          msg: 'hello',
        },
      ],
    );
  });

  it('keeps secrets out of the log', () => {
    const log = new Log();
    const secret = 'hush';
    log.logger.info({
      token: secret,
      access: { psk: secret },
      identity: { privateKey: secret },
      req: { headers: { authorization: secret, host: 'kept' } },
    });
    assert.ok(!JSON.stringify(log.lines).includes(secret));
    assert.ok(JSON.stringify(log.lines).includes('kept'));
  });

  it('includes the lines of libp2p, errors at debug, the rest at trace', () => {
    const log = new Log('trace');
    const peer = peerIdFromString('12D3KooWJ6ET7PSPDcWtGuwTZjyye8rUM3RTvZ8va1J3uSndGLqg');
    const scoped = libp2pLogging(log.logger).forComponent('libp2p:x').newScope('y');
    scoped('to %p at %a by %d', peer, multiaddr('/ip4/127.0.0.1/tcp/1'), 7);
    scoped.error('100%% failed - %e', new Error('boom'));
    scoped.error(new Error('bare'));
    scoped.trace('%o', { a: 1 });
    const [first, second, third, fourth] = log.lines;
    assert.deepEqual(
      [first!.level, first!.component, first!.msg],
      ['trace', 'libp2p:x:y', `to ${peer} at /ip4/127.0.0.1/tcp/1 by 7`],
    );
    assert.deepEqual([second!.level, second!.msg], ['debug', '100% failed - Error: boom']);
    assert.match(third!.msg, /bare/);
    assert.match(fourth!.msg, /a: 1/);
    assert.equal(scoped.enabled, true);
    assert.equal(libp2pLogging(new Log('info').logger).forComponent('x').enabled, false);
  });
});

describe('lines that come too fast', () => {
  const failed = (log: Log, count: number, more: object = {}) => {
    const child = log.logger.child({ component: 'fetch' });
    for (let i = 0; i < count; i++) child.warn({ code: 'X', peer: 'p', ...more }, `failed ${i}`);
  };

  it('are left out, and a line tells how many', async () => {
    const clock = new VirtualClock();
    const log = new Log('info', clock);
    failed(log, 1_000);
    assert.equal(log.lines.length, 10);
    await clock.advance(10_000);
    const { level, component, event, of, lines } = log.lines[10]!;
    assert.deepEqual(
      { level, component, event, of, lines },
      { level: 'warn', component: 'log', event: 'lines-left-out', of: 'X', lines: 990 },
    );
  });

  it('are counted for metrics since the start', async () => {
    const clock = new VirtualClock();
    const destination = { write: () => undefined };
    const logger = createLogger({ clock, destination });
    for (let i = 0; i < 25; i++) logger.child({}).warn({ code: 'X', peer: 'p' }, 'failed');
    await clock.advance(10_000);
    assert.deepEqual(logger.losses?.(), { leftOut: 15, lost: 0 });
  });

  it('are counted by event, else by code, else by message', () => {
    const log = new Log('info', new VirtualClock());
    failed(log, 11, { event: 'one' });
    failed(log, 11, { event: 'two' });
    failed(log, 11);
    for (let i = 0; i < 101; i++) {
      log.logger.info('only a message');
      log.logger.error({ err: new Error('boom') }, 'a message and an error');
    }
    log.logger.flush();
    const told = log.lines.filter(({ event }) => event === 'lines-left-out');
    assert.deepEqual(
      told.map(({ of, lines }) => [of, lines]),
      [
        ['one', 1],
        ['two', 1],
        ['X', 1],
        ['only a message', 1],
        ['a message and an error', 1],
      ],
    );
  });

  it('are written a hundred times as often at debug and trace, and the rest is counted', () => {
    for (const level of ['debug', 'trace'] as const) {
      const log = new Log(level, new VirtualClock());
      failed(log, 1_003);
      assert.equal(log.lines.length, 1_000);
      const part = libp2pLogging(log.logger).forComponent('libp2p:tcp').newScope('a connection');
      for (let i = 0; i < 10_002; i++) part.error('peer %d hung up', i);
      log.logger.flush();
      const told = log.lines.filter(({ event }) => event === 'lines-left-out');
      assert.deepEqual(
        told.map(({ of, lines }) => [of, lines]),
        [
          ['X', 3],
          ['libp2p:tcp', 2],
        ],
      );
    }
  });

  it('are all written if they are fatal', () => {
    const log = new Log('info', new VirtualClock());
    for (let i = 0; i < 200; i++) log.logger.fatal({ code: 'X', peer: 'p' }, 'failed');
    assert.equal(log.lines.length, 200);
  });
});

describe('Notices', () => {
  const notice = { code: 'X', remote: 'r', message: 'm' };

  it('logs a notice once, and its repeats as a count at most once a minute', async () => {
    const clock = new VirtualClock();
    const log = new Log('debug', clock);
    const notices = new Notices({ clock, logger: log.logger });
    for (let second = 0; second < 180; second++) {
      notices.say(notice);
      await clock.advance(1_000);
    }
    assert.deepEqual(
      log.lines.map(({ level, repeats }) => [level, repeats]),
      [
        ['warn', undefined],
        ['debug', 60],
        ['debug', 60],
      ],
    );
    notices.forget('r');
    notices.say(notice);
    assert.equal(log.lines.at(-1)!.level, 'warn');
  });

  it('remembers a bounded number of remotes', () => {
    const log = new Log();
    const notices = new Notices({
      clock: new VirtualClock(),
      logger: log.logger,
      maxRemembered: 2,
    });
    for (const remote of ['a', 'b', 'a', 'c', 'a', 'b']) notices.say({ ...notice, remote });
    assert.equal(log.lines.length, 4);
  });
});
