import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunningDaemon } from '../../../src/daemon/cli/index.ts';
import type { Config } from '../../../src/daemon/config/index.ts';
import { DaemonError } from '../../../src/daemon/index.ts';
import { StoreError } from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { type Ran, type RunInit, run } from './terminal.ts';

/** A daemon that does what the test says, and the handle by which the test ends it. */
class Stage {
  config: Config | undefined;
  readonly stopped: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #up: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly clock: VirtualClock = new VirtualClock();
  #listener: ((reason: string) => void) | undefined;

  get up(): Promise<void> {
    return this.#up.promise;
  }

  signal(reason: string): void {
    this.#listener?.(reason);
  }

  start(argv: readonly string[], init: RunInit = {}): Promise<Ran> {
    return run(['start', ...argv], {
      cwd: '/home/op',
      clock: this.clock,
      startDaemon: async (config) => {
        this.config = config;
        setImmediate(() => this.#up.resolve());
        return { admin: 'http://127.0.0.1:1', peerId: 'p', stop: () => this.stopped.promise };
      },
      onStop: (listener) => {
        this.#listener = listener;
        return () => {
          this.#listener = undefined;
        };
      },
      ...init,
    });
  }
}

describe('start', () => {
  it('turns flags into the configuration', async () => {
    const stage = new Stage();
    stage.stopped.resolve();
    const argv = ['--data-dir', 'd', '--network', 'n', '--listen', '/ip4/127.0.0.1/tcp/1'];
    argv.push('/ip4/127.0.0.1/tcp/2', '--peer', '/ip4/192.0.2.1/tcp/1', '--admin-port', '0');
    argv.push('--listen', '/ip4/127.0.0.1/tcp/3', '--token-file', 't', '--log-level', 'debug');
    argv.push('--set', 'sync.intervalMs=5000', '--set', 'sync.jitter=0', '--log-level', 'info');
    const running = stage.start(argv, { env: { RANGEMESH_NETWORK_NAME: 'env' } });
    await stage.up;
    stage.signal('SIGTERM');
    const { exitCode, stderr } = await running;
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /"event":"stopping","reason":"SIGTERM"/);
    const { node, network, admin, sync, log } = stage.config!;
    assert.equal(node.dataDir, '/home/op/d');
    assert.equal(network.name, 'n');
    assert.deepEqual(
      network.listen,
      [1, 2, 3].map((port) => `/ip4/127.0.0.1/tcp/${port}`),
    );
    assert.deepEqual(network.peers, ['/ip4/192.0.2.1/tcp/1']);
    assert.deepEqual([admin.port, admin.tokenFile], [0, '/home/op/t']);
    assert.deepEqual([sync.intervalMs, sync.jitter], [5_000, 0]);
    assert.equal(log.level, 'info');
  });

  it('ends at once at the second signal', async () => {
    const stage = new Stage();
    const running = stage.start([]);
    await stage.up;
    stage.signal('SIGTERM');
    stage.signal('SIGINT');
    const { exitCode, stderr } = await running;
    assert.equal(exitCode, 1);
    assert.match(stderr, /"event":"forced"/);
  });

  it('ends at once at the second signal while it starts', async () => {
    const stage = new Stage();
    const begun = Promise.withResolvers<void>();
    const running = stage.start([], {
      startDaemon: () => {
        begun.resolve();
        return new Promise(() => undefined);
      },
    });
    await begun.promise;
    stage.signal('SIGTERM');
    stage.signal('SIGTERM');
    assert.equal((await running).exitCode, 1);
  });

  it('ends with 0 when a signal calls off its start', async () => {
    const stage = new Stage();
    const begun = Promise.withResolvers<void>();
    const running = stage.start([], {
      startDaemon: (_, __, signal) => {
        begun.resolve();
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      },
    });
    await begun.promise;
    stage.signal('SIGTERM');
    const { exitCode, stderr } = await running;
    assert.equal(exitCode, 0);
    assert.match(stderr, /"event":"stopped".*stopped before it was up/);
  });

  it('does not drain longer than ten seconds', async () => {
    const stage = new Stage();
    const running = stage.start([]);
    await stage.up;
    stage.signal('SIGTERM');
    await stage.clock.advance(9_000);
    assert.equal(stage.clock.pending, 1);
    await stage.clock.advance(999);
    const { exitCode, stderr } = await running;
    assert.equal(exitCode, 1);
    assert.match(stderr, /stopping took longer than ten seconds/);
  });

  it('counts the ten seconds from the first signal, also while it starts', async () => {
    const stage = new Stage();
    const begun = Promise.withResolvers<void>();
    const up = Promise.withResolvers<RunningDaemon>();
    const running = stage.start([], {
      startDaemon: () => {
        begun.resolve();
        return up.promise;
      },
    });
    await begun.promise;
    stage.signal('SIGTERM');
    await stage.clock.advance(9_000);
    up.resolve({ admin: '', peerId: '', stop: () => new Promise(() => undefined) });
    await stage.clock.advance(999);
    const { exitCode, stderr } = await running;
    assert.equal(exitCode, 1);
    assert.match(stderr, /"event":"stopping","reason":"SIGTERM"/);
    assert.match(stderr, /stopping took longer than ten seconds/);
    assert.equal(stage.clock.pending, 0);
  });

  it('stops a daemon that was signalled while it started', async () => {
    const stage = new Stage();
    const begun = Promise.withResolvers<void>();
    const up = Promise.withResolvers<RunningDaemon>();
    const running = stage.start([], {
      startDaemon: () => {
        begun.resolve();
        return up.promise;
      },
    });
    await begun.promise;
    stage.signal('SIGTERM');
    up.resolve({ admin: '', peerId: '', stop: async () => undefined });
    assert.equal((await running).exitCode, 0);
  });

  it('says in one line why it did not start, with the matching exit code', async () => {
    const reasons: [Error, number, RegExp][] = [
      [
        new DaemonError('DATA_DIR_IN_USE', 'taken', { exitCode: 75 }),
        75,
        /taken \[DATA_DIR_IN_USE\]/,
      ],
      [new StoreError('STORE_CORRUPT', 'torn'), 1, /torn \[STORE_CORRUPT\]/],
      [new Error('odd'), 1, /odd \[INTERNAL\]/],
    ];
    for (const [error, code, line] of reasons) {
      const { exitCode, stderr } = await new Stage().start([], {
        startDaemon: () => Promise.reject(error),
      });
      assert.equal(exitCode, code);
      assert.match(stderr, line);
      assert.equal(stderr.trimEnd().split('\n').length, 1);
    }
  });

  it('refuses a wrong configuration with 78, before anything is started', async () => {
    const stage = new Stage();
    const argv = ['--set', 'sync.intervallMs=1', '--admin-port', 'x', '--peer', 'y'];
    const { exitCode, stderr } = await stage.start(argv);
    assert.equal(exitCode, 78);
    assert.match(stderr, /3 problems/);
    assert.match(stderr, /sync\.intervallMs: unknown key; did you mean sync\.intervalMs\?/);
    assert.match(stderr, /admin\.port: must be .*not "x" \(from --admin-port\)/);
    assert.match(stderr, /network\.peers\[0\]: must be .*not "y" \(from --peer\)/);
    assert.equal(stage.config, undefined);
  });
});
