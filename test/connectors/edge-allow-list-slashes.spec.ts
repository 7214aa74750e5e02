import { allowOnly } from '../../connectors/edge/allow-list.js';

describe('paths that begin with two slashes', () => {
  it.each(['//admin/scim/v2/Users', '/%2fadmin/scim/v2/Users', '/\\admin/scim/v2/Users', '/%5cadmin/scim/v2'])(
    'CONN-CORE-94 %s is not taken for what stands behind its first step',
    (path) => {
      const guard = allowOnly([{ host: 'hr.plant.example', port: 443, paths: ['/scim/v2'] }]);
      expect(() => guard({ protocol: 'https', host: 'hr.plant.example', port: 443, path })).toThrow('may not reach');
    },
  );
});
