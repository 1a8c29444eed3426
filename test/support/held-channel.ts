import type { Channel, ChannelInit, Network } from '../../src/protocol/network/index.ts';

/** Serves a protocol: the first channel that comes, which stays open until `done` is called. */
export async function heldChannel(
  network: Network,
  protocol: string,
  init: ChannelInit,
): Promise<{ arrived: Promise<Channel>; done: () => void }> {
  const arrived = Promise.withResolvers<Channel>();
  const held = Promise.withResolvers<void>();
  await network.handle(
    protocol,
    async (channel) => {
      arrived.resolve(channel);
      await held.promise;
    },
    init,
  );
  return { arrived: arrived.promise, done: held.resolve };
}
