import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { ACCESS } from './access.js';
import type { Access } from './access.js';

/** One handler of the API and who may call it. */
export interface Route {
  readonly handler: string;
  readonly access: Access | undefined;
}

/** Metadata that Nest's route decorators leave on a handler. */
const HTTP_PATH = 'path';

/** Knows every handler; the application refuses to start while one of them does not declare its access (OWASP API5). */
@Injectable()
export class RouteInventory implements OnModuleInit {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  onModuleInit(): void {
    const open = this.routes().filter((route) => route.access === undefined);
    if (open.length > 0) {
      const names = open.map((route) => route.handler).join(', ');
      throw new Error(`these handlers declare no access: ${names}; add @AdminOnly() or @Public()`);
    }
  }

  /** All handlers of all controllers. */
  routes(): Route[] {
    return this.discovery.getControllers().flatMap(({ metatype }) => {
      if (typeof metatype !== 'function') return [];
      const prototype: unknown = metatype.prototype;
      if (typeof prototype !== 'object' || prototype === null) return [];
      return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
        const handler: unknown = Reflect.get(prototype, name);
        if (typeof handler !== 'function' || !Reflect.hasMetadata(HTTP_PATH, handler)) return [];
        const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [handler, metatype]);
        return [{ handler: `${metatype.name}.${name}`, access }];
      });
    });
  }
}
