import {
  type BinaryExpression,
  type ExpressionStatement,
  type IfStatement,
  type Node,
  type NumericLiteral,
  type PostfixUnaryExpression,
  type PrefixUnaryExpression,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast';

/** A change of source text: `[start, end)` becomes `text`. Offsets are UTF-16 units. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const COMPARISONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['<', ['<=', '>=']],
  ['<=', ['<', '>']],
  ['>', ['>=', '<=']],
  ['>=', ['>', '<']],
  ['===', ['!==']],
  ['!==', ['===']],
]);
const SWAPS: ReadonlyMap<string, string> = new Map([
  ['+', '-'],
  ['-', '+'],
  ['+=', '-='],
  ['-=', '+='],
  ['*', '/'],
  ['/', '*'],
  ['++', '--'],
  ['--', '++'],
]);
const ASSIGNMENTS: ReadonlySet<string> = new Set(['=', '+=', '-=', '||=', '&&=', '??=']);
/** Words for people: a log line that is left out changes no behaviour. */
const LOG_CALL = /(^|[.#])log(ger)?(\?)?\.(trace|debug|info|warn|error)\(/;

/**
 * The plausible mistakes at one node: a comparison off by one or turned round, a dropped condition, a
 * counter that moves the wrong way, a number off by one, a step left out, an option that is ignored.
 */
export function editsAt(node: Node, file: SourceFile): Edit[] {
  switch (node.kind) {
    case SyntaxKind.BinaryExpression:
      return binary(node as BinaryExpression, file);
    case SyntaxKind.IfStatement:
      return whole((node as IfStatement).expression, file, ['true', 'false']);
    case SyntaxKind.PrefixUnaryExpression:
      return prefix(node as PrefixUnaryExpression, file);
    case SyntaxKind.PostfixUnaryExpression:
      return operator(node as PostfixUnaryExpression, file);
    case SyntaxKind.NumericLiteral:
    case SyntaxKind.BigIntLiteral:
      return number(node as NumericLiteral, file);
    case SyntaxKind.TrueKeyword:
      return inFunction(node) ? whole(node, file, ['false']) : [];
    case SyntaxKind.FalseKeyword:
      return inFunction(node) ? whole(node, file, ['true']) : [];
    case SyntaxKind.ExpressionStatement:
      return step(node as ExpressionStatement, file);
    case SyntaxKind.PropertyAccessExpression:
      return minOrMax(node, file);
    default:
      return [];
  }
}

function binary(node: BinaryExpression, file: SourceFile): Edit[] {
  const token = node.operatorToken.getText(file);
  const left = node.left.getText(file);
  const right = node.right.getText(file);
  if (token === '&&' || token === '||') return whole(node, file, [left, right]);
  if (token === '??') return whole(node, file, [right]);
  if (token === '+' && /^['"`]/.test(left + right)) return [];
  const swapped = SWAPS.get(token);
  if (swapped !== undefined && !inFunction(node)) return [];
  const others = COMPARISONS.get(token) ?? (swapped === undefined ? [] : [swapped]);
  return whole(node.operatorToken, file, others);
}

function prefix(node: PrefixUnaryExpression, file: SourceFile): Edit[] {
  const text = node.getText(file);
  if (text.startsWith('!')) return whole(node, file, [text.slice(1)]);
  return operator(node, file);
}

/** `++` and `--`, before or behind their operand. */
function operator(node: PrefixUnaryExpression | PostfixUnaryExpression, file: SourceFile): Edit[] {
  const text = node.getText(file);
  const start = node.getStart(file);
  for (const [from, to] of SWAPS) {
    if (from.length !== 2 || from[1] === '=') continue;
    if (text.startsWith(from)) return [{ start, end: start + 2, text: to }];
    if (text.endsWith(from)) return [{ start: node.end - 2, end: node.end, text: to }];
  }
  return [];
}

/** A number at the top of a file is a choice, not logic: its users are what tests can hold. */
function number(node: NumericLiteral, file: SourceFile): Edit[] {
  if (!inFunction(node) || node.parent.kind === SyntaxKind.LiteralType) return [];
  const text = node.getText(file);
  if (/[.eE]/.test(text) && !text.startsWith('0x')) return [];
  const big = text.endsWith('n');
  const next = BigInt(text.replaceAll('_', '').replace(/n$/, '')) + 1n;
  return whole(node, file, [big ? `${next}n` : `${next}`]);
}

/** A call or an assignment that stands alone is left out. */
function step(node: ExpressionStatement, file: SourceFile): Edit[] {
  const text = node.getText(file);
  const of = node.expression;
  const assigns =
    of.kind === SyntaxKind.BinaryExpression &&
    ASSIGNMENTS.has((of as BinaryExpression).operatorToken.getText(file));
  const calls = of.kind === SyntaxKind.CallExpression || of.kind === SyntaxKind.AwaitExpression;
  const optional = text.startsWith('void ');
  if (!assigns && !calls && !optional) return [];
  if (LOG_CALL.test(text) || text.startsWith('super(')) return [];
  return whole(node, file, [';']);
}

function minOrMax(node: Node, file: SourceFile): Edit[] {
  const text = node.getText(file);
  if (text === 'Math.min') return whole(node, file, ['Math.max']);
  if (text === 'Math.max') return whole(node, file, ['Math.min']);
  return [];
}

function whole(node: Node, file: SourceFile, texts: readonly string[]): Edit[] {
  const start = node.getStart(file);
  const now = node.getText(file);
  return texts
    .filter((text) => text !== now)
    .map((text) => ({ start, end: node.end, text: wrapped(text) }));
}

/** A condition that takes the place of a longer one must not join its neighbours. */
function wrapped(text: string): string {
  return /[&|?]/.test(text) && !/^\W{1,3}$/.test(text) ? `(${text})` : text;
}

function inFunction(node: Node): boolean {
  for (let at: Node | undefined = node.parent; at !== undefined; at = at.parent) {
    switch (at.kind) {
      case SyntaxKind.FunctionDeclaration:
      case SyntaxKind.FunctionExpression:
      case SyntaxKind.ArrowFunction:
      case SyntaxKind.MethodDeclaration:
      case SyntaxKind.Constructor:
      case SyntaxKind.GetAccessor:
      case SyntaxKind.SetAccessor:
        return true;
    }
  }
  return false;
}
