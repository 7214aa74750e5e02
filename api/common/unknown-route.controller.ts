import { All, Controller } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { AdminOnly } from './access.js';
import { unknownAddress } from './translate-error.js';

/** Answers addresses that no other controller knows, so that also these need authentication (401) before they are unknown (404). */
@ApiExcludeController()
@AdminOnly()
@Controller()
export class UnknownRouteController {
  @All(['', '{*path}'])
  answer(): never {
    throw unknownAddress();
  }
}
