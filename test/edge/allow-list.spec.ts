import { describe, expect, it } from '@jest/globals';
import { allowOnly } from '../../connectors/edge/allow-list.js';

describe('paths with steps that servers understand differently', () => {
  it.each([
    '//admin/scim/v2/Users',
    '/%2fadmin/scim/v2/Users',
    '/\\admin/scim/v2/Users',
    '/%5cadmin/scim/v2',
    '/scim/v2//../x',
    '/scim/v2/%2f../x',
  ])('CONN-CORE-94: %s is not taken for what it may not be', (path) => {
    const guard = allowOnly([{ host: 'hr.plant.example', port: 443, paths: ['/scim/v2'] }]);
    expect(() => guard({ protocol: 'https', host: 'hr.plant.example', port: 443, path })).toThrow('may not reach');
  });
});
