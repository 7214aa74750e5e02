/**
 * A jest environment that runs suites in the realm of their process in place of one `vm` context for each. In a context every look at a
 * global (`JSON`, `Promise`, `Buffer`) goes through an interceptor, and packages have to be loaded anew for each suite
 * (`shared-packages.cjs`). What a suite leaves on `globalThis`, on `process` and in its environment is taken away when it is over.
 */
import { createRequire } from 'node:module';
import vm from 'node:vm';
import './prepared-statements.js';
import { TestEnvironment as NodeEnvironment } from 'jest-environment-node';

/** Handed to jest, which needs a context: whatever is compiled for it is compiled for the main one. */
const MAIN = vm.createContext(Object.create(null));

/** TypeORM notes there what the entities of the product are, which are loaded once (`shared-modules.cjs`). */
const KEPT = ['typeormMetadataArgsStorage'];

/** What the modules of a suite have to end. */
const AT_END = Symbol.for('muster.atEndOfSuite');

const require = createRequire(import.meta.url);
const { compileFunction, SourceTextModule, SyntheticModule } = vm;

vm.compileFunction = (code, parameters, { parsingContext, ...options } = {}) =>
  compileFunction(code, parameters, parsingContext === MAIN ? options : { ...options, parsingContext });

vm.SourceTextModule = class extends SourceTextModule {
  constructor(code, options = {}) {
    const exported = options.identifier?.includes('/node_modules/') && namespaceOf(options.identifier);
    if (exported) return reexport(exported, options.identifier);
    super(code, inMain(options));
  }
};

/** A package that is an ES module is loaded once, too. Undefined: it waits for something while it is loaded, so that Node cannot require it. */
function namespaceOf(file) {
  try {
    return require(file);
  } catch (error) {
    if (error.code === 'ERR_REQUIRE_ASYNC_MODULE') return undefined;
    throw error;
  }
}

function reexport(exported, identifier) {
  const names = Object.keys(exported);
  return new SyntheticModule(
    names,
    function evaluate() {
      for (const name of names) this.setExport(name, exported[name]);
    },
    { identifier },
  );
}

vm.SyntheticModule = class extends SyntheticModule {
  constructor(names, evaluate, options) {
    super(names, evaluate, inMain(options));
  }
};

function inMain({ context, ...options } = {}) {
  return context === MAIN || context === undefined ? options : { ...options, context };
}

export default class MainContext extends NodeEnvironment {
  constructor(config, context) {
    super(config, context);
    this.context = MAIN;
    /** Read by `shared-packages.cjs`. */
    this.hasOwnModules = 'own-modules' in context.docblockPragmas;
    this.global = globalThis;
    this.moduleMocker = new this.moduleMocker.constructor(globalThis);
    for (const timers of [this.fakeTimers, this.fakeTimersModern]) timers.useFakeTimers = refuseFakeTimers;
    this.before = [globalThis, process].map((object) => [object, Object.getOwnPropertyDescriptors(object)]);
    this.environment = { ...process.env };
  }

  async handleTestEvent({ name }) {
    if (name !== 'run_finish') return;
    for (const end of globalThis[AT_END] ?? []) await end();
  }

  async teardown() {
    await super.teardown();
    for (const [object, properties] of this.before) restore(object, properties);
    for (const name of Object.keys(process.env)) if (!(name in this.environment)) delete process.env[name];
    Object.assign(process.env, this.environment);
  }
}

/** They would be put into the context that jest has made and nobody uses: what waits for them waits for ever, or is never checked. */
function refuseFakeTimers() {
  throw new Error(
    'Suites run in the realm of their process, whose servers need its timers: hand a clock to what is tested',
  );
}

/** Globals that Node makes when they are first used are left as they are. */
function restore(object, before) {
  for (const key of Reflect.ownKeys(object)) {
    if (KEPT.includes(key)) continue;
    const was = before[key];
    if (was === undefined) Reflect.deleteProperty(object, key);
    else if ('value' in was && Object.getOwnPropertyDescriptor(object, key)?.value !== was.value)
      Reflect.defineProperty(object, key, was);
  }
}
