import type { Timing } from '../../activities/index.js';
import type { Connector, ConnectorFactory } from '../../connectors/contract.js';
import type { Row, Sql, SqlPool } from '../../state/database.js';
import { BorrowedPool } from './connections.js';
import type { EngineProcess, TestEngine } from './engine.js';

type Moment = 'before' | 'after';
/** Calls of a connector at which somebody else can act. */
type Call = 'readPage' | 'readOne' | 'create' | 'update' | 'delete' | 'resolveExisting';

interface Interruption {
  readonly moment: Moment;
  readonly pattern: RegExp;
  left: number;
  readonly act: () => Promise<void>;
}

/** A worker process that can be stopped between two of its statements or requests, while another actor does something. */
export class Actor {
  private readonly waiting: Interruption[] = [];

  private constructor(
    readonly process: EngineProcess,
    private readonly pool: SqlPool,
  ) {}

  /** `owner`: that of the engine itself, as two attempts of one activity have. */
  static join(engine: TestEngine, owner = engine.owner, timing: Partial<Timing> = {}): Actor {
    const holder: { actor?: Actor } = {};
    const hit = async (moment: Moment, what: string): Promise<void> => holder.actor?.reach(moment, what);
    const pool = new InterruptiblePool(engine.databaseUrl, hit);
    const decorateFactory = (factory: ConnectorFactory): ConnectorFactory => ({
      ...factory,
      open: (context) => interruptible(factory.open(context), hit),
    });
    holder.actor = new Actor(engine.newProcess({ pool, decorateFactory, owner, timing }), pool);
    return holder.actor;
  }

  get activities(): EngineProcess['activities'] {
    return this.process.activities;
  }

  /** Acts before the `nth` statement (or connector call, as `call create user`) that matches from now on. Once. */
  before(pattern: RegExp, act: () => Promise<void>, nth = 1): void {
    this.waiting.push({ moment: 'before', pattern, left: nth, act });
  }

  /** Acts after it: a statement of a transaction is executed then, but not committed. */
  after(pattern: RegExp, act: () => Promise<void>, nth = 1): void {
    this.waiting.push({ moment: 'after', pattern, left: nth, act });
  }

  /** Interruptions that were never reached: a test that leaves some has shown nothing. */
  get unreached(): number {
    return this.waiting.length;
  }

  async leave(): Promise<void> {
    await this.process.activities.close();
    await this.pool.close();
  }

  private async reach(moment: Moment, what: string): Promise<void> {
    for (const interruption of [...this.waiting]) {
      if (interruption.moment !== moment || !interruption.pattern.test(what)) continue;
      interruption.left -= 1;
      if (interruption.left > 0) continue;
      this.waiting.splice(this.waiting.indexOf(interruption), 1);
      await interruption.act();
    }
  }
}

type Hit = (moment: Moment, what: string) => Promise<void>;

class InterruptiblePool extends BorrowedPool {
  constructor(
    databaseUrl: string,
    private readonly hit: Hit,
  ) {
    super(databaseUrl);
  }

  override async query<T extends object = Row>(text: string, params: readonly unknown[] = []): Promise<T[]> {
    return around(this.hit, text, () => super.query<T>(text, params));
  }

  override async transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return super.transaction((sql) =>
      work({ query: (text, params) => around(this.hit, text, () => sql.query(text, params)) }),
    );
  }
}

function interruptible(connector: Connector, hit: Hit): Connector {
  const at = <R>(call: Call, type: string, work: () => Promise<R>): Promise<R> =>
    around(hit, `call ${call} ${type}`, work);
  return {
    testConnection: (options) => connector.testConnection(options),
    readPage: (request) => at('readPage', request.type, () => connector.readPage(request)),
    readOne: (type, id, options) => at('readOne', type, () => connector.readOne(type, id, options)),
    create: (type, body, options) => at('create', type, () => connector.create(type, body, options)),
    update: (type, id, change, options) => at('update', type, () => connector.update(type, id, change, options)),
    delete: (type, id, options) => at('delete', type, () => connector.delete(type, id, options)),
    resolveExisting: (type, body, keys, options) =>
      at('resolveExisting', type, () => connector.resolveExisting(type, body, keys, options)),
    uniqueKeys: (type) => connector.uniqueKeys(type),
    close: () => connector.close(),
  };
}

async function around<R>(hit: Hit, what: string, work: () => Promise<R>): Promise<R> {
  await hit('before', what);
  const result = await work();
  await hit('after', what);
  return result;
}

/** Something that is awaited here and happened there. */
export class Gate {
  readonly opened: Promise<void>;
  open: () => void = () => undefined;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}
