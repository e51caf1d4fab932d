/** The part of the WHATWG URL class that the domain uses; it has no runtime's types of its own. */
declare class URL {
  constructor(url: string);
  readonly hostname: string;
  readonly origin: string;
  readonly port: string;
  readonly protocol: string;
  static canParse(url: string): boolean;
}
