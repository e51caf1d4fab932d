import type { Language } from './languages.ts';

/** The words that every mail and the page behind its link share. */
export type CommonWords = {
  readonly account: string;
  /** The label of an address that the account has now. */
  readonly newEmail: string;
  /** The label of a key that programs use. */
  readonly key: string;
  /** The label of a factor that was added or removed. */
  readonly factor: string;
  /** The label of the time at which that key expires. */
  readonly expires: string;
  readonly when: string;
  /** The label of an IP address. */
  readonly address: string;
  /** The label of a device, which is whatever the client claims: the label says so. */
  readonly client: string;
  /** Stands for an address that is not known. */
  readonly unknown: string;
  readonly wasYou: string;
  /** Introduces the button, or the link. */
  readonly wasNotYou: string;
  /** The button, which locks the account. */
  readonly button: string;
};

export const commonWords: Readonly<Record<Language, CommonWords>> = {
  en: {
    account: 'Account',
    newEmail: 'New e-mail address',
    key: 'Key',
    factor: 'Change',
    expires: 'Expires',
    when: 'When',
    address: 'IP address',
    client: 'Device, by its own account',
    unknown: 'unknown',
    wasYou: 'If this was you, there is nothing to do.',
    wasNotYou: 'If this wasn’t you, lock your account now:',
    button: 'This wasn’t me: lock my account',
  },
  de: {
    account: 'Konto',
    newEmail: 'Neue E-Mail-Adresse',
    key: 'Schlüssel',
    factor: 'Änderung',
    expires: 'Läuft ab',
    when: 'Zeitpunkt',
    address: 'IP-Adresse',
    client: 'Gerät, nach eigener Angabe',
    unknown: 'unbekannt',
    wasYou: 'Wenn Sie das waren, müssen Sie nichts tun.',
    wasNotYou: 'Wenn Sie das nicht waren, sperren Sie Ihr Konto jetzt:',
    button: 'Das war ich nicht: mein Konto sperren',
  },
  es: {
    account: 'Cuenta',
    newEmail: 'Nueva dirección de correo',
    key: 'Clave',
    factor: 'Cambio',
    expires: 'Caduca',
    when: 'Fecha y hora',
    address: 'Dirección IP',
    client: 'Dispositivo, según él mismo',
    unknown: 'se desconoce',
    wasYou: 'Si ha sido usted, no tiene que hacer nada.',
    wasNotYou: 'Si no ha sido usted, bloquee su cuenta ahora:',
    button: 'No he sido yo: bloquear mi cuenta',
  },
  pt: {
    account: 'Conta',
    newEmail: 'Novo e-mail',
    key: 'Chave',
    factor: 'Mudança',
    expires: 'Expira',
    when: 'Data e hora',
    address: 'Endereço IP',
    client: 'Dispositivo, segundo ele mesmo',
    unknown: 'desconhecido',
    wasYou: 'Se foi você, não precisa fazer nada.',
    wasNotYou: 'Se não foi você, bloqueie sua conta agora:',
    button: 'Não fui eu: bloquear minha conta',
  },
  ja: {
    account: 'アカウント',
    newEmail: '新しいメールアドレス',
    key: 'キー',
    factor: '変更',
    expires: '有効期限',
    when: '日時',
    address: 'IP アドレス',
    client: '端末（自己申告）',
    unknown: '不明',
    wasYou: 'ご本人による操作であれば、何もする必要はありません。',
    wasNotYou: 'お心当たりがない場合は、今すぐアカウントをロックしてください。',
    button: '心当たりがありません（アカウントをロック）',
  },
};
