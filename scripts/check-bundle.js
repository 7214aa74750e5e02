/**
 * The workflow bundle must hold workflow code, `core` and the Temporal SDK only. The import matrix refuses other imports
 * in the source; this looks at what the bundler really took in. Needs the compiled product.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeWorkflowBundle } from '../dist/worker/build-bundle.js';
import { foreignModules, modulesOf } from './bundle-modules.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = await writeWorkflowBundle();
const code = readFileSync(file, 'utf8');
const modules = modulesOf(code).map((name) => (name.startsWith('/') ? relative(root, name) : name));
const culprits = foreignModules(modules);

if (!modules.some((name) => name.startsWith('workflows/'))) {
  console.error('The source map of the workflow bundle names no workflow: this check sees nothing.');
  process.exitCode = 1;
} else if (culprits.length > 0) {
  console.error('The workflow bundle holds what no workflow may load:');
  for (const name of culprits) console.error(`  ${name}`);
  process.exitCode = 1;
} else {
  console.log(`${modules.length} modules, ${Math.round(code.length / 1024)} KiB: workflows, core and the SDK only.`);
}
