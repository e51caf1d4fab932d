export type {
  KeyRow,
  ServiceRow,
  Source,
  SourceOptions,
  SourceRow,
  UserRow,
} from '@rekey/usecases';
