import manifest from '../package.json' with { type: 'json' };

/** The version of this Rekey. The sources and the bundle read it from the manifest alone. */
export const { version } = manifest;
