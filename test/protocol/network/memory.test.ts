import { systemClock } from '../../../src/daemon/system/index.ts';
import type { Clock } from '../../../src/store/index.ts';
import { networkConformance } from '../../conformance/network.ts';
import { MemoryNetwork } from '../../support/memory-network.ts';
import { SeededRandom } from '../../support/random.ts';

const clock: Clock = systemClock;

networkConformance('in memory', async () => {
  const network = new MemoryNetwork({ clock, random: new SeededRandom('conformance') });
  const [a, b] = [network.node('a'), network.node('b')];
  network.connect('a', 'b', { latencyMs: 2 });
  return {
    a,
    b,
    disconnect: async () => network.disconnect('a', 'b'),
    connect: async () => network.connect('a', 'b'),
    close: async () => network.close(),
  };
});
