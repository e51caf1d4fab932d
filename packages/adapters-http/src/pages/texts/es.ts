import type { Texts } from './texts.ts';

export const es: Texts = {
  confirm: {
    title: '¿Ha sido usted?',
    close: 'Puede cerrar esta página.',
    nothingYet: 'Todavía no ha ocurrido nada. Solo este botón bloquea la cuenta.',
    whatItDoes: 'Qué hace el botón',
    effects: [
      'Se cierran todas las sesiones, en todos los dispositivos.',
      'La contraseña deja de funcionar, igual que todas las claves de la cuenta.',
      'La cuenta permanece bloqueada hasta que se abra con un enlace que recibirá por correo.',
    ],
  },
  locked: {
    title: 'Su cuenta está bloqueada',
    done: 'Se han cerrado todas las sesiones, la contraseña ya no funciona y todas las claves de la cuenta se han revocado. Nadie puede deshacerlo con la contraseña.',
    next: 'Qué hacer ahora',
    reopen: 'El servicio puede volver a abrirle la cuenta.',
    steps: [
      'Si alguien puede haber entrado en su correo, cambie también esa contraseña.',
      'Si usa la misma contraseña en otros sitios, cámbiela también allí.',
    ],
    recover: {
      title: 'Recupérela usted mismo',
      lead: 'Cuando nadie más tenga acceso a su buzón, puede volver a abrir la cuenta. Se envía un mensaje con un enlace a la dirección que la cuenta tenía antes de todo esto.',
      button: 'Recuperar mi cuenta',
      done: {
        title: 'Un mensaje está en camino',
        paragraphs: [
          'Con su enlace elige una contraseña nueva y abre la cuenta. Funciona durante un día.',
          'Se envía a la dirección que tenía la cuenta antes de que la tuviera otra persona.',
        ],
      },
    },
  },
  grant: {
    password: 'Contraseña',
    nothingYet: 'Todavía no ha ocurrido nada.',
    next: 'Qué ocurre después',
    register: {
      effects: [
        'Se crea la cuenta, con esta dirección de correo y su contraseña.',
        'Un mensaje le avisa de que se ha creado.',
      ],
      done: 'Su cuenta está lista',
      after: (service) =>
        `Ya puede entrar en ${service} con esta dirección de correo y su contraseña.`,
    },
    register_known: {
      effects: [
        'Su cuenta se puede usar también allí. El nombre y la contraseña siguen como están.',
      ],
      done: 'Ya puede usar su cuenta allí',
      after: (service) => `Entre en ${service} con la contraseña que tiene su cuenta.`,
    },
    reset_password: {
      effects: [
        'La contraseña anterior deja de funcionar.',
        'Se cierran todas las sesiones, en todos los dispositivos.',
        'Un mensaje le avisa de que se ha cambiado la contraseña.',
      ],
      done: 'Su contraseña nueva está guardada',
      after: (service) =>
        `A partir de ahora solo funciona la contraseña nueva. Entre con ella en ${service}.`,
    },
    validate_email: {
      effects: ['La dirección consta como confirmada. No cambia nada más.'],
      done: 'Su dirección está confirmada',
      after: (service) =>
        `Los mensajes de ${service} le llegan a esta dirección. Puede cerrar esta página.`,
    },
    invite: {
      effects: [
        'Puede entrar con esta dirección de correo y su contraseña.',
        'Un mensaje le avisa de que se ha elegido una contraseña.',
      ],
      done: 'Ya puede entrar',
      after: (service) => `Use en ${service} esta dirección de correo y su contraseña.`,
    },
    recover: {
      effects: [
        'La cuenta se abre otra vez, con la contraseña nueva. Las contraseñas anteriores no valen.',
        'Las claves y los segundos factores de la cuenta ya no existen. Tendrá que crearlos de nuevo.',
        'Un mensaje le avisa de que la cuenta está abierta.',
      ],
      done: 'Su cuenta está abierta otra vez',
      after: (service) =>
        `Entre en ${service} con la contraseña nueva. Las claves y los segundos factores tienen que crearse de nuevo.`,
    },
  },
  used: {
    title: 'Este enlace ya se ha usado',
    at: (time) => `Se usó, o lo sustituyó otro enlace, en este momento: ${time}.`,
    again: 'Si aún necesita uno, pida otro donde pidió este.',
    open: 'La cuenta no está bloqueada. Si no la ha vuelto a abrir usted, use el enlace del último mensaje sobre ella, o pida al servicio que la bloquee.',
    lockedSince: (time) => `Está bloqueada desde el ${time}.`,
    lockedRest: 'Nadie puede entrar en ella, y con este enlace ya no hay nada que hacer.',
  },
  help: '¿Preguntas? Aquí encontrará ayuda:',
  start: {
    title: (service) => `Cuentas en ${service}`,
    lead: (service) =>
      `Este servidor guarda las contraseñas de ${service}. Aquí puede cuidar de la suya.`,
    docs: 'Documentación para desarrolladores',
  },
  forgot: {
    title: '¿Ha olvidado su contraseña?',
    lead: (service) =>
      `Indíquenos la dirección de correo de su cuenta en ${service}. Le enviaremos un enlace con el que elige una contraseña nueva.`,
    button: 'Enviarme el enlace',
    done: {
      title: 'Mire su buzón',
      paragraphs: [
        'Si esta dirección tiene aquí una cuenta, un mensaje con un enlace está en camino.',
        'Si no llega nada, mire entre los mensajes no deseados y compruebe que la dirección es la de su cuenta.',
        'La contraseña anterior funciona hasta que use el enlace.',
      ],
    },
  },
  dead: {
    title: 'Este enlace ya no funciona',
    paragraphs: [
      'Ha caducado, la contraseña o la dirección se cambió después, o le falta una parte.',
      'Abra otra vez el enlace del mensaje, completo. Si lo pidió y todavía lo necesita, pida otro.',
      'Si el mensaje le avisa de algo que usted no hizo, pida al servicio que bloquee la cuenta.',
    ],
  },
  gone: {
    title: 'Esta cuenta se ha eliminado',
    paragraphs: [
      'La cuenta de la que trata el correo ya no existe: se eliminó, junto con todo lo que se guardaba sobre ella.',
      'Aquí no hay nada que hacer, y nadie puede iniciar sesión con ella.',
    ],
  },
  lost: {
    title: 'Abra el enlace una vez más',
    paragraphs: [
      'Su navegador no ha guardado el enlace o ya lo ha olvidado. No se ha hecho nada.',
      'Abra de nuevo el enlace del correo. Si vuelve a aparecer esta página, permita las cookies de este sitio web o abra el enlace en otro navegador.',
    ],
  },
  foreign: {
    title: 'Use el enlace del correo',
    paragraphs: [
      'Esta solicitud llegó desde otro sitio web, por lo que no se ha hecho nada.',
      'Abra el enlace del correo y pulse el botón de la página a la que conduce.',
    ],
  },
  later: {
    title: 'Inténtelo de nuevo en un momento',
    paragraphs: ['Ahora mismo no es posible y no se ha hecho nada. El enlace sigue siendo válido.'],
  },
  broken: {
    title: 'Algo ha salido mal',
    paragraphs: ['Es un error nuestro. Vuelva atrás e inténtelo de nuevo en un minuto.'],
    number: (id) => `Si vuelve a ocurrir, indique este número al operador: ${id}`,
  },
  change: {
    title: 'Cambiar la contraseña',
    lead: (service) =>
      `Para su cuenta en ${service}. Se cerrará la sesión en sus otros dispositivos y recibirá un correo sobre el cambio.`,
    email: 'Correo electrónico',
    password: 'Contraseña actual',
    newPassword: 'Contraseña nueva',
    rule: 'Al menos {min} caracteres. Varias palabras son una buena opción.',
    show: 'Mostrar contraseñas',
    button: 'Cambiar contraseña',
    code: 'Código de su aplicación',
    codeHint:
      'Si su cuenta lo pide: seis cifras de su aplicación de autenticación, o un código de recuperación.',
    done: {
      title: 'Su contraseña se ha cambiado',
      paragraphs: [
        'A partir de ahora solo funciona la nueva, y se ha cerrado la sesión en sus otros dispositivos.',
        'Le hemos enviado un correo sobre el cambio. Puede cerrar esta página.',
      ],
    },
  },
  passkeys: {
    title: 'Sus llaves de acceso',
    lead: (service) =>
      `Inicie sesión en ${service} con su dispositivo en lugar de una contraseña: con su PIN, su huella o su rostro.`,
    needsScript:
      'Esta página necesita JavaScript. Actívelo para este sitio y vuelva a cargar la página.',
    cannot: 'Este navegador no conoce las llaves de acceso. Uno más reciente sí.',
    withPasskey: 'Iniciar sesión con una llave de acceso',
    orPassword: 'O con su contraseña:',
    withPassword: 'Iniciar sesión',
    code: 'Código de su aplicación o un código de recuperación',
    none: 'Esta cuenta todavía no tiene ninguna llave de acceso.',
    name: 'Nombre de la nueva llave de acceso',
    add: 'Añadir una llave de acceso',
    leave: 'Cerrar sesión',
    says: {
      welcome: 'Ha iniciado sesión como {email}.',
      added: 'Se ha añadido la llave de acceso. Recibirá un correo que lo confirma.',
      removed: 'Se ha quitado la llave de acceso. Recibirá un correo que lo confirma.',
      remove: 'Quitar {name}',
      used: 'usada por última vez el {day}',
      never: 'nunca usada',
      unknown: 'Con esta llave de acceso no puede iniciar sesión aquí.',
      credentials: 'La dirección de correo o la contraseña no es correcta.',
      code: 'El código no es correcto.',
      cancelled: 'No se ha hecho nada: el dispositivo no respondió o usted canceló.',
      many: 'Ahora no se puede añadir ninguna llave de acceso. Una cuenta tiene 20 como máximo.',
    },
  },
  script: {
    factor: 'Su cuenta pide también un código. Introdúzcalo.',
    busy: 'Cambiando…',
    strengths: [
      'Demasiado fácil de adivinar',
      'Fácil de adivinar',
      'Podría ser más segura',
      'Difícil de adivinar',
      'Muy difícil de adivinar',
    ],
    required: 'Rellene este campo.',
    email: 'Compruebe el correo electrónico.',
    reasons: {
      malformed: 'Esta contraseña contiene caracteres no válidos. Elija otra.',
      too_short: 'Use al menos {min} caracteres.',
      too_long: 'Use 128 caracteres como máximo.',
      common: 'Demasiadas personas usan esta contraseña. Elija otra.',
      contains_email: 'La contraseña no debe contener el nombre de su correo electrónico.',
      contains_service: 'La contraseña no debe contener el nombre del servicio.',
      same_as_current: 'Esa es su contraseña actual. Elija otra.',
      used_before: 'Ya ha tenido esta contraseña. Elija otra.',
    },
    credentials: 'El correo electrónico o la contraseña actual no son correctos.',
    credentialsOrCode: 'El correo electrónico, la contraseña actual o el código no son correctos.',
    wait: 'Se ha intentado demasiadas veces. Inténtelo de nuevo dentro de {time}.',
    later: 'Ahora mismo no es posible. No se ha cambiado nada. Inténtelo de nuevo en un minuto.',
    offline:
      'No ha llegado respuesta. Compruebe su conexión e inicie sesión para ver qué contraseña funciona.',
  },
};
