import type { User } from '@rekey/client';
import type { InputHTMLAttributes } from 'react';

type FieldProps = InputHTMLAttributes<HTMLInputElement> & {
  readonly label: string;
  readonly name: string;
};

export function Field({ label, ...input }: FieldProps) {
  return (
    <label>
      {label} <input {...input} />
    </label>
  );
}

/** A box whose field is "true" where it is ticked, and missing otherwise. */
export const Box = (props: FieldProps) => <Field type="checkbox" value="true" {...props} />;

/** In the language and on the clock of the user. */
export function timeFor({ locale, timezone: timeZone }: User, time: string | null): string {
  if (time === null) return 'never';
  const options = { dateStyle: 'medium', timeStyle: 'short', timeZone } as const;
  return new Intl.DateTimeFormat(locale, options).format(new Date(time));
}
