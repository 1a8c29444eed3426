import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type BulkPace, Rests } from '../../store/index.ts';

const PREFIX = 'rangemesh_';

/** Values of a label that come from codes; more than the code has. Later ones share a value. */
const MAX_VALUES = 128;
const OTHER = 'other';

/** Declares metrics in one registry, so that several daemons of a process stay apart. Units are base units. */
export class Declarations {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  counter<Label extends string = never>(
    name: `${string}_total`,
    help: string,
    labelNames: readonly Label[] = [],
    /** Called before the metric is read. */
    collect: (counter: Counter<Label>) => void = () => undefined,
  ): Counter<Label> {
    return new Counter({
      ...this.#config(name, help, labelNames),
      collect() {
        collect(this);
      },
    });
  }

  gauge<Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Gauge<Label> {
    return new Gauge(this.#config(name, help, labelNames));
  }

  histogram<Label extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly Label[] = [],
  ): Histogram<Label> {
    return new Histogram({ ...this.#config(name, help, labelNames), buckets: [...buckets] });
  }

  #config<Label extends string>(name: string, help: string, labelNames: readonly Label[]) {
    return {
      name: PREFIX + name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
    };
  }
}

/** Gives a counter the total that its room keeps; prom-client's counters only grow by steps. */
export function setTotal(counter: Counter, total: number): void {
  counter.reset();
  counter.inc(total);
}

/** Likewise for a counter with one label. */
export function setTotals<Label extends string>(
  counter: Counter<Label>,
  label: Label,
  totals: Iterable<readonly [value: string, total: number]>,
): void {
  counter.reset();
  for (const [value, total] of totals)
    counter.inc({ [label]: value } as Record<Label, string>, total);
}

/** Sets a gauge; null: it has no value now, and is left out. */
export function setOrOmit(gauge: Gauge, value: number | null): void {
  if (value === null || !Number.isFinite(value)) gauge.remove();
  else gauge.set(value);
}

/** Bounds the values of a label. */
export class LabelValues {
  readonly #known = new Set<string>();

  of(value: string): string {
    if (this.#known.size < MAX_VALUES) this.#known.add(value);
    return this.#known.has(value) ? value : OTHER;
  }
}

/** From half a millisecond to five minutes. */
export const SECONDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

/** The metrics of a registry as text. Clients have their turn in between: all of it in one piece takes several ms. */
export async function textOf(registry: Registry, pace: BulkPace): Promise<string> {
  const texts: string[] = [];
  const rests = new Rests(pace);
  for (const { name } of registry.getMetricsAsArray()) {
    texts.push(await registry.getSingleMetricAsString(name));
    await rests.due();
  }
  return `${texts.join('\n\n')}\n`;
}
