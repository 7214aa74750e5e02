import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from '@jest/globals';

/** As in `shared-modules.cjs`, without the programs of `bench/`, which no suite loads. */
const PRODUCT = 'activities api cli connectors core migrations runtime simulators state worker workflows'.split(' ');

/** What modules keep, and why no suite can see it of another one. */
const KNOWN = {
  'activities/drain/change.ts GROUP_IDS': 'by an object of a job',
  'api/auth/principal.ts principals': 'by request',
  'connectors/http/abort-listeners.ts listenersOf': 'by signal',
  'core/transform/dates/zones.ts formats': 'the same for everybody',
  'core/transform/tables/lookup.ts countries': 'the same for everybody',
  'core/transform/tables/lookup.ts regions': 'the same for everybody',
  'core/transform/tables/lookup.ts zones': 'the same for everybody',
  'runtime/logger.ts isReaderWatched': 'the standard output is one for all',
  'simulators/foreign/scimmy.ts isDeclared': 'so is that of a package',
  'worker/install-runtime.ts isInstalled': 'new in each suite (OWN)',
};

const CHANGES = new Set('set add push delete clear unshift splice pop shift sort reverse fill'.split(' '));

it('modules of the product, which all suites of a process share, keep nothing that a suite could see of another one', () => {
  const kept = PRODUCT.flatMap(sourcesIn).flatMap((file) => [...keptBy(file)].map((name) => `${file} ${name}`));
  expect(kept.toSorted()).toEqual(Object.keys(KNOWN));
});

function sourcesIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => join(folder, name));
}

/** Variables of the module itself, and static ones of its classes, that are set or changed while it is used. */
function keptBy(file: string): Set<string> {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const own = new Set(source.statements.flatMap(namesIn));
  const kept = new Set<string>();
  const visit = (node: ts.Node): void => {
    const name = changedBy(node);
    if (name !== undefined && own.has(name)) kept.add(name);
    if (isChangeableStatic(node)) kept.add(node.name.getText());
    ts.forEachChild(node, visit);
  };
  // What is only filled while the module is loaded is the same in each suite.
  for (const statement of source.statements) if (!ts.isExpressionStatement(statement)) visit(statement);
  return kept;
}

function namesIn(statement: ts.Statement): string[] {
  if (!ts.isVariableStatement(statement)) return [];
  return statement.declarationList.declarations.map(({ name }) => name.getText());
}

function changedBy(node: ts.Node): string | undefined {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression))
    return CHANGES.has(node.expression.name.text) ? rootOf(node.expression.expression) : undefined;
  if (ts.isPostfixUnaryExpression(node) || ts.isPrefixUnaryExpression(node))
    return isStep(node.operator) ? rootOf(node.operand) : undefined;
  if (!ts.isBinaryExpression(node)) return undefined;
  const { kind } = node.operatorToken;
  const isAssignment = kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
  // A pattern is set to its beginning before it is used.
  return isAssignment && !node.left.getText().endsWith('.lastIndex') ? rootOf(node.left) : undefined;
}

function isStep(operator: ts.SyntaxKind): boolean {
  return operator === ts.SyntaxKind.PlusPlusToken || operator === ts.SyntaxKind.MinusMinusToken;
}

function rootOf(node: ts.Expression): string | undefined {
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) return rootOf(node.expression);
  return ts.isIdentifier(node) ? node.text : undefined;
}

function isChangeableStatic(node: ts.Node): node is ts.PropertyDeclaration {
  if (!ts.isPropertyDeclaration(node)) return false;
  const kinds = new Set(node.modifiers?.map(({ kind }) => kind));
  return kinds.has(ts.SyntaxKind.StaticKeyword) && !kinds.has(ts.SyntaxKind.ReadonlyKeyword);
}
