import { dirname, relative, resolve, sep } from 'node:path';
import { EXCEPTIONS, MATRIX } from './import-matrix.js';

/** ESLint rule: imports between folders, and of packages, follow the table in `import-matrix.js`. */
export const importMatrixRule = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { forbidden: '{{from}} may not import {{what}}: {{why}}' },
  },
  create(context) {
    const file = posix(relative(context.cwd, context.filename));
    const folder = file.split('/')[0] ?? '';
    const layer = MATRIX[folder];
    if (layer === undefined) return {};

    function check(node, source, isType) {
      if (source === null || source === undefined || typeof source.value !== 'string') return;
      const target = source.value;
      const isAllowed = target.startsWith('.')
        ? moduleAllowed(moduleName(target), isType)
        : packageAllowed(target, isType);
      if (isAllowed) return;
      const what = target.startsWith('.') ? moduleName(target) : `'${target}'`;
      context.report({ node: source, messageId: 'forbidden', data: { from: folder, what, why: layer.why } });
    }

    function moduleName(target) {
      const path = posix(relative(context.cwd, resolve(dirname(context.filename), target)));
      return path.replace(/\.js$/, '');
    }

    function moduleAllowed(name, isType) {
      const allowed = [...layer.folders, ...(isType ? (layer.types ?? []) : [])];
      const from = file.replace(/\.ts$/, '');
      const excepted = EXCEPTIONS.filter((exception) => within(from, exception.from)).map((exception) => exception.to);
      return [...allowed, ...excepted].some((entry) => within(name, entry));
    }

    function packageAllowed(name, isType) {
      const allowed = [...layer.packages, ...(isType ? (layer.typePackages ?? []) : [])];
      return allowed.some((entry) =>
        entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : name === entry || name.startsWith(`${entry}/`),
      );
    }

    return {
      ImportDeclaration: (node) => check(node, node.source, isTypeOnly(node)),
      ExportNamedDeclaration: (node) => check(node, node.source, node.exportKind === 'type'),
      ExportAllDeclaration: (node) => check(node, node.source, node.exportKind === 'type'),
      ImportExpression: (node) => check(node, node.source, false),
      TSImportType: (node) => check(node, node.argument?.literal ?? node.source, true),
    };
  },
};

function isTypeOnly(node) {
  const inline = node.specifiers.length > 0 && node.specifiers.every((specifier) => specifier.importKind === 'type');
  return node.importKind === 'type' || inline;
}

/** `name` is the entry itself, lies in that folder, or continues its file name (`cli/demo` covers `cli/demo-data`). */
function within(name, entry) {
  return name === entry || name.startsWith(`${entry}/`) || (entry.includes('demo') && name.startsWith(`${entry}-`));
}

function posix(path) {
  return path.split(sep).join('/');
}
