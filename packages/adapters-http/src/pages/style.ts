/** The stylesheet of the hosted pages; of its own, because the policy allows no inline style. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1d2330, #e8eaf0);
  --quiet: light-dark(#566072, #a4adbd);
  --ground: light-dark(#f4f5f8, #12151b);
  --sheet: light-dark(#ffffff, #1b1f28);
  --line: light-dark(#dde1e8, #303643);
  --act: light-dark(#b3261e, #f2b8b5);
  --on-act: light-dark(#ffffff, #601410);
}
* { box-sizing: border-box; }
body {
  margin: 0;
  padding: 1.25rem;
  min-height: 100vh;
  display: grid;
  place-items: center;
  background: var(--ground);
  color: var(--ink);
  font: 1.0625rem/1.55 system-ui, sans-serif;
}
main {
  width: 100%;
  max-width: 34rem;
  padding: clamp(1.25rem, 5vw, 2.5rem);
  background: var(--sheet);
  border: 1px solid var(--line);
  border-radius: 0.75rem;
  overflow-wrap: anywhere;
}
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; text-wrap: balance; }
p, ul { margin: 0 0 1rem; }
ul { padding-left: 1.25rem; }
main > :last-child { margin-bottom: 0; }
.quiet { color: var(--quiet); font-size: 0.9375rem; }
button {
  width: 100%;
  min-height: 3rem;
  margin: 0.5rem 0 1.25rem;
  padding: 0.75rem 1.25rem;
  border: 0;
  border-radius: 0.5rem;
  background: var(--act);
  color: var(--on-act);
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}
button:hover { filter: brightness(1.08); }
button:focus-visible { outline: 3px solid var(--ink); outline-offset: 3px; }
`;
