import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Words of the average sentence of a page, which stays below. */
const AVERAGE = 18;
const LONGEST = 45;
const AT_THE_TOP: readonly string[] = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];

/** Pages whose sentences are too long on average, and sentences that are too long alone. */
export function proseFaults(root: string): string[] {
  const docs = existsSync(join(root, 'docs')) ? readdirSync(join(root, 'docs')) : [];
  const examples = existsSync(join(root, 'examples')) ? readdirSync(join(root, 'examples')) : [];
  const names = [
    ...AT_THE_TOP,
    ...docs.toSorted().map((name) => `docs/${name}`),
    'examples/README.md',
    ...examples.toSorted().map((name) => `examples/${name}/README.md`),
  ];
  return names
    .filter((name) => name.endsWith('.md') && existsSync(join(root, name)))
    .flatMap((name) => faultsOfPage(name, readFileSync(join(root, name), 'utf8')));
}

function faultsOfPage(name: string, page: string): string[] {
  const { average, longest } = measure(page);
  const isLong = average >= AVERAGE;
  return [
    ...(isLong
      ? [
          `${name} has ${average.toFixed(1)} words a sentence, ${AVERAGE} or more: split "${longest}"`,
        ]
      : []),
    ...sentencesOf(page)
      .filter((sentence) => wordsIn(sentence) > LONGEST)
      .map((sentence) => `${name} has a sentence of more than ${LONGEST} words: "${sentence}"`),
  ];
}

/** A page of prose, measured. */
export interface MeasuredProse {
  readonly sentences: number;
  readonly words: number;
  /** Words of an average sentence; 0 without any. */
  readonly average: number;
  readonly longest: string;
}

/** A sentence ends at its mark before a space. */
const END = /[.!?](?=\s|$)/;
const WORD = /[\p{L}\p{N}]/u;
const NO_PROSE = /^(?:\||#|<!--| {4,}[^ ]| {0,3}\[[^\]]+\]: )/;

/** The prose of a page in Markdown: no blocks of code, no tables, no headings. A list item ends its sentence. */
function proseOf(page: string): string[] {
  const lines = page.replace(/^```.*?^```$/gms, '').split('\n');
  const paragraphs: string[] = [];
  let open = false;
  for (const line of lines) {
    const isItem = /^\s*(?:[-*]|\d+\.) /.test(line);
    const isRow = line.trim().startsWith('|');
    if (line.trim() === '' || isRow || (!open && NO_PROSE.test(line))) {
      open = false;
    } else if (isItem || !open) {
      paragraphs.push(line.trim());
      open = true;
    } else paragraphs[paragraphs.length - 1] += ` ${line.trim()}`;
  }
  return paragraphs.map((paragraph) => paragraph.replace(/^(?:[-*]|\d+\.) /, ''));
}

/** The sentences of a page in Markdown. */
export function sentencesOf(page: string): string[] {
  return proseOf(page)
    .flatMap((paragraph) => paragraph.split(END))
    .map((sentence) => sentence.trim().replace(/[.!?]$/, ''))
    .filter((sentence) => WORD.test(sentence));
}

export function measure(page: string): MeasuredProse {
  const sentences = sentencesOf(page);
  const [longest = ''] = sentences.toSorted((a, b) => wordsIn(b) - wordsIn(a));
  const words = sentences.reduce((sum, sentence) => sum + wordsIn(sentence), 0);
  const average = sentences.length === 0 ? 0 : words / sentences.length;
  return { sentences: sentences.length, words, average, longest };
}

/** A piece of code is a word. */
function wordsIn(sentence: string): number {
  const plain = sentence.replace(/`[^`]*`/g, 'code').replace(/\]\([^)]*\)/g, ']');
  return plain.split(/\s+/).filter((word) => WORD.test(word)).length;
}
