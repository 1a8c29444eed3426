import type { Serve } from '../../src/protocol/index.ts';
import type { Item } from '../../src/store/index.ts';

export interface OneByOneInit {
  get: (id: Uint8Array) => Promise<Item | undefined>;
  /**
   * How long it says that an item is.
   * @default as long as it is
   */
  sizeOf?: ((id: Uint8Array) => Promise<number | undefined>) | undefined;
}

/** Serves an item at a time. */
export function oneByOne({ get, sizeOf }: OneByOneInit): Serve {
  return async ([id], { maxItemBytes }) => {
    const said = await sizeOf?.(id!);
    if (said !== undefined && said > maxItemBytes) return [{ length: said }];
    const item = await get(id!);
    const length = item?.payload.length ?? 0;
    return length > maxItemBytes ? [{ length }] : [item];
  };
}
