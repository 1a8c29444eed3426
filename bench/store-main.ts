import { parseArgs } from 'node:util';
import { benchStore, STORE_DEFAULTS, storeTable } from './store.ts';
import { ORDERS } from './support/items.ts';

/** `bench -- store [--json] [--n N] [--order increasing|jittered|random] [--cache-mb N] [--buffer-items N]`. */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      n: { type: 'string', default: String(STORE_DEFAULTS.n) },
      order: { type: 'string' },
      'cache-mb': { type: 'string', default: String(STORE_DEFAULTS.cacheMb) },
      'buffer-items': { type: 'string', default: String(STORE_DEFAULTS.bufferItems) },
    },
  });
  const orders = ORDERS.filter((order) => order === (values.order ?? order));
  for (const order of orders) {
    const figures = await benchStore(order, {
      ...STORE_DEFAULTS,
      n: Number(values.n),
      orders,
      cacheMb: Number(values['cache-mb']),
      bufferItems: Number(values['buffer-items']),
    });
    console.log(values.json ? JSON.stringify(figures) : `${storeTable(figures)}\n`);
  }
}
