import type { GuardCheck } from './guard.ts';
import type { ItemRefusal } from './refusal.ts';

/** The bounds of hints that are accepted at present. */
export interface HintBounds {
  readonly floor: bigint;
  /** The highest hint; null: there is no bound. */
  readonly ceiling: bigint | null;
}

/** Refuses items by their hints. */
export function hintCheck(bounds: HintBounds): GuardCheck {
  return {
    refusalOf({ hint }) {
      const { floor, ceiling } = bounds;
      if (hint < floor) return tooOld(hint, floor);
      return ceiling !== null && hint > ceiling ? tooNew(hint, ceiling) : null;
    },
  };
}

/** Lasting: a floor never falls. */
function tooOld(hint: bigint, floor: bigint): ItemRefusal {
  const message = `the hint ${hint} is below ${floor}, the floor of this node: older items are not kept (retention)`;
  return { code: 'HINT_TOO_OLD', message, lasting: true };
}

/** Not lasting: time makes the hint acceptable. */
function tooNew(hint: bigint, ceiling: bigint): ItemRefusal {
  const message =
    `the hint ${hint} is too far in the future: at present hints up to ${ceiling} are taken (hints.maxAhead); ` +
    'compare the clocks of both nodes, and give hints in milliseconds';
  return { code: 'HINT_TOO_NEW', message, lasting: false };
}
