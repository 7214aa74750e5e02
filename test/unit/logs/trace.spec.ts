import { describe, expect, it } from '@jest/globals';
import { CONTENT_PROPERTIES, ineffectiveTraces, tracedContents } from '../../../core/logs/trace.js';

const on = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [`ips.trace.${name}`, 'true']));

describe('tracing of contents', () => {
  it('TRC-3: a content property has an effect with the matching record property only; failures are recorded always', () => {
    expect(tracedContents({}, CONTENT_PROPERTIES)?.results).toEqual(new Set(['failed']));
    expect(tracedContents(on('created.entity', 'skipped.entity'), CONTENT_PROPERTIES)?.results).toEqual(
      new Set(['created', 'skipped', 'failed']),
    );
    expect(tracedContents(on('created.entity'), ['ips.trace.updated.entity.content'])).toBeUndefined();
    expect(tracedContents(on('created.entity', 'created.entity.content'), [])).toBeUndefined();
  });

  it.each([
    ['skipped.entity', 'skipped.entity.content', 'failed.entity.content'],
    ['skipped.entity', 'skipped.entity.content'],
    ['skipped.entity', 'failed.entity.content'],
    ['skipped.entity.content', 'failed.entity.content'],
  ])('TRC-5, LIM-4: the limit is lifted with all three partners only: %s, %s, %s', (...partners) => {
    const properties = { ...on('entity.content.unlimited', 'created.entity'), ...on(...partners.filter(Boolean)) };
    const used = ['ips.trace.created.entity.content', ...partners.filter(Boolean).map((name) => `ips.trace.${name}`)];
    expect(tracedContents(properties, used)?.maxCharacters).toBe(partners.length === 3 ? Infinity : 150_000);
    expect(ineffectiveTraces(properties).map(({ property }) => property)).toEqual(
      expect.arrayContaining(partners.length === 3 ? [] : ['ips.trace.entity.content.unlimited']),
    );
  });
});
