/** SCIM servers that nobody of this project wrote, for tests of the real thing. What they do is in docs/compatibility.md. */
export { startBetterAuthScim } from '../../simulators/foreign/better-auth.js';
export {
  authorizationOf,
  type ForeignScimServer,
  type ForeignSnapshot,
} from '../../simulators/foreign/foreign-server.js';
export { startScimmy, type ScimmyOptions } from '../../simulators/foreign/scimmy.js';
