/** The mark: a rootstock, cut on the slant, and the scion joined to it, which has come into leaf. */
export function Mark({ size = 26 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden>
      <path d="M11 29V21.2L17 16.6V29Z" fill="var(--g-ink)" />
      <path d="M11 18.4V13.5C11 7.2 16 2.9 27 3C27.4 11.8 23.2 15.6 17 13.8L11 18.4Z" fill="var(--g-accent)" />
      <path d="M14 15.4C15.4 11.6 18 9 22 7.4" stroke="var(--g-canvas)" strokeWidth="1.4" strokeLinecap="round" />
    </svg>
  );
}
