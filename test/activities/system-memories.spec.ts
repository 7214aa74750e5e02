import { describe, expect, it } from '@jest/globals';
import { SystemMemories } from '../../activities/support/system-memories.js';

describe('what connectors have learned of systems', () => {
  const settings = { properties: { URL: 'http://a', 'scim.page.size': '100' }, secrets: { Password: 'x' } };

  it('CONN-SCIM-15: lives as long as properties and secrets stay the same, whatever their order', () => {
    const memories = new SystemMemories();
    memories.of(1, settings).set('learned', true);
    const properties = { 'scim.page.size': '100', URL: 'http://a' };
    expect(memories.of(1, { ...settings, properties }).get('learned')).toBe(true);
    expect(memories.of(2, settings).size).toBe(0);
  });

  it.each([
    ['another address', { ...settings, properties: { ...settings.properties, URL: 'http://b' } }],
    ['a property less', { ...settings, properties: { URL: 'http://a' } }],
    ['another secret', { ...settings, secrets: { Password: 'y' } }],
  ])('%s is another system', (_name, changed) => {
    const memories = new SystemMemories();
    memories.of(1, settings).set('learned', true);
    expect(memories.of(1, changed).size).toBe(0);
    expect(memories.of(1, settings).size).toBe(0);
  });
});
