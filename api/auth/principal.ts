import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Credentials, Principal } from './auth.service.js';

const principals = new WeakMap<Request, Principal>();

/** Remembers who makes a request; only the guard calls it. */
export function setPrincipal(request: Request, principal: Principal): void {
  principals.set(request, principal);
}

/** Parameter of a handler that is not public: who calls it. */
export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext): Principal => {
  const principal = principals.get(context.switchToHttp().getRequest<Request>());
  if (principal === undefined) throw new Error('a public handler has no caller');
  return principal;
});

/** Parameter: what the client offers as HTTP Basic (RFC 7617); undefined when it offers nothing or something malformed. */
export const BasicCredentials = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Credentials | undefined => {
    const header = context.switchToHttp().getRequest<Request>().get('authorization') ?? '';
    const encoded = /^Basic +([A-Za-z0-9+/=]{1,2000})$/i.exec(header)?.[1];
    if (encoded === undefined) return undefined;
    const text = Buffer.from(encoded, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon < 0 || text.includes('\0')) return undefined;
    return { user: text.slice(0, colon), password: text.slice(colon + 1) };
  },
);

/** Parameter: the address of the client's connection. Headers of proxies are not believed. */
export const ClientAddress = createParamDecorator(
  (_data: unknown, context: ExecutionContext): string =>
    context.switchToHttp().getRequest<Request>().socket.remoteAddress ?? 'unknown',
);
