import type { Phrases } from './phrases.ts';

export const es: Phrases = {
  subject: (service) => `Se ha cambiado su contraseña en ${service}`,
  changed: (service) => `Se ha cambiado la contraseña de su cuenta en ${service}.`,
  when: 'Fecha y hora',
  address: 'Dirección IP',
  client: 'Dispositivo, según él mismo',
  unknown: 'se desconoce',
  wasYou: 'Si ha sido usted, no tiene que hacer nada.',
  wasNotYou: 'Si no ha sido usted, siga este enlace:',
  button: 'No he sido yo: bloquear mi cuenta',
  copy: 'Si el botón no funciona, abra esta dirección:',
  effect:
    'Bloquea su cuenta de inmediato, cierra todas las sesiones y revoca todas sus claves de acceso, en todos los servicios. Quien tenga la contraseña no podrá deshacerlo.',
  until: (time) => `El enlace funciona hasta el ${time}.`,
  note: (service) => `Mensaje de ${service}:`,
  why: (service) =>
    `Recibe este mensaje porque tiene una cuenta en ${service}. Se envía después de cada cambio de contraseña y no se puede desactivar.`,
};
