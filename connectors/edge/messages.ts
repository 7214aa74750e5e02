import { z } from 'zod';
import { ConnectorError } from '../errors.js';
import type { ConnectorErrorFields } from '../errors.js';
import type { Connector, ConnectorLimits } from '../contract.js';

/** Methods of a connector that cross to an edge worker; `close` gives the connections of an instance up, `hello` finds one that is to write. */
export type EdgeOperation = Exclude<keyof Connector, 'uniqueKeys'> | 'hello';

/** Operations that may change the system. */
const WRITES = ['create', 'completeCreate', 'update', 'delete', 'changeMembers'] as const;
const READS = [
  'testConnection',
  'readPage',
  'readOne',
  'readPresent',
  'resolveExisting',
  'matchExisting',
  'findHolders',
  'probe',
  'close',
  'hello',
] as const;

/** True for operations whose outcome can be unknown. */
export function isWrite(operation: EdgeOperation): boolean {
  return WRITES.some((write) => write === operation);
}

/** True for operations that one certain edge worker may make, and only within its permit: a probe writes as well. */
export function needsPermit(operation: EdgeOperation): boolean {
  return isWrite(operation) || operation === 'probe';
}

/** What an edge worker says of itself. */
export const greetingSchema = z.object({
  worker: z.string(),
  /** By the clock that permits are compared with. */
  clockMs: z.number(),
});

const texts = z.record(z.string(), z.string());

/** What is asked of an edge worker, inside of what is sealed. */
export const edgeCallSchema = z.object({
  v: z.literal(2),
  /** Milliseconds since 1970 by the clock of the installation. */
  issuedAtMs: z.number(),
  /** One connector of the installation: with an edge worker it has one of its own, which lives as long. */
  instance: z.uuid(),
  system: z.object({
    typeName: z.string(),
    properties: texts,
    /** Clear text, or sealed for the edge worker. */
    secrets: texts,
    limits: z.object({ requestTimeoutMs: z.number() }).optional(),
  }),
  /** The installation keeps a limit for the requests of this system: one at a time for each call. */
  isPaced: z.boolean(),
  operation: z.enum([...WRITES, ...READS]),
  /** Arguments of the method without its options' functions; see `operations.ts`. */
  args: z.array(z.unknown()),
});

/** A call. */
export type EdgeCallMessage = z.infer<typeof edgeCallSchema>;

/** The fields of an error that cross. */
const errorSchema = z.object({
  kind: z.string(),
  scope: z.string(),
  outcome: z.string(),
  safeMessage: z.string(),
  adminMessage: z.string().optional(),
  retryAfterMs: z.number().optional(),
  status: z.number().optional(),
  vendorCode: z.string().optional(),
});

/** What an edge worker answers, inside of what is sealed. `requests`: how many it has made. */
export const edgeAnswerSchema = z.discriminatedUnion('end', [
  z.object({ end: z.literal('value'), value: z.unknown(), requests: z.number() }),
  z.object({ end: z.literal('error'), error: errorSchema, requests: z.number() }),
  /** A request that writes was to begin too late; `sent`: others had begun before. Without `isPermitOver`, it was not heard, or did not get its turn. */
  z.object({ end: z.literal('tooLate'), sent: z.boolean(), isPermitOver: z.boolean(), requests: z.number() }),
  /** A defect: the class of what was thrown. `sent`: a request that writes had begun. */
  z.object({ end: z.literal('defect'), name: z.string(), sent: z.boolean(), requests: z.number() }),
]);

/** An answer. */
export type EdgeAnswer = z.infer<typeof edgeAnswerSchema>;

/** An error as it crosses. */
export function errorFields(error: ConnectorError): z.infer<typeof errorSchema> {
  const { kind, scope, outcome, safeMessage, adminMessage, retryAfterMs, status, vendorCode } = error;
  return { kind, scope, outcome, safeMessage, adminMessage, retryAfterMs, status, vendorCode };
}

/** The error that crossed, as it would have been thrown here. */
export function errorOf(fields: z.infer<typeof errorSchema>): ConnectorError {
  const defined = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  // Both sides are the same program, and the answer is authenticated.
  return new ConnectorError(defined as unknown as ConnectorErrorFields);
}

/** A system as the edge worker opens it. */
export interface EdgeSystem {
  readonly typeName: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly limits?: ConnectorLimits | undefined;
}
