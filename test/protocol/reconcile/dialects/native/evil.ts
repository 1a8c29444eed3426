import type { NativeRecord } from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { type Bound, INFINITE_BOUND, ZERO_BOUND } from '../../../../../src/store/index.ts';
import type { SeededRandom } from '../../../../support/random.ts';

export interface Span {
  readonly lower: Bound;
  readonly upper: Bound;
}

/** What a peer that keeps to the rules, and to nothing else, says when it is its turn. */
export interface Malice {
  /** To a range of the victim's. */
  range(span: Span): NativeRecord[];
  /** To a group of the victim's that is not a list; by default it fails, and its ranges come back. */
  failed?: number;
}

/**
 * A responder that speaks when it must and never out of turn, so that only a budget can end the
 * session: it knows whose turn it is for each range, and nothing of the sets.
 */
export class Evil {
  readonly #malice: Malice;
  readonly #random: SeededRandom;
  /** Ranges that the victim has announced, and those that we have. */
  #theirs: Span[] = [{ lower: ZERO_BOUND, upper: INFINITE_BOUND }];
  #mine: Span[] = [];
  #taken: Span[] = [];
  #groups: Span[][] = [];
  #own: Span[][] = [];
  #done = false;

  constructor(random: SeededRandom, malice: Malice) {
    this.#random = random;
    this.#malice = malice;
  }

  /** Takes in what the victim said and answers all of it. */
  answer(heard: readonly NativeRecord[]): NativeRecord[] {
    const said = heard.flatMap((record) => this.#hear(record));
    for (let span = this.#theirs.shift(); span !== undefined; span = this.#theirs.shift()) {
      said.push(...this.#malice.range(span).flatMap((record) => this.#say(record, span!)));
    }
    const settled = heard.some(({ tag }) => tag === 'proof');
    if (settled && !this.#done) {
      this.#done = true;
      said.push({ tag: 'proof', digest: this.#random.bytes(16), refused: 0 });
    }
    return said;
  }

  #say(record: NativeRecord, span: Span): NativeRecord[] {
    if (record.tag === 'split') this.#mine.push(...cut(span, record.parts));
    if (record.tag === 'take') this.#own.push([span]);
    return [record];
  }

  #hear(record: NativeRecord): NativeRecord[] {
    switch (record.tag) {
      case 'same':
      case 'later':
        this.#mine.splice(0, record.ranges);
        return [];
      case 'want':
        this.#theirs.push(...this.#mine.splice(0, record.ranges));
        return [];
      case 'all':
        this.#mine.shift();
        return [];
      case 'take':
        this.#taken.push(...this.#mine.splice(0, record.ranges));
        return [];
      case 'split':
        this.#theirs.push(...cut(this.#mine.shift()!, record.parts));
        return [];
      case 'fail':
        this.#mine.unshift(...this.#own[record.group]!);
        return [];
      case 'more': {
        const symbols = this.#random.bytes(8 * record.symbols);
        return [{ tag: 'symbols', group: record.group, symbols }];
      }
      case 'sketch':
      case 'probe': {
        const group = this.#groups.push(this.#taken.splice(0)) - 1;
        this.#theirs.unshift(...this.#groups[group]!);
        return [{ tag: 'fail', group, differences: this.#malice.failed ?? 0 }];
      }
      case 'list': {
        if (!record.last) return [];
        const group = this.#groups.push(this.#taken.splice(0)) - 1;
        const bits = new Uint8Array(Math.ceil(record.entries.length / record.width / 8));
        return [{ tag: 'match', group, gives: false, bits }];
      }
      default:
        return [];
    }
  }
}

function cut(whole: Span, parts: readonly { readonly upper: Bound | null }[]): Span[] {
  let { lower } = whole;
  return parts.map(({ upper }) => {
    const span = { lower, upper: upper ?? whole.upper };
    lower = span.upper;
    return span;
  });
}
