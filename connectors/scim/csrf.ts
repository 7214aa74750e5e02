import type { ConnectorError } from '../errors.js';
import { protocolError } from '../http/http-error.js';
import type { HttpClient, HttpRequest } from '../http/http-client.js';
import type { HttpResponse } from '../http/http-response.js';
import { scimError } from './scim-error.js';

interface Session {
  readonly token: string;
  readonly cookie: string | undefined;
}

/**
 * Token against cross-site requests, for systems that ask even machines for it (CONN-SCIM-10): fetched before the first write,
 * sent with all cookies on every write, fetched again once when the system asks for it. Never sent on reads.
 */
export class CsrfProtection {
  private session: Promise<Session> | undefined;

  constructor(
    private readonly http: HttpClient,
    private readonly path: string,
  ) {}

  /** Sends a write under the session. */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const session = this.current(request.signal);
    const response = await this.sendWith(request, await session);
    if (!asksForToken(response)) return response;
    if (this.session === session) this.session = undefined;
    return this.sendWith(request, await this.current(request.signal));
  }

  /** Fetches a token now; throws what a refusal means. */
  async fetch(signal: AbortSignal | undefined): Promise<void> {
    await this.current(signal);
  }

  private current(signal: AbortSignal | undefined): Promise<Session> {
    if (this.session !== undefined) return this.session;
    const session = this.fetchSession(signal);
    this.session = session;
    session.catch(() => {
      if (this.session === session) this.session = undefined;
    });
    return session;
  }

  private async fetchSession(signal: AbortSignal | undefined): Promise<Session> {
    const headers = { 'x-csrf-token': 'fetch' };
    const label = 'CSRF token request';
    const response = await this.http.request({
      method: 'GET',
      path: this.path,
      label,
      kind: 'system',
      headers,
      signal,
    });
    if (response.status >= 300) throw scimError(response);
    const token = response.header('x-csrf-token');
    if (token === undefined || token === '') throw noToken(response);
    const cookies = response.headerValues('set-cookie').map((cookie) => cookie.split(';')[0] ?? '');
    return { token, cookie: cookies.length === 0 ? undefined : cookies.join('; ') };
  }

  private sendWith(request: HttpRequest, session: Session): Promise<HttpResponse> {
    const headers: Record<string, string> = { ...request.headers, 'x-csrf-token': session.token };
    if (session.cookie !== undefined) headers['cookie'] = session.cookie;
    return this.http.request({ ...request, headers });
  }
}

function asksForToken(response: HttpResponse): boolean {
  return response.status === 403 && response.header('x-csrf-token')?.toLowerCase() === 'required';
}

function noToken(response: HttpResponse): ConnectorError {
  return protocolError(response.operation, 'the answer has no x-csrf-token header; check the CSRF path', {
    status: response.status,
  });
}
