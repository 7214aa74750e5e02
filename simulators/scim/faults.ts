import { createRandom } from '../random.js';
import type { RequestOperation } from './journal.js';
import type { ScimErrorType, ScimResourceType } from './scim-model.js';

/** What goes wrong. */
export type FaultEffect =
  /** Answers a status instead of doing the work, or after it with `apply`. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly scimType?: ScimErrorType;
      readonly detail?: string;
      /** Header `Retry-After`: a number of seconds, or any text as it stands (absurd values included). */
      readonly retryAfter?: number | string;
      /** Header `Retry-After` as an HTTP date this many seconds ahead. */
      readonly retryAfterDateSeconds?: number;
      readonly apply?: boolean;
    }
  /** Cuts the connection before the work. */
  | { readonly kind: 'drop' }
  /** Does the work, then cuts the connection: the "lost 201". */
  | { readonly kind: 'applyThenDrop' }
  /** Never answers; with `apply` the work is done. */
  | { readonly kind: 'hang'; readonly apply?: boolean }
  /** A login page: HTML with status 200, nothing done. */
  | { readonly kind: 'html' }
  /** Does the work and answers the first half of the JSON. */
  | { readonly kind: 'truncatedJson' }
  /** Nothing done; streams blanks in place of JSON until so many bytes are sent or the client hangs up. */
  | { readonly kind: 'hugeBody'; readonly bytes: number }
  /** Takes longer by so many milliseconds. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** More than so many requests in one second are answered 429. */
  | { readonly kind: 'throttle'; readonly perSecond: number; readonly retryAfterSeconds?: number }
  /** A list answers the resources of the page before. */
  | { readonly kind: 'repeatPage' }
  /** A list without resources, the total unchanged. */
  | { readonly kind: 'emptyPage' }
  /** A list that returns only so many resources. */
  | { readonly kind: 'shortPage'; readonly entities: number }
  /** A list whose total is smaller (or with a negative number greater) by so many. */
  | { readonly kind: 'shrinkTotal'; readonly by: number }
  | { readonly kind: 'wrongTotal'; readonly total: number }
  /** The last resource of a list is its first once more. */
  | { readonly kind: 'duplicateId' }
  /** The resource at this place of a list (0 = first) has no id. */
  | { readonly kind: 'missingId'; readonly at?: number };

/** Which requests a rule is about; all given conditions must hold. */
export interface FaultMatch {
  readonly methods?: readonly string[];
  readonly operations?: readonly RequestOperation[];
  readonly type?: ScimResourceType;
  /** Regular expression for the path below the base path, such as `^/Users`. */
  readonly path?: string;
  /** userName, displayName or externalId of the entity, regardless of case. */
  readonly key?: string;
  readonly entityId?: string;
  /** Lists only: the page starts here or later. */
  readonly minStartIndex?: number;
}

export interface FaultRule {
  /** Name in journal and counts; otherwise the kind of the effect. */
  readonly name?: string;
  readonly effect: FaultEffect;
  readonly match?: FaultMatch;
  /** Requests that pass unharmed before the first strike. */
  readonly skip?: number;
  /** Strikes at most; absent: until disarmed. */
  readonly times?: number;
  /** Probability of a strike for each matching request, drawn from the simulator's seed. */
  readonly probability?: number;
}

/** A request as rules see it. */
export interface FaultRequest {
  readonly method: string;
  readonly path: string;
  readonly operation: RequestOperation | undefined;
  readonly type: ScimResourceType | undefined;
  readonly entityId: string | undefined;
  readonly key: string | undefined;
  readonly startIndex: number | undefined;
}

/** A condition of a test's own; only in the same process. */
export type FaultPredicate = (request: FaultRequest) => boolean;

interface ArmedRule {
  readonly id: number;
  readonly rule: FaultRule;
  readonly predicate: FaultPredicate | undefined;
  readonly path: RegExp | undefined;
  seen: number;
  hits: number;
  second: number;
  inSecond: number;
}

export interface Strike {
  readonly name: string;
  readonly effect: FaultEffect;
}

/** The armed faults of one simulator. The first rule that strikes wins. */
export class Faults {
  readonly #nowMs: () => number;
  readonly #random: () => number;
  #armed: ArmedRule[] = [];
  #lastId = 0;
  #hitsByName = new Map<string, number>();

  constructor(seed: number, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#random = createRandom(seed);
  }

  /** Arms a rule and returns its id for {@link disarm}. Throws SyntaxError for a bad path expression. */
  arm(rule: FaultRule, predicate?: FaultPredicate): number {
    this.#lastId += 1;
    const path = rule.match?.path === undefined ? undefined : new RegExp(rule.match.path);
    this.#armed.push({ id: this.#lastId, rule, predicate, path, seen: 0, hits: 0, second: 0, inSecond: 0 });
    return this.#lastId;
  }

  disarm(id: number): void {
    this.#armed = this.#armed.filter((armed) => armed.id !== id);
  }

  /** Disarms everything; the counts stay. */
  clear(): void {
    this.#armed = [];
  }

  /** Strikes since the start, by name of the rule. */
  hits(name: string): number {
    return this.#hitsByName.get(name) ?? 0;
  }

  allHits(): Record<string, number> {
    return Object.fromEntries(this.#hitsByName);
  }

  get isQuiet(): boolean {
    return this.#armed.length === 0;
  }

  /** The fault that strikes this request, if any; counts it. */
  strike(request: FaultRequest): Strike | undefined {
    for (const armed of this.#armed) {
      if (!matches(armed, request) || !this.#isDue(armed)) continue;
      armed.hits += 1;
      const name = nameOf(armed.rule);
      this.#hitsByName.set(name, this.hits(name) + 1);
      if (armed.hits === armed.rule.times) this.disarm(armed.id);
      return { name, effect: armed.rule.effect };
    }
    return undefined;
  }

  #isDue(armed: ArmedRule): boolean {
    armed.seen += 1;
    if (armed.seen <= (armed.rule.skip ?? 0)) return false;
    if (armed.rule.probability !== undefined && this.#random() >= armed.rule.probability) return false;
    const { effect } = armed.rule;
    if (effect.kind !== 'throttle') return true;
    const second = Math.floor(this.#nowMs() / 1000);
    armed.inSecond = second === armed.second ? armed.inSecond + 1 : 1;
    armed.second = second;
    return armed.inSecond > effect.perSecond;
  }
}

function nameOf(rule: FaultRule): string {
  return rule.name ?? rule.effect.kind;
}

function matches(armed: ArmedRule, request: FaultRequest): boolean {
  const { match } = armed.rule;
  if (armed.predicate !== undefined && !armed.predicate(request)) return false;
  if (match === undefined) return true;
  const isWanted = <T>(allowed: readonly T[] | undefined, actual: T | undefined): boolean =>
    allowed === undefined || (actual !== undefined && allowed.includes(actual));
  return (
    isWanted(match.methods, request.method) &&
    isWanted(match.operations, request.operation) &&
    (match.type === undefined || match.type === request.type) &&
    (armed.path === undefined || armed.path.test(request.path)) &&
    (match.key === undefined || match.key.toLowerCase() === request.key?.toLowerCase()) &&
    (match.entityId === undefined || match.entityId === request.entityId) &&
    (match.minStartIndex === undefined || (request.startIndex ?? 0) >= match.minStartIndex)
  );
}
