import { Controller, Get, Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule, NestFactory, Reflector } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import { AuthGuard } from '../../api/auth/auth.guard.js';
import { AuthService } from '../../api/auth/auth.service.js';
import { AdminOnly, Public } from '../../api/common/access.js';
import { ErrorFilter } from '../../api/common/error.filter.js';
import { RouteInventory } from '../../api/common/route-inventory.js';
import { createLogger } from '../../runtime/logger.js';

@Controller('mixed')
class MixedController {
  @Get('public')
  @Public()
  open(): string {
    return 'open';
  }

  @Get('admin')
  @AdminOnly()
  closed(): string {
    return 'closed';
  }

  @Get('forgotten')
  forgotten(): string {
    return 'nobody may see this';
  }
}

/** Knows one token. */
const auth = {
  recognise: async (token: string) => (token === 'good' ? { userName: 'admin', tokenId: '1' } : undefined),
};
const reflector = { provide: Reflector, useValue: new Reflector() };

@Module({
  controllers: [MixedController],
  providers: [reflector, { provide: AuthService, useValue: auth }, { provide: APP_GUARD, useClass: AuthGuard }],
})
class GuardedModule {}

@Module({ imports: [DiscoveryModule], controllers: [MixedController], providers: [RouteInventory] })
class InventoryModule {}

describe('OWASP API5: a handler that declares no access', () => {
  it('keeps the application from starting, which names it', async () => {
    const start = NestFactory.create(InventoryModule, { logger: false, abortOnError: false }).then((app) => app.init());
    await expect(start).rejects.toThrow('these handlers declare no access: MixedController.forgotten;');
  });

  it('answers nobody, not even an administrator', async () => {
    const app = await NestFactory.create(GuardedModule, { logger: false });
    app.useGlobalFilters(new ErrorFilter(createLogger({ logLevel: 'silent' }, {})));
    await app.listen(0, '127.0.0.1');
    try {
      const url = await app.getUrl();
      const get = async (path: string, token?: string) =>
        (
          await fetch(
            `${url}/mixed/${path}`,
            token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } },
          )
        ).status;
      expect(await get('public')).toBe(200);
      expect(await get('admin', 'good')).toBe(200);
      expect(await get('admin', 'bad')).toBe(401);
      expect(await get('forgotten')).toBe(401);
      expect(await get('forgotten', 'good')).toBe(403);
    } finally {
      await app.close();
    }
  });
});
