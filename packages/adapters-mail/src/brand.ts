/** The look of the operator. */
export type Brand = {
  readonly name: string;
  /** `#rrggbb` */
  readonly color: string;
  readonly logo: { readonly type: string; readonly content: Buffer } | null;
};

export const plainBrand: Brand = { name: 'Rekey', color: '#2457a6', logo: null };

/** The Content-ID of the logo, which is a part of the mail: nothing is loaded from elsewhere. */
export const LOGO_CID = 'logo@rekey';

/** The logo where mail programs show it: hardly any shows an SVG. */
export const mailLogo = ({ logo }: Brand): Brand['logo'] =>
  logo?.type === 'image/png' ? logo : null;
