/**
 * AssemblyScript for SHA-256 of one block (FIPS 180-4): 64 rounds in a row over locals. Instead of
 * moving the eight words of the state on, each round calls them by other names.
 */
export function sha256Block(from: string, to: string): string[] {
  const names = [...'abcdefgh'];
  return [
    ...names.map((name, i) => `let ${name}: u32 = ${hex(INITIAL[i]!)};`),
    ...Array.from({ length: 16 }, (_, i) => `let w${i} = load<u32>(${from}, ${4 * i});`),
    ...CONSTANTS.flatMap((constant, t) => [
      ...(t < 16 ? [] : [expansion(t)]),
      ...round(names.map((_, i) => names[(i + 64 - t) % 8]!) as State, constant, t),
    ]),
    ...names.map((name, i) => `store<u32>(${to}, ${name} + ${hex(INITIAL[i]!)}, ${4 * i});`),
  ];
}

type State = [
  a: string,
  b: string,
  c: string,
  d: string,
  e: string,
  f: string,
  g: string,
  h: string,
];

function round([a, b, c, d, e, f, g, h]: State, constant: number, t: number): string[] {
  const choice = `(${g} ^ (${e} & (${f} ^ ${g})))`;
  const majority = `((${a} & ${b}) | (${c} & (${a} | ${b})))`;
  return [
    `${h} += ${turned(e, 6, 11, 25)} + ${choice} + ${hex(constant)} + w${t % 16};`,
    `${d} += ${h};`,
    `${h} += ${turned(a, 2, 13, 22)} + ${majority};`,
  ];
}

/** The message word of round t, where that of sixteen rounds before was. */
function expansion(t: number): string {
  const [first, last] = [`w${(t + 1) % 16}`, `w${(t + 14) % 16}`];
  const early = `(rotr(${first}, 7) ^ rotr(${first}, 18) ^ (${first} >> 3))`;
  const late = `(rotr(${last}, 17) ^ rotr(${last}, 19) ^ (${last} >> 10))`;
  return `w${t % 16} += ${early} + w${(t + 9) % 16} + ${late};`;
}

function turned(word: string, ...by: number[]): string {
  return `(${by.map((bits) => `rotr(${word}, ${bits})`).join(' ^ ')})`;
}

function hex(word: number): string {
  return `0x${word.toString(16)}`;
}

/** The first 32 bits behind the point of the square roots of 8 primes, and of the cube roots of 64. */
const INITIAL = primes(8).map((prime) => fraction(prime, 2n));
const CONSTANTS = primes(64).map((prime) => fraction(prime, 3n));

function primes(count: number): bigint[] {
  const found: bigint[] = [];
  for (let n = 2n; found.length < count; n++)
    if (found.every((prime) => n % prime !== 0n)) found.push(n);
  return found;
}

/** Bit by bit: the largest root whose power is no more than `value`, 32 bits behind the point. */
function fraction(value: bigint, power: bigint): number {
  const scaled = value << (32n * power);
  let root = 0n;
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) {
    if ((root + bit) ** power <= scaled) root += bit;
  }
  return Number(root & 0xffff_ffffn);
}
