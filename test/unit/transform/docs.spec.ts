import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { FUNCTIONS } from '../../../core/transform/functions/registry.js';
import type { JsonObject, JsonValue } from '../../../core/json.js';
import { compileUser, context, issuesOf, objectOf, valueOf, writeContext } from './support.js';

const text = readFileSync(new URL('../../../docs/transformations.md', import.meta.url), 'utf8');

/** Every JSON block with the heading it stands under. */
const examples = text.split(/^## /m).flatMap((section): [string, JsonObject][] => {
  const heading = section.slice(0, section.indexOf('\n'));
  return [...section.matchAll(/^```json\n([^]*?)^```/gm)].map(([, json]) => [
    heading,
    objectOf(JSON.parse(json ?? '') as JsonValue),
  ]);
});

function textsOf(value: JsonValue | undefined): Record<string, string> {
  if (value === undefined) return {};
  return Object.fromEntries(
    Object.entries(objectOf(value)).map(([key, member]) => [key, JSON.stringify(member).slice(1, -1)]),
  );
}

function run(example: JsonObject): JsonValue {
  const input = objectOf(example['input'] ?? {});
  const user = example['user'] ?? { mappings: example['mappings'] ?? [] };
  const properties = textsOf(example['properties']);
  const expected = objectOf(example['result'] ?? {});
  switch (example['example']) {
    case 'read': {
      const outcome = compileUser('read', user, properties).read(input, context);
      return outcome.kind === 'mapped' ? outcome.common : outcome.kind;
    }
    case 'create':
    case 'delete': {
      const targetId = typeof example['targetId'] === 'string' ? example['targetId'] : undefined;
      const outcome = compileUser('write', user, properties).write(
        input,
        example['example'],
        writeContext({ targetId }),
      );
      return outcome.kind === 'mapped' ? outcome.target : outcome.message;
    }
    case 'groups': {
      const outcome = compileUser('write', user, properties).write(input, 'create', writeContext());
      if (outcome.kind !== 'mapped') return outcome.message;
      const { assign = [], unassign = [] } = outcome.memberships ?? {};
      return { assign: [...assign], unassign: [...unassign] };
    }
    case 'paths':
      return Object.fromEntries(
        Object.keys(expected).map((path) => [
          path,
          valueOf(input, { sourcePath: path, preserveArrayWithSingleElement: true }) ?? null,
        ]),
      );
    case 'conditions':
      return Object.fromEntries(
        Object.keys(expected).map((condition) => [
          condition,
          compileUser('write', { condition, mappings: [] }).accepts(input, context).kind === 'accepted',
        ]),
      );
    case 'mistakes':
      return Object.fromEntries(issuesOf('write', { user }).map((issue) => [issue.pointer, issue.severity]));
    default:
      throw new Error('an example says what it is by the key "example"');
  }
}

describe('docs/transformations.md', () => {
  it.each(examples)('TRF-1: the example of section %s gives what it says', (_heading, example) => {
    expect(run(example)).toEqual(example['result']);
  });

  it('TRF-1: every section that explains syntax has an example', () => {
    expect(examples.length).toBeGreaterThanOrEqual(13);
  });

  it('FNC-1: every function is listed', () => {
    const missing = [...FUNCTIONS.keys()].filter((name) => !text.includes(`\`${name}\``));
    expect(missing).toEqual([]);
  });
});
