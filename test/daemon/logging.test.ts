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
