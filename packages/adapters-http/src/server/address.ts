/** An address in the form that people know: an IPv4 address that came over an IPv6 socket is written as IPv4. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/, '');
