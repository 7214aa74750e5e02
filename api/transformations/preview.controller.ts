import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { previewBody, previewResult } from './preview.schemas.js';
import type { PreviewBody, PreviewResult } from './preview.schemas.js';
import { PreviewService } from './preview.service.js';

@ApiTags('Transformations')
@ApiBearerAuth()
@AdminOnly()
@Controller('transformations/preview')
export class PreviewController {
  constructor(@Inject(PreviewService) private readonly previews: PreviewService) {}

  @Post()
  @HttpCode(200)
  @Documented({
    summary: 'Try transformations on entities',
    description:
      'Gives common JSON, target JSON of create, update and delete, and how each attribute came about. Nothing is written or stored. ' +
      'References are resolved by the links of the systems that are named. Passwords and credentials are masked.',
    response: previewResult,
    problems: { 404: 'There is no such system', 422: 'A transformation does not compile' },
  })
  preview(@Body({ schema: previewBody }) body: PreviewBody): Promise<PreviewResult> {
    return this.previews.preview(body);
  }
}
