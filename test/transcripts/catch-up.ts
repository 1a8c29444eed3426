import type { NewItem } from '../../src/store/index.ts';
import { SimulatedMesh } from '../simulation/simulated-mesh.ts';
import type { Changes } from '../simulation/simulated-node.ts';

const ITEMS = 540;
/** Two slices, each long enough for a stream. */
const OPTIONS = { catchUpItems: 50, sliceItems: 270, intervalMs: 60_000 };
const STREAMS: Changes = { rangeOf: (replica) => (range) => replica.range(range) };

/** A node that holds nothing catches up with two others over streams of ranges. */
export async function catchUp(): Promise<string> {
  const mesh = new SimulatedMesh('transcript', OPTIONS);
  const { trace, clock, random } = mesh;
  const note = (text: string): void => {
    const held = mesh.nodes[0]!.replica.size;
    trace.push(`${clock.monotonic().toFixed(3)} -> ${text}; empty holds ${held}`);
  };
  await mesh.add('empty', {
    ...STREAMS,
    observers: [
      {
        sessionEnded: ({ peer, role, mode, missing, equal, error }) => {
          const end = error?.code ?? (equal ? 'equal' : 'different');
          note(`session with ${peer} as ${role}, ${mode}: ${end}, ${missing} missing`);
        },
        streamEnded: ({ peer, outcome, items }) => {
          note(`stream of ${peer}: ${outcome}, ${items} items`);
        },
        requestEnded: ({ peer, outcome, items }) => {
          note(`request to ${peer}: ${outcome}, ${items} items`);
        },
      },
    ],
  });
  const items = Array.from(
    { length: ITEMS },
    (_, i): NewItem => ({ hint: BigInt(i), payload: random.bytes(20) }),
  );
  for (const name of ['first', 'second']) {
    const node = await mesh.add(name, STREAMS);
    await node.replica.put(items);
  }
  trace.length = 0;
  mesh.link(0, 1, { latencyMs: 15, bytesPerMs: 50 });
  mesh.link(0, 2, { latencyMs: 15, bytesPerMs: 50 });
  await mesh.converge(20_000);
  await clock.advance(1_000);
  note(mesh.equal ? 'all sets are equal' : 'the sets differ');
  const lines = trace.map((line) => line.replace(/^(\S+) [\d.]+ /, '$1 '));
  await mesh.stop();
  return `${together(lines).join('\n')}\n`;
}

/** Frames of one moment and direction make one line. */
function together(lines: readonly string[]): string[] {
  const told: string[] = [];
  let before = '';
  let [frames, bytes] = [0, 0];
  for (const line of lines) {
    const [, head, length] = /^(.*) frame (\d+)$/.exec(line) ?? [];
    if (head === undefined) {
      told.push(line);
      before = '';
      continue;
    }
    if (head !== before) [frames, bytes] = [0, 0];
    else told.pop();
    before = head;
    frames++;
    bytes += Number(length);
    told.push(`${head} ${frames} ${frames === 1 ? 'frame' : 'frames'}, ${bytes} bytes`);
  }
  return told;
}
