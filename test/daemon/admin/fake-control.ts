import type { NodeControl, PauseState } from '../../../src/daemon/index.ts';
import { NO_RETENTION } from '../../../src/daemon/retention/index.ts';

/** Notes what is asked of it. Its answers can be planted. */
export class FakeControl implements NodeControl {
  readonly asked: unknown[] = [];
  state: PauseState = { all: false, peers: [], kept: { all: false, peers: [] } };
  level = 'info';
  reload: NodeControl['reload'] = async () => ({ changed: ['log.level'], needsRestart: [] });
  compact: NodeControl['compact'] = async () => ({
    beforeBytes: 2_048,
    afterBytes: 1_024,
    pieces: 1,
    complete: true,
  });

  configuration: NodeControl['configuration'] = () => ({
    keys: {
      'log.level': { value: this.level, from: 'default', source: null, reloadable: true },
      'network.name': { value: 'test', from: 'file', source: '/etc/r.yaml', reloadable: false },
    },
    needsRestart: ['network.name'],
  });

  setLogLevel: NodeControl['setLogLevel'] = (level) => {
    this.level = level;
  };

  pause: NodeControl['pause'] = async (init) => {
    this.asked.push(['pause', init]);
    return { ...this.state, all: init.peerId === undefined };
  };

  confirmRetention: NodeControl['confirmRetention'] = () => {
    this.asked.push(['confirmRetention']);
    return NO_RETENTION;
  };

  resume: NodeControl['resume'] = async (peerId) => {
    this.asked.push(['resume', peerId]);
    return this.state;
  };

  refuse: NodeControl['refuse'] = async (init) => {
    this.asked.push(['refuse', init]);
    return { added: init.ids.length, dropped: 0 };
  };

  unrefuse: NodeControl['unrefuse'] = async (init) => {
    this.asked.push(['unrefuse', init]);
    return { removed: init.ids.length };
  };

  listRefused: NodeControl['listRefused'] = async ({ after }) => {
    const facts = {
      at: '2026-01-01T00:00:00.000Z',
      by: 'operator',
      hint: '7',
      reason: 'spam',
    } as const;
    const id = (after === null ? 'ab' : 'cd').repeat(32);
    const counts = { operator: 2, policy: 0 };
    return { counts, items: [{ id, ...facts }], cursor: after === null ? id : null };
  };
}
