import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BenchMesh } from './catchup/mesh.ts';
import { inChild, round, withDirectory } from './support/child.ts';

const PEERS = 3;
/**
 * `bench -- catchup [--items N] [--size BYTES] [--json]`: an empty node and three full peers, four daemons over TCP;
 * once more with the empty one killed half-way and started again, as a check of what that costs; and once
 * more while clients ask the empty one and one of its peers.
 */
export async function main(args: string[]): Promise<void> {
  const options = {
    json: { type: 'boolean', default: false },
    items: { type: 'string', default: '200000' },
    size: { type: 'string', default: '200' },
  } as const;
  const { values } = parseArgs({ args, options });
  const [items, size] = [Number(values.items), Number(values.size)];
  const figures = await withDirectory((directory) => run(directory, items, size));
  if (values.json) console.log(JSON.stringify(figures));
  else console.table(figures);
}

async function run(directory: string, items: number, size: number) {
  const mesh = new BenchMesh(directory, items, size);
  const payloadBytes = items * size;
  try {
    await mesh.start(PEERS);
    const before = await raw(join(directory, 'raw-0'), items, size);
    const caughtUp = await mesh.catchUp();
    const { seconds, wireBytes, streamed } = caughtUp;
    const after = await raw(join(directory, 'raw-1'), items, size);
    const sent = await mesh.sentBytes();
    await mesh.catchUp(items / 2);
    const again = (await mesh.sentBytes()) - sent;
    const { receiver, sender } = await mesh.catchUpAsked();
    const cpuUs = (part: number): number => round((1e6 * part) / items);
    const [here, there] = [caughtUp.receiver, caughtUp.senders];
    const [itemsPerSecond, rawLevelPerSecond] = [items / seconds, (before + after) / 2];
    return {
      bench: 'catchup',
      items,
      size,
      itemsPerSecond: Math.round(itemsPerSecond),
      rawLevelPerSecond: Math.round(rawLevelPerSecond),
      ratio: round(itemsPerSecond / rawLevelPerSecond, 3),
      seconds: round(seconds, 2),
      cpuUsPerItem: cpuUs(here.cpuSeconds + there.cpuSeconds),
      receiverCpuUsPerItem: cpuUs(here.cpuSeconds),
      sendersCpuUsPerItem: cpuUs(there.cpuSeconds),
      receiverRssMb: here.rssMb,
      senderRssMb: there.rssMb,
      streamedRatio: round(streamed / items, 3),
      wireBytesPerPayloadByte: round(wireBytes / payloadBytes, 3),
      receivedOverNeeded: round(sent / payloadBytes, 4),
      fetchedTwice: round(again / payloadBytes - 1, 4),
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
function raw(directory: string, items: number, size: number): Promise<number> {
  const script = new URL('./store/raw.ts', import.meta.url);
  return inChild<number>(script, directory, 'increasing', String(items), '1000', String(size));
}
