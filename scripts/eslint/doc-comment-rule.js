/** ESLint rule: what a module exports carries a doc comment directly before it. Re-exports are exempt. */
export const docCommentRule = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { missing: 'Exported {{name}} needs a doc comment: meaning, units, limits, what it throws.' },
  },
  create(context) {
    function check(node) {
      const { declaration } = node;
      if (declaration === null || declaration === undefined) return;
      // The comment of a decorated class stands before its decorators.
      const first = declaration.decorators?.[0] ?? node;
      const start = first.range[0] < node.range[0] ? first : node;
      const comment = context.sourceCode.getCommentsBefore(start).at(-1);
      const isDoc = comment?.type === 'Block' && comment.value.startsWith('*');
      if (!isDoc && !isLaterOverload(node)) {
        context.report({ node, messageId: 'missing', data: { name: nameOf(declaration) } });
      }
    }
    return { ExportNamedDeclaration: check, ExportDefaultDeclaration: check };
  },
};

/** Of an overloaded function only the first signature is described. */
function isLaterOverload(node) {
  const name = node.declaration.id?.name;
  const siblings = node.parent.body;
  const previous = siblings[siblings.indexOf(node) - 1];
  return previous?.declaration?.type === 'TSDeclareFunction' && previous.declaration.id?.name === name;
}

function nameOf(declaration) {
  return declaration.id?.name ?? declaration.declarations?.[0]?.id?.name ?? 'value';
}
