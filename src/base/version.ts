declare const __VERSION__: string | undefined;
declare const __BUILD__: string | undefined;

/** The version of this program; the bundle has it built in. */
export const version: string = typeof __VERSION__ === 'string' ? __VERSION__ : '0.0.0-source';

/** A hash of all that the bundle was made of, templates included: what was remembered by another build is not remembered. */
export const build: string = typeof __BUILD__ === 'string' ? __BUILD__ : 'source';
