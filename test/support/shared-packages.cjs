/**
 * Loads packages once for all suites of a process, by Node's own loader: reading, compiling and running those of TypeORM, Nest and
 * Temporal again takes longer than most suites do. So are the modules of the product (`shared-modules.cjs`).
 */
const { createHash } = require('node:crypto');
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { isAbsolute, join } = require('node:path');
const Runtime = require('jest-runtime').default;
const shareModules = require('./shared-modules.cjs');

const TEMPORAL_WORKER = '/@temporalio/worker/lib/index.js';
let bundles;

module.exports = class SharedPackages extends Runtime {
  constructor(...given) {
    super(...given);
    const [config, { hasOwnModules }] = given;
    const { watch, watchAll } = given.at(-1);
    shareModules(this, config, { isWatching: watch || watchAll, hasOwn: hasOwnModules });
  }

  /** What the product has already imported would not see the other module. */
  setModuleMock(from, moduleName, ...rest) {
    if (!this._environment.hasOwnModules)
      throw new Error(`To replace ${moduleName}, add @own-modules to the first comment of ${from}`);
    super.setModuleMock(from, moduleName, ...rest);
  }

  requireModuleOrMock(from, moduleName) {
    const isPackage = isAbsolute(moduleName) && moduleName.includes('/node_modules/');
    if (!isPackage) return super.requireModuleOrMock(from, moduleName);
    if (moduleName.endsWith(TEMPORAL_WORKER)) bundles ??= keepBundles();
    return createRequire(from)(moduleName);
  }
};

/** Nor is the workflow code, which does not change during a run, bundled anew for each suite, or process, that starts a worker: that takes seconds. */
function keepBundles() {
  const kept = new Map();
  const bundler = require('@temporalio/worker/lib/workflow/bundler');
  const { bundleWorkflowCode } = bundler;
  bundler.bundleWorkflowCode = ({ logger, ...options }) => {
    const key = JSON.stringify(options);
    const bundle = kept.get(key) ?? bundleOfRun(key, () => bundleWorkflowCode({ logger, ...options }));
    kept.set(key, bundle);
    return bundle;
  };
  return kept;
}

/** What another process of this run has bundled, or a new one, left for the others. */
async function bundleOfRun(key, make) {
  const file = join(process.env.TEST_RUN_FOLDER, `bundle-${createHash('sha256').update(key).digest('hex')}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const bundle = await make();
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(bundle));
  renameSync(`${file}.${process.pid}`, file);
  return bundle;
}
