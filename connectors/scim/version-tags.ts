import type { CallOptions, WriteOptions } from '../contract.js';
import type { HttpResponse } from '../http/http-response.js';
import type { Discovery, ServerFeatures } from './discovery.js';
import type { ScimProfile } from './profile.js';
import type { ScimReader } from './scim-reader.js';
import type { ScimType } from './scim-settings.js';

/** One entity that is written. */
export interface Subject {
  readonly type: ScimType;
  readonly id: string;
  readonly options: WriteOptions;
}

/** Version tags of entities for `If-Match` (CONN-SCIM-64). */
export class VersionTags {
  constructor(
    private readonly discovery: Discovery,
    private readonly reader: ScimReader,
    private readonly policy: ScimProfile['etag'],
  ) {}

  /** A tag is sent only to servers that announce them, unless the profile says otherwise. */
  async usable(options: WriteOptions): Promise<WriteOptions> {
    if (options.etag === undefined || this.policy === 'always') return options;
    if (this.policy === 'never') return withEtag(options, undefined);
    const features = await this.features(options);
    return features.etag === true ? options : withEtag(options, undefined);
  }

  /** What the server announces. */
  features(options: CallOptions): Promise<ServerFeatures> {
    return this.discovery.features(options.signal);
  }

  /** 412: somebody else has changed the entity since; once more with its present version. */
  async guard(subject: Subject, send: (etag: string | undefined) => Promise<HttpResponse>): Promise<HttpResponse> {
    const { type, id, options } = subject;
    const response = await send(options.etag);
    if (response.status !== 412 || options.etag === undefined) return response;
    const entity = await this.reader.readOne(type, id, options);
    if (entity?.version === undefined || entity.version === options.etag) return response;
    return send(entity.version);
  }
}

/** The options with another tag, or without. */
export function withEtag(options: WriteOptions, etag: string | undefined): WriteOptions {
  const { etag: _, ...rest } = options;
  return etag === undefined ? rest : { ...rest, etag };
}
