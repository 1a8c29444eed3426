import { sha256Block } from './sha256-rounds.ts';

/**
 * AssemblyScript has no macros, and a BLAKE3 state lives in sixteen locals that no helper function can
 * change. So the sources in assembly/ carry directives, lines that begin with `//!`, and this module
 * writes the straight-line code they stand for:
 *
 *     //! lanes words=16 rounds=0-6               rounds over v0..v15 and m0..m15, a state a lane;
 *                                                 from word `words` on the message is zero
 *     //! lanes words=8 round=0 quarters=1,2,3    some of the eight quarter rounds of one round
 *     //! rows rounds=0-6                         rounds over the rows a, b, c, d of one state, the
 *                                                 message at `from`
 *     //! sha256 from=F to=T                      SHA-256 of the sixteen words at F, the hash to T
 *     //! sip                                     a SipRound over v0..v3 and another over w0..w3
 *     //! gather from=F base=B stride=S to=w,x,y,z       loads four vectors, transposes them
 *     //! scatter from=w,x,y,z to=T base=B stride=S      transposes four vectors, stores them
 */
export function unroll(source: string): string {
  return source.replace(/^ *\/\/! (\w+)(.*)$/gm, (_, name: string, rest: string) => {
    const options = new Map([...rest.matchAll(/(\w+)=(\S+)/g)].map((m) => [m[1]!, m[2]!]));
    const write = WRITERS[name];
    if (write === undefined) throw new Error(`unknown directive: ${name}`);
    return write((key) => options.get(key) ?? '').join('\n');
  });
}

type Writer = (option: (key: string) => string) => string[];

const WRITERS: Record<string, Writer> = {
  lanes: (option) => {
    const words = Number(option('words'));
    if (option('quarters') !== '') {
      return quarters(option('quarters').split(',').map(Number), Number(option('round')), words);
    }
    return roundsOf(option('rounds')).flatMap((round) => [
      ...quarters([0, 1, 2, 3], round, words),
      ...quarters([4, 5, 6, 7], round, words),
    ]);
  },
  rows: (option) => roundsOf(option('rounds')).flatMap(rowRound),
  sha256: (option) => sha256Block(option('from'), option('to')),
  sip: () => sipRound(),
  gather: (option) => gather(option('from'), option('to').split(','), placeOf(option)),
  scatter: (option) => scatter(option('from').split(','), option('to'), placeOf(option)),
};

function roundsOf(range: string): number[] {
  const [first = 0, last = 0] = range.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];

/** Which message word stands at each place in a round. */
function schedule(round: number): number[] {
  if (round === 0) return PERMUTATION.map((_, i) => i);
  const before = schedule(round - 1);
  return PERMUTATION.map((i) => before[i]!);
}

/** The quarter rounds: four columns, then four diagonals. */
const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
];

/** Step by step over all the quarters named, so that neighbours do not wait for each other. */
function quarters(which: number[], round: number, words: number): string[] {
  const steps = which.map((index, t) => {
    const [a, b, c, d] = QUARTERS[index]!.map((v) => `v${v}`) as [string, string, string, string];
    const word = (place: number) => schedule(round)[2 * index + place]!;
    const message = (place: number) => (word(place) < words ? `m${word(place)}` : null);
    return quarter({ a, b, c, d, t: `t${t}` }, message(0), message(1));
  });
  return steps[0]!.flatMap((_, step) => steps.map((lines) => lines[step]!));
}

interface Names {
  a: string;
  b: string;
  c: string;
  d: string;
  t: string;
}

function quarter(names: Names, first: string | null, second: string | null): string[] {
  const { a, b, c, d } = names;
  return [
    mix(a, b, first),
    `${d} = i8x16.swizzle(v128.xor(${d}, ${a}), by16);`,
    `${c} = i32x4.add(${c}, ${d});`,
    rotate(names, 12),
    mix(a, b, second),
    `${d} = i8x16.swizzle(v128.xor(${d}, ${a}), by8);`,
    `${c} = i32x4.add(${c}, ${d});`,
    rotate(names, 7),
  ];
}

/** The message word goes to `a` first: `b` is what comes last. */
function mix(a: string, b: string, message: string | null): string {
  const sum = message === null ? a : `i32x4.add(${a}, ${message})`;
  return `${a} = i32x4.add(${sum}, ${b});`;
}

function rotate({ b, c, t }: Names, by: number): string {
  return (
    `${t} = v128.xor(${b}, ${c}); ` +
    `${b} = v128.or(i32x4.shr_u(${t}, ${by}), i32x4.shl(${t}, ${32 - by}));`
  );
}

const ROWS: Names = { a: 'a', b: 'b', c: 'c', d: 'd', t: 't' };

/** The rows other than `b` turn, because `b` is what comes last; the message turns with them. */
function rowRound(round: number): string[] {
  const words = schedule(round);
  const column = (place: number) => row([0, 2, 4, 6].map((i) => words[i + place]!));
  const diagonal = (place: number) => row([14, 8, 10, 12].map((i) => words[i + place]!));
  return [
    ...quarter(ROWS, column(0), column(1)),
    ...turn(3, 1, 2),
    ...quarter(ROWS, diagonal(0), diagonal(1)),
    ...turn(1, 3, 2),
  ];
}

function row(words: number[]): string {
  return words
    .slice(1)
    .reduce(
      (vector, word, i) => `v128.load32_lane(from, ${vector}, ${i + 1}, ${4 * word})`,
      `v128.load32_zero(from, ${4 * words[0]!})`,
    );
}

function turn(a: number, c: number, d: number): string[] {
  return Object.entries({ a, c, d }).map(([name, by]) => {
    const lanes = [0, 1, 2, 3].map((lane) => (lane + by) % 4).join(', ');
    return `${name} = i32x4.shuffle(${name}, ${name}, ${lanes});`;
  });
}

/** The immediate offset of vector i. */
type Place = (i: number) => string;

function placeOf(option: (key: string) => string): Place {
  return (i) => `${option('base')} + ${i * Number(option('stride'))}`;
}

/** Declares the names in `to`: name i has word i of each of the four vectors. */
function gather(from: string, to: string[], place: Place): string[] {
  const halves = halvesOf(to);
  return [
    ...to.map((name, i) => `let ${name} = v128.load(${from}, ${place(i)});`),
    ...interleave(to, halves),
    ...to.map((name, i) => `${name} = ${transposed(halves, i)};`),
  ];
}

function scatter(from: string[], to: string, place: Place): string[] {
  const halves = halvesOf(from);
  const store = (i: number) => `v128.store(${to}, ${transposed(halves, i)}, ${place(i)});`;
  return [...interleave(from, halves), ...from.map((_, i) => store(i))];
}

function halvesOf(names: string[]): string[] {
  return ['low0', 'low1', 'high0', 'high1'].map((half) => `${half}${names[0]}`);
}

function interleave([a, b, c, d]: string[], [low0, low1, high0, high1]: string[]): string[] {
  return [
    `let ${low0} = i32x4.shuffle(${a}, ${b}, 0, 4, 1, 5), ${low1} = i32x4.shuffle(${c}, ${d}, 0, 4, 1, 5);`,
    `let ${high0} = i32x4.shuffle(${a}, ${b}, 2, 6, 3, 7), ${high1} = i32x4.shuffle(${c}, ${d}, 2, 6, 3, 7);`,
  ];
}

function transposed([low0, low1, high0, high1]: string[], i: number): string {
  const [x, y] = i < 2 ? [low0, low1] : [high0, high1];
  return `i64x2.shuffle(${x}, ${y}, ${i % 2}, ${2 + (i % 2)})`;
}

/** Two independent SipRounds, step by step side by side. */
function sipRound(): string[] {
  const steps = [
    '0 += $1; $1 = rotl($1, 13); $1 ^= $0; $0 = rotl($0, 32);',
    '2 += $3; $3 = rotl($3, 16); $3 ^= $2;',
    '0 += $3; $3 = rotl($3, 21); $3 ^= $0;',
    '2 += $1; $1 = rotl($1, 17); $1 ^= $2; $2 = rotl($2, 32);',
  ];
  return steps.flatMap((step) => ['v', 'w'].map((name) => `$${step}`.replaceAll('$', name)));
}
