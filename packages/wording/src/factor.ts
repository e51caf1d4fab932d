import type { FactorChange, FactorKind } from '@rekey/domain';
import type { Language } from './languages.ts';

type FactorWords = Readonly<Record<FactorKind, string>> &
  Readonly<Record<FactorChange['change'], (factor: string) => string>>;

const words: Readonly<Record<Language, FactorWords>> = {
  en: {
    totp: 'codes of an authenticator app',
    recovery_codes: 'recovery codes',
    passkey: 'a passkey',
    google: 'sign-in with Google',
    github: 'sign-in with GitHub',
    microsoft: 'sign-in with Microsoft',
    added: (factor) => `added: ${factor}`,
    removed: (factor) => `removed: ${factor}`,
  },
  de: {
    totp: 'Codes einer Authenticator-App',
    recovery_codes: 'Wiederherstellungscodes',
    passkey: 'ein Passkey',
    google: 'Anmeldung mit Google',
    github: 'Anmeldung mit GitHub',
    microsoft: 'Anmeldung mit Microsoft',
    added: (factor) => `hinzugefügt: ${factor}`,
    removed: (factor) => `entfernt: ${factor}`,
  },
  es: {
    totp: 'códigos de una aplicación de autenticación',
    recovery_codes: 'códigos de recuperación',
    passkey: 'una llave de acceso',
    google: 'acceso con Google',
    github: 'acceso con GitHub',
    microsoft: 'acceso con Microsoft',
    added: (factor) => `se ha añadido: ${factor}`,
    removed: (factor) => `se ha quitado: ${factor}`,
  },
  pt: {
    totp: 'códigos de um aplicativo autenticador',
    recovery_codes: 'códigos de recuperação',
    passkey: 'uma chave de acesso',
    google: 'login com o Google',
    github: 'login com o GitHub',
    microsoft: 'login com a Microsoft',
    added: (factor) => `adicionado: ${factor}`,
    removed: (factor) => `removido: ${factor}`,
  },
  ja: {
    totp: '認証アプリのコード',
    recovery_codes: 'リカバリーコード',
    passkey: 'パスキー',
    google: 'Google でのログイン',
    github: 'GitHub でのログイン',
    microsoft: 'Microsoft でのログイン',
    added: (factor) => `追加：${factor}`,
    removed: (factor) => `削除：${factor}`,
  },
};

/** A factor that was added or removed, such as `added: a passkey`. */
export function factorInWords({ kind, change }: FactorChange, language: Language): string {
  const own = words[language];
  return own[change](own[kind]);
}
