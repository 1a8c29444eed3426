import type { SourceOutline } from './outline.ts';

/** Circles of imports, each once, as the files on the way round and the first one again. */
export function circlesOf(sources: readonly SourceOutline[]): string[][] {
  const imports = new Map(sources.map(({ file, imports }) => [file, imports]));
  const circles: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at !== -1) {
      circles.push([...path.slice(at), file]);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const target of imports.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const { file } of sources) visit(file);
  return circles;
}
