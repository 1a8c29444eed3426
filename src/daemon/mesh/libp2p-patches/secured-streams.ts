import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface';

/** Changes the stream of each connection that the encrypter secures, in either direction. */
export function changeStreams(
  encrypter: ConnectionEncrypter,
  change: (stream: MessageStream) => void,
): void {
  const inbound = encrypter.secureInbound.bind(encrypter);
  const outbound = encrypter.secureOutbound.bind(encrypter);
  const changed = <Secured extends { connection: MessageStream }>(secured: Secured): Secured => {
    change(secured.connection);
    return secured;
  };
  encrypter.secureInbound = async (...args) => changed(await inbound(...args));
  encrypter.secureOutbound = async (...args) => changed(await outbound(...args));
}
