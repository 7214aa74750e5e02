const OWN_FOLDERS = /^(?:dist\/)?(workflows|core)\//;
const PACKAGES =
  /(?:^|\/)node_modules\/(@temporalio\/(?:common|workflow|proto|worker\/lib\/workflow)|long|ms|nexus-rpc|protobufjs)\//;
const MADE_BY_BUNDLER = /^webpack\//;

/**
 * Names of the modules in a bundle, from its source map, which lists every file the bundler took in.
 * @throws Error when there is no source map in it.
 */
export function modulesOf(bundle) {
  const encoded = /sourceMappingURL=data:application\/json;[^,]*base64,([A-Za-z0-9+/=]+)/.exec(bundle)?.[1];
  if (encoded === undefined) throw new Error('The workflow bundle has no source map.');
  return JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')).sources;
}

/** The modules, named relative to the repository, that are neither workflow code nor `core` nor the Temporal SDK. */
export function foreignModules(modules) {
  return modules.filter((name) => ![OWN_FOLDERS, PACKAGES, MADE_BY_BUNDLER].some((allowed) => allowed.test(name)));
}
