/** Levels of nesting that a document may have; far above what a transformation needs, far below what exhausts the stack. */
const MAX_DEPTH = 64;

/** What was found, and where. */
export interface ForbiddenContent {
  readonly path: readonly string[];
  readonly message: string;
}

interface Node {
  readonly value: unknown;
  readonly key: string;
  readonly parent: Node | undefined;
  readonly depth: number;
}

/**
 * Looks for what no field of the API may contain, whatever its schema says: NUL characters (PostgreSQL refuses them), the key
 * `__proto__`, and nesting that would exhaust the stack of recursive code. Iterative itself, for that reason.
 */
export function forbiddenContent(root: unknown): ForbiddenContent | undefined {
  const todo: Node[] = [{ value: root, key: '', parent: undefined, depth: 0 }];
  for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
    const { value, depth } = node;
    if (typeof value === 'string' && value.includes('\0')) return found(node, 'must not contain NUL characters');
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= MAX_DEPTH) return found(node, `is nested more than ${MAX_DEPTH} levels deep`);
    for (const [key, child] of Object.entries(value)) {
      if (key === '__proto__' || key.includes('\0')) return found(node, 'has a key that is not allowed');
      todo.push({ value: child, key, parent: node, depth: depth + 1 });
    }
  }
  return undefined;
}

function found(node: Node, message: string): ForbiddenContent {
  const path: string[] = [];
  for (let at: Node | undefined = node; at?.parent !== undefined; at = at.parent) path.unshift(at.key);
  return { path, message };
}
