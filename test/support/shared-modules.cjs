/**
 * Modules of the product are loaded once for all suites of a process: to read, link and run some hundred of them again, and to have V8
 * compile and optimise them again, takes longer than most suites do. None of them may keep anything between two suites; those that do
 * (`OWN`), and everything under `test/`, are new in each. A suite that puts other modules in the place of the product's says
 * `@own-modules` in its first comment.
 */
const nodeModule = require('node:module');
const { dirname, relative, resolve } = require('node:path');

const PRODUCT =
  /^(activities|api|bench|cli|connectors|core|migrations|runtime|simulators|state|worker|workflows)\/.+\.ts$/;
/** The Temporal runtime of a process writes to the log of whoever has installed it. */
const OWN = ['worker/install-runtime.ts', 'worker/main.ts', 'worker/edge/main.ts'];

/** By path. */
const modules = new Map();
const sourceMaps = new Map();
/** Of the suite that runs; what earlier ones have loaded goes on importing through it. */
let current;

/** Makes a runtime of jest take the product from what earlier suites of this process have loaded. */
module.exports = function shareModules(runtime, { rootDir }, { isWatching, hasOwn }) {
  const { coreModule, esmLoader } = runtime;
  const { dynamicImport } = esmLoader;
  current = dynamicImport;
  // From Node 22.21 and 24.8 on jest would walk through all imports by itself, and ask nobody for what is shared.
  esmLoader.resolution.hasDistinctAsyncResolver = () => true;
  if (isWatching || hasOwn) return;
  for (const [path, { status }] of modules) if (status !== 'evaluated') modules.delete(path);
  for (const [path, map] of sourceMaps) runtime.getSourceMaps().set(path, map);

  // That of jest makes a `require` that ends with the suite.
  const requireCore = coreModule.require.bind(coreModule);
  coreModule.require = (name, ...rest) => (/^(node:)?module$/.test(name) ? nodeModule : requireCore(name, ...rest));

  const load = esmLoader.loadEsmModule.bind(esmLoader);
  esmLoader.dynamicImport = (specifier, from, ...rest) =>
    (isShared(rootDir, from.identifier) ? current : dynamicImport)(specifier, from, ...rest);
  esmLoader.loadEsmModule = async (path, suffix = '') => {
    if (suffix !== '' || !isShared(rootDir, path)) return load(path, suffix);
    if (!modules.has(path)) {
      const loaded = await load(path);
      rejectOwn(rootDir, path, loaded.dependencySpecifiers);
      modules.set(path, loaded);
      sourceMaps.set(path, runtime.getSourceMaps().get(path));
    }
    return modules.get(path);
  };
};

function isShared(rootDir, path) {
  const file = relative(rootDir, path);
  return PRODUCT.test(file) && !OWN.includes(file);
}

/** What imports a module that is new in each suite would keep that of the first one. */
function rejectOwn(rootDir, path, specifiers) {
  for (const specifier of specifiers.filter((one) => one.startsWith('.'))) {
    const imported = relative(rootDir, resolve(dirname(path), specifier)).replace(/\.js$/, '.ts');
    if (!OWN.includes(imported)) continue;
    throw new Error(`${relative(rootDir, path)} imports ${imported}: add it to OWN in test/support/shared-modules.cjs`);
  }
}
