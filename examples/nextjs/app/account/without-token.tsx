'use client';

import { useEffect } from 'react';

/** Takes the token out of the address bar: what stays there is in the history of the browser. */
export function WithoutToken() {
  useEffect(() => history.replaceState(null, '', '/account'), []);
  return null;
}
