'use client';

/** Rekey did not answer, or answered what nobody can mend here. */
export default function Failed() {
  return <p>Something went wrong here. Please try again later.</p>;
}
