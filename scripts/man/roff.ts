/** A term of a list, and what stands beside it. */
export type Entry = readonly [term: string, text: string];

/** The head of a page. Pages have no date, so that each run writes the same bytes. */
export function head(name: string, section: number, version: string, manual: string): string {
  return `.\\" Written by "npm run man".\n.TH ${name.toUpperCase()} ${section} "" "rangemesh ${version}" "${manual}"\n.nh\n.ad l`;
}

export function section(title: string, ...parts: readonly string[]): string {
  return [`.SH ${quoted(title.toUpperCase())}`, ...parts.filter(Boolean)].join('\n');
}

export function subsection(title: string, ...parts: readonly string[]): string {
  return [`.SS ${quoted(title)}`, ...parts.filter(Boolean)].join('\n');
}

export function paragraph(text: string): string {
  return `.PP\n${plain(text)}`;
}

/** Terms, each with its text indented below. */
export function entries(list: readonly Entry[]): string {
  return list.map(([term, text]) => `.TP\n.B ${quoted(term)}\n${plain(text)}`).join('\n');
}

/** Lines as they are. */
export function literal(lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return ['.PP', '.RS 4', '.nf', ...lines.map(plain), '.fi', '.RE'].join('\n');
}

/** Hyphens stay hyphens of ASCII, so that readers can copy commands. */
export function plain(text: string): string {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('~', '\\(ti');
  return escaped.replaceAll('^', '\\(ha').replaceAll(/^(?=[.'])/gm, '\\&');
}

function quoted(text: string): string {
  return `"${plain(text).replaceAll('"', '\\(dq')}"`;
}
