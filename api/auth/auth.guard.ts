import { Inject, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { ACCESS } from '../common/access.js';
import type { Access } from '../common/access.js';
import { ProblemError } from '../common/problem.js';
import { AuthService } from './auth.service.js';
import { setPrincipal } from './principal.js';

/** Default deny: a handler that declares no access answers nobody. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    @Inject(AuthService) private readonly auth: AuthService,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access === 'public') return true;
    const request = context.switchToHttp().getRequest<Request>();
    const token = /^Bearer +([A-Za-z0-9._~+/=-]{1,200})$/i.exec(request.get('authorization') ?? '')?.[1];
    const principal = token === undefined ? undefined : await this.auth.recognise(token);
    if (principal === undefined) {
      throw new ProblemError(
        'unauthorized',
        'send a live token as Authorization: Bearer; POST /api/v1/auth/tokens issues one',
      );
    }
    if (access !== 'admin') throw new ProblemError('forbidden', 'this address declares nobody who may use it');
    setPrincipal(request, principal);
    return true;
  }
}
