import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BenchMesh } from './catchup/mesh.ts';
import { inChild, round, withDirectory } from './support/child.ts';

const PEERS = 3;
const PAYLOAD_BYTES = 200;

/**
 * `bench -- catchup [--items N] [--json]`: an empty node and three full peers, four daemons over TCP;
 * once more with the empty one killed half-way and started again, as a check of what that costs; and once
 * more while clients ask the empty one and one of its peers.
 */
export async function main(args: string[]): Promise<void> {
  const options = {
    json: { type: 'boolean', default: false },
    items: { type: 'string', default: '200000' },
  } as const;
  const { values } = parseArgs({ args, options });
  const items = Number(values.items);
  const figures = await withDirectory((directory) => run(directory, items));
  if (values.json) console.log(JSON.stringify(figures));
  else console.table(figures);
}

async function run(directory: string, items: number) {
  const mesh = new BenchMesh(directory, items);
  try {
    await mesh.start(PEERS);
    const before = await raw(join(directory, 'raw-0'), items);
    const { seconds, wireBytes, streamed } = await mesh.catchUp();
    const after = await raw(join(directory, 'raw-1'), items);
    const sent = await mesh.sentBytes();
    await mesh.catchUp(items / 2);
    const again = (await mesh.sentBytes()) - sent;
    const { receiver, sender } = await mesh.catchUpAsked();
    const [itemsPerSecond, rawLevelPerSecond] = [items / seconds, (before + after) / 2];
    return {
      bench: 'catchup',
      items,
      itemsPerSecond: Math.round(itemsPerSecond),
      rawLevelPerSecond: Math.round(rawLevelPerSecond),
      ratio: round(itemsPerSecond / rawLevelPerSecond, 3),
      seconds: round(seconds, 2),
      streamedRatio: round(streamed / items, 3),
      wireBytesPerPayloadByte: round(wireBytes / (items * PAYLOAD_BYTES), 3),
      receivedOverNeeded: round(sent / (items * PAYLOAD_BYTES), 4),
      fetchedTwice: round(again / (items * PAYLOAD_BYTES) - 1, 4),
      foregroundGetP99Ms: round(receiver.get.p99Ms),
      foregroundPutP99Ms: round(receiver.put.p99Ms),
      loopMaxMs: round(receiver.loopMaxMs),
      senderGetP99Ms: round(sender.get.p99Ms),
      senderPutP99Ms: round(sender.put.p99Ms),
      senderLoopMaxMs: round(sender.loopMaxMs),
    };
  } finally {
    await mesh.stop();
  }
}

/** Items a second that bare LevelDB takes, synced in batches as a store's. */
function raw(directory: string, items: number): Promise<number> {
  const script = new URL('./store/raw.ts', import.meta.url);
  return inChild<number>(script, directory, 'increasing', String(items), '1000');
}
