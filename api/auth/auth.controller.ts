import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBasicAuth, ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { AdminOnly, Public } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { createTokenBody, createdToken, tokenIdParameter, tokenList } from './auth.schemas.js';
import type { CreateToken, CreatedToken, TokenList } from './auth.schemas.js';
import { AuthService } from './auth.service.js';
import type { Credentials, Principal } from './auth.service.js';
import { BasicCredentials, Caller, ClientAddress } from './principal.js';

@ApiTags('Authentication')
@Controller('auth/tokens')
export class AuthController {
  constructor(@Inject(AuthService) private readonly auth: AuthService) {}

  @Post()
  @Public()
  @ApiBasicAuth()
  @Documented({
    summary: 'Issue a bearer token',
    description: 'With user and password in the body, or as HTTP Basic without a body.',
    status: 201,
    response: createdToken,
    problems: { 429: 'Too many failed attempts from this address' },
  })
  create(
    @Body({ schema: createTokenBody }) body: CreateToken,
    @BasicCredentials() basic: Credentials | undefined,
    @ClientAddress() address: string,
  ): Promise<CreatedToken> {
    return this.auth.createToken(body, basic, address);
  }

  @Get()
  @AdminOnly()
  @ApiBearerAuth()
  @Documented({ summary: 'List your live tokens', response: tokenList })
  list(@Caller() caller: Principal): Promise<TokenList> {
    return this.auth.listOwn(caller);
  }

  @Delete(':tokenId')
  @AdminOnly()
  @ApiBearerAuth()
  @HttpCode(204)
  @Documented({ summary: 'Revoke one of your tokens', status: 204, problems: { 404: 'No such live token of yours' } })
  revoke(@Param('tokenId', { schema: tokenIdParameter }) tokenId: string, @Caller() caller: Principal): Promise<void> {
    return this.auth.revokeOwn(caller, tokenId);
  }
}
