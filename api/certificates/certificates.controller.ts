import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Res, StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../auth/auth.service.js';
import { Caller } from '../auth/principal.js';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { systemIdParameter } from '../common/paging.schemas.js';
import {
  certificateList,
  certificateParameter,
  certificateView,
  generatedCertificate,
  regenerationBody,
  regenerationView,
} from './certificates.schemas.js';
import type {
  CertificateList,
  CertificateView,
  GeneratedCertificate,
  RegenerationBody,
  RegenerationView,
} from './certificates.schemas.js';
import { CertificatesService } from './certificates.service.js';

const systemId = { schema: systemIdParameter };
const certificateId = { schema: certificateParameter };
const problems = { 404: 'There is no such system or certificate' };

@ApiTags('Outbound certificates')
@ApiBearerAuth()
@AdminOnly()
@Controller('systems/:systemId/certificates')
export class CertificatesController {
  constructor(@Inject(CertificatesService) private readonly certificates: CertificatesService) {}

  @Get()
  @Documented({
    summary: 'List the outbound certificates of a system',
    description:
      'Client certificates for mutual TLS with its back end or its token service. Private keys are never shown.',
    response: certificateList,
    problems,
  })
  list(@Param('systemId', systemId) id: string): Promise<CertificateList> {
    return this.certificates.list(id);
  }

  @Post()
  @Documented({
    summary: 'Generate a certificate',
    description: 'The first one is active, the second one is not. Upload its public part to the back end.',
    status: 201,
    response: generatedCertificate,
    problems: { ...problems, 409: 'It has two certificates, or its properties ask for none' },
  })
  generate(@Param('systemId', systemId) id: string, @Caller() caller: Principal): Promise<GeneratedCertificate> {
    return this.certificates.generate(id, caller);
  }

  @Put('automatic-regeneration')
  @Documented({
    summary: 'Switch the automatic regeneration of the active certificate on or off',
    description:
      'On: from 14 days before it expires a new one is generated and activated, and the old one stays inactive.',
    response: regenerationView,
    problems,
  })
  switchRegeneration(
    @Param('systemId', systemId) id: string,
    @Body({ schema: regenerationBody }) body: RegenerationBody,
  ): Promise<RegenerationView> {
    return this.certificates.switchRegeneration(id, body);
  }

  @Get(':certificateId')
  @Documented({ summary: 'Read the details of a certificate', response: certificateView, problems })
  read(
    @Param('systemId', systemId) id: string,
    @Param('certificateId', certificateId) certificate: string,
  ): Promise<CertificateView> {
    return this.certificates.read(id, certificate);
  }

  @Get(':certificateId/download')
  @Documented({ summary: 'Download the public part of a certificate as PEM', problems })
  async download(
    @Param('systemId', systemId) id: string,
    @Param('certificateId', certificateId) certificate: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
    const { fileName, pem } = await this.certificates.download(id, certificate);
    response.setHeader('content-disposition', `attachment; filename="${fileName}"`);
    return new StreamableFile(Buffer.from(pem), { type: 'application/x-x509-user-cert' });
  }

  @Post(':certificateId/activate')
  @HttpCode(200)
  @Documented({
    summary: 'Activate a certificate',
    description: 'The other one becomes inactive. Jobs that run take it with their next connection.',
    response: certificateView,
    problems: { ...problems, 409: 'The certificate has expired' },
  })
  activate(
    @Param('systemId', systemId) id: string,
    @Param('certificateId', certificateId) certificate: string,
  ): Promise<CertificateView> {
    return this.certificates.activate(id, certificate);
  }

  @Delete(':certificateId')
  @HttpCode(204)
  @Documented({
    summary: 'Delete an inactive certificate with its key',
    status: 204,
    problems: { ...problems, 409: 'The certificate is active' },
  })
  remove(
    @Param('systemId', systemId) id: string,
    @Param('certificateId', certificateId) certificate: string,
  ): Promise<void> {
    return this.certificates.remove(id, certificate);
  }
}
