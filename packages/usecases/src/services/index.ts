import type { Ports } from '../ports/index.ts';
import { CreateService } from './create-service.ts';
import { CreateServiceWithKey } from './create-service-with-key.ts';
import { DeleteService } from './delete-service.ts';
import { ListOwnKeys } from './list-own-keys.ts';
import { ListServices } from './list-services.ts';
import { OpenFormService } from './open-form-service.ts';
import { ReadService } from './read-service.ts';
import { UpdateService } from './update-service.ts';

export const services = (ports: Ports) => ({
  createService: new CreateService(ports),
  createServiceWithKey: new CreateServiceWithKey(ports),
  readService: new ReadService(ports),
  listServices: new ListServices(ports),
  listOwnKeys: new ListOwnKeys(ports),
  updateService: new UpdateService(ports),
  deleteService: new DeleteService(ports),
  openFormService: new OpenFormService(ports),
});
