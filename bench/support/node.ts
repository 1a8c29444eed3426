import { AdminClient } from '../../scripts/support/admin-client.ts';
import { DaemonProcess } from '../../scripts/support/daemon-process.ts';

const ARGS = ['--listen', '/ip4/127.0.0.1/tcp/0', '--admin-port', '0', '--set', 'log.level=info'];

/** A daemon in a process of its own. */
export interface BenchNode {
  readonly daemon: DaemonProcess;
  readonly client: AdminClient;
}

interface BenchNodeInit {
  dataDir: string;
  /** Values of the configuration, by path. */
  settings?: Readonly<Record<string, string>>;
  /** Arguments of Node itself. */
  execArgv?: readonly string[];
}

export async function startNode({
  dataDir,
  settings = {},
  execArgv = [],
}: BenchNodeInit): Promise<BenchNode> {
  const set = Object.entries(settings).flatMap(([path, value]) => ['--set', `${path}=${value}`]);
  const daemon = await DaemonProcess.start({ dataDir, args: [...ARGS, ...set], execArgv });
  return { daemon, client: new AdminClient({ url: daemon.admin, token: await daemon.token() }) };
}

export async function stopNode(
  { daemon, client }: BenchNode,
  signal: NodeJS.Signals,
): Promise<void> {
  client.close();
  await daemon.stop(signal);
}

/** Has a node dial another. */
export async function joinNodes(node: BenchNode, other: BenchNode): Promise<void> {
  const { addresses } = await other.client.status();
  await node.client.addPeer(addresses[0]!);
}
