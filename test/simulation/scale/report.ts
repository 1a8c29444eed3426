import type { ScaleResult } from './scale.ts';

interface Column {
  readonly head: string;
  readonly of: (result: ScaleResult) => string;
}

const COLUMNS: readonly Column[] = [
  { head: 'nodes', of: ({ nodes }) => counted(nodes) },
  { head: 'items a minute', of: ({ itemsPerMinute }) => counted(itemsPerMinute) },
  { head: 'minutes', of: ({ minutes }) => `${minutes}` },
  { head: 'churn a minute', of: ({ churn }) => `${100 * churn} %` },
  {
    head: 'everywhere after, ms (p50, p99, most)',
    of: ({ spreadMs: { p50, p99, max } }) => [p50, p99, max].map(counted).join(', '),
  },
  { head: 'copies of a push', of: ({ copiesPerItem }) => copiesPerItem.toFixed(1) },
  {
    head: 'sessions a node and minute',
    of: ({ sessionsPerNodeMinute }) => sessionsPerNodeMinute.toFixed(1),
  },
  { head: 'rounds of a session', of: ({ roundsPerSession }) => roundsPerSession.toFixed(2) },
  {
    head: 'bytes of sessions a node and minute',
    of: ({ sessionBytesPerNodeMinute }) => counted(Math.round(sessionBytesPerNodeMinute)),
  },
  { head: 'part fetched', of: ({ fetchedShare }) => `${(100 * fetchedShare).toFixed(2)} %` },
  { head: 'most wants', of: ({ worstWants }) => counted(worstWants) },
  { head: 'processor, s', of: ({ cpuSeconds }) => cpuSeconds.toFixed(0) },
];

/** The results as a table of Markdown. */
export function tableOf(results: readonly ScaleResult[]): string {
  const rows = results.map((result) => COLUMNS.map(({ of }) => of(result)));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return [COLUMNS.map(({ head }) => head), COLUMNS.map(() => '---'), ...rows].map(line).join('');
}

const WIDTH = 640;
const HEIGHT = 320;
const MARGIN = 56;

/** The time until items are everywhere over the number of nodes, which doubles from mark to mark, as SVG. */
export function plotOf(results: readonly ScaleResult[]): string {
  const sorted = results.toSorted((a, b) => a.nodes - b.nodes);
  const [least, most] = [sorted[0]!.nodes, sorted.at(-1)!.nodes].map(Math.log2) as [number, number];
  const highest = Math.max(...sorted.map(({ spreadMs }) => spreadMs.p99));
  const x = (nodes: number): number =>
    MARGIN + ((Math.log2(nodes) - least) / Math.max(1, most - least)) * (WIDTH - 2 * MARGIN);
  const y = (ms: number): number => HEIGHT - MARGIN - (ms / highest) * (HEIGHT - 2 * MARGIN);
  const line = (of: 'p50' | 'p99', colour: string): string => {
    const points = sorted.map(
      ({ nodes, spreadMs }) => `${x(nodes).toFixed(1)},${y(spreadMs[of]).toFixed(1)}`,
    );
    const label = `<text x="${WIDTH - MARGIN + 6}" y="${y(sorted.at(-1)!.spreadMs[of])}">${of}</text>`;
    return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.join(' ')}"/>${label}`;
  };
  const below = HEIGHT - MARGIN + 20;
  const marks = sorted.map(({ nodes }) => `<text x="${x(nodes)}" y="${below}">${nodes}</text>`);
  const heights = [0, highest / 2, highest].map(
    (ms) => `<text x="8" y="${y(ms)}">${Math.round(ms)} ms</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    '<title>Time until an item is on all nodes</title>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    '<text x="8" y="20">Time until an item is on all nodes, by the number of nodes</text>',
    ...[line('p50', '#1f77b4'), line('p99', '#d62728'), ...marks, ...heights],
    '</svg>\n',
  ].join('\n');
}

function counted(value: number): string {
  return value.toLocaleString('en-US');
}
