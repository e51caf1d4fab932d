import type { Ports } from '../ports/index.ts';
import { CreateServiceWithKey } from './create-service-with-key.ts';
import { OpenFormService } from './open-form-service.ts';

export const services = (ports: Ports) => ({
  createServiceWithKey: new CreateServiceWithKey(ports),
  openFormService: new OpenFormService(ports),
});
