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
  for (const [at, line] of lines.entries()) {
    const isItem = /^\s*(?:[-*]|\d+\.) /.test(line);
    const isCode =
      / {4,}[^ ]/.test(line.slice(0, 5)) && !open && (lines[at - 1] ?? '').trim() === '';
    if (
      line.trim() === '' ||
      (NO_PROSE.test(line) && !open) ||
      line.trim().startsWith('|') ||
      isCode
    ) {
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
