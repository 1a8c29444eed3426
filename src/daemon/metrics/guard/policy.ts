import type { PolicyFigures } from '../../guard/index.ts';
import { type Declarations, setTotals } from '../declare.ts';

/** The metrics of the write policy. */
export interface PolicyMetrics {
  /** Null: there is none. */
  update(figures: PolicyFigures | null): void;
}

export function policyMetrics(declare: Declarations): PolicyMetrics {
  const items = declare.counter(
    'policy_items_total',
    'Items by what became of them at the policy: taken, refused, failed (no answer), busy (not asked).',
    ['result'],
  );
  const waiting = declare.gauge(
    'policy_waiting_items',
    'Items that wait for an answer of the policy.',
  );
  const up = declare.gauge(
    'policy_up',
    '1 while the policy can be asked; absent without a policy.',
  );
  return {
    update(figures) {
      if (figures === null) {
        for (const gauge of [waiting, up]) gauge.remove();
        return;
      }
      const { taken, refused, failed, busy } = figures;
      setTotals(items, 'result', Object.entries({ taken, refused, failed, busy }));
      waiting.set(figures.waiting);
      up.set(Number(figures.up));
    },
  };
}
