import { describe, expect, it } from '@jest/globals';
import { loadWorkflowBundle } from '../../worker/build-bundle.js';

/** Modules of a bundle from its source map, which lists every file the bundler took in. */
function modulesOf(code: string): string[] {
  const encoded = /sourceMappingURL=data:application\/json;[^,]*base64,([A-Za-z0-9+/=]+)/.exec(code)?.[1] ?? '';
  return JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')).sources;
}

describe('the workflow bundle', () => {
  it('holds workflows and core, and nothing that talks to systems or databases', async () => {
    const { code } = await loadWorkflowBundle();
    const modules = modulesOf(code);
    expect(modules.filter((name) => /\/workflows\/steps\/run-loop\.(ts|js)$/.test(name))).toHaveLength(1);
    const foreign = /\/(activities|connectors|state|api|runtime|worker(?!\/lib\/workflow))\/[^/]*\.(ts|js)$/;
    expect(modules.filter((name) => !name.includes('/node_modules/') && foreign.test(name))).toEqual([]);
    for (const name of ['typeorm', 'undici', 'ldapts', 'pg', 'pino', 'zod', '@nestjs']) {
      expect(modules.filter((module) => module.includes(`/node_modules/${name}/`))).toEqual([]);
    }
  });

  it('knows nothing of connectors by name', async () => {
    const { code } = await loadWorkflowBundle();
    expect(code.replace(/sourceMappingURL=.*/, '')).not.toMatch(/ConnectorError|readPage|SqlPool|DataSource\b/);
  });
});
