const MAX_LENGTH = 200;

/**
 * Text of a caller, such as a user's name or a User-Agent, in a form that no mail client turns into a link,
 * a telephone number or markup: letters, digits and punctuation that starts nothing, 200 characters at most.
 */
export function defuse(text: string): string {
  const plain = text
    .replaceAll(/[^\p{L}\p{M}\p{Nd} .,;()'’_+/-]/gu, ' ')
    .replaceAll(/\/{2,}/g, ' ')
    // A dot stays in a number and at the end of a word; anywhere else it could be that of a host.
    .replaceAll(/(?<!\d)\.(?![ ]|$)|\.(?![\d ]|$)/g, ' ')
    // 131.0.0.0 is a version to one and a host to another: two parts are enough.
    .replaceAll(/(\d\.\d+)(?:\.\d+)+/g, '$1')
    // Seven digits without a letter between them are a telephone number to some clients.
    .replaceAll(/\/?\p{Nd}(?:[^\p{L}\p{M}\p{Nd}]*\p{Nd}){6,}/gu, ' ')
    .replaceAll(/ +/g, ' ')
    .trim();
  return [...plain].slice(0, MAX_LENGTH).join('').trim();
}

/** An IP address as it is, without the zone of IPv6, which may hold a host name; empty for what is none. */
export function defuseAddress(text: string): string {
  const [address = ''] = text.split('%');
  return /^(?:\d+(?:\.\d+){3}|[\da-f.]*:[\da-f:.]*)$/i.test(address) ? address : '';
}
